//! Why a datagram is not QUIC's, in Zeek's words.

use std::fmt;

use crate::error::ParseError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// A field is not whole.
    Field(ParseError),
    /// An Initial packet in which there is no room for what is needed to read it.
    Short,
    Version(u32),
    Decryption,
    /// A frame that an Initial packet does not have.
    Frame(u8),
    /// The first message of a handshake is longer than a record may be.
    Message,
    /// More than the first message.
    Crypto {
        seen: usize,
        len: usize,
    },
    /// More pieces of it than anybody sends.
    Pieces(usize),
}

pub(super) type Result<T> = std::result::Result<T, Broken>;

impl From<ParseError> for Broken {
    fn from(error: ParseError) -> Self {
        Broken::Field(error)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Field(error) => write!(f, "{error}"),
            Broken::Short => f.write_str("&requires failed: self.length.result_ >= 20"),
            Broken::Version(version) => write!(f, "unhandled QUIC version 0x{version:x}"),
            Broken::Decryption => f.write_str("decryption failed"),
            Broken::Frame(kind) => write!(f, "unhandled frame type {kind}"),
            Broken::Message => f.write_str("&requires failed: self.length <= 2**14 + 256"),
            Broken::Crypto { seen, len } => write!(f, "too much crypto data received {seen} > {len}"),
            Broken::Pieces(most) => write!(f, "crypto data in more than {most} pieces"),
        }
    }
}
