//! What a message costs: `cargo bench -p nightjar-protocols -- ldap::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::ldap::{Handler, Limits, Message, Session};

struct Count(usize);

impl Handler for Count {
    fn message(&mut self, _: bool, message: &Message<'_>) {
        self.0 += message.object.len();
    }

    fn violation(&mut self, _: &str, _: &[u8]) {}
}

#[divan::bench]
fn bind(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.data(
            true,
            black_box(b"\x30\x12\x02\x01\x01\x60\x0d\x02\x01\x03\x04\x04cn=a\x80\x02pw"),
            &mut count,
        );
        count.0
    });
}
