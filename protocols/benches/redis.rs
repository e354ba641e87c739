//! What a command and its answer cost: `cargo bench -p nightjar-protocols -- redis::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::redis::{Command, Handler, Limits, Reply, Session};

struct Count(usize);

impl Handler for Count {
    fn command(&mut self, command: &Command) {
        self.0 += command.words.len();
    }

    fn reply(&mut self, reply: &Reply) {
        self.0 += reply.text.len();
    }

    fn violation(&mut self, _: &'static str) {}
}

#[divan::bench]
fn set(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.data(true, black_box(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n"), &mut count);
        session.data(false, black_box(b"+OK\r\n"), &mut count);
        count.0
    });
}
