//! What a query and its result cost: `cargo bench -p nightjar-protocols -- mysql::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::mysql::{Handler, Limits, Row, Session};

struct Count(usize);

impl Handler for Count {
    fn server_version(&mut self, _: &[u8]) {}
    fn auth_plugin(&mut self, _: bool, _: &[u8], _: &[u8]) {}
    fn auth_switch(&mut self, _: &[u8], _: &[u8]) {}
    fn auth_more_data(&mut self, _: bool, _: &[u8]) {}
    fn confirmed(&mut self) {}
    fn login(&mut self, _: &[u8]) {}
    fn tls(&mut self) {}
    fn tls_data(&mut self, _: bool, _: &[u8]) {}

    fn command(&mut self, _: u8, arg: &[u8]) {
        self.0 += arg.len();
    }

    fn change_user(&mut self, _: &[u8]) {}
    fn error(&mut self, _: u16, _: &[u8]) {}

    fn ok(&mut self, rows: u32) {
        self.0 += rows as usize;
    }

    fn eof(&mut self, _: bool) {}
    fn row(&mut self, _: &Row<'_>) {}
    fn cut(&mut self) {}
    fn violation(&mut self, _: &str) {}
}

#[divan::bench]
fn query(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.data(false, b"\x05\0\0\x01\0\0\0\0\0", &mut count);
        session.data(true, black_box(b"\x09\0\0\0\x03select 1"), &mut count);
        session.data(false, black_box(b"\x07\0\0\x01\0\x01\0\x02\0\0\0"), &mut count);
        count.0
    });
}
