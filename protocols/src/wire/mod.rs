//! Link, tunnel and IP headers: everything between a captured frame and its transport protocol.
//!
//! One module per family of headers. Each parser takes the bytes at hand and returns the header's
//! facts with the bytes that follow it, or a [`Reject`]. Nothing here decides what comes next: the
//! sensor's dispatch table does.
//!
//! Scope: Ethernet and its tags (802.1Q, VN-Tag, PBB, MPLS, FabricPath, LLC, SNAP), PPP and PPPoE,
//! IEEE 802.11 with radiotap, the pseudo headers of captures (Linux SLL, BSD null, NFLOG, FDDI),
//! IPv4, IPv6 with its extension headers, GRE with PPTP and ERSPAN, VXLAN, Geneve, GTPv1-U, Teredo
//! and AYIYA, and the Internet checksum. Not here: TCP, UDP and ICMP, which belong to flows.
//!
//! Where a length rule is stricter than the header needs it is Zeek's rule, so that both see the
//! same frames as truncated.

use std::fmt;

use crate::error::ErrorKind;

pub mod arp;
pub mod ayiya;
pub mod checksum;
pub mod ethernet;
pub mod fuzz;
pub mod geneve;
pub mod gre;
pub mod gtpv1;
pub mod ipv4;
pub mod ipv6;
pub mod numbers;
pub mod ppp;
pub mod pseudo;
pub mod teredo;
pub mod vxlan;
pub mod wlan;

#[cfg(test)]
mod tests;

/// Why a header was refused. The name is the one in Zeek's `weird.log`, the vocabulary that
/// analysts and their dashboards already have for these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Zeek's name for it.
    pub name: &'static str,
    /// The offending value, with the label to print before it.
    pub detail: Option<(&'static str, u32)>,
}

/// What readers of headers return.
pub type Result<T> = std::result::Result<T, Reject>;

impl Reject {
    /// It ends before it is whole.
    pub const fn truncated(name: &'static str) -> Self {
        Reject { kind: ErrorKind::Truncated, name, detail: None }
    }

    /// It has a value that it cannot have.
    pub const fn malformed(name: &'static str) -> Self {
        Reject { kind: ErrorKind::Malformed, name, detail: None }
    }

    /// It is not read here.
    pub const fn unsupported(name: &'static str) -> Self {
        Reject { kind: ErrorKind::Unsupported, name, detail: None }
    }

    /// With the value that is to blame.
    pub const fn with(self, label: &'static str, value: u32) -> Self {
        Reject { detail: Some((label, value)), ..self }
    }

    /// The offending value as text, empty where there is none.
    pub fn addl(&self) -> String {
        self.detail.map(|(label, value)| format!("{label}{value}")).unwrap_or_default()
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.detail {
            Some((label, value)) => write!(f, " ({label}{value})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Reject {}

/// What most link headers say: the number of the protocol that follows, and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    /// Its number, of whichever kind the header has.
    pub protocol: u16,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// A hardware address, borrowed from the frame.
pub type Mac = [u8; 6];

/// The first `N` bytes, where at least one more follows. Zeek refuses a link header with nothing
/// behind it as truncated.
fn header<'a, const N: usize>(data: &'a [u8], name: &'static str) -> Result<(&'a [u8; N], &'a [u8])> {
    match data.split_first_chunk::<N>() {
        Some((head, rest)) if !rest.is_empty() => Ok((head, rest)),
        _ => Err(Reject::truncated(name)),
    }
}
