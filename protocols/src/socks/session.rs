//! Both directions of a connection, up to where what is tunnelled begins.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use crate::reader::Reader;

/// Where somebody is: an address, a name, or in version 4a both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Its address.
    pub host: Option<IpAddr>,
    /// Its name.
    pub name: Option<&'a [u8]>,
}

/// Hears what a session reads.
pub trait Handler {
    /// The client asks for something: 1 a connection, 2 that one is taken, 3 that datagrams are passed on. A user comes
    /// in version 4 only.
    fn request(&mut self, version: u8, command: u8, to: Address<'_>, port: u16, user: &[u8]);

    /// The proxy has answered, and says where it is itself.
    fn reply(&mut self, version: u8, status: u8, bound: Address<'_>, port: u16);

    /// The client logs in (RFC 1929).
    fn login(&mut self, user: &[u8], password: &[u8]);

    /// What the proxy says of it.
    fn login_reply(&mut self, status: u8);

    /// What follows is tunnelled.
    fn tunnelled(&mut self, is_orig: bool, bytes: &[u8]);

    /// Something that is not read.
    fn weird(&mut self, weird: Weird);

    /// The rules were broken.
    fn violation(&mut self, violation: Violation);
}

/// Something that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weird {
    /// A way to log in.
    Method(u8),
    /// A version of the way to log in.
    MethodVersion {
        /// The way.
        method: u8,
        /// Its version.
        version: u8,
    },
}

/// What broke the rules; it shows in Zeek's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// There is no such version.
    Version(u8),
    /// What is reserved is not 0.
    Reserved(u8),
    /// There is no such command.
    Command(u8),
    /// There is no such kind of address.
    AddressType(u8),
    /// A text of version 4 does not end.
    TooLong,
    /// Who has asked sends much before there is an answer.
    TooEarly,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Version(version) => write!(f, "unsupported/unknown SOCKS version {version}"),
            Violation::Reserved(value) => write!(f, "invalid value in reserved field: {value}"),
            Violation::Command(command) => write!(f, "undefined value in command field: {command}"),
            Violation::AddressType(kind) => write!(f, "invalid SOCKSv5 addr type: {kind}"),
            Violation::TooLong => f.write_str("user or name does not end"),
            Violation::TooEarly => f.write_str("data before the other side has answered"),
        }
    }
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message, and of what comes early to be tunnelled. Stops texts of version 4 that never end; of version 5
    /// the longest is a login, of 513.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 1024 }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    orig: Vec<u8>,
    resp: Vec<u8>,
    /// The client's request was of version 4: the reply to it begins with 0.
    asked_v4: bool,
    /// The way to log in that the proxy has chosen.
    method: Option<u8>,
    logging_in: bool,
    /// The request and the reply are over.
    done: [bool; 2],
    /// Nothing more is read.
    over: bool,
}

/// What came of trying to read a message.
enum Read {
    /// It is not all there.
    More,
    /// So many bytes were a message, and it is not the last.
    Message(usize),
    /// The rest means nothing.
    Rest,
    Broken(Violation),
}

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session {
            limits,
            orig: Vec::new(),
            resp: Vec::new(),
            asked_v4: false,
            method: None,
            logging_in: false,
            done: [false; 2],
            over: false,
        }
    }

    /// Whether what follows is tunnelled.
    pub fn is_tunnel(&self) -> bool {
        self.done == [true; 2] && !self.over
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.over {
            if self.is_tunnel() {
                return handler.tunnelled(is_orig, rest);
            }
            rest = self.take(is_orig, rest, handler);
        }
    }

    /// Takes as many bytes as there is room for, and gives the others back.
    fn take<'b>(&mut self, is_orig: bool, bytes: &'b [u8], handler: &mut impl Handler) -> &'b [u8] {
        let room = self.limits.message.saturating_sub(self.side(is_orig).len());
        let (taken, beyond) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        let mut held = std::mem::take(self.side(is_orig));
        held.extend_from_slice(taken);
        let mut at = 0;
        while let Some(message) = held.get(at..).filter(|message| !message.is_empty()) {
            let too_long = message.len() >= self.limits.message;
            let violation = if self.done.get(usize::from(!is_orig)).copied().unwrap_or_default() {
                // It is to be tunnelled, which begins with the answer.
                if !too_long || self.is_tunnel() {
                    break;
                }
                Violation::TooEarly
            } else {
                match self.message(is_orig, message, handler) {
                    Read::More if too_long => Violation::TooLong,
                    Read::More => break,
                    Read::Message(len) => {
                        at += len.max(1);
                        continue;
                    }
                    Read::Rest => {
                        at = held.len();
                        continue;
                    }
                    Read::Broken(violation) => violation,
                }
            };
            self.stop();
            handler.violation(violation);
            return &[];
        }
        let rest = held.split_off(at.min(held.len()));
        if !self.is_tunnel() {
            *self.side(is_orig) = rest;
            return beyond;
        }
        if !rest.is_empty() {
            handler.tunnelled(is_orig, &rest);
        }
        if !beyond.is_empty() {
            handler.tunnelled(is_orig, beyond);
        }
        // What the other side said early comes then.
        let early = std::mem::take(self.side(!is_orig));
        if !early.is_empty() {
            handler.tunnelled(!is_orig, &early);
        }
        &[]
    }

    /// Bytes are missing: before what is tunnelled, nothing more can be read.
    pub fn gap(&mut self) {
        if !self.is_tunnel() {
            self.stop();
        }
    }

    /// Nothing more is to be read.
    pub fn stop(&mut self) {
        self.over = true;
        (self.orig, self.resp) = (Vec::new(), Vec::new());
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.len() + self.resp.len()
    }

    fn side(&mut self, is_orig: bool) -> &mut Vec<u8> {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    fn message(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) -> Read {
        let mut reader = Reader::new(bytes);
        let left = |reader: &Reader<'_>| Read::Message(bytes.len() - reader.rest().len());
        if self.logging_in {
            return match self.login(is_orig, &mut reader, handler) {
                Some(Read::Message(_)) => left(&reader),
                Some(other) => other,
                None => Read::More,
            };
        }
        let read = match (bytes.first(), is_orig) {
            (Some(4), true) => self.request_v4(&mut reader, handler),
            (Some(4), false) => self.reply_v4(&mut reader, handler),
            (Some(0), false) if self.asked_v4 => self.reply_v4(&mut reader, handler),
            (Some(5), true) if self.method.is_some() => self.request_v5(&mut reader, handler),
            (Some(5), false) if self.method.is_some() => self.reply_v5(&mut reader, handler),
            (Some(5), true) => methods(&mut reader),
            (Some(5), false) => self.method(&mut reader),
            (Some(version), _) => Some(Read::Broken(Violation::Version(*version))),
            (None, _) => None,
        };
        match read {
            Some(Read::Message(_)) => left(&reader),
            Some(other) => other,
            None => Read::More,
        }
    }

    /// The proxy chooses a way to log in.
    fn method(&mut self, reader: &mut Reader<'_>) -> Option<Read> {
        reader.u8("version").ok()?;
        let method = reader.u8("method").ok()?;
        self.logging_in = !matches!(method, 0 | 0xff);
        self.method = Some(method);
        Some(Read::Message(0))
    }

    fn login(&mut self, is_orig: bool, reader: &mut Reader<'_>, handler: &mut impl Handler) -> Option<Read> {
        let method = self.method.unwrap_or_default();
        if !is_orig && method != 2 {
            self.logging_in = false;
        }
        if method != 2 {
            handler.weird(Weird::Method(method));
            return Some(Read::Rest);
        }
        let version = reader.u8("version").ok()?;
        if version != 1 {
            self.logging_in &= is_orig;
            handler.weird(Weird::MethodVersion { method, version });
            return Some(Read::Rest);
        }
        if is_orig {
            let len = reader.u8("user length").ok()?;
            let user = reader.take(usize::from(len), "user").ok()?;
            let len = reader.u8("password length").ok()?;
            let password = reader.take(usize::from(len), "password").ok()?;
            handler.login(user, password);
        } else {
            let status = reader.u8("status").ok()?;
            self.logging_in = false;
            handler.login_reply(status);
        }
        Some(Read::Message(0))
    }

    fn request_v5(&mut self, reader: &mut Reader<'_>, handler: &mut impl Handler) -> Option<Read> {
        reader.u8("version").ok()?;
        let (command, reserved) = (reader.u8("command").ok()?, reader.u8("reserved").ok()?);
        let to = match address(reader)? {
            Ok(to) => to,
            Err(violation) => return Some(Read::Broken(violation)),
        };
        let port = reader.u16("port").ok()?;
        if reserved != 0 {
            return Some(Read::Broken(Violation::Reserved(reserved)));
        }
        if !(1..=3).contains(&command) {
            return Some(Read::Broken(Violation::Command(command)));
        }
        self.done[0] = true;
        handler.request(5, command, to, port, b"");
        Some(Read::Message(0))
    }

    fn reply_v5(&mut self, reader: &mut Reader<'_>, handler: &mut impl Handler) -> Option<Read> {
        reader.u8("version").ok()?;
        let status = reader.u8("status").ok()?;
        reader.u8("reserved").ok()?;
        let bound = match address(reader)? {
            Ok(bound) => bound,
            Err(violation) => return Some(Read::Broken(violation)),
        };
        let port = reader.u16("port").ok()?;
        self.done[1] = true;
        handler.reply(5, status, bound, port);
        Some(Read::Message(0))
    }

    fn request_v4(&mut self, reader: &mut Reader<'_>, handler: &mut impl Handler) -> Option<Read> {
        reader.u8("version").ok()?;
        let (command, port) = (reader.u8("command").ok()?, reader.u16("port").ok()?);
        let host = Ipv4Addr::from(reader.u32("address").ok()?);
        let user = text(reader)?;
        // SOCKS 4A: of an address 0.0.0.x the name follows.
        let name = if u32::from(host) <= 0xff { Some(text(reader)?) } else { None };
        (self.asked_v4, self.done[0]) = (true, true);
        handler.request(4, command, Address { host: Some(IpAddr::V4(host)), name }, port, user);
        Some(Read::Message(0))
    }

    fn reply_v4(&mut self, reader: &mut Reader<'_>, handler: &mut impl Handler) -> Option<Read> {
        reader.u8("version").ok()?;
        let (status, port) = (reader.u8("status").ok()?, reader.u16("port").ok()?);
        let host = Ipv4Addr::from(reader.u32("address").ok()?);
        self.done[1] = true;
        handler.reply(4, status, Address { host: Some(IpAddr::V4(host)), name: None }, port);
        Some(Read::Message(0))
    }
}

/// What the client can do.
fn methods(reader: &mut Reader<'_>) -> Option<Read> {
    reader.u8("version").ok()?;
    let count = reader.u8("count").ok()?;
    reader.skip(usize::from(count), "methods").ok()?;
    Some(Read::Message(0))
}

/// An address of version 5 (RFC 1928 §5); none where it is not all there.
fn address<'a>(reader: &mut Reader<'a>) -> Option<Result<Address<'a>, Violation>> {
    let host = |host: IpAddr| Address { host: Some(host), name: None };
    Some(Ok(match reader.u8("kind").ok()? {
        1 => host(IpAddr::from(reader.take_array::<4>("address").ok()?)),
        3 => {
            let len = reader.u8("length").ok()?;
            Address { host: None, name: Some(reader.take(usize::from(len), "name").ok()?) }
        }
        4 => host(IpAddr::from(reader.take_array::<16>("address").ok()?)),
        other => return Some(Err(Violation::AddressType(other))),
    }))
}

/// A text that ends with 0.
fn text<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.rest().iter().position(|byte| *byte == 0)?;
    let text = reader.take(len, "text").ok()?;
    reader.skip(1, "end").ok()?;
    Some(text)
}
