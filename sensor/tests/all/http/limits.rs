//! What happens at the ceilings, and that it is counted.

use nightjar::config::Config;

use crate::build::{Capture, Client, Server, one, summary_with};
use crate::http::{GET, gzip, reply};

fn with(set: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    set(&mut config);
    config
}

fn count(rows: &[(&'static str, u64)], log: &str) -> u64 {
    rows.iter().find(|(name, _)| *name == log).map_or(0, |(_, count)| *count)
}

#[test]
fn a_connection_s_files_are_bounded() {
    let capture = one(|talk| {
        for n in 0..20 {
            let request = format!("GET /{n} HTTP/1.1\r\nRange: bytes=0-\r\n\r\n");
            let piece = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-1/1000\r\nContent-Length: 2\r\n\r\nab";
            talk.send(Client, request.as_bytes()).send(Server, piece.as_bytes());
        }
    });
    let summary = summary_with(&capture, with(|config| config.limits.open_files = 5));
    assert_eq!(summary.workers[0].analyze.of.files.too_many, 15);
    assert_eq!(count(&summary.rows, "files"), 20, "every file is told of");
}

#[test]
fn what_files_hold_is_bounded() {
    let capture = one(|talk| {
        for n in (1..20).rev() {
            let from = n * 10_000;
            let head = format!(
                "HTTP/1.1 206 P\r\nContent-Range: bytes {from}-{}/1000000\r\nContent-Length: 1000\r\n\r\n",
                from + 999
            );
            talk.send(Client, b"GET / HTTP/1.1\r\nRange: bytes=0-\r\n\r\n");
            talk.send(Server, &[head.as_bytes(), &[b'x'; 1000]].concat());
        }
    });
    let free = summary_with(&capture, Config::default());
    assert_eq!(free.workers[0].analyze.of.files.given_up, 0);
    let bounded = summary_with(&capture, with(|config| config.limits.file_bytes = 5000));
    assert!(bounded.workers[0].analyze.of.files.given_up > 0);
    assert_eq!(count(&bounded.rows, "files"), 1);
}

#[test]
fn what_waits_in_rows_and_lines_is_bounded() {
    let request = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(10_000));
    let endless = vec![b'x'; 20_000];
    let mut capture = Capture::new();
    for port in 0..10 {
        let mut talk = capture.talk(40_000 + port, 80);
        for _ in 0..5 {
            talk.send(Client, request.as_bytes());
        }
        talk.send(Server, &endless);
    }
    let free = summary_with(&capture, Config::default());
    assert_eq!([free.workers[0].analyze.of.http.pressed, free.workers[0].analyze.of.http.left_out], [0, 0]);
    let pressed = summary_with(&capture, with(|config| config.limits.http_bytes = 100_000));
    let analyze = pressed.workers[0].analyze;
    assert!(analyze.of.http.pressed >= 8, "{analyze:?}");
    assert!(analyze.of.http.left_out >= 40, "{analyze:?}");
    assert_eq!(count(&pressed.rows, "http"), 50, "every request is told of");
}

#[test]
fn bodies_being_inflated_are_bounded() {
    let body = reply("Content-Encoding: gzip\r\n", &gzip(&b"text to be compressed ".repeat(20)));
    let mut capture = Capture::new();
    for port in 0..10 {
        // All begin, and none comes to its end.
        capture.talk(40_000 + port, 80).send(Client, GET).send(Server, &body[..body.len() - 8]);
    }
    let summary = summary_with(&capture, with(|config| config.limits.inflating = 4));
    assert_eq!(summary.workers[0].analyze.of.http.not_inflated, 6);

    let mut capture = Capture::new();
    for port in 0..10 {
        capture.talk(40_000 + port, 80).send(Client, GET).send(Server, &body);
    }
    let summary = summary_with(&capture, with(|config| config.limits.inflating = 1));
    assert_eq!(summary.workers[0].analyze.of.http.not_inflated, 0, "a body that is over takes nothing");
}

#[test]
fn tunnels_in_tunnels_are_bounded() {
    let capture = one(|talk| {
        for _ in 0..12 {
            talk.send(Client, b"CONNECT x:1 HTTP/1.1\r\n\r\n").send(Server, b"HTTP/1.1 200 OK\r\n\r\n");
        }
    });
    let summary = summary_with(&capture, Config::default());
    assert_eq!(summary.workers[0].analyze.nested_too_deep, 1);
    assert_eq!(count(&summary.rows, "http"), 5);
}
