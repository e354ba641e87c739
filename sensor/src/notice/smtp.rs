//! Mail to a relay by SMTP, with TLS and a login where the site wants them.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, SmtpTransport};
use lettre::{Address, Transport};

use super::outbox::Failure;

/// A relay, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// `host`, `host:port`, `[2001:db8::1]:port`.
    pub address: String,
    /// A word of [`Encryption::WORDS`].
    pub encryption: String,
    pub login: Option<Login>,
    /// Certificates of authorities, in PEM, that count beside the system's.
    pub authorities: Option<PathBuf>,
}

/// Who sends, as the relay knows him.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Password,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Password {
    Text(String),
    /// The first line of this file.
    File(PathBuf),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.user)
    }
}

/// How the way to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    None,
    /// Where the relay offers it, whoever it is: against those who only listen.
    May,
    /// Always, and the relay's certificate is checked.
    StartTls,
    /// From the first byte on, and the certificate is checked.
    Tls,
}

impl Encryption {
    const WORDS: [(&'static str, Encryption, u16); 4] = [
        ("none", Encryption::None, 25),
        ("may", Encryption::May, 25),
        ("starttls", Encryption::StartTls, 587),
        ("tls", Encryption::Tls, 465),
    ];
}

/// A mail as it goes over the wire.
pub(super) struct Mail<'a> {
    /// Addresses without names.
    pub from: &'a str,
    pub to: &'a [String],
    /// Header and body, with lines that end in LF or CRLF.
    pub text: &'a [u8],
    /// What the sender calls itself.
    pub host: &'a str,
}

/// Conversations that have not ended, of which all but one were given up; with more, no other is begun. A relay that sends
/// a byte now and then keeps each open for long.
const MAX_LINGERING: usize = 4;
static LINGERING: AtomicUsize = AtomicUsize::new(0);

/// A file with a password, or with authorities, that is longer is none.
const MAX_FILE: u64 = 4 << 20;

/// Hands a mail to the relay; all of it is to be over by `deadline`.
pub(super) fn send(relay: &Relay, mail: &Mail<'_>, deadline: Instant) -> Result<(), Failure> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Failure::passing(TOO_LONG));
    }
    let transport = transport(relay, mail.host, left)?;
    let address = |text: &str| {
        text.parse::<Address>().map_err(|error| Failure::lasting(format!("{text} is no address: {error}")))
    };
    let from = address(mail.from)?;
    let to: Vec<Address> = mail.to.iter().map(|to| address(to)).collect::<Result<_, _>>()?;
    let text = lines(mail.text);
    within(left, move || deliver(&transport, &from, to, &text))
}

const TOO_LONG: &str = "the relay took too long";

/// Does it on a thread of its own, which is left alone when the time is over: a single operation has a timeout in the
/// library, all of them have none.
fn within(
    time: Duration,
    what: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    if LINGERING.load(Ordering::Relaxed) >= MAX_LINGERING {
        return Err(Failure::passing("earlier conversations with the relay have not ended"));
    }
    let (done, wait) = bounded(1);
    let work = move || {
        // Who waited may be gone.
        let _ = done.send(what());
        LINGERING.fetch_sub(1, Ordering::Relaxed);
    };
    LINGERING.fetch_add(1, Ordering::Relaxed);
    if let Err(error) = thread::Builder::new().name("smtp".to_owned()).spawn(work) {
        LINGERING.fetch_sub(1, Ordering::Relaxed);
        return Err(Failure::passing(error));
    }
    wait.recv_timeout(time).unwrap_or_else(|_| Err(Failure::passing(TOO_LONG)))
}

fn deliver(transport: &SmtpTransport, from: &Address, to: Vec<Address>, text: &[u8]) -> Result<(), Failure> {
    let send = |to: Vec<Address>| {
        let envelope = Envelope::new(Some(from.clone()), to).map_err(Failure::lasting)?;
        transport.send_raw(&envelope, text).map(drop).map_err(|error| failure(&error))
    };
    match send(to.clone()) {
        // The library sends to all or none; who is refused is not to keep the others from it.
        Err(refused) if refused.lasts && to.len() > 1 => {
            let mut accepted = false;
            for one in to {
                match send(vec![one]) {
                    Ok(()) => accepted = true,
                    Err(failure) if !failure.lasts => return Err(failure),
                    Err(_) => {}
                }
            }
            if accepted { Ok(()) } else { Err(refused) }
        }
        result => result,
    }
}

/// RFC 5321 §4.2.1: 5yz will not change by trying again.
fn failure(error: &smtp::Error) -> Failure {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !why.contains(&cause_text) {
            why = format!("{why}: {cause_text}");
        }
        source = cause.source();
    }
    // Nor will a certificate.
    if error.is_permanent() || why.contains("certificate verify failed") {
        Failure::lasting(why)
    } else {
        Failure::passing(why)
    }
}

fn transport(relay: &Relay, host: &str, timeout: Duration) -> Result<SmtpTransport, Failure> {
    let wanted = Encryption::WORDS.iter().find(|(word, ..)| *word == relay.encryption);
    let Some((_, encryption, usual_port)) = wanted else {
        let words = Encryption::WORDS.map(|(word, ..)| word).join(", ");
        return Err(Failure::lasting(format!("\"{}\" is none of {words}", relay.encryption)));
    };
    let (name, port) = host_and_port(&relay.address);
    let mut builder = SmtpTransport::builder_dangerous(name)
        .port(port.unwrap_or(*usual_port))
        .hello_name(ClientId::Domain(host.to_owned()))
        .timeout(Some(timeout));
    builder = match encryption {
        Encryption::None => builder.tls(Tls::None),
        Encryption::May => builder.tls(Tls::Opportunistic(parameters(relay, name, false)?)),
        Encryption::StartTls => builder.tls(Tls::Required(parameters(relay, name, true)?)),
        Encryption::Tls => builder.tls(Tls::Wrapper(parameters(relay, name, true)?)),
    };
    if let Some(login) = &relay.login {
        if !matches!(encryption, Encryption::StartTls | Encryption::Tls) {
            let why = "a password is sent only with Notice::smtp_tls \"starttls\" or \"tls\"";
            return Err(Failure::lasting(why));
        }
        builder = builder.credentials(Credentials::new(login.user.clone(), login.password.read()?));
    }
    Ok(builder.build())
}

fn parameters(relay: &Relay, name: &str, checked: bool) -> Result<TlsParameters, Failure> {
    let mut builder = TlsParameters::builder(name.to_owned())
        .dangerous_accept_invalid_certs(!checked)
        .dangerous_accept_invalid_hostnames(!checked);
    if let Some(path) = &relay.authorities {
        let unreadable = |why: String| Failure::lasting(format!("{}: {why}", path.display()));
        let pem = read(path).map_err(|error| unreadable(error.to_string()))?;
        let certificates = Certificate::from_pem(&pem).map_err(|error| unreadable(error.to_string()))?;
        builder = builder.add_root_certificate(certificates);
    }
    builder.build().map_err(Failure::lasting)
}

impl Password {
    fn read(&self) -> Result<String, Failure> {
        let path = match self {
            Password::Text(text) => return Ok(text.clone()),
            Password::File(path) => path,
        };
        let text = read(path).map_err(|error| Failure::lasting(format!("{}: {error}", path.display())))?;
        Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned())
    }
}

fn read(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let file = std::fs::File::open(path)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_FILE), &mut text)?;
    Ok(text)
}

/// The port is behind the last colon, where that is no part of an address of IPv6.
fn host_and_port(address: &str) -> (&str, Option<u16>) {
    let bracketed = |host: &'_ str| host.starts_with('[') && host.ends_with(']');
    let bare = |host| str::trim_matches(host, ['[', ']']);
    match address.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        Some((host, Ok(port))) if bracketed(host) || !host.contains(':') => (bare(host), Some(port)),
        _ => (bare(address), None),
    }
}

/// Lines end in CRLF, but the last one, whose end is sent before the dot that ends the mail. A lone CR would end one for
/// some relays.
fn lines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for (nth, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if nth > 0 {
            out.extend_from_slice(b"\r\n");
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        out.extend(line.iter().map(|byte| if *byte == b'\r' { b' ' } else { *byte }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_they_should() {
        assert_eq!(lines(b"a\n.b\r\n\nc"), b"a\r\n.b\r\n\r\nc");
        assert_eq!(lines(b"x\rRCPT\n"), b"x RCPT");
        assert_eq!(lines(b"x\n\n"), b"x\r\n");
    }

    #[test]
    fn a_relays_address_is_read() {
        for (address, host, port) in [
            ("mail.example.net", "mail.example.net", None),
            ("mail.example.net:25", "mail.example.net", Some(25)),
            ("192.0.2.1:587", "192.0.2.1", Some(587)),
            ("[2001:db8::1]:25", "2001:db8::1", Some(25)),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("2001:db8::1", "2001:db8::1", None),
        ] {
            assert_eq!(host_and_port(address), (host, port), "{address}");
        }
    }

    #[test]
    fn a_password_does_not_go_in_the_clear() {
        let login = Login { user: "sensor".to_owned(), password: Password::Text("secret".to_owned()) };
        for (encryption, sent) in [("none", false), ("may", false), ("starttls", true), ("tls", true)] {
            let relay = Relay {
                address: "127.0.0.1".to_owned(),
                encryption: encryption.to_owned(),
                login: Some(login.clone()),
                authorities: None,
            };
            assert!(!format!("{relay:?}").contains("secret"));
            let made = transport(&relay, "here", Duration::from_secs(1));
            assert_eq!(made.is_ok(), sent, "{encryption}");
        }
    }

    #[test]
    fn who_never_ends_is_not_waited_for_for_ever() {
        let began = Instant::now();
        let slow = || {
            thread::sleep(Duration::from_millis(300));
            Ok(())
        };
        assert!(within(Duration::from_millis(10), slow).is_err());
        assert!(began.elapsed() < Duration::from_millis(250));
        while LINGERING.load(Ordering::Relaxed) > 0 {
            assert!(began.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(10));
        }
        assert!(within(Duration::from_secs(5), || Ok(())).is_ok());
    }
}
