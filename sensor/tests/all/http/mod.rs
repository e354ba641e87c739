//! http.log and files.log end to end: captures in, logs out.

mod given_up;
mod limits;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::build::{self, Capture, Client, Server, one, rows, rows_with};

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

/// The logs of a capture by name, as files of text.
fn logs(capture: &Capture, args: &[&str]) -> BTreeMap<String, String> {
    build::logs(capture, &[&["-C"], args].concat())
}

/// A reply with this body.
fn reply(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// As Zeek 7.0: one byte of a text that shows nothing, and none of it beyond ASCII stands as it came; in TSV that is
/// judged between separators and backslashes.
#[test]
fn text_that_does_not_show_all_it_holds_is_escaped() {
    let cases: [(&[u8], &str, &str); 8] = [
        (b"caf\xc3\xa9", "caf\u{e9}", "caf\u{e9}"),
        (b"caf\xc3\xa9\xff", r"caf\xc3\xa9\xff", r"caf\xc3\xa9\xff"),
        (b"caf\xc3\xa9\x01", r"caf\xc3\xa9\x01", r"caf\xc3\xa9\x01"),
        ("\u{85}\u{1f604}".as_bytes(), r"\xc2\x85\xf0\x9f\x98\x84", r"\xc2\x85\xf0\x9f\x98\x84"),
        ("\u{fffe}".as_bytes(), r"\xef\xbf\xbe", r"\xef\xbf\xbe"),
        ("\u{e000}".as_bytes(), r"\xee\x80\x80", r"\xee\x80\x80"),
        ("\u{2028}\u{fdd0}".as_bytes(), "\u{2028}\u{fdd0}", "\u{2028}\u{fdd0}"),
        (b"\xc3\xa9\\\x7f\xc3\xa9", "\u{e9}\\\\\\x7f\\xc3\\xa9", r"\xc3\xa9\\x7f\xc3\xa9"),
    ];
    let capture = one(|talk| {
        for (agent, _, _) in cases {
            let request = [b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: ", agent, b"\r\n\r\n"].concat();
            talk.send(Client, &request).send(Server, &reply("", b"ok"));
        }
        talk.close();
    });
    let log = &logs(&capture, &[])["http"];
    let tsv: Vec<&str> = log.lines().filter(|line| !line.starts_with('#')).collect();
    let json = rows(&capture).fields("http", ["user_agent"]);
    for (nth, (agent, in_tsv, in_json)) in cases.into_iter().enumerate() {
        assert_eq!(tsv[nth].split('\t').nth(12), Some(in_tsv), "{agent:?}");
        assert_eq!(json[nth], [Value::from(in_json)], "{agent:?}");
    }
}

#[test]
fn an_exchange_is_a_row_of_http_log_and_its_body_one_of_files_log() {
    let capture = one(|talk| {
        let request = b"GET /index%2ehtml HTTP/1.1\r\nHost: example.com:80\r\nReferer: http://r/\r\n\
            User-Agent: probe/1\r\nOrigin: http://o\r\n\r\n";
        talk.send(Client, request)
            .send(Server, &reply("Content-Type: text/html\r\n", b"<html><body>hello</body></html>"))
            .close();
    });
    let logs = logs(&capture, &[]);
    let line = |log: &str, start: &str| {
        let line = logs[log].lines().find(|line| line.starts_with(start)).unwrap();
        line.split('\t').map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(
        line("http", "#fields")[1..].join(" "),
        "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent \
         origin request_body_len response_body_len status_code status_msg info_code info_msg tags username \
         password proxied orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types"
    );
    assert_eq!(
        line("http", "#types")[1..].join(" "),
        "time string addr port addr port count string string string string string string string count count \
         count string count string set[enum] string string set[string] vector[string] vector[string] \
         vector[string] vector[string] vector[string] vector[string]"
    );
    assert_eq!(
        line("files", "#fields")[1..].join(" "),
        "ts fuid uid id.orig_h id.orig_p id.resp_h id.resp_p source depth analyzers mime_type filename duration \
         local_orig is_orig seen_bytes total_bytes missing_bytes overflow_bytes timedout parent_fuid md5 sha1 \
         sha256 extracted extracted_cutoff extracted_size"
    );
    assert_eq!(
        line("files", "#types")[1..].join(" "),
        "time string string addr port addr port string count set[string] string string interval bool bool count \
         count count count bool string string string string string bool count"
    );
    let (http, file, conn) = (line("http", "17"), line("files", "17"), line("conn", "17"));
    let (uid, fuid) = (&conn[1], &file[1]);
    assert!(fuid.starts_with('F'));
    assert_eq!(
        http.join(" "),
        format!(
            "1700000000.003000 {uid} 10.0.0.1 40000 10.0.0.2 80 1 GET example.com:80 /index.html http://r/ 1.1 \
             probe/1 http://o 0 31 200 OK - - (empty) - - - - - - {fuid} - text/html"
        )
    );
    assert_eq!(
        file.join(" "),
        format!(
            "1700000000.005000 {fuid} {uid} 10.0.0.1 40000 10.0.0.2 80 HTTP 0 (empty) text/html - 0.000000 T F \
             31 31 0 0 F - - - - - - -"
        )
    );
    assert_eq!(conn[7], "http");
}

#[test]
fn a_connection_carries_many_exchanges() {
    let capture = one(|talk| {
        let [first, second] =
            [&b"GET /1 HTTP/1.1\r\n\r\n"[..], b"POST /2 HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"];
        talk.send(Client, &[first, second].concat())
            .send(Server, &[reply("", b"one"), reply("", b"three")].concat())
            .send(Client, b"HEAD /3 HTTP/1.1\r\n\r\n")
            .send(Server, b"HTTP/1.1 204 No Content\r\nContent-Length: 100\r\n\r\n")
            .send(Client, b"GET /4 HTTP/1.1\r\n\r\n")
            .close();
    });
    let rows = rows(&capture);
    let names = ["trans_depth", "method", "uri", "request_body_len", "response_body_len", "status_code"];
    assert_eq!(
        rows.fields("http", names),
        [
            [json!(1), json!("GET"), json!("/1"), json!(0), json!(3), json!(200)],
            [json!(2), json!("POST"), json!("/2"), json!(4), json!(5), json!(200)],
            [json!(3), json!("HEAD"), json!("/3"), json!(0), json!(0), json!(204)],
            [json!(4), json!("GET"), json!("/4"), json!(0), json!(0), Value::Null],
        ]
    );
    let sides: Vec<bool> = rows.of("files").iter().map(|row| row["is_orig"] == true).collect();
    assert_eq!(sides, [true, false, false]);
    assert_eq!(rows.of("http")[1]["orig_fuids"][0], rows.of("files")[0]["fuid"]);
}

#[test]
fn an_informational_reply_comes_before_the_real_one() {
    let capture = one(|talk| {
        talk.send(Client, b"PUT /f HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            .send(Server, b"HTTP/1.1 100 Continue\r\n\r\n")
            .send(Client, b"abc")
            .send(Server, &reply("", b"ok"))
            .close();
    });
    let rows = rows(&capture);
    let row = rows.only("http");
    assert_eq!(
        [&row["info_code"], &row["info_msg"], &row["status_code"]],
        [&json!(100), &json!("Continue"), &json!(200)]
    );
    assert_eq!(row["request_body_len"], 3);
}

#[test]
fn bodies_are_counted_and_typed_decoded() {
    let page = b"<html><body>compressed</body></html>".repeat(200);
    let capture = one(|talk| {
        let coded = gzip(&page);
        let mut chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
        for chunk in coded.chunks(50) {
            chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
            chunked.extend([chunk, b"\r\n"].concat());
        }
        chunked.extend(b"0\r\n\r\n");
        talk.send(Client, GET).send(Server, &chunked).close();
    });
    let rows = rows(&capture);
    assert_eq!(rows.only("http")["response_body_len"], page.len());
    assert_eq!(rows.only("http")["resp_mime_types"], json!(["text/html"]));
    assert_eq!(rows.only("files")["seen_bytes"], page.len());
    assert_eq!(rows.only("files")["total_bytes"], Value::Null, "the length is that of the coded body");
}

#[test]
fn users_passwords_and_proxies() {
    let capture = one(|talk| {
        let request = b"GET / HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYXNz\r\nVia: 1.1 a\r\nX-Forwarded-For: b\r\n\r\n";
        talk.send(Client, request).send(Server, &reply("", b"")).close();
    });
    let row = rows(&capture).only("http").clone();
    assert_eq!([&row["username"], &row["password"]], [&json!("user"), &Value::Null]);
    assert_eq!(row["proxied"], json!(["VIA -> 1.1 a", "X-FORWARDED-FOR -> b"]));
    let rows = rows_with(&capture, &["HTTP::default_capture_password=T"]);
    assert_eq!(rows.only("http")["password"], "pass");
}

#[test]
fn a_file_has_a_name_what_looks_at_it_and_digests_when_asked_for() {
    let capture = one(|talk| {
        let headers = "Content-Disposition: attachment; filename=\"tool.exe\"\r\n";
        let mut body = b"MZ".to_vec();
        body.resize(3000, 0);
        talk.send(Client, GET).send(Server, &reply(headers, &body)).close();
    });
    let plain = rows(&capture);
    let row = plain.only("files");
    assert_eq!([&row["filename"], &row["analyzers"]], [&json!("tool.exe"), &json!(["PE"])]);
    assert_eq!([&row["mime_type"], &row["md5"]], [&json!("application/x-dosexec"), &Value::Null]);
    assert_eq!(plain.only("http")["resp_filenames"], json!(["tool.exe"]));
    assert_eq!(row["duration"], 0.002, "from its first segment to its last");

    let hashed = rows_with(&capture, &["Files::hash=md5,sha1,sha256"]);
    let row = hashed.only("files");
    assert_eq!(row["analyzers"], json!(["MD5", "SHA1", "SHA256", "PE"]));
    assert_eq!(row["md5"], "281f4fe99378fcf0575ed8a336adb3d3");
}

#[test]
fn what_is_missing_of_a_body_is_counted_and_leaves_no_digest() {
    let capture = one(|talk| {
        let whole = reply("", &[b'x'; 6000]);
        talk.send(Client, GET)
            .send(Server, &whole[..2800])
            .lose(Server, 1400)
            .send(Server, &whole[4200..])
            .close();
    });
    let rows = rows_with(&capture, &["Files::hash=md5"]);
    let row = rows.only("files");
    assert_eq!([&row["missing_bytes"], &row["total_bytes"]], [&json!(1400), &json!(6000)]);
    assert_eq!(row["seen_bytes"], 4600);
    assert_eq!([&row["md5"], &row["timedout"]], [&Value::Null, &json!(false)]);
    assert_eq!(rows.only("http")["response_body_len"], 6000);
    assert_eq!(rows.only("conn")["missed_bytes"], 1400);
}

#[test]
fn a_hole_in_a_head_ends_the_reading_of_that_side() {
    let capture = one(|talk| {
        talk.send(Client, GET)
            .send(Server, b"HTTP/1.1 200 OK\r\nContent-")
            .lose(Server, 10)
            .send(Server, b"5\r\n\r\nhello")
            .send(Client, b"GET /b HTTP/1.1\r\n\r\n")
            .close();
    });
    let rows = rows(&capture);
    let codes = rows.fields("http", ["uri", "status_code"]);
    assert_eq!(codes, [[json!("/a"), json!(200)], [json!("/b"), Value::Null]]);
}

/// A reply with bytes `from` to `to` of a file of 1000.
fn part(from: usize, to: usize) -> Vec<u8> {
    let len = to - from + 1;
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{to}/1000\r\nContent-Length: {len}\r\n\r\n"
    );
    [head.as_bytes(), &vec![b'a'; len]].concat()
}

const RANGE: &[u8] = b"GET /big HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\n\r\n";

#[test]
fn ranges_of_one_url_are_pieces_of_one_file() {
    let capture = one(|talk| {
        talk.send(Client, RANGE)
            .send(Server, &part(500, 999))
            .send(Client, RANGE)
            .send(Server, &part(0, 499))
            .close();
    });
    let found = rows_with(&capture, &["Files::hash=sha1"]);
    let row = found.only("files");
    assert_eq!([&row["seen_bytes"], &row["total_bytes"]], [&json!(1000), &json!(1000)]);
    assert_eq!([&row["missing_bytes"], &row["timedout"]], [&json!(0), &json!(false)]);
    assert_eq!(row["sha1"], "291e9a6c66994949b57ba5e650361e98fc36b1ba", "pieces are hashed in order");
    assert_eq!(found.of("http").len(), 2);

    let capture = one(|talk| {
        talk.send(Client, RANGE).send(Server, &part(0, 499)).close();
    });
    let found = rows(&capture);
    let row = found.only("files");
    assert_eq!(
        [&row["seen_bytes"], &row["timedout"]],
        [&json!(500), &json!(true)],
        "the rest may come elsewhere"
    );
}

#[test]
fn a_file_of_which_nothing_comes_for_two_minutes_is_given_up() {
    let body = [b'x'; 2000];
    let start = &reply("", &body)[..1400];
    let capture = one(|talk| {
        talk.send(Client, GET).send(Server, start).wait(121).send(Client, GET).wait(10).close();
    });
    let rows = rows(&capture);
    let row = rows.only("files");
    assert_eq!([&row["timedout"], &row["duration"]], [&json!(true), &json!(0.0)]);
    assert_eq!(rows.of("http")[0]["resp_mime_types"], json!(["text/plain"]), "what there is decides");

    let capture = one(|talk| {
        talk.send(Client, GET).send(Server, start).wait(3600);
        talk.send(Client, b"");
    });
    let found = build::rows(&capture);
    assert_eq!(found.only("files")["timedout"], true, "the file's time is over before the connection's");

    let capture = one(|talk| {
        talk.send(Client, GET).send(Server, start);
    });
    let found = build::rows(&capture);
    assert_eq!(found.only("files")["timedout"], false, "the end of the capture ends it with its connection");
}

#[test]
fn what_follows_a_connect_is_found_anew() {
    let capture = one(|talk| {
        talk.send(Client, b"CONNECT inner:80 HTTP/1.1\r\nHost: inner:80\r\n\r\n")
            .send(Server, b"HTTP/1.1 200 Connection established\r\n\r\n")
            .send(Client, b"GET /inside HTTP/1.1\r\n\r\n")
            .send(Server, &reply("", b"<html>inner</html>"))
            .close();
    });
    let rows = rows(&capture);
    assert_eq!(
        rows.fields("http", ["trans_depth", "method", "uri", "response_body_len"]),
        [
            [json!(2), json!("GET"), json!("/inside"), json!(18)],
            [json!(1), json!("CONNECT"), json!("inner:80"), json!(0)],
        ]
    );
    assert_eq!(rows.only("conn")["service"], "http");
    let tunnel = rows.only("tunnel");
    assert_eq!(
        [&tunnel["tunnel_type"], &tunnel["action"]],
        [&json!("Tunnel::HTTP"), &json!("Tunnel::DISCOVER")]
    );
    assert_eq!(
        [&tunnel["id.orig_p"], &tunnel["id.resp_p"], &tunnel["uid"]],
        [&json!(0), &json!(80), &Value::Null]
    );
    assert_eq!(rows.weirds(), []);
}

#[test]
fn a_connect_that_is_refused_leaves_http() {
    let capture = one(|talk| {
        talk.send(Client, b"CONNECT inner:443 HTTP/1.1\r\n\r\n")
            .send(Server, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            .send(Client, GET)
            .send(Server, &reply("", b"yes"))
            .close();
    });
    let rows = rows(&capture);
    assert_eq!(rows.of("http").len(), 2);
    assert!(rows.of("tunnel").is_empty());
}

#[test]
fn what_follows_an_upgrade_is_no_http() {
    let capture = one(|talk| {
        talk.send(Client, b"GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
            .send(
                Server,
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n",
            )
            .send(Client, b"\x01no request\r\n\r\n")
            .send(Server, b"\x02no reply\r\n\r\n")
            .close();
    });
    let rows = rows(&capture);
    assert_eq!(
        rows.fields("http", ["uri", "status_code", "info_code"]),
        [[json!("/chat"), json!(101), json!(101)]]
    );
    assert_eq!(rows.only("conn")["service"], "http");
    assert_eq!(rows.weirds(), []);
}

#[test]
fn http_is_found_on_any_port_by_either_side() {
    let ok = &b"HTTP/1.1 200 OK\r\n\r\n"[..];
    for (client, server, service, row) in [
        (GET, &b""[..], json!("http"), true),
        (GET, ok, json!("http"), true),
        // A reply alone is read, but not enough to be sure.
        (b"", ok, Value::Null, true),
        (b"hello there\r\n", b"hello yourself\r\n", Value::Null, false),
    ] {
        let mut capture = Capture::new();
        capture.talk(40_000, 4000).send(Client, client).send(Server, server).close();
        let rows = rows(&capture);
        let found = (rows.only("conn")["service"].clone(), !rows.of("http").is_empty());
        assert_eq!(found, (service, row), "{} {}", client.escape_ascii(), server.escape_ascii());
    }
}

#[test]
fn what_turns_out_not_to_be_http_loses_the_service() {
    let capture = one(|talk| {
        talk.send(Client, GET).send(Server, b"220 ready\r\n").send(Client, GET).close();
    });
    let rows = rows(&capture);
    assert_eq!(rows.only("conn")["service"], Value::Null);
    assert_eq!(rows.of("http").len(), 1, "what had begun is still told: {:#?}", rows.of("http"));
}

#[test]
fn oddities_are_named_with_their_layer() {
    let capture = one(|talk| {
        talk.send(Client, b"FROB /%zz HTTP/1.1\r\nA: b\rC: d\r\n\r\n")
            .send(Server, &reply("Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x00no gzip at all"))
            .close();
    });
    let rows = rows(&capture);
    assert_eq!(
        rows.weirds(),
        [
            ("unescaped_%_in_URI", "HTTP"),
            ("unknown_HTTP_method", ""),
            ("line_terminated_with_single_CR", "CONTENTLINE"),
            ("inflate_failed", "ZIP"),
        ]
    );
}

#[test]
fn a_connection_seen_from_its_middle_is_not_read() {
    let mut capture = Capture::new();
    capture.middle(40_000, 80).send(Client, GET).send(Server, &reply("", b"x")).close();
    let rows = rows(&capture);
    assert!(rows.of("http").is_empty() && rows.of("files").is_empty());
}

#[test]
fn a_reset_ends_what_is_open() {
    let whole = reply("", &[b'x'; 3000]);
    let capture = one(|talk| {
        talk.send(Client, GET).send(Server, &whole[..1400]).reset(Client).send(Server, &whole[1400..]);
    });
    let rows = rows(&capture);
    let seen = 1400 - (whole.len() - 3000);
    assert_eq!(rows.only("files")["seen_bytes"], seen);
    assert_eq!(rows.only("http")["response_body_len"], seen);
}

#[test]
fn what_follows_a_false_end_is_still_read() {
    let capture = one(|talk| {
        talk.send(Client, GET).send(Server, &reply("", b"one")).forge_end();
        talk.send(Client, GET).send(Server, &reply("", b"three"));
    });
    let rows = rows(&capture);
    assert_eq!(
        rows.fields("http", ["trans_depth", "response_body_len"]),
        [[json!(1), json!(3)], [json!(2), json!(5)]]
    );
}

#[test]
fn any_number_of_workers_writes_the_same_bytes() {
    let mut capture = Capture::new();
    for port in 0..40 {
        let mut talk = capture.talk(40_000 + port, 80);
        talk.send(Client, RANGE).send(Server, &part(0, 499)).send(Client, GET);
        talk.send(Server, &reply("", &gzip(b"some text")));
        if port % 3 == 0 {
            talk.close();
        }
    }
    let one = logs(&capture, &[]);
    assert_eq!(one["files"].lines().filter(|line| !line.starts_with('#')).count(), 80);
    for workers in ["2", "4"] {
        assert!(one == logs(&capture, &["--workers", workers]), "{workers} workers");
    }
}
