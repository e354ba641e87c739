//! dce_rpc.log: a row for every call that was answered.

use std::borrow::Cow;
use std::sync::Arc;

use nightjar_protocols::dce_rpc::{Uuid, names, uuid_text};

use crate::config::Config;
use crate::config::protocols::dce_rpc::Named;
use crate::flow::Flow;
use crate::record::record;
use crate::time::{Interval, Time};

record! {
    /// A call.
    pub struct DceRpcRow<'a> in "dce_rpc" of conn {
        /// When it was made.
        ts,
        /// From the request to the answer.
        rtt: Option<Interval> = "rtt",
        /// The named pipe, or where the server listens.
        named_pipe: Option<&'a [u8]> = "named_pipe",
        /// The interface.
        endpoint: Option<&'a str> = "endpoint",
        /// The operation.
        operation: Option<&'a str> = "operation",
    }
}

/// An interface's name.
fn endpoint(named: &Named, uuid: &Uuid) -> Cow<'static, str> {
    match (named.endpoints.get(uuid), names::endpoint(uuid)) {
        (Some(name), _) => Cow::Owned(name.clone()),
        (None, Some(name)) => Cow::Borrowed(name),
        (None, None) => format!("unknown-{}", uuid_text(uuid)).into(),
    }
}

fn operation(named: &Named, uuid: &Uuid, number: u16) -> Cow<'static, str> {
    match (named.operations.get(&(*uuid, number)), names::operation(uuid, number)) {
        (Some(name), _) => Cow::Owned(name.clone()),
        (None, Some(name)) => Cow::Borrowed(name),
        (None, None) => format!("unknown-{number}").into(),
    }
}

/// The interface that is most often called over a pipe, for where it was not seen which.
fn usual(pipe: &[u8]) -> Option<Uuid> {
    let pipe = pipe.to_ascii_lowercase();
    let at = pipe.windows(PIPE.len()).position(|part| part == PIPE);
    let name = at.and_then(|at| pipe.get(at + PIPE.len()..)).unwrap_or(&pipe);
    let (_, uuid) = USUAL.iter().find(|(known, _)| known.as_bytes() == name)?;
    names::parse(uuid)
}

const PIPE: &[u8] = b"\\pipe\\";
/// Pipes and interfaces.
pub(super) const USUAL: [(&str, &str); 3] = [
    ("winreg", "338cd001-2244-31f1-aaaa-900038001003"),
    ("spoolss", "12345678-1234-abcd-ef00-0123456789ab"),
    ("srvsvc", "4b324fc8-1670-01d3-1278-5a47bf6ee188"),
];

/// Interfaces that are remembered of a connection or pipe. Stops numbers that are all different.
const MAX_CONTEXTS: usize = 256;

/// What is known of a connection, or of a pipe.
pub(super) struct Calls {
    /// Of the last call.
    ts: Time,
    rtt: Option<Interval>,
    named_pipe: Option<Box<[u8]>>,
    endpoint: Option<Cow<'static, str>>,
    operation: Option<Cow<'static, str>>,
    /// The interface that was last bound.
    bound: Option<Uuid>,
    /// Those that were, by their numbers.
    contexts: Vec<(u16, Uuid)>,
    /// Names that scripts have changed.
    named: Arc<Named>,
}

impl Calls {
    pub fn new(ts: Time, named: Arc<Named>) -> Self {
        Calls {
            ts,
            rtt: None,
            named_pipe: None,
            endpoint: None,
            operation: None,
            bound: None,
            contexts: Vec::new(),
            named,
        }
    }

    /// It is what is looked at now.
    pub fn turn_to(&mut self) {
        if let Some(bound) = &self.bound {
            self.endpoint = Some(endpoint(&self.named, bound));
        }
    }

    /// An interface is bound.
    pub fn bind(&mut self, context: u16, uuid: Uuid) {
        self.contexts.retain(|(known, _)| *known != context);
        if self.contexts.len() < MAX_CONTEXTS {
            self.contexts.push((context, uuid));
        }
        self.bound = Some(uuid);
        self.endpoint = Some(endpoint(&self.named, &uuid));
    }

    /// The server says where it is.
    pub fn found(&mut self, pipe: &[u8]) {
        if !pipe.is_empty() {
            self.named_pipe = Some(pipe.into());
        }
    }

    pub fn request(&mut self, now: Time) {
        self.ts = now;
    }

    pub fn response(&mut self, context: u16, number: u16, now: Time) {
        self.guess();
        if self.endpoint.is_some() {
            if let Some(bound) = &self.bound {
                self.operation = Some(operation(&self.named, bound, number));
            }
            if self.ts != now {
                self.rtt = Some(now - self.ts);
            }
        }
        if let Some((_, uuid)) = self.contexts.iter().find(|(known, _)| *known == context) {
            self.endpoint = Some(endpoint(&self.named, uuid));
            self.operation = Some(operation(&self.named, uuid, number));
        }
    }

    /// Where the interface is not known the pipe says which it is.
    pub fn guess(&mut self) {
        if self.endpoint.is_none()
            && let Some(uuid) = self.named_pipe.as_deref().and_then(usual)
        {
            self.bound = Some(uuid);
        }
    }

    /// The interface that was last bound, and the pipe.
    pub fn state(&self) -> (Option<&Uuid>, Option<&[u8]>) {
        (self.bound.as_ref(), self.named_pipe.as_deref())
    }

    /// Whether there is anything to log.
    pub fn is_logged(&self, config: &Config) -> bool {
        let (Some(endpoint), Some(operation)) = (self.endpoint.as_deref(), self.operation.as_deref()) else {
            return false;
        };
        let ignored = config.protocols.dce_rpc.ignored.get(endpoint);
        ignored.is_none_or(|ignored| !ignored.contains(operation) && !ignored.contains("*"))
    }

    pub fn row(&self, flow: &mut Flow) -> DceRpcRow<'_> {
        DceRpcRow {
            conn: flow.columns(self.ts),
            rtt: self.rtt,
            named_pipe: self.named_pipe.as_deref(),
            endpoint: self.endpoint.as_deref(),
            operation: self.operation.as_deref(),
        }
    }
}
