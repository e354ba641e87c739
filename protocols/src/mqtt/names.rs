//! Numbers and what Zeek calls them.

use std::borrow::Cow;

/// Of a protocol version (§3.1.2.2).
pub fn version(number: u64) -> Cow<'static, str> {
    match number {
        3 => "3.1".into(),
        4 => "3.1.1".into(),
        5 => "5.0".into(),
        other => format!("unknown-version-{other}").into(),
    }
}

/// Of a quality of service (§4.3).
pub fn qos(level: u8) -> Cow<'static, str> {
    match level {
        0 => "at most once".into(),
        1 => "at least once".into(),
        2 => "exactly once".into(),
        other => format!("unknown-qos-level-{other}").into(),
    }
}

/// Of what came of a CONNECT (§3.2.2.3).
pub fn return_code(code: u8) -> Cow<'static, str> {
    match code {
        0 => "Connection Accepted".into(),
        1 => "Refused: unacceptable protocol version".into(),
        2 => "Refused: identifier rejected".into(),
        3 => "Refused: server unavailable".into(),
        4 => "Refused: bad user name or password".into(),
        5 => "Refused: not authorized".into(),
        other => format!("unknown-return-code-{other}").into(),
    }
}
