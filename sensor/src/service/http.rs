//! `/metrics` and `/healthz` over HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::pipeline::Ledger;
use crate::service::about::{self, About};
use crate::service::health::{Health, Latest};
use crate::service::metrics::Dialect;

/// How long who asks may take to say what he wants, and how long all may take.
const ASKING: Duration = Duration::from_secs(5);
const IN_ALL: Duration = Duration::from_secs(15);
/// More of a request's head is refused (RFC 6585 §5); hyper wants room for so much at least.
const MAX_HEAD: usize = 8 << 10;
const MAX_HEADERS: usize = 64;

/// Silence of an interface is told of after this.
const SILENT: Duration = Duration::from_secs(60);

const SNAPSHOT_AGE: HeaderName = HeaderName::from_static("x-snapshot-age");

/// What answers are made of.
#[derive(Clone)]
pub(super) struct Site {
    pub latest: Latest,
    /// Connections that were ended because there were too many.
    pub cut: Arc<AtomicU64>,
}

/// Answers one request. Whoever asks and does not listen gets nothing.
pub(super) async fn serve(stream: TcpStream, site: Site) {
    let answer = |request: Request<_>| {
        let answer = site.answer(request.method(), request.uri().path(), request.headers());
        async { Ok::<_, Infallible>(answer) }
    };
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ASKING)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        // Nobody comes more often than every few seconds.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    let _ = timeout(IN_ALL, serving).await;
}

impl Site {
    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<String> {
        let snapshot = self.latest.get();
        let plain = "text/plain; charset=utf-8";
        let (status, kind, body) = match path {
            "/metrics" | "/healthz" if method != Method::GET && method != Method::HEAD => {
                (StatusCode::METHOD_NOT_ALLOWED, plain, "there is GET and HEAD\n".to_owned())
            }
            "/metrics" => {
                let dialect = dialect(headers);
                let about = About { snapshot: &snapshot, cut: self.cut.load(Ordering::Relaxed) };
                let end = if dialect == Dialect::OpenMetrics { "# EOF\n" } else { "" };
                let body = [snapshot.metrics(dialect), &about::text(&about, dialect), end].concat();
                (StatusCode::OK, dialect.content_type(), body)
            }
            "/healthz" => {
                let health = snapshot.health();
                match health.ready() {
                    true => (
                        StatusCode::OK,
                        plain,
                        format!("ready\n{}{}", silence(&health), hangs(&snapshot.ledger)),
                    ),
                    false => {
                        let body = format!("not ready: {}\n", health.reasons());
                        (StatusCode::SERVICE_UNAVAILABLE, plain, body)
                    }
                }
            }
            _ => (StatusCode::NOT_FOUND, plain, "there are /metrics and /healthz\n".to_owned()),
        };
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        if let Ok(age) = HeaderValue::from_str(&format!("{:.3}", snapshot.age().as_secs_f64())) {
            headers.insert(SNAPSHOT_AGE, age);
        }
        answer
    }
}

/// Interfaces that have carried nothing for a while, which is worth a look and no fault of the sensor's.
fn silence(health: &Health) -> String {
    let long = health.silent.iter().filter(|(_, silent)| *silent >= SILENT);
    long.map(|(name, silent)| format!("{name}: no packet for {:.0} s\n", silent.as_secs_f64())).collect()
}

/// Workers that hung and were replaced.
fn hangs(ledger: &Ledger) -> String {
    let hung = ledger.rings.iter().filter(|ring| ring.counts.hangs > 0);
    hung.map(|ring| format!("worker {} hung and was replaced: {}\n", ring.peer(), ring.counts.hangs))
        .collect()
}

/// What who asks would rather have: OpenMetrics only where it is named.
fn dialect(headers: &HeaderMap) -> Dialect {
    let named =
        |value: &HeaderValue| value.as_bytes().windows(28).any(|at| at == b"application/openmetrics-text");
    if headers.get_all(ACCEPT).iter().any(named) { Dialect::OpenMetrics } else { Dialect::Prometheus }
}
