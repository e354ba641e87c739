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
