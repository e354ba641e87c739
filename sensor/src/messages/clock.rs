//! When messages were written.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use nightjar_protocols::syslog::{Local, Stamp};

use crate::time::{Interval, Time};

/// How far ahead of the time at which a file was last written a message may be, before it is taken for one of the year
/// before.
const AHEAD: Interval = Interval::from_secs(86_400);
const DAY: i64 = 86_400 * 1_000_000_000;
/// Zones change their offset at full quarters of an hour.
const QUARTER: i64 = 900 * 1_000_000_000;

/// Makes times of what stands in front of messages.
///
/// A date without a year is of the latest year in which it is no more than a day after `written`, which is when the file
/// was last written, or now. One without a zone is of the zone given.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    written: Time,
    /// The offset of the last quarter of an hour that was asked for, in nanoseconds.
    offset: (i64, i64),
    /// The day of the last date without a year, and when it begins on the wall.
    day: Option<(u8, u8, i64)>,
}

impl Clock {
    pub fn new(zone: TimeZone, written: Time) -> Clock {
        Clock { zone, written, offset: (i64::MIN, 0), day: None }
    }

    /// The zone of this name, as in `Europe/Berlin`; the machine's where it has none.
    pub fn zone(name: &str) -> Result<TimeZone, String> {
        if name.is_empty() {
            return Ok(TimeZone::system());
        }
        TimeZone::get(name).map_err(|error| error.to_string())
    }

    /// The time is this now, for what comes as it is written.
    pub fn at(&mut self, now: Time) {
        if now - self.written > AHEAD || self.written > now {
            self.day = None;
        }
        self.written = now;
    }

    /// The moment of a stamp; none where there is no such day.
    pub fn time(&mut self, stamp: Stamp) -> Option<Time> {
        match stamp {
            Stamp::Instant(nanos) => Some(Time::from_nanos(nanos)),
            Stamp::Local(local) => {
                let wall = match local.year {
                    Some(year) => local.nanos_in(i64::from(year))?,
                    None => self.without_year(&local)?,
                };
                Some(Time::from_nanos(wall.checked_sub(self.offset_at(wall))?))
            }
        }
    }

    fn without_year(&mut self, local: &Local) -> Option<i64> {
        let of_day = i64::from(local.second) * 1_000_000_000 + i64::from(local.nanos);
        if let Some((month, day, begins)) = self.day
            && (month, day) == (local.month, local.day)
        {
            return Some(begins + of_day);
        }
        let latest = self.written.nanos().saturating_add(AHEAD.nanos());
        // A year has at most this many days, and the 29th of February comes each eight years at the latest.
        let this = 1970 + latest.div_euclid(366 * DAY);
        let wall = (this - 8..=this + 2).rev().find_map(|year| {
            let wall = local.nanos_in(year)?;
            (wall.checked_sub(self.offset_at(wall))? <= latest).then_some(wall)
        })?;
        self.day = Some((local.month, local.day, wall - of_day));
        Some(wall)
    }

    /// How far the wall's clock is ahead of UTC, at this time of the wall's.
    fn offset_at(&mut self, wall: i64) -> i64 {
        let quarter = wall.div_euclid(QUARTER);
        if self.offset.0 != quarter {
            let at = jiff::Timestamp::from_nanosecond(i128::from(quarter) * i128::from(QUARTER));
            let civil: Option<DateTime> = at.ok().map(|at| jiff::tz::Offset::UTC.to_datetime(at));
            let offset = civil.and_then(|civil| self.zone.to_ambiguous_timestamp(civil).compatible().ok());
            let offset = offset.map_or(0, |at| self.zone.to_offset(at).seconds());
            self.offset = (quarter, i64::from(offset) * 1_000_000_000);
        }
        self.offset.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(year: Option<u16>, month: u8, day: u8) -> Stamp {
        Stamp::Local(Local { year, month, day, second: 12 * 3600, nanos: 0 })
    }

    fn clock(zone: &str, written: &str) -> Clock {
        let written: jiff::Timestamp = written.parse().unwrap();
        Clock::new(Clock::zone(zone).unwrap(), Time::from_nanos(written.as_nanosecond() as i64))
    }

    fn shown(time: Option<Time>) -> String {
        let time = time.map(|time| jiff::Timestamp::from_nanosecond(i128::from(time.nanos())).unwrap());
        time.map_or_else(|| "none".to_owned(), |time| time.to_string())
    }

    #[test]
    fn the_year_is_the_latest_that_is_not_ahead() {
        let mut clock = clock("UTC", "2027-01-02T00:00:00Z");
        for (stamp, expected) in [
            (local(None, 12, 31), "2026-12-31T12:00:00Z"),
            (local(None, 1, 2), "2027-01-02T12:00:00Z"),
            (local(None, 1, 3), "2026-01-03T12:00:00Z"),
            (local(None, 2, 29), "2024-02-29T12:00:00Z"),
            (local(Some(2031), 2, 28), "2031-02-28T12:00:00Z"),
            (local(Some(2031), 2, 29), "none"),
            (local(None, 2, 30), "none"),
        ] {
            assert_eq!(shown(clock.time(stamp)), expected);
        }
    }

    #[test]
    fn walls_have_summer_time() {
        let mut clock = clock("Europe/Berlin", "2026-12-31T00:00:00Z");
        assert_eq!(shown(clock.time(local(None, 1, 10))), "2026-01-10T11:00:00Z");
        assert_eq!(shown(clock.time(local(None, 7, 10))), "2026-07-10T10:00:00Z");
        assert!(Clock::zone("Nowhere/Atall").is_err());
    }
}
