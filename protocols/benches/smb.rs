//! What a file that is read over SMB 2 costs: `cargo bench -p nightjar-protocols -- smb::`.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::BytesCount;
use nightjar_protocols::smb::{Discarded, Handler, Limits, Pipe, Place, Session, Transform, v1, v2};

#[derive(Default)]
struct Count(usize);

impl Handler for Count {
    fn v1_header(&mut self, _: bool, _: &v1::Header) {}

    fn v1(&mut self, _: bool, _: &v1::Header, _: &v1::Body<'_>, _: Place) {}

    fn v2_header(&mut self, _: bool, _: &v2::Header<'_>) {}

    fn v2(&mut self, _: bool, _: &v2::Header<'_>, body: &v2::Body<'_>, _: Place) {
        if let v2::Body::ReadResponse { data } = body {
            self.0 += data.len();
        }
    }

    fn encrypted(&mut self, _: &Transform<'_>) {}

    fn pipe(&mut self, _: bool, _: Pipe, _: &[u8]) {}

    fn security(&mut self, _: bool, _: &[u8]) {}

    fn pipe_found(&mut self) {}

    fn is_name_of_pipe(&self, _: &[u8]) -> bool {
        false
    }

    fn discarded(&mut self, _: Discarded) {}

    fn confirmed(&mut self) {}

    fn violation(&mut self, _: &str) {}
}

/// A frame with a message: its command, its number, and what follows the header.
fn frame(command: u16, id: u64, body: &[u8]) -> Vec<u8> {
    let mut message = b"\xfeSMB\x40\0\x01\0\0\0\0\0".to_vec();
    message.extend(command.to_le_bytes());
    message.extend([0; 10]);
    message.extend(id.to_le_bytes());
    message.resize(64, 0);
    message.extend(body);
    [&(message.len() as u32).to_be_bytes()[..], &message].concat()
}

#[divan::bench]
fn read(bencher: Bencher) {
    const LEN: usize = 64 << 10;
    let request = frame(8, 1, &[&[49, 0, 0, 0][..], &(LEN as u32).to_le_bytes(), &[0; 40]].concat());
    let head = [&[17, 0, 80, 0][..], &(LEN as u32).to_le_bytes(), &[0; 8]].concat();
    let answer = frame(8, 1, &[head, vec![7; LEN]].concat());
    bencher.counter(BytesCount::new(answer.len())).bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count::default());
        session.data(true, black_box(&request), &mut count);
        for piece in black_box(&answer).chunks(1448) {
            session.data(false, piece, &mut count);
        }
        assert_eq!(count.0, LEN);
        count.0
    });
}
