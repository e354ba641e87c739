//! S7comm and S7comm-plus: s7comm.log and s7comm_plus.log. Zeek has neither; names are those of CISA's package for it.

pub mod events;
mod record;

use nightjar_protocols::error::ParseError;
use nightjar_protocols::s7comm::{self, Limits, Message, PORT, Plus, Session};

use crate::analyze::s7comm::events::{Cotp, Header, PlusHeader, ReadSzl};
use crate::analyze::s7comm::record::{PlusRow, S7Row};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp};
use crate::config::Config;
use crate::event::{Conn, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    logs: &[
        LogDecl { schema: S7Row::SCHEMA, info: "S7COMM::S7COMM", holder: None, event: Some("log_s7comm") },
        LogDecl {
            schema: PlusRow::SCHEMA,
            info: "S7COMM::S7COMM_PLUS",
            holder: None,
            event: Some("log_s7comm_plus"),
        },
    ],
    script: Some(include_str!("s7comm.zeek")),
    streams: &[
        ("s7comm", "LOG_S7COMM", "log_policy_s7comm"),
        ("s7comm_plus", "LOG_S7COMM_PLUS", "log_policy_s7comm_plus"),
    ],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "S7COMM_TCP", service: "s7comm" },
    ports: &over_tcp([PORT]),
    signatures: &[Signature { over: Proto::Tcp, of: Dir::Orig, probe: s7comm::probe }],
    both: false,
    new,
};

fn new(_: &Config, flow: &Flow) -> Box<dyn Analyzer> {
    Box::new(S7comm { session: Session::new(Limits::default(), flow.is_partial()), rows: 0 })
}

/// One connection.
struct S7comm {
    session: Session,
    rows: u64,
}

impl Analyzer for S7comm {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, rows: &mut self.rows });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    rows: &'h mut u64,
}

impl Hears<'_, '_, '_> {
    fn owner(&mut self) -> Owner {
        Owner::next(self.link.flow.uid(), self.rows)
    }
}

impl s7comm::Handler for Hears<'_, '_, '_> {
    fn cotp(&mut self, is_orig: bool, pdu: u8) {
        self.link.flow.raise(self.link.cx, &Cotp { c: Conn, is_orig, pdu });
    }

    fn message(&mut self, is_orig: bool, message: &Message<'_>) {
        self.link.confirm();
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        record::with(cx.now, flow, is_orig, message, |row| cx.bus.log(row, owner));
        let (error_class, error_code) = message.error.unwrap_or((u8::MAX, u8::MAX.into()));
        let event = Header {
            c: Conn,
            is_orig,
            rosctr: message.rosctr,
            pdu_reference: message.reference,
            function_code: message.function.unwrap_or(u8::MAX),
            subfunction: message.subfunction.unwrap_or(u8::MAX),
            plc_control: message.service,
            error_class,
            error_code,
        };
        flow.raise(cx, &event);
        if let Some((return_code, szl_id, szl_index)) = s7comm::szl(message) {
            let method = message.function.unwrap_or_default() >> 4;
            let pdu_reference = message.reference;
            flow.raise(cx, &ReadSzl { c: Conn, pdu_reference, method, return_code, szl_id, szl_index });
        }
    }

    fn plus(&mut self, is_orig: bool, plus: &Plus) {
        self.link.confirm();
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        record::with_plus(cx.now, flow, is_orig, plus, |row| cx.bus.log(row, owner));
        let Plus { version, opcode, function } = *plus;
        let function_code = function.unwrap_or(u16::MAX);
        flow.raise(cx, &PlusHeader { c: Conn, is_orig, version, opcode, function_code });
    }

    fn violation(&mut self, error: &ParseError) {
        self.link.violation(&error.to_string(), None);
    }
}
