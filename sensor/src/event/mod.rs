//! What workers tell the rest of the program: log rows, weirds and tunnels, each with its place in
//! the order of the capture.
//!
//! A worker writes to its [`Bus`]; batches of what it said go to the ordered stage, which merges
//! the workers' batches and applies what needs a view of all connections.

mod arena;
mod bus;
mod declare;
mod effect;
mod heartbeat;
mod interest;
mod order;
mod raised;

pub use arena::{
    Arena, ConnView, Drafted, EndView, Excerpt, FileView, Framing, Part, RecordView, RowView, Span,
};
pub use bus::{Batch, Bus, Crossed, Emitted, Item, Once};
pub use declare::{
    ArgType, Argument, Conn, EnumDecl, Event, EventDecl, EventId, EventSet, FieldDecl, File, Hex, List, Name,
    Numbered, Port, PortOf, RecordDecl, UpperCase,
};
pub(crate) use declare::{arg_enums, arg_records, events, lists};
pub use effect::{Effect, Effects, Gathered, Observation, What, Words};
pub use heartbeat::{Heartbeat, HeartbeatSeen, Step};
pub use interest::{
    Columns, ConnParts, Ends, Happening, Interest, LogInterest, Outcome, Passes, Pushdown, Rows, Shown,
    Subject,
};
pub use order::Order;
pub use raised::{Arg, Owner, Raised};

use std::borrow::Cow;
use std::net::IpAddr;

use crate::record::Uid;

/// Transport protocols that flows are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proto {
    Tcp,
    Udp,
    Icmp,
}

impl Proto {
    /// Zeek's `transport_proto`.
    pub const fn name(self) -> &'static str {
        match self {
            Proto::Tcp => "tcp",
            Proto::Udp => "udp",
            Proto::Icmp => "icmp",
        }
    }
}

/// A connection's ends, as logs show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnId {
    pub orig_h: IpAddr,
    pub orig_p: u16,
    pub resp_h: IpAddr,
    pub resp_p: u16,
}

/// Something odd that traffic did, under Zeek's name for it.
#[derive(Clone, Debug)]
pub struct Weird {
    pub name: Cow<'static, str>,
    pub addl: String,
    /// The analyzer that noticed, empty where Zeek names none.
    pub source: &'static str,
    pub about: About,
}

impl Weird {
    /// The connection's identifier, where it is about one.
    pub fn uid(&self) -> Option<Uid> {
        match self.about {
            About::Conn(uid, ..) => Some(uid),
            About::Nothing | About::Hosts(..) => None,
        }
    }
}

/// What a weird is about, which decides what counts as a repetition of it.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// No addresses are known (`net_weird`).
    Nothing,
    /// A packet between two hosts, of no connection (`flow_weird`).
    Hosts(IpAddr, IpAddr),
    /// A connection (`conn_weird`).
    Conn(Uid, ConnId, Proto),
}

/// Zeek's `Tunnel::Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TunnelType {
    Ip,
    Ayiya,
    Teredo,
    Socks,
    Gtpv1,
    Http,
    Gre,
    Vxlan,
    Geneve,
}

impl TunnelType {
    /// As `tunnel.log` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            TunnelType::Ip => "Tunnel::IP",
            TunnelType::Ayiya => "Tunnel::AYIYA",
            TunnelType::Teredo => "Tunnel::TEREDO",
            TunnelType::Socks => "Tunnel::SOCKS",
            TunnelType::Gtpv1 => "Tunnel::GTPv1",
            TunnelType::Http => "Tunnel::HTTP",
            TunnelType::Gre => "Tunnel::GRE",
            TunnelType::Vxlan => "Tunnel::VXLAN",
            TunnelType::Geneve => "Tunnel::GENEVE",
        }
    }
}

/// One layer of tunnel around a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The outer connection's, or the tunnel's own where there is no connection.
    pub uid: Option<Uid>,
    pub id: ConnId,
    pub kind: TunnelType,
}
