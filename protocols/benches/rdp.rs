//! What a client's request costs: `cargo bench -p nightjar-protocols -- rdp::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::rdp::{Channel, ClientCluster, ClientCore, ClientSecurity, Handler, Session};

struct Count(usize);

impl Handler for Count {
    fn connect_request(&mut self, cookie: &[u8]) {
        self.0 += cookie.len();
    }

    fn negotiation_response(&mut self, _: u32) {}
    fn negotiation_failure(&mut self, _: u32) {}
    fn client_core(&mut self, _: &ClientCore<'_>) {}
    fn client_security(&mut self, _: ClientSecurity) {}
    fn client_network(&mut self, _: &[Channel<'_>]) {}
    fn client_cluster(&mut self, _: ClientCluster) {}
    fn server_response(&mut self, _: u8) {}
    fn certificate(&mut self, _: &[u8]) {}
    fn server_certificate(&mut self, _: u32, _: bool) {}
    fn encrypted(&mut self, _: u32) {}
    fn server_security(&mut self, _: u32, _: u32) {}
    fn native(&mut self, _: bool, _: usize) {}

    fn inside(&mut self, _: bool, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    fn violation(&mut self, _: &str) {}
}

#[divan::bench]
fn request(bencher: Bencher) {
    let request = b"\x03\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=ev\r\n\x01\0\x08\0\x03\0\0\0";
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::default(), Count(0));
        session.data(true, black_box(request), &mut count);
        session.data(false, black_box(b"\x03\0\0\x13\x0e\xd0\0\0\0\0\0\x02\0\x08\0\x02\0\0\0"), &mut count);
        session.data(true, black_box(b"\x16\x03\x01"), &mut count);
        count.0
    });
}
