//! Base64 as lenient receivers decode it (RFC 2045 §6.8).

/// An oddity met while decoding; Zeek's weird `base64_illegal_encoding` with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Flaw {
    /// A byte outside the alphabet was stepped over (the first one is told).
    Ignored(u8),
    /// Groups after the padding were stepped over.
    AfterPadding,
    /// The text ended within a group; this many bits of zero were added.
    Incomplete(u8),
}

impl Base64Flaw {
    /// The message Zeek puts beside `base64_illegal_encoding`.
    pub fn message(self) -> String {
        match self {
            Base64Flaw::Ignored(byte) => {
                format!("character {} ignored by Base64 decoding", i8::from_ne_bytes([byte]))
            }
            Base64Flaw::AfterPadding => "extra base64 groups after '=' padding are ignored".to_owned(),
            Base64Flaw::Incomplete(bits) => format!("incomplete base64 group, padding with {bits} bits of 0"),
        }
    }
}

const fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        b'=' => Some(0),
        _ => None,
    }
}

/// A streaming decoder: feed any pieces, then [`finish`](Self::finish).
#[derive(Clone, Debug, Default)]
pub struct Base64Decoder {
    bits: u32,
    count: u8,
    padding: u8,
    after_padding: bool,
    errored: bool,
}

impl Base64Decoder {
    /// Appends what `data` decodes to; `flaw` hears of the first oddity only.
    pub fn decode(&mut self, data: &[u8], out: &mut Vec<u8>, mut flaw: impl FnMut(Base64Flaw)) {
        for &byte in data {
            if byte == b'=' {
                self.padding = self.padding.saturating_add(1);
            }
            match sextet(byte) {
                Some(value) => {
                    self.bits = self.bits << 6 | u32::from(value);
                    self.count += 1;
                }
                None => self.report(Base64Flaw::Ignored(byte), &mut flaw),
            }
            if self.count == 4 {
                self.group(out, &mut flaw);
            }
        }
    }

    /// Ends the text: a group cut short is filled with zero bits and decoded, as in Zeek.
    pub fn finish(&mut self, out: &mut Vec<u8>, mut flaw: impl FnMut(Base64Flaw)) {
        let missing = 4 - self.count;
        if self.count > 0 {
            flaw(Base64Flaw::Incomplete(missing * 6));
            let padding = b"===";
            self.decode(padding.get(..usize::from(missing)).unwrap_or(padding), out, flaw);
        }
    }

    fn group(&mut self, out: &mut Vec<u8>, flaw: &mut impl FnMut(Base64Flaw)) {
        self.count = 0;
        let [_, octets @ ..] = self.bits.to_be_bytes();
        if self.after_padding {
            self.report(Base64Flaw::AfterPadding, flaw);
            return;
        }
        let keep = octets.len().saturating_sub(usize::from(self.padding));
        out.extend(octets.iter().take(keep));
        self.after_padding = self.padding > 0;
        self.padding = 0;
    }

    fn report(&mut self, found: Base64Flaw, flaw: &mut impl FnMut(Base64Flaw)) {
        if !self.errored {
            self.errored = true;
            flaw(found);
        }
    }
}
