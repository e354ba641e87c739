//! radius.log: one row for every login.

use std::net::IpAddr;

use nightjar_protocols::radius::{
    ACCESS_ACCEPT, ACCESS_CHALLENGE, ACCESS_REJECT, ACCESS_REQUEST, Attribute, Header,
};

use crate::flow::Flow;
use crate::record::record;
use crate::time::{Interval, Time};

record! {
    /// A login, from the first request to the answer that decides it.
    pub struct RadiusRow<'a> in "radius" of conn {
        /// When the first message was seen.
        ts,
        /// Who logs in (User-Name).
        username: Option<&'a [u8]> = "username",
        /// The station's hardware address (Calling-Station-Id); empty where it says something else.
        mac: Option<&'a str> = "mac",
        /// The address that the station is offered (Framed-IP-Address).
        framed_addr: Option<IpAddr> = "framed_addr",
        /// Where a tunnel begins (Tunnel-Client-Endpoint).
        tunnel_client: Option<&'a [u8]> = "tunnel_client",
        /// How it is connected (Connect-Info).
        connect_info: Option<&'a [u8]> = "connect_info",
        /// What the server has to say with a challenge (Reply-Message).
        reply_msg: Option<&'a [u8]> = "reply_msg",
        /// success, failed, or unknown.
        result: Option<&'a str> = "result",
        /// From the first message to the answer.
        ttl: Option<Interval> = "ttl",
    }
}

/// Types of attributes (RFC 2865 §5, RFC 2868 §3.3, RFC 2869 §5.11).
mod attribute {
    pub const USER_NAME: u8 = 1;
    pub const FRAMED_IP_ADDRESS: u8 = 8;
    pub const REPLY_MESSAGE: u8 = 18;
    pub const CALLING_STATION_ID: u8 = 31;
    pub const TUNNEL_CLIENT_ENDPOINT: u8 = 66;
    pub const CONNECT_INFO: u8 = 77;
}

/// What is known of a login.
pub(super) struct Login {
    ts: Time,
    username: Option<Box<[u8]>>,
    mac: Option<String>,
    framed_addr: Option<IpAddr>,
    tunnel_client: Option<Box<[u8]>>,
    connect_info: Option<Box<[u8]>>,
    reply_msg: Option<Box<[u8]>>,
    result: Option<&'static str>,
    ttl: Option<Interval>,
}

impl Login {
    pub fn new(ts: Time) -> Self {
        Login {
            ts,
            username: None,
            mac: None,
            framed_addr: None,
            tunnel_client: None,
            connect_info: None,
            reply_msg: None,
            result: None,
            ttl: None,
        }
    }

    /// Adds a message. True where it decides the login.
    pub fn take(&mut self, now: Time, header: &Header<'_>, attributes: &[Attribute<'_>]) -> bool {
        let first = |code: u8| attributes.iter().find(|known| known.code == code).map(|known| known.value);
        let note = |known: &mut Option<Box<[u8]>>, code: u8| {
            if known.is_none() {
                *known = first(code).map(Into::into);
            }
        };
        match header.code {
            ACCESS_REQUEST => {
                note(&mut self.username, attribute::USER_NAME);
                note(&mut self.tunnel_client, attribute::TUNNEL_CLIENT_ENDPOINT);
                note(&mut self.connect_info, attribute::CONNECT_INFO);
                if self.mac.is_none() {
                    self.mac = first(attribute::CALLING_STATION_ID).map(mac);
                }
            }
            ACCESS_CHALLENGE => {
                note(&mut self.reply_msg, attribute::REPLY_MESSAGE);
                let offered = first(attribute::FRAMED_IP_ADDRESS).and_then(|value| value.first_chunk::<4>());
                self.framed_addr = self.framed_addr.or(offered.map(|addr| IpAddr::from(*addr)));
            }
            ACCESS_ACCEPT => self.result = Some("success"),
            ACCESS_REJECT => self.result = Some("failed"),
            _ => {}
        }
        let decided = self.result.is_some();
        self.ttl = Some(now - self.ts).filter(|ttl| decided && *ttl != Interval::ZERO);
        decided
    }

    /// Nothing has decided it.
    pub fn give_up(&mut self) {
        self.result = Some("unknown");
    }

    pub fn row(&self, flow: &mut Flow) -> RadiusRow<'_> {
        RadiusRow {
            conn: flow.columns(self.ts),
            username: self.username.as_deref(),
            mac: self.mac.as_deref(),
            framed_addr: self.framed_addr,
            tunnel_client: self.tunnel_client.as_deref(),
            connect_info: self.connect_info.as_deref(),
            reply_msg: self.reply_msg.as_deref(),
            result: self.result,
            ttl: self.ttl,
        }
    }
}

/// A hardware address of six or eight bytes, whatever stands between their digits; else nothing.
fn mac(said: &[u8]) -> String {
    let digits: Vec<u8> =
        said.iter().filter(|byte| !b"-:.".contains(byte)).map(u8::to_ascii_lowercase).collect();
    if !matches!(digits.len(), 12 | 16) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return String::new();
    }
    let pairs: Vec<_> = digits.chunks(2).map(String::from_utf8_lossy).collect();
    pairs.join(":")
}
