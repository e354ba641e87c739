//! What each format says comes out as it was put in.

use nightjar::capture::file::{self, CaptureError, FileOptions, OpenError};

use super::{open_error, read, read_bytes};
use crate::build::formats::{ETHERNET, KUZNETZOV, MICRO, NANO, Order, Pcap, PcapNg, RAW, file, gzip};

const BOTH: [Order; 2] = [Order::Little, Order::Big];
const SECOND: i64 = 1_000_000_000;

#[test]
fn pcap_of_both_orders_and_resolutions() {
    for order in BOTH {
        for (magic, fraction, nanos) in
            [(MICRO, 123_456, 123_456_000), (NANO, 123_456_789, 123_456_000), (KUZNETZOV, 5, 5_000)]
        {
            let mut pcap = Pcap::new(order, magic, 113);
            pcap.packet((1_700_000_000, fraction), b"first").record((1_700_000_001, 0), 3, 60, b"cut");
            let ts = 1_700_000_000 * SECOND + nanos;
            let expected = vec![
                (1, ts, 113, 5, b"first".to_vec()),
                (2, 1_700_000_001 * SECOND, 113, 60, b"cut".to_vec()),
            ];
            assert_eq!(read_bytes(pcap.bytes()), expected, "{order:?} {magic:#x}");
        }
    }
}

#[test]
fn seconds_after_2038() {
    let mut pcap = Pcap::new(Order::Little, MICRO, 1);
    pcap.packet((4_000_000_000, 1), b"x");
    assert_eq!(read_bytes(pcap.bytes())[0].1, 4_000_000_000 * SECOND + 1_000);
}

#[test]
fn the_upper_half_of_the_link_type_is_the_frame_check_sequence() {
    let mut pcap = Pcap::new(Order::Big, MICRO, 0x2400_0000 | 105);
    pcap.packet((1, 1), b"x");
    assert_eq!(read_bytes(pcap.bytes())[0].2, 105);
}

#[test]
fn old_versions_swap_the_two_lengths() {
    for (version, first, second) in [((2, 2), 60, 3), ((2, 3), 60, 3), ((2, 3), 3, 60), ((2, 4), 3, 60)] {
        let mut pcap = Pcap::with(Order::Little, MICRO, version, 262_144, 1);
        pcap.record((1, 0), first, second, b"abc");
        let packets = read_bytes(pcap.bytes());
        assert_eq!((packets[0].3, packets[0].4.as_slice()), (60, &b"abc"[..]), "{version:?}");
    }
    let unknown = Pcap::with(Order::Little, MICRO, (3, 0), 262_144, 1);
    assert!(open_error(unknown.bytes()).to_string().contains("version 3.0"));
}

#[test]
fn a_record_longer_than_the_snaplen_is_cut() {
    let mut pcap = Pcap::with(Order::Little, MICRO, (2, 4), 4, 1);
    pcap.packet((1, 0), b"abcdefgh").packet((2, 0), b"ab");
    let packets = read_bytes(pcap.bytes());
    assert_eq!((packets[0].3, packets[0].4.as_slice()), (8, &b"abcd"[..]));
    assert_eq!(packets[1].4, b"ab");
}

#[test]
fn a_packet_longer_than_it_was_is_counted_and_kept() {
    let mut pcap = Pcap::new(Order::Little, MICRO, 1);
    pcap.record((1, 0), 4, 2, b"abcd").packet((2, 0), b"ab");
    let (packets, summary) = read(file(pcap.bytes()).path());
    assert_eq!((packets[0].3, packets.len()), (4, 2));
    assert_eq!(summary.counts.impossible_lengths, 1);
    summary.end.unwrap();
}

#[test]
fn a_packet_too_long_to_be_one_is_corrupt() {
    let mut pcap = Pcap::new(Order::Little, MICRO, 1);
    pcap.packet((1, 0), b"good").record((2, 0), 262_145, 262_145, b"");
    let (packets, summary) = read(file(pcap.bytes()).path());
    assert_eq!(packets.len(), 1);
    let Err(CaptureError::Corrupt { offset, .. }) = summary.end else { panic!("{:?}", summary.end) };
    assert_eq!(offset, 24 + 16 + 4);
}

#[test]
fn pcapng_packets_of_all_three_kinds() {
    for order in BOTH {
        let mut ng = PcapNg::new(order);
        ng.interface(ETHERNET, 0, &[]);
        ng.enhanced(0, 1_700_000_000_123_456, 99, b"enhanced").simple(6, b"simple").obsolete(0, 7, b"old");
        let expected = vec![
            (1, 1_700_000_000_123_456_000, ETHERNET, 99, b"enhanced".to_vec()),
            (2, 0, ETHERNET, 6, b"simple".to_vec()),
            (3, 7_000, ETHERNET, 3, b"old".to_vec()),
        ];
        assert_eq!(read_bytes(ng.bytes()), expected, "{order:?}");
    }
}

#[test]
fn a_simple_packet_is_cut_at_the_snaplen() {
    let mut ng = PcapNg::new(Order::Little);
    ng.interface(ETHERNET, 5, &[]).simple(60, b"simpl");
    assert_eq!(read_bytes(ng.bytes()), [(1, 0, ETHERNET, 60, b"simpl".to_vec())]);
}

#[test]
fn pcapng_interfaces_have_their_own_link_type_and_clock() {
    let clocks: [(u8, u64, i64); 7] = [
        (6, 2_000_003, 2 * SECOND + 3_000),
        (9, 2_000_003_999, 2 * SECOND + 3_000),
        (3, 2_500, 2 * SECOND + SECOND / 2),
        (0, 2, 2 * SECOND),
        (12, 2_000_003_000_000, 2 * SECOND + 3_000),
        (0x80 | 10, 2_560, 2 * SECOND + SECOND / 2),
        (0x80 | 63, (1 << 63) + (1 << 62), SECOND + SECOND / 2),
    ];
    for order in BOTH {
        let mut ng = PcapNg::new(order);
        for (i, (resolution, ..)) in clocks.iter().enumerate() {
            // A name and the resolution.
            ng.interface(100 + i as u16, 0, &[(2, b"eth0".to_vec()), (9, vec![*resolution])]);
        }
        for (i, (_, ticks, _)) in clocks.iter().enumerate().rev() {
            ng.enhanced(i as u32, *ticks, 1, b"x");
        }
        let seen: Vec<_> = read_bytes(ng.bytes()).into_iter().map(|p| (p.2, p.1)).collect();
        let expected: Vec<_> =
            clocks.iter().enumerate().rev().map(|(i, clock)| (100 + i as u16, clock.2)).collect();
        assert_eq!(seen, expected, "{order:?}");
    }
}

#[test]
fn pcapng_time_offset_is_added() {
    for offset in [3_i64, -3] {
        let mut ng = PcapNg::new(Order::Little);
        ng.interface(ETHERNET, 0, &[(14, offset.to_le_bytes().to_vec())]).enhanced(0, 10_000_001, 1, b"x");
        assert_eq!(read_bytes(ng.bytes())[0].1, (10 + offset) * SECOND + 1_000);
    }
}

#[test]
fn pcapng_clocks_that_no_64_bits_hold_are_corrupt() {
    for resolution in [20, 0x80 | 64] {
        let mut ng = PcapNg::new(Order::Little);
        ng.interface(ETHERNET, 0, &[(9, vec![resolution])]);
        assert!(open_error(ng.bytes()).to_string().contains("time resolution"));
    }
}

#[test]
fn pcapng_sections_number_their_interfaces_and_may_differ_in_order() {
    let mut ng = PcapNg::new(Order::Little);
    ng.interface(ETHERNET, 0, &[]).interface(113, 0, &[]).enhanced(1, 1, 1, b"a");
    ng.section(Order::Big).interface(RAW, 96, &[]).enhanced(0, 2, 1, b"b");
    let seen: Vec<_> = read_bytes(ng.bytes()).into_iter().map(|p| (p.2, p.1)).collect();
    assert_eq!(seen, [(113, 1_000), (RAW, 2_000)]);
    // The second section has one interface only.
    ng.enhanced(1, 3, 1, b"c");
    let (packets, summary) = read(file(ng.bytes()).path());
    assert_eq!(packets.len(), 2);
    assert!(summary.end.unwrap_err().to_string().contains("interface 1"));
}

#[test]
fn pcapng_blocks_of_other_types_are_passed_over() {
    let mut ng = PcapNg::new(Order::Little);
    ng.block(0x0bad, |b| {
        b.raw(&[0; 40]);
    });
    ng.interface(ETHERNET, 0, &[]).enhanced(0, 1, 1, b"a");
    // Larger than all buffers together.
    ng.block(0x4242_4242, |b| {
        b.raw(&vec![0xaa; 6_000_000]);
    });
    // Names, statistics and secrets are known, and of no use here.
    for kind in [4, 5, 10] {
        ng.block(kind, |b| {
            b.raw(&[0; 16]);
        });
    }
    ng.enhanced(0, 2, 1, b"b");
    let (packets, summary) = read(file(ng.bytes()).path());
    summary.end.unwrap();
    assert_eq!(packets.len(), 2);
    assert_eq!(summary.counts.skipped, 2);
}

#[test]
fn pcapng_faults_are_corrupt_and_named() {
    let whole = |change: &dyn Fn(&mut PcapNg)| {
        let mut ng = PcapNg::new(Order::Little);
        ng.interface(ETHERNET, 0, &[]).enhanced(0, 1, 4, b"good");
        change(&mut ng);
        let (packets, summary) = read(file(ng.bytes()).path());
        assert_eq!(packets.len(), 1);
        let Err(CaptureError::Corrupt { reason, .. }) = summary.end else { panic!("{:?}", summary.end) };
        reason
    };
    let packet = |ng: &mut PcapNg, captured: u32| {
        ng.block(6, |b| {
            b.u32(0).u32(0).u32(1).u32(captured).u32(captured).raw(b"data");
        });
    };
    assert!(whole(&|ng| packet(ng, 5)).contains("a packet of 5 bytes in a block of 36"));
    assert!(whole(&|ng| packet(ng, 1 << 30)).contains("is the most"));
    assert!(
        whole(&|ng| {
            ng.out.u32(6).u32(8).u32(8);
        })
        .contains("a block of 8 bytes")
    );
    assert!(
        whole(&|ng| {
            ng.out.u32(0x99).u32(16).u32(0).u32(20);
        })
        .contains("says 20 at its end")
    );
    assert!(
        whole(&|ng| {
            ng.block(6, |b| {
                b.u32(0);
            });
        })
        .contains("too short")
    );
    assert!(
        whole(&|ng| {
            ng.out.u32(6).u32(0x7fff_fffc).raw(&[0; 40]);
        })
        .contains("is the most")
    );
    assert!(
        whole(&|ng| {
            ng.out.u32(0x0a0d_0d0a).u32(28).raw(&[0; 20]);
        })
        .contains("byte order magic")
    );
}

#[test]
fn captures_without_packets() {
    assert_eq!(read_bytes(Pcap::new(Order::Little, MICRO, 1).bytes()), []);
    assert_eq!(read_bytes(PcapNg::new(Order::Little).bytes()), []);
    assert_eq!(read_bytes(PcapNg::new(Order::Big).interface(ETHERNET, 0, &[]).bytes()), []);
}

#[test]
fn what_is_no_capture_is_named() {
    assert!(matches!(open_error(b""), OpenError::Empty { .. }));
    assert!(open_error(b"GET / HTTP/1.1\r\n\r\n").to_string().contains("begins with 47 45 54"));
    assert!(open_error(b"ab").to_string().contains("begins with 61 62"));
    assert!(open_error(b"BZh91AY&SY").to_string().contains("bzip2"));
    assert!(open_error(b"\x0a\x0d\x0d\x0atext, by chance").to_string().contains("byte order magic"));
    assert!(open_error(&gzip(b"plain text")).to_string().contains("neither pcap nor pcapng"));
    assert!(open_error(&gzip(b"")).to_string().contains("empty"));
    assert!(open_error(&gzip(&gzip(b"x"))).to_string().contains("compressed twice"));
}

#[test]
fn what_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path| file::open(path, FileOptions::default()).map(|_| ()).unwrap_err();
    assert!(matches!(open(folder.path()), OpenError::Directory { .. }));
    let missing = open(&folder.path().join("missing.pcap"));
    let OpenError::Read { error, .. } = &missing else { panic!("{missing:?}") };
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert!(missing.to_string().contains("missing.pcap"));
}
