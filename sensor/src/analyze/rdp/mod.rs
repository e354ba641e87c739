//! RDP: rdp.log, events of how a client and a server agree to begin, and the TLS that follows.

mod eudp;
pub mod events;
mod names;
mod record;
// settings.rs is a part of `config` (tools/lists).

use nightjar_protocols::rdp::{self, Channel, PORT, Session};

use crate::analyze::files::{self, About, file_id};
use crate::analyze::rdp::names::{
    BUILDS, CERTIFICATES, COLORS, FAILURES, LEVELS, METHODS, PROTOCOLS, RESULTS, keyboard,
};
use crate::analyze::rdp::record::{Client, RdpRow, Seen};
use crate::analyze::{
    Analyzer, Child, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp, x509,
};
use crate::config::Config;
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC, &eudp::SPEC],
    events: events::EVENTS,
    row: Some(RdpRow::SCHEMA),
    logs: &[LogDecl {
        schema: RdpRow::SCHEMA,
        info: "RDP::Info",
        holder: Some(("connection", "rdp")),
        event: Some("log_rdp"),
    }],
    script: Some(include_str!("rdp.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "RDP", service: "rdp" },
    ports: &over_tcp([PORT]),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: rdp::probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: rdp::probe_server },
    ],
    both: true,
    new,
};

/// A connection has one row.
const ONLY: u64 = 0;

/// More channels than the protocol has are a weird (MS-RDPBCGR §2.2.1.3.4).
const MAX_CHANNELS: usize = 31;

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Rdp { session: Session::default(), known: Known::default() })
}

/// One connection.
struct Rdp {
    session: Session,
    known: Known,
}

#[derive(Default)]
struct Known {
    seen: Option<Box<Seen>>,
    inner: Inner,
    /// Nothing more is read.
    left: bool,
}

/// Who reads what follows.
#[derive(Clone, Copy, Default)]
enum Inner {
    #[default]
    Nobody,
    Begun(Child),
    TooDeep,
}

impl Analyzer for Rdp {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        if !link.flow.is_partial() && !self.known.left {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link, known: &mut self.known });
        }
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        link.pass_gap(dir, len);
        self.session.gap();
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        let mut hears = Hears { link, known: &mut self.known };
        if hears.is_due() {
            hears.log();
            hears.known.left |= hears.link.cx.config.protocols.rdp.leaves;
        } else {
            hears.wake();
        }
        false
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        Hears { link, known: &mut self.known }.log();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    known: &'h mut Known,
}

impl Hears<'_, '_, '_> {
    fn seen(&mut self) -> &mut Seen {
        let now = self.link.cx.now;
        if self.known.seen.is_none() {
            self.known.seen = Some(Box::new(Seen::new(now)));
            self.wake();
        }
        self.known.seen.get_or_insert_with(|| Box::new(Seen::new(now)))
    }

    /// Whether it is to be logged without waiting any longer.
    fn is_due(&self) -> bool {
        let (now, after) = (self.link.cx.now, self.link.cx.config.protocols.rdp.check_interval);
        self.known.seen.as_ref().is_some_and(|seen| !seen.done && now > seen.ts + after)
    }

    /// Sets the timer for when it is.
    fn wake(&mut self) {
        if self.known.seen.as_ref().is_some_and(|seen| !seen.done) {
            let after = self.link.cx.config.protocols.rdp.check_interval;
            let at = self.link.cx.now + after;
            self.link.flow.wake_by(at);
        }
    }

    fn log(&mut self) {
        let Link { cx, flow, .. } = &mut *self.link;
        let Some(seen) = self.known.seen.as_mut().filter(|seen| !seen.done) else { return };
        seen.done = true;
        if seen.is_told() {
            seen.with_row(flow, |_, row| cx.bus.log(row, Owner { uid: row.conn.uid, nth: ONLY }));
        }
    }

    /// Raises an event with what is known as `c$rdp`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match &self.known.seen {
            Some(seen) => seen.with_row(flow, |flow, row| flow.raise_with(cx, event, ONLY, row)),
            None => flow.raise(cx, event),
        }
    }

    fn confirm(&mut self) {
        self.link.confirm();
        self.seen();
    }
}

/// A text of UTF-16, up to its NUL.
fn text(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| pair.first_chunk::<2>());
    let units = units.map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

impl rdp::Handler for Hears<'_, '_, '_> {
    fn connect_request(&mut self, cookie: &[u8]) {
        self.seen().cookie = Some(cookie.into());
        self.raise(&events::ConnectRequest { c: Conn, cookie });
    }

    fn negotiation_response(&mut self, security_protocol: u32) {
        self.seen().security_protocol = Some(PROTOCOLS.of(security_protocol));
        self.raise(&events::NegotiationResponse { c: Conn, security_protocol });
    }

    fn negotiation_failure(&mut self, failure_code: u32) {
        self.seen().result = Some(FAILURES.of(failure_code));
        self.raise(&events::NegotiationFailure { c: Conn, failure_code });
    }

    fn client_core(&mut self, core: &rdp::ClientCore<'_>) {
        self.confirm();
        let (name, product) = (text(core.client_name), text(core.dig_product_id));
        let true_color = events::EarlyCapabilityFlags::of(core.early_capabilities).want_32bpp_session;
        self.seen().client = Some(Client {
            keyboard: keyboard(core.keyboard_layout),
            build: BUILDS.of(core.client_build),
            name: name.clone(),
            product: product.clone(),
            desktop: [core.desktop_width, core.desktop_height],
            colors: if true_color { "32bit".into() } else { COLORS.of(core.high_color_depth.into()) },
        });
        let file = text(core.ime_file_name);
        let data = events::ClientCoreData::of(core, &name, &file, &product);
        self.raise(&events::ClientCore { c: Conn, data });
    }

    fn client_security(&mut self, security: rdp::ClientSecurity) {
        let (encryption_methods, ext_encryption_methods) = (security.methods, security.ext_methods);
        let data = events::ClientSecurityData { encryption_methods, ext_encryption_methods };
        self.raise(&events::ClientSecurity { c: Conn, data });
    }

    fn client_network(&mut self, channels: &[Channel<'_>]) {
        let names = channels.iter().map(|channel| {
            let end = channel.name.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            channel.name.get(..end).unwrap_or_default().into()
        });
        let kept = self.seen().channels.get_or_insert_default();
        // As in Zeek a second list replaces what it has of the first.
        kept.splice(..channels.len().min(kept.len()), names);
        if channels.len() > MAX_CHANNELS {
            let (name, addl) = ("RDP_channels_requested_exceeds_max", channels.len().to_string());
            self.link.weird_about(name, "", addl);
        }
        if self.link.cx.bus.wants(events::ClientNetwork::ID) {
            let channels: Vec<_> = channels.iter().map(events::ClientChannelDef::of).collect();
            self.raise(&events::ClientNetwork { c: Conn, channels: events::Channels(&channels) });
        }
    }

    fn client_cluster(&mut self, cluster: rdp::ClientCluster) {
        let data = events::ClientClusterData::of(cluster);
        self.raise(&events::ClientCluster { c: Conn, data });
    }

    fn server_response(&mut self, result: u8) {
        self.confirm();
        self.seen().result = Some(RESULTS.of(result.into()));
        self.raise(&events::ServerResponse { c: Conn, result });
    }

    fn certificate(&mut self, der: &[u8]) {
        let seen = self.seen();
        seen.cert_count += 1;
        let nth = seen.cert_count;
        if !x509::are_files(self.link.cx) {
            x509::carried(self.link, der, true, false);
            return;
        }
        let (source, mime_type) = ("RDP", Some(x509::mime_type(0)));
        let fuid = file_id(self.link.flow, nth, |hasher| hasher.write(source.as_bytes()));
        let about =
            About { source, is_orig: false, depth: 0, filename: None, mime_type, parent: None, tag: 0 };
        files::whole(&mut self.link.files(&mut ()), fuid, about, der);
    }

    fn server_certificate(&mut self, cert_type: u32, permanently_issued: bool) {
        let seen = self.seen();
        seen.cert_type = Some(CERTIFICATES.of(cert_type));
        seen.cert_count += u64::from(cert_type == 1);
        seen.cert_permanent = Some(permanently_issued);
        self.raise(&events::ServerCertificate { c: Conn, cert_type, permanently_issued });
    }

    fn encrypted(&mut self, security_protocol: u32) {
        let seen = self.seen();
        seen.result.get_or_insert("encrypted".into());
        seen.security_protocol = Some(PROTOCOLS.of(security_protocol));
        self.raise(&events::BeginEncryption { c: Conn, security_protocol });
    }

    fn server_security(&mut self, encryption_method: u32, encryption_level: u32) {
        self.confirm();
        self.seen().encryption = Some([METHODS.of(encryption_method), LEVELS.of(encryption_level)]);
        self.raise(&events::ServerSecurity { c: Conn, encryption_method, encryption_level });
    }

    fn native(&mut self, orig: bool, len: usize) {
        self.raise(&events::NativeEncryptedData { c: Conn, orig, len: len as u64 });
    }

    fn inside(&mut self, is_orig: bool, bytes: &[u8]) {
        if matches!(self.known.inner, Inner::Nobody) {
            self.known.inner = self.link.hand_over(0).map_or(Inner::TooDeep, Inner::Begun);
        }
        if let Inner::Begun(child) = self.known.inner {
            self.link.pass_on_to(child, if is_orig { Dir::Orig } else { Dir::Resp }, bytes);
        }
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
        self.log();
    }
}
