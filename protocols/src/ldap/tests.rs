use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn message(&mut self, is_orig: bool, message: &Message<'_>) {
        let Message { id, opcode, outcome, object, argument, operation } = message;
        let mut text = format!("{} {id} {opcode}", if is_orig { "client" } else { "server" });
        if let Some(outcome) = outcome {
            text += &format!(" {} {:?}", outcome.code, String::from_utf8_lossy(outcome.diagnostic));
        }
        text += &format!(" {} {}", object.escape_ascii(), argument.escape_ascii());
        if let Operation::Search(search) = operation {
            text += &format!(" {}", String::from_utf8(search.filter()).unwrap());
        }
        self.0.push(text.trim_end().to_owned());
    }

    fn starttls(&mut self) {
        self.0.push("starttls".to_owned());
    }

    fn tls_data(&mut self, _: bool, bytes: &[u8]) {
        for byte in bytes {
            self.0.push(format!("tls {byte}"));
        }
    }

    fn cut(&mut self) {
        self.0.push("cut".to_owned());
    }

    fn violation(&mut self, reason: &str, data: &[u8]) {
        self.0.push(format!("{reason}: {}", data.escape_ascii()));
    }
}

fn trace(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut trace));
    trace.0
}

/// A value with its tag and length.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(len @ ..0x80) => out.push(len),
        _ => out.extend([&[0x84][..], &(content.len() as u32).to_be_bytes()].concat()),
    }
    [&out[..], content].concat()
}

fn message(id: u8, operation: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, &[id]), tlv(operation, &parts.concat())].concat())
}

fn bind(auth: u8, content: &[u8]) -> Vec<u8> {
    message(1, 0x60, &[tlv(2, &[3]), tlv(4, b"cn=a"), tlv(auth, content)])
}

fn done(id: u8, operation: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    message(id, operation, &[tlv(10, &[code]), tlv(4, b""), tlv(4, b"no\n"), rest.to_vec()])
}

fn search(filter: Vec<u8>) -> Vec<u8> {
    let number = |n| tlv(10, &[n]);
    let (size, time, types) = (tlv(2, &[0]), tlv(2, &[0]), tlv(1, &[0]));
    message(
        2,
        0x63,
        &[tlv(4, b"dc=x"), number(2), number(0), size, time, types, filter, tlv(0x30, &tlv(4, b"cn"))],
    )
}

fn equal(attribute: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0xa3, &[tlv(4, attribute), tlv(4, value)].concat())
}

fn shown(filter: Vec<u8>) -> String {
    let trace = trace(&[(true, &search(filter))]);
    trace[0].rsplit_once("SEARCH_TREE").unwrap().1.trim_start().to_owned()
}

#[test]
fn messages_are_read_however_they_are_cut() {
    let client = [bind(0x80, b"pw"), search(tlv(0x87, b"objectClass")), message(3, 0x42, &[])].concat();
    let server =
        [done(1, 0x61, 49, b""), message(2, 0x64, &[tlv(4, b"cn=b"), tlv(0x30, b"")]), done(2, 0x65, 0, b"")];
    let server = server.concat();
    let want = [
        "client 1 0 cn=a pw",
        "client 2 3 dc=x SearchScope::SEARCH_TREE (objectClass=*)",
        "client 3 2",
        "server 1 1 49 \"no\\n\"",
        "server 2 4 cn=b",
        "server 2 5 0 \"no\\n\"",
    ];
    assert_eq!(trace(&[(true, &client), (false, &server)]), want);
    for at in 0..client.len() {
        let (front, back) = client.split_at(at);
        let pieces = [(true, front), (true, back), (false, server.as_slice())];
        assert_eq!(trace(&pieces), want, "cut at {at}");
    }
}

#[test]
fn filters_are_text_as_zeek_writes_them() {
    let [a, b, c] = [equal(b"a", b"1"), equal(b"b", b"2"), equal(b"c", b"3")];
    assert_eq!(shown(tlv(0xa0, &[a.clone(), b.clone(), c.clone()].concat())), "(&(&(a=1)(b=2))(c=3))");
    assert_eq!(shown(tlv(0xa1, &[a.clone(), b].concat())), "(|(a=1)(b=2))");
    assert_eq!(shown(tlv(0xa1, &a)), "(|(a=1))");
    assert_eq!(shown(tlv(0xa0, b"")), "");
    assert_eq!(shown(tlv(0xa2, &c)), "(!(c=3))");
    let substrings = |parts: &[Vec<u8>]| tlv(0xa4, &[tlv(4, b"n"), tlv(0x30, &parts.concat())].concat());
    assert_eq!(shown(substrings(&[tlv(0x80, b"x"), tlv(0x81, b"y"), tlv(0x82, b"z")])), "(n=x*y*z)");
    assert_eq!(shown(substrings(&[tlv(0x82, b"z(*)")])), "(n=*z\\28\\2a\\29)");
    assert_eq!(shown(substrings(&[tlv(0x81, b"y")])), "(n=*y*)");
    let rule = [tlv(0x81, b"1.2.3"), tlv(0x82, b"ou"), tlv(0x83, b"x"), tlv(0x84, b"\xff")].concat();
    assert_eq!(shown(tlv(0xa9, &rule)), "(ou:1.2.3:=x)");
    assert_eq!(shown(equal(b"n", "Ü\\".as_bytes())), "(n=Ü\\5c)");
    assert_eq!(shown(equal(b"n", b"\xff\xfe")), "(n=\u{fffd}\u{fffd})");
    assert_eq!(shown(equal(b"NtVer", b"\x16\0\0\0")), "(NtVer=0x00000016)");
    assert_eq!(shown(equal(b"AAC", b"\x80\0\0\0")), "(AAC=80:00:00:00)");
    let sid = b"\x01\x04\0\0\0\0\0\x05\x15\0\0\0\x39\xc5\xc7\x44\xfa\xbd\x24\x1d\x4a\x65\xfd\x71";
    assert_eq!(shown(equal(b"DomainSid", sid)), "(DomainSid=S-1-5-21-1153942841-488947194-1912431946)");
    let guid = b"\x3b\x52\xb3\xb0\x6f\x54\xaf\x4f\x93\xb2\x29\x4a\x38\x50\x98\xf2";
    assert_eq!(shown(equal(b"DomainGuid", guid)), "(DomainGuid=b0b3523b-546f-4faf-93b2-294a385098f2)");
    assert_eq!(shown(equal(b"DomainGuid", b"x")), "(DomainGuid=GUID_FORMAT_FAILED)");
    let mut deep = a;
    for _ in 0..200 {
        deep = tlv(0xa2, &deep);
    }
    assert_eq!(shown(deep), "FILTER_PARSING_ERROR");
}

/// What SASL wraps, with its length.
fn wrapped(flags: u8, extra: u16, rotated: u16, content: &[u8]) -> Vec<u8> {
    let head = [&[5, 4, flags, 0xff][..], &extra.to_be_bytes(), &rotated.to_be_bytes(), &[0; 8]].concat();
    [&(head.len() as u32 + content.len() as u32).to_be_bytes()[..], &head, content].concat()
}

#[test]
fn what_sasl_wraps_in_the_clear_is_read() {
    let hello = bind(0xa3, &tlv(4, b"GSS-SPNEGO"));
    let accepted = tlv(0xa0, b"\x0a\x01\x00");
    let mechanism = tlv(0xa1, b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02");
    let token = tlv(0xa1, &tlv(0x30, &[accepted, mechanism].concat()));
    let welcome = done(1, 0x61, 0, &tlv(0x87, &token));
    let two = [message(3, 0x42, &[]), message(4, 0x42, &[])].concat();
    let parts = [
        wrapped(0, 3, 3, &[b"sum", &two[..]].concat()),
        wrapped(2, 0, 28, b"secret"),
        wrapped(0, 3, 0, &[&two[..], b"sum"].concat()),
    ];
    let stream = parts.concat();
    let want = [
        "client 1 0 cn=a GSS-SPNEGO",
        "server 1 1 0 \"no\\n\"",
        "client 3 2",
        "client 4 2",
        "client 3 2",
        "client 4 2",
    ];
    for at in 0..stream.len() {
        let (front, back) = stream.split_at(at);
        assert_eq!(
            trace(&[(true, &hello), (false, &welcome), (true, front), (true, back)]),
            want,
            "cut at {at}"
        );
    }
    let wrong = trace(&[(true, &hello), (false, &welcome), (true, &wrapped(0, 3, 0, b"x"))]);
    assert_eq!(
        wrong[2],
        "insufficient input: \\x05\\x04\\x00\\xff\\x00\\x03\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00x"
    );
}

#[test]
fn behind_another_mechanism_what_comes_tells_whether_it_is_encrypted() {
    let scram = bind(0xa3, &tlv(4, b"SCRAM-SHA-512"));
    let welcome = done(1, 0x61, 0, b"");
    let clear = trace(&[(true, &scram), (false, &welcome), (true, &message(3, 0x42, &[]))]);
    assert_eq!(clear[2], "client 3 2");
    let encrypted = trace(&[(true, &scram), (false, &welcome), (true, b"\0\0\0\x03abc\0\0\0\x01x")]);
    assert_eq!(encrypted.len(), 2);
}

#[test]
fn tls_begins_where_the_server_agrees() {
    let ask = message(1, 0x77, &[tlv(0x80, b"1.3.6.1.4.1.1466.20037")]);
    let refused = trace(&[(true, &ask), (false, &done(1, 0x78, 2, b"")), (true, &message(3, 0x42, &[]))]);
    assert_eq!(refused[2], "client 3 2");
    let agreed = [done(1, 0x78, 0, b""), b"s".to_vec()].concat();
    let begun = trace(&[(true, &ask), (false, &agreed), (true, b"c")]);
    assert_eq!(begun[2..], ["starttls", "tls 115", "tls 99"]);
}

#[test]
fn of_a_long_message_the_beginning_is_read() {
    let entry = message(2, 0x64, &[tlv(4, b"cn=b"), tlv(0x30, &vec![0; 100_000])]);
    let both = [entry, done(2, 0x65, 0, b"")].concat();
    let want = ["cut", "server 2 4 cn=b", "server 2 5 0 \"no\\n\""];
    let pieces: Vec<(bool, &[u8])> = both.chunks(1000).map(|piece| (false, piece)).collect();
    assert_eq!(trace(&pieces), want);
}

#[test]
fn what_is_no_message_is_told_once() {
    let wrong = trace(&[(true, b"GET / HTTP/1.0\r\n"), (true, b"more")]);
    assert_eq!(wrong.len(), 1);
    assert!(
        wrong[0].starts_with("&requires failed: ($$.tag.class == ASN1::ASN1Class::Universal"),
        "{wrong:?}"
    );
    let (mut session, mut heard) = (Session::new(Limits::default()), Recorder::default());
    session.gap(true);
    session.data(true, &bind(0x80, b"pw"), &mut heard);
    assert!(heard.0.is_empty());
}

#[test]
fn a_beginning_decides() {
    let whole = bind(0x80, b"pw");
    for at in 0..whole.len() {
        let want = if at < 6 { Probe::NeedMore } else { Probe::Match };
        assert_eq!(probe(&whole[..at]), want, "{at}");
    }
    for wrong in
        [&b"GET /"[..], b"\x30\x02\x02\x01", b"\x30\x85", b"\x30\x10\x04", b"\x30\x10\x02\x01\x01\x61"]
    {
        assert_eq!(probe(wrong), Probe::NoMatch, "{}", wrong.escape_ascii());
    }
    assert_eq!(probe(b"\x30\x84\0\0\0\x10\x02\x02\x01\x01\x63"), Probe::Match);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("ldap", fuzz::check);
}
