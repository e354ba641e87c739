use super::*;

fn trace(turns: &[(bool, &str)]) -> Vec<String> {
    starttls::trace::<Session>(turns)
}

const STREAM: &str = "<?xml version='1.0'?>\n<stream:stream to='x' xmlns='jabber:client'>";

#[test]
fn tls_begins_when_the_server_says_so() {
    let turns = [
        (true, STREAM),
        (false, "<stream:stream><a/>"),
        (true, "<starttls xmlns='y'/>"),
        (false, "<proceed/>"),
    ];
    assert_eq!(trace(&turns), ["yes", "TLS"]);
    assert_eq!(trace(&[(false, "<proceed/>")]), ["! XMPP: proceed without starttls"]);
}

#[test]
fn behind_a_login_nothing_is_read() {
    assert_eq!(trace(&[(false, "<success/>"), (true, "<starttls/>"), (false, "<proceed/>")]), [""; 0]);
}

/// What is said to be no tag of these segments of the client.
fn broken(segments: &[&[u8]]) -> Vec<String> {
    struct Reasons(Vec<String>);

    impl Handler for Reasons {
        fn violation(&mut self, reason: &str) {
            self.0.push(reason.to_owned());
        }

        fn starttls(&mut self) {
            self.0.push("TLS".to_owned());
        }
    }

    let (mut session, mut told) = (Session::default(), Reasons(Vec::new()));
    for segment in segments {
        starttls::Session::data(&mut session, true, segment, &mut told);
    }
    told.0
}

#[test]
fn what_is_no_tag_is_told_once_a_segment() {
    let said = |line: u8, pattern: &str, actual: &str| {
        format!(
            "Binpac exception: binpac exception: string mismatch at \
             src/analyzer/protocol/xmpp/xmpp-protocol.pac:{line}: \nexpected pattern: \"{pattern}\"\n\
             actual data: \"{actual}\""
        )
    };
    let other = b"WA\x01\x05\0\0<a>";
    assert_eq!(broken(&[other, other]), [said(12, "<", "WA\\x01\\x05"), said(12, "<", "WA\\x01\\x05")]);
    assert_eq!(broken(&[b" <a>text</a>text", b"text<b>"]), [""; 0]);
    assert_eq!(broken(&[b"<a>>"]), [said(12, "<", ">")]);
    assert_eq!(broken(&[b"<!--"]), [said(13, "\\/?[?:[:alnum:]]+", "!--")]);
    assert_eq!(broken(&[b"<", b"/", b">"]), [said(13, "\\/?[?:[:alnum:]]+", ">")]);
    assert_eq!(broken(&[b"<a b<c>"]), [said(15, ">", "<c>")]);
    assert_eq!(broken(&[&[b"<a ".as_slice(), &[b'a'; MAX_TAG]].concat()]).len(), 1);
}

#[test]
fn a_beginning_decides() {
    for (bytes, want) in [
        (STREAM.as_bytes(), Probe::Match),
        (&STREAM.as_bytes()[..30], Probe::NeedMore),
        (b"<stream:stream a>", Probe::NoMatch),
        (b"<html>", Probe::NoMatch),
    ] {
        assert_eq!(probe(bytes), want, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("xmpp", fuzz::check);
}
