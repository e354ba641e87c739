//! Both directions of a connection, from state to state as Zeek goes.

use crate::bounds::{Broken, Cursor, Result};
use crate::pending::{Pending, Step};

/// Hears what a session reads.
pub trait Handler {
    /// A side's version (RFC 6143 §7.1.1). With the client's it is RFB for sure.
    fn version(&mut self, is_client: bool, major: &[u8], minor: &[u8]);

    /// How the client authenticates.
    fn authentication(&mut self, kind: u32);

    /// What came of that: 0 is good.
    fn result(&mut self, result: u32);

    /// Whether the client shares the desktop with others.
    fn share(&mut self, is_shared: bool);

    /// The desktop.
    fn desktop(&mut self, name: &[u8], width: u16, height: u16);

    /// The bytes are not RFB's, for this reason, in Zeek's words.
    fn violation(&mut self, reason: &str);
}

/// What the server says next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Server {
    #[default]
    Version,
    SecurityType,
    SecurityTypes,
    Failure,
    Challenge,
    AppleChallenge,
    Result,
    Init,
    /// Nothing, before the client has said something.
    Wait,
    /// Pictures, which are not read.
    Messages,
}

/// What the client says next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Client {
    #[default]
    Version,
    Selection,
    Response,
    AppleResponse,
    Init,
    /// Nothing, before the server has said something.
    Wait,
    Messages,
}

/// A connection.
#[derive(Debug, Default)]
pub struct Session {
    orig: Pending,
    resp: Pending,
    client: Client,
    server: Server,
    /// The minor version that the client speaks.
    minor: u32,
    apple_key: usize,
    /// Bytes are missing, or it is not RFB.
    lost: bool,
}

/// Texts have fewer bytes than this (names, reasons, and what is pasted).
const MAX_TEXT: u32 = 65_536;

impl Session {
    /// Bytes that are held: a message that is not whole, and no more than its text and what is before it.
    pub fn buffered(&self) -> usize {
        self.orig.len() + self.resp.len()
    }

    /// Bytes are missing: nothing more can be read, of either direction.
    pub fn gap(&mut self) {
        self.lost = true;
        (self.orig, self.resp) = Default::default();
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.lost || (!is_orig && self.server == Server::Messages) {
            return;
        }
        let mut pending = std::mem::take(self.side(is_orig));
        pending.feed(bytes, |rest| {
            let mut r = Cursor::new(rest);
            let read = if is_orig { self.client(&mut r, handler) } else { self.server(&mut r, handler) };
            match read {
                Ok(more) => Step::Took((r.position() + more) as u64),
                Err(Broken::OutOfBound { .. }) => Step::NeedMore,
                Err(broken) => {
                    self.lost = true;
                    handler.violation(&broken.to_string());
                    Step::Discard
                }
            }
        });
        if self.lost {
            (self.orig, self.resp) = Default::default();
        } else {
            *self.side(is_orig) = pending;
        }
    }

    fn side(&mut self, is_orig: bool) -> &mut Pending {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    /// Reads what the server says: how many bytes are to be skipped behind it.
    fn server(&mut self, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<usize> {
        match self.server {
            Server::Version => {
                let (major, minor) = version(r)?;
                self.server = Server::Wait;
                handler.version(false, major, minor);
            }
            Server::SecurityType => {
                let kind = r.u32("type")?;
                match kind {
                    0 => (self.server, self.client) = (Server::Failure, Client::Init),
                    1 => (self.server, self.client) = (Server::Init, Client::Init),
                    2 => (self.server, self.client) = (Server::Challenge, Client::Response),
                    _ => handler.violation(&format!("invalid RFB security type {kind}")),
                }
                handler.authentication(kind);
            }
            Server::SecurityTypes => {
                let count = r.u8("count")?;
                r.take(usize::from(count), "types")?;
                self.server = if count == 0 { Server::Failure } else { Server::Wait };
            }
            Server::Failure => {
                let len = length(r, "RFBFailReasonString:len")?;
                self.server = Server::Init;
                return Ok(len);
            }
            Server::Challenge => {
                r.take(16, "challenge")?;
                (self.server, self.client) = (Server::Result, Client::Response);
            }
            Server::AppleChallenge => {
                r.u16("generator")?;
                let len = usize::from(r.u16("key_length")?);
                r.take(2 * len, "keys")?;
                self.apple_key = len;
                (self.server, self.client) = (Server::Result, Client::AppleResponse);
            }
            Server::Result => {
                let result = r.u32("result")?;
                match result {
                    0 => self.server = Server::Init,
                    1 => self.server = Server::Failure,
                    _ => handler.violation(&format!("invalid RFB auth result: {result}")),
                }
                handler.result(result);
            }
            Server::Init => {
                let (width, height) = (r.u16("width")?, r.u16("height")?);
                r.take(16, "pixel_format")?;
                let len = length(r, "RFBServerInit:len")?;
                let name = r.take(len, "name")?;
                self.server = Server::Messages;
                handler.desktop(name, width, height);
            }
            Server::Wait => return Err(Broken::Other("invalid data from RFB server".to_owned())),
            Server::Messages => {
                r.take_rest();
            }
        }
        Ok(0)
    }

    fn client(&mut self, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<usize> {
        match self.client {
            Client::Version => {
                let (major, minor) = version(r)?;
                self.minor =
                    std::str::from_utf8(minor).ok().and_then(|minor| minor.parse().ok()).unwrap_or(0);
                // Apple's minor version is 889, and means 8.
                (self.server, self.client) = match self.minor {
                    7.. => (Server::SecurityTypes, Client::Selection),
                    _ => (Server::SecurityType, Client::Wait),
                };
                handler.version(true, major, minor);
            }
            Client::Selection => {
                let kind = r.u8("type")?;
                match kind {
                    1 => {
                        self.server = if self.minor > 7 { Server::Result } else { Server::Init };
                        self.client = Client::Init;
                    }
                    2 => (self.server, self.client) = (Server::Challenge, Client::Response),
                    30 => (self.server, self.client) = (Server::AppleChallenge, Client::Wait),
                    _ => handler.violation(&format!("unknown RFB auth selection: {kind}")),
                }
                handler.authentication(u32::from(kind));
            }
            Client::Response => {
                r.take(16, "response")?;
                self.client = Client::Init;
            }
            Client::AppleResponse => {
                r.take(2 * self.apple_key, "response")?;
                self.client = Client::Init;
                // A key of no bytes is answered with none: what came is what is next.
                if self.apple_key == 0 {
                    return self.client(r, handler);
                }
            }
            Client::Init => {
                let flag = r.u8("shared_flag")?;
                self.client = Client::Messages;
                handler.share(flag != 0);
            }
            Client::Wait => return Err(Broken::Other("invalid data from RFB client".to_owned())),
            Client::Messages => return message(r),
        }
        Ok(0)
    }
}

/// Reads the beginning of what a client sends after the handshake (RFC 6143 §7.5): how much is behind it.
fn message(r: &mut Cursor<'_>) -> Result<usize> {
    match r.u8("type")? {
        0 => Ok(19),
        2 => {
            r.take(1, "pad")?;
            r.u16("num_encodings").map(|encodings| 4 * usize::from(encodings))
        }
        3 => Ok(9),
        4 => Ok(7),
        5 => Ok(5),
        6 => {
            r.take(3, "pad")?;
            length(r, "ClientCutText:len")
        }
        other => Err(Broken::Case { what: "ClientMessage", index: i64::from(other) }),
    }
}

fn version<'a>(r: &mut Cursor<'a>) -> Result<(&'a [u8], &'a [u8])> {
    let start = r.rest();
    if let Some(begin) = start.get(..4)
        && begin != b"RFB "
    {
        return Err(Broken::mismatch("", "RFB ", start));
    }
    r.need(12, "version")?;
    r.take(4, "header")?;
    let major = r.take(3, "major_ver")?;
    if r.take(1, "dot")? != b"." {
        return Err(Broken::mismatch("", ".", start.get(7..).unwrap_or_default()));
    }
    let minor = r.take(3, "minor_ver")?;
    r.take(1, "pad")?;
    Ok((major, minor))
}

fn length(r: &mut Cursor<'_>, what: &str) -> Result<usize> {
    let len = r.u32("len")?;
    if len >= MAX_TEXT {
        return Err(Broken::Other(format!("&enforce violation : {what}")));
    }
    Ok(len as usize)
}
