//! Messages out of a TCP stream, however it is cut.

use super::*;

fn framed(messages: &[&[u8]]) -> Vec<u8> {
    let frame = |m: &&[u8]| [&(m.len() as u16).to_be_bytes()[..], m].concat();
    messages.iter().flat_map(frame).collect()
}

fn run(parts: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut parser = StreamParser::default();
    let mut out = Vec::new();
    for part in parts {
        parser.data(part, |m| out.push(m.to_vec()));
    }
    parser.end(|m| out.push([b"partial ", m].concat()));
    out
}

#[test]
fn split_at_every_byte_gives_the_same_messages() {
    let messages: [&[u8]; 4] = [b"first message", b"", b"x", b"the last one"];
    let stream = framed(&messages);
    for at in 0..=stream.len() {
        assert_eq!(run(&[&stream[..at], &stream[at..]]), messages, "{at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(run(&bytes), messages);
}

#[test]
fn the_end_gives_what_there_is_of_a_message() {
    let stream = framed(&[b"one", b"two"]);
    assert_eq!(run(&[&stream[..9]]), [&b"one"[..], b"partial tw"]);
    assert_eq!(run(&[&stream[..7]]), [b"one"], "a length alone is nothing");
    assert_eq!(run(&[&stream[..6]]), [b"one"]);
}

#[test]
fn a_hole_costs_the_message_it_is_in() {
    let stream = framed(&[b"first", b"second", b"third"]);
    // Where each message lies: 0..7, 7..15, 15..22.
    for start in 0..=stream.len() {
        for end in start + 1..=stream.len() {
            let mut parser = StreamParser::default();
            let mut out = Vec::new();
            parser.data(&stream[..start], |m| out.push(m.to_vec()));
            parser.gap(end - start);
            parser.data(&stream[end..], |m| out.push(m.to_vec()));
            let mut expected: Vec<&[u8]> = Vec::new();
            for (text, from, to) in [(&b"first"[..], 0, 7), (b"second", 7, 15), (b"third", 15, 22)] {
                // A hole that touches a length, or ends beyond its message, loses the place.
                let body = from + 2 <= start && start < to && end <= to;
                if to <= start {
                    expected.push(text);
                } else if from <= start && !body {
                    break;
                } else if from >= end {
                    expected.push(text);
                }
            }
            assert_eq!(out, expected, "hole {start}..{end}");
        }
    }
}

#[test]
fn a_second_hole_in_one_message_is_counted_on() {
    let stream = framed(&[b"0123456789", b"next"]);
    let mut parser = StreamParser::default();
    let mut out = Vec::new();
    parser.data(&stream[..4], |m| out.push(m.to_vec()));
    parser.gap(2);
    parser.data(&stream[6..7], |m| out.push(m.to_vec()));
    parser.gap(3);
    parser.data(&stream[10..], |m| out.push(m.to_vec()));
    assert_eq!(out, [b"next"]);
}

#[test]
fn an_announced_length_takes_no_memory() {
    let mut parser = StreamParser::default();
    parser.data(&[0xff, 0xff, 1], |_| panic!("no message yet"));
    assert!(parser.buffered() <= 64, "{}", parser.buffered());
}
