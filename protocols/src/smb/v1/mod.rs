//! Messages of SMB 1 (MS-CIFS §2.2, MS-SMB §2.2).

mod read;

use std::borrow::Cow;

use crate::bounds::{Cursor, Result};
use crate::smb::Times;

pub use read::MAX_CHAIN;
pub(super) use read::bodies;

/// Bytes of a header, with what stands before it (`\xffSMB`).
pub const HEADER: usize = 32;

/// Commands (MS-CIFS §2.2.2.1).
pub mod command {
    #![allow(missing_docs, reason = "they are the specification's names")]
    pub const CLOSE: u8 = 0x04;
    pub const QUERY_INFORMATION: u8 = 0x08;
    pub const CHECK_DIRECTORY: u8 = 0x10;
    pub const LOCKING_ANDX: u8 = 0x24;
    pub const TRANSACTION: u8 = 0x25;
    pub const TRANSACTION_SECONDARY: u8 = 0x26;
    pub const ECHO: u8 = 0x2b;
    pub const READ_ANDX: u8 = 0x2e;
    pub const WRITE_ANDX: u8 = 0x2f;
    pub const TRANSACTION2: u8 = 0x32;
    pub const TRANSACTION2_SECONDARY: u8 = 0x33;
    pub const TREE_DISCONNECT: u8 = 0x71;
    pub const NEGOTIATE: u8 = 0x72;
    pub const SESSION_SETUP_ANDX: u8 = 0x73;
    pub const LOGOFF_ANDX: u8 = 0x74;
    pub const TREE_CONNECT_ANDX: u8 = 0x75;
    pub const NT_TRANSACT: u8 = 0xa0;
    pub const NT_CREATE_ANDX: u8 = 0xa2;
    pub const NT_CANCEL: u8 = 0xa4;
}

/// What a message begins with (MS-CIFS §2.2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct Header {
    pub command: u8,
    pub status: u32,
    pub flags: u8,
    pub flags2: u16,
    pub tid: u16,
    pub pid: u32,
    pub uid: u16,
    pub mid: u16,
}

impl Header {
    /// Behind `\xffSMB`.
    pub(super) fn read(r: &mut Cursor<'_>) -> Result<Self> {
        let what = "SMB_PDU:header";
        r.need(HEADER - 4, what)?;
        let (command, status) = (r.u8(what)?, r.u32_le(what)?);
        let (flags, flags2, pid_high) = (r.u8(what)?, r.u16_le(what)?, r.u16_le(what)?);
        r.take(10, what)?;
        let (tid, pid_low) = (r.u16_le(what)?, r.u16_le(what)?);
        let pid = u32::from(pid_high) << 16 | u32::from(pid_low);
        Ok(Header { command, status, flags, flags2, tid, pid, uid: r.u16_le(what)?, mid: r.u16_le(what)? })
    }

    /// Whether texts are UTF-16.
    pub fn is_unicode(&self) -> bool {
        self.flags2 >> 15 == 1
    }
}

/// What a message says. Texts are UTF-8 already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub enum Body<'a> {
    /// Nothing but the header.
    Nothing,
    CheckDirectoryRequest(Cow<'a, [u8]>),
    CheckDirectoryResponse,
    CloseRequest {
        file: u16,
    },
    CloseResponse,
    EchoRequest {
        count: u16,
        data: &'a [u8],
    },
    EchoResponse {
        number: u16,
        data: &'a [u8],
    },
    Logoff,
    NegotiateRequest(Vec<Cow<'a, [u8]>>),
    NegotiateResponse(NegotiateResponse<'a>),
    NtCancel,
    NtCreateRequest(Cow<'a, [u8]>),
    NtCreateResponse {
        file: u16,
        size: u64,
        times: Times,
    },
    QueryInformationRequest(Cow<'a, [u8]>),
    ReadRequest {
        file: u16,
        offset: u64,
        len: u64,
    },
    ReadResponse {
        data: &'a [u8],
    },
    SessionSetupRequest(SetupRequest<'a>),
    SessionSetupResponse(SetupResponse<'a>),
    Transaction(Transaction<'a>),
    TransactionResponse {
        parameters: &'a [u8],
        data: &'a [u8],
    },
    TransactionSecondary {
        counts: [u16; 8],
        parameters: &'a [u8],
        data: &'a [u8],
    },
    Transaction2 {
        counts: Counts,
        command: u16,
        about: About<'a>,
    },
    Transaction2Secondary {
        counts: [u16; 8],
        file: u16,
        parameters: &'a [u8],
        data: &'a [u8],
    },
    TreeConnectRequest {
        path: Cow<'a, [u8]>,
        service: Cow<'a, [u8]>,
    },
    TreeConnectResponse {
        service: Cow<'a, [u8]>,
        file_system: Cow<'a, [u8]>,
    },
    TreeDisconnect,
    WriteRequest {
        file: u16,
        offset: u64,
        len: u32,
        data: &'a [u8],
    },
    WriteResponse {
        written: u32,
    },
    Other,
}

/// What a transaction says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct Counts {
    pub total_parameters: u16,
    pub total_data: u16,
    pub max_parameters: u16,
    pub max_data: u16,
    pub max_setup: u8,
    pub flags: u16,
    pub timeout: u32,
    pub parameters: u16,
    pub parameter_offset: u16,
    pub data: u16,
    pub data_offset: u16,
    pub setup: u8,
}

/// A transaction (MS-CIFS §2.2.4.33).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct Transaction<'a> {
    pub name: Cow<'a, [u8]>,
    pub command: u16,
    pub parameters: &'a [u8],
    pub data: &'a [u8],
    pub kind: Kind,
}

/// What a transaction is of, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A named pipe.
    Pipe,
    /// The remote administration protocol.
    Rap,
    /// Anything else.
    Unknown,
}

/// What a transaction of the second kind is about (MS-CIFS §2.2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub enum About<'a> {
    FindFirst { attributes: u16, count: u16, flags: u16, level: u16, storage: u32, name: Cow<'a, [u8]> },
    QueryPath(Cow<'a, [u8]>),
    DfsReferral(Cow<'a, [u8]>),
    Other,
}

/// A server's answer to what a client proposes (MS-CIFS §2.2.4.52.2, MS-SMB §2.2.4.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub enum NegotiateResponse<'a> {
    Core {
        dialect: u16,
    },
    LanMan {
        words: u8,
        dialect: u16,
        security: u16,
        max_buffer: u16,
        max_mpx: u16,
        max_vcs: u16,
        raw: u16,
        session_key: u32,
        /// When it is there: seconds in twos, minutes, hours, the day, the month and the year since 1980.
        time: [u16; 6],
        key: &'a [u8],
        domain: Cow<'a, [u8]>,
    },
    Ntlm {
        words: u8,
        dialect: u16,
        security: u8,
        max_buffer: u32,
        max_mpx: u16,
        max_vcs: u16,
        max_raw: u32,
        session_key: u32,
        capabilities: u32,
        time: u64,
        /// Without extended security: the key and the domain.
        key: Option<(&'a [u8], Cow<'a, [u8]>)>,
        /// With it: who the server is, and what its security says.
        guid: Option<(&'a [u8], &'a [u8])>,
    },
}

/// A client logs in (MS-CIFS §2.2.4.53.1, MS-SMB §2.2.4.6.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct SetupRequest<'a> {
    pub words: u8,
    pub max_buffer: u16,
    pub max_mpx: u16,
    pub vc: u16,
    pub session_key: u32,
    pub native_os: Cow<'a, [u8]>,
    pub native_lanman: Cow<'a, [u8]>,
    pub account: Option<Cow<'a, [u8]>>,
    pub password: Option<&'a [u8]>,
    pub domain: Option<Cow<'a, [u8]>>,
    pub passwords: Option<[&'a [u8]; 2]>,
    pub capabilities: Option<u32>,
    pub blob: Option<&'a [u8]>,
}

/// What comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct SetupResponse<'a> {
    pub words: u8,
    pub is_guest: Option<bool>,
    pub native_os: Option<Cow<'a, [u8]>>,
    pub native_lanman: Option<Cow<'a, [u8]>>,
    pub domain: Option<Cow<'a, [u8]>>,
    pub blob: Option<&'a [u8]>,
}
