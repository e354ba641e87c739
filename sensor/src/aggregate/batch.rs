//! Observations as they travel: the value of a record of the topic, a batch of one slice of the keys.
//!
//! ```text
//! u8 version (1) · u8 flags (1: the sensor's last) · u8 slice · text sensor · i64 mark
//! n names (text each) · n observations:
//!   name's number · reducer · time, from the one before (the first: from the mark) · u8 what follows
//!   [host: 4 or 16 bytes] [text of the key] [num] [f64 dbl] [text str]
//!   [origin: 18 bytes uid · u8 protocol · addresses, 4 or 16 bytes each · u16 port, u16 port]
//! ```
//! Numbers are LEB128, differences zigzag, those of a fixed width little-endian; a text has its length before it. The
//! mark is a promise: what this sensor observes of this slice from here on is of that time or later.

use std::net::IpAddr;
use std::rc::Rc;

use crate::event::{ConnId, Proto};
use crate::record::Uid;
use crate::sumstats::{Key, Obs};
use crate::time::Time;

const VERSION: u8 = 1;
const LAST: u8 = 1;

const HOST: u8 = 1;
const HOST4: u8 = 2;
const TEXT: u8 = 4;
const NUM: u8 = 8;
const DBL: u8 = 16;
const STR: u8 = 32;
const ORIGIN: u8 = 64;

/// The connection that an observation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub uid: Uid,
    pub id: ConnId,
    pub proto: Proto,
}

/// An observation of a SumStat, as it is counted: the key is made, and the predicate has let it pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Among the names of its batch.
    pub name: u32,
    pub reducer: u32,
    pub time: Time,
    pub key: Key,
    pub obs: Obs,
    pub origin: Option<Origin>,
}

/// A batch that was read.
#[derive(Debug, PartialEq)]
pub struct Batch<'a> {
    pub sensor: &'a str,
    pub slice: u8,
    /// Nothing more comes of this sensor's slice.
    pub last: bool,
    pub mark: Time,
    pub names: Vec<&'a str>,
    pub observations: Vec<Observation>,
}

/// A batch that is being filled.
#[derive(Default)]
pub struct Filling {
    names: Vec<(usize, Box<str>)>,
    body: Vec<u8>,
    count: u64,
    /// Of the first and the latest observation.
    first: i64,
    time: i64,
}

impl Filling {
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// `stat` is the sensor's own number of the SumStat, for finding its name again.
    pub fn add(&mut self, (stat, name): (usize, &str), reducer: usize, at: Time, key: &Key, obs: &Obs) {
        let known = self.names.iter().position(|(known, _)| *known == stat);
        let number = known.unwrap_or_else(|| {
            self.names.push((stat, name.into()));
            self.names.len() - 1
        });
        if self.count == 0 {
            (self.first, self.time) = (at.nanos(), at.nanos());
        }
        self.count += 1;
        let out = &mut self.body;
        number_to(out, number as u64);
        number_to(out, reducer as u64);
        zigzag_to(out, at.nanos().wrapping_sub(self.time));
        self.time = at.nanos();
        let host4 = key.host.and_then(four);
        let mut what = 0;
        for (bit, there) in [
            (HOST, key.host.is_some() && host4.is_none()),
            (HOST4, host4.is_some()),
            (TEXT, key.text.is_some()),
            (NUM, obs.num.is_some()),
            (DBL, obs.dbl.is_some()),
            (STR, obs.text.is_some()),
        ] {
            what |= if there { bit } else { 0 };
        }
        out.push(what);
        match (host4, key.host) {
            (Some(four), _) => out.extend(four),
            (None, Some(host)) => out.extend(host),
            (None, None) => {}
        }
        key.text.iter().for_each(|text| text_to(out, text));
        obs.num.iter().for_each(|num| number_to(out, *num));
        obs.dbl.iter().for_each(|dbl| out.extend(dbl.to_bits().to_le_bytes()));
        obs.text.iter().for_each(|text| text_to(out, text));
    }

    /// The same with where it comes from.
    pub fn add_from(
        &mut self,
        stat: (usize, &str),
        reducer: usize,
        at: Time,
        (key, obs): (&Key, &Obs),
        origin: &Origin,
    ) {
        let head = self.body.len();
        self.add(stat, reducer, at, key, obs);
        // The byte that tells what follows stands behind three numbers.
        let mut input = Input(self.body.get(head..).unwrap_or_default());
        let skipped = (0..3).all(|_| input.number().is_some());
        let place = self.body.len() - input.0.len();
        if let Some(what) = self.body.get_mut(place).filter(|_| skipped) {
            *what |= ORIGIN;
            origin.write(&mut self.body);
        }
    }

    /// Appends the batch to `out` and begins anew.
    pub fn finish(&mut self, sensor: &str, slice: u8, mark: Time, last: bool, out: &mut Vec<u8>) {
        out.extend([VERSION, if last { LAST } else { 0 }, slice]);
        text_to(out, sensor.as_bytes());
        out.extend(mark.nanos().to_le_bytes());
        number_to(out, self.names.len() as u64);
        self.names.iter().for_each(|(_, name)| text_to(out, name.as_bytes()));
        number_to(out, self.count);
        if self.count > 0 {
            zigzag_to(out, self.first.wrapping_sub(mark.nanos()));
        }
        out.append(&mut self.body);
        self.names.clear();
        self.count = 0;
    }
}

impl Origin {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.uid.as_bytes());
        let both4 = self.id.orig_h.is_ipv4() && self.id.resp_h.is_ipv4();
        out.push(protocol(self.proto) << 1 | u8::from(both4));
        for address in [self.id.orig_h, self.id.resp_h] {
            match address {
                IpAddr::V4(address) if both4 => out.extend(address.octets()),
                IpAddr::V4(address) => out.extend(address.to_ipv6_mapped().octets()),
                IpAddr::V6(address) => out.extend(address.octets()),
            }
        }
        out.extend(self.id.orig_p.to_le_bytes());
        out.extend(self.id.resp_p.to_le_bytes());
    }

    fn read(input: &mut Input<'_>) -> Option<Origin> {
        let uid = Uid::from_bytes(input.array()?);
        let [kind] = input.array()?;
        let proto = [Proto::Tcp, Proto::Udp, Proto::Icmp].into_iter().find(|p| protocol(*p) == kind >> 1)?;
        let mut address = || -> Option<IpAddr> {
            Some(match kind & 1 {
                1 => IpAddr::from(input.array::<4>()?),
                _ => IpAddr::from(input.array::<16>()?).to_canonical(),
            })
        };
        let (orig_h, resp_h) = (address()?, address()?);
        let mut port = || input.array().map(u16::from_le_bytes);
        Some(Origin { uid, id: ConnId { orig_h, orig_p: port()?, resp_h, resp_p: port()? }, proto })
    }
}

impl<'a> Batch<'a> {
    /// `None`: it is none, one of another version, or cut short.
    pub fn read(bytes: &'a [u8]) -> Option<Batch<'a>> {
        let mut input = Input(bytes);
        let [version, flags, slice] = input.array()?;
        if version != VERSION {
            return None;
        }
        let sensor = input.name()?;
        let mark = i64::from_le_bytes(input.array()?);
        let names = (0..input.few()?).map(|_| input.name()).collect::<Option<Vec<_>>>()?;
        let count = input.few()?;
        let mut time = mark;
        if count > 0 {
            time = mark.wrapping_add(input.zigzag()?);
        }
        let mut observations = Vec::new();
        for _ in 0..count {
            observations.push(input.observation(&mut time)?);
        }
        let fits = observations.iter().all(|seen| (seen.name as usize) < names.len());
        let (last, mark) = (flags & LAST != 0, Time::from_nanos(mark));
        (fits && input.0.is_empty()).then_some(Batch { sensor, slice, last, mark, names, observations })
    }
}

/// What is left to read. Every method answers `None` where there is not enough, or it makes no sense.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// How many of something of which each takes a byte at least.
    fn few(&mut self) -> Option<usize> {
        let number = usize::try_from(self.number()?).ok()?;
        (number <= self.0.len()).then_some(number)
    }

    fn zigzag(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.few()?;
        self.take(length)
    }

    fn name(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.text()?).ok()
    }

    fn observation(&mut self, time: &mut i64) -> Option<Observation> {
        let small = |input: &mut Self| u32::try_from(input.number()?).ok();
        let (name, reducer) = (small(self)?, small(self)?);
        *time = time.wrapping_add(self.zigzag()?);
        let [what] = self.array()?;
        let mut key = Key::default();
        let mut obs = Obs::default();
        if what & HOST != 0 {
            key.host = Some(self.array()?);
        }
        if what & HOST4 != 0 {
            let four: [u8; 4] = self.array()?;
            key.host = Some(std::net::Ipv4Addr::from(four).to_ipv6_mapped().octets());
        }
        let mut text = |wanted: u8| -> Option<Option<Rc<[u8]>>> {
            if what & wanted == 0 { Some(None) } else { self.text().map(|text| Some(Rc::from(text))) }
        };
        key.text = text(TEXT)?;
        if what & NUM != 0 {
            obs.num = Some(self.number()?);
        }
        if what & DBL != 0 {
            obs.dbl = Some(f64::from_le_bytes(self.array()?));
        }
        let mut text = |wanted: u8| -> Option<Option<Rc<[u8]>>> {
            if what & wanted == 0 { Some(None) } else { self.text().map(|text| Some(Rc::from(text))) }
        };
        obs.text = text(STR)?;
        let origin = if what & ORIGIN != 0 { Some(Origin::read(self)?) } else { None };
        Some(Observation { name, reducer, time: Time::from_nanos(*time), key, obs, origin })
    }
}

fn four(host: [u8; 16]) -> Option<[u8; 4]> {
    std::net::Ipv6Addr::from(host).to_ipv4_mapped().map(|four| four.octets())
}

fn protocol(proto: Proto) -> u8 {
    match proto {
        Proto::Tcp => 0,
        Proto::Udp => 1,
        Proto::Icmp => 2,
    }
}

fn number_to(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn zigzag_to(out: &mut Vec<u8>, number: i64) {
    number_to(out, (number << 1 ^ number >> 63).cast_unsigned());
}

fn text_to(out: &mut Vec<u8>, text: &[u8]) {
    number_to(out, text.len() as u64);
    out.extend(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<Observation> {
        let key = |host: Option<&str>, text: Option<&str>| Key {
            host: host.map(|host| match host.parse().unwrap() {
                IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
                IpAddr::V6(six) => six.octets(),
            }),
            text: text.map(|text| Rc::from(text.as_bytes())),
        };
        let origin = |orig: &str, proto| Origin {
            uid: Uid::of_connection(1, b"x", 2),
            id: ConnId {
                orig_h: orig.parse().unwrap(),
                orig_p: 1,
                resp_h: "192.0.2.1".parse().unwrap(),
                resp_p: 65_535,
            },
            proto,
        };
        let of = |name, reducer, at, key, obs, origin| Observation {
            name,
            reducer,
            time: Time::from_nanos(at),
            key,
            obs,
            origin,
        };
        let (num, text) = (
            Obs { num: Some(u64::MAX), ..Obs::default() },
            Obs { text: Some(Rc::from(&b"\0a"[..])), ..Obs::default() },
        );
        vec![
            of(0, 0, 1_700_000_000_000_000_000, key(Some("10.1.2.3"), None), num, None),
            of(1, 300, 1_600_000_000_000_000_000, key(Some("2001:db8::1"), Some("a")), text, None),
            of(0, 1, 5, key(None, None), Obs::default(), Some(origin("10.0.0.1", Proto::Udp))),
            of(
                0,
                1,
                5,
                key(None, Some("")),
                Obs { dbl: Some(-0.5), ..Obs::default() },
                Some(origin("2001:db8::2", Proto::Icmp)),
            ),
        ]
    }

    #[test]
    fn batches_are_read_as_written_and_refused_cut_short() {
        let mut filling = Filling::default();
        for seen in some() {
            let stat = [(7, "first"), (9, "second")][seen.name as usize];
            match &seen.origin {
                Some(origin) => {
                    filling.add_from(stat, seen.reducer as usize, seen.time, (&seen.key, &seen.obs), origin);
                }
                None => filling.add(stat, seen.reducer as usize, seen.time, &seen.key, &seen.obs),
            }
        }
        let mut bytes = Vec::new();
        filling.finish("tap1", 63, Time::from_nanos(77), true, &mut bytes);
        let read = Batch::read(&bytes).unwrap();
        assert_eq!((read.sensor, read.slice, read.last, read.mark.nanos()), ("tap1", 63, true, 77));
        assert_eq!(read.names, ["first", "second"]);
        assert_eq!(read.observations, some());
        for cut in 0..bytes.len() {
            assert_eq!(Batch::read(&bytes[..cut]), None, "cut at {cut}");
        }
        // Nothing is left of it for the next.
        assert!(filling.is_empty());
        let mut empty = Vec::new();
        filling.finish("tap1", 0, Time::from_nanos(5), false, &mut empty);
        assert!(empty.len() < 20 && Batch::read(&empty).unwrap().observations.is_empty());
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        let mut bytes = Vec::new();
        let mut filling = Filling::default();
        filling.add((0, "a"), 0, Time::from_nanos(1), &Key::default(), &Obs::default());
        filling.finish("s", 0, Time::from_nanos(1), false, &mut bytes);
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut wrong = bytes.clone();
                wrong[at] = value;
                let _ = Batch::read(&wrong);
            }
        }
    }
}
