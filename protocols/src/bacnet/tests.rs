use super::*;

/// A datagram with what an application says.
fn unicast(apdu: &[u8]) -> Vec<u8> {
    let len = (apdu.len() as u16 + 6).to_be_bytes();
    [&[BVLC, 0x0a][..], &len, &[1, 4], apdu].concat()
}

fn said(apdu: &[u8]) -> Apdu<'static> {
    read(unicast(apdu).leak()).unwrap().apdu.unwrap()
}

#[test]
fn who_is_there_is_read() {
    assert_eq!(said(&[0x10, 8]).said, Said::WhoIs(None));
    assert_eq!(said(&[0x10, 8, 0x09, 5, 0x1a, 1, 0]).said, Said::WhoIs(Some((5, 256))));
    let device = Object { kind: 8, instance: 2 };
    let i_am = said(&[0x10, 0, 0xc4, 2, 0, 0, 2, 0x22, 4, 0, 0x91, 3, 0x21, 15]);
    assert_eq!((i_am.said, i_am.service), (Said::IAm { device, vendor: 15 }, Some(0)));
    let has = said(&[0x10, 7, 0x3d, 6, 0, b'b', b'o', b'i', b'l', b'e']);
    assert_eq!(has.said, Said::WhoHas { range: None, object: None, name: b"boile" });
    let object = Object { kind: 0, instance: 3 };
    let have = said(&[0x10, 1, 0xc4, 2, 0, 0, 2, 0xc4, 0, 0, 0, 3, 0x73, 0, b'a', b'b']);
    assert_eq!(have.said, Said::IHave { object, name: b"ab" });
}

#[test]
fn properties_that_are_read_and_written_are_told() {
    let object = Object { kind: 2, instance: 1 };
    let asked = said(&[0, 4, 7, 12, 0x0c, 0, 0x80, 0, 1, 0x19, 85]);
    let expected = Said::Property { object, property: 85, index: None, value: None };
    assert_eq!((asked.said, asked.invoke, asked.kind), (expected, Some(7), pdu::CONFIRMED));
    let answered = said(&[0x30, 7, 12, 0x0c, 0, 0x80, 0, 1, 0x19, 85, 0x3e, 0x44, 0x42, 0x20, 0, 0, 0x3f]);
    let value = Some((4, &[0x42, 0x20, 0, 0][..]));
    assert_eq!(answered.said, Said::Property { object, property: 85, index: None, value });
    let written = said(&[0, 4, 8, 15, 0x0c, 0, 0x80, 0, 1, 0x19, 85, 0x29, 9, 0x3e, 0x91, 1, 0x3f, 0x49, 8]);
    let value = Some((9, &[1][..]));
    assert_eq!(written.said, Said::Property { object, property: 85, index: Some(9), value });
}

#[test]
fn what_went_wrong_is_told() {
    let error = said(&[0x50, 7, 12, 0x91, 2, 0x91, 32]);
    assert_eq!((error.invoke, error.service, error.reason), (Some(7), Some(12), Some(32)));
    assert_eq!(said(&[0x60, 7, 9]).reason, Some(9));
    assert_eq!(read(&[BVLC, 0, 0, 6, 0, 0x30]).unwrap().result, Some(0x30));
}

#[test]
fn networks_around_it_are_passed_over() {
    let routed = [BVLC, 0x0b, 0, 18, 1, 0x28, 0xff, 0xff, 0, 0, 5, 2, 1, 2, 0xff, 0x10, 8, 0];
    assert_eq!(read(&routed[..17]).unwrap_err(), ParseError::truncated("BVLC"));
    assert_eq!(read(&routed).unwrap().apdu.unwrap().said, Said::WhoIs(None));
    let forwarded = [&[BVLC, 4, 0, 14, 10, 0, 0, 1, 0xba, 0xc0][..], &[1, 0, 0x10, 8]].concat();
    assert_eq!(read(&forwarded).unwrap().apdu.unwrap().service, Some(8));
}

#[test]
fn damage_is_an_error_or_read_and_nothing_else() {
    let whole = unicast(&[0x30, 7, 12, 0x0c, 0, 0x80, 0, 1, 0x19, 85, 0x3e, 0x44, 0x42, 0x20, 0, 0, 0x3f]);
    assert_eq!(probe(&whole), Probe::Match);
    for at in 0..whole.len() {
        assert_eq!(probe(&whole[..at]), Probe::NoMatch);
        for value in [0, 0x3d, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = value;
            fuzz::check(&damaged);
        }
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("bacnet", fuzz::check);
}
