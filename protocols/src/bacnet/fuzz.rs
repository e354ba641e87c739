//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Reads `data` as a datagram.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let matches = probe(data) == Probe::Match;
    match read(data) {
        Ok(message) => {
            let Some(apdu) = message.apdu else { return };
            assert!(apdu.kind <= pdu::ABORT);
            if let Said::Property { object, value, .. } = apdu.said {
                assert!(object.kind < 1024 && object.instance < 1 << 22);
                assert!(value.is_none_or(|(_, bytes)| bytes.len() <= data.len()));
            }
        }
        Err(_) => assert!(!matches),
    }
}
