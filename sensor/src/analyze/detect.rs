//! Detection by content: the first bytes of a stream, kept until no protocol wants them any more.

use std::sync::LazyLock;

use nightjar_protocols::probe::Probe;
use smallvec::SmallVec;

use crate::analyze::{Spec, specs};
use crate::config::Detection as Most;
use crate::flow::Dir;

/// How content shows a stream to be a protocol: by what one of its directions begins with.
pub struct Signature {
    pub of: Dir,
    pub probe: fn(&[u8]) -> Probe,
}

/// What both directions of a stream began with, and which signatures may still match it. As in Zeek each
/// of them matches once: what was given up is taken up again when the other direction looks like it too.
#[derive(Default)]
pub struct Detection {
    orig: Vec<u8>,
    resp: Vec<u8>,
    /// In the order in which they came.
    pieces: Vec<(Dir, Piece)>,
    /// Bytes seen, of both directions.
    seen: usize,
    /// When it ends without a decision.
    most: Most,
    /// A bit for each signature that is not decided.
    undecided: Bits,
    /// A bit for each one that matched, of protocols that want all of theirs.
    matched: Bits,
}

/// A bit for each signature.
type Bits = u128;

/// All signatures, so that a segment costs those that its first byte leaves, and not all there are.
struct Signatures {
    /// By their bits: the protocol, how it is seen, and the bits of all that the protocol has.
    by_bit: Vec<(&'static Spec, &'static Signature, Bits)>,
    /// Those of the originator's and of the responder's direction.
    of: [Bits; 2],
    /// Those that a direction may still match when it begins with a byte.
    first: [[Bits; 256]; 2],
}

static SIGNATURES: LazyLock<Signatures> = LazyLock::new(|| {
    let mut all = Signatures { by_bit: Vec::new(), of: [0; 2], first: [[0; 256]; 2] };
    for spec in specs() {
        let from = all.by_bit.len();
        let bits = (from..from + spec.signatures.len()).fold(0, |bits, at| bits | 1 << at);
        for (signature, at) in spec.signatures.iter().zip(from..) {
            let (bit, dir) = (1 << at, signature.of as usize);
            all.by_bit.push((spec, signature, bits));
            all.of[dir] |= bit;
            let fits = |byte: &usize| (signature.probe)(&[*byte as u8]) != Probe::NoMatch;
            (0..256).filter(fits).for_each(|byte| all.first[dir][byte] |= bit);
        }
    }
    all
});

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
    pub fn take(&mut self, most: Most) -> Box<Detection> {
        let mut detection = self.0.pop().unwrap_or_default();
        detection.most = most;
        detection.undecided = SIGNATURES.of[0] | SIGNATURES.of[1];
        detection.matched = 0;
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

/// The places of the bits that are set.
fn ones(mut bits: Bits) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros();
        (at < Bits::BITS).then(|| {
            bits &= bits - 1;
            at
        })
    })
}

impl Detection {
    /// Looks at the next bytes of a direction: the protocols that it is seen to begin like with them.
    pub fn look(&mut self, dir: Dir, bytes: &[u8]) -> SmallVec<[&'static Spec; 1]> {
        let head = match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        };
        // Nearly always the first segment decides, and need not be copied for it.
        let before = head.len();
        if before > 0 {
            head.extend_from_slice(bytes);
        }
        let begins = if before > 0 { &head[..] } else { bytes };
        let mut found = SmallVec::new();
        let Some(first) = begins.first() else { return found };
        let all = &*SIGNATURES;
        let of = all.of[dir as usize] & self.undecided;
        let fits = of & all.first[dir as usize][usize::from(*first)];
        for bit in ones(of) {
            let Some((spec, signature, others)) = all.by_bit.get(bit as usize) else { continue };
            let verdict = match fits >> bit & 1 {
                0 => Probe::NoMatch,
                _ => (signature.probe)(begins),
            };
            match verdict {
                Probe::NeedMore => continue,
                Probe::Match => {
                    self.matched |= 1 << bit;
                    if !spec.both || self.matched & others == *others {
                        found.push(*spec);
                    }
                }
                // It cannot come to all of them any more.
                Probe::NoMatch if spec.both => self.undecided &= !others,
                Probe::NoMatch => {}
            }
            self.undecided &= !(1 << bit);
        }
        head.truncate(before);
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
            pieces if pieces >= self.most.segments => self.undecided = 0,
            _ => self.pieces.push((dir, Piece::Gap { len })),
        }
    }

    /// Nothing is to be found any more.
    pub fn is_over(&self) -> bool {
        self.undecided == 0 || self.seen > self.most.bytes || self.pieces.len() >= self.most.segments
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
        Spares::default().take(Most::default())
    }

    /// What was found, after which the bytes are kept.
    fn see(detection: &mut Detection, dir: Dir, bytes: &[u8]) -> Vec<&'static str> {
        let found = detection.look(dir, bytes);
        detection.keep(dir, bytes);
        found.iter().map(|spec| spec.named.name).collect()
    }

    #[test]
    fn there_is_a_bit_for_every_signature() {
        assert!(specs().map(|spec| spec.signatures.len()).sum::<usize>() <= Bits::BITS as usize);
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
        see(&mut decided, Dir::Orig, b"\x16\x03\x01");
        assert!(!decided.is_over());
        see(&mut decided, Dir::Resp, b"\x16\x03\x03");
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
    fn memory_is_used_again() {
        let mut spares = Spares::default();
        let mut detection = spares.take(Most::default());
        see(&mut detection, Dir::Orig, b"\x16\x03\x01");
        see(&mut detection, Dir::Resp, b"\x16\x03\x01");
        spares.give_back(detection);
        let mut again = spares.take(Most::default());
        assert!(!again.is_over());
        assert_eq!(see(&mut again, Dir::Orig, b"GET /"), ["HTTP"]);
        spares.give_back(Box::new(Detection { orig: vec![0; MAX_SPARE_BYTES + 1], ..Detection::default() }));
        assert!(spares.0.is_empty());
    }
}
