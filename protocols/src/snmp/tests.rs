use super::*;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, content.len() as u8][..], content].concat()
}

fn binding_of(oid: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(OBJECT_IDENTIFIER, oid)[..], value].concat())
}

fn pdu_of(tag: u8, head: &[&[u8]], bindings: &[Vec<u8>]) -> Vec<u8> {
    let numbers: Vec<u8> = head.iter().flat_map(|bytes| tlv(INTEGER, bytes)).collect();
    tlv(tag, &[&numbers[..], &tlv(SEQUENCE, &bindings.concat())].concat())
}

fn message(version: u8, pdu: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(INTEGER, &[version])[..], &tlv(OCTET_STRING, b"public"), pdu].concat())
}

const SYS_DESCR: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 1, 0];

fn refused(datagram: &[u8]) -> String {
    Message::parse(datagram).body.unwrap_err().to_string()
}

#[test]
fn a_response_is_read() {
    let values = [
        binding_of(SYS_DESCR, &tlv(OCTET_STRING, b"box")),
        binding_of(&[0x2b, 6, 1, 2, 1, 1, 3, 0], &tlv(TIME_TICKS, &[1, 0])),
        binding_of(&[0x88, 0x37, 0x84, 1], &tlv(INTEGER, &[0xff])),
        binding_of(SYS_DESCR, &tlv(0x80, &[])),
        binding_of(SYS_DESCR, &tlv(IP_ADDRESS, &[10, 0, 0, 1])),
    ];
    let bytes = message(1, &pdu_of(0xa2, &[&[7], &[0], &[0]], &values));
    let message = Message::parse(&bytes);
    assert_eq!(message.header.unwrap().community, Some(&b"public"[..]));
    let Ok(Body::Common(Kind::Response, pdu)) = message.body else { panic!("{message:?}") };
    assert_eq!((pdu.request_id, pdu.bindings.count()), (7, 5));
    let read: Vec<_> = pdu.bindings.iter().map(|binding| (binding.oid.text(), binding.value)).collect();
    assert_eq!(read[0], ("1.3.6.1.2.1.1.1.0".to_owned(), Value::Octets(b"box")));
    assert_eq!(read[1].1, Value::Unsigned(256));
    assert_eq!(read[2], ("2.999.513".to_owned(), Value::Signed(255)), "signs are not looked at");
    assert_eq!((read[3].1, read[4].1), (Value::None, Value::Address(&[10, 0, 0, 1])));
}

#[test]
fn an_identifier_that_ends_within_a_number_is_none() {
    for (bytes, text) in
        [(&[][..], ""), (&[0x80], ""), (&[0x2b, 0x81], ""), (&[0x27], "0.39"), (&[0x50], "2.0")]
    {
        assert_eq!(Oid(bytes).text(), text, "{bytes:?}");
    }
}

#[test]
fn traps_and_requests_for_many_are_read() {
    let trap = [
        tlv(OBJECT_IDENTIFIER, &[0x2b, 6]),
        tlv(IP_ADDRESS, &[10, 0, 0, 9]),
        tlv(INTEGER, &[6]),
        tlv(INTEGER, &[1]),
        tlv(TIME_TICKS, &[2, 0]),
        tlv(SEQUENCE, &[]),
    ];
    let bytes = message(0, &tlv(0xa4, &trap.concat()));
    let Ok(Body::Trap(trap)) = Message::parse(&bytes).body else { panic!() };
    assert_eq!((trap.agent, trap.generic, trap.specific, trap.time_stamp), (&[10, 0, 0, 9][..], 6, 1, 512));
    let bytes = message(1, &pdu_of(0xa5, &[&[9], &[0], &[50]], &[binding_of(SYS_DESCR, &tlv(5, &[]))]));
    let Ok(Body::Bulk(bulk)) = Message::parse(&bytes).body else { panic!() };
    assert_eq!((bulk.max_repetitions, bulk.bindings.count()), (50, 1));
}

fn version_3(flags: &[u8], scope: &[u8]) -> Vec<u8> {
    let global =
        [tlv(INTEGER, &[5]), tlv(INTEGER, &[1, 0]), tlv(OCTET_STRING, flags), tlv(INTEGER, &[3])].concat();
    let parts = [tlv(INTEGER, &[3]), tlv(SEQUENCE, &global), tlv(OCTET_STRING, b"usm"), scope.to_vec()];
    tlv(SEQUENCE, &parts.concat())
}

#[test]
fn version_3_is_read_as_far_as_it_is_not_encrypted() {
    let pdu = pdu_of(0xa8, &[&[1], &[0], &[0]], &[]);
    let scoped = [tlv(OCTET_STRING, b"engine"), tlv(OCTET_STRING, b"name"), pdu].concat();
    let bytes = version_3(&[4], &tlv(SEQUENCE, &scoped));
    let message = Message::parse(&bytes);
    let v3 = message.header.unwrap().v3.unwrap();
    assert_eq!((v3.id, v3.max_size, v3.flags, v3.security_model), (5, 256, 4, 3));
    assert_eq!(v3.context, Some((&b"engine"[..], &b"name"[..])));
    assert!(matches!(message.body, Ok(Body::Common(Kind::Report, _))) && !message.odd_flags);
    let bytes = version_3(&[7], &tlv(OCTET_STRING, b"secret"));
    assert!(matches!(Message::parse(&bytes).body, Ok(Body::Encrypted)));
    let bytes = version_3(&[], &tlv(0x31, b""));
    let message = Message::parse(&bytes);
    assert!(message.odd_flags && matches!(message.body, Ok(Body::UnknownScope(0x31))));
}

#[test]
fn what_is_broken_is_told_in_zeeks_words() {
    let bytes = message(1, &pdu_of(0xa0, &[&[7], &[0], &[0]], &[]));
    for (datagram, wrong) in [
        (&b"\x31\x00"[..], "Got ASN.1 tag 49, expect 48"),
        (&bytes[..1], "out_of_bound: ASN1EncodingMeta:len: 2 > 1"),
        (b"\x30\x84\x00", "out_of_bound: ASN1EncodingMeta:more_len: 6 > 3"),
        (&bytes[..4], "out_of_bound: ASN1Encoding:content: 1 > 0"),
        (&[0x30, 0, 2, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "ASN.1 integer width overflow: 10"),
    ] {
        assert_eq!(refused(datagram), format!("Binpac exception: binpac exception: {wrong}"));
    }
    let bytes = message(1, &tlv(0xaf, &[]));
    assert!(matches!(Message::parse(&bytes).body, Ok(Body::UnknownPdu(0xaf))));
    let bytes = message(2, &[]);
    assert!(matches!(Message::parse(&bytes).body, Ok(Body::UnknownVersion)));
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    let values = [binding_of(SYS_DESCR, &tlv(OCTET_STRING, b"box"))];
    let pdu = pdu_of(0xa2, &[&[7], &[0], &[0]], &values);
    let scoped = [tlv(OCTET_STRING, b"e"), tlv(OCTET_STRING, b"n"), pdu.clone()].concat();
    for bytes in [message(1, &pdu), version_3(&[4], &tlv(SEQUENCE, &scoped))] {
        (0..=bytes.len()).for_each(|len| fuzz::check(&bytes[..len]));
        for at in 0..bytes.len() {
            for value in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                fuzz::check(&bytes);
            }
        }
    }
}
