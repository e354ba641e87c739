//! One request: what is sent, and what the answer means.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value as Json;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

use crate::sink::Mistake;
use crate::sink::config::{self, Body};

/// Sends requests to one address.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    url: Arc<str>,
    /// The same as it is shown.
    shown: Arc<str>,
    timeout: Duration,
    authorization: Option<Arc<str>>,
    content_type: &'static str,
    gzip: bool,
    /// An answer tells what became of each row.
    told_of_each: bool,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The receiver has the rows; where it says so for each of them, what became of each.
    Accepted(Option<Vec<Fate>>),
    /// It is too large.
    TooLarge,
    /// It will not be taken as it is; what the receiver says.
    Refused(String),
    /// It may be taken later; what is wrong now, when to ask again if that was said, and whether rows may have
    /// arrived.
    Later { incident: String, after: Option<Duration>, sent: bool },
}

/// What became of one row of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted,
    Later,
    Refused,
}

impl Client {
    /// Or all that is wrong with its settings.
    pub fn new(config: &config::Http) -> Result<Client, Vec<Mistake>> {
        let mut wrong = Vec::new();
        let url = match config.url.parse::<ureq::http::Uri>() {
            Ok(url) if matches!(url.scheme_str(), Some("http" | "https")) => url,
            Ok(url) => {
                let what = format!("'{}' begins with neither http:// nor https://", shown(&url));
                wrong.push(Mistake::at(&["url"], what));
                url
            }
            Err(_) => {
                wrong.push(Mistake::at(&["url"], "[http_sink] url is no URL".to_owned()));
                ureq::http::Uri::default()
            }
        };
        if !(1..=MAX_CONNECTIONS).contains(&config.connections) {
            let what = format!("[http_sink] connections is not from 1 to {MAX_CONNECTIONS}");
            wrong.push(Mistake::at(&["connections"], what));
        }
        let authorization = match (&config.bearer, &config.basic) {
            (Some(_), Some(_)) => {
                wrong.push(Mistake::at(&["bearer"], "[http_sink] has both bearer and basic".to_owned()));
                None
            }
            (Some(token), None) => Some(format!("Bearer {token}")),
            (None, Some(basic)) => {
                Some(format!("Basic {}", base64(&format!("{}:{}", basic.user, basic.password))))
            }
            (None, None) => None,
        };
        let mut tls = TlsConfig::builder();
        match config.ca_file.as_deref().map(certificates) {
            Some(Ok(certificates)) => tls = tls.root_certs(RootCerts::Specific(Arc::new(certificates))),
            Some(Err(what)) => wrong.push(Mistake::at(&["ca_file"], what)),
            None => {}
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .timeout_connect(Some(config.timeout.0))
            .timeout_send_request(Some(config.timeout.0))
            .timeout_send_body(Some(config.timeout.0))
            .timeout_recv_response(Some(config.timeout.0))
            .timeout_recv_body(Some(config.timeout.0))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("nightjar/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Client {
            agent,
            shown: shown(&url).into(),
            url: config.url.as_str().into(),
            timeout: config.timeout.0,
            authorization: authorization.map(Into::into),
            content_type: match config.body {
                Body::Array | Body::Single => "application/json",
                Body::Lines | Body::Bulk => "application/x-ndjson",
            },
            gzip: config.gzip,
            told_of_each: config.body == Body::Bulk,
        })
    }

    pub fn post(&self, run: u64, first: u64, rows: usize, body: &[u8]) -> Answer {
        let last = first + (rows as u64).saturating_sub(1);
        let request = self
            .agent
            .post(&self.url[..])
            .header("Content-Type", self.content_type)
            .header("Nightjar-Rows", format!("{run:016x}-{first}-{last}"));
        let request = self.authorized(request);
        let sent = match self.gzip.then(|| compressed(body)) {
            Some(Ok(body)) => request.header("Content-Encoding", "gzip").send(&body),
            // Compressing in memory does not fail; if it does, the rows go as they are.
            Some(Err(_)) | None => request.send(body),
        };
        match sent {
            Ok(mut answer) => {
                let after =
                    answer.headers().get("retry-after").and_then(|after| retry_after(after.to_str().ok()?));
                let status = answer.status().as_u16();
                // The connection is used again once the answer has been read.
                let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
                self.meaning(status, after, text.as_deref().unwrap_or_default(), rows)
            }
            Err(error) => Answer::Later {
                incident: format!("{}: {}", self.shown, self.reason(&error)),
                after: None,
                sent: !matches!(error, ureq::Error::HostNotFound | ureq::Error::ConnectionFailed),
            },
        }
    }

    fn meaning(&self, status: u16, after: Option<Duration>, text: &[u8], rows: usize) -> Answer {
        let said = || format!("{} answers with status {status}{}", self.shown, excerpt(text));
        match status {
            // Without it nobody knows what became of the rows; what is there already is not taken twice.
            200..=299 if self.told_of_each && !tells_of_errors(text) => {
                let incident = format!(
                    "{} answers a bulk request with what is no whole answer of a bulk endpoint{}",
                    self.shown,
                    excerpt(text)
                );
                Answer::Later { incident, after, sent: true }
            }
            200..=299 => match fates(text) {
                Some(fates) if fates.len() != rows => {
                    let incident = format!("{} tells of {} rows and got {rows}", self.shown, fates.len());
                    Answer::Later { incident, after, sent: true }
                }
                fates => Answer::Accepted(fates),
            },
            413 => Answer::TooLarge,
            400 | 406 | 415 | 422 => Answer::Refused(said()),
            _ => Answer::Later { incident: said(), after, sent: false },
        }
    }

    /// What went wrong, and of a timeout, which it was.
    fn reason(&self, error: &ureq::Error) -> String {
        let seconds = self.timeout.as_secs_f64();
        match error {
            ureq::Error::Timeout(which) => {
                let what = match which {
                    Timeout::Resolve => "finding its address",
                    Timeout::Connect => "connecting",
                    Timeout::SendRequest | Timeout::SendBody => "sending a request",
                    Timeout::RecvResponse => "waiting for the answer",
                    Timeout::RecvBody => "reading the answer",
                    _ => "a request",
                };
                format!("{what} took longer than {seconds} s (timeout)")
            }
            error => error.to_string(),
        }
    }
}

/// The certificates in a file.
fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(format!("{} holds no certificate", file.display()));
    }
    Ok(certificates)
}

/// When to ask again: RFC 9110 §10.2.3.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(secs) = text.trim().parse() {
        return Some(Duration::from_secs(secs));
    }
    let at = jiff::fmt::rfc2822::parse(text.trim()).ok()?.timestamp();
    let wait = at.duration_since(jiff::Timestamp::now());
    Some(wait.try_into().unwrap_or(Duration::ZERO))
}

/// Whether an answer says if there were errors, as that of a bulk endpoint must.
fn tells_of_errors(text: &[u8]) -> bool {
    let answer = serde_json::from_slice::<Json>(text);
    answer.is_ok_and(|answer| answer.get("errors").is_some_and(Json::is_boolean))
}

/// What a bulk endpoint (Elasticsearch, OpenSearch) says of each row; `None` where it says nothing, or all is well.
fn fates(text: &[u8]) -> Option<Vec<Fate>> {
    let answer: Json = serde_json::from_slice(text).ok()?;
    if answer.get("errors")? != &Json::Bool(true) {
        return None;
    }
    let fate = |item: &Json| {
        // {"create": {"status": 201, …}}
        let status = item.as_object().and_then(|item| item.values().next()?.get("status")?.as_u64());
        match status {
            // 409: it has that row already.
            Some(200..=299 | 409) => Fate::Accepted,
            Some(400..=428 | 430..=499) => Fate::Refused,
            _ => Fate::Later,
        }
    };
    Some(answer.get("items")?.as_array()?.iter().map(fate).collect())
}

/// The beginning of what a receiver says, for the operator.
fn excerpt(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let printable: String = line.chars().filter(|c| !c.is_control()).take(120).collect();
    if printable.is_empty() || printable.starts_with('<') { String::new() } else { format!(": {printable}") }
}

/// An address without the password that may be in it.
fn shown(url: &ureq::http::Uri) -> String {
    let text = url.to_string();
    let authority = url.authority().map_or("", |authority| authority.as_str());
    match authority.rsplit_once('@') {
        Some((_, host)) => text.replacen(authority, host, 1),
        None => text,
    }
}

/// An answer longer than this is not read.
const MAX_ANSWER: u64 = 32 << 20;

fn compressed(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

/// RFC 4648 §4, for the one header that needs it.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Threads, and connections.
const MAX_CONNECTIONS: usize = 64;
/// How long a check waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks whether anybody answers who would take rows. Sends none.
pub fn check(config: &config::Http) -> Result<String, Vec<Mistake>> {
    let client = Client::new(config)?;
    client.answers().map_err(|what| vec![Mistake::at(&["url"], what)])
}

impl Client {
    fn answers(&self) -> Result<String, String> {
        let asked = self.ask(false)?;
        // Some that take rows know nothing of a request that brings none.
        let status = if matches!(asked, 404 | 405) { self.ask(true)? } else { asked };
        let shown = &self.shown;
        match status {
            401 | 403 => Err(format!("{shown} does not let us in (status {status})")),
            404 | 410 => Err(format!("there is nothing at {shown} (status {status})")),
            300..=399 => Err(format!("{shown} sends us elsewhere (status {status}), where rows do not go")),
            500.. => Err(format!("{shown} answers with status {status}")),
            // What it thinks of a request without rows says nothing about one with rows.
            _ => Ok(format!("{shown} answers")),
        }
    }

    /// A request without rows: its status.
    fn ask(&self, post: bool) -> Result<u16, String> {
        let answer = if post {
            let request = self.agent.post(&self.url[..]).header("Content-Type", self.content_type);
            self.authorized(request).config().timeout_global(Some(PATIENCE)).build().send(&b"[]"[..])
        } else {
            self.authorized(self.agent.get(&self.url[..]))
                .config()
                .timeout_global(Some(PATIENCE))
                .build()
                .call()
        };
        match answer {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(ureq::Error::Timeout(_)) => {
                Err(format!("{} has not answered for {} s", self.shown, PATIENCE.as_secs()))
            }
            Err(error) => Err(format!("cannot talk to {}: {error}", self.shown)),
        }
    }

    fn authorized<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.authorization {
            Some(authorization) => request.header("Authorization", &authorization[..]),
            None => request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text), expected);
        }
    }
}
