use super::*;

fn message(attributes: &[u8]) -> Vec<u8> {
    [&[ACCESS_REQUEST, 7, 0, 20][..], &[9; 16], attributes].concat()
}

fn trace(attributes: &[u8]) -> Vec<String> {
    let bytes = message(attributes);
    let tell = |attribute: Result<Attribute<'_>>| match attribute {
        Ok(Attribute { code, value }) => format!("{code} {}", String::from_utf8_lossy(value)),
        Err(broken) => broken.to_string(),
    };
    Message::parse(&bytes).unwrap().attributes().map(tell).collect()
}

#[test]
fn messages_are_read() {
    let bytes = message(&[]);
    let header = Message::parse(&bytes).unwrap().header;
    assert_eq!(header, Header { code: ACCESS_REQUEST, trans_id: 7, authenticator: &[9; 16] });
    assert_eq!(trace(b"\x01\x05bob\x02\x02"), ["1 bob", "2 "]);
}

#[test]
fn what_is_broken_is_told_in_zeeks_words() {
    let wrong = |what: &str| format!("Binpac exception: binpac exception: out_of_bound: {what}");
    assert_eq!(Message::parse(&[1; 9]).unwrap_err().to_string(), wrong("RADIUS_PDU:authenticator: 20 > 9"));
    assert_eq!(trace(b"\x01\x05bob\x02"), ["1 bob", &wrong("RADIUS_Attribute:length: 2 > 1")]);
    assert_eq!(trace(b"\x01\xaabob"), [wrong("RADIUS_Attribute:value: 170 > 5")]);
    assert_eq!(trace(b"\x01\x00bob\x01\x03x"), [wrong("RADIUS_Attribute:value: 0 > 8")]);
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    let bytes = message(b"\x01\x05bob\x02\x02\x1f\x06abcd");
    (0..=bytes.len()).for_each(|len| fuzz::check(&bytes[..len]));
    for at in 20..bytes.len() {
        for value in [0, 1, 2, 6, 255] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            fuzz::check(&bytes);
        }
    }
}
