//! DER read item by item, and its times.

use x509_parser::der_parser::asn1_rs::{Any, Class, FromDer, Tag};

pub(super) fn is_context(item: &Any<'_>, number: u32) -> bool {
    item.header.class() == Class::ContextSpecific && item.header.tag().0 == number
}

/// DER, one thing after the other.
pub(super) struct Items<'a>(pub &'a [u8]);

impl<'a> Items<'a> {
    pub fn next(&mut self) -> Option<Any<'a>> {
        let (rest, item) = Any::from_der(self.0).ok()?;
        self.0 = rest;
        Some(item)
    }

    /// What a sequence holds.
    pub fn sequence(&mut self) -> Option<&'a [u8]> {
        self.next().filter(|item| item.header.tag() == Tag::Sequence).map(|item| item.data)
    }
}

/// A GeneralizedTime in UTC (RFC 5280 §4.1.2.5.2): `20260102030405Z`.
pub(super) fn seconds(text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z").unwrap_or(text);
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = digits.get(from..to)?;
        let all = digits.iter().all(u8::is_ascii_digit);
        all.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    };
    let [month, day] = [number(4, 6)?, number(6, 8)?];
    let [hour, minute, second] = [number(8, 10)?, number(10, 12)?, number(12, 14).unwrap_or(0)];
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970, with years that begin in March.
    let year = number(0, 4)? - i64::from(month <= 2);
    let months = (month + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * months + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// The digits of a time in UTC: `20260102030405`.
pub(super) fn generalized(seconds: i64) -> String {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years begin in March, as above.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let of_400 = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_400 + of_400 / 4 - of_400 / 100);
    let months = (5 * of_year + 2) / 153;
    let day = of_year - (153 * months + 2) / 5 + 1;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let year = era * 400 + of_400 + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        for time in [0, 951_782_400, 1_767_323_045, 4_102_444_799, -86_400] {
            assert_eq!(seconds(generalized(time).as_bytes()), Some(time));
        }
        assert_eq!(generalized(1_767_323_045), "20260102030405");
    }
}
