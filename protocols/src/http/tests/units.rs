//! The small parts on their own.

use crate::http::head::{HeaderName, parse_request_line};
use crate::http::{probe_client, probe_server};
use crate::probe::Probe;

#[test]
fn header_names_are_found_whatever_their_case() {
    assert_eq!(HeaderName::of(b"cOnTeNt-LeNgTh"), HeaderName::ContentLength);
    assert_eq!(HeaderName::of(b"Host"), HeaderName::Host);
    assert_eq!(HeaderName::of(b"Content-Transfer-Encoding"), HeaderName::ContentTransferEncoding);
    for other in [b"".as_slice(), b"Hosts", b"X", &[b'a'; 300]] {
        assert_eq!(HeaderName::of(other), HeaderName::Other);
    }
    assert_eq!(HeaderName::Via.known_text(), Some("VIA"));
}

#[test]
fn every_known_name_is_found() {
    for name in ["Via", "Range", "Origin", "Expect", "Referer", "Upgrade", "Client-IP", "Proxy-Authorization"]
    {
        let id = HeaderName::of(name.as_bytes());
        assert_eq!(id.known_text(), Some(name.to_ascii_uppercase().as_str()));
    }
}

#[test]
fn a_uri_with_blanks_and_no_version_loses_its_last_word() {
    // As in Zeek, whose search for a version steps that far.
    assert_eq!(parse_request_line(b"GET /a b c").unwrap().uri, b"/a b");
    assert_eq!(parse_request_line(b"GET /a\"bc").unwrap().uri, b"/a\"b");
}

#[test]
fn content_detection() {
    assert_eq!(probe_client(b"GET / HTTP/1.1"), Probe::Match);
    assert_eq!(probe_client(b"\r\n PROPFIND"), Probe::Match);
    assert_eq!(probe_client(b"PROPF"), Probe::NeedMore);
    assert_eq!(probe_client(b""), Probe::NeedMore);
    assert_eq!(probe_client(b"get /"), Probe::NoMatch);
    assert_eq!(probe_server(b"HTTP/1"), Probe::Match);
    assert_eq!(probe_server(b"HTTP/"), Probe::NeedMore);
    assert_eq!(probe_server(b"HTTP/x"), Probe::NoMatch);
    assert_eq!(probe_server(b"SSH-2.0"), Probe::NoMatch);
}
