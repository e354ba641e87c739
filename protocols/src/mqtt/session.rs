//! Both directions of a connection.

use crate::bounds::{Cursor, Result};
use crate::pending::{Pending, Step};

/// A client connects (§3.1).
#[derive(Clone, Copy, Debug)]
pub struct Connect<'a> {
    /// The protocol's name.
    pub protocol_name: &'a [u8],
    /// Its version.
    pub protocol_version: u8,
    /// Who the client is.
    pub client_id: &'a [u8],
    /// Seconds after which the client is gone.
    pub keep_alive: u16,
    /// Nothing is remembered of it.
    pub clean_session: bool,
    /// Its will is kept.
    pub will_retain: bool,
    /// How its will is delivered.
    pub will_qos: u8,
    /// Its will: where it is published, and what.
    pub will: Option<(&'a [u8], &'a [u8])>,
    /// Who it says that it is.
    pub username: Option<&'a [u8]>,
    /// How it shows that.
    pub password: Option<&'a [u8]>,
}

/// A message (§3.3).
#[derive(Clone, Copy, Debug)]
pub struct Publish<'a> {
    /// It may have been sent before.
    pub dup: bool,
    /// How it is delivered.
    pub qos: u8,
    /// It is kept for those who come later.
    pub retain: bool,
    /// Where it is published.
    pub topic: &'a [u8],
    /// Its identifier, 0 where it has none.
    pub id: u16,
    /// Its beginning.
    pub payload: &'a [u8],
    /// How long all of it is.
    pub payload_len: u64,
}

/// What confirms a message or a subscription; the number is the packet's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// Of a message, at least once.
    Pub,
    /// Of a message, exactly once: received.
    Rec,
    /// Its release.
    Rel,
    /// And its end.
    Comp,
    /// Of the end of a subscription.
    Unsub,
}

/// What is subscribed to (§3.8), or not any more (§3.10).
#[derive(Clone, Copy, Debug)]
pub struct Topics<'a> {
    bytes: &'a [u8],
    has_qos: bool,
}

impl<'a> Topics<'a> {
    /// Each topic, and the quality of service that is asked for, if it is.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Option<u8>)> + use<'a> {
        let (mut r, has_qos) = (Cursor::new(self.bytes), self.has_qos);
        std::iter::from_fn(move || topic(&mut r, has_qos).ok())
    }
}

/// Hears what a session reads.
pub trait Handler {
    /// A client connects.
    fn connect(&mut self, connect: &Connect<'_>);

    /// And may, or may not.
    fn connack(&mut self, return_code: u8, session_present: bool);

    /// A message.
    fn publish(&mut self, is_orig: bool, publish: &Publish<'_>);

    /// What confirms.
    fn ack(&mut self, is_orig: bool, ack: Ack, id: u16);

    /// A subscription.
    fn subscribe(&mut self, id: u16, topics: &Topics<'_>);

    /// Its confirmation, of its first topic.
    fn suback(&mut self, id: u16, granted_qos: u8);

    /// The end of one.
    fn unsubscribe(&mut self, id: u16, topics: &Topics<'_>);

    /// A client asks whether the server is there.
    fn pingreq(&mut self);

    /// It is.
    fn pingresp(&mut self);

    /// A client leaves.
    fn disconnect(&mut self);

    /// A packet was too long to be read.
    fn cut(&mut self);

    /// The bytes are not MQTT's, for this reason, in Zeek's words.
    fn violation(&mut self, reason: &str);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a packet that are read; of messages that is their beginning. Packets may have 256 MB; stops a client from
    /// having that held.
    pub packet: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { packet: 128 << 10 }
    }
}

/// A connection.
#[derive(Debug, Default)]
pub struct Session {
    limits: Limits,
    orig: Pending,
    resp: Pending,
}

/// Types of packets (§2.2.1).
mod packet {
    pub const CONNECT: u8 = 1;
    pub const CONNACK: u8 = 2;
    pub const PUBLISH: u8 = 3;
    pub const PUBACK: u8 = 4;
    pub const PUBREC: u8 = 5;
    pub const PUBREL: u8 = 6;
    pub const PUBCOMP: u8 = 7;
    pub const SUBSCRIBE: u8 = 8;
    pub const SUBACK: u8 = 9;
    pub const UNSUBSCRIBE: u8 = 10;
    pub const UNSUBACK: u8 = 11;
    pub const PINGREQ: u8 = 12;
    pub const PINGRESP: u8 = 13;
    pub const DISCONNECT: u8 = 14;
}

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, ..Session::default() }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.len() + self.resp.len()
    }

    /// Bytes of a direction are missing: what comes next is read as a packet.
    pub fn gap(&mut self, is_orig: bool) {
        self.side(is_orig).take();
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let limits = self.limits;
        self.side(is_orig).feed(bytes, |rest| packet(limits, is_orig, rest, handler));
    }

    fn side(&mut self, is_orig: bool) -> &mut Pending {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }
}

fn packet(limits: Limits, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) -> Step {
    let Some((first, rest)) = bytes.split_first() else { return Step::NeedMore };
    let (len, header) = match remaining_length(rest) {
        Ok(Some((len, bytes))) => (len, 1 + bytes),
        Ok(None) => return Step::NeedMore,
        Err(reason) => {
            handler.violation(reason);
            return Step::Discard;
        }
    };
    let read = len.min(limits.packet);
    let Some(body) = bytes.get(header..header + read) else { return Step::NeedMore };
    let kind = first >> 4;
    if read < len {
        handler.cut();
        if kind != packet::PUBLISH {
            return Step::Took((header + len) as u64);
        }
    }
    match command(is_orig, *first, body, len, handler) {
        Ok(()) => Step::Took((header + len) as u64),
        Err(broken) => {
            handler.violation(&broken.to_string());
            Step::Discard
        }
    }
}

/// The length of a packet (§2.2.3), and how many bytes say it; `None` where there are too few. Zeek takes it for broken
/// where it has four bytes.
fn remaining_length(bytes: &[u8]) -> std::result::Result<Option<(usize, usize)>, &'static str> {
    let mut len = 0;
    for nth in 0..5_usize {
        let Some(byte) = bytes.get(nth) else { return Ok(None) };
        if nth < 3 {
            len |= usize::from(byte & 0x7f) << (7 * nth);
        }
        if byte & 0x80 == 0 {
            return match nth {
                0..3 => Ok(Some((len, nth + 1))),
                3 => Err("malformed MQTT 'remaining length': too large"),
                _ => break,
            };
        }
    }
    Err("malformed MQTT 'remaining length': too many bytes")
}

fn command(is_orig: bool, first: u8, body: &[u8], len: usize, handler: &mut impl Handler) -> Result<()> {
    let mut r = Cursor::new(body);
    match first >> 4 {
        packet::CONNECT => handler.connect(&connect(r)?),
        packet::CONNACK => {
            r.need(2, "MQTT_connack:return_code")?;
            let flags = r.u8("MQTT_connack:flags")?;
            handler.connack(r.u8("MQTT_connack:return_code")?, flags & 1 != 0);
        }
        packet::PUBLISH => {
            let topic = string(&mut r)?;
            let qos = first >> 1 & 3;
            let id = if qos == 0 { 0 } else { r.u16("MQTT_publish:msg_id")? };
            handler.publish(
                is_orig,
                &Publish {
                    dup: first & 8 != 0,
                    qos,
                    retain: first & 1 != 0,
                    topic,
                    id,
                    payload: r.rest(),
                    payload_len: (len - r.position()) as u64,
                },
            );
        }
        packet::PUBACK => handler.ack(is_orig, Ack::Pub, r.u16("MQTT_puback:msg_id")?),
        packet::PUBREC => handler.ack(is_orig, Ack::Rec, r.u16("MQTT_pubrec:msg_id")?),
        packet::PUBREL => handler.ack(is_orig, Ack::Rel, r.u16("MQTT_pubrel:msg_id")?),
        packet::PUBCOMP => handler.ack(is_orig, Ack::Comp, r.u16("MQTT_pubcomp:msg_id")?),
        packet::SUBSCRIBE => {
            let id = r.u16("MQTT_subscribe:msg_id")?;
            handler.subscribe(id, &topics(r, true)?);
        }
        packet::SUBACK => {
            r.need(3, "MQTT_suback:granted_QoS")?;
            let id = r.u16("MQTT_suback:msg_id")?;
            handler.suback(id, r.u8("MQTT_suback:granted_QoS")?);
        }
        packet::UNSUBSCRIBE => {
            let id = r.u16("MQTT_unsubscribe:msg_id")?;
            handler.unsubscribe(id, &topics(r, false)?);
        }
        packet::UNSUBACK => handler.ack(is_orig, Ack::Unsub, r.u16("MQTT_unsuback:msg_id")?),
        packet::PINGREQ => handler.pingreq(),
        packet::PINGRESP => handler.pingresp(),
        packet::DISCONNECT => handler.disconnect(),
        _ => {}
    }
    Ok(())
}

fn connect(mut r: Cursor<'_>) -> Result<Connect<'_>> {
    let protocol_name = string(&mut r)?;
    r.need(4, "MQTT_connect:keep_alive")?;
    let protocol_version = r.u8("MQTT_connect:protocol_version")?;
    let flags = r.u8("MQTT_connect:connect_flags")?;
    let keep_alive = r.u16("MQTT_connect:keep_alive")?;
    let client_id = string(&mut r)?;
    let will = if flags & 0x04 != 0 { Some((string(&mut r)?, string(&mut r)?)) } else { None };
    let username = if flags & 0x80 != 0 { Some(string(&mut r)?) } else { None };
    let password = if flags & 0x40 != 0 { Some(string(&mut r)?) } else { None };
    Ok(Connect {
        protocol_name,
        protocol_version,
        client_id,
        keep_alive,
        clean_session: flags & 0x02 != 0,
        will_retain: flags & 0x20 != 0,
        will_qos: flags >> 3 & 3,
        will,
        username,
        password,
    })
}

/// Topics to the end of a packet.
fn topics(mut r: Cursor<'_>, has_qos: bool) -> Result<Topics<'_>> {
    let bytes = r.rest();
    while !r.is_empty() {
        topic(&mut r, has_qos)?;
    }
    Ok(Topics { bytes, has_qos })
}

fn topic<'a>(r: &mut Cursor<'a>, has_qos: bool) -> Result<(&'a [u8], Option<u8>)> {
    r.record(|r| {
        let name = string(r)?;
        let qos = if has_qos { Some(r.u8("MQTT_subscribe_topic:requested_QoS")?) } else { None };
        Ok((name, qos))
    })
}

/// A text behind its length (§1.5.3).
fn string<'a>(r: &mut Cursor<'a>) -> Result<&'a [u8]> {
    r.record(|r| {
        let len = r.u16("MQTT_string:len")?;
        r.take(usize::from(len), "MQTT_string:str")
    })
}
