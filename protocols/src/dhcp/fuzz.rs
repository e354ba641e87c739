//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Carried, Message, addresses, relay_agent};

/// Reads `data` as two messages of a direction.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let mut carried = Carried::default();
    for _ in 0..2 {
        let Ok(message) = Message::parse(data, &mut carried) else { continue };
        assert!(message.server_name.len() <= 64 && message.file_name.len() <= 128);
        assert!(message.options.codes.len() <= data.len() && !message.options.codes.contains(&255));
        assert!(message.message_type == 0 || message.options.codes.contains(&53));
        let routers = message.options.routers.unwrap_or_default();
        assert_eq!(addresses(routers).count() * 4, routers.len());
        let relayed = message.options.relay_agent.unwrap_or_default();
        assert_eq!(relay_agent(relayed).map(|(_, value)| value.len() + 2).sum::<usize>(), relayed.len());
    }
}
