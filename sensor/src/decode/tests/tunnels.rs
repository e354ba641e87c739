use super::*;

/// The inner packet's bytes, or nothing.
fn inside<'a>(decoder: &mut Decoder, inner: Option<Inner<'a>>, weirds: &mut Weirds) -> Option<&'a [u8]> {
    let inner = inner?;
    assert_eq!(inner.piece.tunnel, Some(inner.tunnel));
    match decoder.inner(inner.next, inner.piece, weirds) {
        LinkOutcome::Ip(frame) => Some(frame.ip.bytes),
        _ => None,
    }
}

#[test]
fn over_ip() {
    let (four, six) = (v4(17, &UDP), v6(17, &UDP));
    let gre = |header: &[u8], inner: &[u8]| [header, inner].concat();
    let framed = ethernet(0x0800, &four);
    for (name, outer, inner, tunnel) in [
        ("4in4", v4(4, &four), &four, TunnelType::Ip),
        ("6in4", v4(41, &six), &six, TunnelType::Ip),
        ("4in6", v6(4, &four), &four, TunnelType::Ip),
        ("6in6", v6(41, &six), &six, TunnelType::Ip),
        ("GRE", v4(47, &gre(&hex!("0000 86dd"), &six)), &six, TunnelType::Gre),
        ("GRE over IPv6", v6(47, &gre(&hex!("0000 0800"), &four)), &four, TunnelType::Gre),
        ("GRE Ethernet", v4(47, &gre(&hex!("0000 6558"), &framed)), &four, TunnelType::Gre),
        (
            "ERSPAN II",
            v4(47, &gre(&hex!("1000 88be 00000001 1000000a 00000000"), &framed)),
            &four,
            TunnelType::Gre,
        ),
        ("PPTP", v4(47, &gre(&hex!("2001 880b 00000000 ff03 0021"), &four)), &four, TunnelType::Gre),
    ] {
        let (mut decoder, mut weirds) = (decoder(), Weirds::default());
        let packet = packet(&mut decoder, &outer);
        let IpTunnel::Inner(found) = decoder.ip_tunnel(&packet, 0, &mut weirds) else { panic!("{name}") };
        assert_eq!(found.tunnel, tunnel, "{name}");
        assert_eq!(inside(&mut decoder, Some(found), &mut weirds), Some(&inner[..]), "{name}");
        assert!(weirds.is_empty(), "{name}");
    }
    let plain = v4(17, &UDP);
    let packet = packet(&mut decoder(), &plain);
    assert_eq!(decoder().ip_tunnel(&packet, 0, &mut Weirds::default()), IpTunnel::None);
}

#[test]
fn ip_in_ip_must_fit() {
    let four = v4(17, &UDP);
    for (outer, told) in [
        (v4(4, &four[..30]), vec![]),
        (v4(4, &[&four[..], &[0]].concat()), vec![]),
        (v4(41, &four), vec![]),
        (v4(4, &v6(17, &UDP)), vec!["invalid_inner_IP_version"]),
        (v4(41, &[0; 40]), vec!["invalid_inner_IP_version"]),
        (v4(4, &[]), vec!["invalid_inner_IP_version"]),
    ] {
        let (mut decoder, mut weirds) = (decoder(), Weirds::default());
        let packet = packet(&mut decoder, &outer);
        assert_eq!(decoder.ip_tunnel(&packet, 0, &mut weirds), IpTunnel::Discarded);
        assert_eq!(names(&mut weirds), told);
        assert_eq!(decoder.counters().bad_inner, 1);
    }
}

#[test]
fn depth_is_limited() {
    let (four, gre) = (v4(17, &UDP), hex!("0000 0800"));
    for outer in [v4(4, &four), v4(47, &[&gre[..], &four].concat())] {
        let (mut decoder, mut weirds) = (decoder(), Weirds::default());
        let packet = packet(&mut decoder, &outer);
        assert!(matches!(decoder.ip_tunnel(&packet, 3, &mut weirds), IpTunnel::Inner(_)));
        assert_eq!(decoder.ip_tunnel(&packet, 4, &mut weirds), IpTunnel::Discarded);
        let weird = Weird::net("exceeded_tunnel_max_depth", "IPTUNNEL").between(SRC.into(), DST.into());
        assert_eq!(weirds.drain().collect::<Vec<_>>(), [weird]);
    }
}

#[test]
fn gre_tells_what_it_refuses() {
    let outer = v4(47, &hex!("0003 0800 45"));
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let packet = packet(&mut decoder, &outer);
    decoder.ip_tunnel(&packet, 0, &mut weirds);
    let weird = Weird::net("unknown_gre_version", "GRE").between(SRC.into(), DST.into());
    assert_eq!(weirds.drain().collect::<Vec<_>>(), [Weird { addl: "version=3".into(), ..weird }]);
}

/// Tries a UDP payload; gives the verdict, the inner packet and what was told.
fn try_udp(
    kind: UdpTunnelKind,
    payload: &[u8],
    context: TunnelContext,
    tunnel: Option<TunnelType>,
) -> (Verdict, Option<Vec<u8>>, Vec<String>) {
    let outer = v4(17, &UDP);
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let packet = IpPacket { tunnel, ..packet(&mut decoder, &outer) };
    let found = decoder.udp_tunnel(kind, &packet, payload, context, &mut weirds);
    let inner = inside(&mut decoder, found.inner, &mut weirds).map(<[u8]>::to_vec);
    let mut told = names(&mut weirds);
    told.extend(found.conn_weird.map(str::to_owned));
    (found.verdict, inner, told)
}

#[test]
fn over_udp() {
    let (four, six) = (v4(17, &UDP), v6(17, &UDP));
    let framed = ethernet(0x0800, &four);
    let with = |header: &[u8], inner: &[u8]| [header, inner].concat();
    for (kind, payload, inner) in [
        (UdpTunnelKind::Vxlan, with(&hex!("08000000 00007b00"), &framed), &four),
        (UdpTunnelKind::Geneve, with(&hex!("0000 6558 00000a00"), &framed), &four),
        (UdpTunnelKind::Geneve, with(&hex!("0000 86dd 00000a00"), &six), &six),
        (UdpTunnelKind::Gtpv1, with(&hex!("30ff 0020 00000001"), &four), &four),
        (UdpTunnelKind::Teredo, six.clone(), &six),
        (UdpTunnelKind::Ayiya, with(&[&hex!("40521129 00000000")[..], &[0; 36]].concat(), &six), &six),
    ] {
        let found = try_udp(kind, &payload, TunnelContext::default(), None);
        assert_eq!(found, (Verdict::Confirmed, Some(inner.clone()), vec![]), "{kind:?}");
        for len in 0..payload.len() {
            let (verdict, inner, _) = try_udp(kind, &payload[..len], TunnelContext::default(), None);
            assert!(verdict != Verdict::Undecided, "{kind:?} at {len}");
            assert!(inner.is_none_or(|inner| inner.len() < payload.len()));
        }
        let deep = TunnelContext { depth: 4, confirmed: true };
        let (verdict, inner, told) = try_udp(kind, &payload, deep, None);
        let name = if kind == UdpTunnelKind::Gtpv1 { "tunnel_depth" } else { "exceeded_tunnel_max_depth" };
        assert_eq!((verdict, inner, told), (Verdict::TooDeep, None, vec![name.to_owned()]));
    }
}

#[test]
fn verdicts_without_a_packet() {
    let none = TunnelContext::default();
    for (kind, payload, verdict, told) in [
        (UdpTunnelKind::Vxlan, &hex!("08000000 00007b00")[..], Verdict::Confirmed, "vxlan_empty_packet"),
        (UdpTunnelKind::Geneve, &hex!("0000 6558 00000a00"), Verdict::Confirmed, "geneve_empty_packet"),
        (UdpTunnelKind::Geneve, &hex!("8000 6558 00000a00"), Verdict::Undecided, "geneve_invalid_version"),
        (
            UdpTunnelKind::Ayiya,
            &[&hex!("00001129 00000000")[..], &[0]].concat(),
            Verdict::Confirmed,
            "ayiya_empty_packet",
        ),
    ] {
        assert_eq!(try_udp(kind, payload, none, None), (verdict, None, vec![told.to_owned()]));
        let (_, _, inner_told) = try_udp(kind, payload, none, Some(TunnelType::Gre));
        assert_eq!(inner_told, [format!("{told}_in_tunnel")]);
    }
    let echo = hex!("3001 0000 00000000");
    assert_eq!(try_udp(UdpTunnelKind::Gtpv1, &echo, none, None).0, Verdict::Undecided);
}

#[test]
fn gtp_judges_what_it_carries() {
    let gtp = |inner: &[u8]| [&hex!("30ff 0020 00000001")[..], inner].concat();
    let four = v4(17, &UDP);
    let verdict =
        |payload: &[u8], tunnel| try_udp(UdpTunnelKind::Gtpv1, payload, TunnelContext::default(), tunnel).0;
    let violation = |reason: &'static str| Verdict::Violation(reason.into());
    assert_eq!(verdict(&gtp(&four[..31]), None), violation("Truncated GTPv1"));
    assert_eq!(verdict(&gtp(&[&four[..], &[0]].concat()), None), violation("GTPv1 payload length"));
    assert_eq!(verdict(&gtp(&four), Some(TunnelType::Gtpv1)), violation("GTP-in-GTP"));
    assert_eq!(verdict(&gtp(&four), Some(TunnelType::Gre)), Verdict::Confirmed);
}

#[test]
fn teredo_tells_more_once_it_is_confirmed() {
    let told = |payload: &[u8], confirmed| {
        let context = TunnelContext { depth: 0, confirmed };
        try_udp(UdpTunnelKind::Teredo, payload, context, None)
    };
    let bad = Verdict::Violation("Bad Teredo encapsulation".into());
    assert_eq!(told(&[0, 0, 1], false), (bad.clone(), None, vec![]));
    assert_eq!(told(&[0, 0, 1], true), (bad, None, vec!["truncated_Teredo_origin_indication".into()]));
    let bubble = [&v6(59, &[])[..], &[1, 2]].concat();
    let (verdict, _, weird) = told(&bubble, false);
    assert_eq!((verdict, weird), (Verdict::Confirmed, vec!["Teredo_bubble_with_payload".into()]));
}

#[test]
fn found_by_content() {
    let six = v6(17, &UDP);
    let mut teredo = six.clone();
    teredo[8..12].copy_from_slice(&hex!("20010000"));
    assert_eq!(UdpTunnelKind::probe(&teredo), Some(UdpTunnelKind::Teredo));
    assert_eq!(UdpTunnelKind::probe(&hex!("40521129")), Some(UdpTunnelKind::Ayiya));
    assert_eq!(UdpTunnelKind::probe(&six), None);
    assert_eq!(OverUdp::of_port(4789), Some(OverUdp::Kind(UdpTunnelKind::Vxlan)));
    assert_eq!(OverUdp::of_port(4754), Some(OverUdp::Gre));
    assert_eq!(OverUdp::of_port(53), None);
}
