use super::*;

#[test]
fn a_packet_has_its_fields() {
    let mut bytes = v4(17, &UDP);
    // Padding of the frame behind it does not count.
    bytes.extend([0; 14]);
    let packet = packet(&mut decoder(), &bytes);
    assert_eq!((packet.src, packet.dst), (IpAddr::from(SRC), IpAddr::from(DST)));
    assert_eq!((packet.proto, packet.ttl, packet.total_len, packet.payload_len), (17, 64, 32, 12));
    assert_eq!((packet.payload, packet.header.len(), packet.is_truncated()), (&UDP[..], 20, false));

    let six = v6(17, &UDP);
    let packet = self::packet(&mut self::decoder(), &six);
    assert_eq!((packet.src, packet.dst), (IpAddr::from(SRC6), IpAddr::from(DST6)));
    assert_eq!((packet.total_len, packet.payload_len, packet.payload), (52, 12, &UDP[..]));
}

#[test]
fn headers_are_refused_as_zeek_does() {
    let with = |at: usize, value: u8| {
        let mut bytes = v4(17, &UDP);
        bytes[at] = value;
        sealed(bytes)
    };
    for (bytes, name) in [
        (v4(17, &UDP)[..19].to_vec(), "truncated_IP"),
        (v6(17, &UDP)[..39].to_vec(), "truncated_IP"),
        (with(0, 0x55), "unknown_ip_version"),
        (with(3, 33), "truncated_IP_len"),
        (v6(17, &UDP)[..51].to_vec(), "truncated_IP_len"),
        (with(3, 19), "invalid_IP_header_size"),
        (with(0, 0x44), "IPv4_min_header_size"),
        (with(3, 0), "ip_hdr_len_zero"),
    ] {
        let (mut decoder, mut weirds) = (decoder(), Weirds::default());
        let outcome = decoder.ip(now(), piece(&bytes), &mut weirds);
        assert!(matches!(outcome, Outcome::Discarded(Discarded::Malformed)), "{name}");
        assert_eq!(weirds.drain().collect::<Vec<_>>(), [Weird::net(name, "IP")]);
    }
    // Captured short of its own header, though long enough on the wire.
    let mut bytes = v4(17, &UDP);
    bytes[0] = 0x4f;
    bytes[3] = 60;
    let cut = Piece { missing: 60, ..piece(&bytes) };
    let mut weirds = Weirds::default();
    decoder().ip(now(), cut, &mut weirds);
    assert_eq!(names(&mut weirds), ["internally_truncated_header"]);
    // In a tunnel, the name says so.
    let inner = Piece { tunnel: Some(TunnelType::Gre), ..piece(&[]) };
    decoder().ip(now(), inner, &mut weirds);
    assert_eq!(names(&mut weirds), ["truncated_IP_in_tunnel"]);
}

#[test]
fn checksums_of_the_header_count_unless_ignored() {
    let mut bytes = v4(17, &UDP);
    bytes[8] = 1;
    let mut weirds = Weirds::default();
    let outcome = decoder().ip(now(), piece(&bytes), &mut weirds);
    assert!(matches!(outcome, Outcome::Discarded(Discarded::BadChecksum)));
    let weird = Weird::net("bad_IP_checksum", "IP").between(SRC.into(), DST.into());
    assert_eq!(weirds.drain().collect::<Vec<_>>(), [weird]);
    let mut lenient = Decoder::new(Config { ignore_checksums: true, ..Config::default() });
    assert_eq!(packet(&mut lenient, &bytes).ttl, 1);
}

#[test]
fn a_length_left_to_the_card_is_made_up_for() {
    let mut bytes = v4(17, &UDP);
    bytes[2..4].fill(0);
    let mut lenient = Decoder::new(Config { ignore_checksums: true, ..Config::default() });
    let packet = packet(&mut lenient, &bytes);
    assert_eq!((packet.total_len, packet.payload_len, packet.payload), (0, 0, &UDP[..]));
    let mut bytes = v6(17, &UDP);
    bytes[4..6].fill(0);
    let packet = self::packet(&mut lenient, &bytes);
    assert_eq!((packet.total_len, packet.payload_len, packet.payload), (40, 0, &UDP[..]));
}

#[test]
fn a_cut_capture_keeps_the_lengths_of_the_wire() {
    let bytes = v4(17, &UDP);
    let cut = Piece { missing: 6, ..piece(&bytes[..26]) };
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let Outcome::Packet(packet) = decoder.ip(now(), cut, &mut weirds) else { panic!() };
    assert_eq!((packet.payload.len(), packet.payload_len), (6, 12));
    assert!(packet.is_truncated());
    assert_eq!(decoder.transport_checksum(&packet), Checksum::Unchecked);
    assert!(!packet.has_header(8, "UDP", &mut weirds));
    let short = v4(17, &UDP[..6]);
    assert!(!self::packet(&mut decoder, &short).has_header(8, "UDP", &mut weirds));
    let between = |name| Weird::net(name, "UDP").between(SRC.into(), DST.into());
    let told: Vec<Weird> = weirds.drain().collect();
    assert_eq!(told, [between("internally_truncated_header"), between("truncated_header")]);
}

#[test]
fn transport_checksums() {
    let decoder = decoder();
    let checked = |bytes: &[u8]| decoder.transport_checksum(&packet(&mut self::decoder(), bytes));
    assert_eq!(checked(&v4(17, &UDP)), Checksum::Valid, "none was made");
    assert_eq!(checked(&v6(17, &UDP)), Checksum::Bad, "IPv6 wants one");
    let mut echo = hex!("0800 0000 0001 0002 6162").to_vec();
    assert_eq!(checked(&v4(1, &echo)), Checksum::Bad);
    let sum = Sum::default().with(&echo).checksum();
    echo[2..4].copy_from_slice(&sum);
    assert_eq!(checked(&v4(1, &echo)), Checksum::Valid);

    let mut vxlan = hex!("d431 12b5 0020 0000 08").to_vec();
    vxlan.resize(32, 0);
    assert_eq!(checked(&v6(17, &vxlan)), Checksum::Unchecked, "VXLAN may leave it out");
    vxlan[7] = 1;
    assert_eq!(checked(&v6(17, &vxlan)), Checksum::Bad, "but not be wrong");
}

#[test]
fn a_checksum_covers_home_and_final_addresses() {
    let stop = hex!("20010db8 00000000 00000000 00000099");
    let mut udp = UDP;
    let pseudo = [&SRC6[..], &stop, &hex!("0000000c 00000011"), &udp].concat();
    udp[6..8].copy_from_slice(&Sum::default().with(&pseudo).checksum());
    let routed = v6(43, &[&hex!("11 02 00 01 00000000")[..], &stop, &udp].concat());
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let Outcome::Packet(packet) = decoder.ip(now(), piece(&routed), &mut weirds) else { panic!() };
    assert_eq!(decoder.transport_checksum(&packet), Checksum::Valid);
    assert_eq!(weirds.drain().collect::<Vec<_>>(), [Weird::flow("routing0_hdr", SRC6.into(), stop.into())]);
}

#[test]
fn esp_mobility_and_no_next_end_here() {
    let mut weirds = Weirds::default();
    let mut discarded = |decoder: &mut Decoder, bytes: &[u8], tunnel| {
        let piece = Piece { tunnel, ..piece(bytes) };
        let Outcome::Discarded(why) = decoder.ip(now(), piece, &mut weirds) else { panic!() };
        (why, names(&mut weirds))
    };
    let mut decoder = decoder();
    let esp = v6(50, &[1; 16]);
    assert_eq!(discarded(&mut decoder, &esp, None), (Discarded::Encrypted, vec![]));

    let mut message = hex!("3b 00 00 00 0000 0000").to_vec();
    let bad = v6(135, &message);
    assert_eq!(discarded(&mut decoder, &bad, None), (Discarded::BadChecksum, vec!["bad_MH_checksum".into()]));
    let pseudo = [&SRC6[..], &DST6, &hex!("00000008 00000087"), &message].concat();
    message[4..6].copy_from_slice(&Sum::default().with(&pseudo).checksum());
    assert_eq!(discarded(&mut decoder, &v6(135, &message), None), (Discarded::Mobility, vec![]));

    let bubble = v6(59, &[]);
    assert_eq!(discarded(&mut decoder, &bubble, None), (Discarded::NoNext, vec!["ipv6_no_next".into()]));
    let teredo = Some(TunnelType::Teredo);
    assert_eq!(discarded(&mut decoder, &bubble, teredo), (Discarded::NoNext, vec![]));
}

#[test]
fn nothing_panics_at_any_cut() {
    let options = hex!("3c00 0104 00000000 2b02 0102 0000 c910 20010db8000000000000000000000077");
    let chain =
        [&options[..], &hex!("2c02 0001 00000000 20010db8000000000000000000000099 1100 0001 deadbeef"), &UDP];
    for whole in [v4(17, &UDP), v4_fragment(17, 1, 0x2000, &UDP), v6(0, &chain.concat()), v6(135, &[0; 8])] {
        for len in 0..=whole.len() {
            for missing in [0, (whole.len() - len) as u32] {
                let (mut decoder, mut weirds) = (decoder(), Weirds::default());
                let cut = Piece { missing, ..piece(&whole[..len]) };
                if let Outcome::Packet(packet) = decoder.ip(now(), cut, &mut weirds) {
                    decoder.transport_checksum(&packet);
                    decoder.ip_tunnel(&packet, 0, &mut weirds);
                }
            }
        }
    }
}
