use super::*;

/// Every way down to the same IP packet.
#[test]
fn every_link_leads_to_the_packet() {
    let (four, six) = (v4(17, &UDP), v6(17, &UDP));
    let with = |header: &[u8]| [header, &four].concat();
    let inside = ethernet(0x0800, &four);
    let llc = with(&hex!("aaaa03 000000 0800"));
    let wlan = [&hex!("0801 0000 0a0a0a0a0a0a 0b0b0b0b0b0b 0c0c0c0c0c0c 0000")[..], &llc].concat();
    let cases: Vec<(&str, u16, Vec<u8>)> = vec![
        ("Ethernet", 1, inside.clone()),
        ("802.1Q", 1, ethernet(0x8100, &with(&hex!("0064 0800")))),
        ("802.1ad", 1, ethernet(0x88a8, &with(&hex!("0064 8100 00c8 0800")))),
        ("old QinQ", 1, ethernet(0x9100, &with(&hex!("0064 8100 00c8 0800")))),
        ("MPLS", 1, ethernet(0x8847, &with(&hex!("00010040 00020140")))),
        ("PPPoE", 1, ethernet(0x8864, &with(&hex!("1100 0001 0022 0021")))),
        ("PPPoE in QinQ", 1, ethernet(0x88a8, &with(&hex!("0064 8100 00c8 8864 1100 0001 0022 0021")))),
        ("PBB", 1, ethernet(0x88e7, &[&hex!("00000001")[..], &inside].concat())),
        ("VN-Tag", 1, ethernet(0x8926, &with(&hex!("c0000001 8100 0001 0800")))),
        ("FabricPath", 1, ethernet(0x8903, &[&hex!("1234")[..], &inside].concat())),
        ("SNAP", 1, ethernet(llc.len() as u16, &llc)),
        ("SNAP in 802.1Q", 1, ethernet(0x8100, &[&hex!("0064 0028")[..], &llc].concat())),
        ("null", 0, with(&hex!("02000000"))),
        ("loop", 108, with(&hex!("00000002"))),
        ("PPP", 9, with(&hex!("0021"))),
        ("PPP framed", 9, with(&hex!("ff03 0021"))),
        ("PPP serial", 50, with(&hex!("ff03 0021"))),
        ("MPLS in PPP", 9, with(&hex!("0281 00010140"))),
        ("FDDI", 10, [&[0; 21][..], &four].concat()),
        ("raw 12", 12, four.clone()),
        ("raw 14", 14, four.clone()),
        ("raw 101", 101, four.clone()),
        ("raw IPv4", 228, four.clone()),
        ("SLL", 113, with(&hex!("0000 0001 0006 02000000000a 0000 0800"))),
        ("SLL2", 276, with(&hex!("0800 0000 00000002 0001 00 06 02000000000a 0000"))),
        ("NFLOG", 239, with(&hex!("02 00 0000 0800 0100 0800 0003 2400 0900"))),
        ("802.11", 105, wlan.clone()),
        ("radiotap", 127, [&hex!("00 00 0800 00000000")[..], &wlan].concat()),
    ];
    for (name, link, data) in &cases {
        let mut weirds = Weirds::default();
        let frame = frame(&mut decoder(), *link, data, &mut weirds).unwrap_or_else(|| panic!("{name}"));
        assert!(frame.ip.bytes.starts_with(&four), "{name}");
        assert!(weirds.is_empty(), "{name}: {weirds:?}");
        // Cut anywhere, it neither panics nor invents a longer packet.
        for len in 0..data.len() {
            let cut = self::frame(&mut decoder(), *link, &data[..len], &mut weirds);
            assert!(cut.is_none_or(|cut| cut.ip.bytes.len() < four.len()), "{name} at {len}");
        }
    }
    for (link, data) in
        [(1, ethernet(0x86dd, &six)), (229, six.clone()), (0, [&hex!("1c000000")[..], &six].concat())]
    {
        let frame = frame(&mut decoder(), link, &data, &mut Weirds::default());
        assert_eq!(frame.map(|frame| frame.ip.bytes), Some(&six[..]));
    }
}

#[test]
fn facts_of_the_frame() {
    let data = ethernet(0x88a8, &[&hex!("0064 8100 00c8 0800")[..], &v4(17, &UDP)].concat());
    let facts = frame(&mut decoder(), 1, &data, &mut Weirds::default()).unwrap().facts;
    assert_eq!((facts.vlan, facts.inner_vlan), (Some(100), Some(200)));
    assert_eq!(
        (facts.dst.unwrap()[..].to_vec(), facts.src.unwrap()[..].to_vec()),
        (MACS[..6].to_vec(), MACS[6..].to_vec())
    );
    // A priority tag names no VLAN.
    let data = ethernet(0x8100, &[&hex!("a000 0800")[..], &v4(17, &UDP)].concat());
    let facts = frame(&mut decoder(), 1, &data, &mut Weirds::default()).unwrap().facts;
    assert_eq!((facts.vlan, facts.inner_vlan), (None, None));
}

#[test]
fn what_is_refused_is_told_with_its_source() {
    for (link, data, name, source) in [
        (1, &MACS[..], "truncated_ethernet_frame", "ETHERNET"),
        (1, &ethernet(0x8100, &hex!("0001 0800"))[..], "truncated_VLAN_header", "VLAN"),
        (1, &ethernet(0x8864, &hex!("1100 0001 0003 0021")), "truncated_pppoe_header", "PPPOE"),
        (1, &ethernet(0x0806, &hex!("0001 0800 06 04 0001")), "truncated_ARP", "ARP"),
        (1, &ethernet(3, &hex!("ffff 00")), "no_suitable_analyzer_found", "NOVELL_802_3"),
        (113, &[0; 16], "truncated_Linux_SLL_header", "LINUXSLL"),
        (127, &[0; 3], "truncated_radiotap_header", "IEEE802_11_RADIO"),
    ] {
        let (mut decoder, mut weirds) = (decoder(), Weirds::default());
        assert!(frame(&mut decoder, link, data, &mut weirds).is_none());
        let told: Vec<Weird> = weirds.drain().collect();
        assert_eq!(told, [Weird::net(name, source)]);
        assert_eq!(decoder.counters().malformed, 1);
    }
}

#[test]
fn what_is_ignored_is_counted_and_not_told() {
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let arp = [&hex!("0001 0800 06 04 0001")[..], &[0; 20]].concat();
    for data in [ethernet(0x0806, &arp), ethernet(0x88cc, &[0; 8]), ethernet(3, &hex!("424203"))] {
        assert!(frame(&mut decoder, 1, &data, &mut weirds).is_none());
    }
    let protected = [&hex!("0841")[..], &[0; 30]].concat();
    assert!(frame(&mut decoder, 105, &protected, &mut weirds).is_none());
    let counters = decoder.counters();
    assert_eq!((counters.arp, counters.unknown_protocol, counters.wlan_without_data), (1, 2, 1));
    assert!(weirds.is_empty());
}

#[test]
fn an_amsdu_gives_each_of_its_packets() {
    let llc = [&hex!("aaaa03 000000 0800")[..], &v4(17, &UDP)].concat();
    let subframe = |llc: &[u8]| {
        let mut frame = [&MACS[..], &(llc.len() as u16).to_be_bytes(), llc].concat();
        frame.resize(frame.len().next_multiple_of(4), 0);
        frame
    };
    let header = hex!("8801 0000 0a0a0a0a0a0a 0b0b0b0b0b0b 0c0c0c0c0c0c 0000 8000");
    let data = [&header[..], &subframe(&llc), &subframe(&llc), &subframe(&[0; 8]), &subframe(&llc)].concat();
    let (mut decoder, mut weirds) = (decoder(), Weirds::default());
    let captured = Packet { ts: now(), link: 105, wire_len: data.len() as u32, data: &data };
    let LinkOutcome::Subframes(mut subframes) = decoder.link(&captured, &mut weirds) else { panic!() };
    let mut packets = 0;
    while let Some(outcome) = decoder.next_subframe(&mut subframes, &mut weirds) {
        packets += usize::from(matches!(outcome, LinkOutcome::Ip(frame) if frame.ip.bytes == v4(17, &UDP)));
    }
    assert_eq!(packets, 2, "the third is no packet and ends it");
    assert_eq!(names(&mut weirds), ["invalid_802_11_amsdu_inner_packet"]);
}

#[test]
fn the_dispatch_table_names_every_source_once() {
    // What Zeek calls its analyzers; dashboards filter on these.
    let all = [
        Next::Arp,
        Next::Ethernet,
        Next::Fddi,
        Next::Ieee80211,
        Next::Ieee80211Radiotap,
        Next::Ip,
        Next::LinuxSll,
        Next::LinuxSll2,
        Next::Llc,
        Next::Mpls,
        Next::Nflog,
        Next::Novell,
        Next::Null,
        Next::Pbb,
        Next::Ppp,
        Next::PppSerial,
        Next::Pppoe,
        Next::Snap,
        Next::Vlan,
        Next::Vntag,
    ];
    let sources: std::collections::BTreeSet<_> = all.iter().map(|next| next.source()).collect();
    assert_eq!(sources.len(), all.len());
}
