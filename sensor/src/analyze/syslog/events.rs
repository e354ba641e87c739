//! Syslog's event.

use crate::event::{Conn, events};

events! { [crate::analyze::first::syslog]
    /// A message. Facility and severity are 999 where it has no priority.
    pub struct SyslogMessage<'a>: "syslog_message" {
        c: Conn,
        facility: u64,
        severity: u64,
        msg: &'a [u8],
    }
}
