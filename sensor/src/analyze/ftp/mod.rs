//! FTP: the control connection's commands and replies (ftp.log), the data connections that they announce, and what
//! secures them.

mod data;
pub mod events;
mod record;

pub(in crate::analyze) use data::Transfer;

use nightjar_protocols::ftp::{
    self, Channel, Ends, Limits, Log, LogHandler, PORTS, Row, Session, Weird, probe_client, probe_server,
};

use crate::analyze::ftp::events::{Expected, Sent};
use crate::analyze::ftp::record::{Found, FtpRow};
use crate::analyze::signatures::Text;
use crate::analyze::{
    Analyzer, Child, Counted, Expectation, Finding, Kind, Link, LogDecl, Named, Protocol, Signature, Spec,
    over_tcp,
};
use crate::config::Config;
use crate::counters::{counter, counters, gauge};
use crate::event::{Conn, Event, Order, Owner, Proto};
use crate::flow::{Dir, EndpointState, Flow};
use crate::record::Record;
use crate::signature;
use crate::time::Interval;

pub type Worker = Counted<Counters>;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC, &data::SPEC],
    expects: true,
    events: events::EVENTS,
    row: Some(FtpRow::SCHEMA),
    // Those are of data connections.
    apart: &[events::Transferred::ID, events::DataFile::ID, events::DataOver::ID],
    course: &[events::Request::ID, events::Reply::ID],
    logs: &[LogDecl {
        schema: FtpRow::SCHEMA,
        info: "FTP::Info",
        holder: Some(("connection", "ftp")),
        event: Some("log_ftp"),
    }],
    script: Some(include_str!("ftp.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "FTP", service: "ftp" },
    ports: &over_tcp(PORTS),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: probe_server },
    ],
    both: true,
    new,
};

/// What a data connection has to come within.
const DATA_TIMEOUT: Interval = Interval::from_secs(300);

/// A session of GridFTP: secured by TLS within GSSAPI.
const GRIDFTP: &str = "gridftp";

counters! {
    /// What FTP holds.
    pub struct Counters {
        /// Bytes held of lines that have not ended.
        pub bytes: u64 = gauge("ftp_bytes"),
        /// Lines given up because all together held too much.
        pub given_up: u64 = counter("ftp_lines_given_up_total")
            .lost("FTP lines given up because all together held too much"),
    }
}

/// Bytes held of all lines of a worker; beyond it the connection that adds to them loses its own. Stops lines that
/// never end on many connections.
const MAX_BYTES: u64 = 64 << 20;

fn new(config: &Config, _: &Flow) -> Box<dyn Analyzer> {
    let limits = Limits { command: config.protocols.ftp.max_command, ..Limits::default() };
    Box::new(Ftp { session: Session::new(limits), state: State::default(), held: 0 })
}

/// A control connection.
struct Ftp {
    session: Session,
    state: State,
    /// Its part of [`Counters::bytes`].
    held: u64,
}

/// What is known of it beside its lines.
#[derive(Default)]
struct State {
    /// From the first command or reply on.
    log: Option<Box<Log>>,
    /// What reads TLS, of the connection or within its security data.
    tls: Option<Child>,
    since: Since,
}

/// What was found on data connections belongs to the command that was told next.
#[derive(Default)]
struct Since {
    /// A data connection was announced.
    expects: bool,
    /// When the last command was told.
    last: Order,
    /// The data connection that the line at hand announces.
    announced: Option<Channel>,
}

/// All commands of a connection are one record to scripts, as in Zeek.
const ONLY: u64 = 0;

impl Ftp {
    fn read(&mut self, link: &mut Link<'_, '_>, what: impl FnOnce(&mut Session, &mut Hears<'_, '_, '_>)) {
        what(&mut self.session, &mut Hears { link, state: &mut self.state });
        let held = (self.session.buffered() + self.state.log.as_ref().map_or(0, |log| log.held())) as u64;
        let counters = &mut link.shared.of.ftp.counters;
        counters.bytes = (counters.bytes + held).saturating_sub(self.held);
        self.held = held;
        if counters.bytes > MAX_BYTES && held > 0 {
            counters.given_up += 1;
            self.forget(link);
        }
    }

    /// Lets go of lines that have not ended and of commands that wait.
    fn forget(&mut self, link: &mut Link<'_, '_>) {
        self.session.forget();
        if let Some(log) = &mut self.state.log {
            log.forget();
        }
        let counters = &mut link.shared.of.ftp.counters;
        counters.bytes = counters.bytes.saturating_sub(std::mem::take(&mut self.held));
    }
}

impl Analyzer for Ftp {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.read(link, |session, hears| session.data(dir.is_orig(), bytes, hears));
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        // Lines go on behind it, as in Zeek.
        if self.session.is_tls() {
            link.pass_gap(dir, len);
        }
    }

    fn end_of_data(&mut self, link: &mut Link<'_, '_>, dir: Dir) {
        self.read(link, |session, hears| session.end(dir.is_orig(), hears));
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session.forget();
        self.state.log.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        if self.session.is_in_command() && link.flow.states[0] == EndpointState::Closed {
            link.weird("partial_ftp_request", SPEC.named.name);
        }
        Hears { link, state: &mut self.state }.finish();
        self.forget(link);
        link.expect_nothing();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    state: &'h mut State,
}

impl Hears<'_, '_, '_> {
    /// Tells the log of something.
    fn log(&mut self, what: impl FnOnce(&mut Log, Ends, u64, &mut Out<'_, '_, '_>)) {
        let (id, now) = (self.link.flow.id(), self.link.cx.now.nanos().cast_unsigned());
        let log = self.state.log.get_or_insert_with(|| Box::new(Log::new(now)));
        let ends = Ends { orig: id.orig_h, resp: id.resp_h };
        what(log, ends, now, &mut Out { link: self.link, since: &mut self.state.since });
    }

    /// Raises an event with the row as `c$ftp`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        raise(self.link, self.state.log.as_deref(), event);
    }

    /// The connection is over.
    fn finish(&mut self) {
        if self.state.log.is_some() {
            let settings = self.link.cx.config.protocols.ftp.log.clone();
            self.log(|log, ends, _, out| log.finish(ends, &settings, out));
            self.raise(&events::SessionOver { c: Conn });
        }
    }

    /// Tells scripts of a data connection that was announced with the last line.
    fn tell_channel(&mut self) {
        if let Some(channel) = self.state.since.announced.take() {
            self.raise(&events::ChannelExpected { c: Conn, channel: Expected::of(&channel) });
        }
    }

    fn start_tls_inside(&mut self) -> bool {
        self.state.tls = self.link.start("SSL");
        self.state.tls.is_some()
    }
}

impl ftp::Handler for Hears<'_, '_, '_> {
    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn request(&mut self, command: &[u8], arg: &[u8]) {
        if self.link.shared.of.signatures.looks_at(signature::Kind::Ftp) {
            let line = if arg.is_empty() { command.to_vec() } else { [command, b" ", arg].concat() };
            self.link.text(&Text::whole(signature::Kind::Ftp, Dir::Orig, &line));
        }
        let settings = self.link.cx.config.protocols.ftp.log.clone();
        self.log(|log, ends, now, out| log.request(now, (command, arg), ends, &settings, out));
        self.tell_channel();
        self.raise(&events::Request { c: Conn, command, arg });
    }

    fn reply(&mut self, code: u16, text: &[u8], continues: bool) {
        let settings = self.link.cx.config.protocols.ftp.log.clone();
        self.log(|log, ends, now, out| log.reply((code, text, continues), ends, now, &settings, out));
        let log = self.state.log.as_deref();
        if let Some((log, command)) = log.and_then(|log| Some((log, log.answered()?))) {
            let event = events::Answered { c: Conn, command: Sent::of(command), cwd: log.directory() };
            raise(self.link, Some(log), &event);
        }
        self.tell_channel();
        self.raise(&events::Reply { c: Conn, code, msg: text, cont_resp: continues });
    }

    fn start_tls(&mut self) -> bool {
        self.raise(&events::StartTls { c: Conn });
        self.start_tls_inside()
    }

    fn start_gssapi(&mut self) -> bool {
        self.start_tls_inside()
    }

    fn secured(&mut self, is_orig: bool, bytes: &[u8]) {
        if let Some(child) = self.state.tls {
            self.link.pass_on_to(child, if is_orig { Dir::Orig } else { Dir::Resp }, bytes);
        }
    }

    fn end_gssapi(&mut self, accepted: bool) {
        let Some(child) = self.state.tls.take() else { return };
        self.link.end_inner(child);
        if accepted && self.link.flow.services().contains(&"ssl") {
            self.link.flow.add_service(GRIDFTP);
        }
    }

    fn weird(&mut self, weird: Weird) {
        let name = SPEC.named.name;
        match weird {
            Weird::Line(weird) => self.link.weird(weird, "NVT"),
            Weird::InvalidCommand => self.link.weird("FTP_invalid_command", name),
            Weird::LongCommand { len } => {
                self.link.weird_about("FTP_max_command_length_exceeded", name, len.to_string());
            }
            Weird::Adat(weird) => self.link.weird(weird, "FTP_ADAT"),
            Weird::Base64(flaw) => self.link.weird_about("base64_illegal_encoding", "", flaw.message()),
        }
    }

    fn violation(&mut self, reason: &'static str, line: &[u8]) {
        self.link.violation(reason, Some(line));
    }
}

fn raise<E: Event>(link: &mut Link<'_, '_>, log: Option<&Log>, event: &E) {
    let Link { cx, flow, .. } = link;
    match log {
        Some(log) if cx.bus.wants(E::ID) => {
            let row = record::of(flow, log.current(), Found::default());
            flow.raise_with(cx, event, ONLY, &row);
        }
        _ => flow.raise(cx, event),
    }
}

/// Writes rows, and expects data connections.
struct Out<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    since: &'h mut Since,
}

impl LogHandler for Out<'_, '_, '_> {
    fn row(&mut self, row: &Row, logged: bool) {
        let mut found = Found::default();
        if self.since.expects {
            for finding in self.link.findings(self.since.last, logged) {
                match finding {
                    Finding::File(fuid) => found.fuid = Some(fuid),
                    Finding::Type(mime_type) => found.mime_type = Some(mime_type),
                }
            }
            self.since.last = self.link.cx.bus.order();
        }
        if logged {
            let Link { cx, flow, .. } = &mut *self.link;
            let row = record::of(flow, row, found);
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: ONLY });
        }
    }

    fn expect(&mut self, channel: &Channel) {
        let Channel { orig, resp, port, .. } = *channel;
        self.since.announced = Some(*channel);
        self.since.expects |= self.link.expect(&Expectation {
            orig: Some(orig),
            resp,
            resp_p: port,
            proto: Proto::Tcp,
            analyzer: data::SPEC.named.name,
            timeout: DATA_TIMEOUT,
        });
    }

    fn too_long(&mut self, weird: &'static str, len: usize) {
        self.link.weird_about(weird, SPEC.named.name, len.to_string());
    }

    fn too_many(&mut self, pending: usize) {
        self.link.weird_about("FTP_too_many_pending_commands", SPEC.named.name, pending.to_string());
    }
}
