//! What scripts that ship find of certificates and of those who show them, on captures of real programs and built ones.

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::Value;

use crate::build::{Client, Server, one, printed, rows_in, shipped};

/// The cells of a column, but those that are not set.
fn cells(rows: &[Value], column: &str) -> Vec<String> {
    let texts = rows.iter().map(|row| &row[column]).filter(|cell| !cell.is_null());
    texts.map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)).collect()
}

/// The key of a log of `tls-promised`, and the entry of a script's table for it.
fn log(point: u32, operator: &str) -> String {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let mut context = openssl::bn::BigNumContext::new().unwrap();
    let mut public = EcPoint::new(&group).unwrap();
    public.mul_generator2(&group, &BigNum::from_u32(point).unwrap(), &mut context).unwrap();
    let key = EcKey::from_public_key(&group, &public).unwrap();
    let der = PKey::from_ec_key(key).unwrap().public_key_to_der().unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let id = hex(&hash(MessageDigest::sha256(), &der).unwrap());
    format!(
        "[\"{id}\"] = SSL::CTInfo($description=\"log {point}\", $operator=\"{operator}\", $url=\"\", \
         $maximum_merge_delay=86400, $key=\"{}\"),",
        hex(&der)
    )
}

#[test]
fn promises_of_transparency_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "redef SSL::ct_logs += {{ {} {} }};
         event ssl_established(c: connection) {{ for ( _, proof in c$ssl$ct_proofs )
             print SSL::ct_logs[proof$logid]$description, proof$source, proof$valid; }}",
        log(7, "Roost"),
        log(8, "Heron")
    );
    let told = shipped("tls-promised", folder.path(), &["protocols/ssl/validate-sct", "-e", &script]);
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "log 8, SSL::SCT_TLS_EXT, T",
            "log 7, SSL::SCT_X509_EXT, T",
            "log 8, SSL::SCT_TLS_EXT, F",
            "log 7, SSL::SCT_X509_EXT, T",
        ]
    );
    let found = rows_in(folder.path(), "ssl.log");
    assert_eq!(cells(&found, "valid_ct_logs"), ["2", "1"]);
    assert_eq!(cells(&found, "valid_ct_operators"), ["2", "1"]);
    // Of logs that are not known nothing is good; those that are known are many.
    let folder = tempfile::tempdir().unwrap();
    let count = "event zeek_init() { print |SSL::ct_logs| > 100; }";
    let told = shipped("tls-promised", folder.path(), &["protocols/ssl/validate-sct", "-e", count]);
    assert_eq!(told, "T\n");
    assert_eq!(cells(&rows_in(folder.path(), "ssl.log"), "valid_ct_logs"), ["0", "0"]);
}

#[test]
fn logs_of_transparency_are_named_by_their_keys() {
    let folder = tempfile::tempdir().unwrap();
    let script = "event zeek_init() { for ( id, l in SSL::ct_logs )
                    if ( sha256_hash(l$key) != bytestring_to_hexstr(id) || l$operator == \"\" ) print l$description; }";
    let told = shipped("tls-promised", folder.path(), &["base/protocols/ssl/ct-list", "-e", script]);
    assert_eq!(told, "");
}

#[test]
fn extensions_are_written_as_openssl_does() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        event x509_extension(f: fa_file, ext: X509::Extension) { print fmt("%s=%s", ext$short_name, ext$value); }
    "#;
    let told = shipped("tls", folder.path(), &["-e", script]);
    for expected in [
        "basicConstraints=CA:TRUE, pathlen:1",
        "basicConstraints=CA:FALSE",
        "subjectAltName=DNS:nightjar.test, DNS:*.nightjar.test, IP Address:10.98.0.2, URI:https://nightjar.test/, \
         email:heron@nightjar.test",
        "extendedKeyUsage=TLS Web Client Authentication",
    ] {
        assert!(told.lines().any(|line| line == expected), "{expected}: {told}");
    }
    let told = shipped("tls-promised", folder.path(), &["-e", script]);
    for expected in [
        "ct_precert_scts=Signed Certificate Timestamp:\\x0a    Version   : v1 (0x0)\\x0a    Log ID    : 11:08:66:49:CD:3E",
        "\\x0a    Timestamp : Jan  2 03:04:05.000 2026 GMT\\x0a    Extensions: none\\x0a    Signature : ecdsa-with-SHA256\\x0a",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn scripts_hear_of_ocsp_responses() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        event ocsp_response_bytes(f: fa_file, status: string, version: count, responder: string, at: time,
                                  algorithm: string, certs: x509_opaque_vector)
            { print status, version, responder, algorithm, |certs|; }
    "#;
    let told = shipped("tls-stapled", folder.path(), &["-e", script]);
    let first = told.lines().next().unwrap_or_default();
    assert!(first.starts_with("successful, 0, CN = "), "{told}");
    assert!(first.ends_with(", sha256WithRSAEncryption, 1"), "{told}");
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&[tag, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}

#[test]
fn scripts_hear_of_ocsp_requests_over_http() {
    let sha1 = tlv(0x30, &[&[6, 5, 0x2b, 14, 3, 2, 26], &[5, 0]]);
    let id = tlv(0x30, &[&sha1, &tlv(4, &[&[0xab; 20]]), &tlv(4, &[&[0xcd; 20]]), &[2, 2, 0x12, 0x34]]);
    let request = tlv(0x30, &[&tlv(0x30, &[&tlv(0x30, &[&tlv(0x30, &[&id])])])]);
    let head = format!(
        "POST / HTTP/1.1\r\nHost: ocsp.test\r\nContent-Type: application/ocsp-request\r\nContent-Length: {}\r\n\r\n",
        request.len()
    );
    let post = [head.as_bytes(), &request].concat();
    let capture = one(|talk| {
        talk.send(Client, &post);
        talk.send(Server, b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").close();
    });
    let script = r#"
        event zeek_init()
            { Files::register_for_mime_type(Files::ANALYZER_OCSP_REQUEST, "application/ocsp-request"); }
        event ocsp_request(f: fa_file, version: count) { print f$source, version; }
        event ocsp_request_certificate(f: fa_file, hash: string, name: string, key: string, serial: string)
            { print hash, name[:4], key[:4], serial; }
    "#;
    let [told, _] = printed(&capture, &[], script);
    assert_eq!(told, "HTTP, 0\nsha1, ABAB, CDCD, 1234\n");
}

#[test]
fn servers_say_whose_certificates_they_take() {
    let folder = tempfile::tempdir().unwrap();
    shipped("gnutls", folder.path(), &["protocols/ssl/certificate-request-info"]);
    let column = "requested_client_certificate_authorities";
    let found = cells(&rows_in(folder.path(), "ssl.log"), column);
    assert_eq!(found, [r#"["CN=Roost CA"]"#; 2]);
}

#[test]
fn fingerprints_are_in_the_other_logs_too() {
    let folder = tempfile::tempdir().unwrap();
    shipped("quic", folder.path(), &["protocols/ssl/ja3", "protocols/ssl/ja4"]);
    let (tls, quic) = (rows_in(folder.path(), "ssl.log"), rows_in(folder.path(), "quic.log"));
    let of = |uid: &Value| tls.iter().find(|row| row["uid"] == *uid);
    let seen = quic
        .iter()
        .filter_map(|row| Some((row, of(&row["uid"])?)))
        .filter(|(quic, _)| quic["ja4s"].is_string());
    let mut compared = 0;
    for (quic, tls) in seen {
        for column in ["ja3", "ja3s", "ja4", "ja4s"] {
            assert_eq!(quic[column], tls[column], "{column}");
        }
        compared += 1;
    }
    assert!(compared > 2, "{quic:?}");
    let folder = tempfile::tempdir().unwrap();
    shipped("tls", folder.path(), &["protocols/ssl/ja4", "protocols/ssl/log-certs-base64"]);
    let found = rows_in(folder.path(), "x509.log");
    let ja4x = cells(&found, "ja4x");
    assert_eq!(ja4x.len(), found.len());
    assert!(ja4x.contains(&"a373a9f83c6b_a373a9f83c6b_4547ce6bed00".to_owned()), "{ja4x:?}");
    assert!(cells(&found, "cert").iter().all(|cert| cert.starts_with("MII")), "{found:?}");
}

#[test]
fn hellos_are_logged_number_by_number() {
    let folder = tempfile::tempdir().unwrap();
    shipped("tls", folder.path(), &["protocols/ssl/ssl-log-ext"]);
    let found = rows_in(folder.path(), "ssl.log");
    let newest = found.iter().find(|row| row["id.orig_p"] == 43_404).unwrap();
    assert_eq!(newest["client_version"], 771);
    assert_eq!(newest["server_supported_version"], 772);
    assert_eq!(newest["ssl_server_exts"].to_string(), "[43,51]");
    assert_eq!(newest["psk_key_exchange_modes"].to_string(), "[1]");
}

#[test]
fn certificates_that_are_known_to_be_bad_are_found() {
    let folder = tempfile::tempdir().unwrap();
    shipped("tls", folder.path(), &[]);
    let digest = cells(&rows_in(folder.path(), "x509.log"), "fingerprint").remove(0);
    let list = format!("#fields\tindicator\tindicator_type\tmeta.source\n{digest}\tIntel::CERT_HASH\ttest\n");
    std::fs::write(folder.path().join("bad.dat"), list).unwrap();
    let words = ["frameworks/intel/seen/x509", "-e", "redef Intel::read_files += { \"bad.dat\" };"];
    shipped("tls", folder.path(), &words);
    let found = rows_in(folder.path(), "intel.log");
    assert!(!found.is_empty());
    assert!(cells(&found, "seen.where").iter().all(|place| place == "X509::IN_CERT"));
    assert!(cells(&found, "seen.indicator_type").iter().all(|kind| kind == "Intel::CERT_HASH"));
}

#[test]
fn clients_that_name_no_server_are_noticed_where_it_is_rare() {
    let script = "redef SSL::no_server_name_hosts = ALL_HOSTS; redef SSL::no_server_name_learn_for = 0sec;";
    let folder = tempfile::tempdir().unwrap();
    shipped("tls", folder.path(), &["protocols/ssl/no-server-name", "-e", script]);
    let found = rows_in(folder.path(), "notice.log");
    assert!(cells(&found, "note").iter().all(|note| note == "SSL::No_Server_Name"), "{found:?}");
    let message = "10.98.0.1 talks TLS to 10.98.0.2, a rare server, and does not name it";
    assert!(cells(&found, "msg").contains(&message.to_owned()), "{found:?}");
    // It is not rare where two are too many, nor before it was learned who is.
    for more in ["redef SSL::no_server_name_max_clients = 0;", "redef SSL::no_server_name_learn_for = 1day;"]
    {
        let folder = tempfile::tempdir().unwrap();
        shipped("tls", folder.path(), &["protocols/ssl/no-server-name", "-e", script, "-e", more]);
        assert!(rows_in(folder.path(), "notice.log").is_empty(), "{more}");
    }
}

#[test]
fn fingerprints_with_many_names_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let low = "redef SSL::names_of_fingerprint_threshold = 2.0;";
    shipped("tls", folder.path(), &["protocols/ssl/fingerprint-names", "-e", low]);
    let found = rows_in(folder.path(), "notice.log");
    assert_eq!(cells(&found, "note"), ["SSL::Fingerprint_Many_Names"], "{found:?}");
    let told = &cells(&found, "msg")[0];
    assert!(told.starts_with("10.98.0.1 asked for 2 servers with the fingerprint t1"), "{told}");
    let folder = tempfile::tempdir().unwrap();
    shipped("tls", folder.path(), &["protocols/ssl/fingerprint-names"]);
    assert!(rows_in(folder.path(), "notice.log").is_empty());
}

#[test]
fn scripts_find_what_they_name_without_loading_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = "hook SSL::ssl_finishing(c: connection)
                    { if ( c$ssl?$cert_chain && |c$ssl$cert_chain| > 0 ) print c$ssl$cert_chain[0]$x509$certificate$subject; }
                  event ssl_established(c: connection) { print c$ssl$analyzer_id > 0; }
                  event zeek_init() { print |SSL::ct_logs| > 100; }";
    let told = shipped("tls-stapled", folder.path(), &["-e", script]);
    assert!(
        told.starts_with("T\n") && told.lines().all(|line| line == "T" || line.contains("CN=")),
        "{told}"
    );
    let scripts = "event zeek_init() { print |SSL::root_certs|; }
                   event zeek_script_loaded(path: string, level: count) { print path; }";
    let told = shipped("tls-stapled", folder.path(), &["-e", scripts]);
    assert!(
        !told.contains("ct-list") && !told.contains("finishing") && !told.contains("base/files/x509"),
        "{told}"
    );
}
