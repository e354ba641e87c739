//! LDAP's events and their arguments.

use nightjar_protocols::ldap::names::{self, Named};

use crate::event::{Conn, EnumDecl, List, arg_enums, events};

arg_enums! {
    /// What a message is (RFC 4511 §4.2).
    pub struct Opcode: "LDAP::ProtocolOpcode", "LDAP::ProtocolOpcode_", || values(names::OPCODES);
    /// What came of a request (RFC 4511 §A.1).
    pub struct ResultCode: "LDAP::ResultCode", "LDAP::ResultCode_", || values(names::RESULTS);
    /// How a client proves who it is (RFC 4511 §4.2).
    pub struct AuthType: "LDAP::BindAuthType", "LDAP::BindAuthType_", || values(names::AUTHS);
    /// How far a search goes (RFC 4511 §4.5.1.2).
    pub struct Scope: "LDAP::SearchScope", "LDAP::SearchScope_", || values(names::SCOPES);
    /// Which aliases a search follows (RFC 4511 §4.5.1.3).
    pub struct Deref: "LDAP::SearchDerefAlias", "LDAP::SearchDerefAlias_", || values(names::DEREFS);
}

fn values(names: &'static [Named]) -> Vec<(i64, &'static str)> {
    let known = names.iter().map(|(number, name, _)| (i64::from(*number), *name));
    known.chain([(EnumDecl::OTHER, "Undef")]).collect()
}

events! { [crate::analyze::first::ldap]
    /// A message, behind the events of what it holds.
    pub struct MessageSeen<'a>: "LDAP::message" {
        c: Conn,
        message_id: i64,
        opcode: Opcode,
        result: ResultCode,
        matched_dn: &'a [u8],
        diagnostic_message: &'a [u8],
        object: &'a [u8],
        argument: &'a [u8],
    }
    /// A client says who it is, and how it proves that.
    pub struct BindRequest<'a>: "LDAP::bind_request" {
        c: Conn,
        message_id: i64,
        version: i64,
        name: &'a [u8],
        auth_type: AuthType,
        auth_info: &'a [u8],
    }
    /// A client searches.
    pub struct SearchRequest<'a>: "LDAP::search_request" {
        c: Conn,
        message_id: i64,
        base_object: &'a [u8],
        scope: Scope,
        deref: Deref,
        size_limit: i64,
        time_limit: i64,
        types_only: bool,
        filter: &'a [u8],
        attributes: List<'a, &'a [u8]>,
    }
    /// One of what a search found.
    pub struct SearchResultEntry<'a>: "LDAP::search_result_entry" {
        c: Conn,
        message_id: i64,
        object_name: &'a [u8],
    }
    /// A client asks for something else.
    pub struct ExtendedRequest<'a>: "LDAP::extended_request" {
        c: Conn,
        message_id: i64,
        request_name: &'a [u8],
        request_value: &'a [u8],
    }
    /// What came of that.
    pub struct ExtendedResponse<'a>: "LDAP::extended_response" {
        c: Conn,
        message_id: i64,
        result: ResultCode,
        response_name: &'a [u8],
        response_value: &'a [u8],
    }
    /// The connection goes on under TLS.
    pub struct StartTls: "LDAP::starttls" {
        c: Conn,
    }
}
