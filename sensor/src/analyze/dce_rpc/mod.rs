//! DCE/RPC over TCP and named pipes: dce_rpc.log, a row for every call that was answered, its events, and who calls.

pub mod events;
mod names;
mod record;

use nightjar_protocols::dce_rpc::{self, Interface, Limits, PORT, Session, Weird, uuid_text};

use crate::analyze::dce_rpc::record::{Calls, DceRpcRow};
use crate::analyze::{Analyzer, Child, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp};
use crate::config::Config;
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Cx, Dir, Flow, Kept};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    stays: true,
    events: events::EVENTS,
    row: Some(DceRpcRow::SCHEMA),
    logs: &[LogDecl {
        schema: DceRpcRow::SCHEMA,
        info: "DCE_RPC::Info",
        holder: Some(("connection", "dce_rpc")),
        event: None,
    }],
    script: Some(include_str!("dce_rpc.zeek")),
    constants: Some(("dce-rpc/consts", names::zeek)),
    reads: Some(names::read),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "DCE_RPC", service: "dce_rpc" },
    ports: &over_tcp([PORT]),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: dce_rpc::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: dce_rpc::probe },
    ],
    both: false,
    new,
};

fn new(config: &Config, _: &Flow) -> Box<dyn Analyzer> {
    let settings = &config.protocols.dce_rpc;
    let (messages, message) = (settings.max_messages, settings.max_message);
    let session = Session::new(Limits { messages, message, ..Limits::default() });
    Box::new(DceRpc { session, state: State::default() })
}

/// A connection, or a pipe.
struct DceRpc {
    session: Session,
    state: State,
}

#[derive(Default)]
struct State {
    /// The pipe's file.
    fid: u64,
    /// Which of the connection's analyzers it is.
    number: u32,
    gssapi: Option<Child>,
    ntlm: Option<Child>,
}

impl Analyzer for DceRpc {
    fn begin(&mut self, link: &mut Link<'_, '_>) {
        self.state.fid = link.shared.opening.as_deref().map_or(0, |opening| opening.fid);
        self.state.number = link.flow.analyzer;
    }

    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, state: &mut self.state });
    }

    /// What a pipe carries goes on in the next message.
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, message: &[u8]) {
        self.data(link, dir, message);
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        // A pipe that was closed has nothing to tell at the connection's end.
        if let Some(mut all) = link.flow.take_kept::<AllCalls>() {
            all.of.retain(|(number, _)| *number != self.state.number);
            link.flow.keep(all);
        }
    }
}

/// What is called over a connection, by the analyzers of its pipes.
#[derive(Default)]
struct AllCalls {
    of: Vec<(u32, Calls)>,
    /// The one that is looked at: from a call on until it is answered.
    current: Option<u32>,
    /// Rows that were written.
    rows: u64,
}

impl AllCalls {
    /// What is called over this one, which is looked at now.
    fn turn_to(&mut self, cx: &Cx<'_>, number: u32) -> Option<&mut Calls> {
        self.current = Some(number);
        let at = self.of.iter().position(|(known, _)| *known == number).unwrap_or_else(|| {
            self.of.push((number, Calls::new(cx.now, cx.config.protocols.dce_rpc.named.clone())));
            self.of.len() - 1
        });
        let (_, calls) = self.of.get_mut(at)?;
        calls.turn_to();
        Some(calls)
    }

    fn raise<E: Event>(&self, cx: &mut Cx<'_>, flow: &mut Flow, event: &E) {
        if !cx.bus.wants(E::ID) {
            return;
        }
        match self.of.iter().find(|(number, _)| Some(*number) == self.current) {
            Some((_, calls)) => {
                if cx.bus.wants(events::Shows::ID) {
                    let (uuid, named_pipe) = calls.state();
                    let uuid = uuid.map(uuid_text).unwrap_or_default();
                    let named_pipe = named_pipe.unwrap_or_default();
                    flow.raise(cx, &events::Shows { c: Conn, uuid: uuid.as_bytes(), named_pipe });
                }
                let row = calls.row(flow);
                flow.raise_with(cx, event, self.rows, &row);
            }
            None => flow.raise(cx, event),
        }
    }
}

fn log(calls: &Calls, rows: &mut u64, cx: &mut Cx<'_>, flow: &mut Flow) {
    if calls.is_logged(cx.config) {
        let row = calls.row(flow);
        cx.bus.log(&row, Owner { uid: row.conn.uid, nth: *rows });
        *rows += 1;
    }
}

impl Kept for AllCalls {
    fn over(mut self: Box<Self>, cx: &mut Cx<'_>, flow: &mut Flow) {
        // As in Zeek: where a call was not answered the last that was is told once more, of all pipes.
        if self.current.is_none() {
            return;
        }
        for (_, calls) in &mut self.of {
            calls.turn_to();
            calls.guess();
            log(calls, &mut self.rows, cx, flow);
        }
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    state: &'h mut State,
}

impl Hears<'_, '_, '_> {
    /// Does something with what is called, and with what handlers see of it.
    fn calls<T>(&mut self, what: impl FnOnce(&mut AllCalls, &State, &mut Cx<'_>, &mut Flow) -> T) -> T {
        let Link { cx, flow, .. } = &mut *self.link;
        let mut all = flow.take_kept::<AllCalls>().unwrap_or_default();
        let result = what(&mut all, self.state, cx, flow);
        flow.keep(all);
        result
    }
}

impl dce_rpc::Handler for Hears<'_, '_, '_> {
    fn pdu(&mut self, is_orig: bool, kind: u8) {
        let event =
            events::Pdu { c: Conn, is_orig, fid: self.state.fid, ptype_id: kind, ptype: events::Type(kind) };
        if self.link.cx.bus.wants(events::Pdu::ID) {
            self.calls(|all, _, cx, flow| all.raise(cx, flow, &event));
        }
    }

    fn auth(&mut self, is_orig: bool, kind: u8, blob: &[u8]) {
        let (child, name) = match kind {
            0x09 => (&mut self.state.gssapi, "GSSAPI"),
            0x0a => (&mut self.state.ntlm, "NTLM"),
            // Kerberos alone, which Zeek does not read either.
            0x10 => return,
            _ => {
                let name = match kind {
                    0x0e => "tls_dce_rpc_auth_type",
                    0x44 => "netlogon_dce_rpc_auth_type",
                    _ => "unknown_dce_rpc_auth_type",
                };
                return self.link.weird_about(name, SPEC.named.name, kind.to_string());
            }
        };
        *child = child.or_else(|| self.link.start(name));
        if let Some(child) = *child {
            self.link.pass_message(child, if is_orig { Dir::Orig } else { Dir::Resp }, blob);
        }
    }

    fn bind(&mut self, context: u16, interface: &Interface, alter: bool) {
        let Interface { uuid, major: ver_major, minor: ver_minor } = *interface;
        self.calls(|all, state, cx, flow| {
            if let Some(calls) = all.turn_to(cx, state.number) {
                calls.bind(context, uuid);
            }
            let (c, fid, ctx_id, uuid) = (Conn, state.fid, context, &uuid[..]);
            match alter {
                false => all.raise(cx, flow, &events::Bind { c, fid, ctx_id, uuid, ver_major, ver_minor }),
                true => {
                    all.raise(cx, flow, &events::AlterContext { c, fid, ctx_id, uuid, ver_major, ver_minor });
                }
            }
        });
    }

    fn bind_ack(&mut self, address: &[u8]) {
        self.calls(|all, state, cx, flow| {
            if let Some(calls) = all.turn_to(cx, state.number) {
                calls.found(address);
            }
            all.raise(cx, flow, &events::BindAck { c: Conn, fid: state.fid, sec_addr: address });
        });
    }

    fn alter_ack(&mut self) {
        self.calls(|all, state, cx, flow| {
            all.turn_to(cx, state.number);
            all.raise(cx, flow, &events::AlterContextResp { c: Conn, fid: state.fid });
        });
    }

    fn request(&mut self, context: u16, operation: u16, stub: &[u8]) {
        self.calls(|all, state, cx, flow| {
            if let Some(calls) = all.turn_to(cx, state.number) {
                calls.request(cx.now);
            }
            let (c, fid, ctx_id, opnum, stub_len) = (Conn, state.fid, context, operation, stub.len() as u64);
            all.raise(cx, flow, &events::Request { c, fid, ctx_id, opnum, stub_len });
            all.raise(cx, flow, &events::RequestStub { c, fid, ctx_id, opnum, stub });
        });
    }

    fn response(&mut self, context: u16, operation: u16, stub: &[u8]) {
        self.calls(|all, state, cx, flow| {
            if let Some(calls) = all.turn_to(cx, state.number) {
                calls.response(context, operation, cx.now);
            }
            let (c, fid, ctx_id, opnum, stub_len) = (Conn, state.fid, context, operation, stub.len() as u64);
            all.raise(cx, flow, &events::Response { c, fid, ctx_id, opnum, stub_len });
            all.raise(cx, flow, &events::ResponseStub { c, fid, ctx_id, opnum, stub });
            if let Some((_, calls)) = all.of.iter().find(|(number, _)| *number == state.number) {
                log(calls, &mut all.rows, cx, flow);
            }
            all.current = None;
        });
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn weird(&mut self, weird: Weird) {
        self.link.weird(weird.name(), SPEC.named.name);
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
