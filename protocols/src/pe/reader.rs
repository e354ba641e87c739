//! The headers, one after the other.

use crate::bounds::{Cursor, Result};
use crate::pending::{Pending, Step};

/// The header that DOS reads.
#[derive(Clone, Copy, Debug)]
pub struct DosHeader<'a> {
    /// `MZ`.
    pub signature: &'a [u8],
    /// The thirteen numbers behind it, in order.
    pub numbers: [u16; 13],
    /// OEM identifier and information.
    pub oem: [u16; 2],
    /// Where the other headers are.
    pub new_header: u32,
}

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// What it was compiled for.
    pub machine: u16,
    /// How many sections it has.
    pub sections: u16,
    /// When it was compiled, in seconds since 1970.
    pub timestamp: u32,
    /// Where its symbols are.
    pub symbols_at: u32,
    /// How many there are.
    pub symbols: u32,
    /// Bytes of the header that follows. Objects have none.
    pub optional_len: u16,
    /// Its properties, a bit each.
    pub characteristics: u16,
}

/// How it is loaded.
#[derive(Clone, Copy, Debug)]
pub struct OptionalHeader<'a> {
    /// 0x10b for 32 bits, 0x20b for 64, 0x107 for an image of a ROM.
    pub magic: u16,
    /// The version of the linker.
    pub linker: [u8; 2],
    /// Sizes of code, of data and of data that is not initialised; where it begins, and its code.
    pub code: [u32; 5],
    /// Where its data begin, in 32 bits.
    pub base_of_data: Option<u32>,
    /// Where it wants to be.
    pub image_base: u64,
    /// How its sections are aligned in memory and in the file.
    pub alignment: [u32; 2],
    /// The version of the system that it needs.
    pub os: [u16; 2],
    /// Its own version.
    pub image: [u16; 2],
    /// The version of the subsystem that it needs.
    pub subsystem_version: [u16; 2],
    /// Sizes of the image and of the headers, and a checksum.
    pub sizes: [u32; 3],
    /// What it runs in.
    pub subsystem: u16,
    /// Its properties as a library, a bit each.
    pub dll_characteristics: u16,
    /// Its tables: addresses and sizes.
    tables: &'a [u8],
}

impl OptionalHeader<'_> {
    /// The sizes of its tables.
    pub fn table_sizes(&self) -> impl Iterator<Item = u32> {
        let sizes = self.tables.as_chunks::<8>().0.iter();
        sizes.map(|&[_, _, _, _, a, b, c, d]| u32::from_le_bytes([a, b, c, d]))
    }

    /// The size of one of them, 0 where there is none.
    pub fn table_size(&self, nth: usize) -> u32 {
        self.table_sizes().nth(nth).unwrap_or(0)
    }
}

/// A section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionHeader<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Size and address in memory, size and place in the file, and where relocations and lines are.
    pub places: [u32; 6],
    /// How many of those there are.
    pub counts: [u16; 2],
    /// Its properties, a bit each.
    pub characteristics: u32,
}

/// Hears what a reader reads.
pub trait Handler {
    /// The header that DOS reads.
    fn dos_header(&mut self, header: &DosHeader<'_>);

    /// What DOS runs. Of one that is very long only this is told.
    fn dos_code(&mut self, code: &[u8]);

    /// What the file is.
    fn file_header(&mut self, header: &FileHeader);

    /// How it is loaded.
    fn optional_header(&mut self, header: &OptionalHeader<'_>);

    /// A section.
    fn section(&mut self, header: &SectionHeader<'_>);
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Dos,
    Code {
        len: u64,
    },
    File,
    Optional(FileHeader),
    Sections {
        left: u16,
    },
    Over,
}

/// A file.
#[derive(Debug, Default)]
pub struct Reader {
    pending: Pending,
    at: At,
}

/// Bytes of what DOS runs that are told; usually it has 64. Stops headers that are said to be far away.
const MAX_CODE: u64 = 64 << 10;

const DOS_LEN: usize = 64;
const SECTION_LEN: usize = 40;
/// What the headers begin with.
const SIGNATURE: &[u8] = b"PE\0\0";

impl Reader {
    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.pending.len()
    }

    /// Nothing more is read.
    pub fn is_over(&self) -> bool {
        self.at == At::Over
    }

    /// Bytes are missing: nothing more can be read.
    pub fn gap(&mut self) {
        *self = Reader { at: At::Over, ..Reader::default() };
    }

    /// The next bytes of the file.
    pub fn data(&mut self, bytes: &[u8], handler: &mut impl Handler) {
        if self.is_over() {
            return;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.feed(bytes, |rest| self.step(rest, handler));
        if !self.is_over() {
            self.pending = pending;
        }
    }

    fn step(&mut self, rest: &[u8], handler: &mut impl Handler) -> Step {
        let needed = match self.at {
            At::Dos => DOS_LEN,
            At::Code { len } => usize::try_from(len.min(MAX_CODE)).unwrap_or(0),
            At::File => 24,
            At::Optional(file) => usize::from(file.optional_len),
            At::Sections { .. } => SECTION_LEN,
            At::Over => return Step::Discard,
        };
        let Some(part) = rest.get(..needed) else { return Step::NeedMore };
        let mut took = needed as u64;
        let read = match self.at {
            At::Dos => dos(part, handler).map(|len| if len == 0 { At::File } else { At::Code { len } }),
            At::Code { len } => {
                took = len;
                handler.dos_code(part);
                Ok(At::File)
            }
            At::File => file(part, handler),
            At::Optional(header) => optional(part, handler).map(|()| sections(header.sections)),
            At::Sections { left } => section(part, handler).map(|()| sections(left - 1)),
            At::Over => Ok(At::Over),
        };
        self.at = read.unwrap_or(At::Over);
        Step::Took(took)
    }
}

fn sections(left: u16) -> At {
    if left == 0 { At::Over } else { At::Sections { left } }
}

/// How many bytes there are before the next header.
fn dos(bytes: &[u8], handler: &mut impl Handler) -> Result<u64> {
    let mut r = Cursor::new(bytes);
    let signature = r.take(2, "signature")?;
    let mut numbers = [0; 13];
    for number in &mut numbers {
        *number = r.u16_le("number")?;
    }
    r.take(8, "Reserved")?;
    let oem = [r.u16_le("OEMid")?, r.u16_le("OEMinfo")?];
    r.take(20, "Reserved2")?;
    let new_header = r.u32_le("AddressOfNewExeHeader")?;
    handler.dos_header(&DosHeader { signature, numbers, oem, new_header });
    let len = u64::from(new_header).saturating_sub(DOS_LEN as u64);
    if len == 0 {
        handler.dos_code(b"");
    }
    Ok(len)
}

fn file(bytes: &[u8], handler: &mut impl Handler) -> Result<At> {
    let mut r = Cursor::new(bytes);
    // Zeek reads on whatever stands there; without it there is no such file.
    if r.take(4, "PESignature")? != SIGNATURE {
        return Ok(At::Over);
    }
    let header = FileHeader {
        machine: r.u16_le("Machine")?,
        sections: r.u16_le("NumberOfSections")?,
        timestamp: r.u32_le("TimeDateStamp")?,
        symbols_at: r.u32_le("PointerToSymbolTable")?,
        symbols: r.u32_le("NumberOfSymbols")?,
        optional_len: r.u16_le("SizeOfOptionalHeader")?,
        characteristics: r.u16_le("Characteristics")?,
    };
    handler.file_header(&header);
    // Zeek reads nothing more of an object.
    Ok(if header.optional_len == 0 { At::Over } else { At::Optional(header) })
}

fn optional(bytes: &[u8], handler: &mut impl Handler) -> Result<()> {
    let mut r = Cursor::new(bytes);
    let magic = r.u16_le("magic")?;
    let (is_32, is_64) = (magic == 0x10b, magic == 0x20b);
    let linker = [r.u8("major_linker_version")?, r.u8("minor_linker_version")?];
    let mut code = [0; 5];
    for number in &mut code {
        *number = r.u32_le("size_of_code")?;
    }
    let base_of_data = if is_32 { Some(r.u32_le("base_of_data")?) } else { None };
    let image_base = if is_64 { r.u64_le("image_base")? } else { u64::from(r.u32_le("image_base")?) };
    let alignment = [r.u32_le("section_alignment")?, r.u32_le("file_alignment")?];
    let mut version = || -> Result<[u16; 2]> { Ok([r.u16_le("major_version")?, r.u16_le("minor_version")?]) };
    let (os, image, subsystem_version) = (version()?, version()?, version()?);
    r.u32_le("win32_version")?;
    let sizes = [r.u32_le("size_of_image")?, r.u32_le("size_of_headers")?, r.u32_le("checksum")?];
    let (subsystem, dll_characteristics) = (r.u16_le("subsystem")?, r.u16_le("dll_characteristics")?);
    // Sizes of the stack and the heap.
    let memory = match (is_32, is_64) {
        (true, _) => 16,
        (_, true) => 32,
        _ => 0,
    };
    r.take(memory, "mem")?;
    r.u32_le("loader_flags")?;
    let tables = r.u32_le("number_of_rva_and_sizes")? as usize;
    let tables = r.take(tables.saturating_mul(8), "rvas")?;
    if is_32 || is_64 || magic == 0x107 {
        handler.optional_header(&OptionalHeader {
            magic,
            linker,
            code,
            base_of_data,
            image_base,
            alignment,
            os,
            image,
            subsystem_version,
            sizes,
            subsystem,
            dll_characteristics,
            tables,
        });
    }
    Ok(())
}

fn section(bytes: &[u8], handler: &mut impl Handler) -> Result<()> {
    let mut r = Cursor::new(bytes);
    let name = r.take(8, "name")?;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let mut places = [0; 6];
    for place in &mut places {
        *place = r.u32_le("place")?;
    }
    let counts = [r.u16_le("relocs")?, r.u16_le("line_nums")?];
    handler.section(&SectionHeader { name, places, counts, characteristics: r.u32_le("characteristics")? });
    Ok(())
}
