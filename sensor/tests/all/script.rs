//! Scripts through the front door: alone, and over a capture.

use std::path::Path;
use std::process::{Command, Output};

fn nightjar(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
    command.current_dir(folder.path()).args(args).output().expect("nightjar runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

/// Writes a script to a folder that lives as long as the result.
fn script(code: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".zeek").tempfile().expect("a file");
    std::fs::write(file.path(), code).expect("a script written");
    file
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn capture(name: &str) -> String {
    format!("{}/../pcaps/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_script_runs_without_a_capture() {
    let file = script(
        "module Greeting;
         export { option whom = \"nobody\"; }
         event later(n: count) { print fmt(\"later %d\", n); }
         event zeek_init() { print fmt(\"hello %s\", whom); schedule 1min { later(7) }; }
         event zeek_done() { print \"done\"; }",
    );
    let run = nightjar(&[path(file.path()), "Greeting::whom=world"]);
    assert_eq!(text(&run.stdout), "hello world\ndone\nlater 7\n", "{}", text(&run.stderr));
    assert!(run.status.success() && run.stderr.is_empty());
    let run = nightjar(&["-e", "print 6 * 7;", "-e", "print |\"four\"|;"]);
    assert_eq!(text(&run.stdout), "42\n4\n");
}

#[test]
fn mistakes_are_all_shown_and_nothing_runs() {
    let file = script(
        "event zeek_init() { print \"ran\"; }\nevent zeek_init() { print no_such; }\nglobal x: count = \"text\";\n",
    );
    for args in [&["check", path(file.path())][..], &[path(file.path())]] {
        let run = nightjar(args);
        let errors = text(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{errors}");
        assert!(
            errors.contains("line 2: unknown identifier no_such") && errors.contains("line 3: "),
            "{errors}"
        );
        assert!(run.stdout.is_empty() && !errors.contains("panic"));
    }
    let run = nightjar(&["check", "-e", "event zeek_init() { print 1; }"]);
    assert!(run.status.success() && run.stdout.is_empty());
    let run = nightjar(&["check", "/no/such/script.zeek"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("/no/such/script.zeek"));
    assert_eq!(nightjar(&["check"]).status.code(), Some(2));
}

#[test]
fn a_fault_ends_its_handler_only() {
    let file = script(
        "event zeek_init() { local t: table[count] of count; print t[5]; print \"not reached\"; }
         event zeek_done() { print \"done\"; }",
    );
    let run = nightjar(&["-r", &capture("tcp.pcap"), "--quiet", path(file.path())]);
    assert_eq!(text(&run.stdout), "done\n");
    assert!(text(&run.stderr).contains("no such index"), "{}", text(&run.stderr));
}

const WATCH: &str = "
global replies: table[count] of count &default=0;
event new_connection(c: connection) { print \"new\", c$id$resp_p; }
event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
	{ print fmt(\"%.6f\", network_time()), c$uid, method, original_URI; }
event http_header(c: connection, is_orig: bool, name: string, value: string)
	{ if ( is_orig && name == \"HOST\" ) print \"host\", value; }
event http_reply(c: connection, version: string, code: count, reason: string)
	{ ++replies[c$http$status_code]; print c$http$method, code, reason; }
event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
	{ if ( ! is_orig ) print \"body\", stat$body_length; }
event connection_state_remove(c: connection) { print c$uid, c$history, c$orig$size, c$resp$size, c$service; }
event zeek_done() { print replies; }
";

#[test]
fn events_of_a_capture_reach_the_handlers() {
    let file = script(WATCH);
    let http = capture("http.pcap");
    let run = |workers: &str| {
        let run = nightjar(&["-r", &http, "--quiet", "--workers", workers, path(file.path())]);
        assert!(run.status.success() && run.stderr.is_empty(), "{}", text(&run.stderr));
        text(&run.stdout).to_owned()
    };
    let printed = run("1");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("new, ") && lines[0].ends_with("/tcp"), "{printed}");
    // What handlers saw is what the logs say.
    let rows = nightjar(&["-r", &http, "--quiet", "--stdout", "http", "LogAscii::use_json=T"]);
    for row in text(&rows.stdout).lines() {
        let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
        let field = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let request = format!("{}, {}, {}", field("uid"), field("method"), field("uri"));
        assert!(lines.iter().any(|line| line.ends_with(&request)), "{request} is not in {printed}");
        if let Some(code) = row["status_code"].as_u64() {
            let reply = format!("{}, {code}, {}", field("method"), field("status_msg"));
            assert!(lines.contains(&&reply[..]), "{reply} is not in {printed}");
        }
    }
    assert!(printed.contains("body, ") && printed.contains("host, "), "{printed}");
    for workers in ["2", "4"] {
        assert_eq!(run(workers), printed, "{workers} workers");
    }
}

#[test]
fn what_is_scheduled_happens_between_packets() {
    // A connection of which nothing is said from its beginning to its end, seconds later.
    let file = script(
        "global times = 0;
         event tick(due: time)
             {
             ++times;
             schedule 10msec { tick(network_time() + 10msec) };
             }
         event new_connection(c: connection) { if ( times == 0 ) schedule 10msec { tick(network_time() + 10msec) }; }
         event net_done(t: time) { print times; }",
    );
    let times = |workers: &str| {
        let run = nightjar(&["-r", &capture("tcp.pcap"), "--workers", workers, path(file.path())]);
        text(&run.stdout).trim().parse::<u64>().unwrap_or_else(|_| panic!("{}", text(&run.stderr)))
    };
    assert!(times("1") > 8, "{}", times("1"));
    assert_eq!(times("1"), times("3"));
}

#[test]
fn packets_are_told_with_their_headers() {
    let file = script(
        "global seen: table[string] of count &default=0;
         event new_packet(c: connection, p: pkt_hdr)
             {
             if ( p?$tcp && p$tcp$dport == 80/tcp && p$tcp$flags == 2 )
                 print p$ip$src == c$id$orig_h, p$ip$ttl, p$ip$DF, p$tcp$sport == c$id$orig_p, p$tcp$dl;
             if ( p?$ip6 )
                 ++seen[\"6\"];
             if ( p?$udp )
                 ++seen[fmt(\"%s\", p$udp$dport == 53/udp || p$udp$sport == 53/udp)];
             }
         event Pcap::file_done(path: string) { print \"file\", path[-9:]; }
         event net_done(t: time) { print \"net\", t == network_time(); }
         event connection_state_remove(c: connection) { if ( c$id$orig_p == 40116/tcp ) print \"removed\"; }
         event zeek_done() { print \"done\"; }",
    );
    let run = nightjar(&["-r", &capture("http.pcap"), path(file.path())]);
    let out = text(&run.stdout);
    assert!(out.starts_with("T, 64, T, T, 0\n"), "{out} {}", text(&run.stderr));
    assert!(
        out.ends_with("file, http.pcap\nnet, T\nremoved\ndone\n")
            || out.ends_with("file, http.pcap\nnet, T\ndone\n"),
        "{out}"
    );
}

#[test]
fn options_that_scripts_ship_with_need_no_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |option: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        command
            .current_dir(folder.path())
            .args(["-r", &capture("http.pcap"), option])
            .output()
            .expect("nightjar runs")
    };
    assert!(run("Log::default_scope_sep=_").status.success());
    let log = std::fs::read_to_string(folder.path().join("conn.log")).expect("a log");
    assert!(log.contains("\tid_orig_h\t"), "{log}");
    let wrong = run("Log::default_scope_sap=_");
    assert!(!wrong.status.success() && text(&wrong.stderr).contains("Log::default_scope_sap"));
}

#[test]
fn handlers_of_an_event_that_nobody_declared_are_of_one_event() {
    let file = script(
        "module A; event told(n: count) { print \"A\", n; }
         module B; event told(n: count) { print \"B\", n; }
         event zeek_init() { event told(1); }",
    );
    let run = nightjar(&[path(file.path())]);
    assert_eq!(text(&run.stdout), "A, 1\nB, 1\n", "{}", text(&run.stderr));
}

#[test]
fn a_query_is_held_until_it_is_answered() {
    let run = |name: &str, code: &str| {
        let file = script(code);
        let run = nightjar(&["-r", &capture(name), "--quiet", path(file.path())]);
        assert!(run.status.success() && run.stderr.is_empty(), "{}", text(&run.stderr));
        text(&run.stdout).to_owned()
    };
    let ends =
        "event connection_state_remove(c: connection) { print \"gone\", c?$dns ? c$dns$query : \"-\"; }";
    let asks = "event dns_request(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count)
             { if ( c?$dns ) print \"asked\", c$dns$query; }
         event dns_end(c: connection, msg: dns_msg) { print msg$QR, c?$dns; }";
    // The same whether something else looks at queries or not.
    let both = |name: &str| {
        let (told, alone) = (run(name, &format!("{asks}{ends}")), run(name, ends));
        let gone: String =
            told.lines().filter(|line| line.starts_with("gone")).map(|l| format!("{l}\n")).collect();
        assert_eq!(alone, gone);
        told
    };
    let told = both("dns.pcap");
    assert!(told.starts_with("asked, www.nightjar.test\nF, T\nT, T\n"), "{told}");
    assert!(told.contains("gone, -\n") && !told.contains("gone, www"), "{told}");
    let told = both("mdns.pcap");
    assert!(told.contains("gone, nightjar\n"), "{told}");
}

#[test]
fn answers_of_dnssec_have_events() {
    let file = script(
        "event dns_DS(c: connection, msg: dns_msg, ans: dns_answer, ds: dns_ds_rr)
             { print ds$query, ds$answer_type, ds$algorithm, ds$digest_type, |ds$digest_val|, ds$is_query, c$dns$qtype_name; }
         event dns_DNSKEY(c: connection, msg: dns_msg, ans: dns_answer, key: dns_dnskey_rr)
             { print key$query, key$flags, key$protocol, key$algorithm, |key$public_key|; }
         event dns_LOC(c: connection, msg: dns_msg, ans: dns_answer, loc: dns_loc_rr)
             { print loc$query, loc$version, ans$TTL; }",
    );
    let run = nightjar(&["-r", &capture("dns.pcap"), "--quiet", path(file.path())]);
    assert!(run.stderr.is_empty(), "{}", text(&run.stderr));
    // The DS and the key are those of RFC 4034 §5.4 and its like, that the server was given.
    let told = "host.nightjar.test, 0, 5.0 mins\nsecure.nightjar.test, 1, 5, 1, 20, 0, DS\nsecure.nightjar.test, 256, 3, 5, 42\n";
    assert_eq!(text(&run.stdout), told);
}
