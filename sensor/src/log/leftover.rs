//! What a sensor that did not end properly has left behind.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::log::naming::{self, Finished};
use crate::time::Time;

/// Readies an unfinished log for the archive: cuts off a last line that was never completely written,
/// and finds out from when to when it was open. `None` where there is nothing worth keeping.
pub(super) fn finish(path: &Path) -> io::Result<Option<Finished>> {
    let Some(log) = path.file_stem().and_then(|stem| stem.to_str()) else { return Ok(None) };
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let modified = file.metadata()?.modified()?;
    let whole = whole_lines(&mut file)?;
    if whole == 0 {
        return Ok(None);
    }
    if whole < file.metadata()?.len() {
        file.set_len(whole)?;
    }
    let closed = naming::stamp(since_epoch(modified));
    let opened = opened(&mut file)?
        .or_else(|| Some(naming::stamp(since_epoch(fs::metadata(path).ok()?.created().ok()?))))
        .unwrap_or_else(|| closed.clone());
    Ok(Some(Finished { log: log.to_owned(), opened, closed, nth: 0 }))
}

fn since_epoch(time: std::time::SystemTime) -> Time {
    let nanos = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    Time::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

/// How far the file consists of whole lines.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    const STEP: u64 = 64 * 1024;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut bytes = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(start))?;
        bytes.clear();
        file.by_ref().take(end - start).read_to_end(&mut bytes)?;
        if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// When a TSV log says it was opened.
fn opened(file: &mut File) -> io::Result<Option<String>> {
    let mut head = [0; 1024];
    file.seek(SeekFrom::Start(0))?;
    let read = file.read(&mut head)?;
    let head = String::from_utf8_lossy(&head[..read]);
    let stamp = head.lines().find_map(|line| line.strip_prefix("#open\t")).map(str::to_owned);
    Ok(stamp.filter(|stamp| naming::is_stamp(stamp)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_at_the_end_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conn.log");
        let long = "y".repeat(200_000);
        for (text, kept) in [
            ("#path\tconn\n#open\t2026-01-31-13-00-00\none\ntwo".to_owned(), 41),
            (format!("one\n{long}"), 4),
            (format!("{long}\n"), 200_001),
        ] {
            fs::write(&path, &text).unwrap();
            let finished = finish(&path).unwrap().unwrap();
            assert_eq!(finished.log, "conn");
            assert_eq!(fs::read(&path).unwrap(), &text.as_bytes()[..kept]);
            if text.starts_with('#') {
                assert_eq!(finished.opened, "2026-01-31-13-00-00");
            }
        }
        fs::write(&path, "half").unwrap();
        assert_eq!(finish(&path).unwrap(), None);
    }
}
