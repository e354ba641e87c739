//! syslog.log: one row for every message.

use std::borrow::Cow;

use nightjar_protocols::syslog::{Message, facility_name, severity_name};

use crate::flow::Flow;
use crate::record::{EnumName, record};
use crate::time::Time;

record! {
    /// A message.
    pub struct SyslogRow<'a> in "syslog" of conn {
        /// When it was seen.
        ts,
        /// The transport protocol.
        proto: EnumName = "proto" as "transport_proto",
        /// What kind of program sent it (RFC 5424 §6.2.1); `UNSPECIFIED` where it does not say.
        facility: &'a str = "facility",
        /// How bad it is, from `EMERG` to `DEBUG`; `UNSPECIFIED` where it does not say.
        severity: &'a str = "severity",
        /// What it says.
        message: &'a [u8] = "message",
    }
}

/// The names of a message's facility and severity.
pub(super) fn names(message: &Message<'_>) -> (Cow<'static, str>, Cow<'static, str>) {
    (name(message.facility(), facility_name), name(message.severity(), severity_name))
}

fn name(code: Option<u16>, name: fn(u16) -> Option<&'static str>) -> Cow<'static, str> {
    match code {
        None => Cow::Borrowed("UNSPECIFIED"),
        Some(code) => name(code).map_or_else(|| Cow::Owned(format!("?-{code}")), Cow::Borrowed),
    }
}

pub(super) fn of<'a>(
    ts: Time,
    flow: &mut Flow,
    facility: &'a str,
    severity: &'a str,
    message: &'a [u8],
) -> SyslogRow<'a> {
    SyslogRow { conn: flow.columns(ts), proto: EnumName(flow.proto().name()), facility, severity, message }
}
