//! TLS and certificates, from a capture of OpenSSL's to logs and scripts.

use std::path::Path;
use std::process::Command;

use nightjar::config::Config;
use serde_json::Value;

use crate::build::{Capture, Client, rows_in, shipped, summary_with};

fn run(folder: &Path, words: &[&str]) -> String {
    shipped("tls", folder, words)
}

fn texts<'r>(rows: &'r [Value], column: &str) -> Vec<&'r str> {
    rows.iter().map(|row| row[column].as_str().unwrap_or("-")).collect()
}

#[test]
fn certificates_are_files_for_who_wants_them() {
    let (without, with) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(without.path(), &[]);
    assert_eq!(
        texts(&rows_in(without.path(), "files.log"), "source").iter().filter(|of| **of == "SSL").count(),
        0
    );
    run(with.path(), &["X509::log_x509_in_files_log=T"]);
    let certificates = rows_in(without.path(), "x509.log");
    assert_eq!(certificates, rows_in(with.path(), "x509.log"), "read as files or not");
    let mut files = rows_in(with.path(), "files.log");
    files.retain(|row| row["source"] == "SSL");
    assert!(files.len() > certificates.len(), "those seen again are files, too");
    for file in &files {
        let digests = ["md5", "sha1", "sha256"].map(|name| file[name].as_str().unwrap().len());
        assert_eq!(digests, [32, 40, 64]);
        assert!(file["mime_type"].as_str().unwrap().starts_with("application/x-x509-"));
        assert!(file["analyzers"].as_array().unwrap().contains(&Value::from("X509")));
        assert_eq!(file["seen_bytes"].as_u64().unwrap() > 300, file["missing_bytes"] == 0);
    }
    let mut digests = texts(&files, "sha256");
    digests.sort_unstable();
    digests.dedup();
    let mut fingerprints = texts(&certificates, "fingerprint");
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(digests, fingerprints);
}

#[test]
fn a_certificate_is_logged_again_where_that_is_asked_for() {
    let (once, always) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(once.path(), &[]);
    run(always.path(), &["X509::relog_known_certificates_after=0secs"]);
    let (once, always) = (rows_in(once.path(), "x509.log"), rows_in(always.path(), "x509.log"));
    assert!(always.len() > 2 * once.len());
    let mut seen = std::collections::BTreeSet::new();
    let key = |row: &Value| format!("{} {} {}", row["fingerprint"], row["host_cert"], row["client_cert"]);
    let first: Vec<&Value> = always.iter().filter(|row| seen.insert(key(row))).collect();
    assert_eq!(once.iter().collect::<Vec<_>>(), first);
}

#[test]
fn scripts_are_told_of_the_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        global data: count = 0;
        event ssl_client_hello(c: connection, version: count, record_version: count, possible_ts: time,
                               client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec)
            { print "hello", c$id$orig_p, version, |client_random|, |session_id|, |ciphers| > 0, comp_methods; }
        event ssl_extension_server_name(c: connection, is_client: bool, names: string_vec)
            { print "names", c$id$orig_p, is_client, names; }
        event ssl_extension(c: connection, is_client: bool, code: count, val: string)
            { if ( code == 16 ) print SSL::extensions[code], is_client; }
        event ssl_server_hello(c: connection, version: count, record_version: count, possible_ts: time,
                               server_random: string, session_id: string, cipher: count, comp_method: count)
            { print SSL::version_strings[version], SSL::cipher_desc[cipher], |server_random|; }
        event ssl_ecdh_server_params(c: connection, curve: count, point: string)
            { print SSL::ec_curves[curve], |point|; }
        event ssl_server_signature(c: connection, signature_and_hashalgorithm: SSL::SignatureAndHashAlgorithm, signature: string)
            { print signature_and_hashalgorithm; }
        event ssl_alert(c: connection, is_client: bool, level: count, desc: count)
            { print SSL::alert_levels[level], SSL::alert_descriptions[desc]; }
        event ssl_established(c: connection)
            { print "established", c$ssl$ssl_history, c$ssl?$server_name ? c$ssl$server_name : "-"; }
        event ssl_encrypted_data(c: connection, is_client: bool, record_version: count, content_type: count, length: count)
            { ++data; }
        event x509_certificate(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate)
            { print "certificate", f$source, f$is_orig, cert$subject, cert$cn, cert$key_alg, cert?$curve; }
        event x509_ext_subject_alternative_name(f: fa_file, ext: X509::SubjectAlternativeName)
            { print ext; }
        event x509_ext_basic_constraints(f: fa_file, ext: X509::BasicConstraints) { print ext; }
        event SSL::log_ssl(rec: SSL::Info) { print "row", rec$id$orig_p, rec$established; }
        event X509::log_x509(rec: X509::Info) { print "row", rec$certificate$serial, rec?$san; }
        event zeek_done() { print data > 0; }
    "#;
    let told = run(folder.path(), &["-e", script]);
    let count = |what: &str| told.lines().filter(|line| line.contains(what)).count();
    let (ssl, x509) = (rows_in(folder.path(), "ssl.log"), rows_in(folder.path(), "x509.log"));
    assert_eq!(count("established, C"), ssl.iter().filter(|row| row["established"] == true).count());
    assert!(told.contains("hello, 43401/tcp, 769, 28, 32, T, [0]\n"), "{told}");
    for line in [
        "names, 43401/tcp, T, [nightjar.test]",
        "application_layer_protocol_negotiation, F",
        "TLSv12, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, 32",
        "DTLSv12, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, 32",
        "x25519, 32",
        "[HashAlgorithm=8, SignatureAlgorithm=4]",
        "fatal, handshake_failure",
        "established, CsxknGIti, nightjar.test",
        "certificate, SSL, F, CN=nightjar.test,O=Nightjar,C=DE, nightjar.test, rsaEncryption, F",
        "certificate, SSL, F, CN=ec.nightjar.test, ec.nightjar.test, id-ecPublicKey, T",
        "certificate, SSL, T, emailAddress=heron@nightjar.test,CN=heron, heron, rsaEncryption, F",
        "certificate, DTLS, F, CN=nightjar.test,O=Nightjar,C=DE, nightjar.test, rsaEncryption, F",
        "[ca=T, path_len=1]",
        "[dns=[nightjar.test, *.nightjar.test], uri=[https://nightjar.test/], email=[heron@nightjar.test], \
         ip=[10.98.0.2], other_fields=F]",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}\n{told}");
    }
    assert_eq!(
        told.lines().filter(|line| line.starts_with("row, 4") && line.contains("/")).count(),
        ssl.len()
    );
    assert_eq!(count("row, "), ssl.len() + x509.len());
    assert!(told.ends_with("T\n"));
}

#[test]
fn a_connection_is_left_once_both_sides_encrypt() {
    let script = "global data: count = 0; event ssl_encrypted_data(c: connection, is_client: bool, \
                  record_version: count, content_type: count, length: count) { ++data; } \
                  event zeek_done() { print data; }";
    let count = |words: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let told = run(folder.path(), &[&["-e", script], words].concat());
        (told.trim().parse::<u64>().unwrap(), rows_in(folder.path(), "ssl.log"))
    };
    let (left, rows) = count(&[]);
    let (followed, same) = count(&["SSL::disable_analyzer_after_detection=F"]);
    assert!(followed > 2 * left, "{left} {followed}");
    assert_eq!(rows, same);
}

#[test]
fn one_side_is_read_without_the_other() {
    for (side, letters) in [("src", "CGIXYLV"), ("dst", "svxknritlbuj")] {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &["-f", &format!("{side} host 10.98.0.1")]);
        let rows = rows_in(folder.path(), "ssl.log");
        assert!(rows.len() >= 10, "{side}: {}", rows.len());
        for history in texts(&rows, "ssl_history") {
            assert!(history.chars().all(|letter| letters.contains(letter)), "{side}: {history}");
        }
        assert!(rows.iter().all(|row| row["established"] == false));
    }
}

#[test]
fn scripts_find_certificates_in_connections_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        @load base/files/x509
        event ssl_established(c: connection)
            {
            if ( c$ssl?$cert_chain )
                print c$id$orig_p, |c$ssl$cert_chain|, |c$ssl$client_cert_chain|, c$ssl$cert_chain[0]$x509$certificate$subject,
                    c$ssl$cert_chain[0]$x509$fingerprint == c$ssl$cert_chain_fps[0], c$ssl$cert_chain[0]$x509$san$dns[0];
            }
    "#;
    let told = run(folder.path(), &["-e", script]);
    for line in [
        "43403/tcp, 2, 0, CN=nightjar.test,O=Nightjar,C=DE, T, nightjar.test",
        "43413/tcp, 2, 0, CN=ec.nightjar.test, T, ec.nightjar.test",
        "43415/tcp, 2, 2, CN=nightjar.test,O=Nightjar,C=DE, T, nightjar.test",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}\n{told}");
    }
}

#[test]
fn what_is_weak_or_runs_out_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "protocols/ssl/weak-keys",
        "protocols/ssl/expiring-certs",
        "protocols/ssl/known-certs",
        "protocols/ssl/log-hostcerts-only",
        "Site::local_nets={10.0.0.0/8}",
        "SSL::tls_minimum_version=770",
        "SSL::notify_minimal_key_length=2049",
        "SSL::notify_when_cert_expiring_in=4000days",
    ];
    run(folder.path(), &words);
    let notices = rows_in(folder.path(), "notice.log");
    let told = texts(&notices, "msg");
    for msg in [
        "Host uses protocol version TLSv10 which is lower than the safe minimum TLSv11",
        "Host uses weak certificate with 2048 bit key",
    ] {
        assert!(told.contains(&msg), "{msg}\n{told:?}");
    }
    let soon = "Certificate CN=nightjar.test,O=Nightjar,C=DE is going to expire at ";
    assert!(told.iter().any(|told| told.starts_with(soon)), "{told:?}");
    assert!(rows_in(folder.path(), "x509.log").iter().all(|row| row["host_cert"] == true));
    let known = rows_in(folder.path(), "known_certs.log");
    let subjects = texts(&known, "subject");
    assert_eq!(subjects.iter().filter(|subject| subject.starts_with("CN=nightjar.test")).count(), 1);
    assert!(subjects.contains(&"CN=ec.nightjar.test") && subjects.contains(&"CN=ed.nightjar.test"));
}

/// Ciphers that authenticate as well, of TLS 1.2 and 1.3, and new keys in the middle; not CBC, nor without a secret.
#[test]
fn what_a_key_log_has_the_secrets_of_is_analysed() {
    let keys = format!("{}/../pcaps/tls-keys.keys", env!("CARGO_MANIFEST_DIR"));
    let (without, with) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    shipped("tls-keys", without.path(), &[]);
    assert!(rows_in(without.path(), "http.log").is_empty());
    shipped("tls-keys", with.path(), &[&format!("SSL::keylog_file={keys}")]);
    let (asked, files) = (rows_in(with.path(), "http.log"), rows_in(with.path(), "files.log"));
    let uris = texts(&asked, "uri");
    assert_eq!(uris.iter().filter(|uri| **uri == "/notes.txt").count(), 4);
    assert_eq!(uris.iter().filter(|uri| **uri == "/photo.png").count(), 3);
    assert_eq!(uris.iter().filter(|uri| **uri == "/style.css").count(), 1, "behind a KeyUpdate");
    assert_eq!(uris.len(), 8);
    let photos: Vec<&Value> = files.iter().filter(|file| file["mime_type"] == "image/png").collect();
    assert_eq!(photos.len(), 3);
    assert!(photos.iter().all(|file| file["seen_bytes"] == 7097 && file["missing_bytes"] == 0));
    let conns = rows_in(with.path(), "conn.log");
    assert_eq!(texts(&conns, "service").iter().filter(|service| **service == "ssl,http").count(), 8);
    assert_eq!(rows_in(without.path(), "ssl.log"), rows_in(with.path(), "ssl.log"));
}

#[test]
fn a_key_log_that_cannot_be_used_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("other"), "hoot\n").unwrap();
    for (file, says) in [("missing", "cannot be read"), ("other", "is no key log")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        let capture = format!("{}/../pcaps/tls-keys.pcap", env!("CARGO_MANIFEST_DIR"));
        command.current_dir(folder.path()).args(["-r", &capture, &format!("SSL::keylog_file={file}")]);
        let run = command.output().unwrap();
        assert!(!run.status.success() && String::from_utf8_lossy(&run.stderr).contains(says), "{run:?}");
    }
}

#[test]
fn hellos_that_never_end_hold_no_more_than_a_ceiling() {
    // A record of 16,000 bytes begins, and in it a hello of 15,000, of which a thousand come.
    let begun = [&[0x16, 3, 1, 0x3e, 0x80, 1, 0, 0x3a, 0x98, 3, 3][..], &[7; 1000]].concat();
    let mut capture = Capture::new();
    for port in 0..200 {
        capture.talk(20_000 + port, 443).send(Client, &begun);
    }
    let mut config = Config::default();
    config.limits.handshake_bytes = 20_000;
    let bounded = summary_with(&capture, config);
    let given_up = bounded.workers[0].analyze.of.ssl.given_up;
    assert!((150..=190).contains(&given_up), "{given_up} of 200: about twenty fit");
    assert_eq!(summary_with(&capture, Config::default()).workers[0].analyze.of.ssl.given_up, 0);
}
