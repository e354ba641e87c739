use super::fuzz::trace;
use super::objects::{ObjectHeader, header};
use super::*;

/// A frame from 1 to 10, with checksums.
fn frame(control: u8, carried: &[u8]) -> Vec<u8> {
    let mut bytes = vec![5, 0x64, (carried.len() + COUNTED) as u8, control, 10, 0, 1, 0];
    bytes.extend(checksum(&bytes));
    for block in carried.chunks(BLOCK) {
        bytes.extend(block);
        bytes.extend(checksum(block));
    }
    bytes
}

/// A request in one frame: READ of class 0.
fn request() -> Vec<u8> {
    frame(0xc4, &[0xc0, 0xc3, 1, 60, 1, 6])
}

#[test]
fn checksums_are_those_of_the_standard() {
    // A reset of the link, as IEEE 1815 has it in examples.
    assert_eq!(checksum(&[5, 0x64, 5, 0xc0, 1, 0, 0, 4]), [0xe9, 0x21]);
}

#[test]
fn a_message_of_one_frame_is_read() {
    assert_eq!(trace(true, &[&request()]), ["confirmed", "1 > 10 Ok((1, 3))"]);
    let answer = frame(0x44, &[0xc0, 0xc3, 0x81, 0x90, 0]);
    assert_eq!(trace(false, &[&answer]), ["confirmed", "1 > 10 Ok((129, 0))"]);
    let (header, _) = Application::read(false, &[0xc3, 0x81, 0x90, 0]).unwrap();
    assert_eq!(header.indications, Some(0x9000));
}

#[test]
fn a_message_is_put_together_from_frames() {
    let first = frame(0xc4, &[&[0x40, 0xc3, 2][..], &[7; 40]].concat());
    let last = frame(0xc4, &[&[0x81][..], &[8; 10]].concat());
    let stream = [first, last].concat();
    assert_eq!(trace(true, &[&stream]), ["confirmed", "confirmed", "1 > 10 Ok((2, 50))"]);
    for at in 0..stream.len() {
        assert_eq!(trace(true, &[&stream[..at], &stream[at..]]).len(), 3, "{at}");
    }
}

#[test]
fn what_is_odd_is_told_in_zeeks_words() {
    let mut sum = request();
    sum[8] ^= 1;
    assert_eq!(trace(true, &[&sum]), ["dnp3_corrupt_header_checksum", "!broken_checksum"]);
    let mut chunk = request();
    *chunk.last_mut().unwrap() ^= 1;
    assert_eq!(trace(true, &[&chunk]), ["confirmed", "dnp3_corrupt_app_chunk_checksum"]);
    assert_eq!(trace(true, &[&[1; 20]]), ["dnp3_header_lacks_magic"]);
    let other = trace(false, &[&frame(0xc4, &[0xc0, 0xc3, 0x81, 0, 0])]);
    assert_eq!(other[..2], ["confirmed", "dnp3_unexpected_flow_direction"]);
    let middle = trace(true, &[&frame(0xc4, &[0x81, 1, 2])]);
    assert_eq!(middle, ["confirmed", "dnp3_first_application_layer_chunk_missing"]);
    assert_eq!(trace(true, &[&frame(0xc0, &[])]), [""; 0], "less than a header waits for more");
    let link_only = [frame(0xc0, &[]), vec![0]].concat();
    assert_eq!(trace(true, &[&link_only]), ["confirmed"]);
    let short = trace(true, &[&frame(0xc4, &[0xc0, 0xc3])]);
    let wrong = "Binpac exception: binpac exception: out_of_bound: DNP3_Application_Request_Header: 2 > 1";
    assert_eq!(short[1], format!("1 > 10 Err({wrong:?})"));
}

#[test]
fn a_message_without_an_end_is_not_kept_whole() {
    let piece = frame(0xc4, &[&[0x40][..], &[7; 200]].concat());
    let trace = trace(true, &[&piece; 50].map(|piece| &piece[..]));
    assert_eq!(trace.len(), 50);
}

#[test]
fn headers_of_objects_are_read() {
    let read = |bytes| header(bytes).map(|(header, rest)| (header, rest.len()));
    let object = |kind, qualifier, number, low, high| ObjectHeader { kind, qualifier, number, low, high };
    assert_eq!(read(&[60, 1, 6, 9]), Some((object(0x3c01, 6, 0, 0xffff, 0xffff), 1)));
    assert_eq!(read(&[1, 2, 0, 3, 7]), Some((object(0x0102, 0, 5, 3, 7), 0)));
    assert_eq!(read(&[1, 2, 1, 3, 0, 7, 1]), Some((object(0x0102, 1, 261, 3, 263), 0)));
    assert_eq!(read(&[12, 1, 0x28, 2, 0, 1]), Some((object(0x0c01, 0x28, 2, 2, 0), 1)));
    assert_eq!(read(&[12, 1, 0x17, 2]), Some((object(0x0c01, 0x17, 2, 2, 0), 0)));
    assert_eq!(read(&[1, 2, 2, 3]), None);
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    let stream = [request(), frame(0xc0, &[]), request()].concat();
    for at in 0..stream.len() {
        for value in [0, 4, 5, 6, 0x64, 0xff] {
            let mut stream = stream.clone();
            stream[at] = value;
            fuzz::check(&stream);
            fuzz::check(&stream[..at]);
        }
    }
}
