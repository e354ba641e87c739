//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Body, Message};

/// Reads `data` as a datagram.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let message = Message::parse(data);
    assert!(message.header.is_some() || message.body.is_err(), "what has a body has a header");
    let (Some(header), Ok(body)) = (message.header, &message.body) else { return };
    let known = matches!(header.version, 0 | 1 | 3);
    assert_eq!(matches!(body, Body::UnknownVersion), !known);
    assert_eq!(header.community.is_some(), matches!(header.version, 0 | 1));
    let bindings = match body {
        Body::Common(_, pdu) => pdu.bindings,
        Body::Bulk(pdu) => pdu.bindings,
        Body::Trap(pdu) => pdu.bindings,
        _ => return,
    };
    assert_eq!(bindings.iter().count(), bindings.count());
    for binding in bindings.iter() {
        // A number of seven bits a byte, and a dot; the first byte is two numbers.
        assert!(binding.oid.text().len() <= 4 * binding.oid.0.len() + 4);
    }
}
