//! Names of finished logs: while they wait to be archived, and in the archive.

use std::path::{Path, PathBuf};

use crate::time::Time;

/// A log's span of time, as its name tells it.
///
/// Finished logs wait as `conn__2026-01-31-13-00-00__2026-01-31-14-00-00__.log`, the naming of Zeek's
/// supervisor and zeek-archiver, and are archived as `2026-01-31/conn.13:00:00-14:00:00.log.gz`, that of
/// ZeekControl. Times are UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finished {
    pub log: String,
    /// `2026-01-31-13-00-00`
    pub opened: String,
    pub closed: String,
    /// Tells apart logs of the same second; 0 for the first.
    pub nth: u32,
}

/// How Zeek writes times into names (`Log::default_rotation_date_format`).
pub(super) fn stamp(time: Time) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(time.nanos())) {
        Ok(time) => time.strftime("%Y-%m-%d-%H-%M-%S").to_string(),
        Err(_) => "0000-00-00-00-00-00".to_owned(),
    }
}

impl Finished {
    /// Where it waits.
    pub fn waiting_name(&self) -> String {
        let Finished { log, opened, closed, nth } = self;
        // zeek-archiver allows for metadata here, as key=value.
        let nth = if *nth > 0 { format!("n={nth}__") } else { String::new() };
        format!("{log}__{opened}__{closed}__{nth}.log")
    }

    pub fn parse(waiting_name: &str) -> Option<Finished> {
        let parts: Vec<&str> = waiting_name.strip_suffix(".log")?.split("__").collect();
        let (log, opened, closed, nth) = match parts[..] {
            [log, opened, closed, ""] => (log, opened, closed, 0),
            [log, opened, closed, nth, ""] => (log, opened, closed, nth.strip_prefix("n=")?.parse().ok()?),
            _ => return None,
        };
        if log.is_empty() || !is_stamp(opened) || !is_stamp(closed) {
            return None;
        }
        Some(Finished { log: log.to_owned(), opened: opened.to_owned(), closed: closed.to_owned(), nth })
    }

    /// Its place under the archive; `extension` is that of the compression.
    pub fn archived(&self, archive: &Path, extension: &str) -> PathBuf {
        let (date, from) = split(&self.opened);
        let (_, to) = split(&self.closed);
        let nth = if self.nth > 0 { format!("-{}", self.nth) } else { String::new() };
        archive.join(date).join(format!("{}.{from}-{to}{nth}.log{extension}", self.log))
    }
}

pub(super) fn is_stamp(text: &str) -> bool {
    text.len() == 19
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 | 10 | 13 | 16 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// The date and, with colons, the time of day.
fn split(stamp: &str) -> (&str, String) {
    let (date, time) = stamp.split_at_checked(10).unwrap_or((stamp, ""));
    (date, time.trim_start_matches('-').replace('-', ":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_zeeks_and_read_back() {
        let mut finished = Finished {
            log: "capture_loss".to_owned(),
            opened: stamp(Time::from_nanos(1_300_475_167_096_535_000)),
            closed: stamp(Time::from_nanos(1_300_478_400_000_000_000)),
            nth: 0,
        };
        assert_eq!(finished.waiting_name(), "capture_loss__2011-03-18-19-06-07__2011-03-18-20-00-00__.log");
        assert_eq!(
            finished.archived(Path::new("/a"), ".gz"),
            Path::new("/a/2011-03-18/capture_loss.19:06:07-20:00:00.log.gz")
        );
        assert_eq!(Finished::parse(&finished.waiting_name()).as_ref(), Some(&finished));
        finished.nth = 12;
        assert_eq!(Finished::parse(&finished.waiting_name()).as_ref(), Some(&finished));
        assert!(finished.archived(Path::new("a"), "").ends_with("capture_loss.19:06:07-20:00:00-12.log"));
        for other in ["conn.log", "conn__x__y__.log", "notes.txt", "__2011-03-18-19-06-07__z__.log"] {
            assert_eq!(Finished::parse(other), None, "{other}");
        }
    }
}
