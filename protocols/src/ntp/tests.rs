use super::*;

fn standard(more: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x24, 2, 6, 0xe9, 0, 0, 0x0b, 0xd9, 0, 1, 0x80, 0, 10, 0, 0, 7];
    for seconds in [0_u32, 0xe09a_5434, 0xe09a_5435, 0xe09a_5436] {
        bytes.extend(seconds.to_be_bytes());
        bytes.extend(if seconds == 0 { [0; 4] } else { [0x80, 0, 0, 0] });
    }
    bytes.extend(more);
    bytes
}

fn of_time(bytes: &[u8]) -> Standard<'_> {
    match Message::parse(bytes).unwrap().body {
        Body::Standard(standard) => standard,
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_of_time_are_read() {
    let bytes = standard(&[]);
    let message = Message::parse(&bytes).unwrap();
    assert_eq!((message.version, message.mode), (4, SERVER));
    let time = of_time(&bytes);
    assert_eq!((time.stratum, time.poll, time.precision), (2, 6, -23));
    assert_eq!(time.root_delay.seconds(), 3033.0 / 65536.0);
    assert_eq!(time.root_dispersion.seconds(), 0.5, "Zeek takes the fraction to have a sign");
    assert_eq!(time.reference_id, [10, 0, 0, 7]);
    assert_eq!(time.reference.unix_nanos(), 0);
    assert_eq!(time.origin.unix_nanos(), (0xe09a_5434_i64 - TO_UNIX) * 1_000_000_000 + 500_000_000);
    assert_eq!((time.extensions, time.mac), (0, None));
}

#[test]
fn what_follows_is_a_digest_or_extension_fields() {
    let digest = [&[0, 0, 0, 9][..], &[7; 16]].concat();
    assert_eq!(of_time(&standard(&digest)).mac, Some(Mac { key_id: 9, digest: &[7; 16] }));
    let longer = [&[0, 0, 0, 9][..], &[7; 20]].concat();
    assert_eq!(of_time(&standard(&longer)).mac.map(|mac| mac.digest.len()), Some(20));
    assert_eq!(of_time(&standard(&[0; 8])).mac, None);
    let mut extension = vec![2, 1, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 5, 0, 0, 0, 0];
    extension.resize(28, 0);
    let two = [extension.clone(), extension, digest].concat();
    let bytes = standard(&two);
    let time = of_time(&bytes);
    assert_eq!((time.extensions, time.mac.map(|mac| mac.key_id)), (2, Some(9)));
}

#[test]
fn control_messages_are_read() {
    let bytes =
        [&[0x16, 0xa2, 0, 1, 6, 21, 0, 9, 0, 0, 0, 3, b'a', b'=', b'1'][..], &[0, 0, 0, 4], &[1; 8]].concat();
    let Body::Control(control) = Message::parse(&bytes).unwrap().body else { panic!() };
    assert_eq!((control.op_code, control.response, control.error, control.more), (2, true, false, true));
    assert_eq!((control.sequence, control.status, control.association_id), (1, 0x615, 9));
    assert_eq!((control.data, control.mac.map(|mac| mac.key_id)), (&b"a=1"[..], Some(4)));
}

#[test]
fn private_messages_are_read() {
    let Body::Private(asked) = Message::parse(&[0x17, 0, 3, 0x2a, 0, 0, 0, 0]).unwrap().body else {
        panic!()
    };
    assert_eq!((asked.request_code, asked.implementation, asked.data), (42, 3, &b""[..]));
    let Body::Private(trace) = Message::parse(&[0x97, 5, 3, 0x2a, 0x40, 2, 8, 9]).unwrap().body else {
        panic!()
    };
    assert_eq!((trace.sequence, trace.error, trace.authenticated, trace.data), (5, 4, false, &[8, 9][..]));
}

#[test]
fn what_is_missing_is_named() {
    let long = [standard(&[]), [0; 14].to_vec(), vec![0, 53, 10, 35], vec![0; 52]].concat();
    for (bytes, wrong) in [
        (&[][..], "NTP_PDU:first_byte: 1 > 0"),
        (&[0x1b, 0, 0], "NTP_std_msg:transmit_ts: 47 > 2"),
        (&standard(&[])[..40], "NTP_std_msg:transmit_ts: 47 > 39"),
        (&long, "Extension_Field:value: 3476021 > 70"),
        (&[0x16, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], "NTP_control_msg:data: 20 > 11"),
        (&[0x17, 0x80, 3, 42, 0, 0, 1], "NTP_MAC: 20 > 1"),
    ] {
        let trace = Message::parse(bytes).unwrap_err().to_string();
        assert_eq!(trace, format!("Binpac exception: binpac exception: out_of_bound: {wrong}"));
    }
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    let bytes = standard(&[9; 80]);
    for len in 0..=bytes.len() {
        (0..8).for_each(|mode| {
            let mut bytes = bytes[..len].to_vec();
            bytes.first_mut().into_iter().for_each(|first| *first = *first & 0xf8 | mode);
            fuzz::check(&bytes);
        });
    }
}
