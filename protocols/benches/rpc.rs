//! What a call and its reply cost: `cargo bench -p nightjar-protocols -- rpc::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::rpc::{Call, Handler, Limits, Program, Session, Status, Xdr};

struct Count(u64);

impl Handler for Count {
    fn call(&mut self, call: &Call) {
        self.0 += call.len;
    }

    fn reply(&mut self, _: u32, _: Status, _: u64) {}

    fn done(&mut self, _: &Call, _: Status, result: &mut Xdr<'_>, _: u64) -> bool {
        self.0 += u64::from(result.u32());
        true
    }

    fn dialogue(&mut self, _: &Call, _: Status, _: u64) {}
    fn weird(&mut self, _: &'static str, _: Option<String>) {}
}

#[divan::bench]
fn getport(bencher: Bencher) {
    let call: Vec<u8> = [5_u32, 0, 2, 100_000, 2, 3, 0, 0, 0, 0, 100_003, 3, 6, 0]
        .iter()
        .flat_map(|word| word.to_be_bytes())
        .collect();
    let reply: Vec<u8> = [5_u32, 1, 0, 0, 0, 0, 2049].iter().flat_map(|word| word.to_be_bytes()).collect();
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Program::Portmap, Limits::default()), Count(0));
        session.message(true, black_box(&call), 0, &mut count);
        session.message(false, black_box(&reply), 0, &mut count);
        count.0
    });
}
