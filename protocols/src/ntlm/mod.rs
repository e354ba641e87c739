//! NTLM (MS-NLMP): the three messages of a login, as other protocols carry them.
//!
//! They are read as Zeek reads them: texts are taken for UTF-16 whatever the flags say, what is named twice stays the
//! last, and places before the payload or behind its end are its beginning and its end.

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::bounds::{Broken, Cursor, Result};

/// What a message begins with, and one more byte.
pub const SIGNATURE: &[u8] = b"NTLMSSP";

/// Information on the server that has no end.
pub const UNDERFLOW: &str = "NTLM AV Pair loop underflow";

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// MS-NLMP §2.2.1.1.
    Negotiate(Negotiate<'a>),
    /// MS-NLMP §2.2.1.2.
    Challenge(Challenge<'a>),
    /// MS-NLMP §2.2.1.3.
    Authenticate(Authenticate<'a>),
    /// Of another type.
    Other(u32),
}

/// What a client can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiate<'a> {
    /// What it asks for.
    pub flags: Flags,
    /// Its domain, as it stands there; so do the other texts.
    pub domain: Option<&'a [u8]>,
    /// Its own name.
    pub workstation: Option<&'a [u8]>,
    /// Its system's.
    pub version: Option<Version>,
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    /// What it agrees to.
    pub flags: Flags,
    /// What the client has to answer.
    pub challenge: u64,
    /// Its domain or its own name.
    pub target: Option<&'a [u8]>,
    /// Its system's.
    pub version: Option<Version>,
    /// What it tells of itself.
    pub info: Option<Info<'a>>,
}

/// What a server tells of itself (MS-NLMP §2.2.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info<'a> {
    /// Its NetBIOS name.
    pub nb_computer: Option<&'a [u8]>,
    /// Its domain's.
    pub nb_domain: Option<&'a [u8]>,
    /// Its name in the DNS.
    pub dns_computer: Option<&'a [u8]>,
    /// Its domain's.
    pub dns_domain: Option<&'a [u8]>,
    /// Its forest's.
    pub dns_tree: Option<&'a [u8]>,
    /// The account is constrained.
    pub constrained: Option<bool>,
    /// Its time, in 100 nanoseconds since 1601.
    pub timestamp: Option<u64>,
    /// The first bytes of what tells it apart from others.
    pub machine: Option<u32>,
    /// The service.
    pub target: Option<&'a [u8]>,
    /// There is no end of it although there should be ([`UNDERFLOW`]).
    pub underflows: bool,
}

/// A client's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticate<'a> {
    /// What was agreed to.
    pub flags: Flags,
    /// The user's domain.
    pub domain: Option<&'a [u8]>,
    /// The user.
    pub user: Option<&'a [u8]>,
    /// The client's name.
    pub workstation: Option<&'a [u8]>,
    /// The key for the session, encrypted.
    pub session_key: Option<&'a [u8]>,
    /// The client's system's.
    pub version: Option<Version>,
    /// What answers the challenge.
    pub response: Option<&'a [u8]>,
}

/// MS-NLMP §2.2.2.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are named as in MS-NLMP")]
pub struct Version {
    pub major: u8,
    pub minor: u8,
    pub build: u16,
    pub revision: u8,
}

/// What both can or agree to (MS-NLMP §2.2.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Flags {
    /// Texts are UTF-16.
    pub const UNICODE: Flags = Flags(1);
    /// The server names itself.
    pub const REQUEST_TARGET: Flags = Flags(1 << 2);
    /// The client names its domain.
    pub const DOMAIN_SUPPLIED: Flags = Flags(1 << 12);
    /// The client names itself.
    pub const WORKSTATION_SUPPLIED: Flags = Flags(1 << 13);
    /// The server tells of itself.
    pub const TARGET_INFO: Flags = Flags(1 << 23);
    /// There is a version.
    pub const VERSION: Flags = Flags(1 << 25);

    /// Whether one of these is set.
    pub const fn has(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }
}

/// Where a text is.
#[derive(Clone, Copy)]
struct Place {
    len: u16,
    offset: u32,
}

impl<'a> Message<'a> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// Where something is missing or unknown.
    pub fn parse(message: &'a [u8]) -> Result<Message<'a>> {
        let cursor = &mut Cursor::new(message);
        cursor.take(8, "NTLM_SSP_Token:signature")?;
        match cursor.u32_le("NTLM_SSP_Token:msg_type")? {
            1 => cursor.record(negotiate).map(Message::Negotiate),
            2 => cursor.record(challenge).map(Message::Challenge),
            3 => cursor.record(authenticate).map(Message::Authenticate),
            other => Ok(Message::Other(other)),
        }
    }
}

fn negotiate<'a>(cursor: &mut Cursor<'a>) -> Result<Negotiate<'a>> {
    const WHAT: &str = "NTLM_Negotiate:workstation_fields";
    cursor.need(20, WHAT)?;
    let flags = Flags(cursor.u32_le(WHAT)?);
    let (domain, workstation) = (place(cursor, WHAT)?, place(cursor, WHAT)?);
    let payload = Payload { start: 32, bytes: cursor.take_rest() };
    Ok(Negotiate {
        flags,
        version: payload.version(flags, &[domain, workstation])?,
        domain: payload.text(flags.has(Flags::DOMAIN_SUPPLIED), domain)?,
        workstation: payload.text(flags.has(Flags::WORKSTATION_SUPPLIED), workstation)?,
    })
}

fn challenge<'a>(cursor: &mut Cursor<'a>) -> Result<Challenge<'a>> {
    const WHAT: &str = "NTLM_Challenge:target_info_fields";
    cursor.need(36, WHAT)?;
    let target = place(cursor, WHAT)?;
    let flags = Flags(cursor.u32_le(WHAT)?);
    let challenge = cursor.u64_le(WHAT)?;
    cursor.take(8, WHAT)?;
    let info = place(cursor, WHAT)?;
    let payload = Payload { start: 48, bytes: cursor.take_rest() };
    Ok(Challenge {
        flags,
        challenge,
        version: payload.version(flags, &[target, info])?,
        target: payload.text(flags.has(Flags::REQUEST_TARGET), target)?,
        info: flags.has(Flags::TARGET_INFO).then(|| payload.info(info)).transpose()?,
    })
}

fn authenticate<'a>(cursor: &mut Cursor<'a>) -> Result<Authenticate<'a>> {
    const WHAT: &str = "NTLM_Authenticate:flags";
    cursor.need(52, WHAT)?;
    let mut next = || place(cursor, WHAT);
    let (_, response) = (next()?, next()?);
    let (domain, user, workstation, session_key) = (next()?, next()?, next()?, next()?);
    let flags = Flags(cursor.u32_le(WHAT)?);
    let payload = Payload { start: 64, bytes: cursor.take_rest() };
    let text = |place: Place| payload.text(place.len > 0, place);
    Ok(Authenticate {
        flags,
        version: payload.version(flags, &[domain, user, workstation, session_key])?,
        response: text(response)?,
        domain: text(domain)?,
        user: text(user)?,
        workstation: text(workstation)?,
        session_key: text(session_key)?,
    })
}

fn place(cursor: &mut Cursor<'_>, what: &'static str) -> Result<Place> {
    let len = cursor.u16_le(what)?;
    cursor.u16_le(what)?;
    Ok(Place { len, offset: cursor.u32_le(what)? })
}

/// What follows the fields of a message, which say where in it something is.
struct Payload<'a> {
    /// Where in the message it begins.
    start: u32,
    bytes: &'a [u8],
}

impl<'a> Payload<'a> {
    /// Stands before everything else, if there is room for it.
    fn version(&self, flags: Flags, places: &[Place]) -> Result<Option<Version>> {
        let first = places.iter().map(|place| place.offset).min().unwrap_or(0);
        if !flags.has(Flags::VERSION) || first <= self.start {
            return Ok(None);
        }
        let [major, minor, low, high, _, _, _, revision] =
            Cursor::new(self.bytes).array("NTLM_Version:ntlm_revision")?;
        Ok(Some(Version { major, minor, build: u16::from_le_bytes([low, high]), revision }))
    }

    /// Moves to where a place is.
    fn at(&self, offset: u32) -> Result<Cursor<'a>> {
        let mut cursor = Cursor::new(self.bytes);
        // A place before the payload is far behind it in Zeek.
        let skipped = offset.checked_sub(self.start).map_or(usize::MAX, |offset| offset as usize);
        cursor.take(skipped.min(self.bytes.len()), "pad1")?;
        Ok(cursor)
    }

    fn text(&self, is_there: bool, place: Place) -> Result<Option<&'a [u8]>> {
        if !is_there {
            return Ok(None);
        }
        self.at(place.offset)?.take(place.len.into(), "NTLM_String:string").map(Some)
    }

    fn info(&self, place: Place) -> Result<Info<'a>> {
        // Zeek keeps 16 bits of the place.
        let offset = place.offset.wrapping_sub(self.start) & 0xffff;
        let cursor = &mut self.at(self.start.saturating_add(offset))?;
        let mut info = Info { underflows: place.len > 0, ..Info::default() };
        while !cursor.is_empty() {
            if cursor.record(|cursor| info.read(cursor))? {
                info.underflows = false;
                break;
            }
        }
        Ok(info)
    }
}

impl<'a> Info<'a> {
    /// Reads what is next. True at the end.
    fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<bool> {
        let id = cursor.u16_le("NTLM_AV_Pair:length")?;
        let len = usize::from(cursor.u16_le("NTLM_AV_Pair:length")?);
        match id {
            0 => return Ok(true),
            1 => self.nb_computer = Some(cursor.take(len, "NTLM_AV_Pair:nb_computer_name")?),
            2 => self.nb_domain = Some(cursor.take(len, "NTLM_AV_Pair:nb_domain_name")?),
            3 => self.dns_computer = Some(cursor.take(len, "NTLM_AV_Pair:dns_computer_name")?),
            4 => self.dns_domain = Some(cursor.take(len, "NTLM_AV_Pair:dns_domain_name")?),
            5 => self.dns_tree = Some(cursor.take(len, "NTLM_AV_Pair:dns_tree_name")?),
            6 => self.constrained = Some(cursor.u32_le("NTLM_AV_Pair:av_flags")? & 1 != 0),
            7 => self.timestamp = Some(cursor.u64_le("NTLM_AV_Pair:timestamp")?),
            8 => self.machine = Some(cursor.record(single_host)?),
            9 => self.target = Some(cursor.take(len, "NTLM_AV_Pair:target_name")?),
            10 => {
                cursor.u16_le("NTLM_AV_Pair:channel_bindings")?;
            }
            other => return Err(Broken::Case { what: "NTLM_AV_Pair", index: other.into() }),
        }
        Ok(false)
    }
}

/// MS-NLMP §2.2.2.2, as Zeek reads it.
fn single_host(cursor: &mut Cursor<'_>) -> Result<u32> {
    cursor.need(12, "NTLM_Single_Host:data_present")?;
    cursor.take(8, "NTLM_Single_Host:padpad")?;
    if cursor.u32_le("NTLM_Single_Host:data_present")? & 1 != 0 {
        cursor.take(4, "NTLM_Single_Host:custom_data")?;
    }
    cursor.u32_le("NTLM_Single_Host:machine_id")
}
