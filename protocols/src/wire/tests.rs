use hex_literal::hex;

use super::ethernet::Next;
use super::*;
use crate::error::ErrorKind;

const MACS: [u8; 12] = hex!("02 00 00 00 00 01 02 00 00 00 00 02");

fn framed(rest: &[u8]) -> Vec<u8> {
    [&MACS, rest].concat()
}

/// Asserts that every proper prefix shorter than `needs` is refused with `name`, and no longer one.
fn refused_below<'a, T>(data: &'a [u8], needs: usize, name: &str, parse: impl Fn(&'a [u8]) -> Result<T>) {
    for len in 0..=data.len() {
        match parse(&data[..len]) {
            Ok(_) => assert!(len >= needs, "{name}: {len} bytes should not do"),
            Err(reject) => {
                assert!(len < needs, "{name}: {len} bytes should do");
                assert_eq!((reject.name, reject.kind), (name, ErrorKind::Truncated));
            }
        }
    }
}

mod ethernet_frames {
    use super::*;

    #[test]
    fn ethernet_ii() {
        let frame = framed(&hex!("0800 4500 00"));
        let header = ethernet::parse(&frame).unwrap();
        assert_eq!(header.next, Next::EtherType(0x0800));
        assert_eq!((header.dst, header.src), (&hex!("020000000001"), &hex!("020000000002")));
        assert_eq!(header.payload, hex!("4500 00"));
        refused_below(&frame, 17, "truncated_ethernet_frame", ethernet::parse);
    }

    #[test]
    fn a_length_leads_to_802_2_or_novell() {
        for (payload, next) in
            [(hex!("aaaa03"), Next::Snap), (hex!("ffff00"), Next::Novell), (hex!("424203"), Next::Llc)]
        {
            let frame = framed(&[&hex!("0003"), &payload[..]].concat());
            assert_eq!(ethernet::parse(&frame).unwrap().next, next);
        }
        let short = framed(&hex!("0010 424203"));
        assert_eq!(ethernet::parse(&short).unwrap_err().name, "truncated_ethernet_frame");
        let between = framed(&hex!("05ff 424203"));
        assert_eq!(ethernet::parse(&between).unwrap_err().name, "undefined_ether_type");
    }

    #[test]
    fn fabric_path_is_skipped() {
        let frame = framed(&[&hex!("8903 1234")[..], &framed(&hex!("86dd 60"))].concat());
        let header = ethernet::parse(&frame).unwrap();
        assert_eq!((header.next, header.payload), (Next::EtherType(0x86dd), &[0x60][..]));
        let cut = &frame[..frame.len() - 1];
        assert_eq!(ethernet::parse(cut).unwrap_err().name, "truncated_link_header_cfp");
    }

    #[test]
    fn vlan_tags() {
        let tag = ethernet::vlan(&hex!("6123 0800 45")).unwrap();
        assert_eq!((tag.id, tag.next, tag.payload), (0x123, Next::EtherType(0x0800), &[0x45][..]));
        let padded = ethernet::vlan(&hex!("0001 0003 424203 0000")).unwrap();
        assert_eq!((padded.next, padded.payload), (Next::Llc, &hex!("424203")[..]));
        assert_eq!(ethernet::vlan(&hex!("0001 05ff 45")).unwrap_err().name, "undefined_vlan_protocol");
        refused_below(&hex!("0001 0800 45"), 5, "truncated_VLAN_header", ethernet::vlan);
        refused_below(&hex!("0001 0002 4242"), 6, "truncated_VLAN_header", ethernet::vlan);
    }

    #[test]
    fn other_tags() {
        assert_eq!(ethernet::vntag(&hex!("c000 0001 8100 00")).unwrap().protocol, 0x8100);
        refused_below(&hex!("c000 0001 8100 00"), 7, "truncated_vntag_header", ethernet::vntag);

        let pbb = [&hex!("0000 0001")[..], &framed(&hex!("0800 45"))].concat();
        assert_eq!(ethernet::pbb(&pbb).unwrap(), framed(&hex!("0800 45")));
        refused_below(&pbb, 19, "truncated_PBB_header", ethernet::pbb);

        assert_eq!(ethernet::mpls(&hex!("00010040 00020140 45")).unwrap(), [0x45]);
        refused_below(&hex!("00010040 00020140 45"), 9, "truncated_link_header", ethernet::mpls);

        assert!(arp::check(&hex!("0001 0800 06 04 0001")).is_err());
        assert!(arp::check(&[&hex!("0001 0800 06 04 0001")[..], &[0; 20]].concat()).is_ok());
    }

    #[test]
    fn llc_and_snap() {
        assert_eq!(ethernet::llc(&hex!("42 42 03")).unwrap(), 0x42);
        refused_below(&hex!("42 42 00 00"), 4, "truncated_llc_header", ethernet::llc);
        let ip = ethernet::snap(&hex!("aa aa 03 000000 0800 45")).unwrap().unwrap();
        assert_eq!((ip.protocol, ip.payload), (0x0800, &[0x45][..]));
        let numbered = ethernet::snap(&hex!("aa aa 00 00 000000 0800 45")).unwrap().unwrap();
        assert_eq!(numbered.payload, [0x45]);
        assert_eq!(ethernet::snap(&hex!("aa aa 03 00000c 2000 01")).unwrap(), None);
        assert_eq!(ethernet::snap(&hex!("aa aa")).unwrap_err().name, "truncated_snap_llc_header");
        assert_eq!(ethernet::snap(&hex!("aa aa 03 0000")).unwrap_err().name, "truncated_snap_header");
    }
}

mod other_links {
    use super::*;

    #[test]
    fn ppp_with_and_without_framing() {
        assert_eq!(ppp::parse(&hex!("0021 45")).unwrap().protocol, 0x21);
        assert_eq!(ppp::parse(&hex!("ff03 0057 60")).unwrap().protocol, 0x57);
        assert_eq!(ppp::parse(&hex!("ff03 0057")).unwrap_err().name, "truncated_ppp_hdlc_header");
        refused_below(&hex!("0021 45"), 3, "truncated_ppp_header", ppp::parse);
        assert_eq!(ppp::serial(&hex!("0f00 0021 45")).unwrap().protocol, 0x21);
        refused_below(&hex!("ff03 0021 45"), 5, "truncated_ppp_serial_header", ppp::serial);
        assert_eq!(ppp::pppoe(&hex!("1100 0001 0003 0021 45")).unwrap().payload, [0x45]);
        refused_below(&hex!("1100 0001 0003 0021 45"), 9, "truncated_pppoe_header", ppp::pppoe);
    }

    #[test]
    fn linux_cooked() {
        let sll = hex!("0000 0001 0006 02000000000a 0000 0800 45");
        let header = pseudo::linux_sll(&sll).unwrap();
        assert_eq!((header.src, header.protocol), (&hex!("02000000000a"), 0x0800));
        refused_below(&sll, 17, "truncated_Linux_SLL_header", pseudo::linux_sll);
        let sll2 = hex!("86dd 0000 00000002 0001 00 06 02000000000a 0000 60");
        let header = pseudo::linux_sll2(&sll2).unwrap();
        assert_eq!((header.src, header.protocol), (&hex!("02000000000a"), 0x86dd));
        refused_below(&sll2, 21, "truncated_Linux_SLL2_header", pseudo::linux_sll2);
    }

    #[test]
    fn null_in_either_byte_order() {
        assert_eq!(pseudo::null(&hex!("02000000 45")).unwrap(), (2, &[0x45][..]));
        assert_eq!(pseudo::null(&hex!("0000001e 60")).unwrap(), (30, &[0x60][..]));
        refused_below(&hex!("02000000 45"), 5, "null_analyzer_failed", pseudo::null);
    }

    #[test]
    fn nflog_finds_the_packet_among_tlvs() {
        let record = hex!("02 00 0000  0800 0100 0800 0003  0500 0a00 65 000000  0500 0900 45");
        let packet = pseudo::nflog(&record).unwrap();
        assert_eq!((packet.protocol, packet.payload), (2, &[0x45][..]));
        assert_eq!(pseudo::nflog(&record[..20]).unwrap_err().name, "nflog_no_pcap_payload");
        assert_eq!(pseudo::nflog(&hex!("02 01 0000 00")).unwrap_err().name, "unknown_nflog_version");
        assert_eq!(pseudo::nflog(&hex!("02 00 0000 0300 0100 00")).unwrap_err().name, "nflog_bad_tlv_len");
        assert_eq!(pseudo::nflog(&hex!("02 00 0000")).unwrap_err().name, "truncated_nflog_header");
    }

    fn wlan(control: u16, middle: &[u8]) -> Vec<u8> {
        let mut frame = control.to_be_bytes().to_vec();
        frame.extend(hex!("0000 0a0a0a0a0a0a 0b0b0b0b0b0b 0c0c0c0c0c0c 0000"));
        frame.extend(middle);
        frame
    }

    #[test]
    fn addresses_depend_on_who_relays() {
        let (a, b, c) = (&hex!("0a0a0a0a0a0a"), &hex!("0b0b0b0b0b0b"), &hex!("0c0c0c0c0c0c"));
        for (control, src, dst) in [(0x0800, b, a), (0x0801, b, c), (0x0802, c, a)] {
            let frame = wlan(control, &[1]);
            let Ok(wlan::Frame::Data(data)) = wlan::parse(&frame) else { panic!("{control:x}") };
            assert_eq!((data.src, data.dst, data.payload), (src, dst, &[1][..]));
        }
        let relayed = wlan(0x0803, &hex!("0d0d0d0d0d0d 01"));
        let Ok(wlan::Frame::Data(data)) = wlan::parse(&relayed) else { panic!() };
        assert_eq!((data.src, data.dst), (&hex!("0d0d0d0d0d0d"), c));
        refused_below(&relayed, 31, "truncated_802_11_header", wlan::parse);
    }

    #[test]
    fn frames_without_readable_data() {
        for (control, frame) in [
            (0x8000, wlan::Frame::NoData), // beacon
            (0x4800, wlan::Frame::NoData), // null function
            (0x0840, wlan::Frame::Protected),
            (0x8840, wlan::Frame::Protected), // QoS
        ] {
            assert_eq!(wlan::parse(&wlan(control, &[0, 0, 1])), Ok(frame), "{control:x}");
        }
    }

    #[test]
    fn radiotap_and_llc() {
        assert_eq!(wlan::radiotap(&hex!("00 00 0600 ffff 08")).unwrap(), [0x08]);
        refused_below(&hex!("00 00 0600 ffff 08"), 7, "truncated_radiotap_header", wlan::radiotap);
        assert_eq!(wlan::llc(&hex!("aaaa03 000000 0800 45")).unwrap().unwrap().protocol, 0x0800);
        assert_eq!(wlan::llc(&hex!("424203 000000 0800 45")).unwrap(), None);
        refused_below(&hex!("aaaa03 000000 0800"), 8, "truncated_802_11_llc_header", wlan::llc);
    }

    #[test]
    fn subframes_are_padded_to_four() {
        let mut amsdu = Vec::new();
        for (len, padding) in [(1u16, 1usize), (2, 0), (3, 3), (4, 2)] {
            amsdu.extend(MACS);
            amsdu.extend(len.to_be_bytes());
            amsdu.extend(vec![len as u8; len.into()]);
            amsdu.extend(vec![0xee; padding]);
        }
        let frames: Vec<_> = wlan::Subframes::new(&amsdu).map(Result::unwrap).collect();
        assert_eq!(frames, [&[1][..], &[2; 2], &[3; 3], &[4; 4]]);
        let cut: Vec<_> = wlan::Subframes::new(&amsdu[..15 + 10]).collect();
        assert_eq!(cut[1].unwrap_err().name, "truncated_802_11_amsdu_header");
        let cut: Vec<_> = wlan::Subframes::new(&amsdu[..14]).collect();
        assert_eq!((cut.len(), cut[0].unwrap_err().name), (1, "truncated_802_11_amsdu_packet"));
    }
}

mod ip {
    use super::*;
    use std::net::Ipv6Addr;

    #[test]
    fn ipv4_fields() {
        let bytes = hex!("46 00 0054 1c46 6001 40 06 0000 0a000001 0a000002 01010101");
        let header = ipv4::Header::read(&bytes).unwrap();
        assert_eq!((header.header_len, header.total_len, header.id), (24, 0x54, 0x1c46));
        assert!(header.dont_fragment && header.more_fragments && header.is_fragment());
        assert_eq!((header.fragment_offset, header.ttl, header.protocol), (8, 64, 6));
        assert_eq!((header.src.to_string(), header.dst.to_string()), ("10.0.0.1".into(), "10.0.0.2".into()));
    }

    #[test]
    fn an_ipv4_header_is_whole_and_has_room_for_itself() {
        let bytes = hex!("46 00 0054 1c46 6001 40 06 0000 0a000001 0a000002 01010101");
        for cut in 0..bytes.len() {
            assert_eq!(ipv4::Header::read(&bytes[..cut]), None, "{cut}");
        }
        for first in [0x40, 0x44, 0x65, 0x05] {
            let mut bytes = bytes;
            bytes[0] = first;
            assert_eq!(ipv4::Header::read(&bytes), None, "{first:x}");
        }
        let head = bytes.first_chunk().unwrap();
        assert_eq!(ipv4::Lengths::read(head), ipv4::Lengths { header: 24, total: 0x54 });
    }

    fn v6(next: u8, extensions: &[u8]) -> Vec<u8> {
        let mut bytes = hex!("6000 0000 0000 00 40").to_vec();
        bytes[6] = next;
        bytes.extend(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).octets());
        bytes.extend(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2).octets());
        bytes.extend(extensions);
        let len = extensions.len() as u16;
        bytes[4..6].copy_from_slice(&len.to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> (ipv6::Header, Vec<(&'static str, Option<u8>)>) {
        let mut odd = Vec::new();
        let header = ipv6::Header::read(bytes, &mut |o| odd.push((o.name, o.routing_type))).unwrap();
        (header, odd)
    }

    #[test]
    fn ipv6_without_extensions() {
        let (header, odd) = read(&v6(6, &[0; 20]));
        assert_eq!((header.header_len, header.last, header.next, header.total_len()), (40, 41, 6, 60));
        assert!(odd.is_empty());
        assert_eq!(ipv6::Header::read_plain(&v6(6, &[0; 20])), Some(header));
        assert_eq!(ipv6::Header::read_plain(&v6(0, &hex!("0600 0000 0000 0000"))), None);
    }

    #[test]
    fn the_chain_ends_where_a_transport_begins() {
        // Hop-by-hop, AH with 4 words of ICV and sequence, destination options.
        let extensions = hex!(
            "33 00 0104 00000000"
            "3c 02 0000 00000001 00000002 00000003"
            "11 00 0104 00000000"
            "0035 0035"
        );
        let (header, odd) = read(&v6(0, &extensions));
        assert_eq!((header.header_len, header.last, header.next), (40 + 8 + 16 + 8, 60, 17));
        assert!(odd.is_empty());
        // Cut inside any header, the chain ends before it.
        let bytes = v6(0, &extensions);
        for len in 40..bytes.len() {
            let (header, _) = read(&bytes[..len]);
            let ends = [40, 48, 64, 72].into_iter().filter(|end| *end <= len).max();
            assert_eq!(Some(header.header_len), ends, "{len} bytes");
        }
    }

    #[test]
    fn esp_fragments_and_mobility_end_it() {
        let (esp, _) = read(&v6(50, &hex!("00000001 00000002 ffff")));
        assert_eq!((esp.last, esp.next, esp.header_len), (50, 59, 48));
        let (fragment, _) = read(&v6(44, &hex!("3c 00 0009 deadbeef 1100 0000 0000 0000")));
        assert_eq!((fragment.last, fragment.next, fragment.header_len), (44, 60, 48));
        let fields = fragment.fragment.unwrap();
        assert_eq!((fields.offset, fields.more, fields.id, fields.announced_at), (8, true, 0xdead_beef, 6));
        let (mobility, _) = read(&v6(135, &hex!("3b 00 0000 0000 0000 00")));
        assert_eq!((mobility.last, mobility.next, mobility.next_at), (135, 59, 40));
    }

    #[test]
    fn routing_headers_set_the_destination() {
        let stop = hex!("20010db8 00000000 00000000 00000099");
        let routing = |kind: u8, left: u8| [&[6, 2, kind, left, 0, 0, 0, 0], &stop[..]].concat();
        let last = Ipv6Addr::from(stop);
        let (header, odd) = read(&v6(43, &routing(0, 1)));
        assert_eq!((header.dst, odd), (last, vec![("routing0_hdr", None)]));
        let (header, odd) = read(&v6(43, &routing(0, 0)));
        assert_eq!((header.dst.segments()[7], odd), (2, vec![("routing0_hdr", None)]));
        let (header, odd) = read(&v6(43, &routing(2, 1)));
        assert_eq!((header.dst, odd), (last, vec![]));
        let (_, odd) = read(&v6(43, &routing(9, 1)));
        assert_eq!(odd, [("unknown_routing_type", Some(9))]);
        let (_, odd) = read(&v6(43, &[&[6, 3, 0, 1, 0, 0, 0, 0], &[0; 24][..]].concat()));
        assert_eq!(odd, [("odd_routing0_len", None), ("routing0_hdr", None)]);
        let (_, odd) = read(&v6(43, &[&[6, 3, 2, 1, 0, 0, 0, 0], &[0; 24][..]].concat()));
        assert_eq!(odd, [("bad_routing2_len", None)]);
        let mut twice = routing(2, 1);
        twice[0] = 43;
        twice.extend(routing(2, 1));
        assert_eq!(read(&v6(43, &twice)).1, [("multiple_routing_headers", None)]);
    }

    #[test]
    fn home_address_options_set_the_source() {
        let home = hex!("20010db8 00000000 00000000 00000077");
        // PadN of four, then the option.
        let options = [&hex!("06 02 0102 0000 c910")[..], &home].concat();
        let (header, odd) = read(&v6(60, &options));
        assert_eq!((header.src, odd), (Ipv6Addr::from(home), vec![]));
        let (_, odd) = read(&v6(60, &hex!("06 00 c902 0000 0000")));
        assert_eq!(odd, [("bad_home_addr_len", None)]);
        let (_, odd) = read(&v6(60, &hex!("06 00 0000 0109 0000")));
        assert_eq!(odd, [("bad_ipv6_dest_opt_len", None)]);
        let twice = [&hex!("06 04 c910")[..], &home, &hex!("c910"), &home, &[0; 2]].concat();
        assert_eq!(read(&v6(60, &twice)).1, [("multiple_home_addr_opts", None)]);
    }
}

mod tunnels {
    use super::*;
    use gre::Inner;

    #[test]
    fn gre_versions_and_shims() {
        let mut eth = [0; 20];
        eth[0] = 0xe0;
        let with = |header: &[u8]| [header, &eth[..]].concat();
        let cases: [(&str, Vec<u8>, Inner, usize); 9] = [
            ("plain", with(&hex!("0000 0800")), Inner::Ip, 20),
            ("checksum, key, sequence", with(&hex!("b000 86dd 00000000 00000001 00000002")), Inner::Ip, 20),
            ("transparent ethernet", with(&hex!("0000 6558")), Inner::Ethernet, 20),
            ("ERSPAN I", with(&hex!("0000 88be")), Inner::Ethernet, 20),
            ("ERSPAN II", with(&hex!("1000 88be 00000001 1000000a 00000000")), Inner::Ethernet, 20),
            ("ERSPAN III", with(&hex!("1000 22eb 00000001 2000000a 00000000 00000000")), Inner::Ethernet, 20),
            (
                "ERSPAN III with subheader",
                with(&hex!("1000 22eb 00000001 2000000a 00000000 00000001 0000000000000000")),
                Inner::Ethernet,
                20,
            ),
            ("Aruba", with(&hex!("0000 8200")), Inner::Ieee80211, 20),
            ("PPTP", with(&hex!("3081 880b 0018 0001 00000001 00000002 ff03 0021")), Inner::Pptp(4), 20),
        ];
        for (name, packet, inner, len) in cases {
            let gre = gre::parse(&packet).unwrap_or_else(|reject| panic!("{name}: {reject}"));
            assert_eq!((gre.inner, gre.payload.len()), (inner, len), "{name}");
        }
        // A keepalive: nothing inside, and no fault of GRE's.
        assert_eq!(gre::parse(&hex!("0000 0000")).unwrap().payload, []);
    }

    #[test]
    fn gre_refuses() {
        for (packet, name, addl) in [
            (&hex!("0000 08")[..], "truncated_GRE", ""),
            (&hex!("b000 0800 00000000"), "truncated_GRE", ""),
            (&hex!("0000 6558 000000000000000000000000 0000"), "truncated_GRE", ""),
            (&hex!("0000 8200"), "truncated_GRE", ""),
            (&hex!("0003 0800 45"), "unknown_gre_version", "version=3"),
            (&hex!("0001 0800 45"), "egre_protocol_type", "proto=2048"),
            (&hex!("4000 0800 45"), "gre_routing", ""),
            (&hex!("0008 0800 45"), "unknown_gre_flags", ""),
            (&hex!("2001 880b 00000000 ff03 c021 45"), "non_ip_packet_in_encap", ""),
        ] {
            let reject = gre::parse(packet).unwrap_err();
            assert_eq!((reject.name, reject.addl().as_str()), (name, addl));
        }
    }

    #[test]
    fn vxlan_and_geneve() {
        let packet = vxlan::parse(&hex!("08000000 00007b00 ff")).unwrap();
        assert_eq!((packet.vni, packet.inner), (0x7b, &[0xff][..]));
        assert_eq!(vxlan::parse(&hex!("00000000 00007b00")), Err("VXLAN 'I' flag not set"));
        assert_eq!(vxlan::parse(&hex!("08000000 00007b")), Err("VXLAN header truncation"));

        let packet = geneve::parse(&hex!("0100 6558 00000a00 01020304 ff")).unwrap();
        assert_eq!((packet.protocol, packet.vni), (0x6558, 0x0a));
        assert_eq!((packet.options, packet.inner), (&[1, 2, 3, 4][..], &[0xff][..]));
        let weird = Reject::unsupported("geneve_invalid_version").with("", 1);
        assert_eq!(geneve::parse(&hex!("4000 6558 00000a00")), Err(geneve::Refused::Weird(weird)));
        let cut = geneve::parse(&hex!("0200 6558 00000a00 01020304"));
        assert_eq!(cut, Err(geneve::Refused::Violation("Geneve option header truncation")));
    }

    #[test]
    fn ayiya_forwards() {
        let header = [&hex!("40 52 11 29 00000000")[..], &[0; 16 + 20], &[0x60]].concat();
        let forward = ayiya::Ayiya::Forward { protocol: 41, inner: &[0x60] };
        assert_eq!(ayiya::parse(&header), Ok(forward));
        assert!(ayiya::probe(&header));
        let mut heartbeat = header.clone();
        heartbeat[2] = 0x10;
        assert_eq!(ayiya::parse(&heartbeat), Ok(ayiya::Ayiya::Other));
        for len in 0..header.len() - 1 {
            assert_eq!(ayiya::parse(&header[..len]), Err("Truncated AYIYA"));
        }
    }

    fn bubble() -> Vec<u8> {
        [&hex!("60000000 0000 3b 15 20010000")[..], &[0; 28]].concat()
    }

    #[test]
    fn teredo_headers_and_bubbles() {
        let packet = bubble();
        let teredo = teredo::parse(&packet).unwrap();
        assert!(teredo.bubble && !teredo.payload_in_bubble);
        let longer = [&packet[..], &[1]].concat();
        assert!(teredo::parse(&longer).unwrap().payload_in_bubble);
        assert!(teredo::probe(&packet));

        let auth = hex!("0001 02 03 6162 010203 0000000000000007 00");
        let origin = hex!("0000 f227 f5fffffe");
        let both = [&auth[..], &origin, &packet].concat();
        let teredo = teredo::parse(&both).unwrap();
        let header = teredo.authentication.unwrap();
        assert_eq!((header.client_id, header.value, header.nonce), (&b"ab"[..], &[1, 2, 3][..], 7));
        let origin_of = teredo.origin.unwrap();
        assert_eq!((origin_of.addr.to_string(), origin_of.port), ("10.0.0.1".into(), 3544));
        assert!(teredo::probe(&both));
        for swapped in [[&origin[..], &auth, &packet].concat(), [&origin[..], &origin, &packet].concat()] {
            assert_eq!(teredo::parse(&swapped).unwrap_err().violation, "Bad Teredo encapsulation");
        }
    }

    #[test]
    fn teredo_must_be_filled_exactly() {
        let mut tcp = bubble();
        (tcp[5], tcp[6]) = (4, 6);
        let reason = |data: &[u8]| teredo::parse(data).unwrap_err();
        assert_eq!(reason(&tcp).violation, "Truncated Teredo or invalid inner IP version");
        tcp.extend([0; 4]);
        assert!(teredo::parse(&tcp).is_ok());
        tcp.push(0);
        assert_eq!(reason(&tcp).violation, "Teredo payload length");
        assert_eq!(reason(&tcp[..39]).weird, Some("truncated_IPv6_in_Teredo"));
        assert_eq!(reason(&[0, 0, 1]).weird, Some("truncated_Teredo_origin_indication"));
        assert_eq!(reason(&[0, 1, 9, 9, 0]).weird, Some("truncated_Teredo_authentication"));
        assert_eq!(reason(&[0]).weird, Some("truncated_Teredo"));
        assert_eq!(reason(&[0x45, 0]).weird, None);
    }

    #[test]
    fn gtp_packets_behind_extensions() {
        let ip = [&hex!("45 00 0014")[..], &[0; 16]].concat();
        let plain = [&hex!("30 ff 0014 00000001")[..], &ip].concat();
        let message = gtpv1::parse(&plain).unwrap();
        assert_eq!((message.teid, message.optional), (1, None));
        assert_eq!(message.content(), Ok(gtpv1::Content::Packet { protocol: 4, inner: &ip }));

        // Sequence number and two extension headers, of one and two words.
        let extended =
            [&hex!("36 ff 0000 00000001 0007 00 85  01 0102 c0  02 010203040506 00")[..], &ip].concat();
        let message = gtpv1::parse(&extended).unwrap();
        assert_eq!(message.optional.map(|o| (o.sequence, o.next_extension)), Some((7, 0x85)));
        assert_eq!(message.body, ip);
        for len in 0..extended.len() - ip.len() {
            assert!(gtpv1::parse(&extended[..len]).is_err(), "{len} bytes");
        }
        assert!(gtpv1::parse(&hex!("34 ff 0000 00000001 0000 00 85 00 00")).is_err(), "zero words");
    }

    #[test]
    fn gtp_of_no_interest_and_gtp_that_is_none() {
        let content = |data: &[u8]| {
            let message = gtpv1::parse(data).map_err(|reason| reason.into_owned())?;
            let content = message.content().map_err(str::to_owned)?;
            Ok::<_, String>(content == gtpv1::Content::Nothing)
        };
        assert_eq!(content(&hex!("20 ff 0000 00000000")), Ok(true), "GTP'");
        assert_eq!(content(&hex!("30 01 0000 00000000")), Ok(true), "echo");
        assert_eq!(content(&hex!("50 ff 0000 00000000")), Err("GTPv1 bad Version".to_owned()));
        assert_eq!(content(&hex!("30 ff 0000 00000000 45")), Err("Truncated GTPv1".to_owned()));
        let not_ip = [&hex!("30 ff 0000 00000000")[..], &[0; 20]].concat();
        assert_eq!(content(&not_ip), Err("non-IP packet in GTPv1".to_owned()));
        // Cut short, in the words of Zeek's parser.
        for (data, field) in [
            (&hex!("32 ff 0000 000000")[..], "GTPv1_Header:teid: 8 > 7"),
            (&hex!("32 ff 0000 00000000"), "GTPv1_Opt_Header: 4 > 0"),
            (&hex!("34 ff 0000 00000000 0000 00 85 02 0000"), "GTPv1_Ext_Header:contents: 7 > 3"),
            (&hex!("34 ff 0000 00000000 0000 00 85 01 0000"), "GTPv1_Ext_Header:next_type: 4 > 3"),
        ] {
            let reason = format!("Binpac exception: binpac exception: out_of_bound: {field}");
            assert_eq!(content(data), Err(reason));
        }
        // A create request: IMSI, an end user address, and one cut short.
        assert_eq!(content(&hex!("30 10 0000 00000000 02 0102030405060708 80 0002 f121")), Ok(true));
        assert!(content(&hex!("30 10 0000 00000000 02 01020304")).is_err());
        assert!(content(&hex!("30 10 0000 00000000 80 0001 f1")).is_err());
        assert!(content(&hex!("30 10 0000 00000000 07 00")).is_err(), "a type of unknown length");
    }
}

mod checksums {
    use super::checksum::{Sum, verify, verify_transport};
    use super::*;

    /// The definition, two bytes at a time.
    fn by_definition(data: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in data.chunks(2) {
            sum += u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    #[test]
    fn agrees_with_the_definition_at_every_length() {
        let data: Vec<u8> = (0..400u32).map(|i| (i * 167 + 13) as u8).collect();
        for len in 0..data.len() {
            let checksum = Sum::default().with(&data[..len]).checksum();
            assert_eq!(u16::from_be_bytes(checksum), by_definition(&data[..len]), "{len} bytes");
        }
        let ones = Sum::default().with(&[0xff; 65_535]).checksum();
        assert_eq!(u16::from_be_bytes(ones), by_definition(&[0xff; 65_535]));
    }

    #[test]
    fn known_packets() {
        let mut header = hex!("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7");
        assert!(verify(&header));
        header[8] ^= 1;
        assert!(!verify(&header));

        // A DNS query's UDP header over two bytes of data, over IPv4 and IPv6.
        let udp = hex!("1388 0035 000a 0000 6162");
        for (src, dst) in [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")] {
            let (src, dst): (std::net::IpAddr, std::net::IpAddr) =
                (src.parse().unwrap(), dst.parse().unwrap());
            let valid: Vec<u16> = (0..=u16::MAX)
                .filter(|sum| {
                    let mut datagram = udp;
                    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
                    verify_transport(src, dst, 17, &datagram)
                })
                .collect();
            assert_eq!(valid.len(), 1, "{src}");
            let mixed = if src.is_ipv4() { "::1" } else { "10.0.0.1" };
            assert!(!verify_transport(src, mixed.parse().unwrap(), 17, &udp));
        }
    }
}

/// The fuzzer's seeds, whole and cut at every byte, with every byte disturbed in turn.
#[test]
fn seeds_hold_the_invariants() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/wire");
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let data = std::fs::read(entry.unwrap().path()).unwrap();
        seeds += 1;
        for len in 0..=data.len() {
            fuzz::check(&data[..len]);
        }
        for at in 0..data.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut data = data.clone();
                data[at] ^= flip;
                fuzz::check(&data);
            }
        }
    }
    assert!(seeds >= 20, "the seed corpus is missing");
}
