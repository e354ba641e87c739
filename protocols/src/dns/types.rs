//! The fixed parts of a message: header, question, record.

use super::rdata::Rdata;
use crate::error::Result;
use crate::reader::Reader;

/// Bytes of the header (RFC 1035 §4.1.1).
pub const HEADER_LEN: usize = 12;

/// The message header. The counts are what the header claims, not what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The identifier.
    pub id: u16,
    /// The flag word as on the wire; the methods take it apart.
    pub flags: u16,
    /// QDCOUNT.
    pub questions: u16,
    /// ANCOUNT.
    pub answers: u16,
    /// NSCOUNT.
    pub authorities: u16,
    /// ARCOUNT.
    pub additionals: u16,
}

impl Header {
    /// Reads the twelve bytes that messages begin with.
    pub fn read(r: &mut Reader<'_>) -> Result<Self> {
        Ok(Header {
            id: r.u16("id")?,
            flags: r.u16("flags")?,
            questions: r.u16("QDCOUNT")?,
            answers: r.u16("ANCOUNT")?,
            authorities: r.u16("NSCOUNT")?,
            additionals: r.u16("ARCOUNT")?,
        })
    }

    /// QR: a response.
    pub const fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// It announces no record of any section.
    pub const fn has_no_records(&self) -> bool {
        self.answers == 0 && self.authorities == 0 && self.additionals == 0
    }

    /// 0 for a query; as IANA numbers them.
    pub const fn opcode(&self) -> u8 {
        (self.flags >> 11) as u8 & 0x0f
    }

    /// AA.
    pub const fn authoritative(&self) -> bool {
        self.flags & 0x0400 != 0
    }

    /// TC.
    pub const fn truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// RD.
    pub const fn recursion_desired(&self) -> bool {
        self.flags & 0x0100 != 0
    }

    /// RA.
    pub const fn recursion_available(&self) -> bool {
        self.flags & 0x0080 != 0
    }

    /// The three bits RFC 1035 calls Z. Two of them have become AD and CD (RFC 4035 §3); Zeek
    /// still logs the three as one number.
    pub const fn z(&self) -> u8 {
        (self.flags >> 4) as u8 & 0x07
    }

    /// The lower four bits of the response code.
    pub const fn rcode(&self) -> u8 {
        self.flags as u8 & 0x0f
    }
}

/// The section a record stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What was asked for.
    Answer,
    /// Who has authority.
    Authority,
    /// What may help.
    Additional,
}

/// One entry of the question section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Lower case, without the trailing dot.
    pub name: &'a [u8],
    /// The same as the sender spelled it (labels behind a compression pointer in lower case).
    pub original: &'a [u8],
    /// QTYPE.
    pub qtype: u16,
    /// QCLASS.
    pub qclass: u16,
}

/// One resource record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it stands.
    pub section: Section,
    /// The owner: lower case, without the trailing dot, empty for the root.
    pub name: &'a [u8],
    /// TYPE.
    pub rtype: u16,
    /// CLASS, or what EDNS has in its place.
    pub class: u16,
    /// Seconds; 0 where the message ended before it.
    pub ttl: u32,
    /// RDATA.
    pub data: Rdata<'a>,
}

/// Numbers of the record types this parser reads (IANA, "Resource Record (RR) TYPEs").
pub mod rr {
    /// RFC 1035 §3.2.2.
    pub const A: u16 = 1;
    /// RFC 1035 §3.2.2.
    pub const NS: u16 = 2;
    /// RFC 1035 §3.2.2.
    pub const CNAME: u16 = 5;
    /// RFC 1035 §3.2.2.
    pub const SOA: u16 = 6;
    /// RFC 1035 §3.2.2.
    pub const WKS: u16 = 11;
    /// RFC 1035 §3.2.2.
    pub const PTR: u16 = 12;
    /// RFC 1035 §3.2.2.
    pub const HINFO: u16 = 13;
    /// RFC 1035 §3.2.2.
    pub const MX: u16 = 15;
    /// RFC 1035 §3.2.2.
    pub const TXT: u16 = 16;
    /// RFC 3596.
    pub const AAAA: u16 = 28;
    /// RFC 1876.
    pub const LOC: u16 = 29;
    /// NetBIOS name service (RFC 1002 §4.2.1.3); NIMLOC elsewhere.
    pub const NB: u16 = 32;
    /// SRV (RFC 2782), or NBSTAT on port 137 (RFC 1002 §4.2.1.3).
    pub const SRV: u16 = 33;
    /// RFC 2874.
    pub const A6: u16 = 38;
    /// RFC 6891.
    pub const OPT: u16 = 41;
    /// RFC 4034.
    pub const DS: u16 = 43;
    /// RFC 4255.
    pub const SSHFP: u16 = 44;
    /// RFC 4034.
    pub const RRSIG: u16 = 46;
    /// RFC 4034.
    pub const NSEC: u16 = 47;
    /// RFC 4034.
    pub const DNSKEY: u16 = 48;
    /// RFC 5155.
    pub const NSEC3: u16 = 50;
    /// RFC 5155.
    pub const NSEC3PARAM: u16 = 51;
    /// RFC 9460.
    pub const SVCB: u16 = 64;
    /// RFC 9460.
    pub const HTTPS: u16 = 65;
    /// RFC 7208.
    pub const SPF: u16 = 99;
    /// RFC 8945.
    pub const TSIG: u16 = 250;
    /// RFC 8659.
    pub const CAA: u16 = 257;
    /// Private use; BIND 9 keeps the state of a zone's signing in it.
    pub const BINDS: u16 = 65534;
}
