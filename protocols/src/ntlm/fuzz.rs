//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Authenticate, Challenge, Message, Negotiate};
use crate::utf16::utf8;

/// Reads `data` as a message.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let texts = match Message::parse(data) {
        Ok(Message::Negotiate(Negotiate { domain, workstation, .. })) => vec![domain, workstation],
        Ok(Message::Challenge(Challenge { target, info, .. })) => {
            let info = info.unwrap_or_default();
            assert!(!info.underflows || data.len() >= 48);
            vec![target, info.nb_computer, info.dns_computer, info.dns_tree, info.target]
        }
        Ok(Message::Authenticate(message)) => {
            let Authenticate { domain, user, workstation, session_key, response, .. } = message;
            vec![domain, user, workstation, session_key, response]
        }
        Ok(Message::Other(kind)) => return assert!(!(1..4).contains(&kind)),
        Err(broken) => return assert!(!broken.to_string().is_empty()),
    };
    for text in texts.into_iter().flatten() {
        assert!(text.len() <= data.len());
        if let Some(shown) = utf8(text) {
            assert!(shown.len() <= text.len().div_ceil(2) * 3);
        }
    }
}
