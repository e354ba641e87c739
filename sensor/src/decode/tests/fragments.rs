use super::*;

const MORE: u16 = 0x2000;

/// 64 bytes and one more, so that only the last fragment is not a multiple of eight.
fn datagram() -> Vec<u8> {
    (0..193u8).collect()
}

fn pieces(data: &[u8]) -> Vec<Vec<u8>> {
    let last = data.len().div_ceil(64) - 1;
    data.chunks(64)
        .enumerate()
        .map(|(i, chunk)| {
            let more = if i < last { MORE } else { 0 };
            v4_fragment(17, 7, more | (i * 8) as u16, chunk)
        })
        .collect()
}

/// Feeds packets; gives the payloads of the datagrams they made.
fn feed<'a>(
    decoder: &mut Decoder,
    packets: impl IntoIterator<Item = &'a Vec<u8>>,
    weirds: &mut Weirds,
) -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for bytes in packets {
        if let Outcome::Reassembled(datagram) = decoder.ip(now(), piece(bytes), weirds) {
            let Outcome::Packet(packet) = decoder.reassembled(&datagram, weirds) else { continue };
            assert!(packet.reassembled);
            made.push(packet.payload.to_vec());
        }
    }
    made
}

#[test]
fn any_order_makes_the_datagram() {
    let data = datagram();
    let pieces = pieces(&data);
    assert_eq!(pieces.len(), 4);
    let mut orders = vec![vec![]];
    for _ in 0..4 {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..4).filter(|i| !order.contains(i)).map(|i| [&order[..], &[i]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    assert_eq!(orders.len(), 24);
    for order in orders {
        let (mut decoder, mut weirds) = (decoder(), Weirds::default());
        let made = feed(&mut decoder, order.iter().map(|&i| &pieces[i]), &mut weirds);
        assert_eq!(made, std::slice::from_ref(&data), "{order:?}");
        assert!(weirds.is_empty(), "{order:?}: {weirds:?}");
        assert_eq!(decoder.fragment_bytes(), 0, "nothing is kept of it");
        assert_eq!(decoder.counters().fragments.reassembled, 1);
    }
}

#[test]
fn the_datagram_has_the_header_of_an_unfragmented_one() {
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let mut whole = None;
    for bytes in pieces(&datagram()).iter().rev() {
        if let Outcome::Reassembled(datagram) = decoder.ip(now(), piece(bytes), &mut weirds) {
            whole = Some(datagram);
        }
    }
    let whole = whole.unwrap();
    let Outcome::Packet(packet) = decoder.reassembled(&whole, &mut weirds) else { panic!() };
    assert_eq!((packet.total_len, packet.payload_len, packet.proto), (213, 193, 17));
    assert_eq!(packet.header[6..8], [0, 0]);
    assert_eq!((packet.src, packet.missing), (IpAddr::from(SRC), 0));
}

#[test]
fn ipv6_fragments_with_headers_on_both_sides() {
    // Hop-by-hop before the fragment header, destination options in the data.
    let data = [&hex!("1100 0104 00000000")[..], &UDP].concat();
    let piece_of = |from: usize, to: usize, next: u8, more: u16| {
        let mut extensions = hex!("2c00 0104 00000000").to_vec();
        extensions.extend([next, 0]);
        extensions.extend((from as u16 | more).to_be_bytes());
        extensions.extend(hex!("0000002a"));
        extensions.extend(&data[from..to]);
        v6(0, &extensions)
    };
    // The last fragment comes first and says another protocol, which the first one overrules.
    let fragments = [piece_of(16, 20, 6, 0), piece_of(0, 16, 60, 1)];
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let made = feed(&mut decoder, &fragments, &mut weirds);
    assert_eq!(made, [UDP.to_vec()]);
    assert_eq!(names(&mut weirds), ["fragment_protocol_inconsistency"]);

    // An atomic fragment is whole by itself.
    assert_eq!(feed(&mut decoder, &[piece_of(0, 20, 60, 0)], &mut weirds), [UDP.to_vec()]);
    assert!(weirds.is_empty());
}

#[test]
fn the_first_bytes_win_and_overlaps_are_told() {
    let old = v4_fragment(17, 1, MORE | 8, &[1; 64]);
    let same = v4_fragment(17, 1, MORE | 8, &[1; 64]);
    let other = v4_fragment(17, 1, MORE, &[2; 136]);
    let last = v4_fragment(17, 1, 17, &[3; 8]);
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let made = feed(&mut decoder, [&old, &same, &other, &last], &mut weirds);
    assert_eq!(made, [[&[2; 64][..], &[1; 64], &[2; 8], &[3; 8]].concat()]);
    let told: Vec<Weird> = weirds.drain().collect();
    let flow = |name| Weird::flow(name, SRC.into(), DST.into());
    assert_eq!(told, [flow("fragment_overlap"), flow("fragment_inconsistency")]);
}

/// Random fragments against the plain definition: a byte belongs to whoever sent it first.
#[test]
fn overlaps_agree_with_the_definition() {
    let mut state = 1u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    for round in 0..300u16 {
        let (mut decoder, mut weirds) = (decoder(), Weirds::default());
        let mut expected: Vec<Option<u8>> = vec![None; 256];
        let mut made = Vec::new();
        let last = v4_fragment(17, round, 31, &[0xff; 8]);
        made.extend(feed(&mut decoder, [&last], &mut weirds));
        expected[248..].fill(Some(0xff));
        for step in 0..200u8 {
            let offset = random(31) as usize * 8;
            let len = (8 * (1 + random(6) as usize)).min(248 - offset);
            let fragment = v4_fragment(17, round, MORE | (offset / 8) as u16, &vec![step; len]);
            for byte in &mut expected[offset..offset + len] {
                byte.get_or_insert(step);
            }
            made.extend(feed(&mut decoder, [&fragment], &mut weirds));
            weirds.drain();
            if !made.is_empty() {
                break;
            }
        }
        let expected: Option<Vec<u8>> = expected.into_iter().collect();
        assert_eq!(made.pop(), expected, "round {round}");
    }
}

#[test]
fn oddities_of_size() {
    let mut weirds = Weirds::default();
    let mut told = |fragments: &[Vec<u8>]| {
        let made = feed(&mut decoder(), fragments, &mut weirds).len();
        (names(&mut weirds), made)
    };
    let small = v4_fragment(17, 1, MORE, &[0; 40]);
    assert_eq!(told(&[small]), (vec!["excessively_small_fragment".into()], 0));
    let far = v4_fragment(17, 1, 8000, &[0; 8]);
    assert_eq!(told(&[far]), (vec!["excessively_large_fragment".into()], 0));
    let unbroken = v4_fragment(17, 1, 0x4000 | MORE, &[0; 64]);
    assert_eq!(told(&[unbroken]), (vec!["fragment_with_DF".into()], 0));
    let inconsistent: Vec<String> = vec!["fragment_size_inconsistency".into()];
    let two_ends = [v4_fragment(17, 1, 8, &[0; 8]), v4_fragment(17, 1, 16, &[0; 8])];
    assert_eq!(told(&two_ends), (inconsistent.clone(), 0));
    let beyond_the_end = [v4_fragment(17, 1, 8, &[0; 8]), v4_fragment(17, 1, MORE | 16, &[0; 64])];
    assert_eq!(told(&beyond_the_end), (inconsistent, 0));
    let protocols = [v4_fragment(17, 1, MORE, &[0; 64]), v4_fragment(6, 1, 8, &[0; 8])];
    assert_eq!(told(&protocols), (vec!["fragment_protocol_inconsistency".into()], 1));
}

#[test]
fn what_reaches_beyond_the_length_field_is_refused() {
    let mut fragments: Vec<Vec<u8>> =
        (0..8184u16).step_by(8).map(|at| v4_fragment(17, 1, MORE | at, &[0; 64])).collect();
    fragments.push(v4_fragment(17, 1, 8184, &[0; 50]));
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let mut refused = Vec::new();
    for bytes in &fragments {
        if let Outcome::Reassembled(datagram) = decoder.ip(now(), piece(bytes), &mut weirds) {
            weirds.drain();
            let outcome = decoder.reassembled(&datagram, &mut weirds);
            assert!(matches!(outcome, Outcome::Discarded(Discarded::Malformed)));
            refused.extend(names(&mut weirds));
        }
        weirds.drain();
    }
    assert_eq!(refused, ["invalid_IP_header_size"]);
}

#[test]
fn a_cut_fragment_is_useless_unless_it_is_the_first() {
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let first = v4_fragment(17, 1, MORE, &[0; 64]);
    let cut = Piece { missing: 30, ..piece(&first[..54]) };
    assert!(matches!(decoder.ip(now(), cut, &mut weirds), Outcome::Packet(packet) if packet.is_truncated()));
    let second = v4_fragment(17, 1, 8, &[0; 64]);
    let cut = Piece { missing: 30, ..piece(&second[..54]) };
    assert!(matches!(decoder.ip(now(), cut, &mut weirds), Outcome::Discarded(Discarded::CutFragment)));
    assert_eq!(names(&mut weirds), ["incompletely_captured_fragment"; 2]);
    assert_eq!(decoder.counters().fragments.incomplete_capture, 1);
}

#[test]
fn a_timeout_gives_datagrams_up() {
    let timeout = Interval::from_secs(30);
    let limits = Limits { timeout, ..Limits::default() };
    let mut decoder = Decoder::new(Config { fragments: limits, ..Config::default() });
    let mut weirds = Weirds::default();
    let pieces = pieces(&datagram());
    for (i, bytes) in pieces.iter().enumerate() {
        // The last one comes too late.
        let at = if i < 3 { now() } else { now() + timeout };
        assert!(matches!(decoder.ip(at, piece(bytes), &mut weirds), Outcome::Held));
    }
    let counters = decoder.counters().fragments;
    assert_eq!((counters.expired, counters.reassembled), (1, 0));
}

#[test]
fn endless_fragments_stay_within_the_budget() {
    let limits = Limits { max_datagrams: 100, max_bytes: 64 << 10, ..Limits::default() };
    let mut decoder = Decoder::new(Config { fragments: limits, ..Config::default() });
    let mut weirds = Weirds::default();
    for id in 0..5_000u16 {
        let fragment = v4_fragment(17, id, MORE, &[0; 512]);
        assert!(matches!(decoder.ip(now(), piece(&fragment), &mut weirds), Outcome::Held));
        assert!(decoder.fragment_bytes() <= limits.max_bytes);
    }
    let evicted = decoder.counters().fragments.evicted;
    assert!(evicted >= 4_900, "{evicted}");
    // The oldest went first: the newest still completes.
    let rest = v4_fragment(17, 4_999, 64, &[0; 8]);
    assert_eq!(feed(&mut decoder, [&rest], &mut weirds).len(), 1);
    let gone = v4_fragment(17, 0, 64, &[0; 8]);
    assert_eq!(feed(&mut decoder, [&gone], &mut weirds).len(), 0);
}

#[test]
fn one_datagram_in_too_many_pieces_is_given_up() {
    let limits = Limits { max_pieces: 16, ..Limits::default() };
    let mut decoder = Decoder::new(Config { fragments: limits, ..Config::default() });
    let mut weirds = Weirds::default();
    for i in 0..17 {
        let fragment = v4_fragment(17, 1, MORE | (i * 2), &[0; 8]);
        assert!(matches!(decoder.ip(now(), piece(&fragment), &mut weirds), Outcome::Held));
    }
    assert_eq!(decoder.counters().fragments.too_many_pieces, 1);
    assert_eq!(decoder.fragment_bytes(), 0);
}

#[test]
fn a_packet_tells_only_so_many_oddities() {
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    for i in 0..200 {
        feed(&mut decoder, [&v4_fragment(17, 1, MORE | (i * 2), &[0; 8])], &mut weirds);
    }
    weirds.drain();
    weirds.suppressed = 0;
    feed(&mut decoder, [&v4_fragment(17, 1, MORE, &[0; 3200])], &mut weirds);
    assert_eq!(weirds.drain().len(), Weirds::MAX_PER_PACKET);
    assert_eq!(weirds.suppressed, 200 - Weirds::MAX_PER_PACKET as u64);
}
