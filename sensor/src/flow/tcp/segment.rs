//! A TCP segment's header, as the state machine needs it.

use etherparse::TcpHeaderSlice;
use etherparse::err::tcp::HeaderSliceError;

/// TCP header flags (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub const fn fin(self) -> bool {
        self.0 & 0x01 != 0
    }

    pub const fn syn(self) -> bool {
        self.0 & 0x02 != 0
    }

    pub const fn rst(self) -> bool {
        self.0 & 0x04 != 0
    }

    pub const fn ack(self) -> bool {
        self.0 & 0x10 != 0
    }

    pub const fn psh(self) -> bool {
        self.0 & 0x08 != 0
    }

    pub const fn urg(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// A letter for each, as Zeek has them.
    pub fn letters(self) -> String {
        let flags = [
            (self.syn(), 'S'),
            (self.fin(), 'F'),
            (self.rst(), 'R'),
            (self.ack(), 'A'),
            (self.psh(), 'P'),
            (self.urg(), 'U'),
        ];
        flags.into_iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect()
    }
}

/// A segment: header fields, and its payload as far as it was captured.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub seq: u32,
    pub ack: u32,
    pub flags: Flags,
    pub window: u16,
    /// The header's options.
    pub options: &'a [u8],
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// The payload's length on the wire.
    pub len: u32,
}

/// Why a TCP header could not be read; Zeek's weird for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The data offset is below five words.
    BadLength,
    /// The header is longer than the packet.
    Truncated,
}

impl HeaderError {
    pub const fn weird(self) -> &'static str {
        match self {
            HeaderError::BadLength => "bad_TCP_header_len",
            HeaderError::Truncated => "truncated_header",
        }
    }
}

impl<'a> Segment<'a> {
    pub const MIN_HEADER: usize = 20;

    /// Flags and sequence number of what may be a segment, before its length is judged.
    pub fn peek(bytes: &[u8]) -> Option<Peek> {
        let head: &[u8; Segment::MIN_HEADER] = bytes.first_chunk()?;
        Some(Peek {
            seq: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            offset: head[12] >> 4,
            flags: Flags(head[13]),
        })
    }

    /// Reads the segment that an IP packet carries; `len` is what the IP header says there is.
    pub fn parse(bytes: &'a [u8], len: u32) -> Result<Segment<'a>, HeaderError> {
        let head = TcpHeaderSlice::from_slice(bytes).map_err(|error| match error {
            HeaderSliceError::Content(_) => HeaderError::BadLength,
            HeaderSliceError::Len(_) => HeaderError::Truncated,
        })?;
        let (_, payload) = bytes.split_at_checked(head.slice().len()).ok_or(HeaderError::Truncated)?;
        let len = len.checked_sub(head.slice().len() as u32).ok_or(HeaderError::Truncated)?;
        Ok(Segment {
            seq: head.sequence_number(),
            ack: head.acknowledgment_number(),
            flags: Flags(head.slice().get(13).copied().unwrap_or_default()),
            window: head.window_size(),
            options: head.slice().get(Segment::MIN_HEADER..).unwrap_or_default(),
            payload: payload.get(..len as usize).unwrap_or(payload),
            len,
        })
    }

    /// How much sequence space the segment takes. Data in a RST is no part of the stream.
    pub fn span(&self) -> u32 {
        let data = if self.flags.rst() { 0 } else { self.len };
        data.wrapping_add(u32::from(self.flags.syn())).wrapping_add(u32::from(self.flags.fin()))
    }

    /// The window scale option (RFC 7323 §2.2), if the segment carries one.
    pub fn window_scale(&self) -> Option<u8> {
        // Not with etherparse's iterator, which ends at the first option that it does not know.
        let mut options = self.options;
        loop {
            match options {
                [] | [0, ..] => return None,
                [1, rest @ ..] => options = rest,
                [kind, len, ..] => {
                    let len = usize::from(*len);
                    if len == 0 || len > options.len() {
                        return None;
                    }
                    if *kind == 3 && len >= 3 {
                        return Some(options[2]);
                    }
                    options = &options[len..];
                }
                [_] => return None,
            }
        }
    }
}

/// What tells whether a segment begins a new connection.
#[derive(Clone, Copy, Debug)]
pub struct Peek {
    pub seq: u32,
    pub offset: u8,
    pub flags: Flags,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(offset: u8, flags: u8, options: &[u8]) -> Vec<u8> {
        let mut bytes =
            vec![0x04, 0xd2, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, offset << 4, flags, 0x10, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(options);
        bytes
    }

    #[test]
    fn header_lengths_are_judged() {
        assert_eq!(Segment::parse(&header(4, 2, &[]), 20).unwrap_err(), HeaderError::BadLength);
        assert_eq!(Segment::parse(&header(6, 2, &[]), 24).unwrap_err(), HeaderError::Truncated);
        assert_eq!(Segment::parse(&header(5, 2, &[])[..19], 20).unwrap_err(), HeaderError::Truncated);
        let padded = header(5, 0x18, b"datapad");
        let segment = Segment::parse(&padded, 24).unwrap();
        assert_eq!((segment.payload, segment.len, segment.window), (&b"data"[..], 4, 0x1000));
    }

    #[test]
    fn the_window_scale_is_found_among_options() {
        for (options, expected) in [
            (&[2, 4, 5, 0xb4, 1, 3, 3, 7][..], Some(7)),
            (&[1, 1, 1, 0, 3, 3, 7, 0], None),
            (&[3, 9, 7, 0], None),
            (&[3, 0, 7, 0], None),
            (&[1, 1, 1, 3], None),
        ] {
            let bytes = header(5 + options.len() as u8 / 4, 2, options);
            assert_eq!(
                Segment::parse(&bytes, bytes.len() as u32).unwrap().window_scale(),
                expected,
                "{options:?}"
            );
        }
    }

    #[test]
    fn control_flags_take_sequence_numbers() {
        let bytes = header(5, 0x03, b"ab");
        assert_eq!(Segment::parse(&bytes, 22).unwrap().span(), 4);
        let bytes = header(5, 0x04, b"ab");
        assert_eq!(Segment::parse(&bytes, 22).unwrap().span(), 0);
    }
}
