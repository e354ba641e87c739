use super::*;

/// Follows a packet through everything it may hold, as the flow engine does.
fn follow(decoder: &mut Decoder, outcome: LinkOutcome<'_>, depth: usize, weirds: &mut Weirds) {
    match outcome {
        LinkOutcome::Ip(frame) => follow_ip(decoder, frame.ip, depth, weirds),
        LinkOutcome::Subframes(mut subframes) => {
            while let Some(outcome) = decoder.next_subframe(&mut subframes, weirds) {
                follow(decoder, outcome, depth, weirds);
            }
        }
        LinkOutcome::Ignored | LinkOutcome::Malformed => {}
    }
}

fn follow_ip(decoder: &mut Decoder, piece: Piece<'_>, depth: usize, weirds: &mut Weirds) {
    match decoder.ip(now(), piece, weirds) {
        Outcome::Packet(packet) => follow_packet(decoder, &packet, depth, weirds),
        Outcome::Reassembled(whole) => match decoder.reassembled(&whole, weirds) {
            Outcome::Packet(packet) => follow_packet(decoder, &packet, depth, weirds),
            Outcome::Discarded(_) => {}
            other => panic!("a whole datagram gave {other:?}"),
        },
        Outcome::Held | Outcome::Discarded(_) => {}
    }
}

fn follow_packet(decoder: &mut Decoder, packet: &IpPacket<'_>, depth: usize, weirds: &mut Weirds) {
    assert!(packet.payload_len == 0 || packet.payload.len() <= packet.payload_len as usize);
    assert!(depth <= 2, "deeper than the limit");
    decoder.transport_checksum(packet);
    if let IpTunnel::Inner(inner) = decoder.ip_tunnel(packet, depth, weirds) {
        let outcome = decoder.inner(inner.next, inner.piece, weirds);
        follow(decoder, outcome, depth + 1, weirds);
    }
    let kinds = [
        UdpTunnelKind::Ayiya,
        UdpTunnelKind::Geneve,
        UdpTunnelKind::Gtpv1,
        UdpTunnelKind::Teredo,
        UdpTunnelKind::Vxlan,
    ];
    for kind in kinds {
        let Some(payload) = packet.payload.get(8..) else { return };
        let context = TunnelContext { depth, confirmed: true };
        if let Some(inner) = decoder.udp_tunnel(kind, packet, payload, context, weirds).inner {
            let outcome = decoder.inner(inner.next, inner.piece, weirds);
            follow(decoder, outcome, depth + 1, weirds);
        }
    }
}

/// The parsers' fuzz seeds, as frames of every link type and as payloads of every protocol that
/// may hold them, with every byte disturbed in turn and cut at every length.
#[test]
fn disturbed_frames_are_survived() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocols/fuzz/corpus/wire");
    let mut decoder = Decoder::new(Config { ignore_checksums: true, ..Config::default() });
    let mut weirds = Weirds::default();
    let mut try_all = |data: &[u8]| {
        for link in [0, 1, 9, 10, 50, 101, 105, 108, 113, 127, 239, 276] {
            let captured = Packet { ts: now(), link, wire_len: data.len() as u32, data };
            let outcome = decoder.link(&captured, &mut weirds);
            follow(&mut decoder, outcome, 0, &mut weirds);
        }
        let udp = [&hex!("d431 d432 0000 0000")[..], data].concat();
        for (proto, payload) in [(4, data), (41, data), (47, data), (17, &udp)] {
            let packet = v4(proto, payload);
            follow_ip(&mut decoder, piece(&packet), 0, &mut weirds);
        }
        weirds.drain();
    };
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let mut data = std::fs::read(entry.unwrap().path()).unwrap();
        seeds += 1;
        for at in 0..data.len() {
            try_all(&data[..at]);
            for flip in [0x01, 0x10, 0x80, 0xff] {
                data[at] ^= flip;
                try_all(&data);
                data[at] ^= flip;
            }
        }
    }
    assert!(seeds >= 20, "the seed corpus is missing");
    assert!(decoder.fragment_bytes() <= Limits::default().max_bytes);
}
