use super::base64::{Base64Decoder, Base64Flaw};
use super::percent::{self, PercentFlaw};
use super::text::{self, TokenKind};
use super::*;

#[test]
fn header_lines() {
    for (line, parts) in [
        ("Host: a", Some(("Host", "a"))),
        ("Host:a ", Some(("Host", "a "))),
        ("(c(nested)) Host (why) : a", Some(("Host", "a"))),
        ("Host", None),
        (": a", None),
        ("", None),
        ("(open", None),
    ] {
        let expected = parts.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        assert_eq!(text::header_line(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn tokens() {
    assert_eq!(text::token(b" (c) chunked ; x", TokenKind::Mime), Some((&b"chunked"[..], &b" ; x"[..])));
    assert_eq!(text::token(b"\"chunked\"", TokenKind::Mime), Some((&b"chunked"[..], &b"\""[..])));
    assert_eq!(text::token(b"", TokenKind::Mime), None);
    let mut out = Vec::new();
    assert_eq!(text::value(b"\"a\\\"b\" rest", TokenKind::Mime, &mut out), Some(&b" rest"[..]));
    assert_eq!(out, b"a\"b");
    assert_eq!(text::value(b"\"open", TokenKind::Mime, &mut out), None);
}

#[test]
fn numbers() {
    for (text, radix, number) in [
        ("12", 10, Some(12)),
        ("12x", 10, Some(12)),
        ("1F;ext", 16, Some(31)),
        ("-3", 10, Some(-3)),
        ("x", 10, None),
        ("", 10, Some(0)),
        ("-", 10, Some(0)),
        ("9223372036854775807", 10, Some(i64::MAX)),
        ("9223372036854775808", 10, None),
    ] {
        assert_eq!(text::leading_number(text.as_bytes(), radix), number, "{text}");
    }
}

#[test]
fn content_types() {
    let parsed = ContentType::parse(b"Multipart/Form-Data; charset=x; boundary=\"a b\"").unwrap();
    assert_eq!((parsed.kind, parsed.boundary), (MediaType::Multipart, Some(b"a b".to_vec())));
    let parsed = ContentType::parse(b"multipart/mixed; boundary=a:b?c=d;x=y").unwrap();
    assert_eq!(parsed.boundary, Some(b"a:b?c=d;x=y".to_vec()), "anything printable, as in the wild");
    assert_eq!(ContentType::parse(b"multipart/mixed").unwrap().kind, MediaType::Other);
    assert_eq!(ContentType::parse(b"message/rfc822").unwrap().kind, MediaType::Message);
    assert_eq!(ContentType::parse(b"text/html;charset=utf-8").unwrap().sub, b"html");
    assert!(ContentType::parse(b"garbage").is_none());
}

#[test]
fn boundaries() {
    assert_eq!(check_boundary(b"--XX", b"XX"), Boundary::Part);
    assert_eq!(check_boundary(b"--XX--", b"XX"), Boundary::Closing);
    assert_eq!(check_boundary(b"--XXY", b"XX"), Boundary::Part);
    assert_eq!(check_boundary(b"-XX", b"XX"), Boundary::No);
    assert_eq!(check_boundary(b"--X", b"XX"), Boundary::No);
}

#[test]
fn file_names() {
    for (value, name) in [
        ("attachment; filename=a.txt", Some("a.txt")),
        ("attachment; filename=\"a b.txt\"; size=1", Some("a b.txt")),
        ("attachment; FileName = \"x\"", Some("x")),
        ("attachment; filename*=UTF-8''na%C3%AFve.txt", Some("na\u{ef}ve.txt")),
        ("form-data; name=\"f\"; filename=\"x.bin\"", Some("x.bin")),
        ("form-data; name=\"f\"", None),
        ("filename=\"open", Some("open")),
        ("inline", None),
    ] {
        let found = filename::from_content_disposition(value.as_bytes());
        assert_eq!(found.as_deref(), name.map(str::as_bytes), "{value}");
    }
    assert_eq!(
        filename::from_content_type(b"image/png; name=\"p.png\"").as_deref(),
        Some(b"p.png".as_slice())
    );
    assert_eq!(filename::from_content_type(b"image/png"), None);
}

fn base64(pieces: &[&str]) -> (Vec<u8>, Vec<Base64Flaw>) {
    let (mut out, mut flaws) = (Vec::new(), Vec::new());
    let mut decoder = Base64Decoder::default();
    for piece in pieces {
        decoder.decode(piece.as_bytes(), &mut out, |flaw| flaws.push(flaw));
    }
    decoder.finish(&mut out, |flaw| flaws.push(flaw));
    (out, flaws)
}

#[test]
fn base64_pieces_and_damage() {
    assert_eq!(base64(&["aGVs", "bG8="]), (b"hello".to_vec(), vec![]));
    assert_eq!(base64(&["aGV", "sbG", "8="]), (b"hello".to_vec(), vec![]));
    assert_eq!(base64(&["aG\r\nVs"]), (b"hel".to_vec(), vec![Base64Flaw::Ignored(b'\r')]));
    assert_eq!(base64(&["aGVsbA"]), (b"hell".to_vec(), vec![Base64Flaw::Incomplete(12)]));
    assert_eq!(base64(&["aA==aGVs"]), (b"h".to_vec(), vec![Base64Flaw::AfterPadding]));
}

#[test]
fn quoted_printable() {
    for (line, decoded) in
        [("a=3Db", "a=b\r\n"), ("soft=", "soft"), ("trailing  ", "trailing\r\n"), ("=zz", "=zz\r\n")]
    {
        let mut out = Vec::new();
        quoted::decode_line(line.as_bytes(), &mut out);
        assert_eq!(out, decoded.as_bytes(), "{line}");
    }
}

#[test]
fn percent_decoding() {
    let (mut out, mut flaws) = (Vec::new(), Vec::new());
    percent::unescape(b"a%41%%42%u0043%u1234%q", &mut out, |flaw| flaws.push(flaw));
    assert_eq!(out, b"aABC\x124%q");
    assert_eq!(flaws, [PercentFlaw::Double, PercentFlaw::PartialAtEnd]);
}
