//! What a pointer's movement costs: `cargo bench -p nightjar-protocols -- rfb::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::rfb::{Handler, Session};

struct Count(usize);

impl Handler for Count {
    fn version(&mut self, _: bool, _: &[u8], _: &[u8]) {
        self.0 += 1;
    }

    fn authentication(&mut self, _: u32) {}
    fn result(&mut self, _: u32) {}
    fn share(&mut self, _: bool) {}
    fn desktop(&mut self, _: &[u8], _: u16, _: u16) {}
    fn violation(&mut self, _: &str) {}
}

#[divan::bench]
fn versions(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::default(), Count(0));
        session.data(false, black_box(b"RFB 003.008\n"), &mut count);
        session.data(true, black_box(b"RFB 003.008\n"), &mut count);
        count.0
    });
}
