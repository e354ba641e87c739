//! LDAP over TCP and UDP: ldap.log, ldap_search.log, events of messages, and what a connection becomes after StartTLS.

pub mod events;
mod record;
// settings.rs is a part of `config` (tools/lists).

use std::collections::BTreeMap;

use nightjar_protocols::ldap::names::{self, opcode};
use nightjar_protocols::ldap::{self, Auth, Limits, Message, Operation, Outcome, Session, ascii};

use crate::analyze::ldap::events::{AuthType, Deref, Opcode, ResultCode, Scope};
use crate::analyze::ldap::record::{LdapRow, Request, Search, SearchRow, Text};
use crate::analyze::{
    Analyzer, Child, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp, over_udp,
};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, EnumDecl, Event, List, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&TCP, &UDP],
    events: events::EVENTS,
    logs: &[
        LogDecl { schema: LdapRow::SCHEMA, info: "LDAP::MessageInfo", holder: None, event: Some("log_ldap") },
        LogDecl {
            schema: SearchRow::SCHEMA,
            info: "LDAP::SearchInfo",
            holder: None,
            event: Some("log_ldap_search"),
        },
    ],
    streams: &[("ldap", "LDAP_LOG", "log_policy"), ("ldap_search", "LDAP_SEARCH_LOG", "log_policy_search")],
    script: Some(include_str!("ldap.zeek")),
    constants: Some(("ldap/consts", record::consts_zeek)),
    ..Protocol::NOTHING
};

static TCP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "LDAP_TCP", service: "ldap_tcp" },
    ports: &over_tcp(ldap::TCP_PORTS),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: ldap::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: ldap::probe_answer },
    ],
    both: true,
    new,
};

static UDP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "LDAP_UDP", service: "ldap_udp" },
    ports: &over_udp(ldap::UDP_PORTS),
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: ldap::probe },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: ldap::probe_answer },
    ],
    both: true,
    new,
};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of LDAP.
    pub struct Counters {
        /// Messages of which only the beginning was read, because they were too long.
        pub cut: u64 = counter("ldap_messages_cut_total").lost("LDAP messages too long to be read whole"),
        /// Requests logged before they were answered, because too many waited.
        pub pressed: u64 = counter("ldap_logged_early_total")
            .lost("LDAP requests logged before they were answered because too many waited"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Ldap { session: Session::new(Limits::default()), known: Known::default() })
}

/// One connection.
struct Ldap {
    session: Session,
    known: Known,
}

#[derive(Default)]
struct Known {
    /// What is not answered yet, by its number.
    requests: BTreeMap<i64, Request>,
    searches: BTreeMap<i64, Search>,
    /// Bytes of both.
    bytes: usize,
    /// Rows so far, which are told apart by it.
    rows: u64,
    tls: Option<Child>,
}

/// Bytes of requests that wait for answers: beyond that all are logged as they are. Stops a client that is never
/// answered.
const MAX_WAITING: usize = 512 << 10;

/// What Zeek names as the source of its weirds of LDAP.
const SOURCE: &str = "LDAP";

impl Analyzer for Ldap {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, known: &mut self.known });
    }

    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        self.session.datagram(dir.is_orig(), payload, &mut Hears { link, known: &mut self.known });
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        if self.session.is_tls() {
            link.pass_gap(dir, len);
        }
        self.session.gap(dir.is_orig());
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session = Session::new(Limits::default());
        self.known.bytes > 0
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        Hears { link, known: &mut self.known }.log_all();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    known: &'h mut Known,
}

impl Hears<'_, '_, '_> {
    fn raise<E: Event>(&mut self, event: &E) {
        self.link.flow.raise(self.link.cx, event);
    }

    /// The owner of the next row.
    fn owner(&mut self) -> Owner {
        Owner::next(self.link.flow.uid(), &mut self.known.rows)
    }

    fn log_request(&mut self, request: &Request) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        cx.bus.log(&request.row(flow), owner);
    }

    fn log_search(&mut self, search: &Search) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        search.with_row(flow, |row| cx.bus.log(row, owner));
    }

    /// Logs what is not answered. What has no number of its own, Zeek leaves out.
    fn log_all(&mut self) {
        self.known.bytes = 0;
        for request in std::mem::take(&mut self.known.requests).into_values().filter(|request| request.id > 0)
        {
            self.log_request(&request);
        }
        for search in std::mem::take(&mut self.known.searches).into_values().filter(|search| search.id > 0) {
            self.log_search(&search);
        }
    }

    fn take_request(&mut self, id: i64) -> Request {
        let ts = self.link.cx.now;
        match self.known.requests.remove(&id) {
            Some(request) => {
                self.known.bytes = self.known.bytes.saturating_sub(request.bytes());
                request
            }
            None => Request { ts, id, ..Request::default() },
        }
    }

    fn take_search(&mut self, id: i64) -> Search {
        let ts = self.link.cx.now;
        match self.known.searches.remove(&id) {
            Some(search) => {
                self.known.bytes = self.known.bytes.saturating_sub(search.bytes());
                search
            }
            None => Search { ts, id, ..Search::default() },
        }
    }

    fn wait_for_request(&mut self, request: Request) {
        self.known.bytes += request.bytes();
        self.known.requests.insert(request.id, request);
        self.press();
    }

    fn wait_for_search(&mut self, search: Search) {
        self.known.bytes += search.bytes();
        self.known.searches.insert(search.id, search);
        self.press();
    }

    fn press(&mut self) {
        if self.known.bytes > MAX_WAITING {
            let waiting = self.known.requests.len() + self.known.searches.len();
            self.link.shared.of.ldap.counters.pressed += waiting as u64;
            self.log_all();
        }
    }

    /// Sets a column, and tells where it said something else before.
    fn set(&mut self, id: i64, column: &mut Text, text: &[u8], weird: &'static str) {
        if let Some(before) = column.as_deref().filter(|before| *before != text) {
            let (before, text) = (String::from_utf8_lossy(before), String::from_utf8_lossy(text));
            self.link.weird_about(weird, SOURCE, format!("{id}: {before} -> {text}"));
        }
        *column = Some(text.into());
    }

    fn bind(&mut self, id: i64, auth: &Auth<'_>, argument: &[u8]) {
        self.raise(&events::BindRequest {
            c: Conn,
            message_id: id,
            version: auth.version,
            name: &ascii(auth.name),
            auth_type: AuthType(auth.kind.into()),
            auth_info: argument,
        });
        let mut request = self.take_request(id);
        request.version = request.version.or(Some(auth.version));
        if let Some(before) = request.opcode.take() {
            let before = String::from_utf8_lossy(&before).into_owned();
            self.link.weird_about("LDAP_bind_opcode_already_set", SOURCE, before);
        }
        let kind = match names::name(names::AUTHS, auth.kind) {
            name if !name.contains("::") && name != "unknown" => name,
            name => {
                let name = if name == "unknown" { "LDAP::BindAuthType_Undef" } else { name };
                self.link.weird_about("LDAP_unknown_auth_type", SOURCE, name.to_owned());
                name
            }
        };
        request.opcode = Some(kind.as_bytes().into());
        self.wait_for_request(request);
    }

    fn search(&mut self, id: i64, asked: &ldap::Search<'_>) {
        let (base, filter) = (ascii(asked.base), asked.filter());
        let texts: Vec<_> = asked.attributes.iter().map(|name| ascii(name)).collect();
        let attributes: Vec<&[u8]> = texts.iter().map(AsRef::as_ref).collect();
        self.raise(&events::SearchRequest {
            c: Conn,
            message_id: id,
            base_object: &base,
            scope: Scope(asked.scope.into()),
            deref: Deref(asked.deref.into()),
            size_limit: asked.size_limit,
            time_limit: asked.time_limit,
            types_only: asked.types_only,
            filter: &filter,
            attributes: List(&attributes),
        });
        let mut search = self.take_search(id);
        let scope = names::name(names::SCOPES, asked.scope).as_bytes();
        self.set(id, &mut search.scope, scope, "LDAP_search_scope_change");
        let deref = names::name(names::DEREFS, asked.deref).as_bytes();
        self.set(id, &mut search.deref, deref, "LDAP_search_deref_aliases_change");
        if !base.is_empty() {
            self.set(id, &mut search.base, &base, "LDAP_search_base_object_change");
        }
        self.set(id, &mut search.filter, &filter, "LDAP_search_filter_change");
        if self.link.cx.config.protocols.ldap.attributes {
            search.attributes = Some(attributes.iter().map(|name| (*name).into()).collect());
        }
        self.wait_for_search(search);
    }

    fn found(&mut self, id: i64, name: &[u8]) {
        let object_name = &ascii(name);
        self.raise(&events::SearchResultEntry { c: Conn, message_id: id, object_name });
        let mut search = self.take_search(id);
        search.found += 1;
        self.wait_for_search(search);
    }

    fn search_done(&mut self, id: i64, outcome: &Outcome<'_>) {
        let mut search = self.take_search(id);
        let result = names::name(names::RESULTS, outcome.code).as_bytes();
        self.set(id, &mut search.result, result, "LDAP_search_result_change");
        if !outcome.diagnostic.is_empty() {
            let said = ascii(outcome.diagnostic);
            self.set(id, &mut search.diagnostic, &said, "LDAP_search_diagnostic_message_change");
        }
        self.log_search(&search);
    }

    /// Anything but searches.
    fn other(&mut self, message: &Message<'_>) {
        let id = message.id;
        let mut request = self.take_request(id);
        let name = names::name(names::OPCODES, message.opcode);
        if name != "bind" {
            self.set(id, &mut request.opcode, name.as_bytes(), "LDAP_message_opcode_change");
        } else if request.opcode.is_none() {
            self.link.weird_about("LDAP_bind_without_opcode", SOURCE, format!("{id}: {name}"));
            request.opcode = Some(name.as_bytes().into());
        }
        if let Some(outcome) = &message.outcome {
            let result = names::name(names::RESULTS, outcome.code).as_bytes();
            self.set(id, &mut request.result, result, "LDAP_message_result_change");
            if !outcome.diagnostic.is_empty() {
                let said = ascii(outcome.diagnostic);
                self.set(id, &mut request.diagnostic, &said, "LDAP_message_diagnostic_message_change");
            }
        }
        if !message.object.is_empty() {
            let named = match message.operation {
                Operation::Extended(name, _) => {
                    [&message.object[..], b" (", names::extension(name).as_bytes(), b")"].concat()
                }
                _ => message.object.to_vec(),
            };
            self.set(id, &mut request.object, &named, "LDAP_message_object_change");
        }
        if !message.argument.is_empty() {
            let secret = request.opcode.as_deref() == Some(b"bind simple")
                && !self.link.cx.config.protocols.ldap.passwords;
            let argument = if secret { b"REDACTED" } else { &message.argument[..] };
            self.set(id, &mut request.argument, argument, "LDAP_message_argument_change");
        }
        if is_last(message.opcode) {
            self.log_request(&request);
        } else {
            self.wait_for_request(request);
        }
    }
}

/// Whether nothing follows a message that has its number.
fn is_last(message: u8) -> bool {
    matches!(
        message,
        opcode::BIND_RESPONSE
            | opcode::UNBIND_REQUEST
            | opcode::MODIFY_RESPONSE
            | opcode::ADD_RESPONSE
            | opcode::DEL_RESPONSE
            | opcode::MOD_DN_RESPONSE
            | opcode::COMPARE_RESPONSE
            | opcode::ABANDON_REQUEST
            | opcode::EXTENDED_RESPONSE
    )
}

impl ldap::Handler for Hears<'_, '_, '_> {
    fn message(&mut self, _: bool, message: &Message<'_>) {
        self.link.confirm();
        let id = message.id;
        match &message.operation {
            Operation::Bind(auth) => self.bind(id, auth, &message.argument),
            Operation::Search(search) => self.search(id, search),
            Operation::Entry(name) => self.found(id, name),
            Operation::Extended(name, request_value) => {
                let request_name = &ascii(name);
                self.raise(&events::ExtendedRequest { c: Conn, message_id: id, request_name, request_value });
            }
            Operation::ExtendedDone(response_name, response_value) => {
                let result =
                    ResultCode(message.outcome.map_or(EnumDecl::OTHER, |outcome| outcome.code.into()));
                let c = Conn;
                self.raise(&events::ExtendedResponse {
                    c,
                    message_id: id,
                    result,
                    response_name,
                    response_value,
                });
            }
            Operation::Bound(_) | Operation::Other => {}
        }
        let (matched, diagnostic) =
            message.outcome.map_or((&[][..], &[][..]), |outcome| (outcome.matched, outcome.diagnostic));
        self.raise(&events::MessageSeen {
            c: Conn,
            message_id: id,
            opcode: Opcode(message.opcode.into()),
            result: ResultCode(message.outcome.map_or(EnumDecl::OTHER, |outcome| outcome.code.into())),
            matched_dn: &ascii(matched),
            diagnostic_message: &ascii(diagnostic),
            object: &message.object,
            argument: &message.argument,
        });
        match (message.opcode, &message.outcome) {
            (opcode::SEARCH_RESULT_DONE, Some(outcome)) => self.search_done(id, outcome),
            (
                opcode::SEARCH_REQUEST
                | opcode::SEARCH_RESULT_ENTRY
                | opcode::SEARCH_RESULT_DONE
                | opcode::SEARCH_RESULT_REFERENCE,
                _,
            ) => {}
            _ => self.other(message),
        }
    }

    fn starttls(&mut self) {
        self.raise(&events::StartTls { c: Conn });
        self.known.tls = self.link.start("SSL");
    }

    fn tls_data(&mut self, is_orig: bool, bytes: &[u8]) {
        if let Some(tls) = self.known.tls {
            self.link.pass_on_to(tls, if is_orig { Dir::Orig } else { Dir::Resp }, bytes);
        }
    }

    fn cut(&mut self) {
        self.link.shared.of.ldap.counters.cut += 1;
    }

    fn violation(&mut self, reason: &str, data: &[u8]) {
        self.link.violation(reason, data.get(..40.min(data.len())));
    }
}
