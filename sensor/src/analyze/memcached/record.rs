//! memcached.log: a row for every request with its answer.

use nightjar_protocols::memcached::{Request, Response};

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A request.
    pub struct MemcachedRow<'a> in "memcached" of conn {
        /// When it was sent.
        ts,
        /// Whether in binary.
        binary: bool = "binary",
        /// What was asked for, as the text protocol names it.
        command: &'a [u8] = "command",
        /// The first key.
        key: Option<&'a [u8]> = "key",
        /// How many keys there were.
        keys: u64 = "keys",
        /// Bytes of the value that was brought.
        request_len: Option<u64> = "request_len",
        /// Whether the server did what it was asked, where it said.
        success: Option<bool> = "success",
        /// What it said last: `STORED`, `END` and the like.
        status: Option<&'a [u8]> = "status",
        /// How many values it told.
        values: Option<u64> = "values",
        /// Bytes of those.
        response_len: Option<u64> = "response_len",
    }
}

/// A request that is not logged yet.
pub(super) struct Waiting {
    ts: Time,
    is_binary: bool,
    command: Box<[u8]>,
    key: Option<Box<[u8]>>,
    keys: u64,
    len: Option<u64>,
    pub tag: Option<u32>,
    answer: Option<Answer>,
}

struct Answer {
    success: bool,
    status: Box<[u8]>,
    values: u64,
    bytes: u64,
}

impl Waiting {
    pub fn new(ts: Time, request: &Request<'_>) -> Self {
        let Request { command, key, keys, len, tag, is_binary, .. } = *request;
        Waiting {
            ts,
            is_binary,
            command: command.into(),
            key: key.map(Into::into),
            keys,
            len,
            tag,
            answer: None,
        }
    }

    pub fn answer(&mut self, response: &Response<'_>) {
        let Response { status, success, values, bytes, .. } = *response;
        self.answer = Some(Answer { success, status: status.into(), values, bytes });
    }

    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.command.len() + self.key.as_ref().map_or(0, |key| key.len())
    }

    pub fn row(&self, flow: &mut Flow) -> MemcachedRow<'_> {
        let answer = self.answer.as_ref();
        MemcachedRow {
            conn: flow.columns(self.ts),
            binary: self.is_binary,
            command: &self.command,
            key: self.key.as_deref(),
            keys: self.keys,
            request_len: self.len,
            success: answer.map(|answer| answer.success),
            status: answer.map(|answer| &answer.status[..]),
            values: answer.map(|answer| answer.values),
            response_len: answer.map(|answer| answer.bytes),
        }
    }
}
