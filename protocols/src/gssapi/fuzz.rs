//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::{Handler, read};
use crate::ntlm::SIGNATURE;

/// Reads `data` as a message.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let mut heard = Heard { bytes: 0, states: 0 };
    let read = read(data, &mut heard);
    assert!(heard.bytes + heard.states <= data.len());
    if let Err(broken) = read {
        assert!(!broken.to_string().is_empty());
    }
}

struct Heard {
    bytes: usize,
    states: usize,
}

impl Handler for Heard {
    fn state(&mut self, _: u64) {
        self.states += 1;
    }

    fn ntlm(&mut self, message: &[u8]) {
        assert!(message.starts_with(SIGNATURE));
        self.bytes += message.len();
    }

    fn kerberos(&mut self, message: &[u8]) {
        self.bytes += message.len();
    }
}
