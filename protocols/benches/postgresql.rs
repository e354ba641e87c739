//! What a query and its result cost: `cargo bench -p nightjar-protocols -- postgresql::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::postgresql::{Handler, Limits, Session};

struct Count(usize);

impl Handler for Count {
    fn confirmed(&mut self) {}
    fn ssl_request(&mut self) {}
    fn ssl_reply(&mut self, _: u8) {}
    fn tls_data(&mut self, _: bool, _: &[u8]) {}
    fn startup_parameter(&mut self, _: &[u8], _: &[u8]) {}
    fn startup(&mut self, _: u16, _: u16) {}
    fn authentication_request(&mut self, _: u32, _: &[u8]) {}
    fn authentication_ok(&mut self) {}
    fn authentication_response(&mut self, _: &[u8]) {}

    fn simple_query(&mut self, query: &[u8]) {
        self.0 += query.len();
    }

    fn terminate(&mut self) {}
    fn field(&mut self, _: bool, _: u8, _: &[u8]) {}
    fn report(&mut self, _: bool) {}

    fn data_row(&mut self, columns: u16) {
        self.0 += usize::from(columns);
    }

    fn ready(&mut self, _: u8) {}
    fn parameter_status(&mut self, _: &[u8], _: &[u8]) {}
    fn backend_key(&mut self, _: u32, _: u32) {}
    fn other(&mut self, _: bool, _: u8, _: &[u8]) {}
    fn cut(&mut self) {}
    fn violation(&mut self, _: &str) {}
}

#[divan::bench]
fn query(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.data(true, b"\0\0\0\x09\0\x03\0\0\0", &mut count);
        session.data(true, black_box(b"Q\0\0\0\x0dselect 1\0"), &mut count);
        session.data(false, black_box(b"D\0\0\0\x0b\0\x01\0\0\0\x01xZ\0\0\0\x05I"), &mut count);
        count.0
    });
}
