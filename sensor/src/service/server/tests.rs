use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use super::*;
use crate::pipeline::{Ledger, RingLedger};
use crate::service::health::Health;

fn refuse() -> AskReload {
    Arc::new(|answer| answer.send(Err("x.zeek, line 1\n".to_owned())).unwrap())
}

fn ledger() -> Ledger {
    let mut ring = RingLedger::new("eth1".into(), 0);
    ring.source.delivered = 77;
    Ledger { rings: vec![ring], ..Ledger::default() }
}

/// A server on a port of its own.
fn start() -> (SocketAddr, Latest) {
    let mut server = Server::new().unwrap();
    let address = server.listen_http("127.0.0.1:0".parse().unwrap()).unwrap();
    let latest = Latest::default();
    server.serve(latest.clone(), refuse()).unwrap();
    (address, latest)
}

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn get(address: SocketAddr, path: &str, headers: &str) -> String {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"))
}

#[test]
fn requests_are_answered() {
    let (address, latest) = start();
    let starting = get(address, "/healthz", "");
    assert!(starting.starts_with("HTTP/1.1 503") && starting.ends_with("\r\n\r\nnot ready: starting\n"));
    latest.set(&ledger(), Health::default());
    assert!(get(address, "/healthz", "").ends_with("\r\n\r\nready\n"));
    let metrics = get(address, "/metrics", "");
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"), "{metrics}");
    assert!(metrics.contains("\nnightjar_packets_total{interface=\"eth1\",worker=\"0\"} 77\n"), "{metrics}");
    assert!(metrics.contains("x-snapshot-age: 0.") && metrics.contains("\nnightjar_ready 1\n"), "{metrics}");
    let open =
        get(address, "/metrics", "Accept: application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.1\r\n");
    assert!(open.contains("content-type: application/openmetrics-text; version=1.0.0"), "{open}");
    assert!(open.ends_with("\n# EOF\n"));
    assert!(get(address, "/", "").starts_with("HTTP/1.1 404"));
    assert!(ask(address, "POST /metrics HTTP/1.1\r\nContent-Length: 9\r\n\r\n").starts_with("HTTP/1.1 405"));
    let head = ask(address, "HEAD /metrics HTTP/1.1\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(ask(address, "no request\r\n\r\n").starts_with("HTTP/1.1 400"));
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let (address, _) = start();
    let many = "X: y\r\n".repeat(100);
    assert!(get(address, "/metrics", &many).starts_with("HTTP/1.1 431"));
    // It may be refused before all of it was sent.
    let mut stream = TcpStream::connect(address).unwrap();
    let sent = write!(stream, "GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(1 << 20));
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 431") || sent.is_err() || read.is_err(), "{answer:?}");
}

/// Who is slow or says nothing keeps nobody waiting.
#[test]
fn a_thousand_slow_clients_keep_nobody_waiting() {
    let (address, latest) = start();
    latest.set(&ledger(), Health::default());
    let mut slow: Vec<TcpStream> = (0..1000).map(|_| TcpStream::connect(address).unwrap()).collect();
    let request = b"GET /metrics HTTP/1.1\r\nX-Padding: ";
    let mut times = Vec::new();
    // A byte of each between two honest requests: more often than one a second.
    for byte in &request[..20] {
        // Most of them were sent away.
        slow.iter_mut().for_each(|stream| drop(stream.write_all(&[*byte])));
        let began = Instant::now();
        assert!(get(address, "/metrics", "").contains("nightjar_packets_total"));
        times.push(began.elapsed());
    }
    times.sort();
    // Another process may have had the processor once.
    assert!(times[times.len() / 2] < Duration::from_millis(100), "{times:?}");
    let told = get(address, "/metrics", "");
    let cut = told.lines().find_map(|line| line.strip_prefix("nightjar_connections_cut_total ")).unwrap();
    assert!(cut.parse::<usize>().unwrap() >= 1000 - MAX_HTTP, "{cut}");
}

#[test]
fn who_does_not_finish_a_request_is_sent_away() {
    let (address, _) = start();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    let began = Instant::now();
    let mut answer = Vec::new();
    // The end of the connection, in whatever way.
    let _ = stream.read_to_end(&mut answer);
    assert!(began.elapsed() < Duration::from_secs(14), "{answer:?}");
}

#[test]
fn the_socket_answers_and_a_dead_ones_place_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/status.sock");
    let listening = || {
        let mut server = Server::new().unwrap();
        server.listen_status(&path).map(|()| server)
    };
    drop(listening().unwrap());
    let latest = Latest::default();
    latest.set(&ledger(), Health::default());
    listening().unwrap().serve(latest, refuse()).unwrap();
    assert_eq!(status::ask_to_reload(&path).unwrap(), Err("x.zeek, line 1\n".to_owned()));
    // More than are served at a time, who say nothing.
    let silent: Vec<UnixStream> = (0..2 * MAX_STATUS).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let began = Instant::now();
    let status = status::ask(&path).unwrap();
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    assert_eq!(status["workers"][0]["delivered"], 77);
    assert!(status::print(&status, &status).contains("eth1-0"));
    let mut told = String::new();
    silent.last().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("\"delivered\":77"), "{told}");
    assert!(listening().is_err());
}
