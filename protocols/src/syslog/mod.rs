//! Syslog over UDP (RFC 3164, RFC 5426): the priority, and the message behind it.

mod line;
#[cfg(test)]
mod tests;

pub use line::{Line, Local, Stamp};

/// Where receivers listen (IANA).
pub const PORT: u16 = 514;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What is in front of the text as `<PRI>`; none where there is no such thing.
    pub priority: Option<u16>,
    /// What stands behind the priority.
    pub text: &'a [u8],
}

/// So many digits stand between `<` and `>` at most; RFC 5424 §6.2.1 has three.
const MAX_DIGITS: usize = 4;

impl<'a> Message<'a> {
    /// Reads a datagram. Everything is a message: what has no readable priority is its text (RFC 3164 §4.3.3).
    pub fn parse(datagram: &'a [u8]) -> Message<'a> {
        let whole = Message { priority: None, text: datagram };
        let Some(rest) = datagram.strip_prefix(b"<") else { return whole };
        let digits = rest.iter().take(MAX_DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
        let (number, after) = rest.split_at_checked(digits).unwrap_or((&[], rest));
        let Some(text) = after.strip_prefix(b">").filter(|_| digits > 0) else { return whole };
        let value = number.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0'));
        Message { priority: Some(value), text }
    }

    /// The facility (RFC 5424 §6.2.1).
    pub fn facility(&self) -> Option<u16> {
        self.priority.map(|value| value >> 3 & 0x7f)
    }

    /// The severity, from 0, an emergency, to 7, debugging.
    pub fn severity(&self) -> Option<u16> {
        self.priority.map(|value| value & 7)
    }
}

/// A facility's name as syslog.log has it; the number itself where it has none.
pub fn facility_name(facility: u16) -> Option<&'static str> {
    const NAMES: [&str; 24] = [
        "KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV", "FTP",
        "NTP", "AUDIT", "ALERT", "CLOCK", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5",
        "LOCAL6", "LOCAL7",
    ];
    NAMES.get(usize::from(facility)).copied()
}

/// A severity's name as syslog.log has it.
pub fn severity_name(severity: u16) -> Option<&'static str> {
    const NAMES: [&str; 8] = ["EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"];
    NAMES.get(usize::from(severity)).copied()
}
