//! Why bytes could not be read as what they should have been.

use std::fmt;

/// A parse failure: what kind, and at which field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong with the field.
    pub kind: ErrorKind,
    /// The field that could not be read, as the protocol's specification names it.
    pub field: &'static str,
}

/// What can be wrong with a field.
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
    /// The data ends in or before the field.
    pub const fn truncated(field: &'static str) -> Self {
        ParseError { kind: ErrorKind::Truncated, field }
    }

    /// The field has a value that it cannot have.
    pub const fn malformed(field: &'static str) -> Self {
        ParseError { kind: ErrorKind::Malformed, field }
    }

    /// The field has a value that is not read here.
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

/// What parsers return.
pub type Result<T> = std::result::Result<T, ParseError>;
