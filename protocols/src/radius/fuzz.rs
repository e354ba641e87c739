//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::Message;

/// Reads `data` as a message.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let Ok(message) = Message::parse(data) else {
        assert!(data.len() < 20);
        return;
    };
    let (mut read, mut broken) = (20, 0);
    for attribute in message.attributes() {
        assert_eq!(broken, 0, "an error is the last");
        match attribute {
            Ok(attribute) => read += attribute.value.len() + 2,
            Err(_) => broken += 1,
        }
    }
    assert!(if broken == 0 { read == data.len() } else { read < data.len() });
}
