use super::*;

/// What was told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn header(&mut self, _: bool, header: &Header) {
        self.0.push(format!("{:x} {} {:x}", header.command, header.len, header.session));
    }

    fn cip(&mut self, is_orig: bool, cip: &Cip<'_>) {
        let Cip { sequence, service, status, path, data } = *cip;
        let Path { class, instance, attribute } = path;
        self.0.push(format!(
            "{is_orig} {sequence:?} {service:x} {status:?} {class:x?} {instance:?} {attribute:?} {}",
            data.len()
        ));
    }

    fn identity(&mut self, identity: &Identity<'_>) {
        self.0.push(format!("{} {} {:?}", identity.name.escape_ascii(), identity.vendor, identity.address));
    }

    fn violation(&mut self, error: &ParseError) {
        self.0.push(error.to_string());
    }
}

fn told(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut told) = (Session::new(false), Told::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut told));
    told.0
}

fn message(command: u16, data: &[u8]) -> Vec<u8> {
    let (command, len) = (command.to_le_bytes(), (data.len() as u16).to_le_bytes());
    [&command[..], &len, &[1, 0, 2, 0x11, 0, 0, 0, 0], b"a sender", &[0; 4], data].concat()
}

/// Data that are not of a connection, or are.
fn unconnected(cip: &[u8]) -> Vec<u8> {
    let len = (cip.len() as u16).to_le_bytes();
    message(0x6f, &[&[0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0][..], &len, cip].concat())
}

fn connected(cip: &[u8]) -> Vec<u8> {
    let len = (cip.len() as u16 + 2).to_le_bytes();
    message(
        0x70,
        &[&[0, 0, 0, 0, 0, 0, 2, 0, 0xa1, 0, 4, 0, 9, 9, 9, 9, 0xb1, 0][..], &len, &[0x89, 7], cip].concat(),
    )
}

fn conversation() -> Vec<(bool, Vec<u8>)> {
    let (get, set) = ([0x0e, 3, 0x20, 1, 0x24, 1, 0x30, 7], [0x10, 3, 0x20, 0x0f, 0x25, 0, 1, 2]);
    let several = [&[0x0a, 2, 0x20, 2, 0x24, 1, 2, 0, 6, 0, 14, 0][..], &get, &set].concat();
    let answers = [0x8a, 0, 0, 0, 2, 0, 6, 0, 10, 0, 0x8e, 0, 0, 0, 0x90, 0, 5, 1, 2, 1];
    let sent = [&[0x52, 2, 0x20, 6, 0x24, 1, 7, 0xe9, 8, 0][..], &get, &[1, 0, 1, 0]].concat();
    let mut identity = [&[1, 0, 0x0c, 0, 39, 0, 1, 0, 0, 2, 0xaf, 0x12, 10, 0, 0, 2][..], &[0; 8]].concat();
    identity.extend([
        1, 0, 0x0e, 0, 54, 0, 20, 11, 0x60, 0x31, 0x6c, 6, 0x1c, 0, 5, b'o', b'w', b'l', b'-', b'1', 3,
    ]);
    vec![
        (true, message(0x65, &[1, 0, 0, 0])),
        (true, unconnected(&sent)),
        (true, connected(&several)),
        (false, connected(&answers)),
        (false, message(0x63, &identity)),
    ]
}

#[test]
fn messages_are_told_however_they_are_cut() {
    let pieces = conversation();
    let borrowed: Vec<(bool, &[u8])> = pieces.iter().map(|(is_orig, bytes)| (*is_orig, &bytes[..])).collect();
    let whole = told(&borrowed);
    assert_eq!(
        whole,
        [
            "65 4 11020001",
            "6f 38 11020001",
            "true None 52 None Some(6) Some(1) None 16",
            "true None e None Some(1) Some(1) Some(7) 0",
            "70 50 11020001",
            "true Some(1929) a None Some(2) Some(1) None 22",
            "true Some(1929) e None Some(1) Some(1) Some(7) 0",
            "true Some(1929) 10 None Some(f) Some(513) None 0",
            "70 42 11020001",
            "false Some(1929) a Some((0, None)) None None None 16",
            "false Some(1929) e Some((0, None)) None None None 0",
            "false Some(1929) 10 Some((5, Some(258))) None None None 0",
            "63 45 11020001",
            "owl-1 1 [10, 0, 0, 2]",
        ]
    );
    let bytes: Vec<(bool, &[u8])> =
        pieces.iter().flat_map(|(is_orig, bytes)| bytes.chunks(1).map(|byte| (*is_orig, byte))).collect();
    assert_eq!(told(&bytes), whole);
}

#[test]
fn from_the_middle_on_it_is_read_where_a_message_begins() {
    let whole = connected(&[0x0e, 3, 0x20, 1, 0x24, 1, 0x30, 7]);
    let (mut session, mut heard) = (Session::new(true), Told::default());
    session.data(true, &whole[9..], &mut heard);
    assert!(heard.0.is_empty());
    session.data(true, &whole, &mut heard);
    assert_eq!(heard.0.len(), 2, "{:?}", heard.0);
    session.gap(true);
    session.data(true, b"something else", &mut heard);
    session.data(true, &whole, &mut heard);
    assert_eq!(heard.0.len(), 4, "{:?}", heard.0);
}

#[test]
fn places_that_lead_nowhere_are_told() {
    for place in [3, 200] {
        let answers = [0x8a, 0, 0, 0, 2, 0, place, 0, 1, 0, 0x8e, 0, 0, 0];
        assert!(told(&[(false, &connected(&answers))]).iter().any(|line| line.contains("service offset")));
    }
}

#[test]
fn what_is_no_message_ends_it() {
    let garbage = [&b"GET / HTTP/1.1\r\n"[..], &message(0x65, &[1, 0, 0, 0])].concat();
    assert_eq!(told(&[(true, &garbage)]).len(), 1);
}

#[test]
fn a_beginning_decides() {
    let pieces = conversation();
    assert!(pieces.iter().all(|(_, bytes)| probe(bytes) == Probe::Match));
    assert_eq!(
        (probe(&pieces[0].1[..9]), probe(b"GET / HTTP/1.1\r\nHost: a\r\n")),
        (Probe::NeedMore, Probe::NoMatch)
    );
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("enip", fuzz::check);
}
