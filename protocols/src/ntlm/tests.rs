use super::*;
use crate::tests::over_seeds;

/// A text of UTF-16.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Where texts are that follow each other from `start` on.
fn places(start: usize, texts: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut at = start;
    let place = |text: &&[u8]| {
        let (len, offset) = ((text.len() as u16).to_le_bytes(), (at as u32).to_le_bytes());
        at += text.len();
        [&len[..], &len, &offset].concat()
    };
    texts.iter().map(place).collect()
}

fn message(kind: u8, fields: &[&[u8]]) -> Vec<u8> {
    [&b"NTLMSSP\0"[..], &[kind, 0, 0, 0], &fields.concat()].concat()
}

pub(super) fn challenge(info: &[u8], flags: u32) -> Vec<u8> {
    let target = wide("SERVER");
    let places = places(56, &[&target, info]);
    let flags = flags.to_le_bytes();
    let version = b"\x0a\0\x39\x38\0\0\0\x0f";
    message(2, &[&places[0], &flags, &7_u64.to_le_bytes(), &[0; 8], &places[1], version, &target, info])
}

pub(super) fn pairs(pairs: &[(u16, &[u8])]) -> Vec<u8> {
    let pair = |(id, value): &(u16, &[u8])| {
        [&id.to_le_bytes()[..], &(value.len() as u16).to_le_bytes(), value].concat()
    };
    pairs.iter().flat_map(pair).collect()
}

const FLAGS: u32 = Flags::VERSION.0 | Flags::TARGET_INFO.0 | Flags::REQUEST_TARGET.0 | Flags::UNICODE.0;

#[test]
fn a_server_tells_of_itself() {
    let (name, tree) = (wide("SERVER"), wide("a.example"));
    let info =
        pairs(&[(1, &name), (5, &tree), (6, &[1, 0, 0, 0]), (7, &5_u64.to_le_bytes()), (0, b""), (1, b"xx")]);
    let bytes = challenge(&info, FLAGS);
    let Ok(Message::Challenge(read)) = Message::parse(&bytes) else { panic!("no challenge") };
    assert_eq!((read.challenge, read.target), (7, Some(&name[..])));
    assert_eq!(read.version, Some(Version { major: 10, minor: 0, build: 14_393, revision: 15 }));
    let read = read.info.unwrap();
    assert_eq!((read.nb_computer, read.dns_tree), (Some(&name[..]), Some(&tree[..])));
    assert_eq!((read.constrained, read.timestamp, read.underflows), (Some(true), Some(5), false));
}

#[test]
fn information_without_an_end_is_told() {
    let name = wide("SERVER");
    let underflows = |info: &[u8]| {
        let bytes = challenge(info, FLAGS);
        let Ok(Message::Challenge(read)) = Message::parse(&bytes) else { panic!("no challenge") };
        read.info.unwrap().underflows
    };
    assert!(underflows(&pairs(&[(1, &name)])));
    assert!(!underflows(b""));
    assert!(!underflows(&pairs(&[(1, &name), (0, b"")])));
}

#[test]
fn what_is_broken_is_told_in_zeeks_words() {
    let told = |bytes: &[u8]| Message::parse(bytes).unwrap_err().to_string();
    let wrong = |what: &str| format!("Binpac exception: binpac exception: {what}");
    let broken = challenge(&pairs(&[(11, b"")]), FLAGS);
    assert_eq!(told(&broken), wrong("invalid index for case: NTLM_AV_Pair: 11"));
    let broken = challenge(b"\x01\0\x07\0a", FLAGS);
    assert_eq!(told(&broken), wrong("out_of_bound: NTLM_AV_Pair:nb_computer_name: 11 > 5"));
    assert_eq!(told(b"NTLM"), wrong("out_of_bound: NTLM_SSP_Token:signature: 8 > 4"));
}

#[test]
fn a_client_says_who_logs_in() {
    let texts = [&b"lmlm"[..], b"ntnt", &wide("DOMAIN"), &wide("user"), b"", b"key"];
    let bytes = message(3, &[&places(64, &texts).concat(), &1_u32.to_le_bytes(), &texts.concat()]);
    let Ok(Message::Authenticate(read)) = Message::parse(&bytes) else { panic!("no answer") };
    assert_eq!((read.domain, read.user), (Some(texts[2]), Some(texts[3])));
    assert_eq!((read.workstation, read.session_key), (None, Some(&b"key"[..])));
    assert_eq!((read.response, read.version), (Some(&b"ntnt"[..]), None));
}

#[test]
fn other_messages_are_passed_over() {
    assert_eq!(Message::parse(&message(4, &[])), Ok(Message::Other(4)));
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    over_seeds("ntlm", fuzz::check);
}
