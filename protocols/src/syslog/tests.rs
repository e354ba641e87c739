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

/// What a line says of itself, in one text: when, where, by what, and what.
fn shown(line: &[u8]) -> String {
    let Line { priority, stamp, host, program, pid, text } = Line::parse(line);
    let texts = [host, program].map(|text| text.map_or("-".into(), String::from_utf8_lossy));
    let stamp = stamp.map_or("-".to_owned(), |stamp| match stamp {
        Stamp::Instant(nanos) => {
            format!("{}.{:09}", nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000))
        }
        Stamp::Local(Local { year, month, day, second, nanos }) => {
            format!("{}/{month}/{day}+{second}.{nanos}", year.unwrap_or(0))
        }
    });
    let [priority, pid] =
        [priority.map(u64::from), pid].map(|number| number.map_or("-".to_owned(), |n| n.to_string()));
    format!("{priority} {stamp} {} {} {pid} |{}", texts[0], texts[1], String::from_utf8_lossy(text))
}

#[test]
fn lines_are_read_as_programs_write_them() {
    for (line, expected) in [
        // RFC 3164 §5.4 and RFC 5424 §6.5
        (
            "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            "34 0/10/11+80055.0 mymachine su - |'su root' failed",
        ),
        (
            "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time",
            "165 1061727255.000003000 192.0.2.1 myproc 8710 |%% It's time",
        ),
        (
            "<165>1 2003-10-11T22:14:15.003Z m evntslog - ID47 [e@1 a=\"]\\\"\"][x] BOM",
            "165 1065910455.003000000 m evntslog - |BOM",
        ),
        ("<13>1 - - - - - -", "13 - - - - |"),
        // Files
        (
            "Nov  3 01:02:03 host sshd[12]: Invalid user x from 192.0.2.1",
            "- 0/11/3+3723.0 host sshd 12 |Invalid user x from 192.0.2.1",
        ),
        (
            "2026-11-30T12:00:00.5+01:00 host CRON[7]: (root) CMD (x)",
            "- 1796036400.500000000 host CRON 7 |(root) CMD (x)",
        ),
        ("Nov 30 12:00:00 host last message repeated", "- 0/11/30+43200.0 host - - |last message repeated"),
        // Others
        ("2026/11/30 12:00:00 [error] 12#0: *1 x", "- 2026/11/30+43200.0 - - - |[error] 12#0: *1 x"),
        ("2026-11-30 12:00:00,123 fail2ban", "- 2026/11/30+43200.123000000 - - - |fail2ban"),
        ("2026-11-30 12:00:00 +0100 x", "- 1796036400.000000000 - - - |x"),
        (
            "[Mon Nov 30 12:00:00.25 2026] [core:error] x",
            "- 2026/11/30+43200.250000000 - - - |[core:error] x",
        ),
        (
            "192.0.2.1 - - [30/Nov/2026:12:00:00 +0100] \"GET /",
            "- 1796036400.000000000 - - - |192.0.2.1 - - [30/Nov/2026:12:00:00 +0100] \"GET /",
        ),
        ("Mon Nov  2 12:00:00 2026 [pid 2] x", "- 2026/11/2+43200.0 - - - |[pid 2] x"),
        ("1796036400.5 x", "- 1796036400.500000000 - - - |x"),
        (
            "type=USER msg=audit(1796036400.250:9): pid=1",
            "- 1796036400.250000000 - - - |type=USER msg=audit(1796036400.250:9): pid=1",
        ),
        ("<13>prog[1]: text", "13 - - prog 1 |text"),
        // Nothing of the kind
        ("", "- - - - - |"),
        ("just: text", "- - - - - |just: text"),
        ("Nov 31", "- - - - - |Nov 31"),
        ("2026-13-30T12:00:00Z x", "- - - - - |2026-13-30T12:00:00Z x"),
    ] {
        assert_eq!(shown(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn any_part_of_a_line_is_read() {
    let line =
        b"<165>1 2003-10-11T22:14:15.003Z m evntslog 7 ID47 [e@1 a=\"b\"] Nov  3 01:02:03 [30/Nov/2026:1";
    for begin in 0..line.len() {
        for end in begin..=line.len() {
            let part = &line[begin..end];
            assert!(part.ends_with(Line::parse(part).text));
        }
    }
}

#[test]
fn days_are_counted_as_the_calendar_does() {
    let at = |year, month, day| Local { year: None, month, day, second: 1, nanos: 2 }.nanos_in(year);
    assert_eq!(at(1970, 1, 1), Some(1_000_000_002));
    assert_eq!(at(2024, 2, 29), Some(1_709_164_801_000_000_002));
    assert_eq!(at(2023, 2, 29), None);
    assert_eq!(at(2026, 0, 1), None);
}
