//! Lists in messages, which are read where somebody looks at them. What makes one has checked that it is whole.

use crate::reader::Reader;
use crate::tls::broken::{Result, Take, number};

/// Numbers of two bytes; a byte that is left over at the end is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct U16s<'a>(pub &'a [u8]);

impl<'a> U16s<'a> {
    /// The numbers, in order.
    pub fn iter(self) -> impl Iterator<Item = u16> + Clone + use<'a> {
        self.0.as_chunks::<2>().0.iter().map(|bytes| u16::from_be_bytes(*bytes))
    }
}

/// Numbers of three bytes: cipher suites of SSL 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct U24s<'a>(pub &'a [u8]);

impl<'a> U24s<'a> {
    /// The suites, in order.
    pub fn iter(self) -> impl Iterator<Item = u32> + Clone + use<'a> {
        self.0.as_chunks::<3>().0.iter().map(|bytes| number(bytes) as u32)
    }
}

macro_rules! lists {
    ($( $(#[doc = $doc:literal])+ $name:ident of $item:ty: $one:expr; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name<'a>(&'a [u8]);

        impl<'a> $name<'a> {
            /// Checks that all of it can be read.
            pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
                let mut r = Reader::new(bytes);
                let one: fn(&mut Reader<'a>) -> Result<$item> = $one;
                while !r.is_empty() {
                    one(&mut r)?;
                }
                Ok($name(bytes))
            }

            /// The items, in order, as far as they are whole.
            pub fn iter(self) -> impl Iterator<Item = $item> + use<'a> {
                let mut r = Reader::new(self.0);
                let one: fn(&mut Reader<'a>) -> Result<$item> = $one;
                std::iter::from_fn(move || if r.is_empty() { None } else { one(&mut r).ok() })
            }
        }
    )+ };
}

lists! {
    /// Names of protocols (RFC 7301 §3.1).
    ProtocolNames of &'a [u8]: |r| r.counted8("ProtocolName:name");
    /// Names of servers with their types (RFC 6066 §3); 0 is that of hosts. One of another type is all that is left.
    ServerNames of (u8, &'a [u8]): |r| match r.byte("ServerName:name_type")? {
        0 => Ok((0, r.counted16("ServerNameHostName:host_name")?)),
        other => {
            let rest = r.remaining();
            Ok((other, r.bytes(rest, "ServerName:data")?))
        }
    };
    /// Groups for which a client has sent keys (RFC 8446 §4.2.8).
    Shares of u16: |r| {
        let group = r.short("KeyShareEntry")?;
        r.counted16("KeyShareEntry:key_exchange")?;
        Ok(group)
    };
    /// Keys that a client knows of already (RFC 8446 §4.2.11).
    PskIdentities of PskIdentity<'a>: |r| {
        let identity = r.counted16("PSKIdentity:identity")?;
        Ok(PskIdentity { identity, obfuscated_ticket_age: r.long("PSKIdentity:obfuscated_ticket_age")? })
    };
    /// Names of authorities in DER, in a request for a certificate (RFC 5246 §7.4.4).
    Authorities of &'a [u8]: |r| r.counted16("CertificateAuthorityEntry:certificate_authority");
    /// What proves that it knows them.
    PskBinders of &'a [u8]: |r| r.counted8("PSKBinder:binder");
}

/// A key that client and server know of already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PskIdentity<'a> {
    /// The ticket, or a name for the key.
    pub identity: &'a [u8],
    /// In milliseconds, with a number added that the server knows.
    pub obfuscated_ticket_age: u32,
}
