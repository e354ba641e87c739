//! Headers of objects (IEEE 1815 §4.2.2.7): which objects a message is about.

/// A header of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectHeader {
    /// Group and variation.
    pub kind: u16,
    /// How the objects are told.
    pub qualifier: u8,
    /// How many there are.
    pub number: u32,
    /// The first, or what stands in its place.
    pub low: u32,
    /// The last, likewise.
    pub high: u32,
}

/// Reads the header that a list of objects begins with, and gives back what follows it. `None` where it is too short.
pub fn header(bytes: &[u8]) -> Option<(ObjectHeader, &[u8])> {
    let ([a, b, qualifier], rest) = bytes.split_first_chunk::<3>()?;
    let kind = u16::from_be_bytes([*a, *b]);
    let range = |len: usize| {
        let (range, rest) = rest.split_at_checked(2 * len)?;
        let (low, high) = range.split_at_checked(len)?;
        Some((number(low), number(high), rest))
    };
    let (number, low, high, rest) = match qualifier & 0x0f {
        code @ 0..=5 => {
            let (low, high, rest) = range(1 << (code % 3))?;
            // The others name addresses, which are not counted.
            let counted = if code < 3 { high.wrapping_sub(low).wrapping_add(1) } else { 0 };
            (counted, low, high, rest)
        }
        6 => (0, 0xffff, 0xffff, rest),
        code @ (7..=9 | 11) => {
            let len = if code == 11 { 1 } else { 1 << (code - 7) };
            let (count, rest) = rest.split_at_checked(len)?;
            (number(count), number(count), 0, rest)
        }
        _ => (0, 0, 0, &[][..]),
    };
    Some((ObjectHeader { kind, qualifier: *qualifier, number, low, high }, rest))
}

/// The low byte first.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
