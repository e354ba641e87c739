//! PostgreSQL's events.

use crate::event::{Conn, events};

events! { [crate::analyze::first::postgresql]
    /// A client wants TLS.
    pub struct SslRequest: "PostgreSQL::ssl_request" {
        c: Conn,
    }
    /// What the server says to that: S or N.
    pub struct SslReply<'a>: "PostgreSQL::ssl_reply" {
        c: Conn,
        data: &'a [u8],
    }
    /// A server tells how the client is to be authenticated, as in `PostgreSQL::auth_ids`, and the data for it.
    pub struct AuthenticationRequest<'a>: "PostgreSQL::authentication_request" {
        c: Conn,
        identifier: u32,
        data: &'a [u8],
    }
    /// The client is who it says.
    pub struct AuthenticationOk: "PostgreSQL::authentication_ok" {
        c: Conn,
    }
    /// What a client answers to be authenticated.
    pub struct AuthenticationResponse<'a>: "PostgreSQL::authentication_response" {
        c: Conn,
        data: &'a [u8],
    }
    /// What a client says of itself, as `user`; before the startup message that has it.
    pub struct StartupParameter<'a>: "PostgreSQL::startup_parameter" {
        c: Conn,
        name: &'a [u8],
        value: &'a [u8],
    }
    /// A client begins, in this version of the protocol.
    pub struct StartupMessage: "PostgreSQL::startup_message" {
        c: Conn,
        major: u16,
        minor: u16,
    }
    /// A server waits for a query: in no transaction (I), in one (T), or in one that has failed (E).
    pub struct ReadyForQuery<'a>: "PostgreSQL::ready_for_query" {
        c: Conn,
        transaction_status: &'a [u8],
    }
    /// A query.
    pub struct SimpleQuery<'a>: "PostgreSQL::simple_query" {
        c: Conn,
        query: &'a [u8],
    }
    /// A part of an error, by its code as in `PostgreSQL::error_ids`.
    pub struct ErrorField<'a>: "PostgreSQL::error_response_identified_field" {
        c: Conn,
        code: &'a [u8],
        value: &'a [u8],
    }
    /// An error, behind its parts.
    pub struct ErrorResponse: "PostgreSQL::error_response" {
        c: Conn,
    }
    /// A part of a notice, likewise.
    pub struct NoticeField<'a>: "PostgreSQL::notice_response_identified_field" {
        c: Conn,
        code: &'a [u8],
        value: &'a [u8],
    }
    /// A notice, behind its parts.
    pub struct NoticeResponse: "PostgreSQL::notice_response" {
        c: Conn,
    }
    /// A row of a result, and how many columns it has.
    pub struct DataRow: "PostgreSQL::data_row" {
        c: Conn,
        column_values: u16,
    }
    /// A setting of a server.
    pub struct ParameterStatus<'a>: "PostgreSQL::parameter_status" {
        c: Conn,
        name: &'a [u8],
        value: &'a [u8],
    }
    /// What queries of the connection are cancelled with.
    pub struct BackendKeyData: "PostgreSQL::backend_key_data" {
        c: Conn,
        process_id: u32,
        secret_key: u32,
    }
    /// A client is done.
    pub struct Terminate: "PostgreSQL::terminate" {
        c: Conn,
    }
    /// Another message, by its type.
    pub struct NotImplemented<'a>: "PostgreSQL::not_implemented" {
        c: Conn,
        is_orig: bool,
        typ: &'a [u8],
        chunk: &'a [u8],
    }
}
