//! One request: what is sent, and what the answer means.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::sink::account::Reason;
use crate::sink::config::{self, Body};

/// Sends requests to one address.
#[derive(Clone)]
pub(super) struct Client {
    agent: Agent,
    url: Arc<str>,
    authorization: Option<Arc<str>>,
    content_type: &'static str,
    gzip: bool,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// It will never be taken as it is.
    Refused(Reason),
    /// It may be taken later; what is wrong now.
    Later(String),
}

impl Client {
    pub fn new(config: &config::Http) -> Result<Client, String> {
        let url = config.url.parse::<ureq::http::Uri>().map_err(|_| format!("'{}' is no URL", config.url))?;
        if !matches!(url.scheme_str(), Some("http" | "https")) {
            return Err(format!("'{}' begins with neither http:// nor https://", config.url));
        }
        let authorization = match (&config.bearer, &config.basic) {
            (Some(_), Some(_)) => return Err("[http_sink] has both bearer and basic".to_owned()),
            (Some(token), None) => Some(format!("Bearer {token}")),
            (None, Some(basic)) => {
                Some(format!("Basic {}", base64(&format!("{}:{}", basic.user, basic.password))))
            }
            (None, None) => None,
        };
        let mut tls = TlsConfig::builder();
        if let Some(file) = &config.ca_file {
            let pem =
                std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if certificates.is_empty() {
                return Err(format!("{} holds no certificate", file.display()));
            }
            tls = tls.root_certs(RootCerts::Specific(Arc::new(certificates)));
        }
        let agent = Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(config.timeout.0))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("nightjar/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Client {
            agent,
            url: config.url.as_str().into(),
            authorization: authorization.map(Into::into),
            content_type: match config.body {
                Body::Array | Body::Single => "application/json",
                Body::Lines => "application/x-ndjson",
            },
            gzip: config.gzip,
        })
    }

    pub fn post(&self, run: u64, first: u64, rows: usize, body: &[u8]) -> Verdict {
        let last = first + (rows as u64).saturating_sub(1);
        let mut request = self
            .agent
            .post(&self.url[..])
            .header("Content-Type", self.content_type)
            .header("Nightjar-Rows", format!("{run:016x}-{first}-{last}"));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", &authorization[..]);
        }
        let sent = match self.gzip.then(|| compressed(body)) {
            Some(Ok(body)) => request.header("Content-Encoding", "gzip").send(&body),
            // Compressing in memory does not fail; if it does, the rows go as they are.
            Some(Err(_)) | None => request.send(body),
        };
        match sent {
            Ok(mut answer) => {
                // The connection is used again once the answer has been read.
                let _ = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
                self.verdict(answer.status().as_u16())
            }
            Err(error) => Verdict::Later(format!("{}: {error}", self.url)),
        }
    }

    fn verdict(&self, status: u16) -> Verdict {
        match status {
            200..=299 => Verdict::Accepted,
            413 => Verdict::Refused(Reason::TooLarge),
            400 | 406 | 415 | 422 => Verdict::Refused(Reason::Refused),
            status => Verdict::Later(format!("{} answers with status {status}", self.url)),
        }
    }
}

/// Of an answer's body nothing is used; what is longer is not waited for.
const MAX_ANSWER: u64 = 64 * 1024;

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

/// How long a check waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks whether anybody answers, and lets us in. Sends no rows.
pub fn check(config: &config::Http) -> Result<String, String> {
    let client = Client::new(config)?;
    let mut request = client.agent.get(&client.url[..]).config().timeout_global(Some(PATIENCE)).build();
    if let Some(authorization) = &client.authorization {
        request = request.header("Authorization", &authorization[..]);
    }
    match request.call() {
        Ok(answer) if matches!(answer.status().as_u16(), 401 | 403) => {
            Err(format!("{} does not let us in (status {})", config.url, answer.status().as_u16()))
        }
        Ok(answer) if answer.status().is_server_error() => {
            Err(format!("{} answers with status {}", config.url, answer.status().as_u16()))
        }
        // What it thinks of a request without rows says nothing about one with rows.
        Ok(_) => Ok(format!("{} answers", config.url)),
        Err(error) => Err(format!("cannot talk to {}: {error}", config.url)),
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
