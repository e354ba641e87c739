//! snmp.log and its events, end to end.

use crate::build::{Capture, host, printed};
use crate::replay::golden;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, content.len() as u8][..], content].concat()
}

fn binding(oid: &[u8], value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&tlv(6, oid)[..], value].concat())
}

/// A message of version 1 or 2c.
fn message(version: u8, pdu: u8, bindings: &[Vec<u8>]) -> Vec<u8> {
    let numbers = [tlv(2, &[7]), tlv(2, &[0]), tlv(2, &[0])].concat();
    let pdu = tlv(pdu, &[&numbers[..], &tlv(0x30, &bindings.concat())].concat());
    tlv(0x30, &[&tlv(2, &[version])[..], &tlv(4, b"public"), &pdu].concat())
}

const SYS_DESCR: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 1, 0];
const SYS_UP_TIME: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 3, 0];

/// What is asked, and told.
fn walk() -> Capture {
    let mut capture = Capture::new();
    let null = tlv(5, &[]);
    let asked = [binding(SYS_DESCR, &null), binding(SYS_UP_TIME, &null)];
    let told = [binding(SYS_DESCR, &tlv(4, b"a box")), binding(SYS_UP_TIME, &tlv(0x43, &[0x27, 0x10]))];
    capture
        .udp(0, host(1, 40_000), host(2, 161), &message(1, 0xa0, &asked))
        .udp(20, host(2, 161), host(1, 40_000), &message(1, 0xa2, &told))
        .udp(40, host(1, 40_000), host(2, 161), &message(1, 0xa5, &asked))
        .udp(60, host(1, 40_000), host(2, 161), &message(1, 0xa3, &told[..1]));
    capture
}

#[test]
fn snmp_gives_its_golden_logs() {
    let mut capture = walk();
    let global = [tlv(2, &[5]), tlv(2, &[1, 0]), tlv(4, &[7]), tlv(2, &[3])].concat();
    let parts = [tlv(2, &[3]), tlv(0x30, &global), tlv(4, b"usm"), tlv(4, b"secret")];
    capture
        .udp(80, host(3, 40_000), host(2, 162), &tlv(0x30, &parts.concat()))
        .udp(100, host(4, 40_000), host(2, 161), b"no such thing")
        .udp(120, host(5, 40_000), host(2, 161), &message(2, 0xa0, &[]));
    golden::check("snmp", &capture);
}

#[test]
fn scripts_see_variables_and_the_row_so_far() {
    let script = "event snmp_response(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU) {
        print is_orig, header$v2$community, c$snmp$get_responses, |pdu$bindings|;
        for ( i in pdu$bindings ) print pdu$bindings[i]$oid, pdu$bindings[i]$value; }
    event snmp_get_bulk_request(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::BulkPDU) {
        print pdu$max_repetitions, SNMP::version_map[header$version]; }";
    let told = &printed(&walk(), &[], script)[0];
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "F, public, 2, 2");
    assert!(
        lines[1].starts_with("1.3.6.1.2.1.1.1.0, [tag=4,") && lines[1].contains("octets=a box"),
        "{told}"
    );
    assert!(lines[2].contains("unsigned=10000"), "{told}");
    assert_eq!(lines[3], "0, 2c");
}
