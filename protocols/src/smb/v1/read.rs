//! Reading the commands of a message.

use std::borrow::Cow;

use super::*;
use crate::bounds::{Broken, Cursor, Result};
use crate::smb::text::of_v1;

/// Of what an NT server is capable: that security is extended.
const EXTENDED_SECURITY: u32 = 1 << 31;

/// The command that follows on another in the same message, and where.
#[derive(Clone, Copy)]
struct AndX {
    command: u8,
    offset: u16,
}

/// No further command.
const NO_COMMAND: u8 = 0xff;

/// Commands of one message. Clients send two or three; stops chains as long as what a frame holds.
pub const MAX_CHAIN: usize = 32;

/// The name of a record's field, for what is told where it is missing.
macro_rules! of {
    ($record:literal, $field:literal) => {
        concat!($record, ":", $field)
    };
}

/// Reads the commands of a message behind its header: the last comes first, as Zeek tells them.
pub(in crate::folders::smb) fn bodies<'a>(
    header: &Header,
    is_orig: bool,
    r: &mut Cursor<'a>,
) -> Result<Vec<Body<'a>>> {
    let mut bodies = Vec::new();
    let (mut command, mut place) = (header.command, HEADER);
    loop {
        let start = r.position();
        let read = if is_orig { request } else { response };
        let (body, next) = r.record(|r| {
            let (body, next) = read(header, command, r)?;
            // The lengths of what is chained do not count what stands before the first of its words.
            let next = next.map(|next| skip_to(next, place, r).map(|()| next)).transpose()?;
            Ok((body, next))
        })?;
        bodies.push(body);
        match next {
            Some(next)
                if next.command != NO_COMMAND
                    && usize::from(next.offset) > place
                    && bodies.len() < MAX_CHAIN =>
            {
                command = next.command;
                place += r.position() - start;
            }
            _ => break,
        }
    }
    bodies.reverse();
    Ok(bodies)
}

/// Passes over what stands between a command and the next one, as Zeek does: that is what lies before a place that is
/// hardly further than what was read.
fn skip_to(next: AndX, place: usize, r: &mut Cursor<'_>) -> Result<()> {
    let (offset, read) = (usize::from(next.offset), place + r.in_record());
    if offset == 0 || offset >= read + 2 {
        return Ok(());
    }
    let what = "extra_byte_parameters";
    match offset.checked_sub(read) {
        Some(len) => r.take(len, what).map(|_| ()),
        None => {
            let len = offset.cast_signed() - read.cast_signed();
            Err(Broken::Other(format!("invalid length string: {what}: {len}")))
        }
    }
}

/// A command's words: how many there are, and what follows.
fn andx(r: &mut Cursor<'_>, what: &'static str) -> Result<AndX> {
    let command = r.u8(what)?;
    r.take(1, what)?;
    Ok(AndX { command, offset: r.u16_le(what)? })
}

type Read<'a> = Result<(Body<'a>, Option<AndX>)>;

fn request<'a>(header: &Header, command: u8, r: &mut Cursor<'a>) -> Read<'a> {
    let unicode = header.is_unicode();
    let body = match command {
        command::READ_ANDX => return read_request(r),
        command::WRITE_ANDX => return write_request(r),
        command::SESSION_SETUP_ANDX => return setup_request(unicode, r),
        command::TREE_CONNECT_ANDX => {
            let what = of!("SMB1_tree_connect_andx_request", "byte_count");
            r.need(11, what)?;
            r.take(1, what)?;
            let next = andx(r, what)?;
            r.take(2, what)?;
            let password = r.u16_le(what)?;
            r.take(2, what)?;
            r.take(password.into(), of!("SMB1_tree_connect_andx_request", "password"))?;
            let path = of_v1(r, unicode, r.in_record())?;
            let service = of_v1(r, false, 0)?;
            return Ok((Body::TreeConnectRequest { path, service }, Some(next)));
        }
        command::NT_CREATE_ANDX => {
            let what = of!("SMB1_nt_create_andx_request", "byte_count");
            r.need(51, what)?;
            r.take(1, what)?;
            let next = andx(r, what)?;
            r.take(46, what)?;
            let name = of_v1(r, unicode, r.in_record())?;
            return Ok((Body::NtCreateRequest(name), Some(next)));
        }
        command::LOCKING_ANDX => {
            let what = of!("SMB1_locking_andx_request", "bytecount");
            r.need(19, what)?;
            r.take(1, what)?;
            let next = andx(r, what)?;
            r.take(8, what)?;
            let (unlocks, locks) = (r.u16_le(what)?, r.u16_le(what)?);
            r.take(2, what)?;
            r.take(usize::from(unlocks) * 20, of!("SMB1_locking_andx_request", "unlocks64"))?;
            r.take(usize::from(locks) * 20, of!("SMB1_locking_andx_request", "locks64"))?;
            return Ok((Body::Other, Some(next)));
        }
        command::LOGOFF_ANDX => return logoff(r),
        command::NEGOTIATE => {
            let what = of!("SMB1_negotiate_request", "byte_count");
            r.need(3, what)?;
            r.take(1, what)?;
            let len = r.u16_le(what)?;
            let mut list = Cursor::new(r.take(len.into(), of!("SMB1_negotiate_request", "dialects"))?);
            let mut dialects = Vec::new();
            while !list.is_empty() {
                list.take(1, of!("SMB_dialect", "buffer_format"))?;
                dialects.push(of_v1(&mut list, false, 0)?);
            }
            Body::NegotiateRequest(dialects)
        }
        command::TRANSACTION => transaction_request(unicode, r)?,
        command::TRANSACTION_SECONDARY => {
            let (counts, parameters, _) = secondary(r, 0)?;
            let [.., data_len, _, _] = counts;
            let data = r.take_rest();
            Body::TransactionSecondary {
                counts,
                parameters,
                data: data.get(..data_len.into()).unwrap_or(data),
            }
        }
        command::TRANSACTION2 => transaction2_request(unicode, r)?,
        command::TRANSACTION2_SECONDARY => {
            let (counts, parameters, file) = secondary(r, 2)?;
            let [.., data_len, _, _] = counts;
            let data = r.take(data_len.into(), of!("SMB1_transaction2_secondary_request", "data"))?;
            Body::Transaction2Secondary { counts, file, parameters, data }
        }
        command::NT_TRANSACT => {
            r.take(1, of!("SMB1_nt_transact_request", "word_count"))?;
            Body::Other
        }
        command::CLOSE => {
            let what = of!("SMB1_close_request", "byte_count");
            r.need(9, what)?;
            r.take(1, what)?;
            let file = r.u16_le(what)?;
            r.take(6, what)?;
            Body::CloseRequest { file }
        }
        command::QUERY_INFORMATION => {
            r.take(4, of!("SMB1_query_information_request", "buffer_format"))?;
            Body::QueryInformationRequest(of_v1(r, unicode, 4)?)
        }
        command::CHECK_DIRECTORY => {
            r.take(4, of!("SMB1_check_directory_request", "buffer_format"))?;
            Body::CheckDirectoryRequest(of_v1(r, unicode, 4)?)
        }
        command::ECHO => {
            let (count, data) = echo(r)?;
            Body::EchoRequest { count, data }
        }
        command::TREE_DISCONNECT => {
            r.take(3, of!("SMB1_tree_disconnect", "byte_count"))?;
            Body::TreeDisconnect
        }
        command::NT_CANCEL => {
            r.take(3, of!("SMB1_nt_cancel_request", "byte_count"))?;
            Body::NtCancel
        }
        _ => Body::Other,
    };
    Ok((body, None))
}

fn response<'a>(header: &Header, command: u8, r: &mut Cursor<'a>) -> Read<'a> {
    let unicode = header.is_unicode();
    let body = match command {
        command::READ_ANDX => {
            let what = of!("SMB1_read_andx_response", "byte_count");
            r.need(27, what)?;
            r.take(1, what)?;
            let next = andx(r, what)?;
            r.take(6, what)?;
            let (low, offset, high) = (r.u16_le(what)?, r.u16_le(what)?, r.u16_le(what)?);
            r.take(10, what)?;
            r.pad_to(behind(offset), of!("SMB1_read_andx_response", "pad"))?;
            let len = long(u32::from(high) << 16 | u32::from(low));
            let data = r.take(len, of!("SMB1_read_andx_response", "data"))?;
            return Ok((Body::ReadResponse { data }, Some(next)));
        }
        command::WRITE_ANDX => {
            let what = of!("SMB1_write_andx_response", "byte_count");
            r.need(15, what)?;
            r.take(1, what)?;
            let next = andx(r, what)?;
            let low = r.u16_le(what)?;
            r.take(2, what)?;
            let high = r.u16_le(what)?;
            r.take(4, what)?;
            let written = u32::from(high) << 16 | u32::from(low);
            return Ok((Body::WriteResponse { written }, Some(next)));
        }
        command::SESSION_SETUP_ANDX => return setup_response(unicode, r),
        command::TREE_CONNECT_ANDX => {
            let words = r.u8(of!("SMB1_tree_connect_andx_response", "word_count"))?;
            let what = of!("SMB1_tree_connect_andx_response", "andx");
            r.need(4, what)?;
            let next = andx(r, what)?;
            let more = if words < 3 { 0 } else { 2 + (usize::from(words) - 3) * 2 };
            r.take(more, of!("SMB1_tree_connect_andx_response", "pad"))?;
            let len = r.u16_le(of!("SMB1_tree_connect_andx_response", "byte_count"))?;
            let before = r.position();
            let service = of_v1(r, false, 0)?;
            let more = usize::from(len) > r.position() - before;
            let file_system = if more { of_v1(r, unicode, r.in_record())? } else { Cow::Borrowed(&b""[..]) };
            return Ok((Body::TreeConnectResponse { service, file_system }, Some(next)));
        }
        command::NT_CREATE_ANDX => {
            let what = of!("SMB1_nt_create_andx_response", "byte_count");
            r.need(71, what)?;
            r.take(1, what)?;
            let next = andx(r, what)?;
            r.take(1, what)?;
            let file = r.u16_le(what)?;
            r.take(4, what)?;
            let [created, accessed, modified, changed] =
                [r.u64_le(what)?, r.u64_le(what)?, r.u64_le(what)?, r.u64_le(what)?];
            r.take(12, what)?;
            let size = r.u64_le(what)?;
            r.take(7, what)?;
            let times = Times { modified, accessed, created, changed };
            return Ok((Body::NtCreateResponse { file, size, times }, Some(next)));
        }
        command::LOGOFF_ANDX => return logoff(r),
        command::NEGOTIATE => Body::NegotiateResponse(negotiate_response(unicode, r)?),
        command::TRANSACTION => {
            let what = of!("SMB1_transaction_response", "reserved2");
            r.need(21, what)?;
            r.take(7, what)?;
            let (parameters, offset) = (r.u16_le(what)?, r.u16_le(what)?);
            r.take(2, what)?;
            let (data, data_offset) = (r.u16_le(what)?, r.u16_le(what)?);
            r.take(2, what)?;
            let setup = r.u8(what)?;
            r.take(1, what)?;
            r.take(usize::from(setup) * 2, of!("SMB1_transaction_response", "setup"))?;
            r.take(2, of!("SMB1_transaction_response", "byte_count"))?;
            r.pad_to(behind(offset), of!("SMB1_transaction_response", "pad0"))?;
            let parameters = r.take(parameters.into(), of!("SMB1_transaction_response", "parameters"))?;
            r.pad_to(behind(data_offset), of!("SMB1_transaction_response", "pad1"))?;
            let data = if data > 0 { r.take_rest() } else { &[] };
            Body::TransactionResponse { parameters, data }
        }
        command::TRANSACTION2 => {
            let what = of!("SMB1_transaction2_response", "byte_count");
            r.need(23, what)?;
            r.take(21, what)?;
            let len = r.u16_le(what)?;
            r.take(len.into(), of!("SMB1_transaction2_response", "stuff"))?;
            Body::Other
        }
        command::NT_TRANSACT => {
            r.take(1, of!("SMB1_nt_transact_response", "word_count"))?;
            Body::Other
        }
        command::CLOSE => {
            r.take(3, of!("SMB_empty_response", "byte_count"))?;
            Body::CloseResponse
        }
        command::QUERY_INFORMATION => {
            r.take(23, of!("SMB1_query_information_response", "byte_count"))?;
            Body::Other
        }
        command::CHECK_DIRECTORY => {
            r.take(3, of!("SMB1_check_directory_response", "byte_count"))?;
            Body::CheckDirectoryResponse
        }
        command::ECHO => {
            let (number, data) = echo(r)?;
            Body::EchoResponse { number, data }
        }
        command::TREE_DISCONNECT => {
            r.take(3, of!("SMB1_tree_disconnect", "byte_count"))?;
            Body::TreeDisconnect
        }
        _ => Body::Other,
    };
    Ok((body, None))
}

/// Where something is that stands so many bytes behind the header's beginning, as counted from its end.
fn behind(offset: u16) -> i64 {
    i64::from(offset) - HEADER as i64
}

fn long(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

fn read_request<'a>(r: &mut Cursor<'a>) -> Read<'a> {
    let what = of!("SMB1_read_andx_request", "remaining");
    r.need(21, what)?;
    let words = r.u8(what)?;
    let next = andx(r, what)?;
    let (file, offset_low) = (r.u16_le(what)?, r.u32_le(what)?);
    let len_low = r.u16_le(what)?;
    r.take(2, what)?;
    let len_high = r.u32_le(what)?;
    r.take(2, what)?;
    let offset_high =
        if words == 12 { r.u32_le(of!("SMB1_read_andx_request", "offset_high_tmp"))? } else { 0 };
    r.take(2, of!("SMB1_read_andx_request", "byte_count"))?;
    // Those that do not use it say that it is as high as can be.
    let high = |high: u32| if high == u32::MAX { 0 } else { u64::from(high) * 0x10000 };
    let offset = high(offset_high).wrapping_add(offset_low.into());
    let len = high(len_high).wrapping_add(len_low.into());
    Ok((Body::ReadRequest { file, offset, len }, Some(next)))
}

fn write_request<'a>(r: &mut Cursor<'a>) -> Read<'a> {
    let what = of!("SMB1_write_andx_request", "data_offset");
    r.need(25, what)?;
    let words = r.u8(what)?;
    let next = andx(r, what)?;
    let (file, offset_low) = (r.u16_le(what)?, r.u32_le(what)?);
    r.take(8, what)?;
    let (high, low, data_offset) = (r.u16_le(what)?, r.u16_le(what)?, r.u16_le(what)?);
    let offset_high =
        if words == 14 { r.u32_le(of!("SMB1_write_andx_request", "offset_high_tmp"))? } else { 0 };
    r.take(2, of!("SMB1_write_andx_request", "byte_count"))?;
    r.pad_to(behind(data_offset), of!("SMB1_write_andx_request", "pad"))?;
    let len = u32::from(high) << 16 | u32::from(low);
    let data = r.take(long(len), of!("SMB1_write_andx_request", "data"))?;
    // As in Zeek, which counts in 32 bits here.
    let offset = offset_high.wrapping_mul(0x10000).wrapping_add(offset_low).into();
    Ok((Body::WriteRequest { file, offset, len, data }, Some(next)))
}

fn logoff<'a>(r: &mut Cursor<'a>) -> Read<'a> {
    let what = of!("SMB1_logoff_andx", "byte_count");
    r.need(7, what)?;
    r.take(1, what)?;
    let next = andx(r, what)?;
    r.take(2, what)?;
    Ok((Body::Logoff, Some(next)))
}

fn echo<'a>(r: &mut Cursor<'a>) -> Result<(u16, &'a [u8])> {
    let what = of!("SMB1_echo_request", "byte_count");
    r.need(5, what)?;
    r.take(1, what)?;
    let (number, len) = (r.u16_le(what)?, r.u16_le(what)?);
    Ok((number, r.take(len.into(), of!("SMB1_echo_request", "data"))?))
}

/// A client logs in. The texts stand in a record within the record, and so at odd places.
fn setup_request<'a>(unicode: bool, r: &mut Cursor<'a>) -> Read<'a> {
    let words = r.u8(of!("SMB1_session_setup_andx_request", "word_count"))?;
    let what = match words {
        10 => of!("SMB1_session_setup_andx_request_lanman", "byte_count"),
        12 => of!("SMB1_session_setup_andx_request_ntlm_extended_security", "byte_count"),
        13 => of!("SMB1_session_setup_andx_request_ntlm_nonextended_security", "byte_count"),
        _ => {
            return Err(Broken::Case {
                what: of!("SMB1_session_setup_andx_request", "lanman_or_ntlm"),
                index: words.into(),
            });
        }
    };
    let fixed = match words {
        10 => 22,
        12 => 26,
        _ => 28,
    };
    r.need(fixed, what)?;
    let next = andx(r, what)?;
    let mut setup = SetupRequest {
        words,
        max_buffer: r.u16_le(what)?,
        max_mpx: r.u16_le(what)?,
        vc: r.u16_le(what)?,
        session_key: r.u32_le(what)?,
        ..SetupRequest::default()
    };
    let first = r.u16_le(what)?;
    let second = if words == 13 { r.u16_le(what)? } else { 0 };
    r.take(4, what)?;
    if words > 10 {
        setup.capabilities = Some(r.u32_le(what)?);
    }
    r.take(2, what)?;
    match words {
        10 => {
            let what = of!("SMB1_session_setup_andx_request_lanman", "account_password");
            setup.password = Some(r.take(first.into(), what)?);
        }
        12 => {
            let what = of!("SMB1_session_setup_andx_request_ntlm_extended_security", "security_blob");
            setup.blob = Some(r.take(first.into(), what)?);
        }
        _ => {
            let what =
                of!("SMB1_session_setup_andx_request_ntlm_nonextended_security", "case_sensitive_password");
            setup.passwords = Some([r.take(first.into(), what)?, r.take(second.into(), what)?]);
        }
    }
    if words != 12 {
        setup.account = Some(of_v1(r, unicode, r.in_record())?);
        setup.domain = Some(of_v1(r, unicode, r.in_record())?);
    }
    setup.native_os = of_v1(r, unicode, r.in_record())?;
    setup.native_lanman = of_v1(r, unicode, r.in_record())?;
    Ok((Body::SessionSetupRequest(setup), Some(next)))
}

fn setup_response<'a>(unicode: bool, r: &mut Cursor<'a>) -> Read<'a> {
    let words = r.u8(of!("SMB1_session_setup_andx_response", "word_count"))?;
    let mut setup = SetupResponse { words, ..SetupResponse::default() };
    let next = match words {
        3 => {
            let what = of!("SMB1_session_setup_andx_response_lanman", "byte_count");
            r.need(8, what)?;
            let next = andx(r, what)?;
            setup.is_guest = Some(r.u16_le(what)? & 1 == 1);
            let empty = r.u16_le(what)? == 0;
            let mut text = || match empty {
                true => Ok(Cow::Borrowed(&b""[..])),
                false => of_v1(r, unicode, r.in_record()),
            };
            (setup.native_os, setup.native_lanman, setup.domain) =
                (Some(text()?), Some(text()?), Some(text()?));
            next
        }
        4 => {
            let what = of!("SMB1_session_setup_andx_response_ntlm", "byte_count");
            r.need(10, what)?;
            let next = andx(r, what)?;
            setup.is_guest = Some(r.u16_le(what)? & 1 == 1);
            let len = r.u16_le(what)?;
            r.take(2, what)?;
            let what = of!("SMB1_session_setup_andx_response_ntlm", "security_blob");
            setup.blob = Some(r.take(len.into(), what)?);
            setup.native_os = Some(of_v1(r, unicode, r.in_record())?);
            setup.native_lanman = Some(of_v1(r, unicode, r.in_record())?);
            next
        }
        _ => {
            r.take(2, of!("SMB1_session_setup_andx_response", "error"))?;
            return Ok((Body::SessionSetupResponse(setup), None));
        }
    };
    Ok((Body::SessionSetupResponse(setup), Some(next)))
}

fn negotiate_response<'a>(unicode: bool, r: &mut Cursor<'a>) -> Result<NegotiateResponse<'a>> {
    let what = of!("SMB1_negotiate_response", "dialect_index");
    r.need(3, what)?;
    let (words, dialect) = (r.u8(what)?, r.u16_le(what)?);
    r.record(|r| match words {
        1 => {
            r.take(2, of!("SMB1_negotiate_core_response", "byte_count"))?;
            Ok(NegotiateResponse::Core { dialect })
        }
        13 => {
            let what = of!("SMB1_negotiate_lanman_response", "byte_count");
            // As in Zeek, where the time and the date take six bytes each, of which they have two: of most servers'
            // answers nothing is told but that they broke the rules.
            r.need(34, what)?;
            let (security, max_buffer) = (r.u16_le(what)?, r.u16_le(what)?);
            let (max_mpx, max_vcs, raw) = (r.u16_le(what)?, r.u16_le(what)?, r.u16_le(what)?);
            let session_key = r.u32_le(what)?;
            let mut time = [0; 6];
            for part in &mut time {
                *part = r.u16_le(what)?;
            }
            r.take(2, what)?;
            let len = r.u16_le(what)?;
            r.take(4, what)?;
            let key = r.take(len.into(), of!("SMB1_negotiate_lanman_response", "encryption_key"))?;
            let domain = of_v1(r, unicode, r.in_record())?;
            Ok(NegotiateResponse::LanMan {
                words,
                dialect,
                security,
                max_buffer,
                max_mpx,
                max_vcs,
                raw,
                session_key,
                time,
                key,
                domain,
            })
        }
        17 => {
            let what = of!("SMB1_negotiate_ntlm_response", "byte_count");
            r.need(34, what)?;
            let (security, max_mpx, max_vcs) = (r.u8(what)?, r.u16_le(what)?, r.u16_le(what)?);
            let (max_buffer, max_raw) = (r.u32_le(what)?, r.u32_le(what)?);
            let (session_key, capabilities) = (r.u32_le(what)?, r.u32_le(what)?);
            let time = r.u64_le(what)?;
            r.take(2, what)?;
            let (key_len, len) = (r.u8(what)?, r.u16_le(what)?);
            let (mut key, mut guid) = (None, None);
            if capabilities & EXTENDED_SECURITY == 0 {
                let bytes = r.take(key_len.into(), of!("SMB1_negotiate_ntlm_response", "encryption_key"))?;
                key = Some((bytes, of_v1(r, unicode, r.in_record())?));
            } else {
                let server = r.take(16, of!("SMB1_negotiate_ntlm_response", "server_guid"))?;
                let what = of!("SMB1_negotiate_ntlm_response", "security_blob");
                let Some(len) = usize::from(len).checked_sub(16) else {
                    let len = i32::from(len) - 16;
                    return Err(Broken::Other(format!("invalid length string: {what}: {len}")));
                };
                guid = Some((server, r.take(len, what)?));
            }
            Ok(NegotiateResponse::Ntlm {
                words,
                dialect,
                security,
                max_buffer,
                max_mpx,
                max_vcs,
                max_raw,
                session_key,
                capabilities,
                time,
                key,
                guid,
            })
        }
        _ => Err(Broken::Case { what: of!("SMB1_negotiate_response", "response"), index: words.into() }),
    })
}

/// What both kinds of transactions begin with, up to the number of setup words.
fn counts(r: &mut Cursor<'_>, what: &'static str) -> Result<Counts> {
    let mut counts = Counts {
        total_parameters: r.u16_le(what)?,
        total_data: r.u16_le(what)?,
        max_parameters: r.u16_le(what)?,
        max_data: r.u16_le(what)?,
        max_setup: r.u8(what)?,
        ..Counts::default()
    };
    r.take(1, what)?;
    (counts.flags, counts.timeout) = (r.u16_le(what)?, r.u32_le(what)?);
    r.take(2, what)?;
    (counts.parameters, counts.parameter_offset) = (r.u16_le(what)?, r.u16_le(what)?);
    (counts.data, counts.data_offset) = (r.u16_le(what)?, r.u16_le(what)?);
    counts.setup = r.u8(what)?;
    r.take(1, what)?;
    Ok(counts)
}

fn transaction_request<'a>(unicode: bool, r: &mut Cursor<'a>) -> Result<Body<'a>> {
    let what = of!("SMB1_transaction_request", "reserved3");
    r.need(29, what)?;
    let words = r.u8(what)?;
    let counts = counts(r, what)?;
    let setup = r.take(usize::from(counts.setup) * 2, of!("SMB1_transaction_request", "setup"))?;
    let command = match setup.first_chunk::<2>() {
        // Sixteen words are another dialect.
        Some(word) if words != 16 => u16::from_le_bytes(*word),
        _ => 0,
    };
    r.take(2, of!("SMB1_transaction_request", "byte_count"))?;
    let name = of_v1(r, unicode, r.in_record())?;
    r.pad_to(behind(counts.parameter_offset), of!("SMB1_transaction_request", "pad1"))?;
    let parameters = r.take(counts.parameters.into(), of!("SMB1_transaction_request", "parameters"))?;
    r.pad_to(behind(counts.data_offset), of!("SMB1_transaction_request", "pad2"))?;
    let data = r.take_rest();
    let kind = match name.strip_prefix(b"\\PIPE\\") {
        Some(pipe) if pipe.starts_with(b"LANMAN") => Kind::Rap,
        Some(_) => Kind::Pipe,
        None => Kind::Unknown,
    };
    let data = if counts.data > 0 { data } else { &[] };
    Ok(Body::Transaction(Transaction { name, command, parameters, data, kind }))
}

/// What goes on with a transaction: its numbers, its parameters, and the file, where there are `more` bytes of it.
fn secondary<'a>(r: &mut Cursor<'a>, more: usize) -> Result<([u16; 8], &'a [u8], u16)> {
    let what = of!("SMB1_transaction_secondary_request", "byte_count");
    r.need(19 + more, what)?;
    r.take(1, what)?;
    let mut counts = [0; 8];
    for count in &mut counts {
        *count = r.u16_le(what)?;
    }
    let file = if more > 0 { r.u16_le(what)? } else { 0 };
    r.take(2, what)?;
    let [_, _, parameters, offset, _, _, data_offset, _] = counts;
    r.pad_to(behind(offset), of!("SMB1_transaction_secondary_request", "pad1"))?;
    let parameters = r.take(parameters.into(), of!("SMB1_transaction_secondary_request", "parameters"))?;
    r.pad_to(behind(data_offset), of!("SMB1_transaction_secondary_request", "pad2"))?;
    Ok((counts, parameters, file))
}

fn transaction2_request<'a>(unicode: bool, r: &mut Cursor<'a>) -> Result<Body<'a>> {
    let what = of!("SMB1_transaction2_request", "byte_count");
    r.need(33, what)?;
    r.take(1, what)?;
    let counts = counts(r, what)?;
    let command = r.u16_le(what)?;
    r.take(2, what)?;
    r.pad_to(behind(counts.parameter_offset), of!("SMB1_transaction2_request", "pad1"))?;
    let about = r.record(|r| {
        Ok(match command {
            1 => {
                let what = of!("trans2_find_first2_request", "search_storage_type");
                r.need(12, what)?;
                About::FindFirst {
                    attributes: r.u16_le(what)?,
                    count: r.u16_le(what)?,
                    flags: r.u16_le(what)?,
                    level: r.u16_le(what)?,
                    storage: r.u32_le(what)?,
                    name: of_v1(r, unicode, 12)?,
                }
            }
            5 => {
                r.take(6, of!("trans2_query_path_info_request", "reserved"))?;
                About::QueryPath(of_v1(r, unicode, 6)?)
            }
            7 => {
                r.take(4, of!("trans2_query_file_info_request", "information_level"))?;
                About::Other
            }
            16 => {
                r.take(2, of!("trans2_get_dfs_referral_request", "max_referral_level"))?;
                About::DfsReferral(of_v1(r, unicode, 2)?)
            }
            _ => About::Other,
        })
    })?;
    Ok(Body::Transaction2 { counts, command, about })
}
