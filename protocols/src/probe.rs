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
    /// Whether what `probe` decides of the first bytes of `data` stays when more come, so that how they are cut
    /// into segments makes no difference. For fuzz targets: it tries each length.
    pub fn is_steady(probe: fn(&[u8]) -> Probe, data: &[u8]) -> bool {
        let whole = probe(data);
        (1..data.len()).all(|len| match probe(data.get(..len).unwrap_or_default()) {
            Probe::NeedMore => true,
            decided => decided == whole,
        })
    }

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
