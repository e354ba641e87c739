//! The capture filter and the file that packets are written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nightjar::capture::file::{self, CaptureError, FileOptions, OpenError, ReadSummary};

use super::{Got, read, read_bytes, read_with};
use crate::build::formats::{ETHERNET, MICRO, NANO, Order, Pcap, PcapNg, RAW, file, large, raw_udp, udp};

fn filtered(bytes: &[u8], filter: &str) -> (Vec<Got>, ReadSummary) {
    let options = FileOptions { filter: Some(filter.to_owned()), workers: 2, ..FileOptions::default() };
    read_with(file(bytes).path(), options)
}

fn writing(path: impl Into<PathBuf>) -> FileOptions {
    FileOptions { write: Some(path.into()), ..FileOptions::default() }
}

/// How many packets tcpdump finds.
fn tcpdump_count(path: &Path) -> usize {
    let output = Command::new("tcpdump").args(["--count", "-nr"]).arg(path).output();
    let output = output.expect("tcpdump is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn only_what_the_filter_accepts_is_delivered_and_numbered() {
    let mut pcap = Pcap::new(Order::Little, MICRO, ETHERNET.into());
    for port in [53, 80, 53, 443, 5353] {
        pcap.packet((1, 0), &udp(1_000, port, b"payload"));
    }
    let (packets, summary) = filtered(pcap.bytes(), "udp port 53");
    summary.end.unwrap();
    // Numbers follow the packets delivered: the helper checks 1, 2.
    assert_eq!(packets.len(), 2);
    assert_eq!((summary.counts.packets, summary.counts.filtered_out), (2, 3));
    assert_eq!(filtered(pcap.bytes(), "").0.len(), 5);
}

#[test]
fn the_filter_is_compiled_for_every_link_type() {
    let mut ng = PcapNg::new(Order::Little);
    ng.interface(ETHERNET, 0, &[]).interface(RAW, 0, &[]);
    for port in [53, 80] {
        ng.enhanced(0, 1, 60, &udp(9, port, b"x")).enhanced(1, 2, 60, &raw_udp(9, port, b"x"));
    }
    let links: Vec<_> = filtered(ng.bytes(), "dst port 53").0.iter().map(|packet| packet.2).collect();
    assert_eq!(links, [ETHERNET, RAW]);

    let (packets, summary) = filtered(ng.bytes(), "ether src 02:00:00:00:00:02");
    assert_eq!(packets, []);
    assert!(matches!(summary.end, Err(CaptureError::Filter { .. })), "{:?}", summary.end);
}

#[test]
fn the_length_of_a_cut_packet_is_the_one_on_the_wire() {
    let mut pcap = Pcap::with(Order::Little, MICRO, (2, 4), 64, ETHERNET.into());
    let frame = udp(9, 53, &[0; 100]);
    pcap.record((1, 0), 40, 1_400, &frame[..40]).record((2, 0), 40, 90, &frame[..40]);
    assert_eq!(filtered(pcap.bytes(), "greater 1000").0.len(), 1);
    assert_eq!(filtered(pcap.bytes(), "udp and less 1000").0.len(), 1);
    assert_eq!(filtered(pcap.bytes(), "port 53").0.len(), 2);
}

#[test]
fn a_filter_that_does_not_compile_is_told_in_libpcaps_words() {
    let capture = file(Pcap::new(Order::Little, MICRO, 1).bytes());
    let options = FileOptions { filter: Some("tcp prot 80".to_owned()), ..FileOptions::default() };
    let error = file::open(capture.path(), options).map(|_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Filter { .. }));
    assert!(
        error.to_string().contains("tcp prot 80") && error.to_string().contains("syntax error"),
        "{error}"
    );
}

#[test]
fn what_is_written_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcap");
    let capture = file(large(1_500).bytes());
    let (packets, summary) = read_with(capture.path(), writing(&path));
    summary.end.unwrap();
    let (again, summary) = read(&path);
    summary.end.unwrap();
    assert!(again == packets);
    assert_eq!(fs::read(&path).unwrap()[..4], MICRO.to_le_bytes());
    assert_eq!(tcpdump_count(&path), 1_500);
}

#[test]
fn only_what_passes_the_filter_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcap");
    let mut pcap = Pcap::new(Order::Big, NANO, ETHERNET.into());
    pcap.packet((1, 123_456_789), &udp(1, 53, b"x")).packet((2, 0), &udp(1, 80, b"x"));
    let options = FileOptions { filter: Some("port 53".to_owned()), ..writing(&path) };
    read_with(file(pcap.bytes()).path(), options).1.end.unwrap();
    let written = fs::read(&path).unwrap();
    // Nanoseconds stay, though what is delivered has microseconds.
    assert_eq!(written[..4], NANO.to_le_bytes());
    assert_eq!(written[28..32], 123_456_789_u32.to_le_bytes());
    assert_eq!(tcpdump_count(&path), 1);
}

#[test]
fn a_capture_without_packets_is_written_without_packets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcap");
    for bytes in [Pcap::new(Order::Little, MICRO, 101).bytes(), PcapNg::new(Order::Little).bytes()] {
        read_with(file(bytes).path(), writing(&path)).1.end.unwrap();
        assert_eq!(tcpdump_count(&path), 0);
        assert_eq!(read_bytes(&fs::read(&path).unwrap()), []);
    }
}

#[test]
fn packets_of_another_link_type_are_not_written_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcap");
    let mut ng = PcapNg::new(Order::Little);
    ng.interface(ETHERNET, 0, &[]).interface(RAW, 0, &[]);
    ng.enhanced(0, 1, 60, &udp(9, 53, b"x")).enhanced(1, 2, 60, &raw_udp(9, 53, b"x"));
    let (packets, summary) = read_with(file(ng.bytes()).path(), writing(&path));
    summary.end.unwrap();
    assert_eq!((packets.len(), summary.counts.not_written), (2, 1));
    assert_eq!(tcpdump_count(&path), 1);
}

#[test]
fn an_output_that_fails_is_its_own_error() {
    let capture = file(large(1_500).bytes());
    let open = |path: PathBuf| file::open(capture.path(), writing(path)).map(|_| ()).unwrap_err();
    let no_folder = open("/nonexistent/out.pcap".into());
    assert!(matches!(no_folder, OpenError::Write { .. }), "{no_folder}");

    let itself = open(capture.path().to_owned());
    assert!(itself.to_string().contains("it is the capture being read"), "{itself}");
    assert_eq!(read(capture.path()).0.len(), 1_500);

    // The disk is full from the first byte on; it may be noticed before or after the start.
    match file::open(capture.path(), writing("/dev/full")) {
        Err(OpenError::Write { .. }) => {}
        Err(error) => panic!("{error}"),
        Ok(mut replay) => {
            super::drain(&mut replay.readers[0]);
            let end = replay.join().end;
            assert!(matches!(end, Err(CaptureError::Write { .. })), "{end:?}");
        }
    }
    // A capture that cannot be read must not cost an existing file.
    let precious = file(b"precious");
    assert!(file::open(file(b"rubbish").path(), writing(precious.path())).is_err());
    assert_eq!(fs::read(precious.path()).unwrap(), b"precious");
}
