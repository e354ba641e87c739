//! socks.log: one row for every connection, when it is over.

use std::borrow::Cow;
use std::net::IpAddr;

use nightjar_protocols::socks::{self, status};

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A connection to a proxy.
    pub struct SocksRow<'a> in "socks" of conn {
        /// When the client first asked for something, or logged in.
        ts,
        /// 4 or 5.
        version: u64 = "version" as "count",
        /// Who has logged in.
        user: Option<&'a [u8]> = "user",
        /// The password, with `SOCKS::default_capture_password`.
        password: Option<&'a [u8]> = "password",
        /// What the proxy has answered.
        status: Option<&'a str> = "status",
        /// The address that the client asked for.
        request_host: Option<IpAddr> = "request.host" as "SOCKS::Address &optional$addr",
        /// The name that the client asked for.
        request_name: Option<&'a [u8]> = "request.name" as "SOCKS::Address &optional$string",
        /// The port that the client asked for.
        request_p: Option<u16> = "request_p",
        /// The address that the proxy has for it.
        bound_host: Option<IpAddr> = "bound.host" as "SOCKS::Address &optional$addr",
        /// The name that the proxy has for it.
        bound_name: Option<&'a [u8]> = "bound.name" as "SOCKS::Address &optional$string",
        /// The port that the proxy has for it.
        bound_p: Option<u16> = "bound_p",
    }
}

/// What is known of a connection.
pub(super) struct Seen {
    pub ts: Time,
    pub version: u8,
    pub user: Option<Box<[u8]>>,
    pub password: Option<Box<[u8]>>,
    pub status: Option<Cow<'static, str>>,
    pub request: Option<Place>,
    pub bound: Option<Place>,
}

/// An end of what is tunnelled.
pub(super) struct Place {
    host: Option<IpAddr>,
    name: Option<Box<[u8]>>,
    port: u16,
}

impl Place {
    pub fn of(address: socks::Address<'_>, port: u16) -> Self {
        Place { host: address.host, name: address.name.map(Into::into), port }
    }
}

/// A status as socks.log has it.
pub(super) fn status_of(version: u8, code: u8) -> Cow<'static, str> {
    status(version, code).map_or_else(|| Cow::Owned(format!("unknown-{code}")), Cow::Borrowed)
}

pub(super) fn of<'a>(flow: &mut Flow, seen: &'a Seen) -> SocksRow<'a> {
    let (request, bound) = (seen.request.as_ref(), seen.bound.as_ref());
    SocksRow {
        conn: flow.columns(seen.ts),
        version: seen.version.into(),
        user: seen.user.as_deref(),
        password: seen.password.as_deref(),
        status: seen.status.as_deref(),
        request_host: request.and_then(|place| place.host),
        request_name: request.and_then(|place| place.name.as_deref()),
        request_p: request.map(|place| place.port),
        bound_host: bound.and_then(|place| place.host),
        bound_name: bound.and_then(|place| place.name.as_deref()),
        bound_p: bound.map(|place| place.port),
    }
}
