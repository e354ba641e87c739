//! What must hold for any bytes: a fuzz target calls [`check`], and so does a test.

use crate::imap::Session;
use crate::starttls;

/// Reads these bytes as both directions of a connection.
pub fn check(data: &[u8]) {
    starttls::check::<Session>(data);
}
