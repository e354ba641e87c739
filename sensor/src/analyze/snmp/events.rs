//! SNMP's events and their arguments.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nightjar_protocols::snmp::{self, Kind, Value};

use crate::event::{Arena, ArgType, Argument, Conn, Event, Part, arg_records, events};

/// Declares the events of PDUs, which have the same parameters.
macro_rules! of_pdus {
    ($( $(#[doc = $doc:literal])+ $name:ident: $zeek:literal, $pdu:ty; )+) => {
        events! { [crate::analyze::first::snmp]
            $(
                $(#[doc = $doc])+
                pub struct $name<'a>: $zeek {
                    c: Conn,
                    is_orig: bool,
                    header: Header<'a>,
                    pdu: $pdu,
                }
            )+
            /// A PDU of a type that is not known.
            pub struct UnknownPdu<'a>: "snmp_unknown_pdu" {
                c: Conn,
                is_orig: bool,
                header: Header<'a>,
                tag: u8,
            }
            /// A message of version 3 that holds neither a PDU nor an encrypted one.
            pub struct UnknownScope<'a>: "snmp_unknown_scoped_pdu" {
                c: Conn,
                is_orig: bool,
                header: Header<'a>,
                tag: u8,
            }
            /// A message of version 3 whose PDU is encrypted (RFC 3414 §8).
            pub struct Encrypted<'a>: "snmp_encrypted_pdu" {
                c: Conn,
                is_orig: bool,
                header: Header<'a>,
            }
            /// A message of a version that is not known.
            pub struct UnknownVersion: "snmp_unknown_header_version" {
                c: Conn,
                is_orig: bool,
                version: u64,
            }
        }
    };
}

of_pdus! {
    /// Variables are asked for (RFC 3416 §4.2.1).
    GetRequest: "snmp_get_request", Pdu<'a>;
    /// Those behind them are (RFC 3416 §4.2.2).
    GetNextRequest: "snmp_get_next_request", Pdu<'a>;
    /// An answer (RFC 3416 §4.2.4).
    Response: "snmp_response", Pdu<'a>;
    /// Variables are to be set (RFC 3416 §4.2.5).
    SetRequest: "snmp_set_request", Pdu<'a>;
    /// Something happened, in version 1 (RFC 1157 §4.1.6).
    TrapSent: "snmp_trap", TrapPdu<'a>;
    /// Many variables are asked for (RFC 3416 §4.2.3).
    GetBulkRequest: "snmp_get_bulk_request", BulkPdu<'a>;
    /// Something happened, and the receiver is to confirm it (RFC 3416 §4.2.7).
    InformRequest: "snmp_inform_request", Pdu<'a>;
    /// Something happened (RFC 3416 §4.2.6).
    TrapV2: "snmp_trapV2", Pdu<'a>;
    /// Engines tell each other what went wrong (RFC 3412 §7.1).
    Report: "snmp_report", Pdu<'a>;
}

arg_records! {
    /// What a message of version 1 begins with (RFC 1157 §4).
    pub struct HeaderV1<'a>: "SNMP::HeaderV1" {
        community: &'a [u8],
    }
    /// What a message of version 2c begins with (RFC 1901 §3).
    pub struct HeaderV2<'a>: "SNMP::HeaderV2" {
        community: &'a [u8],
    }
    /// Whose variables they are (RFC 3412 §6.8).
    pub struct Context<'a>: "SNMP::ScopedPDU_Context" {
        engine_id: &'a [u8],
        name: &'a [u8],
    }
    /// What a message of version 3 begins with (RFC 3412 §6).
    pub struct HeaderV3<'a>: "SNMP::HeaderV3" {
        id: u64,
        max_size: u64,
        flags: u8,
        auth_flag: bool,
        priv_flag: bool,
        reportable_flag: bool,
        security_model: u64,
        security_params: &'a [u8],
        pdu_context: Option<Context<'a>>,
    }
    /// What a message begins with.
    pub struct Header<'a>: "SNMP::Header" {
        /// 0 is version 1, 1 is version 2c, and 3 is version 3.
        version: u64,
        v1: Option<HeaderV1<'a>>,
        v2: Option<HeaderV2<'a>>,
        v3: Option<HeaderV3<'a>>,
    }
    /// A value; which field is set follows from the tag.
    pub struct ObjectValue<'a>: "SNMP::ObjectValue" {
        tag: u8,
        oid: Option<&'a str>,
        signed: Option<i64>,
        unsigned: Option<u64>,
        address: Option<IpAddr>,
        octets: Option<&'a [u8]>,
    }
    /// A variable and its value.
    pub struct Binding<'a>: "SNMP::Binding" {
        oid: &'a str,
        value: ObjectValue<'a>,
    }
    /// What most PDUs have (RFC 3416 §3).
    pub struct Pdu<'a>: "SNMP::PDU" {
        request_id: i64,
        error_status: i64,
        error_index: i64,
        bindings: Bindings<'a>,
    }
    /// What a trap of version 1 has (RFC 1157 §4.1.6).
    pub struct TrapPdu<'a>: "SNMP::TrapPDU" {
        enterprise: &'a str,
        agent: IpAddr,
        generic_trap: i64,
        specific_trap: i64,
        /// Hundredths of a second since the device was started.
        time_stamp: u64,
        bindings: Bindings<'a>,
    }
    /// What a request for many variables has (RFC 3416 §4.2.3).
    pub struct BulkPdu<'a>: "SNMP::BulkPDU" {
        request_id: i64,
        non_repeaters: u64,
        max_repetitions: u64,
        bindings: Bindings<'a>,
    }
}

/// A vector of variables.
#[derive(Clone, Copy, Debug)]
pub struct Bindings<'a>(pub snmp::Bindings<'a>);

impl Argument for Bindings<'_> {
    const TYPE: ArgType =
        ArgType::Alias("SNMP::Bindings", &ArgType::Vector(&<Binding<'_> as Argument>::TYPE));

    fn put(&self, arena: &mut Arena) -> Part {
        let parts: Vec<Part> = self.0.iter().map(|binding| put(&binding, arena)).collect();
        arena.list(&parts)
    }
}

fn put(binding: &snmp::Binding<'_>, arena: &mut Arena) -> Part {
    let unset = ObjectValue {
        tag: binding.tag,
        oid: None,
        signed: None,
        unsigned: None,
        address: None,
        octets: None,
    };
    let named = match binding.value {
        Value::Oid(oid) => oid.text(),
        _ => String::new(),
    };
    let value = match binding.value {
        Value::None => unset,
        Value::Oid(_) => ObjectValue { oid: Some(&named), ..unset },
        Value::Signed(number) => ObjectValue { signed: Some(number), ..unset },
        Value::Unsigned(number) => ObjectValue { unsigned: Some(number), ..unset },
        Value::Address(bytes) => ObjectValue { address: Some(address(bytes)), ..unset },
        Value::Octets(octets) => ObjectValue { octets: Some(octets), ..unset },
    };
    Binding { oid: &binding.oid.text(), value }.put(arena)
}

/// What is not of four bytes is not read.
fn address(bytes: &[u8]) -> IpAddr {
    <[u8; 4]>::try_from(bytes)
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |bytes| IpAddr::V4(Ipv4Addr::from(bytes)))
}

impl<'a> Header<'a> {
    pub(super) fn of(header: &snmp::Header<'a>) -> Self {
        let of_version = |version: u64| header.community.filter(|_| header.version == version);
        Header {
            version: header.version,
            v1: of_version(0).map(|community| HeaderV1 { community }),
            v2: of_version(1).map(|community| HeaderV2 { community }),
            v3: header.v3.map(|v3| HeaderV3 {
                id: v3.id,
                max_size: v3.max_size,
                flags: v3.flags,
                auth_flag: v3.flags & 1 != 0,
                priv_flag: v3.flags & 2 != 0,
                reportable_flag: v3.flags & 4 != 0,
                security_model: v3.security_model,
                security_params: v3.security_parameters,
                pdu_context: v3.context.map(|(engine_id, name)| Context { engine_id, name }),
            }),
        }
    }
}

/// Takes events, whatever their types are.
pub(super) trait Raise {
    fn raise<E: Event>(&mut self, event: &E);
}

/// Raises the event that a message is.
pub(super) fn raise(to: &mut impl Raise, is_orig: bool, header: &snmp::Header<'_>, body: &snmp::Body<'_>) {
    let (c, version, header) = (Conn, header.version, Header::of(header));
    match *body {
        snmp::Body::UnknownVersion => to.raise(&UnknownVersion { c, is_orig, version }),
        snmp::Body::Encrypted => to.raise(&Encrypted { c, is_orig, header }),
        snmp::Body::UnknownScope(tag) => to.raise(&UnknownScope { c, is_orig, header, tag }),
        snmp::Body::UnknownPdu(tag) => to.raise(&UnknownPdu { c, is_orig, header, tag }),
        snmp::Body::Common(kind, pdu) => {
            let pdu = Pdu {
                request_id: pdu.request_id,
                error_status: pdu.error_status,
                error_index: pdu.error_index,
                bindings: Bindings(pdu.bindings),
            };
            match kind {
                Kind::GetRequest => to.raise(&GetRequest { c, is_orig, header, pdu }),
                Kind::GetNextRequest => to.raise(&GetNextRequest { c, is_orig, header, pdu }),
                Kind::Response => to.raise(&Response { c, is_orig, header, pdu }),
                Kind::SetRequest => to.raise(&SetRequest { c, is_orig, header, pdu }),
                Kind::InformRequest => to.raise(&InformRequest { c, is_orig, header, pdu }),
                Kind::TrapV2 => to.raise(&TrapV2 { c, is_orig, header, pdu }),
                Kind::Report => to.raise(&Report { c, is_orig, header, pdu }),
            }
        }
        snmp::Body::Bulk(bulk) => {
            let pdu = BulkPdu {
                request_id: bulk.request_id,
                non_repeaters: bulk.non_repeaters,
                max_repetitions: bulk.max_repetitions,
                bindings: Bindings(bulk.bindings),
            };
            to.raise(&GetBulkRequest { c, is_orig, header, pdu });
        }
        snmp::Body::Trap(trap) => {
            let pdu = TrapPdu {
                enterprise: &trap.enterprise.text(),
                agent: address(trap.agent),
                generic_trap: trap.generic,
                specific_trap: trap.specific,
                time_stamp: trap.time_stamp,
                bindings: Bindings(trap.bindings),
            };
            to.raise(&TrapSent { c, is_orig, header, pdu });
        }
    }
}
