//! Packet time and intervals.

use std::fmt;
use std::ops::{Add, Sub};

/// A moment: nanoseconds since the Unix epoch, as the capture stamped it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A span between two moments, in nanoseconds; it may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(i64);

const NANOS: i64 = 1_000_000_000;

impl Time {
    pub const fn from_nanos(nanos: i64) -> Self {
        Time(nanos)
    }

    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Cut to the microsecond, as libpcap tells Zeek the time of packets: what is written from seconds that scripts
    /// have seen, which are no finer, then agrees with what is written from the stamp.
    pub const fn to_micros(self) -> Self {
        Time(self.0 - self.0.rem_euclid(1_000))
    }

    /// Seconds, as scripts count time: good to a quarter of a microsecond in this century. Whole
    /// seconds and the rest are added, as Zeek adds them, so that differences print as Zeek's do.
    pub const fn as_secs_f64(self) -> f64 {
        let (secs, rest) = (self.0.div_euclid(NANOS), self.0.rem_euclid(NANOS));
        let rest = match rest % 1_000 {
            0 => (rest / 1_000) as f64 / 1e6,
            _ => rest as f64 / NANOS as f64,
        };
        secs as f64 + rest
    }

    /// To the microsecond, which is as fine as scripts' seconds go.
    pub fn from_secs_f64(secs: f64) -> Self {
        Time(((secs * 1e6).round() as i64).saturating_mul(1_000))
    }

    pub const fn saturating_add(self, span: Interval) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Interval {
    pub const ZERO: Interval = Interval(0);

    pub const fn from_nanos(nanos: i64) -> Self {
        Interval(nanos)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Interval(secs.saturating_mul(NANOS))
    }

    pub const fn from_millis(millis: i64) -> Self {
        Interval(millis.saturating_mul(1_000_000))
    }

    pub const fn nanos(self) -> i64 {
        self.0
    }

    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }

    /// To the microsecond.
    pub fn from_secs_f64(secs: f64) -> Self {
        Interval(((secs * 1e6).round() as i64).saturating_mul(1_000))
    }
}

impl Sub for Time {
    type Output = Interval;

    fn sub(self, earlier: Time) -> Interval {
        Interval(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Interval> for Time {
    type Output = Time;

    fn add(self, span: Interval) -> Time {
        self.saturating_add(span)
    }
}

/// Seconds with six decimals, as Zeek writes times: `1300475167.096535`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Interval(self.0).fmt(f)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0 / 1_000;
        let sign = if micros < 0 { "-" } else { "" };
        let micros = micros.unsigned_abs();
        write!(f, "{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_seconds_with_microseconds() {
        assert_eq!(Time::from_nanos(1_300_475_167_096_535_999).to_string(), "1300475167.096535");
        assert_eq!(Interval::from_millis(-1500).to_string(), "-1.500000");
        assert_eq!((Time::from_nanos(5) - Time::from_nanos(7)).nanos(), -2);
    }
}
