//! What a message costs: `cargo bench -p nightjar-protocols -- mqtt::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::mqtt::{Ack, Connect, Handler, Limits, Publish, Session, Topics};

struct Count(u64);

impl Handler for Count {
    fn connect(&mut self, _: &Connect<'_>) {}
    fn connack(&mut self, _: u8, _: bool) {}

    fn publish(&mut self, _: bool, publish: &Publish<'_>) {
        self.0 += publish.payload_len;
    }

    fn ack(&mut self, _: bool, _: Ack, _: u16) {}
    fn subscribe(&mut self, _: u16, _: &Topics<'_>) {}
    fn suback(&mut self, _: u16, _: u8) {}
    fn unsubscribe(&mut self, _: u16, _: &Topics<'_>) {}
    fn pingreq(&mut self) {}
    fn pingresp(&mut self) {}
    fn disconnect(&mut self) {}
    fn cut(&mut self) {}
    fn violation(&mut self, _: &str) {}
}

#[divan::bench]
fn publish(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.data(true, black_box(b"\x30\x13\x00\x09a/b/c/d/ehello/!!"), &mut count);
        count.0
    });
}
