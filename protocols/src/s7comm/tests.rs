use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn cotp(&mut self, _: bool, kind: u8) {
        self.0.push(format!("cotp {kind:x}"));
    }

    fn message(&mut self, is_orig: bool, message: &Message<'_>) {
        let Message { rosctr, reference, function, subfunction, service, error, block, .. } = *message;
        let texts = [service, block].map(|text| text.escape_ascii().to_string());
        let szl = szl(message);
        self.0.push(format!(
            "{is_orig} {rosctr} {reference} {function:x?} {subfunction:?} {error:?} {texts:?} {szl:x?}"
        ));
    }

    fn plus(&mut self, _: bool, plus: &Plus) {
        self.0.push(format!("{plus:x?}"));
    }

    fn violation(&mut self, error: &ParseError) {
        self.0.push(error.to_string());
    }
}

fn told(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut told) = (Session::new(Limits::default(), false), Told::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut told));
    told.0
}

fn tpkt(cotp: &[u8], carried: &[u8]) -> Vec<u8> {
    let len = (TPKT + cotp.len() + carried.len()) as u16;
    [&[3, 0][..], &len.to_be_bytes(), cotp, carried].concat()
}

fn data(carried: &[u8]) -> Vec<u8> {
    tpkt(&[2, 0xf0, 0x80], carried)
}

/// The kind, its number, what went wrong, parameters and data.
fn s7(rosctr: u8, reference: u16, error: &[u8], parameters: &[u8], carried: &[u8]) -> Vec<u8> {
    let lens = [(parameters.len() as u16).to_be_bytes(), (carried.len() as u16).to_be_bytes()].concat();
    let number = reference.to_le_bytes();
    data(&[&[S7, rosctr, 0, 0][..], &number, &lens, error, parameters, carried].concat())
}

fn conversation() -> Vec<(bool, Vec<u8>)> {
    let control = [&[0x28, 0, 0, 0, 0, 0, 0, 0xfd, 0, 0, 9][..], b"P_PROGRAM"].concat();
    let upload = [&[0x1d, 0, 0, 0, 0, 0, 0, 0, 9][..], b"_0A00001P"].concat();
    let list = [0xff, 9, 0, 4, 0, 0x1c, 0, 1];
    vec![
        (true, tpkt(&[17, 0xe0, 0, 0, 0, 1, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2], &[])),
        (false, tpkt(&[17, 0xd0, 0, 1, 0, 2, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2], &[])),
        (true, s7(1, 0, &[], &[0xf0, 0, 0, 1, 0, 1, 1, 0xe0], &[])),
        (false, s7(3, 0, &[0, 0], &[0xf0, 0, 0, 1, 0, 1, 0, 0xf0], &[])),
        (true, s7(7, 1, &[], &[0, 1, 0x12, 4, 0x11, 0x44, 1, 0], &list)),
        (false, s7(7, 1, &[], &[0, 1, 0x12, 8, 0x12, 0x84, 1, 0, 0, 0, 0xd2, 9], &list)),
        (true, s7(1, 2, &[], &control, &[])),
        (true, s7(1, 3, &[], &upload, &[])),
        (true, data(&[S7_PLUS, 1, 0, 7, 0x31, 0, 0, 4, 0xca, 0, 0])),
    ]
}

#[test]
fn messages_are_told_however_they_are_cut() {
    let pieces = conversation();
    let borrowed: Vec<(bool, &[u8])> = pieces.iter().map(|(is_orig, bytes)| (*is_orig, &bytes[..])).collect();
    let whole = told(&borrowed);
    let messages: Vec<&str> =
        whole.iter().filter(|line| !line.starts_with("cotp f")).map(String::as_str).collect();
    assert_eq!(
        messages,
        [
            "cotp e",
            "cotp d",
            r#"true 1 0 Some(f0) None None ["", ""] None"#,
            r#"false 3 0 Some(f0) None Some((0, 0)) ["", ""] None"#,
            r#"true 7 1 Some(44) Some(1) None ["", ""] Some((ff, 1c, 1))"#,
            r#"false 7 1 Some(84) Some(1) Some((254, 53769)) ["", ""] Some((ff, 1c, 1))"#,
            r#"true 1 2 Some(28) None None ["P_PROGRAM", ""] None"#,
            r#"true 1 3 Some(1d) None None ["", "_0A00001P"] None"#,
            "Plus { version: 1, opcode: 31, function: Some(4ca) }",
        ]
    );
    let bytes: Vec<(bool, &[u8])> =
        pieces.iter().flat_map(|(is_orig, bytes)| bytes.chunks(1).map(|byte| (*is_orig, byte))).collect();
    assert_eq!(told(&bytes), whole);
}

#[test]
fn a_message_may_come_in_several_units() {
    let whole = s7(1, 5, &[], &[4, 1], &[]);
    let (front, back) = whole[TPKT + 3..].split_at(5);
    let cut = [tpkt(&[2, 0xf0, 0], front), tpkt(&[2, 0xf0, 0x80], back)].concat();
    assert_eq!(told(&[(true, &cut)]).last(), told(&[(true, &whole)]).last());
}

#[test]
fn what_never_ends_is_given_up() {
    let unit = tpkt(&[2, 0xf0, 0], &[0; 1000]);
    let mut session = Session::new(Limits { message: 4000 }, false);
    let mut heard = Told::default();
    (0..20).for_each(|_| session.data(true, &unit, &mut heard));
    assert!(session.buffered() <= 4000);
    assert!(heard.0.iter().any(|line| line.contains("COTP message")), "{:?}", heard.0);
}

#[test]
fn lengths_that_are_wrong_are_told() {
    for (at, value) in [(0, 4), (3, 4), (4, 200), (13, 200), (15, 200)] {
        let mut bytes = s7(1, 0, &[], &[0xf0, 0, 0, 1, 0, 1, 1, 0xe0], &[1, 2, 3]);
        bytes[at] = value;
        assert!(told(&[(true, &bytes)]).iter().all(|line| !line.contains("Some(f0)")), "{at}");
    }
}

#[test]
fn a_beginning_decides() {
    let [(_, asks), .., (_, plus)] = &conversation()[..] else { unreachable!() };
    assert_eq!((probe(asks), probe(plus)), (Probe::Match, Probe::Match));
    assert_eq!(probe(b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08"), Probe::NoMatch, "RDP");
    assert_eq!((probe(b"\x03"), probe(b"GET /")), (Probe::NeedMore, Probe::NoMatch));
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("s7comm", fuzz::check);
}
