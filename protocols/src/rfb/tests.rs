use super::*;
use crate::probe::Probe;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn version(&mut self, is_client: bool, major: &[u8], minor: &[u8]) {
        self.0.push(format!("{is_client} {} {}", major.escape_ascii(), minor.escape_ascii()));
    }

    fn authentication(&mut self, kind: u32) {
        self.0.push(authentication(kind).to_owned());
    }

    fn result(&mut self, result: u32) {
        self.0.push(format!("result {result}"));
    }

    fn share(&mut self, is_shared: bool) {
        self.0.push(format!("shared {is_shared}"));
    }

    fn desktop(&mut self, name: &[u8], width: u16, height: u16) {
        self.0.push(format!("{} {width} {height}", name.escape_ascii()));
    }

    fn violation(&mut self, reason: &str) {
        self.0.push(reason.to_owned());
    }
}

const INIT: &[u8] = b"\x04\x00\x03\x000123456789abcdef\x00\x00\x00\x02me";

/// Both sides of a handshake with a password, and what the client sends then.
fn handshake() -> Vec<(bool, Vec<u8>)> {
    let messages = [
        [&b"\x00"[..], &[0; 19]].concat(),
        b"\x02\x00\x00\x01\x00\x00\x00\x00".to_vec(),
        [&b"\x03"[..], &[0; 9]].concat(),
        [&b"\x04"[..], &[0; 7]].concat(),
        [&b"\x05"[..], &[0; 5]].concat(),
        b"\x06\x00\x00\x00\x00\x00\x00\x03abc".to_vec(),
    ];
    vec![
        (false, b"RFB 003.008\n".to_vec()),
        (true, b"RFB 003.008\n".to_vec()),
        (false, b"\x02\x01\x02".to_vec()),
        (true, b"\x02".to_vec()),
        (false, vec![1; 16]),
        (true, vec![2; 16]),
        (false, vec![0; 4]),
        (true, b"\x01".to_vec()),
        (false, INIT.to_vec()),
        (true, messages.concat()),
        (false, b"any pixels at all".to_vec()),
        (true, b"\x07".to_vec()),
    ]
}

const WANT: [&str; 7] = [
    "false 003 008",
    "true 003 008",
    "VNC",
    "result 0",
    "shared true",
    "me 1024 768",
    "Binpac exception: binpac exception: invalid index for case: ClientMessage: 7",
];

fn trace(talk: &[(bool, Vec<u8>)], len: usize) -> Vec<String> {
    let (mut session, mut trace) = (Session::default(), Recorder::default());
    for (is_orig, bytes) in talk {
        bytes.chunks(len).for_each(|piece| session.data(*is_orig, piece, &mut trace));
    }
    assert_eq!(session.buffered(), 0);
    trace.0
}

#[test]
fn a_handshake_is_told_however_it_is_cut() {
    for len in [100, 1, 2, 3, 5, 7] {
        assert_eq!(trace(&handshake(), len), WANT, "in pieces of {len}");
    }
}

#[test]
fn older_versions_and_other_ways_to_authenticate_are_told() {
    let talk = |minor: &[u8], rest: &[(bool, &[u8])]| {
        let version = [b"RFB 003.", minor, b"\n"].concat();
        let begin = [(false, version.clone()), (true, version)];
        let all: Vec<(bool, Vec<u8>)> =
            begin.into_iter().chain(rest.iter().map(|(is_orig, bytes)| (*is_orig, bytes.to_vec()))).collect();
        trace(&all, 100)[2..].to_vec()
    };
    assert_eq!(
        talk(b"003", &[(false, &[0, 0, 0, 1]), (true, &[0]), (false, INIT)]),
        ["None", "shared false", "me 1024 768"]
    );
    assert_eq!(
        talk(b"007", &[(false, &[1, 1]), (true, &[1]), (true, &[1]), (false, INIT)]),
        ["None", "shared true", "me 1024 768"]
    );
    let apple: Vec<u8> = [&[0, 2, 0, 4][..], &[7; 8]].concat();
    let rest: [(bool, &[u8]); 5] =
        [(false, &[1, 30]), (true, &[30]), (false, &apple), (true, &[1; 8]), (false, &[0, 0, 0, 1])];
    assert_eq!(talk(b"889", &rest), ["Apple Remote Desktop", "result 1"]);
    assert_eq!(talk(b"003", &[(false, &[0, 0, 0, 9])]), ["invalid RFB security type 9", "RealVNC"]);
    assert_eq!(
        talk(b"008", &[(false, &[1, 19]), (true, &[19])]),
        ["unknown RFB auth selection: 19", "VeNCrypt"]
    );
    let early = talk(b"008", &[(false, &[1, 1]), (false, &[0])]);
    assert_eq!(early, ["Binpac exception: binpac exception: invalid data from RFB server"]);
    let long = talk(b"008", &[(false, &[0]), (false, &[0, 1, 0, 0])]);
    assert_eq!(long, ["Binpac exception: binpac exception: &enforce violation : RFBFailReasonString:len"]);
}

#[test]
fn behind_a_gap_nothing_is_read() {
    let (mut session, mut trace) = (Session::default(), Recorder::default());
    session.data(false, b"RFB 00", &mut trace);
    session.gap();
    session.data(false, b"3.008\n", &mut trace);
    assert!(trace.0.is_empty() && session.buffered() == 0);
}

#[test]
fn a_beginning_decides() {
    for (bytes, probe) in
        [(&b"RFB 003"[..], Probe::Match), (b"RF", Probe::NeedMore), (b"GET /", Probe::NoMatch)]
    {
        assert_eq!(super::probe(bytes), probe, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("rfb", fuzz::check);
}
