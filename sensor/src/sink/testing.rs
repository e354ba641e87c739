//! What tests of this folder share.

/// A row as exporters get it.
pub fn encoded(stream: &str, value: &str) -> Vec<u8> {
    let mut row = Vec::new();
    row.extend_from_slice(&(23 + stream.len() as u32 + value.len() as u32).to_le_bytes());
    row.extend_from_slice(&[0; 8 + 8 + 4]);
    row.extend_from_slice(&[stream.len() as u8, 0, 0]);
    row.extend_from_slice(stream.as_bytes());
    row.extend_from_slice(value.as_bytes());
    row
}

/// A folder whose files are not written to a disk, if there is such a place. For tests that make many.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}
