//! smtp.log, mails as files, and SMTP's events, end to end.

use serde_json::json;

use crate::build::{Capture, Client, Server, Talk, printed, rows, rows_with};
use crate::replay::golden;

fn one(tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, 25));
    capture
}

/// What both sides say up to the mail.
const COMMANDS: [(&str, &str); 4] = [
    ("EHLO mx.example\r\n", "250-mx.example.org\r\n250 STARTTLS\r\n"),
    ("MAIL FROM:<ann@example.org> SIZE=100\r\n", "250 ok\r\n"),
    ("RCPT TO:<bob@example.com>\r\n", "250 ok\r\n"),
    ("RCPT TO:<cyd@example.com>\r\n", "250 ok\r\n"),
];

const MAIL: &str = "Received: from client ([192.0.2.7]) by relay; today\r\n\
    Received: from home (unknown [198.51.100.9]) by client\r\n\
    From: Ann <ann@example.org>\r\nTo: Bob <bob@example.com>,\r\n cyd@example.com\r\nCc: eve@example.net\r\n\
    Subject: Two parts\r\nDate: today\r\nMessage-ID: <1@example.org>\r\nIn-Reply-To: <0@example.org>\r\n\
    Reply-To: list@example.org\r\nX-Originating-IP: [203.0.113.5]\r\nX-Mailer: post 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"--b\"\r\n\r\npreamble\r\n----b\r\nContent-Type: text/plain\r\n\r\n\
    Hello\r\n..\r\n----b\r\nContent-Type: text/html; name=\"a.html\"\r\nContent-Transfer-Encoding: base64\r\n\
    Content-Disposition: attachment; filename=\"page.html\"\r\n\r\nPGh0bWw+PGJvZHk+aGk8L2JvZHk+\r\nPC9odG1sPg==\r\n\
    ----b--\r\n.\r\n";

fn greet<'t, 'c>(talk: &'t mut Talk<'c>) -> &'t mut Talk<'c> {
    talk.send(Server, b"220 mx.example.org\r\n");
    for (command, reply) in COMMANDS {
        talk.send(Client, command.as_bytes()).send(Server, reply.as_bytes());
    }
    talk
}

/// A mail with two parts, one of them a file, in segments of this length.
fn mail(len: usize) -> Capture {
    one(|talk| {
        greet(talk).send(Client, b"DATA\r\n").send(Server, b"354 go\r\n");
        talk.send_in(Client, len, MAIL.as_bytes()).send(Server, b"250 queued\r\n");
        talk.send(Client, b"QUIT\r\n").send(Server, b"221 bye\r\n").close();
    })
}

#[test]
fn mail_gives_its_golden_logs() {
    golden::check("smtp", &mail(1400));
}

#[test]
fn rows_are_the_same_however_segments_are_cut() {
    let columns = ["mailfrom", "rcptto", "from", "to", "subject", "path", "last_reply", "x_originating_ip"];
    let whole = rows(&mail(1400));
    let row = whole.only("smtp");
    assert_eq!(row["rcptto"], json!(["bob@example.com", "cyd@example.com"]));
    assert_eq!(row["path"], json!(["10.0.0.2", "10.0.0.1", "192.0.2.7", "198.51.100.9"]));
    assert_eq!((&row["tls"], &row["last_reply"]), (&json!(false), &json!("250 queued")));
    for len in [1, 7, 100] {
        let cut = rows(&mail(len));
        assert_eq!(cut.fields("smtp", columns), whole.fields("smtp", columns), "{len}");
        let of = ["fuid", "mime_type", "filename", "seen_bytes", "depth"];
        assert_eq!(cut.fields("files", of), whole.fields("files", of), "{len}");
    }
}

#[test]
fn parts_are_files_that_the_row_names() {
    let rows = rows(&mail(1400));
    let fuids: Vec<_> = rows.of("files").iter().map(|file| file["fuid"].clone()).collect();
    assert_eq!(rows.only("smtp")["fuids"], json!(fuids));
    let of = ["mime_type", "filename", "seen_bytes", "depth"];
    let want = [
        [json!(null), json!(null), json!(8), json!(2)],
        [json!("text/html"), json!("page.html"), json!(28), json!(3)],
    ];
    assert_eq!(rows.fields("files", of), want);
}

#[test]
fn the_path_of_a_mail_ends_where_an_option_says() {
    let path = |hosts: &str| {
        let option = format!("SMTP::mail_path_capture={hosts}");
        rows_with(&mail(1400), &[&option]).only("smtp")["path"].clone()
    };
    // The first host that is not followed is still there.
    assert_eq!(path("NO_HOSTS"), json!(["10.0.0.2", "10.0.0.1", "192.0.2.7", "198.51.100.9"]));
    assert_eq!(path("REMOTE_HOSTS"), json!(["10.0.0.2", "10.0.0.1", "192.0.2.7", "198.51.100.9"]));
    let script =
        "redef SMTP::mail_path_capture = LOCAL_HOSTS; redef Site::private_address_space -= { 192.0.2.0/24 };
        event SMTP::log_smtp(rec: SMTP::Info) { print rec$path; }";
    assert_eq!(printed(&mail(1400), &[], script)[0], "[10.0.0.2, 10.0.0.1, 192.0.2.7]\n");
}

const EVENTS: &str = r#"
event smtp_request(c: connection, is_orig: bool, command: string, arg: string) { print "request", is_orig, command, arg; }
event smtp_reply(c: connection, is_orig: bool, code: count, cmd: string, msg: string, cont_resp: bool)
	{ print "reply", is_orig, code, cmd, msg, cont_resp, c$smtp$last_reply; }
event smtp_unexpected(c: connection, is_orig: bool, msg: string, detail: string) { print "unexpected", is_orig, msg, detail; }
event smtp_data(c: connection, is_orig: bool, data: string) { if ( data == "." || data == "Hello" ) print "data", data; }
event mime_begin_entity(c: connection) { print "{"; }
event mime_one_header(c: connection, h: mime_header_rec) { if ( h$name == "CONTENT-TYPE" ) print h$original_name, h$value; }
event mime_all_headers(c: connection, hlist: mime_header_list) { print |hlist|; }
event mime_segment_data(c: connection, length: count, data: string) { print "segment", length, data; }
event mime_entity_data(c: connection, length: count, data: string) { print "entity", length; }
event mime_end_entity(c: connection) { print "}"; }
event mime_all_data(c: connection, length: count, data: string) { print "all", length; }
event mime_content_hash(c: connection, content_len: count, hash_value: string) { print content_len, bytestring_to_hexstr(hash_value); }
event file_over_new_connection(f: fa_file, c: connection, is_orig: bool) { print f$source, is_orig, |c$smtp$fuids|; }
event SMTP::log_smtp(rec: SMTP::Info) { print "log", SMTP::describe(rec); }
"#;

#[test]
fn events_come_in_the_order_of_the_mail() {
    let told = &printed(&mail(1400), &[], EVENTS)[0];
    let want = "reply, F, 220, >, mx.example.org, F, 220 mx.example.org
request, T, EHLO, mx.example
reply, F, 250, EHLO, mx.example.org, T, 250 mx.example.org
reply, F, 250, EHLO, STARTTLS, F, 250 STARTTLS
request, T, MAIL, FROM:<ann@example.org> SIZE=100
reply, F, 250, MAIL, ok, F, 250 ok
request, T, RCPT, TO:<bob@example.com>
reply, F, 250, RCPT, ok, F, 250 ok
request, T, RCPT, TO:<cyd@example.com>
reply, F, 250, RCPT, ok, F, 250 ok
request, T, DATA, \n{
reply, F, 354, DATA, go, F, 354 go
Content-Type, multipart/mixed; boundary=\"--b\"
13
{
Content-Type, text/plain
1
segment, 5, Hello
SMTP, T, 1
data, Hello
segment, 3, \\x0d\\x0a.
data, .
entity, 8
}
{
Content-Type, text/html; name=\"a.html\"
3
segment, 21, <html><body>hi</body>
SMTP, T, 2
segment, 7, </html>
entity, 28
}
entity, 0
}
";
    assert!(told.starts_with(want), "{told}");
    assert!(told.contains("all, 36\n"), "{told}");
    assert!(told.contains("log, ann@example.org -> bob@example.com (plus 1 others)\n"), "{told}");
}

#[test]
fn one_side_is_enough() {
    let capture = one(|talk| {
        for (command, _) in COMMANDS {
            talk.send(Client, command.as_bytes());
        }
        talk.send(Client, b"DATA\r\n").send(Client, MAIL.as_bytes());
        talk.send(Client, b"MAIL FROM:<x@example.org>\r\n").close();
    });
    let rows = rows(&capture);
    let of = ["mailfrom", "subject", "last_reply", "trans_depth"];
    let row = |from: &str, subject| [json!(from), subject, json!(null), json!(1)];
    let want = [row("ann@example.org", json!("Two parts")), row("x@example.org", json!(null))];
    assert_eq!(rows.fields("smtp", of), want);
    assert_eq!(rows.only("conn")["service"], "smtp");
}

#[test]
fn tls_begins_behind_starttls() {
    let capture = one(|talk| {
        talk.send(Server, b"220 x\r\n").send(Client, b"EHLO y\r\n").send(Server, b"250 STARTTLS\r\n");
        talk.send(Client, b"STARTTLS\r\n").send(Server, b"220 go\r\n");
        // A ClientHello that names its server.
        let hello = b"\x16\x03\x01\x00\x3f\x01\x00\x00\x3b\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x00\x00\x02\xc0\x2f\x01\
            \x00\x00\x10\x00\x00\x00\x0c\x00\x0a\x00\x00\x07mail.ex";
        talk.send(Client, hello).close();
    });
    let rows = rows(&capture);
    assert_eq!(rows.only("smtp")["tls"], true);
    assert_eq!(rows.only("ssl")["server_name"], "mail.ex");
}

#[test]
fn what_comes_out_of_order_is_a_weird_and_has_an_end() {
    let capture = one(|talk| {
        talk.send(Server, b"220 x\r\n").send(Client, b"HELO y\r\n");
        for _ in 0..30 {
            talk.send(Client, b"RCPT TO:<a@b>\r\n");
        }
        talk.close();
    });
    let rows = rows(&capture);
    let names: Vec<&str> = rows.weirds().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["smtp_mail_transaction_invalid", "smtp_excessive_invalid_mail_transactions"]);
    assert_eq!(rows.only("smtp")["rcptto"], json!(["a@b"]));
}

#[test]
fn smtp_is_found_on_any_port() {
    let mut capture = Capture::new();
    greet(&mut capture.talk(40_000, 4025)).close();
    let rows = rows(&capture);
    assert_eq!(
        (&rows.only("conn")["service"], &rows.only("smtp")["helo"]),
        (&json!("smtp"), &json!("mx.example"))
    );
}
