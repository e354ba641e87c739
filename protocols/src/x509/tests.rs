use super::*;

const RSA: &[u8] = include_bytes!("certs/rsa.der");
const EC: &[u8] = include_bytes!("certs/ec.der");
const ED25519: &[u8] = include_bytes!("certs/ed25519.der");
const DSA: &[u8] = include_bytes!("certs/dsa.der");

#[test]
fn a_certificate_is_shown_as_openssl_does() {
    let read = Certificate::parse(RSA).unwrap();
    assert_eq!((read.version, &read.serial[..]), (3, "F1E2D3"));
    let subject = "2.3.4=#0C036F6464,serialNumber=12 34,emailAddress=a@example.org,CN=*.example.org,\
                   CN=one.example.org,OU=\\#first,O=Gr\\C3\\B6\\C3\\9Fe\\, Ltd \\+ \\<x\\>\\; #1,C=DE";
    assert_eq!((&read.subject[..], &read.issuer[..]), (subject, subject));
    assert_eq!(read.common_name.as_deref(), Some(&b"*.example.org"[..]));
    assert_eq!(read.not_after - read.not_before, 3650 * 86_400);
    assert_eq!((&read.key_alg[..], &read.signature_alg[..]), ("rsaEncryption", "sha256WithRSAEncryption"));
    assert_eq!(
        read.key,
        Key { kind: Some("rsa"), length: Some(1024), exponent: Some("65537".to_owned()), curve: None }
    );
    assert_eq!(read.basic_constraints, Some(BasicConstraints { ca: true, path_len: Some(3) }));
    let names = read.alt_names.as_ref().unwrap();
    assert_eq!(names.dns, [&b"*.example.org"[..], b"example.org"]);
    assert_eq!(
        (&names.uri[..], &names.email[..]),
        (&[b"https://example.org/x".to_vec()][..], &[b"a@example.org".to_vec()][..])
    );
    assert_eq!(names.ip, ["192.0.2.1".parse::<IpAddr>().unwrap(), "2001:db8::1".parse().unwrap()]);
    assert!(names.others);
    let extensions: Vec<(&str, bool)> =
        read.extensions.iter().map(|extension| (&extension.oid[..], extension.critical)).collect();
    assert!(extensions.contains(&("2.5.29.19", true)) && extensions.contains(&("2.5.29.15", false)));
    assert!(read.is_for(b"WWW.example.org") && read.is_for(b"example.org"));
    assert!(!read.is_for(b"one.example.com"));
    assert_eq!(long_name("2.5.29.19"), Some("X509v3 Basic Constraints"));
    assert_eq!(short_name("2.5.29.19"), Some("basicConstraints"));
}

#[test]
fn keys_are_told_by_kind() {
    let ec = Certificate::parse(EC).unwrap();
    assert_eq!((&ec.key_alg[..], &ec.signature_alg[..]), ("id-ecPublicKey", "ecdsa-with-SHA256"));
    let key = Key { kind: Some("ecdsa"), length: Some(384), exponent: None, curve: Some("secp384r1") };
    assert_eq!((ec.key.clone(), &ec.serial[..]), (key, "-012C"));
    assert!(ec.is_for(b"ec.example.org"), "without alternative names the subject counts");
    let ed = Certificate::parse(ED25519).unwrap();
    assert_eq!((&ed.key_alg[..], ed.key), ("ED25519", Key::default()));
    let dsa = Certificate::parse(DSA).unwrap();
    assert_eq!((&dsa.key_alg[..], dsa.key.kind, dsa.key.length), ("dsaEncryption", Some("dsa"), Some(1024)));
}

#[test]
fn integers_are_written_as_openssl_does() {
    for (bytes, text) in [
        (&[0][..], "00"),
        (&[], "00"),
        (&[0, 0xff], "FF"),
        (&[0xff], "-01"),
        (&[0xfe, 0xd4], "-012C"),
        (&[0x80], "-80"),
    ] {
        assert_eq!(serial(bytes), text, "{bytes:?}");
    }
    assert_eq!(serial(&[1; 36]), format!("{}\\\n01", "01".repeat(35)));
}

#[test]
fn timestamps_are_read() {
    let one =
        [&[0][..], &[7; 32], &[0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0], &[0, 0], &[4, 3], &[0, 2, 9, 9]].concat();
    let list = [&(one.len() as u16).to_be_bytes()[..], &one].concat();
    let list = [&(list.len() as u16).to_be_bytes()[..], &list].concat();
    let value = [&[4, list.len() as u8][..], &list].concat();
    let mut certificate = Certificate::default();
    certificate.extensions.push(Extension { oid: TIMESTAMPS.to_owned(), critical: false, value });
    let timestamps = certificate.timestamps();
    let [
        Timestamp {
            version: 0,
            log_id: [7, ..],
            timestamp: 1_700_000_000_000,
            hash: 4,
            algorithm: 3,
            signature: [9, 9],
            extensions: [],
        },
    ] = timestamps[..]
    else {
        panic!("{timestamps:?}")
    };
}

#[test]
fn anything_at_all_is_read_without_harm() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for der in [RSA, EC, ED25519, DSA] {
        for len in 0..der.len() {
            assert_eq!(Certificate::parse(&der[..len]), None, "cut at {len}");
        }
        for _ in 0..2_000 {
            let mut der = der.to_vec();
            for _ in 0..random() % 4 + 1 {
                let at = random() as usize % der.len();
                der[at] ^= 1 << (random() % 8);
            }
            fuzz::check(&der);
        }
    }
}
