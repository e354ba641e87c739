//! What rlogin and rsh begin with, and what rlogin says between (RFC 1282).

/// What a side is to say next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// A client begins: rlogin with NUL, rsh with a port before it.
    Begin,
    ClientUser,
    ServerUser,
    Terminal,
    /// A server that takes the login says NUL.
    Accept,
    Lines,
    /// Its text cannot be told from what is said between.
    Unknown,
    Rejected,
    /// 255 was read, once or twice, and perhaps an `s`.
    Control(u8),
    /// Bytes of a window's size that are still to come.
    Window(u8),
}

/// What a byte makes known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// The text at hand is whole: a name, or a line.
    Whole(At),
    /// The byte belongs to the text at hand, behind so many of what was taken for something said between.
    Text(&'static [u8], u8),
    /// What was taken so is text, and the byte is to be read again.
    Again(&'static [u8]),
    BadBeginning,
}

impl At {
    /// Goes on with the next byte.
    pub fn next(&mut self, byte: u8, is_orig: bool, is_rsh: bool) -> Found {
        match *self {
            At::Begin if byte == 0 => *self = At::ClientUser,
            At::Begin if is_rsh && byte.is_ascii_digit() => {}
            At::Begin => {
                *self = At::Unknown;
                return Found::BadBeginning;
            }
            At::ClientUser | At::ServerUser | At::Terminal if byte == 0 => return Found::Whole(*self),
            At::ClientUser | At::ServerUser | At::Terminal => return Found::Text(b"", byte),
            At::Accept => *self = if byte == 0 { At::Lines } else { At::Rejected },
            At::Control(1) if byte == 255 => *self = At::Control(2),
            At::Control(2) if byte == b's' => *self = At::Control(3),
            At::Control(3) if byte == b's' => *self = At::Window(8),
            At::Control(1) => {
                *self = At::Lines;
                return Found::Again(b"\xff");
            }
            At::Control(seen) => {
                *self = At::Unknown;
                return Found::Again(if seen == 3 { b"\xff\xffs" } else { b"\xff\xff" });
            }
            At::Window(left) => *self = if left <= 1 { At::Lines } else { At::Window(left - 1) },
            At::Lines | At::Unknown | At::Rejected => {
                if matches!(byte, b'\r' | b'\n') || (is_rsh && byte == 0) {
                    return Found::Whole(*self);
                }
                if byte == 255 && !is_rsh && is_orig && *self == At::Lines {
                    *self = At::Control(1);
                } else {
                    return Found::Text(b"", byte);
                }
            }
        }
        Found::Nothing
    }
}
