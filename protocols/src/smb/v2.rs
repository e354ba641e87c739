//! Messages of SMB 2 and 3 (MS-SMB2 §2.2).

use std::borrow::Cow;

use crate::bounds::{Cursor, Result};
use crate::smb::Times;
use crate::smb::text::of_utf16;

/// Bytes of a header, with what stands before it (`\xfeSMB`).
pub const HEADER: usize = 64;

/// Commands (§2.2.1).
pub mod command {
    #![allow(missing_docs, reason = "they are the specification's names")]
    pub const NEGOTIATE: u16 = 0;
    pub const SESSION_SETUP: u16 = 1;
    pub const TREE_CONNECT: u16 = 3;
    pub const TREE_DISCONNECT: u16 = 4;
    pub const CREATE: u16 = 5;
    pub const CLOSE: u16 = 6;
    pub const READ: u16 = 8;
    pub const WRITE: u16 = 9;
    pub const LOCK: u16 = 10;
    pub const IOCTL: u16 = 11;
    pub const QUERY_DIRECTORY: u16 = 14;
    pub const CHANGE_NOTIFY: u16 = 15;
    pub const QUERY_INFO: u16 = 16;
    pub const SET_INFO: u16 = 17;
}

/// What a response says that came of it (MS-ERREF §2.3), as far as it matters here.
pub mod status {
    #![allow(missing_docs, reason = "they are the specification's names")]
    pub const SUCCESS: u32 = 0;
    pub const PENDING: u32 = 0x103;
    pub const NOTIFY_ENUM_DIR: u32 = 0x10c;
    pub const BUFFER_OVERFLOW: u32 = 0x8000_0005;
    pub const INVALID_PARAMETER: u32 = 0xc000_000d;
    pub const MORE_PROCESSING_REQUIRED: u32 = 0xc000_0016;
}

/// `FSCTL_PIPE_TRANSCEIVE`: what is written to a pipe, and what is read in answer.
pub const PIPE_TRANSCEIVE: u32 = 0x0011_c017;

/// `FILE_DELETE_ON_CLOSE` among the options of a file that is opened.
pub const DELETE_ON_CLOSE: u32 = 0x1000;

/// The kind of share that pipes are in.
pub const SHARE_PIPE: u8 = 2;

/// The dialect from which on both sides say more of what they can.
const SMB_3_1_1: u16 = 0x0311;

/// What a message begins with (§2.2.1.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// How long it says that it is.
    pub len: u16,
    /// What it costs the client of what it may ask for.
    pub credit_charge: u16,
    /// What came of it; of requests something else.
    pub status: u32,
    /// What is asked for.
    pub command: u16,
    /// What the client may ask for from now on.
    pub credits: u16,
    /// Whether it is signed, an answer, …
    pub flags: u32,
    /// How far behind its beginning the next of the same frame begins; 0 if there is none.
    pub next: u32,
    /// Tells it from others, and is in its answer.
    pub message_id: u64,
    /// Of the client's process.
    pub process_id: u32,
    /// The share.
    pub tree_id: u32,
    /// Who is logged in.
    pub session_id: u64,
    /// The signature.
    pub signature: &'a [u8],
}

/// A file, or whatever has 16 bytes to tell it from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guid {
    /// The first half.
    pub persistent: u64,
    /// The other.
    pub volatile: u64,
}

impl Guid {
    /// Stands in for the file that the message before it in a frame is about (§3.2.4.1.4).
    pub const OF_BEFORE: Guid = Guid { persistent: u64::MAX, volatile: u64::MAX };

    /// Whether it is the file of the message before it.
    pub fn is_of_before(self) -> bool {
        self == Guid::OF_BEFORE
    }

    /// The number that Zeek knows it by.
    pub fn sum(self) -> u64 {
        self.persistent.wrapping_add(self.volatile)
    }
}

/// Numbers of two bytes, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    /// The numbers.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.as_chunks::<2>().0.iter().map(|number| u16::from_le_bytes(*number))
    }
}

/// Something more that a side says of what it can (§2.2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// What it is about.
    pub kind: u16,
    /// Bytes of it.
    pub len: u16,
    /// What it says.
    pub data: ContextData<'a>,
}

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextData<'a> {
    /// How what precedes keys is hashed, and the salt.
    Preauth(Numbers<'a>, &'a [u8]),
    /// Ciphers.
    Encryption(Numbers<'a>),
    /// What compresses.
    Compression(Numbers<'a>),
    /// What the client calls the server.
    Netname(&'a [u8]),
    /// Anything else.
    Other,
}

/// A name and a value.
pub type ExtendedAttribute<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// What is changed about a file (MS-FSCC §2.4 and §2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub enum Change<'a> {
    Attributes { times: Times, attributes: u32 },
    Rename(Cow<'a, [u8]>),
    Delete(bool),
    Allocation(i64),
    EndOfFile(i64),
    ExtendedAttributes(Vec<ExtendedAttribute<'a>>),
    Link { root: u64, name: Cow<'a, [u8]> },
    Mode(u32),
    Pipe { read_mode: u32, completion_mode: u32 },
    Position(i64),
    ShortName(Cow<'a, [u8]>),
    ValidDataLength(i64),
    FsControl { filtering: [i64; 3], quotas: [u64; 2], flags: u32 },
    FsObjectId { id: Guid, extended: Cow<'a, [u8]> },
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub enum Body<'a> {
    NegotiateRequest { dialects: Numbers<'a> },
    NegotiateResponse(NegotiateResponse<'a>),
    SessionSetupRequest { security_mode: u8, blob: &'a [u8] },
    SessionSetupResponse { flags: u16, blob: &'a [u8] },
    TreeConnectRequest { path: Cow<'a, [u8]> },
    TreeConnectResponse { share_type: u8 },
    TreeDisconnectRequest,
    TreeDisconnectResponse,
    CreateRequest { name: Cow<'a, [u8]>, disposition: u32, options: u32 },
    CreateResponse { file: Guid, size: u64, times: Times, attributes: u32, action: u32 },
    CloseRequest { file: Guid },
    CloseResponse { allocated: u64, size: u64, times: Times, attributes: u32 },
    ReadRequest { file: Guid, offset: u64, len: u32 },
    ReadResponse { data: &'a [u8] },
    WriteRequest { file: Guid, offset: u64, data: &'a [u8] },
    WriteResponse { written: u32 },
    IoctlRequest { file: Guid, code: u32, input: &'a [u8] },
    IoctlResponse { code: u32, output: &'a [u8] },
    SetInfo { file: Guid, change: Change<'a> },
    Other,
}

/// A server's answer to what a client proposes (§2.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct NegotiateResponse<'a> {
    pub security_mode: u16,
    pub dialect: u16,
    pub context_count: u16,
    pub server: Guid,
    pub system_time: u64,
    pub start_time: u64,
    pub blob: &'a [u8],
    pub contexts: Vec<Context<'a>>,
}

impl<'a> Header<'a> {
    /// Behind `\xfeSMB`.
    pub(super) fn read(r: &mut Cursor<'a>) -> Result<Self> {
        let what = "SMB2_PDU:header";
        r.need(HEADER - 4, what)?;
        Ok(Header {
            len: r.u16_le(what)?,
            credit_charge: r.u16_le(what)?,
            status: r.u32_le(what)?,
            command: r.u16_le(what)?,
            credits: r.u16_le(what)?,
            flags: r.u32_le(what)?,
            next: r.u32_le(what)?,
            message_id: r.u64_le(what)?,
            process_id: r.u32_le(what)?,
            tree_id: r.u32_le(what)?,
            session_id: r.u64_le(what)?,
            signature: r.take(16, what)?,
        })
    }

    /// Whether it goes on where the message before it in a frame ended (§2.2.1.2).
    pub fn is_related(&self) -> bool {
        self.flags & 4 != 0
    }

    /// Takes share and login from the message before it, where it does not say them itself (§3.2.4.1.4).
    pub(super) fn relate(&mut self, before: &Header<'_>) {
        if self.tree_id == u32::MAX {
            self.tree_id = before.tree_id;
        }
        if self.session_id == u64::MAX {
            self.session_id = before.session_id;
        }
    }

    /// Whether a response says that something went wrong, and nothing else (§3.3.4.4).
    pub(super) fn is_error(&self) -> bool {
        match self.status {
            status::SUCCESS => false,
            status::BUFFER_OVERFLOW => {
                !matches!(self.command, command::IOCTL | command::QUERY_INFO | command::READ)
            }
            status::INVALID_PARAMETER => self.command != command::IOCTL,
            status::MORE_PROCESSING_REQUIRED => self.command != command::SESSION_SETUP,
            status::NOTIFY_ENUM_DIR => self.command != command::CHANGE_NOTIFY,
            _ => true,
        }
    }

    /// Where something is that stands so many bytes behind the header's beginning, as counted from the header's end.
    fn place(&self, offset: impl Into<i64>) -> i64 {
        offset.into() - i64::from(self.len)
    }
}

impl Body<'_> {
    /// The file that a request is about.
    pub(super) fn file_mut(&mut self) -> Option<&mut Guid> {
        match self {
            Body::CloseRequest { file }
            | Body::ReadRequest { file, .. }
            | Body::WriteRequest { file, .. }
            | Body::IoctlRequest { file, .. }
            | Body::SetInfo { file, .. } => Some(file),
            _ => None,
        }
    }
}

fn guid(r: &mut Cursor<'_>, what: &'static str) -> Result<Guid> {
    Ok(Guid { persistent: r.u64_le(what)?, volatile: r.u64_le(what)? })
}

/// Times in the order in which they are sent.
fn times(r: &mut Cursor<'_>, what: &'static str) -> Result<Times> {
    let [created, accessed, modified, changed] =
        [r.u64_le(what)?, r.u64_le(what)?, r.u64_le(what)?, r.u64_le(what)?];
    Ok(Times { modified, accessed, created, changed })
}

/// Reads what a client says behind the header.
pub(super) fn request<'a>(header: &Header<'_>, r: &mut Cursor<'a>) -> Result<Body<'a>> {
    Ok(match header.command {
        command::NEGOTIATE => {
            let what = "SMB2_negotiate_request:client_start_time";
            r.need(36, what)?;
            r.take(2, what)?;
            let count = r.u16_le(what)?;
            r.take(32, what)?;
            let dialects = Numbers(r.take(usize::from(count) * 2, "SMB2_negotiate_request:dialects")?);
            Body::NegotiateRequest { dialects }
        }
        command::SESSION_SETUP => {
            let what = "SMB2_session_setup_request:security_length";
            r.need(16, what)?;
            r.take(3, what)?;
            let security_mode = r.u8(what)?;
            r.take(8, what)?;
            let (offset, len) = (r.u16_le(what)?, r.u16_le(what)?);
            r.pad_to(header.place(offset), "SMB2_session_setup_request:pad1")?;
            let blob = r.take(len.into(), "SMB2_session_setup_request:security_blob")?;
            Body::SessionSetupRequest { security_mode, blob }
        }
        command::TREE_CONNECT => {
            let what = "SMB2_tree_connect_request:path_length";
            r.need(8, what)?;
            r.take(4, what)?;
            let (offset, len) = (r.u16_le(what)?, r.u16_le(what)?);
            r.pad_to(header.place(offset), "SMB2_tree_connect_request:pad")?;
            Body::TreeConnectRequest { path: of_utf16(r.take(len.into(), "SMB2_string:s")?) }
        }
        command::TREE_DISCONNECT => {
            r.take(4, "SMB2_tree_disconnect_request:reserved")?;
            Body::TreeDisconnectRequest
        }
        command::CREATE => {
            let what = "SMB2_create_request:context_len";
            r.need(56, what)?;
            r.take(36, what)?;
            let (disposition, options) = (r.u32_le(what)?, r.u32_le(what)?);
            let (offset, len) = (r.u16_le(what)?, r.u16_le(what)?);
            let (context_offset, context_len) = (r.u32_le(what)?, r.u32_le(what)?);
            r.pad_to(header.place(offset), "SMB2_create_request:filename_pad")?;
            let name = of_utf16(r.take(len.into(), "SMB2_string:s")?);
            skip_contexts(
                header,
                r,
                (context_offset, context_len),
                ["SMB2_create_request:context_pad", "SMB2_create_request:contexts"],
            )?;
            Body::CreateRequest { name, disposition, options }
        }
        command::CLOSE => {
            let what = "SMB2_close_request:file_id";
            r.need(24, what)?;
            r.take(8, what)?;
            Body::CloseRequest { file: guid(r, what)? }
        }
        command::READ => {
            let what = "SMB2_read_request:channel_info_len";
            r.need(48, what)?;
            r.take(4, what)?;
            let (len, offset, file) = (r.u32_le(what)?, r.u64_le(what)?, guid(r, what)?);
            r.take(12, what)?;
            let (channel_offset, channel_len) = (r.u16_le(what)?, r.u16_le(what)?);
            r.pad_to(header.place(channel_offset), "SMB2_read_request:pad")?;
            r.take(channel_len.into(), "SMB2_read_request:buffer")?;
            Body::ReadRequest { file, offset, len }
        }
        command::WRITE => {
            let what = "SMB2_write_request:flags";
            r.need(48, what)?;
            r.take(2, what)?;
            let (data_offset, len, offset) = (r.u16_le(what)?, r.u32_le(what)?, r.u64_le(what)?);
            let file = guid(r, what)?;
            r.take(16, what)?;
            r.pad_to(header.place(data_offset), "SMB2_write_request:pad")?;
            let data = r.take(size(len), "SMB2_write_request:data")?;
            Body::WriteRequest { file, offset, data }
        }
        command::LOCK => {
            let what = "SMB2_lock_request:file_id";
            r.need(24, what)?;
            r.take(2, what)?;
            let count = r.u16_le(what)?;
            r.take(20, what)?;
            r.take(usize::from(count) * 20, "SMB2_lock_request:locks")?;
            Body::Other
        }
        command::IOCTL => {
            let what = "SMB2_ioctl_request:reserved2";
            r.need(56, what)?;
            r.take(4, what)?;
            let (code, file) = (r.u32_le(what)?, guid(r, what)?);
            let (input_offset, input_len) = (r.u32_le(what)?, r.u32_le(what)?);
            r.take(4, what)?;
            let (output_offset, output_len) = (r.u32_le(what)?, r.u32_le(what)?);
            r.take(12, what)?;
            let (input, _) =
                both(header, r, [(input_offset, input_len), (output_offset, output_len)], IOCTL_REQUEST)?;
            Body::IoctlRequest { file, code, input }
        }
        command::QUERY_DIRECTORY => {
            let what = "SMB2_query_directory_request:output_buffer_len";
            r.need(32, what)?;
            r.take(24, what)?;
            let (offset, len) = (r.u16_le(what)?, r.u16_le(what)?);
            r.take(4, what)?;
            r.pad_to(header.place(offset), "SMB2_query_directory_request:pad")?;
            r.take(len.into(), "SMB2_query_directory_request:file_name")?;
            Body::Other
        }
        command::QUERY_INFO => {
            let what = "SMB2_query_info_request:file_id";
            r.need(40, what)?;
            r.take(8, what)?;
            let offset = r.u16_le(what)?;
            r.take(2, what)?;
            let len = r.u32_le(what)?;
            r.take(24, what)?;
            r.pad_to(header.place(offset), "SMB2_query_info_request:pad")?;
            r.take(size(len), "SMB2_query_info_request:buffer")?;
            Body::Other
        }
        command::SET_INFO => set_info(header, r)?,
        _ => Body::Other,
    })
}

/// Reads what a server says behind the header, where nothing went wrong.
pub(super) fn response<'a>(header: &Header<'_>, r: &mut Cursor<'a>) -> Result<Body<'a>> {
    Ok(match header.command {
        command::NEGOTIATE => Body::NegotiateResponse(negotiate_response(header, r)?),
        command::SESSION_SETUP => {
            let what = "SMB2_session_setup_response:security_length";
            r.need(8, what)?;
            r.take(2, what)?;
            let (flags, offset, len) = (r.u16_le(what)?, r.u16_le(what)?, r.u16_le(what)?);
            r.pad_to(header.place(offset), "SMB2_session_setup_response:pad1")?;
            let blob = r.take(len.into(), "SMB2_session_setup_response:security_blob")?;
            Body::SessionSetupResponse { flags, blob }
        }
        command::TREE_CONNECT => {
            let what = "SMB2_tree_connect_response:maximal_access";
            r.need(16, what)?;
            r.take(2, what)?;
            let share_type = r.u8(what)?;
            r.take(13, what)?;
            Body::TreeConnectResponse { share_type }
        }
        command::TREE_DISCONNECT => {
            r.take(4, "SMB2_tree_disconnect_response:reserved")?;
            Body::TreeDisconnectResponse
        }
        command::CREATE => {
            let what = "SMB2_create_response:context_len";
            r.need(88, what)?;
            r.take(4, what)?;
            let (action, times) = (r.u32_le(what)?, times(r, what)?);
            r.take(8, what)?;
            let (size, attributes) = (r.u64_le(what)?, r.u32_le(what)?);
            r.take(4, what)?;
            let file = guid(r, what)?;
            let contexts = (r.u32_le(what)?, r.u32_le(what)?);
            skip_contexts(
                header,
                r,
                contexts,
                ["SMB2_create_response:context_pad", "SMB2_create_response:contexts"],
            )?;
            Body::CreateResponse { file, size, times, attributes, action }
        }
        command::CLOSE => {
            let what = "SMB2_close_response:file_attrs";
            r.need(60, what)?;
            r.take(8, what)?;
            let times = times(r, what)?;
            let (allocated, size, attributes) = (r.u64_le(what)?, r.u64_le(what)?, r.u32_le(what)?);
            Body::CloseResponse { allocated, size, times, attributes }
        }
        command::READ => {
            let what = "SMB2_read_response:reserved";
            r.need(16, what)?;
            r.take(2, what)?;
            let offset = r.u8(what)?;
            r.take(1, what)?;
            let len = r.u32_le(what)?;
            r.take(8, what)?;
            r.pad_to(header.place(offset), "SMB2_read_response:pad")?;
            Body::ReadResponse { data: r.take(size(len), "SMB2_read_response:data")? }
        }
        command::WRITE => {
            let what = "SMB2_write_response:channel_info_len";
            r.need(16, what)?;
            r.take(4, what)?;
            let written = r.u32_le(what)?;
            r.take(8, what)?;
            Body::WriteResponse { written }
        }
        command::IOCTL => {
            let what = "SMB2_ioctl_response:reserved2";
            r.need(48, what)?;
            r.take(4, what)?;
            let code = r.u32_le(what)?;
            r.take(16, what)?;
            let (input_offset, input_len) = (r.u32_le(what)?, r.u32_le(what)?);
            let (output_offset, output_len) = (r.u32_le(what)?, r.u32_le(what)?);
            r.take(8, what)?;
            let (_, output) =
                both(header, r, [(input_offset, input_len), (output_offset, output_len)], IOCTL_RESPONSE)?;
            Body::IoctlResponse { code, output }
        }
        command::QUERY_DIRECTORY | command::CHANGE_NOTIFY | command::QUERY_INFO => {
            let [what, pad, buffer] = match header.command {
                command::QUERY_DIRECTORY => [
                    "SMB2_query_directory_response:buffer_len",
                    "SMB2_query_directory_response:pad",
                    "SMB2_query_directory_response:buffer",
                ],
                command::CHANGE_NOTIFY => [
                    "SMB2_change_notify_response:output_buffer_len",
                    "SMB2_change_notify_response:pad",
                    "SMB2_change_notify_response:buffer",
                ],
                _ => [
                    "SMB2_query_info_response:buffer_len",
                    "SMB2_query_info_response:pad",
                    "SMB2_query_info_response:buffer",
                ],
            };
            r.need(8, what)?;
            r.take(2, what)?;
            let (offset, len) = (r.u16_le(what)?, r.u32_le(what)?);
            r.pad_to(header.place(offset), pad)?;
            r.take(size(len), buffer)?;
            Body::Other
        }
        _ => Body::Other,
    })
}

fn size(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

fn skip_contexts(
    header: &Header<'_>,
    r: &mut Cursor<'_>,
    (offset, len): (u32, u32),
    [pad, contexts]: [&'static str; 2],
) -> Result<()> {
    if offset != 0 {
        r.pad_to(header.place(offset), pad)?;
    }
    r.take(size(len), contexts).map(|_| ())
}

const IOCTL_REQUEST: [&str; 2] = ["SMB2_ioctl_request:input_buffer", "SMB2_ioctl_request:output_buffer"];
const IOCTL_RESPONSE: [&str; 2] = ["SMB2_ioctl_response:input_buffer", "SMB2_ioctl_response:output_buffer"];

/// What goes in and out of a device, each at its place.
fn both<'a>(
    header: &Header<'_>,
    r: &mut Cursor<'a>,
    [(input_offset, input_len), (output_offset, output_len)]: [(u32, u32); 2],
    [input, output]: [&'static str; 2],
) -> Result<(&'a [u8], &'a [u8])> {
    if input_offset != 0 {
        r.pad_to(header.place(input_offset), input)?;
    }
    let input = r.take(size(input_len), input)?;
    if output_offset != 0 && output_offset != input_offset {
        r.pad_to(header.place(output_offset), output)?;
    }
    Ok((input, r.take(size(output_len), output)?))
}

fn negotiate_response<'a>(header: &Header<'_>, r: &mut Cursor<'a>) -> Result<NegotiateResponse<'a>> {
    let what = "SMB2_negotiate_response:negotiate_context_offset";
    r.need(64, what)?;
    r.take(2, what)?;
    let (security_mode, dialect, context_count) = (r.u16_le(what)?, r.u16_le(what)?, r.u16_le(what)?);
    let server = guid(r, what)?;
    r.take(16, what)?;
    let (system_time, start_time) = (r.u64_le(what)?, r.u64_le(what)?);
    r.take(2, what)?;
    let (blob_len, context_offset) = (r.u16_le(what)?, r.u32_le(what)?);
    let blob = r.take(blob_len.into(), "SMB2_negotiate_response:security_blob")?;
    let mut contexts = Vec::new();
    if dialect == SMB_3_1_1 {
        r.pad_to(header.place(context_offset), "SMB2_negotiate_response:pad1")?;
        for nth in 0..context_count {
            // Each takes eight bytes at least, and so there are no more of them than bytes.
            contexts.push(r.record(|r| {
                let context = context(r)?;
                if nth + 1 < context_count {
                    let over = r.in_record() % 8;
                    r.take((8 - over) % 8, "Padded_SMB3_negotiate_context_value:pad")?;
                }
                Ok(context)
            })?);
        }
    }
    Ok(NegotiateResponse {
        security_mode,
        dialect,
        context_count,
        server,
        system_time,
        start_time,
        blob,
        contexts,
    })
}

fn context<'a>(r: &mut Cursor<'a>) -> Result<Context<'a>> {
    let what = "SMB3_negotiate_context_value:reserved";
    r.need(8, what)?;
    let (kind, len) = (r.u16_le(what)?, r.u16_le(what)?);
    r.take(4, what)?;
    let numbers = |r: &mut Cursor<'a>, count: u16, what| r.take(usize::from(count) * 2, what).map(Numbers);
    let data = match kind {
        1 => {
            let what = "SMB3_preauth_integrity_capabilities:salt_length";
            r.need(4, what)?;
            let (count, salt) = (r.u16_le(what)?, r.u16_le(what)?);
            let hashes = numbers(r, count, "SMB3_preauth_integrity_capabilities:hash_alg")?;
            ContextData::Preauth(hashes, r.take(salt.into(), "SMB3_preauth_integrity_capabilities:salt")?)
        }
        2 => {
            let count = r.u16_le("SMB3_encryption_capabilities:cipher_count")?;
            ContextData::Encryption(numbers(r, count, "SMB3_encryption_capabilities:ciphers")?)
        }
        3 => {
            let what = "SMB3_compression_capabilities:reserved";
            r.need(8, what)?;
            let count = r.u16_le(what)?;
            r.take(6, what)?;
            ContextData::Compression(numbers(r, count, "SMB3_compression_capabilities:algs")?)
        }
        5 => ContextData::Netname(r.take(len.into(), "SMB3_netname_negotiate_context_id:net_name")?),
        _ => {
            r.take(len.into(), "SMB3_negotiate_context_value:unknown_context_data")?;
            ContextData::Other
        }
    };
    Ok(Context { kind, len, data })
}

fn set_info<'a>(header: &Header<'_>, r: &mut Cursor<'a>) -> Result<Body<'a>> {
    let what = "SMB2_set_info_request:file_id";
    r.need(32, what)?;
    r.take(2, what)?;
    let (class, level) = (r.u8(what)?, r.u8(what)?);
    r.take(4, what)?;
    let offset = r.u16_le(what)?;
    r.take(6, what)?;
    let file = guid(r, what)?;
    r.pad_to(header.place(offset), "SMB2_set_info_request:pad")?;
    let change = r.record(|r| match class {
        1 => file_change(r, level),
        2 => system_change(r, level),
        _ => Ok(None),
    })?;
    Ok(change.map_or(Body::Other, |change| Body::SetInfo { file, change }))
}

/// A text that its length stands before.
fn counted<'a>(r: &mut Cursor<'a>, what: &'static str) -> Result<Cow<'a, [u8]>> {
    let len = r.u32_le(what)?;
    Ok(of_utf16(r.take(size(len), "SMB2_string:s")?))
}

fn file_change<'a>(r: &mut Cursor<'a>, level: u8) -> Result<Option<Change<'a>>> {
    Ok(Some(match level {
        0x04 => {
            let what = "SMB2_file_basic_info:file_attrs";
            r.need(36, what)?;
            Change::Attributes { times: times(r, what)?, attributes: r.u32_le(what)? }
        }
        0x0a => {
            r.take(16, "SMB2_file_rename_info:root_directory")?;
            Change::Rename(counted(r, "SMB2_file_rename_info:filename_len")?)
        }
        0x0b => {
            r.take(8, "SMB2_file_link_info:reserved")?;
            let root = r.u64_le("SMB2_file_link_info:root_directory")?;
            Change::Link { root, name: counted(r, "SMB2_file_link_info:file_name_length")? }
        }
        0x0d => Change::Delete(r.u8("SMB2_file_disposition_info:delete_pending")? > 0),
        0x0e => Change::Position(signed(r, "SMB2_file_position_info:current_byte_offset")?),
        0x0f => Change::ExtendedAttributes(extended_attributes(r)?),
        0x10 => Change::Mode(r.u32_le("SMB2_file_mode_info:mode")?),
        0x13 => Change::Allocation(signed(r, "SMB2_file_allocation_info:allocation_size")?),
        0x14 => Change::EndOfFile(signed(r, "SMB2_file_endoffile_info:endoffile")?),
        0x18 => {
            let what = "SMB2_file_pipe_info:completion_mode";
            r.need(8, what)?;
            Change::Pipe { read_mode: r.u32_le(what)?, completion_mode: r.u32_le(what)? }
        }
        0x27 => Change::ValidDataLength(signed(r, "SMB2_file_validdatalength_info:validdatalength")?),
        0x28 => Change::ShortName(counted(r, "SMB2_file_shortname_info:filename_length")?),
        _ => return Ok(None),
    }))
}

fn system_change<'a>(r: &mut Cursor<'a>, level: u8) -> Result<Option<Change<'a>>> {
    Ok(Some(match level {
        0x06 => {
            let what = "SMB2_file_fscontrol_info:pad";
            r.need(48, what)?;
            let filtering = [signed(r, what)?, signed(r, what)?, signed(r, what)?];
            let quotas = [r.u64_le(what)?, r.u64_le(what)?];
            Change::FsControl { filtering, quotas, flags: r.u32_le(what)? }
        }
        0x08 => {
            let id = guid(r, "SMB2_file_fsobjectid_info:object_id")?;
            Change::FsObjectId { id, extended: of_utf16(r.take(48, "SMB2_string:s")?) }
        }
        _ => return Ok(None),
    }))
}

fn signed(r: &mut Cursor<'_>, what: &'static str) -> Result<i64> {
    r.u64_le(what).map(u64::cast_signed)
}

fn extended_attributes<'a>(r: &mut Cursor<'a>) -> Result<Vec<ExtendedAttribute<'a>>> {
    let mut all = Vec::new();
    loop {
        // Each takes eight bytes at least.
        let next = r.record(|r| {
            let what = "SMB2_file_fullea_info_element:ea_value_length";
            r.need(8, what)?;
            let next = r.u32_le(what)?;
            r.take(1, what)?;
            let (name, value) = (r.u8(what)?, r.u16_le(what)?);
            let name = of_utf16(r.take(name.into(), "SMB2_string:s")?);
            all.push((name, of_utf16(r.take(value.into(), "SMB2_string:s")?)));
            r.pad_to(next.into(), "SMB2_file_fullea_info_element:pad_to_next")?;
            Ok(next)
        })?;
        if next == 0 {
            return Ok(all);
        }
    }
}
