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
    fn start(answer: impl Fn(&Request, usize) -> u16 + Send + Sync + 'static) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<Request>>>::default();
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

fn serve(stream: &TcpStream, kept: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request, usize) -> u16) {
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
        let status = answer(&request, kept.len());
        kept.push(request);
        drop(kept);
        let mut stream = stream;
        write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").unwrap();
    }
}

/// Sends rows numbered from 0, and gives the account, which must add up.
fn send(collector: &Collector, more: &str, rows: u32) -> Account {
    let table = format!("url = \"{}\"\n{more}\n[delivery]\nflush_timeout = \"10s\"", collector.url);
    let config: config::Http = toml::from_str(&table).unwrap();
    let transport = Http::new(&config).unwrap();
    let behaviour = behaviour("http_sink", Mode::Wait, &config.delivery, None, 7, |_| ()).unwrap();
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
    assert_eq!((account.total().acked, account.resent), (5, 0));
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
        check(&config("http://127.0.0.1:1/")).unwrap_err().contains("cannot talk to http://127.0.0.1:1/")
    );
    let closed = Collector::start(|_, _| 401);
    assert!(check(&config(&closed.url)).unwrap_err().contains("does not let us in"));
    let open = Collector::start(|_, _| 405);
    assert!(check(&config(&open.url)).is_ok());
}
