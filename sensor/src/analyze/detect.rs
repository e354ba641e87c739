//! Detection by content: the first bytes of a stream or the first datagrams of a flow, kept until no protocol wants them any more.

use std::sync::LazyLock;

use nightjar_protocols::probe::Probe;
use smallvec::SmallVec;

use crate::analyze::bits::Bits;
use crate::analyze::protocol::expects;
use crate::analyze::{Spec, specs};
use crate::config::Detection as Most;
use crate::event::Proto;
use crate::flow::Dir;

/// How content shows what a stream or a flow of datagrams is.
pub struct Signature {
    /// [`Proto::Tcp`] for streams, [`Proto::Udp`] for datagrams.
    pub over: Proto,
    pub of: Dir,
    /// What it makes of what the direction began with, and of datagrams of each: one of which it can say nothing is no
    /// reason to leave out the next.
    pub probe: fn(&[u8]) -> Probe,
}

/// What both directions of a stream began with, or the first datagrams of a flow, and which signatures may still match.
/// As in Zeek each of them matches once: what was given up is taken up again when the other direction looks like it
/// too.
pub struct Detection {
    over: Proto,
    orig: Vec<u8>,
    resp: Vec<u8>,
    /// In the order in which they came.
    pieces: Vec<(Dir, Piece)>,
    /// Bytes seen, of both directions.
    seen: usize,
    /// When it ends without a decision.
    most: Most,
    /// The signatures that are not decided.
    undecided: Bits,
    /// Those that matched, of protocols that want all of theirs.
    matched: Bits,
}

/// All signatures, so that a segment or datagram costs those that its first byte leaves, and not all there are.
struct Signatures {
    /// The protocol, how it is seen, and all that the protocol has over this transport.
    by_bit: Vec<(&'static Spec, &'static Signature, Bits)>,
    /// By [`Proto`]: those of either direction.
    over: [Bits; 2],
    /// By [`Proto`] and direction.
    of: [[Starts; 2]; 2],
    /// Those of protocols that expect connections.
    expecting: Bits,
}

/// What the first byte of a direction says.
struct Starts {
    /// Those that may still match.
    fits: Box<[Bits; 256]>,
    /// Those that cannot match any more, the others of protocols that want all of theirs among them.
    ends: Box<[Bits; 256]>,
}

impl Default for Starts {
    fn default() -> Self {
        Starts { fits: Box::new([Bits::NONE; 256]), ends: Box::new([Bits::NONE; 256]) }
    }
}

/// The place of a transport among those that have signatures.
fn place(over: Proto) -> usize {
    usize::from(over == Proto::Udp)
}

static SIGNATURES: LazyLock<Signatures> = LazyLock::new(|| {
    let (by_bit, over, expecting) = (Vec::new(), [Bits::NONE; 2], Bits::NONE);
    let mut all = Signatures { by_bit, over, of: Default::default(), expecting };
    for spec in specs() {
        for transport in [Proto::Tcp, Proto::Udp] {
            let signatures = || spec.signatures.iter().filter(|signature| signature.over == transport);
            let from = all.by_bit.len();
            let others = Bits::range(from, from + signatures().count());
            for (signature, at) in signatures().zip(from..) {
                all.by_bit.push((spec, signature, others));
                all.over[place(transport)].insert(at);
                if expects(spec) {
                    all.expecting.insert(at);
                }
                let starts = &mut all.of[place(transport)][signature.of as usize];
                for (byte, (fits, ends)) in (0..=255).zip(starts.fits.iter_mut().zip(starts.ends.iter_mut()))
                {
                    if (signature.probe)(&[byte]) != Probe::NoMatch {
                        fits.insert(at);
                    } else if spec.both {
                        *ends = ends.or(&others);
                    } else {
                        ends.insert(at);
                    }
                }
            }
        }
    }
    debug_assert!(all.by_bit.len() <= Bits::CAPACITY, "there is a bit for every signature");
    all
});

/// Whether there is anything to look for.
pub(super) fn is_looked_for(over: Proto) -> bool {
    over != Proto::Icmp && !SIGNATURES.over[place(over)].is_empty()
}

/// Whether the beginning of a stream, or a datagram, may be that of a protocol that expects connections.
pub(super) fn may_begin(over: Proto, payload: &[u8]) -> bool {
    let all = &*SIGNATURES;
    let Some(first) = payload.first().filter(|_| over != Proto::Icmp) else { return false };
    let [orig, resp] = &all.of[place(over)];
    let fits = orig.fits[usize::from(*first)].or(&resp.fits[usize::from(*first)]).and(&all.expecting);
    fits.iter().any(|at| {
        let signature = all.by_bit.get(at).map(|(_, signature, _)| signature);
        signature.is_some_and(|signature| (signature.probe)(payload) != Probe::NoMatch)
    })
}

enum Piece {
    Data { len: usize },
    Gap { len: u64 },
}

/// So many detections that are over are kept for new streams, none with larger buffers than this.
const MAX_SPARES: usize = 256;
const MAX_SPARE_BYTES: usize = 4096;

/// Detections that are over, to be begun again: most streams decide after a few packets, and fresh
/// memory is not free.
#[derive(Default)]
#[allow(clippy::vec_box, reason = "what streams hold is the box")]
pub struct Spares(Vec<Box<Detection>>);

impl Spares {
    /// A detection that has seen nothing.
    pub fn take(&mut self, over: Proto, most: Most) -> Box<Detection> {
        let mut detection = self.0.pop().unwrap_or_else(|| {
            Box::new(Detection {
                over,
                orig: Vec::new(),
                resp: Vec::new(),
                pieces: Vec::new(),
                seen: 0,
                most,
                undecided: Bits::NONE,
                matched: Bits::NONE,
            })
        });
        (detection.over, detection.most) = (over, most);
        detection.undecided = SIGNATURES.over[place(over)];
        detection.matched = Bits::NONE;
        detection
    }

    pub fn give_back(&mut self, mut detection: Box<Detection>) {
        let small = detection.orig.capacity().max(detection.resp.capacity()) <= MAX_SPARE_BYTES;
        if small && self.0.len() < MAX_SPARES {
            detection.orig.clear();
            detection.resp.clear();
            detection.pieces.clear();
            detection.seen = 0;
            self.0.push(detection);
        }
    }
}

impl Detection {
    /// Looks at the next bytes of a direction, or a datagram: the protocols that it is seen to begin like with them.
    pub fn look(&mut self, dir: Dir, bytes: &[u8]) -> SmallVec<[&'static Spec; 1]> {
        let is_stream = self.over == Proto::Tcp;
        let head = match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        };
        // Nearly always the first segment decides, and need not be copied for it.
        let before = if is_stream { head.len() } else { 0 };
        if before > 0 {
            head.extend_from_slice(bytes);
        }
        let begins = if before > 0 { &head[..] } else { bytes };
        let mut found = SmallVec::new();
        let Some(first) = begins.first().map(|first| usize::from(*first)) else { return found };
        let all = &*SIGNATURES;
        let starts = &all.of[place(self.over)][dir as usize];
        if is_stream {
            self.undecided = self.undecided.without(&starts.ends[first]);
        }
        for at in starts.fits[first].and(&self.undecided).iter() {
            let Some((spec, signature, others)) = all.by_bit.get(at) else { continue };
            match (signature.probe)(begins) {
                Probe::Match => {
                    self.matched.insert(at);
                    self.undecided.remove(at);
                    if !spec.both || self.matched.contains_all(others) {
                        found.push(*spec);
                    }
                }
                Probe::NoMatch if !is_stream => {}
                // It cannot come to all of them any more.
                Probe::NoMatch if spec.both => self.undecided = self.undecided.without(others),
                Probe::NoMatch => self.undecided.remove(at),
                Probe::NeedMore => {}
            }
        }
        if before > 0 {
            head.truncate(before);
        }
        self.seen += bytes.len();
        found
    }

    /// Keeps what was looked at, for a protocol that is found later.
    pub fn keep(&mut self, dir: Dir, bytes: &[u8]) {
        let head = match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        };
        head.extend_from_slice(bytes);
        self.pieces.push((dir, Piece::Data { len: bytes.len() }));
    }

    /// A gap is only of interest between data.
    pub fn gap(&mut self, dir: Dir, len: u64) {
        match self.pieces.len() {
            0 => {}
            pieces if pieces >= self.most.segments => self.undecided = Bits::NONE,
            _ => self.pieces.push((dir, Piece::Gap { len })),
        }
    }

    /// Whether it is of a stream, and not of datagrams.
    pub fn is_of_stream(&self) -> bool {
        self.over == Proto::Tcp
    }

    /// Nothing is to be found any more.
    pub fn is_over(&self) -> bool {
        self.undecided.is_empty() && !self.most.kept
            || self.seen > self.most.bytes
            || self.pieces.len() >= self.most.segments
    }

    /// Originator and responder were found to be the other way round.
    pub fn flipped(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
        self.pieces.iter_mut().for_each(|(dir, _)| *dir = dir.other());
    }

    /// Tells again what was kept: data as `Ok`, a gap as `Err`.
    pub fn replay(&self, mut tell: impl FnMut(Dir, Result<&[u8], u64>)) {
        let (mut orig, mut resp) = (&self.orig[..], &self.resp[..]);
        for (dir, piece) in &self.pieces {
            let rest = match dir {
                Dir::Orig => &mut orig,
                Dir::Resp => &mut resp,
            };
            match *piece {
                Piece::Data { len } => {
                    if let Some(bytes) = rest.split_off(..len) {
                        tell(*dir, Ok(bytes));
                    }
                }
                Piece::Gap { len } => tell(*dir, Err(len)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection() -> Box<Detection> {
        Spares::default().take(Proto::Tcp, Most::default())
    }

    /// What was found, after which the bytes are kept.
    fn see(detection: &mut Detection, dir: Dir, bytes: &[u8]) -> Vec<&'static str> {
        let found = detection.look(dir, bytes);
        detection.keep(dir, bytes);
        found.iter().map(|spec| spec.named.name).collect()
    }

    #[test]
    fn there_is_a_bit_for_every_signature() {
        assert!(specs().map(|spec| spec.signatures.len()).sum::<usize>() <= Bits::CAPACITY);
    }

    #[test]
    fn what_was_seen_is_told_again_in_order() {
        let mut detection = detection();
        detection.gap(Dir::Resp, 9);
        see(&mut detection, Dir::Orig, b"GET /");
        see(&mut detection, Dir::Resp, b"HTTP/1.1");
        detection.gap(Dir::Orig, 3);
        see(&mut detection, Dir::Orig, b"more");
        let told = |detection: &Detection| {
            let mut told = Vec::new();
            detection.replay(|dir, piece| told.push((dir, piece.map(<[u8]>::to_vec))));
            told
        };
        let mut expected = [
            (Dir::Orig, Ok(b"GET /".to_vec())),
            (Dir::Resp, Ok(b"HTTP/1.1".to_vec())),
            (Dir::Orig, Err(3)),
            (Dir::Orig, Ok(b"more".to_vec())),
        ];
        assert_eq!(told(&detection), expected);
        detection.flipped();
        expected.iter_mut().for_each(|(dir, _)| *dir = dir.other());
        assert_eq!(told(&detection), expected);
    }

    #[test]
    fn each_direction_finds_a_protocol_once() {
        let mut detection = detection();
        assert_eq!(see(&mut detection, Dir::Orig, b"\r\nGE"), [""; 0]);
        assert_eq!(see(&mut detection, Dir::Orig, b"T /"), ["HTTP"]);
        assert_eq!(see(&mut detection, Dir::Orig, b" HTTP/1.1\r\n"), [""; 0]);
        assert!(!detection.is_over(), "the reply may show it again");
        assert_eq!(see(&mut detection, Dir::Resp, b"HTTP/1.1 200"), ["HTTP"]);
        assert!(detection.is_over());
    }

    #[test]
    fn it_ends_once_all_is_decided_or_after_a_kilobyte_or_a_hundred_pieces() {
        let mut decided = detection();
        see(&mut decided, Dir::Orig, b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8");
        assert!(!decided.is_over());
        see(&mut decided, Dir::Resp, b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8");
        assert!(decided.is_over());
        let mut long = detection();
        see(&mut long, Dir::Orig, &[b' '; 1024]);
        assert!(!long.is_over());
        see(&mut long, Dir::Resp, b"H");
        assert!(long.is_over());
        let mut many = detection();
        (0..99).for_each(|_| _ = see(&mut many, Dir::Orig, b" "));
        assert!(!many.is_over());
        see(&mut many, Dir::Orig, b" ");
        assert!(many.is_over());
    }

    #[test]
    fn a_datagram_is_looked_at_by_itself() {
        let mut hello = [0; 40];
        hello[..3].copy_from_slice(&[0x16, 0xfe, 0xff]);
        (hello[13], hello[25], hello[26]) = (1, 0xfe, 0xfd);
        for dir in [Dir::Orig, Dir::Resp] {
            let mut detection = Spares::default().take(Proto::Udp, Most::default());
            assert_eq!(see(&mut detection, dir, &hello[1..]), [""; 0]);
            assert_eq!(see(&mut detection, dir, &hello), ["DTLS"]);
        }
    }

    #[test]
    fn memory_is_used_again() {
        let mut spares = Spares::default();
        let mut detection = spares.take(Proto::Tcp, Most::default());
        see(&mut detection, Dir::Orig, b"\x16\x03\x01");
        see(&mut detection, Dir::Resp, b"\x16\x03\x01");
        spares.give_back(detection);
        let mut again = spares.take(Proto::Tcp, Most::default());
        assert!(!again.is_over());
        assert_eq!(see(&mut again, Dir::Orig, b"GET /"), ["HTTP"]);
        again.orig = vec![0; MAX_SPARE_BYTES + 1];
        spares.give_back(again);
        assert!(spares.0.is_empty());
    }
}
