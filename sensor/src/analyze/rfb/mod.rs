//! RFB, the protocol of VNC: rfb.log, and events of the handshake.

pub mod events;
mod record;

use nightjar_protocols::rfb::{self, Session};

use crate::analyze::rfb::record::{Info, RfbRow};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Signature, Spec};
use crate::config::Config;
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(RfbRow::SCHEMA),
    logs: &[LogDecl {
        schema: RfbRow::SCHEMA,
        info: "RFB::Info",
        holder: Some(("connection", "rfb")),
        event: Some("log_rfb"),
    }],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "RFB", service: "rfb" },
    ports: &[],
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: rfb::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: rfb::probe },
    ],
    both: true,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Rfb { session: Session::default(), info: None })
}

/// One connection.
struct Rfb {
    session: Session,
    info: Option<Box<Info>>,
}

/// A connection has one row.
const ONLY: u64 = 0;

impl Analyzer for Rfb {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        if !link.flow.is_partial() {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link, info: &mut self.info });
        }
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session.gap();
        self.info.as_ref().is_some_and(|info| !info.is_logged)
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        Hears { link, info: &mut self.info }.log();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    info: &'h mut Option<Box<Info>>,
}

impl Hears<'_, '_, '_> {
    fn info(&mut self) -> &mut Info {
        let now = self.link.cx.now;
        self.info.get_or_insert_with(|| Box::new(Info::new(now)))
    }

    /// Raises an event with the row as `c$rfb`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(info) = self.info
            && cx.bus.wants(E::ID)
        {
            let row = info.row(flow);
            flow.raise_with(cx, event, ONLY, &row);
        }
    }

    fn log(&mut self) {
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(info) = self.info
            && !std::mem::replace(&mut info.is_logged, true)
        {
            let row = info.row(flow);
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: ONLY });
        }
    }
}

impl rfb::Handler for Hears<'_, '_, '_> {
    fn version(&mut self, is_client: bool, major: &[u8], minor: &[u8]) {
        let info = self.info();
        let version = Some([major.into(), minor.into()]);
        if is_client {
            info.client = version;
            self.raise(&events::ClientVersion { c: Conn, major_version: major, minor_version: minor });
            self.link.confirm();
        } else {
            info.server = version;
            self.raise(&events::ServerVersion { c: Conn, major_version: major, minor_version: minor });
        }
    }

    fn authentication(&mut self, kind: u32) {
        self.info().method = Some(rfb::authentication(kind));
        self.raise(&events::AuthenticationType { c: Conn, authtype: u64::from(kind) });
    }

    fn result(&mut self, result: u32) {
        self.info().auth = Some(result == 0);
        self.raise(&events::AuthResult { c: Conn, result: result != 0 });
    }

    fn share(&mut self, flag: bool) {
        self.info().share = Some(flag);
        self.raise(&events::ShareFlag { c: Conn, flag });
    }

    fn desktop(&mut self, name: &[u8], width: u16, height: u16) {
        let info = self.info();
        (info.name, info.size) = (Some(name.into()), Some([width, height]));
        let (width, height) = (u64::from(width), u64::from(height));
        self.raise(&events::ServerParameters { c: Conn, name, width, height });
        self.log();
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
