//! Why a capture could not be opened, or did not end well.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Nothing was read: there is no replay.
#[derive(Debug)]
pub enum OpenError {
    /// The file is not there, may not be read, or failed in its first bytes.
    Read {
        path: PathBuf,
        error: io::Error,
    },
    Directory {
        path: PathBuf,
    },
    Empty {
        path: PathBuf,
    },
    /// Neither pcap nor pcapng. `hint` names what it looks like, where that is known.
    NotACapture {
        path: PathBuf,
        start: Vec<u8>,
        hint: Option<&'static str>,
    },
    /// It begins as a capture, and its header is damaged or cut off.
    Header {
        path: PathBuf,
        error: CaptureError,
    },
    /// libpcap does not compile the filter.
    Filter {
        expression: String,
        reason: String,
    },
    /// The file that packets are to be written to cannot be made.
    Write {
        path: PathBuf,
        error: io::Error,
    },
}

/// The capture ended badly. Every packet before that point was delivered.
#[derive(Debug)]
pub enum CaptureError {
    /// It ends within a record. Offsets count bytes of the capture, decompressed.
    Truncated {
        offset: u64,
        reason: String,
    },
    /// What stands there cannot be a record.
    Corrupt {
        offset: u64,
        reason: String,
    },
    Read {
        offset: u64,
        error: io::Error,
    },
    /// The filter does not compile for a link type that appears later in the capture.
    Filter {
        expression: String,
        reason: String,
    },
    /// A packet could not be written to the file asked for. Reading stopped there: what cannot be kept as
    /// asked should not look as if it were.
    Write {
        path: PathBuf,
        error: io::Error,
    },
    /// Every [`FileReader`](super::FileReader) was dropped before the capture ended.
    Abandoned,
    /// The reading thread died: a fault in this program.
    Internal,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Read { path, error } => write!(f, "cannot read {}: {error}", path.display()),
            OpenError::Directory { path } => write!(f, "{} is a directory, not a capture", path.display()),
            OpenError::Empty { path } => write!(f, "{} is empty", path.display()),
            OpenError::NotACapture { path, start, hint } => {
                write!(f, "{} is neither pcap nor pcapng", path.display())?;
                match hint {
                    Some(hint) => write!(f, ": it looks like {hint}"),
                    None => {
                        f.write_str(": it begins with")?;
                        start.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
                    }
                }
            }
            OpenError::Header { path, error } => write!(f, "{}: {error}", path.display()),
            OpenError::Filter { expression, reason } => filter_error(f, expression, reason),
            OpenError::Write { path, error } => write!(f, "cannot write {}: {error}", path.display()),
        }
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CaptureError::Truncated { offset, reason } => {
                write!(f, "the capture is truncated at byte {offset}: {reason}")
            }
            CaptureError::Corrupt { offset, reason } => {
                write!(f, "the capture is corrupt at byte {offset}: {reason}")
            }
            CaptureError::Read { offset, error } => {
                write!(f, "the capture cannot be read at byte {offset}: {error}")
            }
            CaptureError::Filter { expression, reason } => filter_error(f, expression, reason),
            CaptureError::Write { path, error } => write!(f, "cannot write {}: {error}", path.display()),
            CaptureError::Abandoned => f.write_str("nobody reads the capture any more"),
            CaptureError::Internal => f.write_str("the thread reading the capture died"),
        }
    }
}

fn filter_error(f: &mut fmt::Formatter<'_>, expression: &str, reason: &str) -> fmt::Result {
    write!(f, "the filter `{expression}` does not compile: {reason}")
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OpenError::Read { error, .. } | OpenError::Write { error, .. } => Some(error),
            OpenError::Header { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for CaptureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CaptureError::Read { error, .. } | CaptureError::Write { error, .. } => Some(error),
            _ => None,
        }
    }
}
