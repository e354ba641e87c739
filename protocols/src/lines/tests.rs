use super::*;

/// The pieces of a stream that comes in pieces of `len` bytes, with the oddities.
fn pieces(lines: &mut Lines, stream: &[u8], len: usize) -> (Vec<String>, Vec<Flaw>) {
    let (mut seen, mut flaws) = (Vec::new(), Vec::new());
    for mut input in stream.chunks(len) {
        while let Some(piece) = lines.next(&mut input) {
            let (mark, bytes) = match piece {
                Piece::Line(bytes) => ("", bytes),
                Piece::Part(bytes) => ("part ", bytes),
                Piece::Plain(bytes) => ("plain ", bytes),
            };
            seen.push(format!("{mark}{}", bytes.escape_ascii()));
            flaws.extend(lines.take_flaws());
        }
        flaws.extend(lines.take_flaws());
    }
    (seen, flaws)
}

#[test]
fn lines_end_at_any_end() {
    let stream = b"one\r\ntwo\nthree\r\rfour\r\n\r\nfive";
    for len in 1..=stream.len() {
        let mut lines = Lines::new(100);
        let (seen, flaws) = pieces(&mut lines, stream, len);
        assert_eq!(seen, ["one", "two", "three", "", "four", ""], "{len}");
        assert_eq!(flaws, [Flaw::SingleCr], "{len}");
        assert_eq!(lines.buffered(), 4);
        assert_eq!(lines.end(), Some(&b"five"[..]));
        assert_eq!(lines.end(), None);
        assert_eq!(lines.buffered(), 0);
    }
}

#[test]
fn lines_that_are_too_long_come_in_parts() {
    for len in 1..=12 {
        let (seen, flaws) = pieces(&mut Lines::new(4), b"abcdefghij\r\nk\r\n", len);
        assert_eq!(seen, ["part abcd", "part efgh", "ij", "k"], "{len}");
        assert!(flaws.iter().all(|flaw| *flaw == Flaw::TooLong) && !flaws.is_empty());
    }
}

#[test]
fn a_run_of_bytes_is_no_lines() {
    let mut lines = Lines::new(100);
    let mut input = &b"BDAT 4\r\na\r\nbrest\r\n"[..];
    assert_eq!(lines.next(&mut input), Some(Piece::Line(b"BDAT 4")));
    lines.set_plain(4);
    assert_eq!(lines.next(&mut input), Some(Piece::Plain(b"a\r\nb")));
    assert_eq!(lines.next(&mut input), Some(Piece::Line(b"rest")));
    assert_eq!(lines.next(&mut input), None);
}

#[test]
fn the_line_end_before_a_run_may_be_cut() {
    let mut lines = Lines::new(100);
    let mut input = &b"BDAT 2\r"[..];
    assert_eq!(lines.next(&mut input), Some(Piece::Line(b"BDAT 2")));
    lines.set_plain(2);
    let mut input = &b"\nab"[..];
    assert_eq!(lines.next(&mut input), Some(Piece::Plain(b"ab")));
}

#[test]
fn the_first_zero_byte_is_left_out() {
    for len in 1..=8 {
        let (seen, flaws) = pieces(&mut Lines::new(100).drop_nul(), b"a\0b\0c\r\n", len);
        assert_eq!(seen, ["ab\\x00c"], "{len}");
        assert_eq!(flaws, [Flaw::Nul]);
    }
}
