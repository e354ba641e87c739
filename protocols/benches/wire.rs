//! What headers and checksums cost per packet: `cargo bench -p nightjar-protocols -- wire::`.

use std::hint::black_box;
use std::net::IpAddr;

use divan::Bencher;
use divan::counter::BytesCount;
use nightjar_protocols::wire::{checksum, ethernet, ipv4, ipv6, teredo};

fn seed(name: &str) -> Vec<u8> {
    let path = format!("{}/fuzz/corpus/wire/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[divan::bench]
fn ethernet_and_ipv4(bencher: Bencher) {
    let frame = seed("ethernet_ipv4");
    bencher.bench_local(|| {
        let ethernet = ethernet::parse(black_box(&frame)).ok()?;
        let header = ipv4::Header::read(ethernet.payload)?;
        checksum::verify(ethernet.payload.get(..header.header_len.into())?).then_some(header)
    });
}

#[divan::bench]
fn ipv6_with_extensions(bencher: Bencher) {
    let packet = seed("ipv6_chain");
    bencher.bench_local(|| ipv6::Header::read(black_box(&packet), &mut |_| {}));
}

#[divan::bench]
fn teredo_packet(bencher: Bencher) {
    let packet = seed("teredo");
    bencher.bench_local(|| teredo::parse(black_box(&packet)).is_ok());
}

#[divan::bench(args = [40, 576, 1500, 65_535])]
fn transport_checksum(bencher: Bencher, len: usize) {
    let data = vec![0x5a; len];
    let (src, dst) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| checksum::verify_transport(src, dst, 6, black_box(&data)));
}
