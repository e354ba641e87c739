use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;
use crate::log::Outlet;
use crate::sink::testing::encoded;
use crate::sink::{Account, Mode, behaviour, start};

/// A request as it arrived, unpacked.
#[derive(Clone, Debug)]
struct Request {
    headers: String,
    body: String,
}

/// A collector that answers as it is told.
struct Collector {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Collector {
    fn start<R: Into<Reply>>(answer: impl Fn(&Request, usize) -> R + Send + Sync + 'static) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let answer = move |request: &Request, nth| answer(request, nth).into();
        let (kept, answer) = (requests.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (kept.clone(), answer.clone());
                std::thread::spawn(move || serve(&stream, &kept, &*answer));
            }
        });
        Collector { url, requests }
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// An answer: status, header lines, and body.
struct Reply(u16, String, String);

impl From<u16> for Reply {
    fn from(status: u16) -> Reply {
        Reply(status, String::new(), String::new())
    }
}

fn serve(stream: &TcpStream, kept: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request, usize) -> Reply) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut headers, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            headers.push_str(&line);
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let mut text = String::new();
        if headers.to_ascii_lowercase().contains("content-encoding: gzip") {
            flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8(body).unwrap();
        }
        let request = Request { headers, body: text };
        let mut kept = kept.lock().unwrap();
        let Reply(status, headers, body) = answer(&request, kept.len());
        kept.push(request);
        drop(kept);
        let mut stream = stream;
        let length = body.len();
        // Who does not wait for the answer has hung up.
        let _ = write!(stream, "HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    }
}

/// Sends rows numbered from 0, and gives the account, which must add up.
fn send(collector: &Collector, more: &str, rows: u32) -> Account {
    let table = format!("url = \"{}\"\n{more}\n[delivery]\nflush_timeout = \"10s\"", collector.url);
    let config: config::Http = toml::from_str(&table).unwrap();
    let transport = Http::new(&config).unwrap();
    let behaviour = behaviour("http_sink", Mode::Wait, &config.delivery, None, 7, |_| ());
    let running = start(behaviour, &config.delivery, None, transport).unwrap();
    let mut inlet = crate::sink::queue::Inlet(running.queue.clone());
    (0..rows).for_each(|n| inlet.row(&encoded("conn", &format!("{{\"n\":{n}}}"))));
    drop(inlet);
    running.thread.join().unwrap();
    let account = running.account.lock().unwrap().clone();
    assert!(account.total().balanced() && account.total().in_flight == 0, "{account:?}");
    account
}

#[test]
fn rows_go_in_batches_of_json_with_their_numbers() {
    let collector = Collector::start(|_, _| 200);
    let more = "batch_rows = 10\nconnections = 1\nbasic = { user = \"tap1\", password = \"secret\" }";
    assert_eq!(send(&collector, more, 25).total().acked, 25);
    let requests = collector.requests();
    let bodies: Vec<Vec<serde_json::Value>> =
        requests.iter().map(|request| serde_json::from_str(&request.body).unwrap()).collect();
    assert_eq!(bodies.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert!(bodies.concat().iter().map(|row| row["n"].as_u64().unwrap()).eq(0..25));
    let headers = requests[1].headers.to_ascii_lowercase();
    assert!(headers.contains("nightjar-rows: 0000000000000007-10-19"), "{headers}");
    assert!(headers.contains("authorization: basic dgfwmtpzzwnyzxq="), "{headers}");
}

#[test]
fn rows_go_as_lines_or_one_by_one() {
    let collector = Collector::start(|_, _| 204);
    send(&collector, "body = \"lines\"\ngzip = false\nbearer = \"token\"", 3);
    assert_eq!(collector.requests()[0].body, "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n");
    let collector = Collector::start(|_, _| 200);
    send(&collector, "body = \"single\"\nconnections = 1", 2);
    assert_eq!(
        collector.requests().iter().map(|r| &r.body[..]).collect::<Vec<_>>(),
        ["{\"n\":0}", "{\"n\":1}"]
    );
}

#[test]
fn what_fails_is_sent_again() {
    let collector = Collector::start(|_, nth| if nth < 2 { 503 } else { 200 });
    let account = send(&collector, "connections = 1", 5);
    assert_eq!((account.total().acked, account.counts.resent), (5, 0));
    assert_eq!(collector.requests().len(), 3);
}

#[test]
fn of_rows_refused_together_only_those_to_blame_are_lost() {
    let collector = Collector::start(|request, _| match &request.body {
        body if body.contains("\"n\":3}") => 400,
        body if body.contains("\"n\":5}") => 413,
        _ => 200,
    });
    let total = send(&collector, "", 10).total();
    assert_eq!(total.acked, 8);
    assert_eq!((total.dropped[Reason::Refused as usize], total.dropped[Reason::TooLarge as usize]), (1, 1));
}

#[test]
fn a_receiver_that_asks_for_time_gets_it() {
    let collector = Collector::start(|_, nth| match nth {
        0 => Reply(503, "Retry-After: 2\r\n".to_owned(), String::new()),
        _ => 200.into(),
    });
    let started = Instant::now();
    assert_eq!(send(&collector, "connections = 1", 5).total().acked, 5);
    assert!(started.elapsed() >= Duration::from_secs(2));
    // What was gathered before it asked, and what another connection would carry, waits as well.
    let times = Arc::<Mutex<Vec<Instant>>>::default();
    let noted = times.clone();
    let collector = Collector::start(move |_, nth| {
        noted.lock().unwrap().push(Instant::now());
        match nth {
            0 => Reply(429, "Retry-After: 2\r\n".to_owned(), String::new()),
            _ => 200.into(),
        }
    });
    assert_eq!(send(&collector, "connections = 2\nbatch_rows = 10", 100).total().acked, 100);
    let times = times.lock().unwrap();
    let early = times.iter().filter(|at| **at - times[0] < Duration::from_millis(1800)).count();
    assert!(early <= 2, "{early} requests although it asked for time");
}

#[test]
fn requests_that_are_too_large_are_halved_until_they_pass() {
    let collector = Collector::start(|request, _| if request.body.len() > 2000 { 413 } else { 200 });
    let account = send(&collector, "batch_rows = 1000\nconnections = 1", 1000);
    assert_eq!((account.total().acked, account.total().dropped_total()), (1000, 0));
    // 9,000 bytes in requests of 1,000 to 2,000.
    let requests = collector.requests().len();
    assert!(requests < 20, "{requests}");
    // One row that is too large alone costs itself.
    let collector = Collector::start(|request, _| if request.body.contains("\"n\":77}") { 413 } else { 200 });
    let account = send(&collector, "connections = 1", 300);
    assert_eq!((account.total().acked, account.total().dropped[Reason::TooLarge as usize]), (299, 1));
    assert!(collector.requests().len() < 60, "{}", collector.requests().len());
}

#[test]
fn a_bulk_endpoint_is_believed_of_every_row() {
    let collector = Collector::start(|request, nth| {
        let rows: Vec<&str> = request.body.lines().skip(1).step_by(2).collect();
        let item = |row: &&str| match (*row, nth) {
            ("{\"n\":3}", _) => {
                "{\"create\":{\"status\":400,\"error\":{\"type\":\"mapper_parsing_exception\"}}}"
            }
            ("{\"n\":5}", 0) => "{\"create\":{\"status\":429}}",
            ("{\"n\":6}", _) => "{\"create\":{\"status\":409}}",
            _ => "{\"create\":{\"status\":201}}",
        };
        let items: Vec<&str> = rows.iter().map(item).collect();
        let body = format!("{{\"took\":1,\"errors\":true,\"items\":[{}]}}", items.join(","));
        Reply(200, String::new(), body)
    });
    let total = send(&collector, "body = \"bulk\"\nconnections = 1", 10).total();
    assert_eq!((total.acked, total.dropped[Reason::Refused as usize]), (9, 1));
    let requests = collector.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].body.starts_with("{\"create\":{\"_id\":\"0000000000000007-0\"}}\n{\"n\":0}\n"));
    assert_eq!(requests[1].body, "{\"create\":{\"_id\":\"0000000000000007-5\"}}\n{\"n\":5}\n");
}

#[test]
fn an_answer_that_does_not_tell_of_rows_acknowledges_none() {
    let collector = Collector::start(|_, nth| {
        let body = ["", "{\"errors\":true,\"ite", "{\"errors\":false}"][nth.min(2)];
        Reply(200, String::new(), body.to_owned())
    });
    assert_eq!(send(&collector, "body = \"bulk\"\nconnections = 1", 10).total().acked, 10);
    assert_eq!(collector.requests().len(), 3);
}

#[test]
fn a_receiver_that_refuses_everything_gets_it_again_later() {
    let collector = Collector::start(|_, nth| if nth < 4 { 400 } else { 200 });
    let total = send(&collector, "connections = 1", 20).total();
    assert_eq!((total.acked, total.dropped_total()), (20, 0));
}

#[test]
fn a_timeout_says_which() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let table = format!("url = \"http://{}/\"\ntimeout = \"300ms\"", listener.local_addr().unwrap());
    let client = Client::new(&toml::from_str(&table).unwrap()).unwrap();
    let Answer::Later { incident, .. } = client.post(1, 0, 1, b"[]") else { panic!("no timeout") };
    assert!(incident.contains("waiting for the answer took longer than 0.3 s"), "{incident}");
}

#[test]
fn no_password_is_shown() {
    let config = toml::from_str("url = \"http://tap1:secret@127.0.0.1:1/x\"").unwrap();
    let wrong = first(check(&config).unwrap_err());
    assert!(wrong.contains("http://127.0.0.1:1/x") && !wrong.contains("secret"), "{wrong}");
}

#[test]
fn settings_that_cannot_be_are_refused() {
    for (table, wrong) in [
        ("url = \"ftp://x/\"", "'ftp://x/' begins with neither http:// nor https://"),
        ("url = \"http://x/\"\nconnections = 0", "[http_sink] connections is not from 1 to 64"),
        (
            "url = \"http://x/\"\nbearer = \"a\"\nbasic = { user = \"b\", password = \"c\" }",
            "[http_sink] has both bearer and basic",
        ),
    ] {
        assert_eq!(Http::new(&toml::from_str(table).unwrap()).err().as_deref(), Some(wrong));
    }
}

#[test]
fn a_check_tells_who_does_not_answer() {
    let config = |url: &str| toml::from_str(&format!("url = \"{url}\"")).unwrap();
    assert!(
        first(check(&config("http://127.0.0.1:1/")).unwrap_err())
            .contains("cannot talk to http://127.0.0.1:1/")
    );
    let closed = Collector::start(|_, _| 401);
    assert!(first(check(&config(&closed.url)).unwrap_err()).contains("does not let us in"));
    let open = Collector::start(|request, _| if request.headers.starts_with("GET") { 405 } else { 400 });
    assert!(check(&config(&open.url)).is_ok());
    let elsewhere = Collector::start(|_, _| 404);
    assert!(first(check(&config(&elsewhere.url)).unwrap_err()).contains("there is nothing at"));
}
