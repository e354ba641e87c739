//! SMTP (RFC 5321), with chunks (RFC 3030), STARTTLS (RFC 3207) and AUTH (RFC 4954).
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads, the mails' parts among
//! it. Which command a reply answers, and whether a line is one of a mail, is found as Zeek finds it: commands are
//! taken to succeed until their reply says otherwise, so that one direction alone can be read. [`Message`] gathers the
//! row of smtp.log.

mod addresses;
mod bdat;
mod command;
pub mod fuzz;
mod handler;
mod message;
mod session;
mod state;
#[cfg(test)]
mod tests;

pub use addresses::{first_mail_address, ip_addresses, mail_addresses, mailboxes};
pub use command::Command;
pub use handler::{Detail, Handler, Reply};
pub use message::{Message, MessageLimits, Messages, Received, Sink, Texts};
pub use session::{Limits, Session};
pub use state::State;

use crate::probe::Probe;

/// Where servers usually are: for other servers, and for those who submit mail.
pub const PORTS: [u16; 2] = [25, 587];

/// Whether a client's direction begins as SMTP's do: with HELO or EHLO in one of the first two lines.
pub fn probe_client(bytes: &[u8]) -> Probe {
    let mut rest = bytes;
    for _ in 0..2 {
        rest = skip_space(rest);
        let begins = |word| match rest.get(..4) {
            Some(start) => start.eq_ignore_ascii_case(word),
            None => word.get(..rest.len()).is_some_and(|start: &[u8]| start.eq_ignore_ascii_case(rest)),
        };
        if begins(b"HELO") || begins(b"EHLO") {
            return if rest.len() < 4 { Probe::NeedMore } else { Probe::Match };
        }
        match memchr::memchr2(b'\r', b'\n', rest) {
            Some(end) => rest = rest.get(end..).unwrap_or_default(),
            None => return Probe::NeedMore,
        }
    }
    Probe::NoMatch
}

/// Whether a server's direction begins as SMTP's do: with a 220.
pub fn probe_server(bytes: &[u8]) -> Probe {
    let rest = skip_space(bytes);
    match (Probe::prefix(rest, b"220"), rest.get(3)) {
        (Probe::Match, None) => Probe::NeedMore,
        (Probe::Match, Some(b'-' | b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)) => Probe::Match,
        (Probe::Match, Some(_)) => Probe::NoMatch,
        (other, _) => other,
    }
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|byte| crate::mime::text::is_space(**byte)).count();
    bytes.get(blanks..).unwrap_or_default()
}
