//! `nightjar test`: a detection, its capture, and what is expected of them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SCRIPT: &str = "
    redef enum Notice::Type += { Found };
    event http_reply(c: connection, version: string, code: count, reason: string)
        {
        if ( code == 404 )
            NOTICE([$note=Found, $conn=c, $msg=\"missing\"]);
        }";

fn test(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nightjar"))
        .args(["test", folder.to_str().expect("a path")])
        .args(words)
        .output()
        .expect("nightjar runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with one test of the capture of HTTP.
fn folder(script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let capture = format!("{}/../pcaps/http.pcap", env!("CARGO_MANIFEST_DIR"));
    fs::copy(capture, folder.path().join("missing.pcap")).unwrap();
    fs::write(folder.path().join("missing.zeek"), script).unwrap();
    folder
}

#[test]
fn what_came_is_compared_with_what_is_expected() {
    let folder = folder(SCRIPT);
    let expected = folder.path().join("missing.expect");
    let run = test(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(1), "a test that expects nothing: {}", text(&run.stdout));

    fs::create_dir_all(&expected).unwrap();
    fs::write(expected.join("notice.log"), "").unwrap();
    let run = test(folder.path(), &[]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stdout).contains("Found"), "the diff names what came: {}", text(&run.stdout));

    let run = test(folder.path(), &["--update"]);
    assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
    assert!(fs::read_to_string(expected.join("notice.log")).unwrap().contains("Found"));
    let run = test(folder.path(), &[]);
    assert!(run.status.success(), "{}", text(&run.stdout));

    fs::write(folder.path().join("missing.zeek"), SCRIPT.replace("missing", "gone")).unwrap();
    let run = test(folder.path(), &[]);
    let told = text(&run.stdout);
    assert_eq!(run.status.code(), Some(1));
    assert!(told.contains("msg") && told.contains("missing") && told.contains("gone"), "{told}");
}

#[test]
fn what_is_broken_fails_and_does_not_hang() {
    let not_a_script = folder("event zeek_init() { print nothing_of_this_name; }");
    let run = test(not_a_script.path(), &["--update"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stdout).contains("nothing_of_this_name"), "{}", text(&run.stdout));

    let endless = folder("event zeek_init() { while ( T ) { } }");
    let run = test(endless.path(), &["--update", "--time-limit", "2"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stdout));

    let run = test(Path::new("/no/such/folder"), &[]);
    assert_eq!(run.status.code(), Some(2));
}
