//! What a file's beginning costs: `cargo bench -p nightjar-protocols -- pe::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::pe::{DosHeader, FileHeader, Handler, OptionalHeader, Reader, SectionHeader};

struct Count(usize);

impl Handler for Count {
    fn dos_header(&mut self, _: &DosHeader<'_>) {
        self.0 += 1;
    }

    fn dos_code(&mut self, _: &[u8]) {}
    fn file_header(&mut self, _: &FileHeader) {}
    fn optional_header(&mut self, _: &OptionalHeader<'_>) {}
    fn section(&mut self, _: &SectionHeader<'_>) {}
}

#[divan::bench]
fn dos_header(bencher: Bencher) {
    let file = [&b"MZ"[..], &[0; 200]].concat();
    bencher.bench_local(|| {
        let (mut reader, mut count) = (Reader::default(), Count(0));
        reader.data(black_box(&file), &mut count);
        count.0
    });
}
