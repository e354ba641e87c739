//! dnp3.log and its events, end to end.

use crate::build::{Capture, Client, Server, host, printed};
use crate::replay::golden;

fn checksum(block: &[u8]) -> [u8; 2] {
    let step = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
    (!block.iter().fold(0, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), step))).to_le_bytes()
}

/// A frame with checksums.
fn frame(control: u8, carried: &[u8]) -> Vec<u8> {
    let mut bytes = vec![5, 0x64, carried.len() as u8 + 5, control, 10, 0, 1, 0];
    bytes.extend(checksum(&bytes));
    for block in carried.chunks(16) {
        bytes.extend(block);
        bytes.extend(checksum(block));
    }
    bytes
}

fn session() -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 20_000);
    talk.send_in(Client, 7, &frame(0xc4, &[0xc0, 0xc3, 1, 60, 1, 6]))
        .send_in(Server, 9, &frame(0x44, &[0xc0, 0xc3, 0x81, 0x90, 0, 1, 2, 0, 3, 7]))
        .send(Client, &frame(0xc4, &[0xc0, 0xc4, 13]))
        .close();
    capture
}

#[test]
fn dnp3_gives_its_golden_logs() {
    let mut capture = session();
    capture
        .udp(100, host(1, 40_000), host(2, 20_000), &frame(0xc4, &[0xc0, 0xc3, 2]))
        .udp(120, host(2, 20_000), host(1, 40_000), &frame(0x44, &[0xc0, 0xc3, 0x81, 0, 0]))
        .udp(140, host(1, 40_001), host(2, 20_000), b"something else");
    golden::check("dnp3", &capture);
}

#[test]
fn scripts_see_headers() {
    let script = "event dnp3_header_block(c: connection, is_orig: bool, len: count, ctrl: count, dest_addr: count, src_addr: count)
        { print is_orig, len, ctrl, dest_addr, src_addr; }
    event dnp3_application_response_header(c: connection, is_orig: bool, application_control: count, fc: count, iin: count)
        { print DNP3::function_codes[fc], iin, c$dnp3$fc_request; }
    event dnp3_object_header(c: connection, is_orig: bool, obj_type: count, qua_field: count, number: count, rf_low: count, rf_high: count)
        { print fmt(\"%04x\", obj_type), qua_field, number, rf_low, rf_high; }";
    let expected = "T, 11, 196, 10, 1\n3c01, 6, 0, 65535, 65535\nF, 15, 68, 10, 1\nRESPONSE, 36864, READ\n\
                    0102, 0, 5, 3, 7\nT, 8, 196, 10, 1\n";
    assert_eq!(printed(&session(), &[], script)[0], expected);
}
