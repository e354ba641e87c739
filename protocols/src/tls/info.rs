//! What ssl.log has of a connection.

use std::borrow::Cow;

use crate::tls::event::{RETRY, ServerHello, TlsEvent};
use crate::tls::message;
use crate::tls::names::{alert_name, group_name, is_tls13, suite_name, version_name};

/// Letters of [`Info::history`] (`SSL::max_ssl_history_length`).
pub const MAX_HISTORY: usize = 100;

/// A connection, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// The version that the server chose.
    pub version: Option<u16>,
    /// The cipher suite that it chose.
    pub suite: Option<u32>,
    /// The group of the keys.
    pub curve: Option<u16>,
    /// The first name that the client asked for.
    pub server_name: Option<Box<[u8]>>,
    /// The session that the client wants to resume.
    pub session_id: Option<Box<[u8]>>,
    /// Keys of an earlier connection are used.
    pub resumed: bool,
    /// The last alert's description.
    pub last_alert: Option<u16>,
    /// The protocol that the server chose (ALPN).
    pub next_protocol: Option<Box<[u8]>>,
    /// Both sides encrypt.
    pub established: bool,
    /// What came, a letter for each, a client's in upper case.
    pub history: Vec<u8>,
    /// So many letters are kept; [`MAX_HISTORY`] where it is not said.
    max_history: Option<usize>,
    ticket_without_session: bool,
    client_key_seen: bool,
    psk_offered: bool,
    retry_seen: bool,
}

impl Info {
    /// One of which so many letters of history are kept.
    pub fn keeping(max_history: usize) -> Self {
        Info { max_history: Some(max_history), ..Info::default() }
    }

    /// Takes note of it. True where history has just become as long as it may.
    pub fn hear(&mut self, is_client: bool, what: &TlsEvent<'_>) -> bool {
        match what {
            // One of zeros is none.
            TlsEvent::ClientHello(hello) if hello.session_id.iter().any(|byte| *byte != 0) => {
                self.session_id = Some(hello.session_id.into());
                self.ticket_without_session = false;
            }
            TlsEvent::ServerHello(hello) => self.server_hello(hello),
            TlsEvent::Versions(versions) if !is_client => {
                self.version = versions.iter().next().or(self.version)
            }
            TlsEvent::EcdhServer { curve, .. } => self.curve = Some(*curve),
            TlsEvent::ServerShare(group) if !is_client => self.curve = Some(*group),
            TlsEvent::ServerNames(names) if is_client => {
                let first = names.iter().find(|(kind, _)| *kind == 0);
                self.server_name = first.map(|(_, name)| name.into()).or(self.server_name.take());
            }
            TlsEvent::Alpn(names) if !is_client => {
                self.next_protocol = names.iter().next().map(Into::into).or(self.next_protocol.take());
            }
            TlsEvent::Extension { code, data } => self.extension(is_client, *code, data),
            TlsEvent::Handshake { kind, .. } => return self.message(is_client, *kind),
            TlsEvent::ChangeCipherSpec => {
                self.resumed |= is_client && self.ticket_without_session && !self.client_key_seen;
                return self.note(is_client, b'i');
            }
            TlsEvent::Alert { description, .. } => {
                self.last_alert = Some(u16::from(*description));
                return self.note(is_client, b'l');
            }
            TlsEvent::Error2(number) => {
                self.last_alert = Some(*number);
                return self.note(is_client, b'l');
            }
            TlsEvent::Heartbeat { .. } => return self.note(is_client, b'b'),
            TlsEvent::Established => self.established = true,
            TlsEvent::Flipped => return self.note(is_client, b'^'),
            _ => {}
        }
        false
    }

    fn server_hello(&mut self, hello: &ServerHello<'_>) {
        // An extension tells the version better.
        let chosen = *self.version.get_or_insert(hello.version);
        self.suite = Some(hello.suite);
        self.retry_seen |= hello.random == RETRY;
        let resumes = self.session_id.as_deref().is_some_and(|session| session == hello.session_id);
        self.resumed |= resumes && !is_tls13(chosen);
    }

    fn extension(&mut self, is_client: bool, code: u16, data: &[u8]) {
        const SESSION_TICKET: u16 = 35;
        const PRE_SHARED_KEY: u16 = 41;
        match (code, is_client) {
            // Should the client name a session as well, its hello says so, which follows.
            (SESSION_TICKET, true) => self.ticket_without_session |= !data.is_empty(),
            (PRE_SHARED_KEY, true) => self.psk_offered = true,
            (PRE_SHARED_KEY, false) => self.resumed |= self.psk_offered,
            _ => {}
        }
    }

    fn message(&mut self, is_client: bool, kind: u8) -> bool {
        self.client_key_seen |= is_client && kind == message::CLIENT_KEY_EXCHANGE;
        let letter = match kind {
            message::HELLO_REQUEST => b'h',
            message::CLIENT_HELLO => b'c',
            message::SERVER_HELLO if std::mem::take(&mut self.retry_seen) => b'j',
            message::SERVER_HELLO => b's',
            message::HELLO_VERIFY_REQUEST => b'v',
            message::SESSION_TICKET => b't',
            message::END_OF_EARLY_DATA => b'e',
            message::HELLO_RETRY_REQUEST => b'j',
            message::ENCRYPTED_EXTENSIONS => b'o',
            message::CERTIFICATE => b'x',
            message::SERVER_KEY_EXCHANGE => b'k',
            message::CERTIFICATE_REQUEST => b'r',
            message::SERVER_HELLO_DONE => b'n',
            message::CERTIFICATE_VERIFY => b'y',
            message::CLIENT_KEY_EXCHANGE => b'g',
            message::FINISHED => b'f',
            message::CERTIFICATE_URL => b'w',
            message::CERTIFICATE_STATUS => b'u',
            message::SUPPLEMENTAL_DATA => b'a',
            message::KEY_UPDATE => b'p',
            message::MESSAGE_HASH => b'm',
            _ => b'z',
        };
        self.note(is_client, letter)
    }

    fn note(&mut self, is_client: bool, letter: u8) -> bool {
        let max = self.max_history.unwrap_or(MAX_HISTORY);
        if self.history.len() >= max {
            return false;
        }
        self.history.push(if is_client { letter.to_ascii_uppercase() } else { letter });
        self.history.len() == max
    }

    /// The version by its name in Zeek.
    pub fn version_name(&self) -> Option<Cow<'static, str>> {
        self.version.map(version_name)
    }

    /// The cipher suite by its name in Zeek.
    pub fn suite_name(&self) -> Option<Cow<'static, str>> {
        self.suite.map(suite_name)
    }

    /// The curve by its name in Zeek.
    pub fn curve_name(&self) -> Option<Cow<'static, str>> {
        self.curve.map(group_name)
    }

    /// The last alert by its name in Zeek.
    pub fn alert_name(&self) -> Option<Cow<'static, str>> {
        self.last_alert.map(alert_name)
    }
}
