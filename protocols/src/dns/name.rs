//! Domain names (RFC 1035 §3.1) and their compression (§4.1.4).

use super::weird::Weird;
use crate::reader::Reader;

/// Bytes of text one name may have here. The RFC's limit is 255; Zeek reads on to 512, and logs it.
pub const CAPACITY: usize = 512;

/// Compression pointers followed in one name. Every pointer must go backwards, so none can loop;
/// but a 64 KB message of pointers, each to the one before, would cost the square of its length.
/// A name of the RFC's length has at most 127 labels and needs no more pointers than that.
pub const MAX_POINTERS: usize = 128;

/// A label's longest length (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// From this length on (RFC 1035 §2.3.4, with a trailing dot for the root) a name is too long.
const TOO_LONG: usize = 255;

/// A decoded name, in a buffer that is used again and again.
#[derive(Clone, Debug)]
pub struct Name {
    len: usize,
    bytes: [u8; CAPACITY],
}

impl Default for Name {
    fn default() -> Self {
        Name { len: 0, bytes: [0; CAPACITY] }
    }
}

impl Name {
    /// The labels joined by dots, without the trailing one; empty for the root. Bytes are as they
    /// stood: escaping is the log writer's work.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Makes all letters small, as Zeek shows names.
    pub fn make_lowercase(&mut self) {
        self.lowercase_from(0);
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) fn copy_from(&mut self, other: &Name) {
        self.clear();
        self.push(other.as_bytes());
    }

    /// Appends what fits and says whether it all did.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let end = self.len + bytes.len();
        let Some(free) = self.bytes.get_mut(self.len..end) else { return false };
        free.copy_from_slice(bytes);
        self.len = end;
        true
    }

    fn lowercase_from(&mut self, start: usize) {
        if let Some(text) = self.bytes.get_mut(start..self.len) {
            text.make_ascii_lowercase();
        }
    }

    /// Ends what was appended since `start` as a name: without its trailing dot.
    fn finish(&mut self, start: usize, weird: &mut impl FnMut(Weird)) {
        let written = self.len - start;
        if written >= TOO_LONG {
            weird(Weird::NameTooLong);
        }
        if written >= 2 && self.as_bytes().ends_with(b".") {
            self.len -= 1;
        }
    }
}

/// What a name is read with.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'m> {
    /// The message from its header on: what pointers count from.
    pub message: &'m [u8],
    /// Labels over 63 bytes are fine: NetBIOS has them (Zeek's exception for port 137).
    pub long_labels: bool,
}

impl Decoder<'_> {
    /// Reads the name at `r` into `out`. There is always a name: damage ends it early and is told
    /// to `weird`. Names behind a pointer come out in lower case, the rest as it stood.
    pub fn read(self, r: &mut Reader<'_>, out: &mut Name, weird: &mut impl FnMut(Weird)) {
        out.clear();
        self.read_at(r, 0, out, 0, weird);
    }

    /// `base` is where in the message `r` starts.
    fn read_at(
        self,
        r: &mut Reader<'_>,
        base: usize,
        out: &mut Name,
        pointers: usize,
        weird: &mut impl FnMut(Weird),
    ) {
        let start = out.len;
        loop {
            let at = base + r.position();
            let Ok(first) = r.u8("label") else { break };
            // Zeek wants a byte behind every length, the root's included: a name that ends the
            // message has no type and class to follow anyway.
            if first == 0 || r.is_empty() {
                break;
            }
            if first & 0xc0 == 0xc0 {
                let low = r.u8("pointer").unwrap_or(0);
                let target = usize::from(first & 0x3f) << 8 | usize::from(low);
                self.follow(target, at, out, pointers, weird);
                break;
            }
            let len = usize::from(first);
            if len > r.remaining() {
                weird(Weird::LabelPastMessage);
                let rest = r.remaining();
                let _ = r.skip(rest, "label");
                break;
            }
            if len > MAX_LABEL && !self.long_labels {
                weird(Weird::LabelTooLong);
                break;
            }
            // One more byte than the label, for its dot.
            if len >= CAPACITY - out.len {
                weird(Weird::LabelPastName);
                break;
            }
            let Ok(label) = r.take(len, "label") else { break };
            out.push(label);
            out.push(b".");
        }
        out.finish(start, weird);
    }

    /// Appends the name at `target`, which a pointer standing at `at` names.
    fn follow(
        self,
        target: usize,
        at: usize,
        out: &mut Name,
        pointers: usize,
        weird: &mut impl FnMut(Weird),
    ) {
        // RFC 1035 §4.1.4: "a prior occurance". Pointing at the pointer itself, or on, is an attack.
        let Some(prior) = self.message.get(target..at).filter(|prior| !prior.is_empty()) else {
            weird(Weird::ForwardPointer);
            return;
        };
        if pointers >= MAX_POINTERS {
            weird(Weird::PointerChain);
            return;
        }
        let start = out.len;
        // The reader ends where the pointer stands, so that a name cannot run into itself.
        self.read_at(&mut Reader::new(prior), target, out, pointers + 1, weird);
        // The first pointer's share has those of all that follow in it.
        if pointers == 0 {
            out.lowercase_from(start);
        }
    }
}
