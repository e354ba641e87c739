//! DCE/RPC over connections (C706 §12, MS-RPCE): what is bound, asked and answered.
//!
//! Read as Zeek reads it: what is broken costs what has arrived of its direction, and the next segment is looked at
//! anew.

mod body;
pub mod fuzz;
pub mod names;
mod session;
#[cfg(test)]
mod tests;

pub use session::{Limits, Session};

use crate::probe::Probe;

/// Where the endpoint mapper listens.
pub const PORT: u16 = 135;

/// Types of PDUs, as Zeek names them, by their number (C706 §12.6.4, MS-RPCE §2.2.2.1).
pub const TYPES: [&str; 21] = [
    "REQUEST",
    "PING",
    "RESPONSE",
    "FAULT",
    "WORKING",
    "NOCALL",
    "REJECT",
    "ACK",
    "CL_CANCEL",
    "FACK",
    "CANCEL_ACK",
    "BIND",
    "BIND_ACK",
    "BIND_NAK",
    "ALTER_CONTEXT",
    "ALTER_CONTEXT_RESP",
    "AUTH3",
    "SHUTDOWN",
    "CO_CANCEL",
    "ORPHANED",
    "RTS",
];

/// Identifies an interface, as it stands there.
pub type Uuid = [u8; 16];

/// Hears what a connection says.
pub trait Handler {
    /// A PDU of this type begins.
    fn pdu(&mut self, is_orig: bool, kind: u8);

    /// What proves who its sender is, by the kind of proof (MS-RPCE §2.2.1.1.7).
    fn auth(&mut self, is_orig: bool, kind: u8, blob: &[u8]);

    /// An interface is asked for, under a number; `alter` where that is not for the first time (C706 §12.6.4.1,
    /// §12.6.4.3).
    fn bind(&mut self, context: u16, interface: &Interface, alter: bool);

    /// Interfaces are given, at another end than asked at.
    fn bind_ack(&mut self, address: &[u8]);

    /// The same, for more of them.
    fn alter_ack(&mut self);

    /// An operation of the interface with a number is called.
    fn request(&mut self, context: u16, operation: u16, stub: &[u8]);

    /// It was done: the one that was last called there.
    fn response(&mut self, context: u16, operation: u16, stub: &[u8]);

    /// A PDU was read to its end.
    fn confirmed(&mut self);

    /// Nothing more is read, for this reason.
    fn weird(&mut self, weird: Weird);

    /// What was read is no PDU, for this reason.
    fn violation(&mut self, reason: &str);
}

/// An interface and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are named as in C706")]
pub struct Interface {
    pub uuid: Uuid,
    pub major: u16,
    pub minor: u16,
}

/// Why nothing more is read of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weird {
    /// A message begins that has begun already.
    FirstAgain,
    /// More messages than [`Limits::messages`] have begun.
    TooMany,
    /// More than [`Limits::message`] of a message has come.
    TooMuch,
}

impl Weird {
    /// Zeek's name.
    pub const fn name(self) -> &'static str {
        match self {
            Weird::FirstAgain => "multiple_first_fragments_in_dce_rpc_reassembly",
            Weird::TooMany => "too_many_dce_rpc_msgs_in_reassembly",
            Weird::TooMuch => "too_much_dce_rpc_fragment_data",
        }
    }
}

/// An identifier as text: its first three parts have their low byte first (C706 §A).
pub fn uuid_text(uuid: &Uuid) -> String {
    let [a, b, c, d, e, f, g, h, i, j, rest @ ..] = *uuid;
    let [first, second, third] = [
        u32::from_le_bytes([a, b, c, d]),
        u16::from_le_bytes([e, f]).into(),
        u16::from_le_bytes([g, h]).into(),
    ];
    let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{first:08x}-{second:04x}-{third:04x}-{i:02x}{j:02x}-{rest}")
}

/// Whether a direction begins as PDUs do, as Zeek's signature says.
pub fn probe(bytes: &[u8]) -> Probe {
    let fits: [fn(u8) -> bool; 3] = [|byte| byte == 5, |byte| byte < 2, |byte| byte <= 0x13];
    if !bytes.iter().zip(fits).all(|(byte, fits)| fits(*byte)) {
        return Probe::NoMatch;
    }
    if bytes.len() < fits.len() { Probe::NeedMore } else { Probe::Match }
}
