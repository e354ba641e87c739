//! Pieces of one message, which may come in any order, more than once, and overlap.

/// What has come of a message. What came first stays.
#[derive(Debug, Default)]
pub struct Pieces {
    /// Where each belongs, in their order; they do not overlap, and what follows on another is joined to it.
    pieces: Vec<(usize, Vec<u8>)>,
    /// Bytes of all.
    len: usize,
}

impl Pieces {
    /// Takes what is new of a piece.
    pub fn add(&mut self, offset: usize, data: &[u8]) {
        let (mut at, mut rest) = (offset, data);
        while !rest.is_empty() {
            // The first piece that ends after it.
            let next = self.pieces.partition_point(|(start, piece)| start + piece.len() <= at);
            let known = self.pieces.get(next).map(|(start, piece)| (*start, start + piece.len()));
            let (start, end) = known.unwrap_or((usize::MAX, usize::MAX));
            let room = start.saturating_sub(at).min(rest.len());
            let (new, after) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.insert(next, at, new);
            // What is known already is passed over.
            let passed = end.saturating_sub(at + room).min(after.len());
            debug_assert!(room + passed > 0, "each round takes something");
            at += room + passed;
            rest = after.get(passed..).unwrap_or_default();
        }
    }

    /// Puts bytes in front of a piece, with which they do not overlap.
    fn insert(&mut self, next: usize, at: usize, new: &[u8]) {
        if new.is_empty() {
            return;
        }
        self.len += new.len();
        let before = next.checked_sub(1).and_then(|before| self.pieces.get_mut(before));
        match before.filter(|(start, piece)| start + piece.len() == at) {
            Some((_, piece)) => piece.extend_from_slice(new),
            None => self.pieces.insert(next, (at, new.to_vec())),
        }
    }

    /// Bytes that have come.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Pieces that are kept apart.
    pub fn count(&self) -> usize {
        self.pieces.len()
    }

    /// The first `len` bytes of the message, once nothing is missing of them.
    pub fn front(&self, len: usize) -> Option<Vec<u8>> {
        let mut front = Vec::new();
        for (start, piece) in &self.pieces {
            if *start != front.len() || front.len() >= len {
                break;
            }
            front.extend_from_slice(piece.get(..len - front.len()).unwrap_or(piece));
        }
        (front.len() == len).then_some(front)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(adds: &[(usize, &[u8])]) -> Pieces {
        let mut pieces = Pieces::default();
        adds.iter().for_each(|(at, data)| pieces.add(*at, data));
        pieces
    }

    #[test]
    fn what_comes_in_any_order_is_put_in_order() {
        for adds in [
            [(0, &b"abc"[..]), (3, b"def"), (6, b"ghi")],
            [(6, b"ghi"), (3, b"def"), (0, b"abc")],
            [(3, b"def"), (0, b"abc"), (6, b"ghi")],
            [(2, b"cdef"), (0, b"abcdef"), (4, b"efghi")],
        ] {
            let pieces = all(&adds);
            assert_eq!(pieces.front(9).as_deref(), Some(&b"abcdefghi"[..]), "{adds:?}");
            assert_eq!(pieces.front(2).as_deref(), Some(&b"ab"[..]));
            assert_eq!((pieces.front(10), pieces.len()), (None, 9));
        }
    }

    #[test]
    fn what_is_missing_is_waited_for() {
        let mut pieces = all(&[(0, b"ab"), (4, b"ef")]);
        assert_eq!((pieces.front(3), pieces.len(), pieces.count()), (None, 4, 2));
        pieces.add(2, b"cd");
        assert_eq!(pieces.front(6).as_deref(), Some(&b"abcdef"[..]));
    }

    #[test]
    fn what_came_first_stays() {
        let pieces = all(&[(2, b"CD"), (0, b"abcdef"), (5, b"FG")]);
        assert_eq!(pieces.front(7).as_deref(), Some(&b"abCDefG"[..]));
    }

    #[test]
    fn what_follows_on_another_is_no_piece_of_its_own() {
        let mut pieces = Pieces::default();
        (0..1000).for_each(|at| pieces.add(at, b"x"));
        assert_eq!((pieces.count(), pieces.len()), (1, 1000));
    }
}
