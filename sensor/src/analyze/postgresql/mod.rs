//! PostgreSQL: postgresql.log, events of logins and queries, and the TLS that both sides may agree on.
//!
//! Zeek has it from 7.1 on. It is set on no connection by itself, so that conn.log's `service` is as Zeek 7.0's.

pub mod events;
mod record;

use nightjar_protocols::postgresql::{self, Limits, Session};

use crate::analyze::postgresql::record::{Exchange, Known, PostgresqlRow, append};
use crate::analyze::{Analyzer, Child, Counted, Kind, Link, LogDecl, Named, Protocol, Spec};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, Owner};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(PostgresqlRow::SCHEMA),
    logs: &[LogDecl {
        schema: PostgresqlRow::SCHEMA,
        info: "PostgreSQL::Info",
        holder: Some(("connection", "postgresql")),
        event: Some("log_postgresql"),
    }],
    script: Some(include_str!("postgresql.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "POSTGRESQL", service: "postgresql" },
    ports: &[],
    signatures: &[],
    both: false,
    new,
};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of PostgreSQL.
    pub struct Counters {
        /// Messages of which only the beginning was read, because they were too long.
        pub cut: u64 = counter("postgresql_messages_cut_total")
            .lost("PostgreSQL messages too long to be read whole"),
        /// Parts of errors and notices that did not fit into their row.
        pub left_out: u64 = counter("postgresql_left_out_total")
            .lost("parts of errors that did not fit into their postgresql.log row"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Postgresql { session: Session::new(Limits::default()), known: Known::default(), tls: None })
}

/// One connection.
struct Postgresql {
    session: Session,
    known: Known,
    tls: Option<Child>,
}

impl Postgresql {
    fn hears<'h, 'l, 'c>(&'h mut self, link: &'h mut Link<'l, 'c>) -> (&'h mut Session, Hears<'h, 'l, 'c>) {
        (&mut self.session, Hears { link, known: &mut self.known, tls: &mut self.tls })
    }
}

impl Analyzer for Postgresql {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        if !link.flow.is_partial() || self.session.is_tls() {
            let (session, mut hears) = self.hears(link);
            session.data(dir.is_orig(), bytes, &mut hears);
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
        self.known.exchange.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        self.hears(link).1.log();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    known: &'h mut Known,
    tls: &'h mut Option<Child>,
}

impl Hears<'_, '_, '_> {
    fn exchange(&mut self) -> &mut Exchange {
        self.known.exchange(self.link.cx.now)
    }

    /// Raises an event with the exchange as `c$postgresql`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        self.raise_as(event, false);
    }

    /// The same for the last event of an exchange, which is logged then.
    fn finish<E: Event>(&mut self, event: &E) {
        self.raise_as(event, true);
        self.log();
    }

    fn raise_as<E: Event>(&mut self, event: &E, is_last: bool) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match &self.known.exchange {
            Some(exchange) => {
                let row = self.known.row(exchange, flow);
                flow.raise_last(cx, event, self.known.exchanges, &row, is_last);
            }
            None => flow.raise(cx, event),
        }
    }

    /// Logs the exchange, which is over.
    fn log(&mut self) {
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(exchange) = self.known.exchange.take() {
            let row = self.known.row(&exchange, flow);
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: self.known.exchanges });
        }
    }

    fn add(&mut self, text: &[u8]) {
        let fits = append(&mut self.exchange().backend_arg, text);
        self.link.shared.of.postgresql.counters.left_out += u64::from(!fits);
    }
}

/// The name of a part of an error or a notice.
fn part(code: u8) -> String {
    let known = match code {
        b'S' => "SeverityLocalized",
        b'V' => "Severity",
        b'C' => "Code",
        b'M' => "Message",
        b'D' => "Detail",
        b'H' => "Hint",
        b'P' => "Position",
        b'p' => "InternalPosition",
        b'q' => "InternalQuery",
        b'W' => "Where",
        b's' => "Schema",
        b't' => "Table",
        b'c' => "Column",
        b'd' => "Data",
        b'n' => "Constraint",
        b'F' => "File",
        b'L' => "Line",
        b'R' => "Routine",
        _ => return format!("UnknownErrorId{}", code.escape_ascii()),
    };
    known.to_owned()
}

/// The name of a way to authenticate.
fn way(identifier: u32) -> String {
    let known = match identifier {
        2 => "KerberosV5",
        3 => "CleartextPassword",
        5 => "MD5Password",
        7 => "GSSAPI",
        8 => "GSSAPIContinue",
        9 => "SSPI",
        10 => "SASL",
        11 => "SASLContinue",
        12 => "SASLFinal",
        _ => return format!("UnknownAuthId{identifier}"),
    };
    known.to_owned()
}

impl postgresql::Handler for Hears<'_, '_, '_> {
    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn ssl_request(&mut self) {
        self.exchange().frontend = Some("ssl_request");
        self.raise(&events::SslRequest { c: Conn });
    }

    fn ssl_reply(&mut self, answer: u8) {
        let exchange = self.exchange();
        exchange.backend = Some("ssl_reply".to_owned());
        exchange.backend_arg = Some(vec![answer]);
        exchange.success = Some(answer == b'S');
        self.finish(&events::SslReply { c: Conn, data: &[answer] });
        if answer == b'S' {
            *self.tls = self.link.start("SSL");
        }
    }

    fn tls_data(&mut self, is_orig: bool, bytes: &[u8]) {
        if let Some(tls) = *self.tls {
            self.link.pass_on_to(tls, if is_orig { Dir::Orig } else { Dir::Resp }, bytes);
        }
    }

    fn startup_parameter(&mut self, name: &[u8], value: &[u8]) {
        self.exchange();
        match name {
            b"user" => self.known.user = Some(value.into()),
            b"database" => self.known.database = Some(value.into()),
            b"application_name" => self.known.application_name = Some(value.into()),
            _ => {}
        }
        self.raise(&events::StartupParameter { c: Conn, name, value });
    }

    fn startup(&mut self, major: u16, minor: u16) {
        self.exchange().frontend = Some("startup");
        self.raise(&events::StartupMessage { c: Conn, major, minor });
    }

    fn authentication_request(&mut self, identifier: u32, data: &[u8]) {
        let exchange = self.exchange();
        // As often as there are steps of it, of which clients and servers have a few.
        match exchange.backend.as_mut().filter(|said| said.len() < record::MAX_TEXT) {
            Some(said) => said.push_str(",auth_request"),
            None => exchange.backend = Some("auth_request".to_owned()),
        }
        self.add(way(identifier).as_bytes());
        self.raise(&events::AuthenticationRequest { c: Conn, identifier, data });
    }

    fn authentication_ok(&mut self) {
        let exchange = self.exchange();
        exchange.backend = Some("auth_ok".to_owned());
        exchange.success = Some(true);
        self.raise(&events::AuthenticationOk { c: Conn });
    }

    fn authentication_response(&mut self, data: &[u8]) {
        self.raise(&events::AuthenticationResponse { c: Conn, data });
    }

    fn simple_query(&mut self, query: &[u8]) {
        self.log();
        let exchange = self.exchange();
        exchange.frontend = Some("simple_query");
        exchange.frontend_arg = Some(query.into());
        self.known.rows = Some(0);
        self.raise(&events::SimpleQuery { c: Conn, query });
    }

    fn terminate(&mut self) {
        self.log();
        self.exchange().frontend = Some("terminate");
        self.finish(&events::Terminate { c: Conn });
    }

    fn field(&mut self, is_error: bool, code: u8, value: &[u8]) {
        self.exchange();
        let text = [part(code).as_bytes(), b"=", value].concat();
        if !is_error {
            self.add(&text);
            return self.raise(&events::NoticeField { c: Conn, code: &[code], value });
        }
        let mut errors = Some(std::mem::take(&mut self.known.errors)).filter(|errors| !errors.is_empty());
        let fits = append(&mut errors, &text);
        self.known.errors = errors.unwrap_or_default();
        self.link.shared.of.postgresql.counters.left_out += u64::from(!fits);
        self.raise(&events::ErrorField { c: Conn, code: &[code], value });
    }

    fn report(&mut self, is_error: bool) {
        if !is_error {
            return self.raise(&events::NoticeResponse { c: Conn });
        }
        let exchange = self.exchange();
        match &mut exchange.backend {
            Some(said) => said.push_str(",error"),
            None => exchange.backend = Some("error".to_owned()),
        }
        exchange.success = Some(false);
        let errors = std::mem::take(&mut self.known.errors);
        self.add(&errors);
        self.finish(&events::ErrorResponse { c: Conn });
    }

    fn data_row(&mut self, column_values: u16) {
        self.exchange();
        *self.known.rows.get_or_insert(0) += 1;
        self.raise(&events::DataRow { c: Conn, column_values });
    }

    fn ready(&mut self, status: u8) {
        if self.known.exchange.is_some() {
            let rows = self.known.rows.take();
            let exchange = self.exchange();
            exchange.success.get_or_insert(status == b'I' || status == b'T');
            exchange.rows = rows;
        }
        self.finish(&events::ReadyForQuery { c: Conn, transaction_status: &[status] });
    }

    fn parameter_status(&mut self, name: &[u8], value: &[u8]) {
        self.raise(&events::ParameterStatus { c: Conn, name, value });
    }

    fn backend_key(&mut self, process_id: u32, secret_key: u32) {
        self.raise(&events::BackendKeyData { c: Conn, process_id, secret_key });
    }

    fn other(&mut self, is_orig: bool, kind: u8, chunk: &[u8]) {
        self.raise(&events::NotImplemented { c: Conn, is_orig, typ: &[kind], chunk });
    }

    fn cut(&mut self) {
        self.link.shared.of.postgresql.counters.cut += 1;
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
