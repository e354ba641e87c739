//! Whether the beginning of a stream is a protocol's.

/// What the first bytes of a direction say about a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It is the protocol's.
    Match,
    /// It is not.
    NoMatch,
    /// Could still become a match.
    NeedMore,
}

impl Probe {
    /// Whether `data` begins with `word`.
    pub fn prefix(data: &[u8], word: &[u8]) -> Probe {
        match word.get(..data.len()) {
            Some(start) if start == data && data.len() < word.len() => Probe::NeedMore,
            Some(start) if start == data => Probe::Match,
            None if data.starts_with(word) => Probe::Match,
            _ => Probe::NoMatch,
        }
    }
}
