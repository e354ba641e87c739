//! How long naming a file takes, by kind of file: `cargo bench -p nightjar-protocols -- magic::`.

use divan::{Bencher, black_box};
use nightjar_protocols::magic::{SNIFF_LEN, detect};

/// A full sniffing buffer that begins with `start` and goes on with `unit`.
fn file(start: &[u8], unit: &[u8]) -> Vec<u8> {
    start.iter().chain(unit.iter().cycle()).copied().take(SNIFF_LEN).collect()
}

const TEXT: &[u8] = b"function Page(x) { return x * 2; } // Put it there\n";

fn bench(bencher: Bencher, data: Vec<u8>) {
    bencher.bench_local(|| detect(black_box(&data)));
}

#[divan::bench]
fn html(bencher: Bencher) {
    bench(bencher, file(b"<!DOCTYPE html>\n<html><head>", b"<p class=\"x\">Some text</p>\n"));
}

#[divan::bench]
fn xhtml(bencher: Bencher) {
    bench(bencher, file(b"<?xml version=\"1.0\"?>\n<!DOCTYPE html>", b"<p class=\"x\">Some text</p>\n"));
}

#[divan::bench]
fn svg(bencher: Bencher) {
    bench(bencher, file(b"<?xml version=\"1.0\"?>\n<svg>", b"<path d=\"M1 1L2 2\"/>\n"));
}

#[divan::bench]
fn json(bencher: Bencher) {
    bench(bencher, file(b"{\"items\": [", b"{\"id\": 1, \"name\": \"Paul\"},"));
}

#[divan::bench]
fn plain_text(bencher: Bencher) {
    bench(bencher, file(b"", TEXT));
}

#[divan::bench]
fn short_text(bencher: Bencher) {
    bench(bencher, TEXT.to_vec());
}

#[divan::bench]
fn png(bencher: Bencher) {
    bench(bencher, file(b"\x89PNG\r\n\x1a\n", &[0x3c, 0x81, 0x50, 0, 7]));
}

#[divan::bench]
fn unknown_binary(bencher: Bencher) {
    bench(bencher, file(b"\x01\xf1", &[0x3c, 0x81, 0x50, 0, 7]));
}
