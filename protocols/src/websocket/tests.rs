use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn frame(&mut self, is_orig: bool, frame: &Frame) {
        let Frame { fin, reserved, opcode, len } = frame;
        self.0.push(format!("{is_orig} frame {fin} {reserved} {opcode} {len}"));
    }

    fn data(&mut self, is_orig: bool, opcode: u8, data: &[u8]) {
        self.0.push(format!("{is_orig} {opcode} {}", data.escape_ascii()));
    }

    fn close(&mut self, is_orig: bool, status: u16, reason: &[u8]) {
        self.0.push(format!("{is_orig} close {status} {}", reason.escape_ascii()));
    }

    fn message(&mut self, is_orig: bool, opcode: u8) {
        self.0.push(format!("{is_orig} message {opcode}"));
    }

    fn violation(&mut self, reason: &str, data: &[u8]) {
        self.0.push(format!("{reason} {}", data.escape_ascii()));
    }
}

fn trace(limits: Limits, pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(limits), Recorder::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut trace));
    trace.0
}

/// `hello` with a mask, in two frames of which the second is empty, an empty close, and one with a status.
const CLIENT: &[u8] = b"\x01\x85\x01\x02\x03\x04igohn\x80\x00\x88\x00\x88\x04\x03\xe8no";

const WANT: [&str; 11] = [
    "true frame false 0 1 5",
    "true 1 hello",
    "true frame true 0 0 0",
    "true message 1",
    "true frame true 0 8 0",
    "true close 0 ",
    "true message 8",
    "true frame true 0 8 4",
    "true 8 \\x03\\xe8no",
    "true close 1000 no",
    "true message 8",
];

#[test]
fn messages_are_read_however_they_are_cut() {
    assert_eq!(trace(Limits::default(), &[(true, CLIENT)]), WANT);
    for at in 0..CLIENT.len() {
        let (front, back) = CLIENT.split_at(at);
        assert_eq!(trace(Limits::default(), &[(true, front), (true, back)]), WANT, "cut at {at}");
    }
}

#[test]
fn long_frames_come_in_chunks_and_lengths_have_two_and_eight_bytes() {
    let want = ["false frame true 4 2 9", "false 2 abcd", "false 2 efgh", "false 2 i", "false message 2"];
    for head in [&b"\xc2\x09"[..], b"\xc2\x7e\x00\x09", b"\xc2\x7f\0\0\0\0\0\0\0\x09"] {
        let frame = [head, b"abcdefghi"].concat();
        let bytes: Vec<(bool, &[u8])> = frame.chunks(1).map(|byte| (false, byte)).collect();
        assert_eq!(trace(Limits { chunk: 4 }, &bytes), want);
    }
}

#[test]
fn what_breaks_the_rules_is_a_violation_in_zeeks_words() {
    let enforced = "binpac exception: &enforce violation : WebSocket_FrameHeader:first2";
    assert_eq!(trace(Limits::default(), &[(true, b"\x80\x00")]), [format!("{enforced} \\x80\\x00")]);
    let within = trace(Limits::default(), &[(true, b"\x01\x01a\x89\x00")]);
    assert_eq!(within[2..], [format!("{enforced} \\x01\\x01a\\x89\\x00")]);
    let close = trace(Limits::default(), &[(true, b"\x88\x01a")]);
    let out_of_bound =
        "binpac exception: out_of_bound: WebSocket_FramePayloadClose:status: 2 > 1 \\x88\\x01a";
    assert_eq!(close[2..], [out_of_bound]);
}

#[test]
fn behind_a_gap_nothing_is_read() {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    session.data(true, &CLIENT[..5], &mut trace);
    session.gap();
    session.data(true, &CLIENT[5..], &mut trace);
    assert!(trace.0.is_empty() && session.buffered() == 0);
}

#[test]
fn headers_are_read_as_zeek_does() {
    // RFC 6455 §1.3.
    assert_eq!(accept_for(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let split =
        |value: &'static [u8]| listed(value).map(|part| part.escape_ascii().to_string()).collect::<Vec<_>>();
    assert_eq!(split(b"a ,  b; c=d,e"), ["a", "b; c=d", "e"]);
    assert_eq!((split(b""), split(b" a")), (vec![String::new()], vec![" a".to_owned()]));
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("websocket", fuzz::check);
}
