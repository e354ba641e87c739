//! One row of any record in the format the user chose.

pub(crate) mod json;
mod tsv;

use crate::record::{Record, Schema};
use crate::time::Time;

/// How log files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Tsv,
    Json(JsonTime),
}

/// `LogAscii::json_timestamps`: how JSON spells a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonTime {
    /// `JSON::TS_EPOCH`: seconds as a number, `1300475167.096535`.
    Epoch,
    /// `JSON::TS_MILLIS`: milliseconds as an integer.
    Millis,
    /// `JSON::TS_ISO8601`: `"2011-03-18T19:06:07.096535Z"`.
    Iso8601,
}

impl Format {
    /// Appends `record` as one line, newline included.
    #[inline]
    pub fn row<R: Record>(self, record: &R, out: &mut Vec<u8>) {
        match self {
            Format::Tsv => tsv::row(record, out),
            Format::Json(time) => json::row(record, time, out),
        }
    }

    /// What stands before the first row.
    pub fn header(self, schema: &Schema, opened: Time, out: &mut Vec<u8>) {
        if self == Format::Tsv {
            tsv::header(schema, opened, out);
        }
    }

    /// What stands after the last row.
    pub fn footer(self, closed: Time, out: &mut Vec<u8>) {
        if self == Format::Tsv {
            tsv::footer(closed, out);
        }
    }
}

/// Appends a number of nanoseconds as seconds with six decimals, the rest cut off.
pub(super) fn seconds(nanos: i64, out: &mut Vec<u8>) {
    let micros = nanos / 1_000;
    if micros < 0 {
        out.push(b'-');
    }
    let micros = micros.unsigned_abs();
    integer(micros / 1_000_000, out);
    let mut fraction = *b".000000";
    let mut rest = micros % 1_000_000;
    for place in fraction[1..].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&fraction);
}

pub(super) fn integer(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

pub(super) fn signed(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends an address as inet_ntop spells it.
pub(super) fn address(address: std::net::IpAddr, out: &mut Vec<u8>) {
    use std::io::Write;
    match address {
        std::net::IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            integer(u64::from(a), out);
            for octet in [b, c, d] {
                out.push(b'.');
                integer(u64::from(octet), out);
            }
        }
        std::net::IpAddr::V6(v6) => {
            let segments = v6.segments();
            // inet_ntop writes ::/96 addresses of more than one group as IPv4-compatible, Rust does not.
            let written = if segments[..6] == [0; 6] && segments[6] != 0 {
                let [.., a, b, c, d] = v6.octets();
                write!(out, "::{a}.{b}.{c}.{d}")
            } else {
                write!(out, "{v6}")
            };
            debug_assert!(written.is_ok(), "writing to a Vec cannot fail");
        }
    }
}
