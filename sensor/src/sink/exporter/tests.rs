use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::*;
use crate::export::ExportRow;
use crate::log::Outlet;
use crate::sink::queue::Inlet;
use crate::sink::spool::Sync;
use crate::sink::testing::{encoded, folder};
use crate::sink::transport::Message;

/// A receiver that does as it is told.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// What arrived, by run and sequence number, in order.
    arrived: Vec<((u64, u64), String)>,
    pending: Vec<Report>,
    down: bool,
    /// How many more rows it takes before it goes down.
    fuse: Option<usize>,
    /// Outcomes for values that are not simply taken, each used once.
    special: HashMap<String, Outcome>,
    /// Destinations that refuse what comes.
    closed: HashSet<String>,
    /// Rows that were offered to these.
    refused: usize,
}

const ROOM: usize = 50;

impl Transport for Receiver {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        let mut inner = self.0.lock().unwrap();
        if inner.fuse == Some(0) {
            inner.down = true;
        }
        if inner.down || inner.pending.len() >= ROOM {
            return Offer::Full;
        }
        inner.fuse = inner.fuse.map(|fuse| fuse - 1);
        let value = String::from_utf8(message.row.value.to_vec()).unwrap();
        let mut outcome = inner.special.remove(&value).unwrap_or(Outcome::Acked);
        if inner.closed.contains(message.row.stream) {
            outcome = Outcome::Refused(Reason::UnknownTopic);
            inner.refused += 1;
        }
        if outcome == Outcome::Acked {
            inner.arrived.push(((message.run, message.seq), value));
        }
        inner.pending.push(Report { pos: message.pos, outcome });
        Offer::Accepted
    }

    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>) {
        let mut inner = self.0.lock().unwrap();
        if inner.pending.is_empty() {
            drop(inner);
            std::thread::sleep(wait);
        } else {
            // Reports come in any order.
            reports.extend(inner.pending.drain(..).rev());
        }
    }

    fn abandon(&mut self, _reports: &mut Vec<Report>) {}

    fn destination(&mut self, row: &ExportRow<'_>, into: &mut String) {
        into.push_str(row.stream);
    }

    fn ask_again(&mut self, _: &str) {}

    fn incident(&mut self) -> Option<String> {
        self.0.lock().unwrap().down.then(|| "it is down".to_owned())
    }
}

struct Setup {
    receiver: Receiver,
    account: Arc<Mutex<Account>>,
    inlet: Inlet,
    exporter: std::thread::JoinHandle<()>,
}

fn behaviour(mode: Mode, run: u64) -> Behaviour {
    Behaviour {
        name: "test",
        mode,
        window_bytes: 2000,
        flush_timeout: Duration::from_millis(200),
        not_ready_after: Duration::ZERO,
        hold: true,
        max_bytes: 1 << 20,
        slack: 4000,
        tell: |_| (),
        run,
    }
}

fn options(dir: &Path) -> SpoolOptions {
    let (max_age, sync) = (Duration::from_secs(3600), Sync::Never);
    SpoolOptions { dir: dir.to_owned(), max_bytes: 1 << 20, max_age, segment_bytes: 4000, sync }
}

fn start(
    receiver: &Receiver,
    behaviour: Behaviour,
    options: Option<SpoolOptions>,
    queue_bytes: usize,
) -> Setup {
    let account = Arc::<Mutex<Account>>::default();
    let queue = Arc::new(Queue::new(behaviour.mode, queue_bytes, behaviour.flush_timeout, account.clone()));
    let max_bytes = options.as_ref().map_or(0, |options| options.max_bytes);
    let dead_letters =
        options.as_ref().map(|options| DeadLetters::new(options.dir.join("dead-letters.jsonl"), 1 << 20));
    let store = options.map(|options| Store::open(options, &mut account.lock().unwrap()).unwrap());
    let behaviour = Behaviour { max_bytes, ..behaviour };
    let exporter = Exporter::new(
        behaviour,
        queue.clone(),
        store.unwrap_or_default(),
        dead_letters,
        receiver.clone(),
        account.clone(),
    );
    let exporter = std::thread::spawn(move || exporter.run());
    Setup { receiver: receiver.clone(), account, inlet: Inlet(queue), exporter }
}

impl Setup {
    fn send(&mut self, rows: std::ops::Range<u32>) {
        rows.for_each(|n| self.inlet.row(&encoded("conn", &format!("row {n:05}"))));
    }

    /// Ends, and gives the account, which must add up.
    fn finish(self) -> Account {
        drop(self.inlet);
        self.exporter.join().unwrap();
        let account = self.account.lock().unwrap().clone();
        assert!(account.total().balanced(), "{account:?}");
        assert_eq!(account.total().in_flight, 0, "{account:?}");
        account
    }
}

fn arrived(receiver: &Receiver) -> Vec<String> {
    receiver.0.lock().unwrap().arrived.iter().map(|(_, value)| value.clone()).collect()
}

fn numbered(rows: std::ops::Range<u32>) -> Vec<String> {
    rows.map(|n| format!("row {n:05}")).collect()
}

#[test]
fn every_row_arrives_once_and_in_order() {
    for spooled in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let options = spooled.then(|| options(dir.path()));
        let mut setup = start(&Receiver::default(), behaviour(Mode::Wait, 1), options, 5000);
        setup.send(0..5000);
        let receiver = setup.receiver.clone();
        let total = setup.finish().total();
        assert_eq!((total.offered, total.acked), (5000, 5000));
        assert_eq!(arrived(&receiver), numbered(0..5000));
        let numbers: Vec<u64> = receiver.0.lock().unwrap().arrived.iter().map(|((_, seq), _)| *seq).collect();
        assert!(numbers.into_iter().eq(0..5000));
    }
}

#[test]
fn what_is_not_delivered_at_the_end_is_delivered_by_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().fuse = Some(1234);
    let mut first = start(&receiver, behaviour(Mode::Wait, 1), Some(options(dir.path())), 5000);
    first.send(0..3000);
    let total = first.finish().total();
    assert_eq!((total.acked, total.spooled), (1234, 3000 - 1234));
    {
        let mut inner = receiver.0.lock().unwrap();
        (inner.down, inner.fuse) = (false, None);
    }
    let mut second = start(&receiver, behaviour(Mode::Wait, 2), Some(options(dir.path())), 5000);
    second.send(3000..3100);
    let total = second.finish().total();
    assert_eq!((total.recovered, total.offered, total.acked), (3000 - 1234, 100, 3100 - 1234));
    assert_eq!(arrived(&receiver), numbered(0..3100));
    // A row keeps the identity that its first run gave it.
    let ids: Vec<_> = receiver.0.lock().unwrap().arrived.iter().map(|(id, _)| *id).collect();
    assert!(ids.into_iter().eq((0..3000).map(|seq| (1, seq)).chain((0..100).map(|seq| (2, seq)))));
}

#[test]
fn without_a_spool_the_rest_is_lost_and_counted() {
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().fuse = Some(10);
    let mut setup = start(&receiver, behaviour(Mode::Drop, 1), None, 1 << 20);
    setup.send(0..500);
    let account = setup.finish();
    assert_eq!(account.total().acked, 10);
    assert_eq!(account.total().dropped[Reason::Shutdown as usize], 490);
    assert!(account.alarms.iter().any(|alarm| alarm.text == "it is down"), "{account:?}");
}

#[test]
fn live_capture_loses_what_neither_memory_nor_spool_can_hold() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().down = true;
    let options = SpoolOptions { max_bytes: 20_000, ..options(dir.path()) };
    let mut setup = start(&receiver, behaviour(Mode::Drop, 1), Some(options), 1 << 20);
    setup.send(0..5000);
    let total = setup.finish().total();
    let lost = total.dropped[Reason::SpoolFull as usize];
    assert_eq!((total.offered, total.acked), (5000, 0));
    assert!(total.spooled > 300 && total.spooled + lost == 5000, "{total:?}");
}

#[test]
fn replay_waits_for_room_in_the_spool_instead() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().down = true;
    let options = SpoolOptions { max_bytes: 20_000, ..options(dir.path()) };
    let behaviour = Behaviour { flush_timeout: Duration::from_secs(5), ..behaviour(Mode::Wait, 1) };
    let mut setup = start(&receiver, behaviour, Some(options), 1000);
    let up = {
        let receiver = receiver.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            receiver.0.lock().unwrap().down = false;
        })
    };
    setup.send(0..5000);
    up.join().unwrap();
    let total = setup.finish().total();
    assert_eq!((total.acked, total.dropped_total()), (5000, 0));
    assert_eq!(arrived(&receiver), numbered(0..5000));
}

#[test]
fn refusals_are_counted_by_reason_and_failures_are_sent_again() {
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().special = HashMap::from([
        ("row 00003".to_owned(), Outcome::Never(Reason::TooLarge)),
        ("row 00005".to_owned(), Outcome::Refused(Reason::NotAuthorised)),
        ("row 00007".to_owned(), Outcome::Failed),
    ]);
    let behaviour = Behaviour { hold: false, ..behaviour(Mode::Wait, 1) };
    let mut setup = start(&receiver, behaviour, None, 1 << 20);
    setup.send(0..10);
    let account = setup.finish();
    let total = account.total();
    assert_eq!((total.acked, account.counts.resent), (8, 1));
    assert_eq!(
        (total.dropped[Reason::TooLarge as usize], total.dropped[Reason::NotAuthorised as usize]),
        (1, 1)
    );
    assert!(arrived(&receiver).contains(&"row 00007".to_owned()));
}

/// A spool of 60 rows in one segment, of which some are settled: its files, with their names.
fn spool_left_behind() -> Vec<(String, Vec<u8>)> {
    let dir = folder();
    let mut spool = Spool::open(SpoolOptions { segment_bytes: 1 << 20, ..options(dir.path()) }).unwrap();
    for n in 0..20_u64 {
        let origin = Origin { run: 9, numbers: Numbers::From(3 * n), made: None };
        let rows: Vec<u8> =
            (3 * n..3 * n + 3).flat_map(|n| encoded("conn", &format!("row {n:05}"))).collect();
        spool.append(&origin, 3, &rows).unwrap();
    }
    [0, 7, 59].into_iter().for_each(|row| spool.settle(row));
    spool.close().unwrap();
    let files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}

/// Every bit of a segment's first kilobyte, of the file that tells which of its rows are settled and of the list of
/// segments is wrong in turn.
#[test]
fn whatever_bit_is_wrong_every_row_arrives_or_is_counted() {
    const THREADS: usize = 8;
    let files = spool_left_behind();
    assert_eq!(files.len(), 3);
    let bits: Vec<(&str, usize)> = files
        .iter()
        .flat_map(|(name, bytes)| (0..8 * bytes.len().min(1024)).map(|bit| (&name[..], bit)))
        .collect();
    assert!(bits.len() > 8192);
    let left: Vec<String> = numbered(0..60).into_iter().filter(|row| !SETTLED.contains(&&row[..])).collect();
    std::thread::scope(|scope| {
        for bits in bits.chunks(bits.len().div_ceil(THREADS)) {
            let (files, left) = (&files, &left);
            scope
                .spawn(move || bits.iter().for_each(|(name, bit)| with_a_bit_wrong(files, left, name, *bit)));
        }
    });
}

/// Rows that had been delivered.
const SETTLED: [&str; 3] = ["row 00000", "row 00007", "row 00059"];

fn with_a_bit_wrong(files: &[(String, Vec<u8>)], left: &[String], wrong: &str, bit: usize) {
    let dir = folder();
    for (name, bytes) in files {
        let mut bytes = bytes.clone();
        if name == wrong {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let setup = start(&Receiver::default(), behaviour(Mode::Wait, 1), Some(options(dir.path())), 5000);
    let receiver = setup.receiver.clone();
    let account = setup.finish();
    let (total, mut arrived) = (account.total(), arrived(&receiver));
    let lost = total.dropped[Reason::Damaged as usize];
    assert_eq!((total.spooled, total.acked + lost), (0, total.recovered), "bit {bit} of {wrong}");
    // What is right arrives once, in order, and one frame at most is missing.
    let in_order = arrived.is_sorted();
    arrived.dedup();
    assert!(
        in_order && arrived.len() as u64 == total.acked && lost <= 3,
        "bit {bit} of {wrong}: {account:?}"
    );
    // That rows of before were delivered may be forgotten, and then they come twice.
    arrived.retain(|row| !SETTLED.contains(&&row[..]));
    let missing = left.iter().filter(|row| !arrived.contains(row)).count() as u64;
    assert_eq!(missing + arrived.len() as u64, left.len() as u64, "bit {bit} of {wrong}");
    assert!(missing <= lost && (account.damaged || !wrong.ends_with(".rows")), "bit {bit} of {wrong}");
}

#[test]
fn rows_damaged_on_disk_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().down = true;
    let mut first = start(&receiver, behaviour(Mode::Wait, 1), Some(options(dir.path())), 5000);
    first.send(0..10);
    assert_eq!(first.finish().total().spooled, 10);
    receiver.0.lock().unwrap().down = false;
    let segment = dir.path().join("000000000000.rows");
    let mut bytes = std::fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(segment, bytes).unwrap();
    let total = start(&receiver, behaviour(Mode::Wait, 2), Some(options(dir.path())), 5000).finish().total();
    assert_eq!(total.recovered, 10);
    assert!(total.dropped[Reason::Damaged as usize] > 0);
    assert_eq!(total.acked + total.dropped[Reason::Damaged as usize], 10);
}

/// Brings the only rows there are, and closes the queue, after that was found empty.
struct Late(Receiver, Option<Inlet>);

impl Transport for Late {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        self.0.offer(message)
    }

    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>) {
        if let Some(mut inlet) = self.1.take() {
            inlet.row(&encoded("conn", "last"));
        }
        self.0.poll(wait, reports);
    }

    fn abandon(&mut self, reports: &mut Vec<Report>) {
        self.0.abandon(reports);
    }

    fn destination(&mut self, row: &ExportRow<'_>, into: &mut String) {
        self.0.destination(row, into);
    }

    fn ask_again(&mut self, _: &str) {}

    fn incident(&mut self) -> Option<String> {
        None
    }
}

#[test]
fn rows_that_come_as_the_queue_is_closed_are_sent() {
    let account = Arc::<Mutex<Account>>::default();
    let patience = Duration::from_secs(10);
    let queue = Arc::new(Queue::new(Mode::Wait, 1000, patience, account.clone()));
    let transport = Late(Receiver::default(), Some(Inlet(queue.clone())));
    Exporter::new(behaviour(Mode::Wait, 1), queue, Store::default(), None, transport, account.clone()).run();
    assert_eq!(account.lock().unwrap().total().acked, 1);
}

fn mixed(setup: &mut Setup, rows: std::ops::Range<u32>) {
    for n in rows {
        let stream = if n % 3 == 0 { "dns" } else { "conn" };
        setup.inlet.row(&encoded(stream, &format!("row {n:05}")));
    }
}

/// Waits until so many rows arrived.
fn wait_for(receiver: &Receiver, rows: usize) {
    let until = Instant::now() + Duration::from_secs(20);
    while receiver.0.lock().unwrap().arrived.len() < rows {
        assert!(Instant::now() < until, "{} arrived", receiver.0.lock().unwrap().arrived.len());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_destination_that_refuses_holds_its_rows_in_order_while_the_others_go_on() {
    for spooled in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let receiver = Receiver::default();
        receiver.0.lock().unwrap().closed.insert("dns".to_owned());
        let behaviour = Behaviour {
            flush_timeout: Duration::from_secs(5),
            window_bytes: if spooled { 2000 } else { 200_000 },
            ..behaviour(Mode::Wait, 1)
        };
        let mut setup = start(&receiver, behaviour, spooled.then(|| options(dir.path())), 5000);
        mixed(&mut setup, 0..3000);
        wait_for(&receiver, 2000);
        receiver.0.lock().unwrap().closed.clear();
        mixed(&mut setup, 3000..3300);
        let account = setup.finish();
        assert_eq!(account.total().acked, 3300, "{account:?}");
        let arrived = arrived(&receiver);
        let of = |stream: &str| -> Vec<String> {
            let is_dns =
                |row: &&String| row[4..].parse::<u32>().unwrap().is_multiple_of(3) == (stream == "dns");
            arrived.iter().filter(is_dns).cloned().collect()
        };
        assert!(of("dns").is_sorted() && of("dns").len() == 1100 && of("conn").is_sorted());
        // Each is offered once more, and then now and then one.
        assert!(receiver.0.lock().unwrap().refused < 150, "{}", receiver.0.lock().unwrap().refused);
    }
}

#[test]
fn what_is_held_at_the_end_is_sent_by_the_next_run_with_its_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().closed.insert("dns".to_owned());
    let mut first = start(&receiver, behaviour(Mode::Wait, 1), Some(options(dir.path())), 5000);
    mixed(&mut first, 0..3000);
    let account = first.finish();
    assert_eq!((account.total().acked, account.total().spooled), (2000, 1000));
    assert!(account.alarms.iter().any(|alarm| alarm.text.contains("1000 rows wait")), "{account:?}");
    receiver.0.lock().unwrap().closed.clear();
    let mut second = start(&receiver, behaviour(Mode::Wait, 2), Some(options(dir.path())), 5000);
    mixed(&mut second, 3000..3003);
    let total = second.finish().total();
    assert_eq!((total.recovered, total.acked), (1000, 1003));
    let mut ids: Vec<_> = receiver.0.lock().unwrap().arrived.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq((0..3000).map(|seq| (1, seq)).chain((0..3).map(|seq| (2, seq)))));
    assert!(!dir.path().join("held/dns").exists());
}

/// The spool's folder is gone while rows for a destination wait: they follow from memory.
#[test]
fn rows_that_cannot_be_moved_are_sent_once_that_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    let behaviour = Behaviour {
        flush_timeout: Duration::from_secs(10),
        window_bytes: 100_000,
        ..behaviour(Mode::Wait, 1)
    };
    let mut setup = start(&receiver, behaviour, Some(options(dir.path())), 5000);
    mixed(&mut setup, 0..30);
    wait_for(&receiver, 30);
    receiver.0.lock().unwrap().closed.insert("dns".to_owned());
    // Neither a segment nor a queue can be made there.
    std::fs::remove_dir_all(dir.path()).unwrap();
    std::fs::write(dir.path(), "no folder").unwrap();
    mixed(&mut setup, 30..300);
    wait_for(&receiver, 30 + 180);
    receiver.0.lock().unwrap().closed.clear();
    let total = setup.finish().total();
    assert_eq!((total.acked, total.dropped_total()), (300, 0), "{total:?}");
    std::fs::remove_file(dir.path()).unwrap();
}

#[test]
fn held_rows_stay_within_the_spool_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().closed.insert("dns".to_owned());
    let options = SpoolOptions { max_bytes: 20_000, ..options(dir.path()) };
    let mut setup = start(&receiver, behaviour(Mode::Drop, 1), Some(options), 1 << 20);
    for from in (0..6000).step_by(100) {
        mixed(&mut setup, from..from + 100);
        wait_for(&receiver, (from as usize + 100) * 2 / 3 - 1);
    }
    let total = setup.finish().total();
    let lost = total.dropped[Reason::SpoolFull as usize];
    assert_eq!((total.acked, total.spooled + lost), (4000, 2000), "{total:?}");
    assert!(total.spooled > 300 && lost > 300, "{total:?}");
}

#[test]
fn a_replay_does_not_wait_for_what_is_refused_longer_than_it_may() {
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().closed.insert("dns".to_owned());
    let mut setup = start(&receiver, behaviour(Mode::Wait, 1), None, 1000);
    let started = Instant::now();
    mixed(&mut setup, 0..9000);
    let total = setup.finish().total();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(total.offered, 9000);
    assert!(total.acked > 0 && total.spooled == 0);
}

#[test]
fn rows_refused_together_go_alone_and_those_to_blame_are_kept_apart() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    receiver.0.lock().unwrap().special = HashMap::from([
        ("row 00003".to_owned(), Outcome::Crowded),
        ("row 00004".to_owned(), Outcome::Crowded),
        ("row 00009".to_owned(), Outcome::Never(Reason::TooLarge)),
    ]);
    let mut setup = start(&receiver, behaviour(Mode::Wait, 1), Some(options(dir.path())), 1 << 20);
    setup.send(0..20);
    let total = setup.finish().total();
    assert_eq!((total.acked, total.dead[Reason::TooLarge as usize], total.dropped_total()), (19, 1, 0));
    let letters = std::fs::read_to_string(dir.path().join("dead-letters.jsonl")).unwrap();
    let letter: serde_json::Value = serde_json::from_str(&letters).unwrap();
    assert_eq!((&letter["reason"], &letter["row"]), (&"too_large".into(), &"row 00009".into()));
    assert_eq!((&letter["stream"], &letter["id"]), (&"conn".into(), &"0000000000000001-9".into()));
}

#[test]
fn a_spool_that_cannot_be_written_does_not_stop_rows_that_can_be_sent() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::default();
    let behaviour = Behaviour { flush_timeout: Duration::from_secs(5), ..behaviour(Mode::Wait, 1) };
    let mut setup = start(&receiver, behaviour, Some(options(dir.path())), 5000);
    setup.send(0..100);
    wait_for(&receiver, 100);
    // No segment can be made there any more.
    std::fs::remove_dir_all(dir.path()).unwrap();
    setup.send(100..2000);
    let total = setup.finish().total();
    assert_eq!((total.acked, total.dropped_total()), (2000, 0), "{total:?}");
}
