use std::fs;
use std::path::Path;

use super::*;
use crate::export::rows;
use crate::sink::spool::upgrade::tests::{old_segment, old_sidecar};
use crate::sink::testing::{encoded, folder};

fn options(dir: &Path) -> SpoolOptions {
    SpoolOptions {
        dir: dir.to_owned(),
        max_bytes: 1 << 20,
        max_age: Duration::from_secs(3600),
        segment_bytes: 300,
        sync: Sync::Never,
    }
}

/// Opens a spool that must be whole.
fn open(dir: &Path) -> Spool {
    let spool = Spool::open(options(dir)).unwrap();
    assert_eq!((spool.damage.bytes, spool.damage.loss), (0, false), "{:?}", spool.damage);
    spool
}

/// Opens one that need not be, and says how many of its rows are missing and which are there.
fn survey(dir: &Path) -> (u64, Vec<(u64, String)>) {
    let mut spool = Spool::open(options(dir)).unwrap();
    let mut missing = 0;
    let mut found = Vec::new();
    while let Some(loaded) = spool.load().unwrap() {
        for nth in 0..loaded.rows {
            missing += u64::from(loaded.damaged && !spool.is_settled(loaded.pos + nth));
        }
        found.extend(values(&spool, &loaded));
    }
    (missing, found)
}

fn origin(seq: u64) -> Origin {
    Origin { run: 9, numbers: Numbers::From(seq), made: None }
}

/// Appends frames of two rows, named by their number, and says where they are.
fn fill(spool: &mut Spool, frames: std::ops::Range<u64>) {
    for n in frames {
        let bytes =
            [encoded("conn", &format!("row {}", 2 * n)), encoded("conn", &format!("row {}", 2 * n + 1))];
        assert!(matches!(spool.append(&origin(2 * n), 2, &bytes.concat()).unwrap(), Appended::At(_)));
    }
}

/// What of a frame is to be sent: sequence numbers and values.
fn values(spool: &Spool, loaded: &Loaded) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    for (nth, row) in (0..).zip(rows(&loaded.bytes)) {
        if !spool.is_settled(loaded.pos + nth) {
            let value = String::from_utf8(row.unwrap().1.value.to_vec()).unwrap();
            found.push((loaded.numbers.get(nth), value));
        }
    }
    found
}

/// All that is to be sent.
fn waiting(spool: &mut Spool) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    while let Some(loaded) = spool.load().unwrap() {
        found.extend(values(spool, &loaded));
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
    (0..40).filter(|row| row % 3 != 0).for_each(|row| spool.settle(row));
    spool.close().unwrap();
    let mut spool = open(dir.path());
    assert_eq!(waiting(&mut spool), expected((0..40).filter(|row| row % 3 == 0)));
    (0..40).for_each(|row| spool.settle(row));
    spool.close().unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn what_is_settled_is_written_down_now_and_then() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..3);
    spool.settle(0);
    spool.upkeep().unwrap();
    spool.settle(1);
    drop(spool);
    assert_eq!(waiting(&mut open(dir.path())), expected(1..6));
}

#[test]
fn a_write_that_was_cut_short_is_no_loss_and_a_frame_that_was_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..3);
    drop(spool);
    let path = segments(dir.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    // The rows come first, their head last.
    let torn = [&whole[..], &[0; frame::FRAME_HEAD], b"rows without a head"].concat();
    fs::write(&path, torn).unwrap();
    assert_eq!(waiting(&mut open(dir.path())), expected(0..6));
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(survey(dir.path()), (2, expected(0..4)));
}

/// What is kept aside of a spool.
fn kept(dir: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(dir.join("damaged")).into_iter().flatten();
    entries.map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn whatever_bit_is_wrong_every_row_is_found_or_counted_and_what_cannot_be_read_is_kept() {
    let template = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(SpoolOptions { segment_bytes: 1 << 20, ..options(template.path()) }).unwrap();
    fill(&mut spool, 0..40);
    spool.close().unwrap();
    let path = segments(template.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    let name = path.file_name().unwrap();
    let list = fs::read(template.path().join("segments")).unwrap();
    for bit in 0..1024 * 8 {
        let dir = folder();
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(dir.path().join(name), &bytes).unwrap();
        fs::write(dir.path().join("segments"), &list).unwrap();
        let (missing, found) = survey(dir.path());
        assert_eq!(missing + found.len() as u64, 80, "bit {bit}");
        // One frame at most, and what is found is right.
        assert!(missing <= 2, "bit {bit}: {missing}");
        let all = expected(0..80);
        assert!(found.iter().all(|row| all.contains(row)), "bit {bit}");
        assert!(!kept(dir.path()).is_empty(), "bit {bit}");
    }
}

#[test]
fn segments_that_are_missing_or_empty_are_missed() {
    for empty in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = open(dir.path());
        fill(&mut spool, 0..20);
        spool.settle(5);
        spool.close().unwrap();
        let all = segments(dir.path());
        // The first, of which a row was delivered, and one in the middle.
        for path in [&all[0], &all[2]] {
            if empty { fs::write(path, b"").unwrap() } else { fs::remove_file(path).unwrap() }
        }
        let (missing, found) = survey(dir.path());
        assert_eq!(missing + found.len() as u64, 39, "{missing}");
        assert!(missing > 5 && found.iter().all(|row| expected(0..40).contains(row)));
        let mut spool = Spool::open(options(dir.path())).unwrap();
        assert!(spool.damage.loss && spool.damage.take().iter().any(|said| said.contains(".rows")));
    }
}

#[test]
fn a_sidecar_of_another_segment_settles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..20);
    [0, 1, 2, 11, 12, 25].into_iter().for_each(|row| spool.settle(row));
    spool.upkeep().unwrap();
    drop(spool);
    let sidecars: Vec<_> = segments(dir.path())
        .iter()
        .map(|path| path.with_extension("settled"))
        .filter(|path| path.exists())
        .collect();
    assert!(sidecars.len() > 1);
    let longest = sidecars.iter().map(|path| fs::read(path).unwrap()).max_by_key(Vec::len).unwrap();
    sidecars.iter().for_each(|path| fs::write(path, &longest).unwrap());
    let (missing, found) = survey(dir.path());
    assert_eq!(missing, 0);
    assert!(found.len() > 34);
}

#[test]
fn a_list_that_is_missing_or_damaged_is_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    fill(&mut spool, 0..3);
    spool.close().unwrap();
    fs::write(dir.path().join("segments"), "000000000000 9\n00000000\n").unwrap();
    assert!(Spool::open(options(dir.path())).unwrap().damage.loss);
    fs::remove_file(dir.path().join("segments")).unwrap();
    let mut spool = Spool::open(options(dir.path())).unwrap();
    assert!(spool.damage.loss);
    assert_eq!(waiting(&mut spool), expected(0..6));
}

#[test]
fn a_segment_of_another_version_is_kept_aside_and_its_file_goes() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("000000000004.rows"), b"NJSPOOL1 rows of before").unwrap();
    let mut spool = Spool::open(options(dir.path())).unwrap();
    assert_eq!((spool.damage.bytes, spool.damage.loss), (23, true));
    fill(&mut spool, 0..1);
    assert_eq!(waiting(&mut spool), expected(0..2));
    assert_eq!(kept(dir.path()), [b"NJSPOOL1 rows of before"]);
    assert!(!dir.path().join("000000000004.rows").exists());
}

#[test]
fn rows_of_the_format_before_are_sent() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("000000000004.rows"), old_segment(9, 0..4)).unwrap();
    fs::write(path("000000000004.settled"), old_sidecar(&[0, 3])).unwrap();
    // Damaged in its second frame, with a write at the end that was cut short.
    let mut damaged = [old_segment(9, 4..8), vec![0; 24], b"rows without a head".to_vec()].concat();
    let frame = (old_segment(9, 4..8).len() - 28) / 4;
    damaged[28 + 2 * frame - 1] ^= 1;
    fs::write(path("000000000005.rows"), damaged).unwrap();
    let mut spool = Spool::open(options(dir.path())).unwrap();
    let said = spool.damage.take().join("\n");
    assert!(
        said.contains("8 rows of the format before are taken over") && said.contains(": 6 rows of"),
        "{said}"
    );
    assert!(spool.damage.loss && kept(dir.path()).len() == 1, "{said}");
    fill(&mut spool, 8..9);
    let mut missing = 0;
    let mut found = Vec::new();
    while let Some(loaded) = spool.load().unwrap() {
        missing += if loaded.damaged { loaded.rows } else { 0 };
        found.extend(values(&spool, &loaded));
    }
    assert_eq!((missing, found), (2, expected([1, 2, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17])));
    drop(spool);
    // Once only.
    assert!(
        Spool::open(options(dir.path())).unwrap().damage.take().iter().all(|said| !said.contains("before"))
    );
}

#[test]
fn rows_that_do_not_follow_each_other_keep_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = open(dir.path());
    let numbers = Numbers::Each([7, 9, 70].into());
    let bytes: Vec<u8> = ["a", "b", "c"].iter().flat_map(|value| encoded("conn", value)).collect();
    spool.append(&Origin { run: 3, numbers: numbers.clone(), made: Some(1) }, 3, &bytes).unwrap();
    drop(spool);
    let loaded = open(dir.path()).load().unwrap().unwrap();
    assert_eq!((loaded.run, &loaded.numbers, loaded.bytes), (3, &numbers, bytes));
    assert_eq!(open(dir.path()).made(0), Some(1));
}

#[test]
fn it_holds_so_many_bytes_and_takes_more_when_some_are_settled() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(SpoolOptions { max_bytes: 1000, ..options(dir.path()) }).unwrap();
    let row = encoded("conn", &"x".repeat(200));
    let mut rows = 0;
    while let Appended::At(pos) = spool.append(&origin(rows), 1, &row).unwrap() {
        assert_eq!(pos, rows);
        rows += 1;
    }
    assert!((3..5).contains(&rows), "{rows}");
    (0..rows).for_each(|row| spool.settle(row));
    assert!(matches!(spool.append(&origin(rows), 1, &row).unwrap(), Appended::At(_)));
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
    let _first = hold(dir.path()).unwrap();
    assert!(matches!(hold(dir.path()), Err(SpoolError::InUse(_))));
}
