//! SSH: ssh.log, and events of the key exchange and of logins.

pub mod events;
mod record;

use nightjar_protocols::ssh::{self, Attempt, HostKey, Info, KexInit, Limits, PORT, Session, fingerprint};

use crate::analyze::ssh::record::SshRow;
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Signature, Spec};
use crate::config::Config;
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;
use crate::time::Time;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SshRow::SCHEMA),
    logs: &[LogDecl {
        schema: SshRow::SCHEMA,
        info: "SSH::Info",
        holder: Some(("connection", "ssh")),
        event: Some("log_ssh"),
    }],
    script: Some(include_str!("ssh.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SSH", service: "ssh" },
    ports: &[(Proto::Tcp, PORT)],
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: ssh::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: ssh::probe },
    ],
    both: true,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Ssh { session: Session::new(Limits::default()), seen: None })
}

/// One connection.
struct Ssh {
    session: Session,
    seen: Option<Box<Seen>>,
}

/// What is known of it, from when it was seen to be SSH.
struct Seen {
    ts: Time,
    info: Info,
    logged: bool,
}

/// A connection has one row.
const ONLY: u64 = 0;

impl Ssh {
    fn is_over(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.logged)
    }
}

impl Analyzer for Ssh {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // From the middle on there is nothing to be read, and after a login nothing more to be found.
        let ends = self.is_over() && link.cx.config.protocols.ssh.ends_with_login;
        if !link.flow.is_partial() && !ends {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link, seen: &mut self.seen });
        }
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session.gap();
        self.seen.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        let mut hears = Hears { link, seen: &mut self.seen };
        if hears.seen.as_ref().is_some_and(|seen| !seen.logged) {
            let failed = hears.seen.as_ref().is_some_and(|seen| seen.info.has_failed());
            if failed {
                hears.raise(&events::AuthFailed { c: Conn });
            }
            hears.log();
            if failed {
                hears.tell_result(false);
            }
        }
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    seen: &'h mut Option<Box<Seen>>,
}

impl Hears<'_, '_, '_> {
    fn seen(&mut self) -> &mut Seen {
        let ts = self.link.cx.now;
        self.seen.get_or_insert_with(|| Box::new(Seen { ts, info: Info::default(), logged: false }))
    }

    /// Raises an event with the row as `c$ssh`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match self.seen {
            Some(seen) => {
                let row = record::of(seen.ts, cx.config, flow, &seen.info);
                flow.raise_with(cx, event, ONLY, &row);
            }
            None => flow.raise(cx, event),
        }
    }

    fn log(&mut self) {
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(seen) = self.seen {
            seen.logged = true;
            let row = record::of(seen.ts, cx.config, flow, &seen.info);
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: ONLY });
        }
    }

    fn tell_result(&mut self, result: bool) {
        let auth_attempts = self.seen.as_ref().map_or(0, |seen| seen.info.auth_attempts);
        self.raise(&events::AuthResult { c: Conn, result, auth_attempts });
    }
}

impl ssh::Handler for Hears<'_, '_, '_> {
    fn version(&mut self, is_orig: bool, version: &[u8]) {
        self.seen().info.identified(is_orig, version);
        match is_orig {
            true => self.raise(&events::ClientVersion { c: Conn, version }),
            false => self.raise(&events::ServerVersion { c: Conn, version }),
        }
    }

    fn capabilities(&mut self, is_orig: bool, can: &KexInit<'_>) {
        self.seen().info.can(is_orig, can);
        let capabilities = events::CapabilityLists::of(!is_orig, can);
        self.raise(&events::Capabilities { c: Conn, cookie: &can.cookie, capabilities });
    }

    fn host_key(&mut self, key: &HostKey<'_>) {
        let hash = fingerprint(key);
        self.seen().info.host_key = Some(hash.as_str().into());
        self.raise(&events::ServerHostKey { c: Conn, hash: &hash });
        match *key {
            HostKey::V1 { exponent, modulus } => {
                self.raise(&events::ServerHostKey1 { c: Conn, modulus, exponent });
            }
            HostKey::V2(key) => self.raise(&events::ServerHostKey2 { c: Conn, key }),
        }
    }

    fn dh_group(&mut self, p: &[u8], g: &[u8]) {
        self.raise(&events::DhServerParams { c: Conn, p, q: g });
    }

    fn ecc_key(&mut self, is_orig: bool, q: &[u8]) {
        self.raise(&events::EccKey { c: Conn, is_orig, q });
    }

    fn gss_error(&mut self, major_status: u32, minor_status: u32, err_msg: &[u8]) {
        self.raise(&events::GssError { c: Conn, major_status, minor_status, err_msg });
    }

    fn confirmed(&mut self) {
        self.seen();
        self.link.confirm();
    }

    fn encrypted(&mut self, orig: bool, len: usize) {
        self.raise(&events::EncryptedPacket { c: Conn, orig, len: len as u64 });
    }

    fn attempt(&mut self, attempt: Attempt) {
        let compressed = &self.link.cx.config.protocols.ssh.compressed;
        if !self.seen().info.attempted(attempt, compressed) {
            return;
        }
        let authenticated = attempt != Attempt::Failed;
        self.raise(&events::AuthAttempted { c: Conn, authenticated });
        if let Attempt::Succeeded { by_none: auth_method_none } = attempt {
            self.raise(&events::AuthSuccessful { c: Conn, auth_method_none });
            self.log();
            self.tell_result(true);
        }
    }

    fn weird(&mut self, name: &'static str, addl: &[u8]) {
        self.link.weird_about(name, SPEC.named.name, String::from_utf8_lossy(addl).into_owned());
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
