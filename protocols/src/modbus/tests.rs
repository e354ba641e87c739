use super::fuzz::trace;
use super::*;

fn message(function: u8, body: &[u8]) -> Vec<u8> {
    let len = body.len() as u16 + 2;
    [&[0, 7, 0, 0][..], &len.to_be_bytes(), &[1, function], body].concat()
}

fn bodies(is_orig: bool, bytes: &[u8]) -> Vec<String> {
    let all = trace(is_orig, &[bytes]);
    all.into_iter().filter(|trace| !trace.contains(" Header {") && trace != "complete").collect()
}

#[test]
fn requests_and_answers_are_read() {
    for (is_orig, function, body, expected) in [
        (true, 3, &[0, 9, 0, 2][..], "Range { start: 9, quantity: 2 }"),
        (false, 3, &[4, 0, 1, 0, 2], "Registers(4, Registers([0, 1, 0, 2]))"),
        (false, 1, &[1, 5], "Coils([5])"),
        (true, 5, &[0, 1, 0xff, 0], "Single { address: 1, value: 65280 }"),
        (true, 15, &[0, 1, 0, 3, 1, 5], "WriteCoils { start: 1, quantity: 3, coils: [5] }"),
        (
            true,
            16,
            &[0, 1, 0, 1, 2, 0, 9],
            "WriteRegisters { start: 1, bytes: 2, registers: Registers([0, 9]) }",
        ),
        (true, 22, &[0, 4, 0, 0xf2, 0, 0x25], "Mask { address: 4, and_mask: 242, or_mask: 37 }"),
        (true, 24, &[4, 0xde], "Fifo(1246)"),
        (false, 24, &[0, 4, 0, 1, 1, 2], "Registers(0, Registers([1, 2]))"),
        (true, 8, &[0, 0, 9], "Within(0, [9])"),
        (true, 43, &[14, 1, 0], "Within(14, [1, 0])"),
        (false, 0x83, &[2], "Exception(2)"),
        (false, 0xab, &[1], "Exception(1)"),
        (true, 20, &[7, 6, 0, 4, 0, 1, 0, 2], "Files(7, Asked([6, 0, 4, 0, 1, 0, 2]))"),
    ] {
        assert_eq!(bodies(is_orig, &message(function, body)), [expected], "{function}");
    }
    assert_eq!(trace(true, &[&message(0x41, b"own")]).len(), 2, "a function of one's own has no body");
}

#[test]
fn records_of_files_are_read() {
    let bytes = [6, 0, 4, 0, 7, 0, 1, 0xaa, 0xbb];
    let record = FileRecords::Written(&bytes).iter().next().unwrap();
    assert_eq!((record.file, record.record, record.len, record.data), (4, 7, 1, &[0xaa, 0xbb][..]));
    let bytes = [3, 6, 1, 2, 3, 6, 3, 4];
    let data: Vec<_> = FileRecords::Read(&bytes).iter().map(|record| record.data).collect();
    assert_eq!(data, [[1, 2], [3, 4]]);
}

#[test]
fn what_is_broken_is_told_in_zeeks_words() {
    let pid = [&[0, 7, 0, 1][..], &message(3, &[0, 0, 0, 1])[4..]].concat();
    for (is_orig, bytes, wrong) in [
        (true, pid, "Binpac exception: binpac exception: &enforce violation : ModbusTCP_TransportHeader:pid"),
        (
            true,
            message(1, &[0, 0]),
            "Binpac exception: binpac exception: out_of_bound: ReadCoilsRequest:quantity: 4 > 2",
        ),
    ] {
        assert_eq!(bodies(is_orig, &bytes), [format!("!{wrong}")]);
    }
    assert_eq!(
        trace(true, &[&[0, 7, 0, 0, 0, 1, 1, 3]]),
        [""; 0],
        "of a length that cannot be nothing is told"
    );
    let odd = Body::Registers(3, Registers(&[0, 1, 0])).is_wrong(3);
    assert_eq!(odd.as_deref(), Some("invalid value for modbus read holding register response byte count 3"));
}

#[test]
fn a_stream_is_read_however_it_is_cut() {
    let stream = [message(3, &[0, 9, 0, 2]), message(5, &[0, 1, 0xff, 0]), message(0x41, b"own")].concat();
    let whole = trace(true, &[&stream]);
    assert_eq!(whole.len(), 8);
    for at in 0..=stream.len() {
        assert_eq!(trace(true, &[&stream[..at], &stream[at..]]), whole, "{at}");
    }
    assert_eq!(trace(true, &stream.chunks(1).collect::<Vec<_>>()), whole);
}

#[test]
fn a_header_is_told_before_its_message_is_whole() {
    let message = message(16, &[0, 1, 0, 2, 4, 0, 9, 0, 9]);
    assert_eq!(trace(true, &[&message[..7]]).len(), 0);
    assert_eq!(trace(true, &[&message[..8]]).len(), 1);
    assert_eq!(trace(true, &[&message[..12]]).len(), 1);
}

#[test]
fn what_follows_a_gap_begins_a_message() {
    let (mut session, first) = (Session::default(), message(3, &[0, 9, 0, 2]));
    struct Count(usize);
    impl Handler for Count {
        fn header(&mut self, _: bool, _: &Header) {}
        fn body(&mut self, _: bool, _: &Header, _: &Body<'_>) {}
        fn complete(&mut self) {
            self.0 += 1;
        }
        fn violation(&mut self, reason: &str) {
            panic!("{reason}");
        }
    }
    let mut count = Count(0);
    session.data(true, &first[..9], &mut count);
    session.gap(true);
    // Where it begins is a guess, so that what is wrong is not told: it ends with the segment that shows it.
    session.data(true, &first[5..], &mut count);
    session.data(true, &first, &mut count);
    session.data(true, &first, &mut count);
    assert_eq!(count.0, 1);
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    for function in [1, 3, 5, 15, 16, 20, 21, 22, 23, 24, 43, 0x83, 0xab] {
        let bytes = message(function, &[7, 6, 0, 4, 0, 1, 0, 2, 0, 9, 9, 9]);
        for at in 0..bytes.len() {
            for value in [0, 1, 2, 7, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                fuzz::check(&bytes);
                fuzz::check(&bytes[..at]);
            }
        }
    }
}
