use super::*;

#[test]
fn the_priority_stands_in_front() {
    for (datagram, priority, text) in [
        (&b"<34>su: failed"[..], Some(34), &b"su: failed"[..]),
        (b"<0>x", Some(0), b"x"),
        (b"<191>", Some(191), b""),
        (b"no priority", None, b"no priority"),
        (b"<>x", None, b"<>x"),
        (b"<1234>x", Some(1234), b"x"),
        (b"<12345>x", None, b"<12345>x"),
        (b"<12", None, b"<12"),
        (b"<1a>x", None, b"<1a>x"),
        (b"", None, b""),
    ] {
        assert_eq!(Message::parse(datagram), Message { priority, text }, "{datagram:?}");
    }
}

#[test]
fn numbers_have_names() {
    let message = Message::parse(b"<133>text");
    assert_eq!((message.facility(), message.severity()), (Some(16), Some(5)));
    assert_eq!((facility_name(16), severity_name(5)), (Some("LOCAL0"), Some("NOTICE")));
    assert_eq!((facility_name(124), severity_name(8)), (None, None));
}
