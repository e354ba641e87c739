//! What must hold for any bytes: a fuzz target calls [`check`], and so does a test.

use crate::probe::Probe;
use crate::starttls;
use crate::xmpp::{Session, probe};

/// Reads these bytes as both directions of a connection.
pub fn check(data: &[u8]) {
    starttls::check::<Session>(data);
    assert!(Probe::is_steady(probe, data));
}
