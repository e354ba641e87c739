//! Kerberos, from a capture of MIT's to logs and scripts.

use crate::detect::each::{Run, detect};

/// Logins and tickets over UDP, and then over TCP.
const CAPTURE: &str = "kerberos";

fn run(args: &[&str]) -> Run {
    detect("../protocols/krb/ticket-logging", CAPTURE, args)
}

#[test]
fn a_ticket_is_known_by_its_digest_where_it_is_shown() {
    let rows = run(&[]).rows("kerberos");
    let given = rows.iter().find(|row| row["request_type"] == "AS" && row["success"] == "T").unwrap();
    let shown: Vec<_> = rows.iter().filter(|row| row["request_type"] == "TGS").collect();
    assert_eq!(shown[0]["auth_ticket"], given["new_ticket"], "the first is asked for with the first");
    assert_eq!(given["new_ticket"].len(), 40);
    assert_ne!(shown[0]["new_ticket"], given["new_ticket"]);
    assert!(shown.iter().filter(|row| row["success"] == "F").all(|row| row["new_ticket"] == "-"));
}

#[test]
fn certificates_are_files_and_their_names_stand_in_the_row() {
    let run = run(&["X509::log_x509_in_files_log=T"]);
    let rows = run.rows("kerberos");
    let by_certificate: Vec<_> = rows.iter().filter(|row| row["client_cert_subject"] != "-").collect();
    assert_eq!(by_certificate.len(), 2, "over UDP or TCP, and TCP");
    let files = run.rows("files");
    for row in by_certificate {
        assert_eq!(
            (&row["client_cert_subject"][..], &row["server_cert_subject"][..]),
            ("CN=heron.roost.test", "CN=kdc.roost.test")
        );
        for fuid in ["client_cert_fuid", "server_cert_fuid"] {
            assert!(files.iter().any(|file| file["fuid"] == row[fuid] && file["source"].starts_with("KRB")));
        }
    }
    let subjects: Vec<_> = run.rows("x509").iter().map(|row| row["certificate.subject"].clone()).collect();
    assert_eq!(subjects.len(), 2, "each is logged once");
}

#[test]
fn that_something_has_to_go_before_is_logged_for_who_wants_it() {
    let errors = |args: &[&str]| {
        let rows = run(args).rows("kerberos");
        rows.iter().filter(|row| row["error_msg"] == "NEEDED_PREAUTH").count()
    };
    assert_eq!(errors(&[]), 0);
    assert!(errors(&["KRB::ignored_errors=set()"]) > 5);
}

#[test]
fn scripts_see_messages() {
    let script = "event krb_as_request(c: connection, msg: KRB::KDC_Request) {
        if ( msg$client_name == \"owl\" )
            print \"as\", msg$pvno, msg$service_realm, msg$kdc_options$renewable_ok, msg$encryption_types, c$krb$client; }
    event krb_tgs_request(c: connection, msg: KRB::KDC_Request) {
        if ( msg$service_name == \"cifs/files.roost.test\" ) print \"tgs\", msg$msg_type, |msg$pa_data| > 0; }
    event krb_tgs_response(c: connection, msg: KRB::KDC_Response) {
        if ( msg$ticket$cipher == 23 )
            print \"ticket\", msg$ticket$service_name, msg$ticket$realm, |msg$ticket$ciphertext| > 100, c$krb$cipher; }
    event krb_ap_request(c: connection, ticket: KRB::Ticket, opts: KRB::AP_Options) {
        if ( c$id$resp_p == 88/tcp ) print \"ap\", ticket$service_name, opts$mutual_required; }
    event krb_error(c: connection, msg: KRB::Error_Msg) {
        if ( msg$error_code == 6 )
            print \"error\", msg$error_text, msg$service_name, c$krb$error_code, c$krb$error_msg, msg?$server_time; }
    event KRB::log_krb(rec: KRB::Info) { if ( rec?$client && rec$client == \"gone/ROOST.TEST\" ) print rec$error_msg; }";
    let printed = run(&["-e", script]).printed;
    let mut lines: Vec<_> = printed.lines().collect();
    lines.dedup();
    let expected = [
        "tgs, 12, T",
        "ticket, cifs/files.roost.test, ROOST.TEST, T, rc4-hmac",
        "as, 5, ROOST.TEST, F, [18, 17, 23], owl/ROOST.TEST",
        "error, CLIENT_NOT_FOUND, krbtgt/ROOST.TEST, 6, CLIENT_NOT_FOUND, T",
        "CLIENT EXPIRED",
        "ap, krbtgt/ROOST.TEST, F",
    ];
    assert_eq!(lines, expected);
}
