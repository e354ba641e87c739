//! A message.

use super::{
    Address, ApOptions, Error, Handler, Message, Options, PREAUTH_REQUIRED, PaData, Request, Response, Safe,
    Ticket,
};
use crate::asn1::{APPLICATION, SEQUENCE, content, field, head, number};
use crate::bounds::{Broken, Cursor, Result};

/// Types of what goes before (IANA, Kerberos Parameters).
mod pa {
    pub const TGS_REQ: u64 = 1;
    pub const ENC_TIMESTAMP: u64 = 2;
    pub const PW_SALT: u64 = 3;
    pub const ENCTYPE_INFO: u64 = 11;
    pub const PK_AS_REQ: u64 = 16;
    pub const PK_AS_REP: u64 = 17;
    pub const ENCTYPE_INFO2: u64 = 19;
}

/// Reads a message.
///
/// # Errors
///
/// Where something is missing or unknown.
pub fn read(message: &[u8], handler: &mut impl Handler) -> Result<()> {
    let cursor = &mut Cursor::new(message);
    let tag = head(cursor)?.tag;
    match tag.wrapping_sub(APPLICATION) {
        10 | 12 => request(cursor, handler),
        11 | 13 => response(cursor, handler),
        14 => ap_request(cursor, handler),
        15 => {
            version_and_kind(cursor)?;
            encrypted(cursor)?;
            tell(handler, &Message::ApResponse)
        }
        20 => safe(cursor).and_then(|safe| tell(handler, &Message::Safe(safe))),
        21 => {
            version_and_kind(cursor)?;
            encrypted(cursor)?;
            tell(handler, &Message::Private)
        }
        22 => credentials(cursor).and_then(|tickets| tell(handler, &Message::Credentials(tickets))),
        30 => error(cursor).and_then(|error| tell(handler, &Message::Error(error))),
        _ => Err(Broken::Case { what: "KRB_PDU", index: i64::from(tag) - i64::from(APPLICATION) }),
    }
}

fn tell(handler: &mut impl Handler, message: &Message<'_>) -> Result<()> {
    handler.confirmed();
    handler.message(message);
    Ok(())
}

/// What a message of a sequence begins with.
fn version_and_kind(cursor: &mut Cursor<'_>) -> Result<(u64, u64)> {
    head(cursor)?;
    Ok((field(cursor).map(number)?, field(cursor).map(number)?))
}

/// RFC 4120 §5.4.1.
fn request<'a>(cursor: &mut Cursor<'a>, handler: &mut impl Handler) -> Result<()> {
    let (version, kind) = version_and_kind(cursor)?;
    let (pa_data, _) = optional_pa_data(cursor, 3, handler)?;
    let mut request = Request { version, kind, pa_data, ..Request::default() };
    head(cursor)?;
    while !cursor.is_empty() {
        cursor.record(|cursor| argument(cursor, &mut request))?;
    }
    handler.confirmed();
    match kind {
        10 => handler.message(&Message::AsRequest(request)),
        12 => handler.message(&Message::TgsRequest(request)),
        _ => {}
    }
    Ok(())
}

fn argument<'a>(cursor: &mut Cursor<'a>, request: &mut Request<'a>) -> Result<()> {
    let meta = head(cursor)?;
    let data = &mut Cursor::new(cursor.take(meta.size(), "KRB_REQ_Arg:data")?);
    match meta.index() {
        0 => request.options = Some(options(data)?),
        1 => request.client = Some(principal(data)?),
        2 => request.realm = Some(content(data)?),
        3 => request.service = Some(principal(data)?),
        4 => request.from = time(data)?,
        5 => request.till = time(data)?,
        6 => request.renew_till = time(data)?,
        7 => request.nonce = Some(number(content(data)?)),
        8 => {
            head(data)?;
            while !data.is_empty() {
                request.ciphers.push(number(content(data)?));
            }
        }
        9 => {
            head(data)?;
            while !data.is_empty() {
                request.addresses.push(address(data)?);
            }
        }
        10 => {
            content(data)?;
        }
        11 => request.tickets = tickets(data)?,
        _ => {}
    }
    Ok(())
}

fn options(cursor: &mut Cursor<'_>) -> Result<Options> {
    head(cursor)?;
    cursor.record(|cursor| {
        cursor.need(5, "KRB_KDC_Options:flags")?;
        cursor.u8("KRB_KDC_Options:pad")?;
        cursor.u32("KRB_KDC_Options:flags").map(Options)
    })
}

/// RFC 4120 §5.4.2.
fn response<'a>(cursor: &mut Cursor<'a>, handler: &mut impl Handler) -> Result<()> {
    let (version, kind) = version_and_kind(cursor)?;
    let (pa_data, realm_len) = optional_pa_data(cursor, 2, handler)?;
    let realm = content(&mut Cursor::new(cursor.take(realm_len, "KRB_KDC_REP:client_realm")?))?;
    let name = head(cursor)?;
    let client = principal(&mut Cursor::new(cursor.take(name.size(), "KRB_KDC_REP:client_name")?))?;
    head(cursor)?;
    let ticket = ticket(cursor)?;
    encrypted(cursor)?;
    let response = Response { version, kind, pa_data, realm, client, ticket };
    handler.confirmed();
    match kind {
        11 => handler.message(&Message::AsResponse(response)),
        13 => handler.message(&Message::TgsResponse(response)),
        _ => {}
    }
    Ok(())
}

/// RFC 4120 §5.5.1.
fn ap_request(cursor: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
    version_and_kind(cursor)?;
    head(cursor)?;
    // Zeek takes the number of unused bits for the first byte of the options.
    let bits = content(cursor)?.get(1).copied().unwrap_or(0);
    let options = ApOptions { use_session_key: bits & 0x40 != 0, mutual_required: bits & 0x20 != 0 };
    head(cursor)?;
    let ticket = ticket(cursor)?;
    encrypted(cursor)?;
    tell(handler, &Message::ApRequest(ticket, options))
}

/// RFC 4120 §5.3, without the tag of a field around it.
fn ticket<'a>(cursor: &mut Cursor<'a>) -> Result<Ticket<'a>> {
    head(cursor)?;
    head(cursor)?;
    let (version, realm) = (field(cursor).map(number)?, field(cursor)?);
    let name = head(cursor)?;
    let service = principal(&mut Cursor::new(cursor.take(name.size(), "KRB_Ticket:sname")?))?;
    let (cipher, ciphertext) = encrypted(cursor)?;
    Ok(Ticket { version, realm, service, cipher, ciphertext })
}

fn tickets<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Ticket<'a>>> {
    let meta = head(cursor)?;
    let inner = &mut Cursor::new(cursor.take(meta.size(), "KRB_Ticket_Sequence:tickets")?);
    let mut tickets = Vec::new();
    while !inner.is_empty() {
        tickets.push(ticket(inner)?);
    }
    Ok(tickets)
}

/// How something is encrypted, and the rest (RFC 4120 §5.2.9).
fn encrypted<'a>(cursor: &mut Cursor<'a>) -> Result<(u64, &'a [u8])> {
    let outer = head(cursor)?;
    let data = &mut Cursor::new(cursor.take(outer.size(), "KRB_Encrypted_Data_in_Seq:data")?);
    head(data)?;
    let cipher = field(data).map(number)?;
    let mut next = head(data)?;
    if next.index() == 1 {
        content(data)?;
        next = head(data)?;
    }
    let ciphertext = data.take(next.size(), "KRB_Encrypted_Data:ciphertext")?;
    Ok((cipher, content(&mut Cursor::new(ciphertext))?))
}

/// A name, its parts with slashes between them; as in Zeek none has more than three (RFC 4120 §5.2.2).
fn principal(cursor: &mut Cursor<'_>) -> Result<Vec<u8>> {
    head(cursor)?;
    head(cursor)?;
    content(cursor)?;
    head(cursor)?;
    head(cursor)?;
    let (mut name, mut parts) = (Vec::new(), 0_usize);
    while !cursor.is_empty() {
        let part = content(cursor)?;
        parts += 1;
        match parts {
            1 => name = part.to_vec(),
            2 | 3 => {
                // Zeek joins texts that end with a NUL.
                name.truncate(text(&name).len());
                name.push(b'/');
                name.extend_from_slice(text(part));
            }
            _ => {}
        }
    }
    Ok(if (1..=3).contains(&parts) { name } else { b"unknown".to_vec() })
}

/// Up to the first NUL.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// RFC 4120 §5.2.5.
fn address<'a>(cursor: &mut Cursor<'a>) -> Result<Address<'a>> {
    head(cursor)?;
    head(cursor)?;
    Ok(Address { kind: number(content(cursor)?), bytes: field(cursor)? })
}

/// Seconds since 1970 (RFC 4120 §5.2.3); none where it is no time.
fn time(cursor: &mut Cursor<'_>) -> Result<Option<i64>> {
    head(cursor)?;
    let rest = cursor.take_rest();
    let digits: Option<&[u8; 15]> = match rest.len() {
        15 => rest.first_chunk(),
        17 => rest.last_chunk(),
        _ => None,
    };
    Ok(digits.map(seconds))
}

/// Of `YYYYMMDDhhmmssZ`. Zeek does not ask whether these are digits.
fn seconds(text: &[u8; 15]) -> i64 {
    let [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, _] =
        text.map(|byte| i64::from(byte.cast_signed()) - i64::from(b'0'));
    let (year, month, day) = (((y1 * 10 + y2) * 10 + y3) * 10 + y4, m1 * 10 + m2, d1 * 10 + d2);
    days(year, month) * 86_400
        + (day - 1) * 86_400
        + (h1 * 10 + h2) * 3600
        + (n1 * 10 + n2) * 60
        + s1 * 10
        + s2
}

/// Days from 1970 to the first of a month, of which there may be more than twelve in a year.
fn days(year: i64, month: i64) -> i64 {
    // Years begin in March, so that the day that some have more is their last.
    let months = year * 12 + month - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let leap = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap + (month * 153 + 2) / 5 - 719_468
}

/// What goes before, where the next field is `index`, and the length of the field behind it.
fn optional_pa_data<'a>(
    cursor: &mut Cursor<'a>,
    index: u8,
    handler: &mut impl Handler,
) -> Result<(Option<PaData<'a>>, usize)> {
    let first = head(cursor)?;
    if first.index() != index {
        return Ok((None, first.size()));
    }
    let padata = cursor.take(first.size(), "KRB_PA_Data_Optional_Contents:padata")?;
    let pa_data = pa_data(&mut Cursor::new(padata), Some(handler))?;
    Ok((Some(pa_data), head(cursor)?.size()))
}

/// RFC 4120 §5.2.7; of an error only types are looked at, and there is nobody to hear.
fn pa_data<'a>(cursor: &mut Cursor<'a>, mut handler: Option<&mut impl Handler>) -> Result<PaData<'a>> {
    let mut read = PaData::default();
    let outer = head(cursor)?;
    if outer.tag != SEQUENCE {
        cursor.take(outer.size(), "KRB_PA_Data_Container:unknown")?;
        return Ok(read);
    }
    while !cursor.is_empty() {
        head(cursor)?;
        let kind = field(cursor).map(number)?;
        let len = head(cursor)?.size();
        match handler.as_deref_mut() {
            None => {
                cursor.take(len, "KRB_PA_Data:pa_data_placeholder")?;
            }
            Some(handler) => element(cursor, kind, len, &mut read, handler)?,
        }
    }
    Ok(read)
}

fn element<'a>(
    cursor: &mut Cursor<'a>,
    kind: u64,
    len: usize,
    read: &mut PaData<'a>,
    handler: &mut impl Handler,
) -> Result<()> {
    match kind {
        pa::TGS_REQ => {
            head(cursor)?;
            head(cursor)?;
            ap_request(cursor, handler)?;
        }
        pa::PW_SALT => read.values.push((kind, content(cursor)?)),
        pa::PK_AS_REQ => {
            let value = cursor.take(len, "KRB_PA_Data_Element:pa_pk_as_req")?;
            read.certificates.push(certificates(&mut Cursor::new(value), 4)?);
        }
        pa::PK_AS_REP => {
            let value = cursor.take(len, "KRB_PA_Data_Element:pa_pk_as_rep")?;
            read.certificates.push(certificates(&mut Cursor::new(value), 5)?);
        }
        pa::ENCTYPE_INFO | pa::ENCTYPE_INFO2 => {
            let value = cursor.take(len, "KRB_PA_Data_Element:pf_enctype_info")?;
            read.values.push((kind, salt(&mut Cursor::new(value))?));
        }
        _ => {
            let value = cursor.take(len, "KRB_PA_Data_Element:unknown")?;
            let value = content(&mut Cursor::new(value))?;
            if !value.is_empty() && kind != pa::ENC_TIMESTAMP {
                read.values.push((kind, value));
            }
        }
    }
    Ok(())
}

/// The certificates of signed data (RFC 5652 §5.1) in so many wrappings.
fn certificates<'a>(cursor: &mut Cursor<'a>, wrappings: usize) -> Result<&'a [u8]> {
    for _ in 0..wrappings {
        head(cursor)?;
    }
    content(cursor)?;
    head(cursor)?;
    head(cursor)?;
    for _version_digests_and_content in 0..3 {
        content(cursor)?;
    }
    let certificates = head(cursor)?;
    cursor.take(certificates.size(), "KRB_PA_PK_AS_Req:cert")
}

/// The salt of the first kind of encryption, if it has one (RFC 4120 §5.2.7.5).
fn salt<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    head(cursor)?;
    let list = head(cursor)?;
    head(cursor)?;
    content(cursor)?;
    if list.length <= 7 {
        return Ok(&[]);
    }
    head(cursor)?;
    let salt = head(cursor)?;
    cursor.take(salt.size(), "KRB_PA_ENCTYPE_INFO:salt")
}

/// RFC 4120 §5.6.1.
fn safe<'a>(cursor: &mut Cursor<'a>) -> Result<Safe<'a>> {
    let (version, kind) = version_and_kind(cursor)?;
    let mut safe = Safe { version, kind, ..Safe::default() };
    let body = head(cursor)?;
    let body = &mut Cursor::new(cursor.take(body.size(), "KRB_SAFE_MSG:safe_body")?);
    head(body)?;
    let (mut time_of, mut micros) = (None, 0);
    while !body.is_empty() {
        let meta = head(body)?;
        let data = &mut Cursor::new(body.take(meta.size(), "KRB_SAFE_Arg:args")?);
        match meta.index() {
            0 => safe.data = content(data)?,
            1 => time_of = time(data)?,
            2 => micros = number(content(data)?),
            3 => safe.number = Some(number(content(data)?)),
            4 => safe.sender = Some(host(data)?),
            5 => safe.recipient = Some(host(data)?),
            other => return Err(Broken::Case { what: "KRB_SAFE_Arg_Data", index: other.into() }),
        }
    }
    safe.time = time_of.map(|time| (time, micros));
    Ok(safe)
}

/// An address that is a field of its own.
fn host<'a>(cursor: &mut Cursor<'a>) -> Result<Address<'a>> {
    head(cursor)?;
    Ok(Address { kind: number(field(cursor)?), bytes: field(cursor)? })
}

/// RFC 4120 §5.8.1.
fn credentials<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Ticket<'a>>> {
    version_and_kind(cursor)?;
    head(cursor)?;
    let tickets = tickets(cursor)?;
    encrypted(cursor)?;
    Ok(tickets)
}

/// RFC 4120 §5.9.1.
fn error<'a>(cursor: &mut Cursor<'a>) -> Result<Error<'a>> {
    head(cursor)?;
    let mut error = Error::default();
    let mut times = Times::default();
    while !cursor.is_empty() {
        if cursor.record(|cursor| error_argument(cursor, &mut error, &mut times, 0))? {
            break;
        }
    }
    error.code = number(content(cursor)?);
    while !cursor.is_empty() {
        let code = error.code;
        if cursor.record(|cursor| error_argument(cursor, &mut error, &mut times, code))? {
            // Said again: what is in it is read as a field of its own, as in Zeek.
            continue;
        }
    }
    error.client_time = times.client.map(|time| (time, times.client_micros));
    error.server_time = times.server.map(|time| (time, times.server_micros));
    Ok(error)
}

/// Seconds and their fractions, which are apart.
#[derive(Default)]
struct Times {
    client: Option<i64>,
    client_micros: u64,
    server: Option<i64>,
    server_micros: u64,
}

/// True where the code follows.
fn error_argument<'a>(
    cursor: &mut Cursor<'a>,
    error: &mut Error<'a>,
    times: &mut Times,
    code: u64,
) -> Result<bool> {
    let meta = head(cursor)?;
    if meta.index() == 6 {
        return Ok(true);
    }
    let data = &mut Cursor::new(cursor.take(meta.size(), "KRB_ERROR_Arg:args")?);
    match meta.index() {
        0 => error.version = Some(number(content(data)?)),
        1 => error.kind = Some(number(content(data)?)),
        2 => times.client = time(data)?,
        3 => times.client_micros = number(content(data)?),
        4 => times.server = time(data)?,
        5 => times.server_micros = number(content(data)?),
        7 => error.client_realm = Some(content(data)?),
        8 => error.client = Some(principal(data)?),
        9 => error.realm = Some(content(data)?),
        10 => error.service = Some(principal(data)?),
        11 => error.text = Some(content(data)?),
        12 if code == PREAUTH_REQUIRED => error.pa_data = Some(pa_data(data, None::<&mut Deaf>)?),
        12 => {}
        other => return Err(Broken::Case { what: "KRB_ERROR_Arg_Data", index: other.into() }),
    }
    Ok(false)
}

/// Hears nothing.
struct Deaf;

impl Handler for Deaf {
    fn confirmed(&mut self) {}

    fn message(&mut self, _: &Message<'_>) {}
}
