//! Multipart delimiter lines (RFC 2046 §5.1.1).

/// What a line is to the multipart entity it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Another line.
    No,
    /// A part begins.
    Part,
    /// The last part has ended.
    Closing,
}

/// Anything may follow the delimiter on its line, as in Zeek.
pub fn check_boundary(line: &[u8], boundary: &[u8]) -> Boundary {
    match line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary)) {
        None => Boundary::No,
        Some(rest) if rest.starts_with(b"--") => Boundary::Closing,
        Some(_) => Boundary::Part,
    }
}
