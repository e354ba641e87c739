use super::*;

const ALL: Hashing = Hashing { md5: true, sha1: true, sha256: true };
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and what follows";

fn file() -> File {
    File::new(Limits::default(), Hashing::NONE)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn counts(file: &File) -> (u64, u64, u64) {
    (file.seen_bytes(), file.missing_bytes(), file.overflow_bytes())
}

const SNIFFED: Step = Step { sniffed: true, ended: false };
const ENDED: Step = Step { sniffed: false, ended: true };
const BOTH: Step = Step { sniffed: true, ended: true };
const NOTHING: Step = Step { sniffed: false, ended: false };

#[test]
fn the_type_is_decided_when_the_buffer_is_full() {
    let mut f = file();
    assert_eq!(f.data(PNG), NOTHING);
    assert_eq!(f.data(&vec![0; SNIFF_LEN - PNG.len() - 1]), NOTHING);
    assert_eq!(f.mime_type(), None);
    assert_eq!(f.data(&[0]), SNIFFED);
    assert_eq!(f.mime_type(), Some("image/png"));
    assert_eq!(f.data(&[0; 9000]), NOTHING);
    assert_eq!(f.finish(), ENDED);
}

#[test]
fn the_type_is_decided_at_the_end_of_a_short_file() {
    let mut f = file();
    assert_eq!(f.data(PNG), NOTHING);
    assert_eq!(f.finish(), BOTH);
    assert_eq!(f.mime_type(), Some("image/png"));
}

#[test]
fn a_file_of_known_size_ends_with_its_last_byte() {
    let mut f = file();
    assert_eq!(f.set_total(12), NOTHING);
    assert_eq!(f.data(b"0123456789ab"), BOTH);
    assert_eq!(f.mime_type(), Some("text/plain"));
    assert_eq!(f.data(b"more"), ENDED, "nothing is taken after the end");
    assert_eq!(counts(&f), (12, 0, 0));

    let mut f = file();
    let _ = f.set_total(12);
    assert_eq!(f.data(b"01234"), NOTHING);
    assert_eq!(f.data(b"56789ab"), BOTH);
    assert_eq!(f.mime_type(), Some("text/plain"));
}

#[test]
fn a_file_of_no_bytes_has_no_type() {
    let mut f = file();
    assert_eq!(f.set_total(0), BOTH);
    assert_eq!(f.mime_type(), None);
}

#[test]
fn a_gap_ends_the_wait_for_the_beginning() {
    let mut f = file();
    let _ = f.data(PNG);
    assert_eq!(f.gap(PNG.len() as u64, 100), SNIFFED);
    assert_eq!(f.mime_type(), Some("image/png"));
    assert_eq!(f.data(b"tail"), NOTHING);
    assert_eq!(counts(&f), (PNG.len() as u64 + 4, 100, 0));
}

#[test]
fn a_file_whose_beginning_was_missed_has_no_type() {
    let mut f = file();
    assert_eq!(f.gap(0, 10), SNIFFED);
    let _ = f.data(PNG);
    assert_eq!(f.finish(), ENDED);
    assert_eq!(f.mime_type(), None);
}

#[test]
fn a_gap_up_to_the_known_size_leaves_the_end_to_be_told() {
    let mut f = file();
    let _ = f.set_total(100);
    let _ = f.data(PNG);
    assert!(!f.gap(PNG.len() as u64, 100).ended);
    assert_eq!(f.finish(), ENDED);
}

#[test]
fn pieces_in_any_order_make_the_same_file() {
    let whole: Vec<u8> = (0..9000u32).flat_map(u32::to_le_bytes).collect();
    let mut in_order = File::new(Limits::default(), ALL);
    let _ = in_order.data(&whole);
    let _ = in_order.finish();
    let pieces: Vec<(usize, &[u8])> = whole.chunks(1000).enumerate().map(|(i, c)| (i * 1000, c)).collect();
    for stride in [1, 5, 7, 11] {
        let mut f = File::new(Limits::default(), ALL);
        let _ = f.set_total(whole.len() as u64);
        for i in 0..pieces.len() {
            let (at, piece) = pieces[(i * stride + 3) % pieces.len()];
            let _ = f.data_at(at as u64, piece);
        }
        assert_eq!(f.finish(), ENDED, "stride {stride}");
        assert_eq!(counts(&f), (whole.len() as u64, 0, 0));
        assert_eq!(f.digests(), in_order.digests());
        assert_eq!(f.mime_type(), in_order.mime_type());
    }
}

#[test]
fn where_pieces_overlap_the_first_to_come_counts() {
    let mut f = File::new(Limits::default(), ALL);
    let _ = f.data_at(2, b"cd");
    let _ = f.data_at(6, b"gh");
    let _ = f.data_at(0, b"ABCDEFGHI");
    let _ = f.data_at(3, b"old");
    let _ = f.finish();
    let mut expected = File::new(Limits::default(), ALL);
    let _ = expected.data(b"ABcdEFghI");
    assert_eq!(f.digests(), expected.digests());
    assert_eq!(counts(&f), (9, 0, 0));
}

#[test]
fn holes_left_at_the_end_are_missing() {
    let mut f = File::new(Limits::default(), ALL);
    let _ = f.data_at(10, b"cc");
    let _ = f.data_at(20, b"dd");
    assert_eq!(counts(&f), (0, 0, 0));
    assert_eq!(f.finish(), BOTH);
    assert_eq!(counts(&f), (4, 18, 0));
    assert_eq!(f.digests(), Digests::default(), "no digest of a file with holes");
}

#[test]
fn a_gap_while_pieces_wait_delivers_those_before_its_end() {
    let mut f = file();
    let _ = f.data_at(10, b"cc");
    let _ = f.data_at(20, b"dd");
    let _ = f.gap(0, 15);
    assert_eq!(counts(&f), (2, 13, 0));
    let _ = f.gap(15, 5);
    assert_eq!(counts(&f), (4, 18, 0));
}

#[test]
fn too_much_waiting_gives_up_the_hole() {
    let mut f = File::new(Limits { pending_bytes: 100, pending_pieces: 10 }, Hashing::NONE);
    let _ = f.data_at(50, &[1; 101]);
    assert_eq!(counts(&f), (0, 0, 0));
    let _ = f.data_at(200, &[1; 10]);
    assert_eq!(counts(&f), (101, 50, 50), "what was given up is overflow and missing, as in Zeek");
}

#[test]
fn what_is_held_is_told_and_can_be_given_up() {
    let mut f = file();
    assert_eq!(f.held_bytes(), 0);
    let _ = f.data_at(5000, &[1; 1000]);
    let _ = f.data_at(10_000, &[2; 1000]);
    assert!(f.held_bytes() >= 2000);
    assert_eq!(f.give_up_waiting(), SNIFFED);
    assert_eq!(f.held_bytes(), 0);
    assert_eq!(counts(&f), (2000, 9000, 5000));
    assert_eq!(f.give_up_waiting(), NOTHING, "nothing waits any more");
}

#[test]
fn many_small_pieces_do_not_pile_up() {
    let mut f = File::new(Limits { pending_bytes: 1000, pending_pieces: 10 }, Hashing::NONE);
    for i in 1..=1000 {
        let _ = f.data_at(i * 2, b"x");
        assert!(f.pending.as_ref().map_or(0, |p| p.pieces()) <= 10);
    }
    let _ = f.finish();
    assert_eq!(f.seen_bytes() + f.missing_bytes(), 2001);
    assert_eq!(f.seen_bytes(), 1000);
}

#[test]
fn offsets_at_the_end_of_numbers_are_survived() {
    let mut f = file();
    let _ = f.data_at(u64::MAX - 1, b"abc");
    assert_eq!(counts(&f), (0, 0, 3));
    let _ = f.data_at(u64::MAX - 3, b"abc");
    let _ = f.gap(u64::MAX, u64::MAX);
    let _ = f.gap(0, u64::MAX);
    let _ = f.data(b"abc");
    assert!(f.finish().ended);
}

#[test]
fn digests_are_those_of_the_whole_file_however_it_is_cut() {
    for size in [1, 2, 3, 64] {
        let mut f = File::new(Limits::default(), ALL);
        for piece in b"abc".chunks(size) {
            let _ = f.data(piece);
        }
        let _ = f.finish();
        let digests = f.digests();
        // RFC 1321 A.5; FIPS 180-2 A.1 and B.1.
        assert_eq!(hex(&digests.md5.unwrap()), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(&digests.sha1.unwrap()), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&digests.sha256.unwrap()), sha256);
    }
}

#[test]
fn digests_come_only_where_asked_for_and_something_was_seen() {
    let mut f = File::new(Limits::default(), Hashing { md5: true, ..Hashing::NONE });
    let _ = f.data(b"abc");
    let _ = f.finish();
    assert!(f.digests().md5.is_some() && f.digests().sha1.is_none());
    let mut empty = File::new(Limits::default(), ALL);
    let _ = empty.finish();
    assert_eq!(empty.digests(), Digests::default());
    let mut broken = File::new(Limits::default(), ALL);
    let _ = broken.data(b"abc");
    let _ = broken.gap(3, 1);
    let _ = broken.data(b"def");
    let _ = broken.finish();
    assert_eq!(broken.digests(), Digests::default());
}

#[test]
fn cut_at_every_byte_the_file_is_the_same() {
    let whole = b"<html><body>\nsome page\n</body></html>";
    for cut in 0..=whole.len() {
        let (a, b) = whole.split_at(cut);
        let mut f = file();
        let _ = f.data(a);
        let _ = f.data(b);
        let _ = f.finish();
        assert_eq!((f.mime_type(), f.seen_bytes()), (Some("text/html"), whole.len() as u64));
        let mut swapped = file();
        let _ = swapped.data_at(cut as u64, b);
        let _ = swapped.data_at(0, a);
        let _ = swapped.finish();
        assert_eq!((swapped.mime_type(), swapped.seen_bytes()), (Some("text/html"), whole.len() as u64));
    }
}

#[test]
fn a_file_times_out_one_interval_after_its_last_activity() {
    let mut life = Lifetime::new(1_000);
    life.touch(1_500);
    assert_eq!(life.timer(2_000, 1_000), TimerVerdict::CheckAt(3_000));
    assert!(!life.timed_out());
    assert_eq!(life.timer(3_000, 1_000), TimerVerdict::TimedOut);
    assert_eq!((life.first(), life.duration(), life.timed_out()), (1_000, 500, true));
}

#[test]
fn invariants_hold_over_the_fuzz_corpus_and_its_mutations() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/files");
    let mut random = 0x9e37_79b9_7f4a_7c15u64;
    let mut seen = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let mut script = std::fs::read(entry.unwrap().path()).unwrap();
        check_invariants(&script);
        for _ in 0..500 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (random >> 33) as usize % script.len();
            script[at] = (random >> 24) as u8;
            check_invariants(&script);
        }
        seen += 1;
    }
    assert!(seen > 3, "only {seen} seeds");
}

#[test]
fn content_passes_in_order_once_the_type_is_known() {
    let mut file = File::new(Limits::default(), Hashing::NONE);
    file.keep_content();
    let taken = |file: &mut File| {
        let content = file.take_content();
        content.pieces().map(|(at, piece)| (at, piece.to_vec())).collect::<Vec<_>>()
    };
    let _ = file.data(b"one");
    assert_eq!(taken(&mut file), []);
    let _ = file.data_at(6, b"three");
    let _ = file.data_at(3, b"two");
    assert!(file.finish().sniffed);
    let expected = [(0, b"one".to_vec()), (3, b"two".to_vec()), (6, b"three".to_vec())];
    assert_eq!(taken(&mut file), expected);
    let mut holed = File::new(Limits::default(), Hashing::NONE);
    holed.keep_content();
    let _ = holed.data(&[b'x'; SNIFF_LEN]);
    assert_eq!(taken(&mut holed).len(), 1);
    let _ = holed.gap(SNIFF_LEN as u64, 10);
    let _ = holed.data(b"end");
    assert_eq!(taken(&mut holed), [(SNIFF_LEN as u64 + 10, b"end".to_vec())]);
    assert_eq!(taken(&mut holed), []);
}
