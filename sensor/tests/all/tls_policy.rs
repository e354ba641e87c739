//! What scripts that ship find of TLS and certificates: chains, stapled responses, heartbeats, fingerprints, updates.

use std::path::Path;

use serde_json::Value;

use crate::build::{Client, Server, one, rows_in, rows_with, shipped};

fn run(folder: &Path, words: &[&str]) -> String {
    shipped("tls", folder, words)
}

fn texts<'r>(rows: &'r [Value], column: &str) -> Vec<&'r str> {
    rows.iter().map(|row| row[column].as_str().unwrap_or("-")).collect()
}

/// A script by which the authority of a capture is one that is known.
fn with_authority(capture: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let script = "event x509_certificate(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate) \
                  { if ( /CN=Roost CA/ in cert$subject ) \
                  print bytestring_to_hexstr(x509_get_certificate_string(cert_ref)); }";
    let told = shipped(capture, folder.path(), &["-e", script]);
    let digits = told.lines().next().unwrap().as_bytes();
    let bytes: String =
        digits.chunks(2).map(|pair| format!("\\x{}", String::from_utf8_lossy(pair))).collect();
    format!("redef SSL::root_certs += {{ [\"roost\"] = \"{bytes}\" }};")
}

#[test]
fn chains_are_checked_up_to_an_authority() {
    let known = with_authority("tls");
    let (without, with) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(without.path(), &["protocols/ssl/validate-certs"]);
    run(with.path(), &["protocols/ssl/validate-certs", "-e", &known]);
    let reason = "self-signed certificate in certificate chain";
    let status = |folder: &Path| {
        let rows = rows_in(folder, "ssl.log");
        let mut found: Vec<String> =
            texts(&rows, "validation_status").iter().map(|status| (*status).to_owned()).collect();
        found.retain(|status| status != "-");
        found
    };
    assert_eq!(status(without.path()), [reason; 11]);
    assert_eq!(status(with.path()), ["ok"; 11]);
    let notices = rows_in(without.path(), "notice.log");
    assert_eq!(texts(&notices, "note"), ["SSL::Invalid_Server_Cert"; 5]);
    assert_eq!(
        texts(&notices, "msg")[0],
        "SSL certificate validation failed with (self-signed certificate in certificate chain)"
    );
    assert!(rows_in(with.path(), "notice.log").is_empty());
}

#[test]
fn scripts_ask_what_is_in_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        event x509_certificate(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate)
            {
            if ( cert$subject != "CN=ec.nightjar.test" ) return;
            local read = x509_parse(cert_ref);
            print read$subject, read$serial == cert$serial, read$not_valid_after == cert$not_valid_after, read$curve;
            local der = x509_get_certificate_string(cert_ref);
            print x509_parse(x509_from_der(der))$issuer == cert$issuer;
            print sub_bytes(x509_get_certificate_string(cert_ref, T), 0, 28);
            print |x509_subject_name_hash(cert_ref, 4)|, |x509_issuer_name_hash(cert_ref, 2)|, |x509_spki_hash(cert_ref, 6)|;
            print x509_check_hostname(cert_ref, "ec.nightjar.test"), x509_check_hostname(cert_ref, "nightjar.test");
            local alone = x509_verify(vector(cert_ref), table(["it"] = der), cert$not_valid_before);
            print alone$result, alone$result_string, alone?$chain_certs;
            local none = x509_verify(vector(), table(["it"] = der));
            print none$result, none$result_string;
            }
    "#;
    let told = run(folder.path(), &["-e", script]);
    let expected = "CN=ec.nightjar.test, T, T, secp384r1\nT\n-----BEGIN CERTIFICATE-----\\x0a\n32, 20, 64\nT, F\n\
                    20, unable to get local issuer certificate, F\n-1, no certificates\n";
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn stapled_responses_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let known = with_authority("tls-stapled");
    shipped("tls-stapled", folder.path(), &["protocols/ssl/validate-ocsp", "-e", &known]);
    assert_eq!(texts(&rows_in(folder.path(), "ssl.log"), "ocsp_status"), ["good", "revoked"]);
    let notices = rows_in(folder.path(), "notice.log");
    assert_eq!(texts(&notices, "note"), ["SSL::Invalid_Ocsp_Response"]);
    assert_eq!(texts(&notices, "msg"), ["OCSP response validation failed with (revoked)"]);
    // Who has signed it is not known.
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        event ssl_stapled_ocsp(c: connection, is_client: bool, response: string)
            { print x509_ocsp_verify(vector(c$ssl$cert_chain[0]$x509$handle), response, table())$result_string; }
        event ssl_stapled_ocsp(c: connection, is_client: bool, response: string)
            { print x509_ocsp_verify(vector(c$ssl$cert_chain[0]$x509$handle), "none", table())$result_string; }
    "#;
    let told = shipped("tls-stapled", folder.path(), &["base/files/x509", "-e", script]);
    let first: Vec<&str> = told.lines().take(2).collect();
    assert_ne!(first[0], "good");
    assert_eq!(first[1], "Could not parse OCSP response");
}

#[test]
fn hellos_have_fingerprints() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["protocols/ssl/ja3", "protocols/ssl/ja4", "protocols/ssl/pfs"]);
    let rows_of_tls = rows_in(folder.path(), "ssl.log");
    let row = |port: u64| rows_of_tls.iter().find(|row| row["id.orig_p"] == port).unwrap();
    // TLS 1.3 of OpenSSL: of the server a fingerprint that is well known.
    let newest = row(43_404);
    assert_eq!(newest["ja4"], "t13d041000_16476d049b0b_78f1d400d464");
    assert_eq!(newest["ja4s"], "t130200_1302_a56c5b993250");
    assert_eq!(newest["ja3s"], "15af977ce25de452b96affa2addb1036");
    assert_eq!(newest["pfs"], true);
    assert!(newest["ja4x"].is_null());
    let older = row(43_403);
    assert_eq!(older["ja4"], "t12d840700_bd790527ddab_3c5a66c06c35");
    assert_eq!(older["ja3"], "09d001e2e171699aefe6f023c153d273");
    assert_eq!(older["ja4x"], "a373a9f83c6b_a373a9f83c6b_4547ce6bed00");
    assert_eq!(row(43_409)["pfs"], false);
    assert!(texts(&rows_of_tls, "ja4").iter().any(|ja4| ja4.starts_with("dd2i")), "of DTLS");
    let folder = tempfile::tempdir().unwrap();
    shipped("quic", folder.path(), &["protocols/ssl/ja4"]);
    let rows_of_quic = rows_in(folder.path(), "ssl.log");
    assert!(texts(&rows_of_quic, "ja4").iter().all(|ja4| ja4.starts_with("q13d19")));
    let folder = tempfile::tempdir().unwrap();
    shipped("http", folder.path(), &["protocols/http/ja4h"]);
    let requests = rows_in(folder.path(), "http.log");
    assert_eq!(texts(&requests, "ja4h")[0], "ge11nn030000_fe444ad14866_000000000000_000000000000");
    assert!(texts(&requests, "ja4h").iter().any(|ja4h| ja4h.starts_with("ge11nr04")));
}

#[test]
fn servers_of_updates_have_to_show_what_stands_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let pins = folder.path().join("pins.tsv");
    let file = "#fields\tname\tkind\tvalue\nnightjar.test\tissuer\tCN=Other CA\n\
                *.nightjar.test\tissuer\tCN=Roost CA,O=Nightjar\\, \\\"Test\\\",C=DE\n";
    std::fs::write(&pins, file).unwrap();
    let option = format!("SoftwareUpdates::pins_file={}", pins.display());
    run(folder.path(), &["protocols/ssl/software-updates", &option]);
    let notices = rows_in(folder.path(), "notice.log");
    let told = texts(&notices, "msg");
    assert!(told.contains(&"nightjar.test shows no certificate that stands for it"), "{told:?}");
    assert!(
        told.iter().all(|told| told.starts_with("nightjar.test ")),
        "others show what is expected: {told:?}"
    );
    let sub = texts(&notices, "sub")[0];
    assert!(sub.starts_with("shown: CN=nightjar.test,O=Nightjar,C=DE (fingerprint "), "{sub}");
    assert!(sub.ends_with("; expected: issuer CN=Other CA"), "{sub}");
}

fn record(content: u8, body: &[u8]) -> Vec<u8> {
    [&[content, 3, 2][..], &(body.len() as u16).to_be_bytes(), body].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    record(0x16, &[&[kind, 0][..], &(body.len() as u16).to_be_bytes(), body].concat())
}

#[test]
fn heartbeats_that_ask_for_too_much_are_noticed() {
    let hello = handshake(1, &[&[3, 2][..], &[7; 32], &[0, 0, 2, 0, 0x35, 1, 0]].concat());
    let chosen = handshake(2, &[&[3, 2][..], &[8; 32], &[0, 0, 0x35, 0]].concat());
    let begins = |talk: &mut crate::build::Talk<'_>| {
        talk.send(Client, &hello).send(Server, &chosen);
    };
    let notes = |capture: &crate::build::Capture| {
        let rows = rows_with(capture, &["protocols/ssl/heartbleed"]);
        rows.fields("notice", ["note"])
            .iter()
            .map(|[note]| note.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let open = one(|talk| {
        begins(talk);
        talk.send(Client, &record(0x18, &[1, 0x40, 0])).send(Server, &record(0x18, &[2; 500])).close();
    });
    let attack = "Heartbleed::SSL_Heartbeat_Attack";
    assert_eq!(notes(&open), [attack.to_owned(), format!("{attack}_Success")]);
    let encrypted = one(|talk| {
        begins(talk);
        talk.send(Client, &record(0x14, &[1])).send(Server, &record(0x14, &[1]));
        talk.send(Client, &record(0x18, &[9; 32])).send(Server, &record(0x18, &[9; 5000])).close();
    });
    let odd = "Heartbleed::SSL_Heartbeat_Odd_Length".to_owned();
    assert_eq!(notes(&encrypted), [attack.to_owned(), odd, format!("{attack}_Success")]);
    let none = one(|talk| {
        begins(talk);
        talk.send(Client, &record(0x17, &[9; 32])).close();
    });
    assert!(notes(&none).is_empty());
}
