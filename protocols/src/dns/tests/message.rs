//! Header, names, questions, sections: what is read, how far, and what is odd about it.

use super::*;

/// The name of the only question, and the weirds.
fn question_name(body: &[u8]) -> (String, Vec<String>) {
    let message = Message::new(1, QUERY).count(0, 1).raw(body).raw(&[0, 1, 0, 1]);
    let (_, heard) = parse(&message.0);
    let name = heard.questions.first().map(|q| q.split(' ').next().unwrap().to_owned());
    (name.unwrap_or_default(), heard.weirds)
}

#[test]
fn the_header_comes_apart() {
    let message = hex("1234 8fb5 0001 0002 0003 0004");
    let header = Header::read(&mut crate::reader::Reader::new(&message)).unwrap();
    assert_eq!(header.id, 0x1234);
    assert_eq!((header.is_response(), header.opcode(), header.rcode()), (true, 1, 5));
    assert!(header.authoritative() && header.truncated() && header.recursion_desired());
    assert!(header.recursion_available());
    assert_eq!(header.z(), 3);
    assert_eq!([header.questions, header.answers, header.authorities, header.additionals], [1, 2, 3, 4]);
}

#[test]
fn shorter_than_a_header_is_no_message() {
    for len in 0..12 {
        let (outcome, heard) = parse(&vec![0; len]);
        assert_eq!(outcome, Outcome::NoHeader);
        assert_eq!(heard.weirds, ["DNS_truncated_len_lt_hdr_len"]);
    }
    assert_eq!(parse(&[0; 12]), (Outcome::Dns, Heard::default()));
}

#[test]
fn names_are_lower_case_beside_their_spelling() {
    let message = Message::new(1, QUERY).question("WWW.Example.COM", rr::A);
    assert_eq!(parse(&message.0).1.questions, ["www.example.com WWW.Example.COM 1 1"]);
}

#[test]
fn a_name_keeps_every_byte() {
    let (name, weirds) = question_name(b"\x05a\x00.\xffB\x01 \x00");
    assert_eq!(name, r"a\x00.\xffb.");
    assert!(weirds.is_empty());
    assert_eq!(question_name(&[0]).0, "");
}

#[test]
fn compression_may_point_at_compression() {
    // 12: "example", "com"; 25: "www" → 12; 31: → 25
    let names =
        [name("example.com"), hex("03 777777 c00c"), hex("c019")].map(|n| [n, hex("0001 0001")].concat());
    let [first, second, third] = names;
    let message = Message::new(1, QUERY).count(0, 3).raw(&first);
    let second_at = message.0.len();
    let message = message.raw(&second).raw(&[0xc0, second_at as u8]).raw(&third[2..]);
    let (outcome, heard) = parse(&message.0);
    assert_eq!(outcome, Outcome::Dns);
    let names: Vec<_> = heard.questions.iter().map(|q| q.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["example.com", "www.example.com", "www.example.com"]);
}

#[test]
fn a_pointer_must_go_backwards() {
    for (body, what) in [
        ("c00c", "at itself"),
        ("c00d", "at its own second byte"),
        ("c0ff", "past the message"),
        ("ffff", "as far as it can"),
        ("0161 c00e", "at itself behind a label"),
    ] {
        let (_, weirds) = question_name(&hex(body));
        assert_eq!(weirds, ["DNS_label_forward_compress_offset"], "{what}");
    }
    // Back to the label before it, over and over: the second time round it is not behind itself.
    let (name, weirds) = question_name(&hex("0161 c00c"));
    assert_eq!((name.as_str(), weirds.len()), ("a.a", 0));
}

#[test]
fn a_chain_of_pointers_ends() {
    // 4,000 pointers, each at the one before, then one at the last.
    let mut message = Message::new(1, QUERY).count(0, 1).raw(&hex("0161 00"));
    for at in 15..4015 {
        let to = if at == 15 { 12 } else { 15 + 2 * (at - 16) };
        message = message.raw(&(0xc000_u16 | to).to_be_bytes());
    }
    let end = message.0.len() - 2;
    let record = (0xc000 | end as u16).to_be_bytes();
    // Reached as the owner of a record: the question takes the first two bytes of the chain.
    let data = message.record(1, &record, rr::A, &[0; 4]).0;
    let mut out = name::Name::default();
    let mut weirds = Vec::new();
    let decoder = name::Decoder { message: &data, long_labels: false };
    let mut reader = crate::reader::Reader::new(&data);
    reader.skip(end + 2, "chain").unwrap();
    decoder.read(&mut reader, &mut out, &mut |w| weirds.push(w));
    assert_eq!(weirds, [Weird::PointerChain]);
    assert_eq!(out.as_bytes(), b"");
}

#[test]
fn a_label_past_the_message_takes_the_rest() {
    let message = Message::new(1, QUERY).count(0, 1).raw(&hex("03 777777 05 6162"));
    let (outcome, heard) = parse(&message.0);
    assert_eq!(outcome, Outcome::Damaged);
    assert_eq!(heard.weirds, ["DNS_label_len_gt_pkt", "DNS_truncated_quest_too_short"]);
}

#[test]
fn long_labels_are_for_netbios_only() {
    let body = [&[64], &[b'a'; 64][..], &[0, 0, 1, 0, 1]].concat();
    let message = Message::new(1, QUERY).count(0, 1).raw(&body);
    assert_eq!(parse(&message.0).1.weirds, ["DNS_label_too_long"]);
    let (outcome, heard) = parse_with(&message.0, Options { netbios: true, ..Options::default() });
    assert_eq!(outcome, Outcome::Dns);
    assert_eq!(heard.questions[0].split(' ').next().unwrap().len(), 64);
    assert!(heard.weirds.is_empty());
}

#[test]
fn a_name_may_be_255_bytes_and_is_cut_at_512() {
    let labels = |count: usize| [[&[7][..], b"abcdefg"].concat().repeat(count), vec![0]].concat();
    // 31 labels of 8 bytes, and one of 6: 254 with the last dot.
    let just = [[&[7][..], b"abcdefg"].concat().repeat(31), hex("05 6162636465 00")].concat();
    assert_eq!(question_name(&just), ("abcdefg.".repeat(31) + "abcde", vec![]));
    let (name, weirds) = question_name(&labels(32));
    assert_eq!((name.len(), weirds), (255, vec!["DNS_NAME_too_long".to_owned()]));
    let message = Message::new(1, QUERY).count(0, 1).raw(&labels(65)).raw(&[0, 1, 0, 1]);
    let (_, heard) = parse(&message.0);
    assert_eq!(heard.weirds, ["DNS_label_len_gt_name_len", "DNS_NAME_too_long"]);
    assert!(heard.questions[0].starts_with(&("abcdefg.".repeat(63) + "abcdefg ")), "what fitted is kept");
}

#[test]
fn too_many_questions_are_not_dns() {
    let mut message = Message::new(1, QUERY);
    for _ in 0..25 {
        message = message.question("a", rr::A);
    }
    assert_eq!(parse(&message.0).0, Outcome::Dns);
    let message = message.question("a", rr::A);
    let (outcome, heard) = parse(&message.0);
    assert_eq!(outcome, Outcome::TooManyQuestions);
    assert_eq!((heard.questions.len(), heard.weirds), (0, vec!["DNS_Conn_count_too_large".to_owned()]));
    let unlimited = Options { max_questions: 0, ..Options::default() };
    assert_eq!(parse_with(&message.0, unlimited).1.questions.len(), 26);
}

#[test]
fn records_are_read_as_far_as_they_go() {
    let query = Message::new(1, REPLY).question("a", rr::A).count(1, 1);
    // What follows the owner name of the only answer; what is odd about it.
    for (tail, weird) in [
        ("", "DNS_truncated_ans_too_short"),
        ("0001 00", "DNS_truncated_ans_too_short"),
        // No TTL and no length, and nothing behind them: an address of no bytes.
        ("0001 0001", "DNS_RR_bad_length"),
        // Too short for a TTL, so its first two bytes are the length.
        ("0001 0001 0000 00", "DNS_zero_rdlength"),
        ("0001 0001 0000012c 0000 00", "DNS_zero_rdlength"),
        ("0001 0001 0000012c 0005 01020304", "DNS_truncated_RR_rdlength_lt_len"),
        ("0001 0001 0000012c 0003 010203", "DNS_RR_bad_length"),
        ("0001 0001 0000012c 0005 0102030405", "DNS_RR_bad_length"),
    ] {
        let (outcome, heard) = parse(&query.clone().raw(&hex("c00c")).raw(&hex(tail)).0);
        assert_eq!((outcome, heard.weirds), (Outcome::Damaged, vec![weird.to_owned()]), "{tail}");
        assert_eq!((heard.questions.len(), heard.records.len()), (1, 0), "{tail}");
    }
}

#[test]
fn answers_before_the_damage_are_kept() {
    let message =
        Message::new(1, REPLY).question("a", rr::A).answer(rr::A, &[1, 2, 3, 4]).answer(rr::A, &[1, 2, 3]);
    let (outcome, heard) = parse(&message.0);
    assert_eq!(outcome, Outcome::Damaged);
    assert_eq!(heard.records, ["Answer a 300 1.2.3.4"]);
}

#[test]
fn the_later_sections_are_read_when_wanted() {
    let message = Message::new(1, REPLY)
        .question("a", rr::A)
        .answer(rr::A, &[1, 2, 3, 4])
        .record(2, &name("b"), rr::NS, &name("c"))
        .record(3, &name("d"), rr::TXT, b"\x01e");
    let options =
        |skip_authority, skip_additional| Options { skip_authority, skip_additional, ..Options::default() };
    let answer = "Answer a 300 1.2.3.4";
    let (authority, additional) = ("Authority b 300 c", "Additional d 300 TXT 1 e");
    for (authority_off, additional_off, records) in [
        (true, true, vec![answer]),
        (false, true, vec![answer, authority]),
        (true, false, vec![answer, additional]),
        (false, false, vec![answer, authority, additional]),
    ] {
        let (outcome, heard) = parse_with(&message.0, options(authority_off, additional_off));
        assert_eq!((outcome, heard.records), (Outcome::Dns, records.iter().map(|&r| r.to_owned()).collect()));
    }
    // Damage there is odd, but the message was DNS.
    let message = Message::new(1, REPLY).record(3, &name("d"), rr::A, b"abc");
    let (outcome, heard) = parse_with(&message.0, options(true, false));
    assert_eq!((outcome, heard.weirds), (Outcome::Dns, vec!["DNS_RR_bad_length".to_owned()]));
}

#[test]
fn every_truncation_hears_a_part_of_the_whole() {
    let options = Options { skip_authority: false, skip_additional: false, ..Options::default() };
    let message = Message::new(1, REPLY)
        .question("www.example.com", rr::A)
        .answer(rr::CNAME, &hex("03 637377 c010"))
        .answer(rr::A, &[1, 2, 3, 4])
        .answer(rr::TXT, b"\x05hello\x05world")
        .answer(rr::AAAA, &[1; 16])
        .answer(rr::RRSIG, &[hex("0001 08 02 00000001 00000002 00000003 0004 c010"), vec![7; 20]].concat())
        .record(2, &[0xc0, 16], rr::SOA, &[name("ns"), name("mail"), vec![1; 20]].concat())
        .record(3, &[0], rr::OPT, &hex("0008 0005 0001 08 00 0a"));
    let (outcome, whole) = parse_with(&message.0, options);
    assert_eq!((outcome, whole.records.len(), whole.weirds.len()), (Outcome::Dns, 7, 0));
    for len in 0..message.0.len() {
        let (_, part) = parse_with(&message.0[..len], options);
        assert!(whole.questions.starts_with(&part.questions), "{len}");
        // The last record may lack what was cut off.
        let known = part.records.len().saturating_sub(1);
        assert!(whole.records.starts_with(&part.records[..known]), "{len}");
    }
}

#[test]
fn netbios_names_decode() {
    let decode = |text: &[u8]| netbios::decode(text, &mut [0; 16]).map(<[u8]>::to_vec);
    assert_eq!(decode(b"FEEIEFCAEOEFFEECEJEPFDCAEOEBENEF").as_deref(), Some(&b"THE NETBIOS NAM"[..]));
    assert_eq!(decode(b"feeiefcaeoeffeecejepfdcaeoebenef").as_deref(), Some(&b"THE NETBIOS NAM"[..]));
    assert_eq!(decode(b"CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").as_deref(), Some(&b"*"[..]));
    assert_eq!(
        decode(b"ABACFPFPENFDECFCEPFHFDEFFPFPACAB").as_deref(),
        Some(&b"\x01\x02__MSBROWSE__\x02"[..])
    );
    // Up to the first byte that is not printable, whatever follows.
    assert_eq!(decode(b"EBAH****************************").as_deref(), Some(&b"A"[..]));
    assert_eq!(decode(b"CACACACACACACACACACACACACACACACA"), None, "only padding");
    assert_eq!(decode(b"FEEIEFCAEOEFFEECEJEPFDCAEOEBENEQ"), None, "Q is no such letter");
    assert_eq!(decode(b"FEEI"), None);
}
