//! DNP3 (IEEE 1815): frames of the link layer, and the application's messages that are put together from them.

pub mod fuzz;
pub mod objects;
#[cfg(test)]
mod tests;

/// Where outstations listen (IANA), over TCP and UDP.
pub const PORT: u16 = 20_000;

/// What a frame begins with.
const MAGIC: [u8; 2] = [5, 0x64];
/// Bytes of a frame's header, without its checksum.
const HEADER: usize = 8;
/// The same with the checksum and the byte of the transport layer.
const BEGINNING: usize = 11;
/// Bytes that the length counts beside what the frame carries.
const COUNTED: usize = 5;
/// What is carried is checked by blocks of this many bytes.
const BLOCK: usize = 16;

/// A frame is no longer: its length is one byte.
pub const MAX_FRAME: usize = 292;

/// Limits of a session.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message that are put together. Outstations take 2048 (IEEE 1815 §4.2.2.3); a sender that never says
    /// which frame is the last costs no more than this.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 64 << 10 }
    }
}

/// What stands before a message (IEEE 1815 §9.2.4): of the first of its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Bytes that follow, without checksums.
    pub len: u8,
    /// Direction and function.
    pub control: u8,
    /// To whom.
    pub destination: u16,
    /// From whom.
    pub source: u16,
}

/// What a message begins with (IEEE 1815 §4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    /// First, last, to be confirmed, and its number.
    pub control: u8,
    /// What is to be done, or an answer.
    pub function: u8,
    /// Of answers: how the outstation is.
    pub indications: Option<u16>,
}

/// What is odd, in Zeek's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names say it")]
pub enum Weird {
    HeaderLacksMagic,
    CorruptHeaderChecksum,
    CorruptChunkChecksum,
    UnexpectedDirection,
    ZeroLength,
    FirstChunkMissing,
}

impl Weird {
    /// As Zeek names it.
    pub fn name(self) -> &'static str {
        match self {
            Weird::HeaderLacksMagic => "dnp3_header_lacks_magic",
            Weird::CorruptHeaderChecksum => "dnp3_corrupt_header_checksum",
            Weird::CorruptChunkChecksum => "dnp3_corrupt_app_chunk_checksum",
            Weird::UnexpectedDirection => "dnp3_unexpected_flow_direction",
            Weird::ZeroLength => "dnp3_negative_or_zero_length_link_layer",
            Weird::FirstChunkMissing => "dnp3_first_application_layer_chunk_missing",
        }
    }
}

/// Is told what a session reads.
pub trait Handler {
    /// A frame's header is right: it is DNP3.
    fn confirmed(&mut self);

    /// A message is whole: what stood before it, and its bytes.
    fn message(&mut self, is_orig: bool, link: &Link, bytes: &[u8]);

    /// Something is odd.
    fn weird(&mut self, weird: Weird);

    /// The rules are broken, in Zeek's words.
    fn violation(&mut self, reason: &str);
}

/// Both directions of a connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    sides: [Side; 2],
    /// Nothing more is read: it could not be followed any more.
    given_up: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Side {
    /// The frame that has begun.
    frame: Vec<u8>,
    /// Its header was looked at.
    begun: bool,
    /// The header of the message's first frame.
    link: Option<Link>,
    /// The first of its frames was seen.
    first: bool,
    message: Vec<u8>,
}

/// Why nothing more is read.
struct GiveUp;

impl Session {
    /// Nothing was read yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, sides: [Side::default(), Side::default()], given_up: false }
    }

    /// The next bytes of a direction, or a datagram.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.given_up {
            return;
        }
        let [orig, resp] = &mut self.sides;
        let side = if is_orig { orig } else { resp };
        self.given_up = side.data(&self.limits, is_orig, bytes, handler).is_err();
        if self.given_up {
            self.sides = [Side::default(), Side::default()];
        }
    }

    /// The directions were found to be the other way round.
    pub fn flip(&mut self) {
        self.sides.swap(0, 1);
    }
}

impl Side {
    fn data(
        &mut self,
        limits: &Limits,
        is_orig: bool,
        mut bytes: &[u8],
        handler: &mut impl Handler,
    ) -> Result<(), GiveUp> {
        while !bytes.is_empty() {
            if !self.begun {
                if !self.fill(BEGINNING, &mut bytes) {
                    return Ok(());
                }
                if self.begin(is_orig, handler)? {
                    // A frame that carries nothing. As in Zeek what follows it here is not looked at.
                    *self = Side::default();
                    return Ok(());
                }
            }
            let Some(length) = self.frame.get(2).map(|len| usize::from(*len)) else { return Err(GiveUp) };
            if length == 0 {
                handler.weird(Weird::ZeroLength);
                return Err(GiveUp);
            }
            // Less than what stands in its header is nothing that could be followed.
            let carried = length.checked_sub(COUNTED).ok_or(GiveUp)?;
            let whole = BEGINNING - 1 + carried + carried.div_ceil(BLOCK) * 2;
            if !self.fill(whole, &mut bytes) {
                return Ok(());
            }
            self.end(limits, is_orig, carried, handler)?;
        }
        Ok(())
    }

    /// Takes bytes until there are so many of the frame; true if there are.
    fn fill(&mut self, whole: usize, bytes: &mut &[u8]) -> bool {
        let needed = whole.saturating_sub(self.frame.len()).min(bytes.len());
        let (taken, rest) = bytes.split_at_checked(needed).unwrap_or((bytes, &[]));
        self.frame.extend_from_slice(taken);
        *bytes = rest;
        self.frame.len() >= whole
    }

    /// Looks at a frame's header. True where it carries nothing.
    fn begin(&mut self, is_orig: bool, handler: &mut impl Handler) -> Result<bool, GiveUp> {
        let [a, b, len, control, c, d, e, f, low, high, _] = *self.frame else { return Err(GiveUp) };
        if [a, b] != MAGIC {
            handler.weird(Weird::HeaderLacksMagic);
            return Err(GiveUp);
        }
        let header = self.frame.get(..HEADER).unwrap_or_default();
        if checksum(header) != [low, high] {
            handler.weird(Weird::CorruptHeaderChecksum);
            handler.violation("broken_checksum");
            return Err(GiveUp);
        }
        handler.confirmed();
        if usize::from(len) == COUNTED {
            return Ok(true);
        }
        if is_orig != (control & 0x80 != 0) {
            handler.weird(Weird::UnexpectedDirection);
        }
        self.begun = true;
        let (destination, source) = (u16::from_le_bytes([c, d]), u16::from_le_bytes([e, f]));
        self.link.get_or_insert(Link { len, control, destination, source });
        Ok(false)
    }

    /// A frame is whole: takes what it carries.
    fn end(
        &mut self,
        limits: &Limits,
        is_orig: bool,
        carried: usize,
        handler: &mut impl Handler,
    ) -> Result<(), GiveUp> {
        let mut blocks = self.frame.get(BEGINNING - 1..).unwrap_or_default();
        let transport = blocks.first().copied().unwrap_or(0);
        let (mut left, mut skip) = (carried, 1);
        while left > 0 {
            let (block, rest) = blocks.split_at_checked(left.min(BLOCK)).ok_or(GiveUp)?;
            let (sum, rest) = rest.split_first_chunk::<2>().ok_or(GiveUp)?;
            if checksum(block) != *sum {
                handler.weird(Weird::CorruptChunkChecksum);
                return Err(GiveUp);
            }
            if self.message.len() + block.len() <= limits.message {
                self.message.extend_from_slice(block.get(skip..).unwrap_or_default());
            }
            left -= block.len();
            (blocks, skip) = (rest, 0);
        }
        self.first |= transport & 0x40 != 0;
        if !self.first {
            handler.weird(Weird::FirstChunkMissing);
            return Err(GiveUp);
        }
        if transport & 0x80 != 0 {
            if let Some(link) = &self.link {
                handler.message(is_orig, link, &self.message);
            }
            *self = Side::default();
        } else {
            self.frame.clear();
            self.begun = false;
        }
        Ok(())
    }
}

impl Application {
    /// Reads what a message begins with, and gives back what follows it. Of requests that is two bytes, of answers
    /// four: which of them it is the direction says, as in Zeek.
    ///
    /// # Errors
    ///
    /// Zeek's words for one that is too short.
    pub fn read(is_orig: bool, message: &[u8]) -> Result<(Application, &[u8]), String> {
        let (what, need) = if is_orig {
            ("DNP3_Application_Request_Header", 2)
        } else {
            ("DNP3_Application_Response_Header", 4)
        };
        let short = || {
            format!("Binpac exception: binpac exception: out_of_bound: {what}: {need} > {}", message.len())
        };
        let (header, rest) = message.split_at_checked(need).ok_or_else(short)?;
        match *header {
            [control, function] => Ok((Application { control, function, indications: None }, rest)),
            [control, function, a, b] => {
                let indications = Some(u16::from_be_bytes([a, b]));
                Ok((Application { control, function, indications }, rest))
            }
            _ => Err(short()),
        }
    }
}

/// The checksum of a block (IEEE 1815 §9.2.5), the low byte first.
fn checksum(block: &[u8]) -> [u8; 2] {
    let step = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
    let crc = block.iter().fold(0_u16, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), step));
    (!crc).to_le_bytes()
}

/// Whether an answer's stream begins with a frame.
pub fn probe(bytes: &[u8]) -> crate::probe::Probe {
    crate::probe::Probe::prefix(bytes, &MAGIC)
}
