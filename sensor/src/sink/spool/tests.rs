use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::*;
use crate::export::rows;
use crate::sink::testing::encoded;

fn options(dir: &Path) -> Options {
    Options {
        dir: dir.to_owned(),
        max_bytes: 1 << 20,
        max_age: Duration::from_secs(3600),
        segment_bytes: 300,
        sync: Sync::Never,
        run: 9,
    }
}

fn open(dir: &Path) -> Spool {
    let (spool, unreadable) = Spool::open(options(dir)).unwrap();
    assert_eq!(unreadable, 0);
    spool
}

/// Appends frames of two rows, named by their number, and says where they are.
fn fill(spool: &mut Spool, frames: std::ops::Range<u64>) {
    for n in frames {
        let bytes =
            [encoded("conn", &format!("row {}", 2 * n)), encoded("conn", &format!("row {}", 2 * n + 1))];
        assert!(matches!(spool.append(2 * n, 2, &bytes.concat()).unwrap(), Appended::At(_)));
    }
}

/// All that is to be sent: sequence number and value.
fn waiting(spool: &mut Spool) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    while let Some(loaded) = spool.load().unwrap() {
        for (nth, row) in rows(&loaded.bytes).enumerate() {
            if !spool.is_settled(loaded.pos + nth as u64) {
                let value = String::from_utf8(row.unwrap().1.value.to_vec()).unwrap();
                found.push((loaded.seq + nth as u64, value));
            }
        }
    }
    found
}

fn expected(rows: impl IntoIterator<Item = u64>) -> Vec<(u64, String)> {
    rows.into_iter().map(|n| (n, format!("row {n}"))).collect()
}

fn segments(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rows"));
    paths.sort();
    paths
}

#[test]
fn rows_come_back_in_order_after_a_run_that_never_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..20);
    drop(spool);
    let mut spool = open(dir.path());
    fill(&mut spool, 20..25);
    assert!(segments(dir.path()).len() > 3);
    assert_eq!(waiting(&mut spool), expected(0..50));
}

#[test]
fn settled_rows_are_not_sent_again_and_leave_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..20);
    (0..40).filter(|row| row % 3 != 0).for_each(|row| spool.settle(row).unwrap());
    spool.close().unwrap();
    let mut spool = open(dir.path());
    assert_eq!(waiting(&mut spool), expected((0..40).filter(|row| row % 3 == 0)));
    (0..40).for_each(|row| spool.settle(row).unwrap());
    spool.close().unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "only the lock");
}

#[test]
fn what_is_settled_is_written_down_now_and_then() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..3);
    spool.settle(0).unwrap();
    spool.upkeep().unwrap();
    spool.settle(1).unwrap();
    drop(spool);
    assert_eq!(waiting(&mut open(dir.path())), expected(1..6));
}

#[test]
fn a_write_cut_short_loses_that_write_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..3);
    drop(spool);
    let path = segments(dir.path()).pop().unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    let (mut spool, unreadable) = Spool::open(options(dir.path())).unwrap();
    assert!(unreadable > 0);
    assert_eq!(waiting(&mut spool), expected(0..4));
}

#[test]
fn damaged_rows_are_told_of_and_those_after_them_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..3);
    drop(spool);
    let path = segments(dir.path()).pop().unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"?", (frame::HEAD + frame::FRAME_HEAD + 20) as u64).unwrap();
    let mut spool = open(dir.path());
    let damaged = spool.load().unwrap().unwrap();
    assert_eq!((damaged.damaged, damaged.rows, damaged.pos), (true, 2, 0));
    assert_eq!(waiting(&mut spool), expected(2..6));
}

#[test]
fn a_segment_without_a_head_is_counted_and_left() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("000000000004.rows"), b"not rows").unwrap();
    let (mut spool, unreadable) = Spool::open(options(dir.path())).unwrap();
    assert_eq!(unreadable, 8);
    fill(&mut spool, 0..1);
    assert_eq!(waiting(&mut spool), expected(0..2));
}

#[test]
fn it_holds_so_many_bytes_and_takes_more_when_some_are_settled() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = Spool::open(Options { max_bytes: 1000, ..options(dir.path()) }).unwrap();
    let row = encoded("conn", &"x".repeat(200));
    let mut rows = 0;
    while let Appended::At(pos) = spool.append(rows, 1, &row).unwrap() {
        assert_eq!(pos, rows);
        rows += 1;
    }
    assert!((3..5).contains(&rows), "{rows}");
    (0..rows).for_each(|row| spool.settle(row).unwrap());
    assert!(matches!(spool.append(rows, 1, &row).unwrap(), Appended::At(_)));
}

#[test]
fn rows_in_memory_need_not_be_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..2);
    assert!(!spool.read_up_to(4));
    spool.pass(4);
    assert!(spool.read_up_to(4) && !spool.unread());
    fill(&mut spool, 2..3);
    assert_eq!(waiting(&mut spool), expected(4..6));
}

#[test]
fn old_rows_expire() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..1);
    assert!(spool.expired().unwrap().is_none());
    spool.options.max_age = Duration::ZERO;
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(spool.expired().unwrap().unwrap().rows, 2);
    assert!(spool.expired().unwrap().is_none());
}

#[test]
fn two_sensors_cannot_share_it() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(dir.path());
    let second = Spool::open(options(dir.path()));
    assert!(matches!(second, Err(SpoolError::InUse(_))));
}
