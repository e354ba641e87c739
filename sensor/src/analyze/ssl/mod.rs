//! TLS and DTLS: ssl.log, and events of the handshake.

mod decrypt;
pub mod events;
mod names;
mod record;

use std::sync::Arc;

use nightjar_protocols::tls::{
    self, DTLS_PORTS, DtlsLimits, DtlsSession, Info, Limits, PORTS, Session, TlsEvent,
};

use nightjar_protocols::x509::Certificate;

use crate::analyze::files::{self, About, Carrier, file_id};
use crate::analyze::ssl::decrypt::Decrypting;
use crate::analyze::ssl::record::{Chains, SslRow};
use crate::analyze::{
    Analyzer, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp, x509,
};
use crate::config::Config;
use crate::counters::{counter, counters, gauge};
use crate::event::{Conn, Event, Owner, Proto, RecordView};
use crate::flow::{Cx, Dir, Flow};
use crate::record::Record;
use crate::time::Time;

pub type Worker = Counted<Counters>;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC, &DTLS],
    events: events::EVENTS,
    row: Some(SslRow::SCHEMA),
    logs: &[LogDecl {
        schema: SslRow::SCHEMA,
        info: "SSL::Info",
        holder: Some(("connection", "ssl")),
        event: Some("log_ssl"),
    }],
    script: Some(include_str!("ssl.zeek")),
    constants: Some(("ssl/consts", names::zeek)),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SSL", service: "ssl" },
    ports: &over_tcp(PORTS),
    // Who is the client is seen in the hellos.
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: tls::probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: tls::probe_client },
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: tls::probe_server },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: tls::probe_server },
    ],
    both: false,
    new,
};

static DTLS: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "DTLS", service: "dtls" },
    ports: &[(Proto::Udp, DTLS_PORTS[0])],
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: tls::probe_dtls_client },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: tls::probe_dtls_client },
    ],
    both: false,
    new: new_dtls,
};

counters! {
    /// What became of TLS.
    pub struct Counters {
        /// Bytes held of handshakes that are not whole.
        pub bytes: u64 = gauge("ssl_bytes"),
        /// Handshakes given up because all together held too much.
        pub given_up: u64 = counter("ssl_given_up_total")
            .lost("TLS handshakes given up because all together held too much"),
        /// Connections that were decrypted.
        pub decrypted: u64 = counter("ssl_decrypted_total"),
        /// Encrypted records that the secrets of the key log do not fit: of the handshake where it has only what
        /// follows, of ciphers that are not read, behind bytes that are missing.
        pub not_decrypted: u64 = counter("ssl_records_not_decrypted_total"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Ssl::new(Reader::Streams(Session::new(Limits::default())), SPEC.named.name))
}

fn new_dtls(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Ssl::new(Reader::Datagrams(DtlsSession::new(DtlsLimits::default())), DTLS.named.name))
}

/// One connection.
struct Ssl {
    /// None once nothing more is to be read.
    reader: Option<Box<Reader>>,
    seen: Option<Box<Seen>>,
    /// Set where its secrets are known.
    decrypting: Option<Box<Decrypting>>,
    /// Its part of [`Counters::bytes`].
    held: u64,
    /// As files.log and weird.log name the analyzer.
    source: &'static str,
}

enum Reader {
    Streams(Session),
    Datagrams(DtlsSession),
}

/// What is known of it, from when something of it was read.
struct Seen {
    ts: Time,
    info: Info,
    /// The digests of the certificates of the server, and of the client; none before any has come.
    chains: Option<Box<[Vec<String>; 2]>>,
    /// The server's first certificate.
    server: Option<Arc<Certificate>>,
    /// Files so far: OCSP responses, and certificates where these are files.
    files: u64,
    /// Scripts were told that the row is about to be written.
    finishing: bool,
    logged: bool,
}

/// A connection has one row.
const ONLY: u64 = 0;

impl Ssl {
    fn new(reader: Reader, source: &'static str) -> Self {
        Ssl { reader: Some(Box::new(reader)), seen: None, decrypting: None, held: 0, source }
    }

    fn read(&mut self, link: &mut Link<'_, '_>, what: impl FnOnce(&mut Reader, &mut Hears<'_, '_, '_>)) {
        let Some(reader) = &mut self.reader else { return };
        let (seen, decrypting) = (&mut self.seen, &mut self.decrypting);
        what(reader, &mut Hears { link, seen, decrypting, source: self.source });
        let counters = &mut link.shared.of.ssl.counters;
        let held = reader.buffered() as u64;
        counters.bytes = (counters.bytes + held).saturating_sub(self.held);
        self.held = held;
        if counters.bytes > link.cx.config.limits.handshake_bytes as u64 && held > 0 {
            counters.given_up += 1;
            reader.give_up();
        }
        let leaves = reader.is_established()
            && link.cx.config.protocols.ssl.leave_established
            && !self.decrypting.as_ref().is_some_and(|decrypting| decrypting.has_keys());
        if reader.is_over() || leaves {
            self.close(link);
        }
        if leaves {
            link.leave();
        }
    }

    /// Nothing more is to be read.
    fn close(&mut self, link: &mut Link<'_, '_>) {
        self.reader = None;
        let counters = &mut link.shared.of.ssl.counters;
        counters.bytes = counters.bytes.saturating_sub(std::mem::take(&mut self.held));
    }
}

impl Reader {
    fn buffered(&self) -> usize {
        match self {
            Reader::Streams(session) => session.buffered(),
            Reader::Datagrams(session) => session.buffered(),
        }
    }

    fn give_up(&mut self) {
        match self {
            Reader::Streams(session) => session.give_up(),
            Reader::Datagrams(session) => session.give_up(),
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Reader::Streams(session) => session.is_over(),
            Reader::Datagrams(session) => session.is_over(),
        }
    }

    fn is_established(&self) -> bool {
        match self {
            Reader::Streams(session) => session.is_established(),
            Reader::Datagrams(session) => session.is_established(),
        }
    }
}

impl Analyzer for Ssl {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // From the middle on there is nothing to be read.
        if link.flow.is_partial() {
            return;
        }
        self.read(link, |reader, hears| {
            if let Reader::Streams(session) = reader {
                session.data(dir.is_orig(), bytes, hears);
            }
        });
    }

    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        self.read(link, |reader, hears| {
            if let Reader::Datagrams(session) = reader {
                session.datagram(dir.is_orig(), payload, hears);
            }
        });
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.close(link);
    }

    fn flipped(&mut self) {
        match self.reader.as_deref_mut() {
            Some(Reader::Streams(session)) => session.flip(),
            Some(Reader::Datagrams(session)) => session.flip(),
            None => {}
        }
    }

    fn stop(&mut self, link: &mut Link<'_, '_>) -> bool {
        self.close(link);
        self.seen.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        self.close(link);
        let (seen, decrypting) = (&mut self.seen, &mut self.decrypting);
        Hears { link, seen, decrypting, source: self.source }.log();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    seen: &'h mut Option<Box<Seen>>,
    decrypting: &'h mut Option<Box<Decrypting>>,
    source: &'static str,
}

impl Seen {
    /// Makes the row, and shows it.
    fn with<T>(&self, flow: &mut Flow, what: impl FnOnce(&mut Flow, &SslRow<'_>) -> T) -> T {
        let lists = self.chains.as_ref().map(|chains| {
            chains.each_ref().map(|chain| chain.iter().map(String::as_str).collect::<Vec<_>>())
        });
        let fingerprints = lists.as_ref().map(|[server, client]| [&server[..], &client[..]]);
        let sni_matches_cert = match (&self.server, &self.info.server_name) {
            (Some(server), Some(name)) => Some(server.is_for(name)),
            _ => None,
        };
        let chains = Chains { fingerprints, sni_matches_cert };
        record::with(self.ts, flow, &self.info, chains, what)
    }
}

impl Hears<'_, '_, '_> {
    fn seen(&mut self) -> &mut Seen {
        let ts = self.link.cx.now;
        let max_history = self.link.cx.config.protocols.ssl.max_history;
        self.seen.get_or_insert_with(|| {
            let info = Info::keeping(max_history);
            let (chains, server) = (None, None);
            Box::new(Seen { ts, info, chains, server, files: 0, finishing: false, logged: false })
        })
    }

    /// Raises an event with the row as `c$ssl`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match self.seen {
            Some(seen) => seen.with(flow, |flow, row| flow.raise_with(cx, event, ONLY, row)),
            None => flow.raise(cx, event),
        }
    }

    /// The row is about to be written, unless it was.
    fn finish(&mut self) {
        if let Some(seen) = self.seen.as_deref_mut().filter(|seen| !seen.logged && !seen.finishing) {
            seen.finishing = true;
            self.raise(&events::Finishing { c: Conn });
        }
    }

    /// Writes the row, unless it was written.
    fn log(&mut self) {
        self.finish();
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(seen) = self.seen.as_deref_mut().filter(|seen| !seen.logged) {
            seen.logged = true;
            seen.with(flow, |_, row| cx.bus.log(row, Owner { uid: row.conn.uid, nth: ONLY }));
        }
    }

    /// Raises what scripts may want to know.
    fn tell(&mut self, is_client: bool, what: TlsEvent<'_>) {
        use events as e;
        let c = Conn;
        match what {
            TlsEvent::ClientHello(hello) => self.raise(&e::ClientHello {
                c,
                version: hello.version,
                record_version: hello.record_version,
                possible_ts: Time::from_nanos(i64::from(hello.time) * 1_000_000_000),
                client_random: hello.random,
                session_id: e::SessionId(hello.session_id),
                ciphers: e::SuiteList(hello.suites),
                comp_methods: e::Bytes(hello.compressions),
            }),
            TlsEvent::ServerHello(hello) => {
                let time = hello.random.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
                self.raise(&e::ServerHello {
                    c,
                    version: hello.version,
                    record_version: hello.record_version,
                    possible_ts: Time::from_nanos(i64::from(time) * 1_000_000_000),
                    server_random: hello.random,
                    session_id: e::SessionId(hello.session_id),
                    cipher: hello.suite,
                    comp_method: hello.compression,
                });
            }
            TlsEvent::Extension { code, data: val } => self.raise(&e::Extension { c, is_client, code, val }),
            TlsEvent::Groups(curves) => self.raise(&e::Groups { c, is_client, curves: e::Numbers(curves) }),
            TlsEvent::PointFormats(formats) => {
                self.raise(&e::PointFormats { c, is_client, point_formats: e::Bytes(formats) });
            }
            TlsEvent::SignatureAlgorithms(numbers) => {
                let signature_algorithms = e::Algorithms(numbers);
                self.raise(&e::SignatureAlgorithms { c, is_client, signature_algorithms });
            }
            TlsEvent::ClientShares(groups) => {
                self.raise(&e::KeyShare { c, is_client, curves: e::Offered(e::Keys::All(groups)) });
            }
            TlsEvent::ServerShare(group) => {
                self.raise(&e::KeyShare { c, is_client, curves: e::Offered(e::Keys::One(group)) });
            }
            TlsEvent::PskOffer { identities, binders } => {
                let (identities, binders) = (e::Identities(identities), e::Binders(binders));
                self.raise(&e::PskOffer { c, is_client, identities, binders });
            }
            TlsEvent::PskChoice(selected_identity) => {
                self.raise(&e::PskChoice { c, is_client, selected_identity });
            }
            TlsEvent::PskModes(modes) => self.raise(&e::PskModes { c, is_client, modes: e::Bytes(modes) }),
            TlsEvent::Alpn(names) => self.raise(&e::Alpn { c, is_client, protocols: e::Protocols(names) }),
            TlsEvent::ServerNames(names) => {
                self.raise(&e::ServerName { c, is_client, names: e::Hosts(names) })
            }
            TlsEvent::Versions(numbers) => {
                self.raise(&e::Versions { c, is_client, versions: e::Numbers(numbers) });
            }
            TlsEvent::Timestamp { version, log_id: logid, timestamp, hash, algorithm, signature } => {
                let signature_and_hashalgorithm = e::Algorithm::of(Some([hash, algorithm]));
                self.raise(&e::CertificateTimestamp {
                    c,
                    is_client,
                    version,
                    logid,
                    timestamp,
                    signature_and_hashalgorithm,
                    signature,
                });
            }
            TlsEvent::ConnectionId(cid) => self.raise(&e::ConnectionId { c, is_client, cid }),
            TlsEvent::CertificateRequest { types, algorithms, authorities } => {
                self.raise(&e::CertificateRequest {
                    c,
                    is_client,
                    certificate_types: e::Bytes(types),
                    supported_signature_algorithms: e::Algorithms(algorithms),
                    certificate_authorities: e::AuthorityNames(authorities),
                });
            }
            TlsEvent::EcdhServer { curve, point } => self.raise(&e::EcdhServer { c, curve, point }),
            TlsEvent::DhServer { p, g: q, public } => self.raise(&e::DhServer { c, p, q, public }),
            TlsEvent::ServerSignature { algorithm, signature } => {
                let signature_and_hashalgorithm = e::Algorithm::of(algorithm);
                self.raise(&e::ServerSignature { c, signature_and_hashalgorithm, signature });
            }
            TlsEvent::RsaClient(pms) => self.raise(&e::RsaClient { c, pms }),
            TlsEvent::EcdhClient(point) => self.raise(&e::EcdhClient { c, point }),
            TlsEvent::DhClient(public) => self.raise(&e::DhClient { c, public }),
            TlsEvent::SessionTicket { lifetime: ticket_lifetime_hint, ticket } => {
                self.raise(&e::SessionTicket { c, ticket_lifetime_hint, ticket });
            }
            TlsEvent::Handshake { kind: msg_type, len: length } => {
                self.raise(&e::HandshakeMessage { c, is_client, msg_type, length });
            }
            TlsEvent::ChangeCipherSpec => self.raise(&e::ChangeCipherSpec { c, is_client }),
            TlsEvent::Alert { level, description } => {
                let (level, desc) = (u64::from(level), u16::from(description));
                self.raise(&e::Alert { c, is_client, level, desc });
            }
            TlsEvent::Error2(desc) => self.raise(&e::Alert { c, is_client, level: u64::MAX, desc }),
            TlsEvent::Heartbeat {
                record: length,
                kind: heartbeat_type,
                payload_len: payload_length,
                payload,
            } => {
                self.raise(&e::Heartbeat { c, is_client, length, heartbeat_type, payload_length, payload });
            }
            TlsEvent::Plaintext { version: record_version, content: content_type, len: length } => {
                self.raise(&e::PlaintextData { c, is_client, record_version, content_type, length });
            }
            TlsEvent::Encrypted { version: record_version, content: content_type, len: length } => {
                self.raise(&e::EncryptedData { c, is_client, record_version, content_type, length });
            }
            TlsEvent::EncryptedHandshake { len: length } => {
                self.raise(&e::EncryptedHandshake { c, is_client, length });
            }
            TlsEvent::OcspResponse(response) => {
                self.raise(&e::StapledOcsp { c, is_client, response });
                self.file(false, "application/ocsp-response", response);
            }
            TlsEvent::Flipped => self.raise(&e::ConnectionFlipped { c }),
            TlsEvent::Established => {
                self.finish();
                self.raise(&e::Established { c });
                self.log();
            }
            TlsEvent::Certificate { nth, der } => self.certificate(is_client, nth, der),
        }
    }

    /// A file that is there at once.
    fn file(&mut self, is_orig: bool, mime_type: &'static str, content: &[u8]) {
        let source = self.source;
        let seen = self.seen();
        seen.files += 1;
        let nth = seen.files;
        let Some(mut shown) = self.seen.as_deref().map(Shown) else { return };
        let fuid = file_id(self.link.flow, 0, |hasher| {
            hasher.write(source.as_bytes());
            hasher.write_u64(nth);
        });
        let mime_type = Some(mime_type);
        let about = About { source, is_orig, depth: 0, filename: None, mime_type, parent: None, tag: 0 };
        files::whole(&mut self.link.files(&mut shown), fuid, about, content);
    }

    fn certificate(&mut self, by_client: bool, nth: usize, der: &[u8]) {
        if x509::are_files(self.link.cx) {
            self.file(by_client, x509::mime_type(nth), der);
        }
        let found = x509::carried(self.link, der, nth == 0, by_client);
        let seen = self.seen();
        let chains = seen.chains.get_or_insert_default();
        if let Some(found) = found {
            let chain = chains.get_mut(usize::from(by_client)).filter(|chain| chain.len() < MAX_CHAIN);
            if let Some(chain) = chain {
                chain.push(x509::shown(&found.fingerprint));
            }
            if nth == 0 && !by_client {
                seen.server = Some(found.certificate);
            }
        }
    }
}

/// Certificates of a side that ssl.log names.
const MAX_CHAIN: usize = 64;

/// The connection that carries a file, as scripts see it.
struct Shown<'s>(&'s Seen);

impl Carrier for Shown<'_> {
    fn transaction(&self, cx: &mut Cx<'_>, flow: &mut Flow) -> Option<(u64, RecordView)> {
        self.0.with(flow, |_, row| cx.bus.view(row)).map(|view| (ONLY, view))
    }
}

impl tls::Handler for Hears<'_, '_, '_> {
    fn event(&mut self, is_client: bool, what: TlsEvent<'_>) {
        match &what {
            // What cannot be read makes no row.
            TlsEvent::Encrypted { .. } | TlsEvent::EncryptedHandshake { .. } => {}
            what => {
                if self.seen().info.hear(is_client, what) {
                    let addl = self.link.cx.config.protocols.ssl.max_history.to_string();
                    self.weird("SSL_max_ssl_history_length_reached", &addl);
                }
            }
        }
        if let TlsEvent::ClientHello(hello) = &what {
            *self.decrypting = Decrypting::begin(self.link, hello);
        } else if let (Some(decrypting), Some(seen)) = (self.decrypting.as_deref_mut(), &self.seen) {
            decrypting.hear(&seen.info, &what);
        }
        self.tell(is_client, what);
    }

    fn confirmed(&mut self) {
        self.seen();
        self.link.confirm();
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
        self.log();
    }

    fn weird(&mut self, name: &'static str, addl: &str) {
        self.link.weird_about(name, self.source, addl.to_owned());
    }

    fn wants_records(&self) -> bool {
        self.decrypting.as_ref().is_some_and(|decrypting| decrypting.has_keys())
    }

    fn record(&mut self, is_orig: bool, is_client: bool, header: [u8; 5], body: &[u8]) {
        if let Some(decrypting) = self.decrypting {
            decrypting.record(
                self.link,
                if is_orig { Dir::Orig } else { Dir::Resp },
                is_client,
                header,
                body,
            );
        }
    }
}
