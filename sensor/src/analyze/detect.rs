//! Detection by content: the first bytes of a stream, kept until some analyzer wants them.

use crate::analyze::Heads;
use crate::flow::Dir;

/// What both directions of a stream began with.
#[derive(Default)]
pub struct Detection {
    orig: Vec<u8>,
    resp: Vec<u8>,
    /// In the order in which they came.
    pieces: Vec<(Dir, Piece)>,
}

enum Piece {
    Data { len: usize },
    Gap { len: u64 },
}

/// Detection ends when more than this was seen without a match (`dpd_buffer_size`), …
const MAX_BYTES: usize = 1024;
/// … or this many segments (`dpd_max_packets`).
const MAX_PIECES: usize = 100;

impl Detection {
    pub fn add(&mut self, dir: Dir, bytes: &[u8]) {
        let head = match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        };
        head.extend_from_slice(bytes);
        self.pieces.push((dir, Piece::Data { len: bytes.len() }));
    }

    /// A gap is only of interest between data.
    pub fn gap(&mut self, dir: Dir, len: u64) {
        if !self.pieces.is_empty() {
            self.pieces.push((dir, Piece::Gap { len }));
        }
    }

    pub fn heads(&self) -> Heads<'_> {
        Heads { orig: &self.orig, resp: &self.resp }
    }

    pub fn is_over(&self) -> bool {
        self.orig.len() + self.resp.len() > MAX_BYTES || self.pieces.len() > MAX_PIECES
    }

    /// Tells again what was seen: data as `Ok`, a gap as `Err`.
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

    #[test]
    fn what_was_seen_is_told_again_in_order() {
        let mut detection = Detection::default();
        detection.gap(Dir::Resp, 9);
        detection.add(Dir::Orig, b"GET /");
        detection.add(Dir::Resp, b"HTTP/1.1");
        detection.gap(Dir::Orig, 3);
        detection.add(Dir::Orig, b"more");
        assert_eq!(detection.heads().orig, b"GET /more");
        let mut told = Vec::new();
        detection.replay(|dir, piece| told.push((dir, piece.map(<[u8]>::to_vec))));
        let expected = [
            (Dir::Orig, Ok(b"GET /".to_vec())),
            (Dir::Resp, Ok(b"HTTP/1.1".to_vec())),
            (Dir::Orig, Err(3)),
            (Dir::Orig, Ok(b"more".to_vec())),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn it_ends_after_a_kilobyte_or_a_hundred_pieces() {
        let mut detection = Detection::default();
        detection.add(Dir::Orig, &[0; 1024]);
        assert!(!detection.is_over());
        detection.add(Dir::Resp, &[0]);
        assert!(detection.is_over());
        let mut detection = Detection::default();
        (0..101).for_each(|_| detection.add(Dir::Orig, b"x"));
        assert!(detection.is_over());
    }
}
