//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Recorder {
    headers: usize,
    sections: usize,
    most: usize,
}

impl Handler for Recorder {
    fn dos_header(&mut self, _: &DosHeader<'_>) {
        self.headers += 1;
    }

    fn dos_code(&mut self, code: &[u8]) {
        assert!(code.len() <= 64 << 10);
    }

    fn file_header(&mut self, header: &FileHeader) {
        assert!(!machine(header.machine).is_empty());
        self.headers += 1;
        self.most = usize::from(header.sections);
    }

    fn optional_header(&mut self, header: &OptionalHeader<'_>) {
        assert!(header.table_sizes().count() <= 8192 && !subsystem(header.subsystem).is_empty());
        assert_eq!(header.table_size(9000), 0);
        self.headers += 1;
    }

    fn section(&mut self, header: &SectionHeader<'_>) {
        assert!(!header.name.contains(&0));
        self.sections += 1;
    }
}

/// Reads `data` as the pieces of a file: a byte before each says how long it is.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let (mut reader, mut trace, mut rest) = (Reader::default(), Recorder::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let (piece, left) = after.split_at(usize::from(*control).min(after.len()));
        match control {
            0 => reader.gap(),
            _ => reader.data(piece, &mut trace),
        }
        rest = left;
        assert!(reader.buffered() <= 64 << 10);
        assert!(trace.headers <= 3 && trace.sections <= trace.most);
    }
}
