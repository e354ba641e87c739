//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Body, Message};

/// Reads `data` as a message.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let Ok(message) = Message::parse(data) else { return };
    assert!(message.mode < 8 && message.version < 8);
    match message.body {
        Body::Standard(standard) => {
            assert!(matches!(message.mode, 1..=5) && data.len() >= 48);
            assert!(standard.extensions as usize * 22 <= data.len());
            assert!(standard.mac.is_none_or(|mac| matches!(mac.digest.len(), 16 | 20)));
            assert!(standard.root_delay.seconds().abs() < 32_769.0);
            standard.transmit.unix_nanos();
        }
        Body::Control(control) => assert!(control.data.len() + 12 <= data.len() && control.op_code < 32),
        Body::Private(private) => assert!(private.data.len() < 4096 && private.error < 16),
        Body::Nothing => assert_eq!(message.mode, 0),
    }
}
