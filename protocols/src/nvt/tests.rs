use super::*;

/// What is told of these pieces of a direction, as texts.
fn trace(most: usize, pieces: &[&[u8]]) -> Vec<String> {
    let (mut lines, mut trace) = (Lines::new(most), Vec::new());
    for piece in pieces {
        let mut input = *piece;
        while let Some(piece) = lines.next(&mut input) {
            trace.push(match piece {
                Piece::Line(line) => format!("line {}", line.escape_ascii()),
                Piece::Negotiation { verb, option } => format!("option {verb} {option}"),
                Piece::Subnegotiation { bytes, whole } => format!("within {whole} {}", bytes.escape_ascii()),
                Piece::Weird(name) => name.to_owned(),
            });
        }
        assert!(input.is_empty() && lines.buffered() <= 2 * most);
    }
    if let Some(line) = lines.end() {
        trace.push(format!("rest {}", line.escape_ascii()));
    }
    trace
}

const STREAM: &[u8] =
    b"one\r\ntw\xff\xfd\x18o\nthr\xff\xffee\r\xff\xfa\x18\x00xterm\xff\xf0\nfo\x00ur\r\0\nfive\rsix\r\nse";

#[test]
fn lines_and_options_are_told() {
    assert_eq!(
        trace(100, &[STREAM]),
        [
            "line one",
            "option 253 24",
            "line two",
            "within true \\x18\\x00xterm",
            "line thr\\xffee",
            "NUL_in_line",
            "line four\\r",
            "line_terminated_with_single_CR",
            "line five\\rsix",
            "rest se",
        ]
    );
}

#[test]
fn pieces_are_the_same_as_the_whole() {
    let whole = trace(100, &[STREAM]);
    for at in 0..STREAM.len() {
        let (front, back) = STREAM.split_at(at);
        assert_eq!(trace(100, &[front, back]), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = STREAM.chunks(1).collect();
    assert_eq!(trace(100, &bytes), whole);
}

#[test]
fn a_broken_option_begins_another() {
    assert_eq!(trace(9, &[b"\xff\xfa\x18\xff\xfb\x01a\n"]), ["within false \\x18", "option 251 1", "line a"]);
}

#[test]
fn long_lines_are_cut() {
    assert_eq!(trace(4, &[b"123456\r\nab\n"]), ["contentline_size_exceeded", "line 1234", "line ab"]);
    assert_eq!(trace(4, &[b"1234\r\n"]), ["line 1234"]);
    assert_eq!(trace(4, &[b"\xff\xfa\x18123456\xff\xf0\n"]), ["within true \\x18123", "line "]);
}
