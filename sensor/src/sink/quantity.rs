//! Numbers with a unit.

use std::time::Duration;

const SIZES: &[(&str, u64)] = &[
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// Units of time in microseconds.
const SPANS: &[(&str, u64)] = &[
    ("us", 1),
    ("ms", 1_000),
    ("msec", 1_000),
    ("", 1_000_000),
    ("s", 1_000_000),
    ("sec", 1_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("hr", 3_600_000_000),
    ("hour", 3_600_000_000),
    ("day", 86_400_000_000),
];

/// A number of bytes: `1048576`, `"64 MiB"`, `"4GB"`.
pub(super) fn size(text: &str) -> Option<u64> {
    quantity(text, SIZES)
}

/// A duration: `30` (seconds), `"250ms"`, `"5 min"`, `"7days"`.
pub(super) fn span(text: &str) -> Option<Duration> {
    quantity(text, SPANS).map(Duration::from_micros)
}

/// A whole number and a unit.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let named = |unit: &str| units.iter().find(|(name, _)| *name == unit);
    // The plural of a unit, not that of none.
    let plural = || named(unit.strip_suffix('s').filter(|unit| unit.len() > 1)?);
    let (_, factor) = named(&unit).or_else(plural)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        for (text, expected) in [
            ("1024", Some(1024)),
            ("64 MiB", Some(64 << 20)),
            ("4gb", Some(4_000_000_000)),
            ("30s", None),
            ("30 bs", None),
            ("4 parsecs", None),
            ("MiB", None),
            ("99999999999999 TiB", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
        for (text, expected) in [
            ("30", Some(30_000_000)),
            ("20us", Some(20)),
            ("250ms", Some(250_000)),
            ("5 mins", Some(300_000_000)),
            ("7days", Some(604_800_000_000)),
            ("7 b", None),
        ] {
            assert_eq!(span(text), expected.map(Duration::from_micros), "{text}");
        }
    }
}
