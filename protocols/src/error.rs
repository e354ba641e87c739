//! Why bytes could not be read as what they should have been.

use std::fmt;

/// A parse failure: what kind, and at which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub kind: ErrorKind,
    /// The field that could not be read, as the protocol's specification names it.
    pub field: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes end before the field does.
    Truncated,
    /// The field holds a value its specification forbids.
    Malformed,
    /// A legal value that this parser does not follow.
    Unsupported,
}

impl ParseError {
    pub const fn truncated(field: &'static str) -> Self {
        ParseError { kind: ErrorKind::Truncated, field }
    }

    pub const fn malformed(field: &'static str) -> Self {
        ParseError { kind: ErrorKind::Malformed, field }
    }

    pub const fn unsupported(field: &'static str) -> Self {
        ParseError { kind: ErrorKind::Unsupported, field }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ErrorKind::Truncated => "truncated",
            ErrorKind::Malformed => "malformed",
            ErrorKind::Unsupported => "unsupported",
        };
        write!(f, "{kind} {}", self.field)
    }
}

impl std::error::Error for ParseError {}

pub type Result<T> = std::result::Result<T, ParseError>;
