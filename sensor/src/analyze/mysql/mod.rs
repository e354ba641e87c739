//! MySQL: mysql.log, and events of logins, commands and results.

pub mod events;
mod record;

use nightjar_protocols::mysql::{self, Limits, PORTS, QUIT, Row, Session};

use crate::analyze::mysql::record::{Command, MysqlRow};
use crate::analyze::{Analyzer, Child, Counted, Kind, Link, LogDecl, Named, Protocol, Spec, over_tcp};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, List, Owner};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(MysqlRow::SCHEMA),
    logs: &[LogDecl {
        schema: MysqlRow::SCHEMA,
        info: "MySQL::Info",
        holder: Some(("connection", "mysql")),
        event: Some("log_mysql"),
    }],
    streams: &[("mysql", "mysql::LOG", "log_policy")],
    script: Some(include_str!("mysql.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "MYSQL", service: "mysql" },
    ports: &over_tcp(PORTS),
    signatures: &[],
    both: false,
    new,
};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of MySQL.
    pub struct Counters {
        /// Packets of which only the beginning was read, because they were too long.
        pub cut: u64 = counter("mysql_packets_cut_total")
            .lost("MySQL packets too long to be read whole"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Mysql { session: Session::new(Limits::default()), known: Known::default() })
}

/// One connection.
struct Mysql {
    session: Session,
    known: Known,
}

#[derive(Default)]
struct Known {
    /// What is not answered yet.
    command: Option<Box<Command>>,
    /// How many there were.
    commands: u64,
    tls: Option<Child>,
}

impl Analyzer for Mysql {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        if !link.flow.is_partial() || self.session.is_tls() {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link, known: &mut self.known });
        }
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        if self.session.is_tls() {
            link.pass_gap(dir, len);
        }
        self.session.gap();
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session = Session::new(Limits::default());
        self.known.command.is_some()
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
    /// Raises an event with the command as `c$mysql`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match &self.known.command {
            Some(command) => {
                let row = command.row(flow);
                flow.raise_with(cx, event, command.nth, &row);
            }
            None => flow.raise(cx, event),
        }
    }

    fn begin(&mut self, cmd: &[u8], arg: &[u8]) {
        self.known.commands += 1;
        self.known.command = Some(Box::new(Command {
            ts: self.link.cx.now,
            nth: self.known.commands,
            cmd: cmd.into(),
            arg: arg.into(),
            success: None,
            rows: None,
            response: None,
        }));
    }

    /// Logs the command, which is over.
    fn log(&mut self) {
        if let Some(command) = self.known.command.take() {
            let Link { cx, flow, .. } = &mut *self.link;
            let row = command.row(flow);
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: command.nth });
        }
    }

    fn succeeded(&mut self, rows: u64) {
        if let Some(command) = &mut self.known.command {
            (command.success, command.rows) = (Some(true), Some(rows));
        }
    }
}

impl mysql::Handler for Hears<'_, '_, '_> {
    fn server_version(&mut self, ver: &[u8]) {
        self.raise(&events::ServerVersion { c: Conn, ver });
    }

    fn auth_plugin(&mut self, is_orig: bool, name: &[u8], data: &[u8]) {
        self.raise(&events::AuthPlugin { c: Conn, is_orig, name, data });
    }

    fn auth_switch(&mut self, name: &[u8], data: &[u8]) {
        self.raise(&events::AuthSwitchRequest { c: Conn, name, data });
    }

    fn auth_more_data(&mut self, is_orig: bool, data: &[u8]) {
        self.raise(&events::AuthMoreData { c: Conn, is_orig, data });
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn login(&mut self, username: &[u8]) {
        if self.known.command.is_none() {
            self.begin(b"login", username);
        }
        self.raise(&events::Handshake { c: Conn, username });
    }

    fn tls(&mut self) {
        self.known.tls = self.link.start("SSL");
        self.raise(&events::SslRequest { c: Conn });
    }

    fn tls_data(&mut self, is_orig: bool, bytes: &[u8]) {
        if let Some(tls) = self.known.tls {
            self.link.pass_on_to(tls, if is_orig { Dir::Orig } else { Dir::Resp }, bytes);
        }
    }

    fn command(&mut self, code: u8, arg: &[u8]) {
        self.log();
        let shown = arg.strip_suffix(b"\0").unwrap_or(arg);
        match mysql::name(code) {
            Some(name) => self.begin(name.as_bytes(), shown),
            None => self.begin(format!("unknown-{code}").as_bytes(), shown),
        }
        self.raise(&events::CommandRequest { c: Conn, command: u64::from(code), arg });
        if code == QUIT {
            self.log();
        }
    }

    fn change_user(&mut self, username: &[u8]) {
        self.raise(&events::ChangeUser { c: Conn, username });
    }

    fn error(&mut self, code: u16, msg: &[u8]) {
        if let Some(command) = &mut self.known.command {
            (command.success, command.response) = (Some(false), Some(msg.into()));
        }
        self.raise(&events::Error { c: Conn, code: u64::from(code), msg });
        self.log();
    }

    fn ok(&mut self, rows: u32) {
        let affected_rows = u64::from(rows);
        self.succeeded(affected_rows);
        self.raise(&events::Okay { c: Conn, affected_rows });
        self.log();
    }

    fn eof(&mut self, is_intermediate: bool) {
        self.raise(&events::Eof { c: Conn, is_intermediate });
        if !is_intermediate {
            self.succeeded(0);
            self.log();
        }
    }

    fn row(&mut self, row: &Row<'_>) {
        if self.link.cx.bus.wants(events::ResultRow::ID) {
            let fields: Vec<&[u8]> = row.fields().collect();
            self.raise(&events::ResultRow { c: Conn, row: List(&fields) });
        }
    }

    fn cut(&mut self) {
        self.link.shared.of.mysql.counters.cut += 1;
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
