//! http.log: one row for every request with its reply, or for either alone.

use nightjar_protocols::http::log::{Row, Span};

use crate::event::Owner;
use crate::flow::{Cx, Flow};
use crate::record::{EnumName, Field, Items, Set, Type, Value, record};
use crate::time::Time;

record! {
    /// A request and its reply.
    pub struct HttpRow<'a> in "http" of conn, summary ["HTTP {method?} {id.orig_h} -> {id.resp_h}:{id.resp_p}"] {
        /// When the first of the two began.
        ts,
        /// Which transaction of the connection this is, from 1.
        trans_depth: u64 = "trans_depth" as "count",
        /// What is to be done: `GET`, `POST` and so on.
        method: Option<&'a [u8]> = "method",
        /// The Host header.
        host: Option<&'a [u8]> = "host",
        /// The target of the request, percent-decoded.
        uri: Option<&'a [u8]> = "uri",
        /// The Referer header.
        referrer: Option<&'a [u8]> = "referrer",
        /// The reply's HTTP version.
        version: Option<&'a [u8]> = "version",
        /// The User-Agent header.
        user_agent: Option<&'a [u8]> = "user_agent",
        /// The Origin header.
        origin: Option<&'a [u8]> = "origin",
        /// Bytes of the request's body, content coding removed.
        request_body_len: u64 = "request_body_len",
        /// Bytes of the reply's body, content coding removed.
        response_body_len: u64 = "response_body_len",
        /// The reply's status code.
        status_code: Option<u64> = "status_code",
        /// The words behind it.
        status_msg: Option<&'a [u8]> = "status_msg",
        /// The last 1xx status before the reply.
        info_code: Option<u64> = "info_code",
        /// The words behind it.
        info_msg: Option<&'a [u8]> = "info_msg",
        /// What was noticed about the transaction; for detections to fill in.
        tags: Set<'a, EnumName> = "tags" as "set[HTTP::Tags]",
        /// The user of a Basic authorization (RFC 7617).
        username: Option<&'a [u8]> = "username",
        /// Its password, with `HTTP::default_capture_password`.
        password: Option<&'a [u8]> = "password",
        /// Headers by which proxies show, as `NAME -> value`.
        proxied: Option<Texts<'a, true>> = "proxied",
        /// The files in the request.
        orig_fuids: Option<Texts<'a, false>> = "orig_fuids",
        /// The names that its headers give.
        orig_filenames: Option<Texts<'a, false>> = "orig_filenames",
        /// Their types, by content.
        orig_mime_types: Option<Texts<'a, false>> = "orig_mime_types",
        /// The files in the reply.
        resp_fuids: Option<Texts<'a, false>> = "resp_fuids",
        /// The names that its headers give.
        resp_filenames: Option<Texts<'a, false>> = "resp_filenames",
        /// Their types, by content.
        resp_mime_types: Option<Texts<'a, false>> = "resp_mime_types",
    }
}

/// Texts where the row gathered them: a set or a vector.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a, const SET: bool> {
    row: &'a Row,
    spans: &'a [Span],
}

impl<'a, const SET: bool> Texts<'a, SET> {
    /// Unset where there are none, as in Zeek.
    fn of(row: &'a Row, spans: &'a [Span]) -> Option<Self> {
        (!spans.is_empty()).then_some(Texts { row, spans })
    }
}

impl<const SET: bool> Field for Texts<'_, SET> {
    const TYPE: Type = if SET { Type::Set(&Type::String) } else { Type::Vector(&Type::String) };

    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<const SET: bool> Items for Texts<'_, SET> {
    fn count(&self) -> usize {
        self.spans.len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        self.spans.get(index).map_or(Value::Unset, |span| Value::Bytes(self.row.text(*span)))
    }
}

pub(super) fn log(cx: &mut Cx<'_>, flow: &mut Flow, row: &Row) {
    let owner = Owner { uid: flow.uid(), nth: row.trans_depth };
    cx.bus.log(&of(flow, row), owner);
}

/// The record of a row as far as it is filled.
pub(super) fn of<'a>(flow: &mut Flow, row: &'a Row) -> HttpRow<'a> {
    HttpRow {
        conn: flow.columns(Time::from_nanos(row.ts_ns.cast_signed())),
        trans_depth: row.trans_depth,
        method: row.get(row.method),
        host: row.get(row.host),
        uri: row.get(row.uri),
        referrer: row.get(row.referrer),
        version: row.version.as_ref().map(|version| &version[..]),
        user_agent: row.get(row.user_agent),
        origin: row.get(row.origin),
        request_body_len: row.request_body_len,
        response_body_len: row.response_body_len,
        status_code: row.status_code.map(u64::from),
        status_msg: row.get(row.status_msg),
        info_code: row.info_code.map(u64::from),
        info_msg: row.get(row.info_msg),
        tags: Set(&[]),
        username: row.get(row.username),
        password: row.get(row.password),
        proxied: Texts::of(row, &row.proxied),
        orig_fuids: Texts::of(row, &row.orig.fuids),
        orig_filenames: Texts::of(row, &row.orig.filenames),
        orig_mime_types: Texts::of(row, &row.orig.mime_types),
        resp_fuids: Texts::of(row, &row.resp.fuids),
        resp_filenames: Texts::of(row, &row.resp.filenames),
        resp_mime_types: Texts::of(row, &row.resp.mime_types),
    }
}
