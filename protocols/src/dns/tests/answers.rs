//! One record of each type: its spelling, and what is odd about a bad one.

use super::*;

/// What a reply with this one answer, and an A record behind it, gives.
fn answer(rtype: u16, rdata: &[u8]) -> (Outcome, Heard) {
    parse(&Message::new(1, REPLY).question("a.example", rtype).answer(rtype, rdata).answer(rr::A, &[9; 4]).0)
}

const NEXT: &str = "Answer a.example 300 9.9.9.9";

#[test]
fn every_type_is_spelled_as_in_zeeks_log() {
    let name = |text: &str| super::name(text);
    let cat = |parts: &[&[u8]]| parts.concat();
    for (rtype, rdata, text) in [
        (rr::A, vec![192, 0, 2, 7], "192.0.2.7"),
        (rr::A, vec![255, 10, 0, 100], "255.10.0.100"),
        (rr::AAAA, hex("20010db8 00000000 00000000 00000001"), "2001:db8::1"),
        (rr::AAAA, hex("20010db8 0000 0001 0000 0000 0000 00ff"), "2001:db8:0:1::ff"),
        (rr::AAAA, [0; 16].to_vec(), "::"),
        (rr::AAAA, hex("00000000 00000000 00000000 00000001"), "::1"),
        (rr::AAAA, hex("00000000 00000000 0000ffff c0000207"), "192.0.2.7"),
        (rr::AAAA, hex("00000000 00000000 00000000 c0000207"), "::192.0.2.7"),
        (rr::A6, hex("20010db8 00000000 00000000 00000001"), "2001:db8::1"),
        (rr::NS, name("NS.Example"), "ns.example"),
        (rr::CNAME, hex("01 78 c00e"), "x.example"),
        (rr::CNAME, name(""), "Empty"),
        (rr::PTR, name("host.example"), "host.example"),
        (rr::SOA, cat(&[&name("ns.example"), &name("root.example"), &[1; 20]]), "ns.example"),
        (rr::MX, cat(&[&[0, 10], &name("mail.example")]), "mail.example"),
        (rr::TXT, b"\x05hello".to_vec(), "TXT 5 hello"),
        (rr::TXT, b"\x05hello\x00\x02\x01\xff".to_vec(), r"TXT 5 hello TXT 0  TXT 2 \x01\xff"),
        (rr::SPF, b"\x06v=spf1".to_vec(), "SPF 6 v=spf1"),
        (rr::SRV, cat(&[&[0, 1, 0, 2, 0, 80], &name("srv.example")]), "srv.example"),
        (rr::HINFO, b"\x03x86\x05Linux".to_vec(), "None"),
        (rr::HINFO, b"\x09x86".to_vec(), "None"),
        (rr::NB, vec![0, 0, 10, 0, 0, 1], "None"),
        (rr::CAA, b"\x00\x05issueletsencrypt.org".to_vec(), "None"),
        (rr::CAA, b"\x00\x50issue".to_vec(), "None"),
        (rr::SVCB, cat(&[&[0, 1], &name("svc.example"), b"\x00\x01\x00\x03\x02h2"]), "None"),
        (rr::HTTPS, cat(&[&[0, 1], &name(""), b"\x00\x01\x00\x03\x02h2"]), "None"),
        (rr::DS, hex("1234 08 02 aabbcc"), "DS 8 2"),
        (rr::DNSKEY, hex("0101 03 0d aabbcc"), "DNSKEY 13"),
        (
            rr::RRSIG,
            cat(&[&hex("0030 08 02 00000001 00000002 00000003 0004"), &name("Example"), &[7; 9]]),
            "RRSIG 48 example",
        ),
        (
            rr::RRSIG,
            cat(&[&hex("0030 0f 02 00000001 00000002 00000003 0004"), &name(""), &[7; 9]]),
            "RRSIG 48 <Root>",
        ),
        (rr::NSEC, cat(&[&name("b.example"), &hex("00 02 4001")]), "NSEC a.example b.example"),
        (rr::NSEC3, hex("01 00 000a 02 aabb 03 010203 00 01 40"), "NSEC3"),
        (rr::NSEC3PARAM, hex("01 00 000a 02 aabb"), "NSEC3PARAM"),
        (rr::SSHFP, hex("04 02 00ab9f"), "SSHFP: 00ab9f"),
        (rr::LOC, hex("00 12 16 13 8b0d2c8c 7ff8fca5 00989680"), "LOC:  18 22 19"),
        (rr::BINDS, hex("08 1234 00 01"), "BIND9 signing signal"),
        (rr::TSIG, cat(&[&name("hmac"), &hex("000000000001 012c 0002 aabb 0001 0000 0000")]), "None"),
    ] {
        let (outcome, heard) = answer(rtype, &rdata);
        assert_eq!(outcome, Outcome::Dns, "type {rtype} {text}");
        assert_eq!(heard.records, [format!("Answer a.example 300 {text}"), NEXT.into()], "type {rtype}");
        assert_eq!(heard.weirds, [""; 0], "type {rtype}");
    }
}

/// NAPTR, TKEY and whatever comes later: Zeek 7.0 says so in both logs.
#[test]
fn unknown_types_are_told_by_number() {
    for rtype in [35, 249, 52, 65280] {
        let (outcome, heard) = answer(rtype, b"whatever");
        assert_eq!(outcome, Outcome::Dns);
        assert_eq!(heard.records, [format!("Answer a.example 300 <unknown type={rtype}>"), NEXT.into()]);
        assert_eq!(heard.weirds, [format!("DNS_RR_unknown_type {rtype}")]);
    }
}

#[test]
fn odd_data_has_its_weird_and_is_read_on() {
    for (rtype, rdata, weird) in [
        (
            rr::RRSIG,
            hex("0030 01 02 00000001 00000002 00000003 0004 00 07"),
            "DNSSEC_RRSIG_NotRecommended_ZoneSignAlgo 1",
        ),
        (
            rr::RRSIG,
            hex("0030 09 02 00000001 00000002 00000003 0004 00 07"),
            "DNSSEC_RRSIG_unknown_ZoneSignAlgo 9",
        ),
        (
            rr::RRSIG,
            hex("0030 fc 02 00000001 00000002 00000003 0004 00 07"),
            "DNSSEC_RRSIG_Indirect_ZoneSignAlgo 252",
        ),
        (
            rr::RRSIG,
            hex("0030 fd 02 00000001 00000002 00000003 0004 00 07"),
            "DNSSEC_RRSIG_PrivateDNS_ZoneSignAlgo 253",
        ),
        (
            rr::RRSIG,
            hex("0030 fe 02 00000001 00000002 00000003 0004 00 07"),
            "DNSSEC_RRSIG_PrivateOID_ZoneSignAlgo 254",
        ),
        (rr::DNSKEY, hex("0100 03 01 aa"), "DNSSEC_DNSKEY_NotRecommended_ZoneSignAlgo 1"),
        (rr::DNSKEY, hex("0100 03 0b aa"), "DNSSEC_DNSKEY_unknown_ZoneSignAlgo 11"),
        (rr::DNSKEY, hex("0300 03 08 aa"), "DNSSEC_DNSKEY_Invalid_Flag 768"),
        (rr::DNSKEY, hex("0181 03 08 aa"), "DNSSEC_DNSKEY_Revoked_KSK 385"),
        (rr::DNSKEY, hex("0101 02 08 aa"), "DNSSEC_DNSKEY_Invalid_Protocol 2"),
        (rr::DS, hex("1234 08 00 aa"), "DNSSEC_DS_ReservedDigestType 0"),
        (rr::DS, hex("1234 08 07 aa"), "DNSSEC_DS_unknown_DigestType 7"),
        (rr::NSEC, hex("01 62 00 05 00"), "DNSSEC_NSEC_bitmapLen0 5"),
        (rr::NSEC3, hex("01 00 000a 00 01 aa 06 00"), "DNSSEC_NSEC3_bitmapLen0 6"),
        (rr::LOC, hex("01 12 16 13 8b0d2c8c 7ff8fca5 00989680"), "DNS_LOC_version_unrecognized 1"),
        // A length byte that ends the data.
        (rr::TXT, b"\x01a\x05".to_vec(), "DNS_TXT_char_str_past_rdlen"),
    ] {
        let (_, heard) = answer(rtype, &rdata);
        assert_eq!(heard.weirds.first().map(String::as_str), Some(weird), "type {rtype}");
        assert_eq!(heard.records.len(), 2, "{weird}: {:?}", heard.records);
    }
}

/// The next record is looked for where the name ended, not where the data should.
#[test]
fn a_name_that_misses_its_length_shifts_the_rest() {
    for rdata in [hex("01 78 00 00"), hex("01 78 c00c 00")] {
        let (_, heard) = answer(rr::NS, &rdata);
        assert_eq!((heard.weirds[0].as_str(), heard.records.len()), ("DNS_RR_length_mismatch", 1));
    }
}

#[test]
fn a_string_past_its_record_ends_the_message() {
    let (outcome, heard) = answer(rr::TXT, b"\x01a\x05bc");
    assert_eq!((outcome, heard.weirds.len()), (Outcome::Damaged, 1));
    assert_eq!(heard.records, ["Answer a.example 300 TXT 1 a"], "the strings before it count");
}

/// Zeek reports these without reading them, and takes their data for the next record.
#[test]
fn what_zeek_does_not_step_over_is_read_twice() {
    let wks = hex("0a570312 06 00 00 00 00");
    let (outcome, heard) = answer(rr::WKS, &wks);
    assert_eq!(outcome, Outcome::Damaged);
    assert_eq!(heard.records, ["Answer a.example 300 Empty"]);
    let status = Message::new(1, REPLY).question("a", rr::SRV).answer(rr::SRV, &hex("01 41 00 00"));
    let (outcome, heard) = parse_with(&status.0, Options { netbios: true, ..Options::default() });
    assert_eq!((outcome, heard.records), (Outcome::Dns, vec!["Answer a 300 None".to_owned()]));
}

#[test]
fn types_end_early_where_zeek_ends_them() {
    // Data that ends the message too short for its type: no record, and no weird but SVCB's.
    for (rtype, len, weirds) in [
        (rr::SOA, 21, 0),
        (rr::RRSIG, 17, 0),
        (rr::DNSKEY, 3, 0),
        (rr::DS, 3, 0),
        (rr::NSEC3, 5, 0),
        (rr::NSEC3PARAM, 4, 0),
        (rr::BINDS, 4, 0),
        (rr::SSHFP, 1, 0),
        (rr::LOC, 14, 0),
        (rr::SVCB, 2, 1),
    ] {
        let message = Message::new(1, REPLY).question("a", rtype).answer(rtype, &vec![0; len]);
        let (outcome, heard) = parse(&message.0);
        assert_eq!(outcome, Outcome::Damaged, "type {rtype}");
        assert_eq!((heard.records.len(), heard.weirds.len()), (0, weirds), "type {rtype}");
    }
    // One byte short of a location there is one.
    let message = Message::new(1, REPLY)
        .question("a", rr::LOC)
        .answer(rr::LOC, &hex("00 01 02 03 04050607 08090a0b 0c0d0e"));
    assert_eq!(parse(&message.0).1.records, ["Answer a 300 LOC:  1 2 3"]);
}

/// An OPT record among the answers, where it does not belong, is all of the rest.
#[test]
fn edns_options_are_checked() {
    for (options, over_udp, weirds) in [
        ("", true, vec![]),
        ("000a 0008 0102030405060708", true, vec![]),
        ("0008 0008 0001 18 00 0a0b0c0d", true, vec![]),
        ("0008 0004 0001 18 00", true, vec!["EDNS_ECS_invalid_option_len"]),
        ("0008 0006 0001 18 00 0a0b", true, vec!["EDNS_ECS_invalid_addr_v4 need 24 bits, have 16 bits"]),
        ("0008 0006 0001 21 00 0a0b", true, vec!["EDNS_ECS_invalid_addr_v4_prefix 33 bits"]),
        ("0008 0006 0002 81 00 0a0b", true, vec!["EDNS_ECS_invalid_addr_v6_prefix 129 bits"]),
        ("0008 0006 0002 38 00 0a0b", true, vec!["EDNS_ECS_invalid_addr_v6 need 56 bits, have 16 bits"]),
        ("0008 0006 0003 ff 00 0a0b", true, vec![]),
        ("000b 0002 0010", true, vec!["EDNS_TCP_Keepalive_In_UDP"]),
        ("000b 0000", true, vec!["EDNS_TCP_Keepalive_In_UDP"]),
        ("000b 0001 00", true, vec![]),
        ("000b 0002 0010", false, vec![]),
        ("000a 0001 01 000a", true, vec!["EDNS_truncated_option"]),
        ("000a 0003 0102", true, vec!["EDNS_truncated_option"]),
        ("000a 0003", true, vec![]),
    ] {
        let options = hex(options);
        let record = Message::new(1, REPLY).record(1, &[0], rr::OPT, &options);
        // An empty OPT that ends the message: one byte less would be no record.
        let (outcome, heard) = parse_with(&record.0, Options { over_udp, ..Options::default() });
        let cut = weirds.contains(&"EDNS_truncated_option");
        assert_eq!(heard.weirds, weirds, "{options:02x?}");
        assert_eq!(outcome, if cut { Outcome::Damaged } else { Outcome::Dns });
        assert_eq!(heard.records, ["Answer  300 None"]);
    }
}

#[test]
fn codes_have_zeeks_names() {
    for (code, name) in [
        (codes::qtype(1), "A"),
        (codes::qtype(255), "*"),
        (codes::qtype(65), "HTTPS"),
        (codes::qtype(54), "query-54"),
        (codes::qclass(1), "C_INTERNET"),
        (codes::qclass(255), "C_ANY"),
        (codes::qclass(32769), "qclass-32769"),
        (codes::rcode(0), "NOERROR"),
        (codes::rcode(3), "NXDOMAIN"),
        (codes::rcode(8), "NXRRSet"),
        (codes::rcode(12), "unassigned-12"),
    ] {
        assert_eq!(code.to_string(), name);
    }
}
