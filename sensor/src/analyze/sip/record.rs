//! sip.log: a row for every reply, with its request.

use nightjar_protocols::sip::Transaction;

use crate::flow::Flow;
use crate::record::{Vector, record};
use crate::time::Time;

record! {
    /// A request and the reply to it.
    pub struct SipRow<'a> in "sip" of conn {
        /// When the first of them came.
        ts,
        /// Which of the connection's it is; Zeek counts none.
        trans_depth: u64 = "trans_depth" as "count",
        /// The request's method.
        method: Option<&'a [u8]> = "method",
        /// What it is about.
        uri: Option<&'a [u8]> = "uri",
        /// Its Date.
        date: Option<&'a [u8]> = "date",
        /// Its From, without its tag.
        request_from: Option<&'a [u8]> = "request_from",
        /// Its To.
        request_to: Option<&'a [u8]> = "request_to",
        /// The reply's From, without its tag.
        response_from: Option<&'a [u8]> = "response_from",
        /// Its To.
        response_to: Option<&'a [u8]> = "response_to",
        /// The request's Reply-To.
        reply_to: Option<&'a [u8]> = "reply_to",
        /// Its Call-ID.
        call_id: Option<&'a [u8]> = "call_id",
        /// Its CSeq.
        seq: Option<&'a [u8]> = "seq",
        /// Its Subject.
        subject: Option<&'a [u8]> = "subject",
        /// The way that it took.
        request_path: Option<Vector<'a, &'a [u8]>> = "request_path",
        /// The way that the reply took.
        response_path: Option<Vector<'a, &'a [u8]>> = "response_path",
        /// What the client says that it is.
        user_agent: Option<&'a [u8]> = "user_agent",
        /// The reply's status.
        status_code: Option<u64> = "status_code",
        /// In words.
        status_msg: Option<&'a [u8]> = "status_msg",
        /// Its Warning.
        warning: Option<&'a [u8]> = "warning",
        /// The request's Content-Length.
        request_body_len: Option<u64> = "request_body_len",
        /// The reply's.
        response_body_len: Option<u64> = "response_body_len",
        /// The reply's Content-Type.
        content_type: Option<&'a [u8]> = "content_type",
    }
}

/// Calls `with` with the row.
pub(super) fn with_row(
    ts: Time,
    of: &Transaction,
    flow: &mut Flow,
    with: impl FnOnce(&mut Flow, &SipRow<'_>),
) {
    let [requests, responses] = [&of.request_path, &of.response_path]
        .map(|path| path.iter().map(|text| &text[..]).collect::<Vec<&[u8]>>());
    let row = SipRow {
        conn: flow.columns(ts),
        trans_depth: 0,
        method: of.method.as_deref(),
        uri: of.uri.as_deref(),
        date: of.date.as_deref(),
        request_from: of.request_from.as_deref(),
        request_to: of.request_to.as_deref(),
        response_from: of.response_from.as_deref(),
        response_to: of.response_to.as_deref(),
        reply_to: of.reply_to.as_deref(),
        call_id: of.call_id.as_deref(),
        seq: of.seq.as_deref(),
        subject: of.subject.as_deref(),
        request_path: Some(Vector(&requests)),
        response_path: Some(Vector(&responses)),
        user_agent: of.user_agent.as_deref(),
        status_code: of.status_code.map(u64::from),
        status_msg: of.status_msg.as_deref(),
        warning: of.warning.as_deref(),
        request_body_len: of.request_body_len,
        response_body_len: of.response_body_len,
        content_type: of.content_type.as_deref(),
    };
    with(flow, &row);
}
