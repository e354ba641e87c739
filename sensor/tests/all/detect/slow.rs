//! Attacks that end nothing: requests, bodies and handshakes; and that their rows are there.

use crate::build::Capture;
use crate::detect::each::{detect, expect};
use crate::detect::lasting::{count, times};
use crate::detect::traffic::Answer;

/// Sends a little every six seconds, over some connections.
fn dribbling(capture: &mut Capture, connections: u32, pieces: &[&str]) {
    for i in 0..connections {
        capture.dribble(f64::from(i) / 10.0, "192.0.2.7", 6.0, pieces);
    }
}

#[test]
fn requests_that_do_not_end_are_told_of_while_they_go_on() {
    let line = "GET / HTTP/1.1\n";
    let body = "POST /form HTTP/1.1\nHost: www.test\nContent-Length: 100000\n\n";
    // A head, a body, and not even a line.
    for pieces in [
        [line, "A: 1\n", "B: 2\n", "C: 3\n", "D: 4\n", "E: 5\n"],
        [body, "a", "b", "c", "d", "e"],
        ["GE", "T", " /", "index", ".html", "?"],
    ] {
        let mut capture = Capture::default();
        dribbling(&mut capture, 12, &pieces);
        let run = capture.detect("detect/http-slow", &[]);
        expect(&run, &[("Client_Slow_Requests", "192.0.2.7", "10")]);
        // The first piece comes after six seconds, and ten later is the third that follows.
        assert_eq!(times(&run, "Client_Slow_Requests"), [18]);
        let notice = run.notice("Client_Slow_Requests");
        assert_eq!(
            (&notice["dst"][..], &notice["p"][..], notice["uid"].len() > 10),
            ("10.0.0.2", "80", true)
        );
        // The block and the server have thresholds of their own.
        let low = ["HTTPSlow::threshold=13", "HTTPSlow::block_threshold=11", "HTTPSlow::server_threshold=12"];
        let run = capture.detect("detect/http-slow", &low);
        expect(
            &run,
            &[("Block_Slow_Requests", "192.0.2.0", "11"), ("Server_Slow_Requests", "10.0.0.2", "12")],
        );
    }
}

#[test]
fn requests_of_which_nothing_more_comes_are_told_of_in_time() {
    let body = "POST /form HTTP/1.1\nHost: www.test\nContent-Length: 100000\n\n";
    let whole = "GET / HTTP/1.1\nHost: www.test\n\n";
    let fine = "HTTP/1.1 200 OK\nContent-Length: 0";
    // Somebody else's traffic, by which time passes.
    let others = |capture: &mut Capture| {
        (0..40).for_each(|i| capture.ask(f64::from(i) + 0.95, "192.0.3.8", "GET / HTTP/1.1", fine));
    };
    // No line's end, no head's end, no body, and another request behind one that is complete.
    for piece in ["GET /", "GET / HTTP/1.1\nA: 1\n", body, &format!("{whole}GET /")] {
        let mut capture = Capture::default();
        for i in 0..12 {
            capture.leave(f64::from(i) / 10.0, "192.0.2.7", piece, "");
        }
        others(&mut capture);
        let run = capture.detect("detect/http-slow", &[]);
        expect(&run, &[("Client_Slow_Requests", "192.0.2.7", "10")]);
        assert_eq!(times(&run, "Client_Slow_Requests"), [10], "{piece}");
    }
    // The next request is waited for, whatever became of the one before it.
    let mut capture = Capture::default();
    for i in 0..12 {
        capture.leave(f64::from(i) / 10.0, "192.0.2.7", &format!("{whole}{body}"), fine);
    }
    others(&mut capture);
    expect(&capture.detect("detect/http-slow", &[]), &[("Client_Slow_Requests", "192.0.2.7", "10")]);
    // A server that has answered waits for nothing more, and neither does one whose client has gone.
    let mut capture = Capture::default();
    for i in 0..12 {
        let at = f64::from(i) / 10.0;
        capture.leave(at, "192.0.2.7", body, "HTTP/1.1 413 Content Too Large\nContent-Length: 0");
        capture.ask(at, "192.0.2.7", body, "HTTP/1.1 100 Continue");
    }
    others(&mut capture);
    expect(&capture.detect("detect/http-slow", &[]), &[]);
}

#[test]
fn uploads_over_slow_links_and_idle_connections_are_no_attack() {
    let much = "x".repeat(6000);
    let head = "POST /form HTTP/1.1\nHost: www.test\nContent-Length: 100000\n\n";
    let mut capture = Capture::default();
    dribbling(&mut capture, 12, &[head, &much, &much, &much, &much]);
    let whole = "GET / HTTP/1.1\nHost: www.test\n\n";
    dribbling(&mut capture, 12, &[whole, whole, whole, whole]);
    // One request after the other, of which the last piece always begins the next.
    dribbling(
        &mut capture,
        12,
        &["GET / HT", "TP/1.1\n\nGET / HT", "TP/1.1\n\nGET / HT", "TP/1.1\n\nGET / HT"],
    );
    expect(&capture.detect("detect/http-slow", &[]), &[]);
}

#[test]
fn a_flood_of_requests_that_do_not_end_is_a_flood() {
    let mut capture = Capture::default();
    let head = "POST /form HTTP/1.1\nHost: www.test\nContent-Type: multipart/form-data; boundary=b\n\
                Content-Length: 100000\n\n--b\nA: 1\n\nx\n--b\nA: 2\n\ny\n";
    dribbling(&mut capture, 40, &[head]);
    // Parts of a body have heads, but are no requests.
    let run = capture.detect("detect/http-floods", &["HTTPFloods::threshold=40"]);
    expect(&run, &[("Client_Flood", "192.0.2.7", "40")]);
    assert_eq!(times(&run, "Client_Flood"), [9]);
    assert_eq!(run.notice("Client_Flood")["sub"], "40 in 30 secs, the last for /form");
}

#[test]
fn syn_floods_are_told_of_whether_or_not_the_server_answers() {
    for answer in [Answer::Nothing, Answer::HalfOpen] {
        let mut capture = Capture::default();
        for i in 0..800 {
            let client = format!("203.0.{}.{}", i / 200, i % 200 + 1);
            capture.knock(f64::from(i) / 40.0, &client, 443, answer);
        }
        capture.ask(40.0, "192.0.2.7", "GET / HTTP/1.1", "HTTP/1.1 200 OK\nContent-Length: 0");
        let run = capture.detect("detect", &[]);
        expect(&run, &[("SYN_Flood", "10.0.0.2", "500")]);
        assert_eq!(times(&run, "SYN_Flood"), [17]);
        let notice = run.notice("SYN_Flood");
        assert_eq!((&notice["dst"][..], &notice["p"][..]), ("10.0.0.2", "443"));
        // What is told of is in the log as well.
        assert_eq!(run.rows("conn").len(), 801);
    }
    // One client that finds nobody, and many that do.
    let mut capture = Capture::default();
    for i in 0..800 {
        capture.knock(f64::from(i) / 40.0, "192.0.2.7", 443, Answer::Nothing);
        let client = format!("203.0.{}.{}", i / 200, i % 200 + 1);
        capture.ask(f64::from(i) / 40.0, &client, "GET / HTTP/1.1", "HTTP/1.1 200 OK\nContent-Length: 0");
    }
    capture.knock(40.0, "192.0.2.7", 80, Answer::Reset);
    assert_eq!(count(&capture.detect("detect/syn-floods", &[]), "SYN_Flood"), 0);
}

#[test]
fn scans_are_told_of_and_their_rows_are_there() {
    let run = detect("", "knocks", &[]);
    let mut told: Vec<(String, String)> =
        run.notices().into_iter().map(|(note, src, _)| (note, src)).collect();
    told.sort();
    let told: Vec<(&str, &str)> = told.iter().map(|(note, src)| (&note[..], &src[..])).collect();
    let want = [("Address_Scan", "10.98.0.53"), ("Port_Scan", "10.98.0.51"), ("Port_Scan", "10.98.0.52")];
    assert_eq!(told, want);
    assert!(run.rows("notice").iter().all(|row| row["uid"].len() > 10));
    assert_eq!(run.rows("conn").len(), 70);
}

#[test]
fn a_name_hides_nobody() {
    let mut capture = Capture::default();
    for i in 0..20 {
        let request = format!("GET /{i} HTTP/1.1\nHost: www.test\nUser-Agent: sqlmap Nagios");
        capture.ask(f64::from(i), "192.0.2.7", &request, "HTTP/1.1 404 Not Found\nContent-Length: 0");
    }
    for script in ["detect", "tuning/noise"] {
        let run = capture.detect(script, &[]);
        assert_eq!((run.rows("http").len(), run.rows("conn").len()), (20, 20), "{script}");
    }
    let run = capture.detect("detect", &["HTTPErrors::threshold=20"]);
    assert_eq!(count(&run, "Client_Errors"), 1);
}
