use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use super::*;
use crate::record::record;

record! {
    /// A row for tests.
    pub struct Row in "test" {
        /// When.
        ts: Time = "ts",
        /// Which.
        n: u64 = "n",
    }
}

const SECOND: i64 = 1_000_000_000;
const START: i64 = 1_700_000_000 * SECOND;

fn at(seconds: i64) -> Time {
    Time::from_nanos(START + seconds * SECOND)
}

fn upkeep(folder: &Path, compression: Compression) -> Upkeep {
    Upkeep { archive: folder.join("archive"), compression, retention: Retention::default() }
}

fn live(folder: &Path, rotation: Rotation, compression: Compression) -> Logs {
    let archiver = Archiver::start(folder, upkeep(folder, compression)).unwrap();
    Logs::live(Target::Folder(folder.to_owned()), Format::Tsv, rotation, Some(archiver))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Every archived file with what it holds.
fn archived(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for day in fs::read_dir(folder.join("archive")).unwrap() {
        for entry in fs::read_dir(day.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            let mut text = String::new();
            let file = fs::File::open(&path).unwrap();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("gz") => flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap(),
                Some("zst") => zstd::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap(),
                _ => (&file).read_to_string(&mut text).unwrap(),
            };
            let name = path.strip_prefix(folder.join("archive")).unwrap().display().to_string();
            found.push((name, text));
        }
    }
    found.sort();
    found
}

fn rows(text: &str) -> usize {
    text.lines().filter(|line| !line.starts_with('#')).count()
}

#[test]
fn logs_are_rotated_at_whole_intervals_and_archived() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
        let folder = tempfile::tempdir().unwrap();
        let rotation = Rotation { interval: Interval::from_secs(3600), ..Rotation::default() };
        let mut logs = live(folder.path(), rotation, compression);
        for n in 0..3000 {
            logs.tick(at(n));
            logs.record(&Row { ts: at(n), n: n as u64 }, at(n)).unwrap();
        }
        logs.close(at(3000)).unwrap();
        logs.finish_archiving(soon());
        let found = archived(folder.path());
        let extension = compression.extension();
        let names: Vec<&str> = found.iter().map(|(name, _)| &name[..]).collect();
        assert_eq!(
            names,
            [
                format!("2023-11-14/test.22:13:20-23:00:00.log{extension}"),
                format!("2023-11-14/test.23:00:00-23:03:20.log{extension}")
            ]
        );
        assert_eq!(found.iter().map(|(_, text)| rows(text)).sum::<usize>(), 3000);
        assert!(found.iter().all(|(_, text)| text.contains("#open") && text.ends_with('\n')));
        let waiting = fs::read_dir(folder.path().join("log-queue")).unwrap().flatten();
        assert!(waiting.map(|entry| entry.file_name()).eq(["open"]));
        assert!(!folder.path().join("test.log").exists());
    }
}

#[test]
fn ten_thousand_rotations_lose_no_row() {
    // Not on a disk, whose speed is not what is tested.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let rotation = Rotation { max_bytes: Some(1), ..Rotation::default() };
    let mut logs = live(folder.path(), rotation, Compression::None);
    for n in 0..10_000 {
        // Several in each second.
        logs.record(&Row { ts: at(n / 7), n: n as u64 }, at(n / 7)).unwrap();
    }
    logs.close(at(2000)).unwrap();
    logs.finish_archiving(soon());
    let found = archived(folder.path());
    assert_eq!(found.len(), 10_000);
    let mut seen: Vec<u64> = found
        .iter()
        .flat_map(|(_, text)| text.lines().filter(|line| !line.starts_with('#')))
        .map(|line| line.split('\t').nth(1).unwrap().parse().unwrap())
        .collect();
    seen.sort_unstable();
    assert!(seen.iter().copied().eq(0..10_000));
}

#[test]
fn leftovers_of_a_crash_are_archived_whole_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = live(folder.path(), Rotation::default(), Compression::Gzip);
    for n in 0..10 {
        logs.record(&Row { ts: at(n), n: n as u64 }, at(n)).unwrap();
    }
    logs.tick(at(11));
    // As after kill -9 in the middle of a write; and one that waited for its archiving.
    drop(logs);
    let path = folder.path().join("test.log");
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("1700000011.0");
    fs::write(&path, text).unwrap();
    let waiting = "dns__2023-11-14-20-00-00__2023-11-14-21-00-00__.log";
    fs::write(folder.path().join("log-queue").join(waiting), "row\n").unwrap();
    fs::write(folder.path().join("install.log"), "not ours\n").unwrap();

    let mut logs = live(folder.path(), Rotation::default(), Compression::Gzip);
    logs.record(&Row { ts: at(20), n: 20 }, at(20)).unwrap();
    logs.close(at(21)).unwrap();
    assert_eq!(logs.archived().leftovers, 1);
    assert!(folder.path().join("install.log").exists());
    logs.finish_archiving(soon());
    let found = archived(folder.path());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], ("2023-11-14/dns.20:00:00-21:00:00.log.gz".to_owned(), "row\n".to_owned()));
    assert!(found[1].0.starts_with("2023-11-14/test.22:13:20-"));
    assert_eq!(rows(&found[1].1), 10);
    assert!(found[1].1.ends_with("\t9\n"));
    // Without rotation the new log stays where it is.
    assert_eq!(rows(&fs::read_to_string(&path).unwrap()), 1);
}

#[test]
fn old_logs_are_removed_and_other_files_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("archive/2020-01-01");
    fs::create_dir_all(&day).unwrap();
    for name in ["conn.00:00:00-01:00:00.log.gz", "notes.txt"] {
        let file = fs::File::create(day.join(name)).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_840_400)).unwrap();
    }
    let retention = Retention { max_age: Duration::from_secs(86_400), min_free_percent: 0 };
    let upkeep = Upkeep { retention, ..upkeep(folder.path(), Compression::Gzip) };
    let archiver = Archiver::start(folder.path(), upkeep).unwrap();
    archiver.finish(soon());
    assert!(!day.join("conn.00:00:00-01:00:00.log.gz").exists() && day.join("notes.txt").exists());
}

#[test]
fn the_oldest_go_when_the_disk_is_nearly_full() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("archive/2026-01-01");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("conn.00:00:00-01:00:00.log.gz"), "x").unwrap();
    // No disk is free to 100 per cent and more.
    let retention = Retention { max_age: Duration::ZERO, min_free_percent: 101 };
    let upkeep = Upkeep { retention, ..upkeep(folder.path(), Compression::Gzip) };
    let archiver = Archiver::start(folder.path(), upkeep).unwrap();
    archiver.finish(soon());
    assert!(!day.exists());
}

/// Logs of a sensor without an archive.
fn plain(folder: &Path) -> Logs {
    Logs::live(Target::Folder(folder.to_owned()), Format::Tsv, Rotation::default(), None)
}

#[test]
fn a_folder_that_cannot_be_costs_rows_which_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    fs::write(&missing, "a file is in the way").unwrap();
    let mut logs = plain(&missing);
    for n in 0..5 {
        logs.record(&Row { ts: at(n), n: n as u64 }, at(n)).unwrap();
    }
    logs.tick(at(6));
    fs::remove_file(&missing).unwrap();
    logs.tick(at(7));
    logs.record(&Row { ts: at(7), n: 7 }, at(7)).unwrap();
    logs.close(at(8)).unwrap();
    assert_eq!(logs.row_counts(), [RowCounts { log: "test", rows: 6, dropped: 5 }]);
    assert_eq!(rows(&fs::read_to_string(missing.join("test.log")).unwrap()), 1);
}

#[test]
fn a_log_that_somebody_removed_or_moved_away_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (here, moved) = (folder.path().join("logs"), folder.path().join("old"));
    let log = here.join("test.log");
    let mut logs = plain(&here);
    let write = |logs: &mut Logs, n: i64| logs.record(&Row { ts: at(n), n: n as u64 }, at(n)).unwrap();
    let ns = |path: &Path| -> Vec<String> {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.starts_with("#separator") && text.ends_with('\n'), "{text}");
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        rows.map(|row| row.split('\t').nth(1).unwrap().to_owned()).collect()
    };
    write(&mut logs, 0);
    logs.flush(at(1));
    logs.flush(at(1));
    // The file is removed: what it had just got is lost and counted, what is still held is not.
    write(&mut logs, 1);
    logs.flush(at(2));
    fs::remove_file(&log).unwrap();
    write(&mut logs, 2);
    logs.flush(at(3));
    assert_eq!(ns(&log), ["2"]);
    assert_eq!(logs.row_counts(), [RowCounts { log: "test", rows: 3, dropped: 1 }]);
    // It is renamed: nothing is lost.
    fs::rename(&log, here.join("test.1")).unwrap();
    write(&mut logs, 3);
    logs.flush(at(4));
    write(&mut logs, 4);
    logs.flush(at(5));
    assert_eq!(
        (ns(&here.join("test.1")), ns(&log)),
        (vec!["2".to_owned(), "3".to_owned()], vec!["4".to_owned()])
    );
    assert!(fs::read_to_string(here.join("test.1")).unwrap().contains("\n#close"));
    // The folder is renamed, or removed with all that is in it.
    fs::rename(&here, &moved).unwrap();
    write(&mut logs, 5);
    logs.flush(at(6));
    write(&mut logs, 6);
    logs.flush(at(7));
    assert_eq!(
        (ns(&moved.join("test.log")), ns(&log)),
        (vec!["4".to_owned(), "5".to_owned()], vec!["6".to_owned()])
    );
    fs::remove_dir_all(&here).unwrap();
    write(&mut logs, 7);
    logs.flush(at(8));
    assert_eq!(ns(&log), ["7"]);
    assert!(logs.lock.as_ref().is_some_and(|lock| lock.is_of(&here)));
    // It is emptied.
    fs::write(&log, "").unwrap();
    write(&mut logs, 8);
    logs.flush(at(9));
    assert_eq!(ns(&log), ["8"]);
    logs.close(at(10)).unwrap();
    assert_eq!(logs.row_counts()[0].dropped, 2);
    assert_eq!(logs.failures(), 5);
}

#[test]
fn rotation_goes_on_after_the_folder_of_the_logs_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("logs");
    let rotation = Rotation { interval: Interval::from_secs(60), ..Rotation::default() };
    fs::create_dir(&here).unwrap();
    let mut logs = live(&here, rotation, Compression::None);
    logs.tick(at(1));
    logs.record(&Row { ts: at(1), n: 1 }, at(1)).unwrap();
    logs.tick(at(2));
    fs::remove_dir_all(&here).unwrap();
    logs.record(&Row { ts: at(3), n: 3 }, at(3)).unwrap();
    logs.tick(at(4));
    logs.tick(at(61));
    logs.record(&Row { ts: at(62), n: 62 }, at(62)).unwrap();
    logs.close(at(63)).unwrap();
    logs.finish_archiving(soon());
    let found = archived(&here);
    assert_eq!(found.iter().map(|(_, text)| rows(text)).collect::<Vec<_>>(), [1, 1], "{found:?}");
    assert!(found.iter().all(|(_, text)| text.matches("#close").count() == 1), "{found:?}");
}
