//! PE files: pe.log, and events of their headers.

pub mod events;
mod record;

use std::borrow::Cow;

use nightjar_protocols::pe::{self, Reader};

use crate::analyze::files::{FileAnalyzer, FileLink, FileSpec};
use crate::analyze::pe::record::PeRow;
use crate::analyze::{LogDecl, Protocol};
use crate::config::Config;
use crate::event::{Event, File, Owner};
use crate::record::{Record, Vector};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    file_analyzers: &[&FileSpec { name: "PE", mime_types: &["application/x-dosexec"], new: Some(new) }],
    events: events::EVENTS,
    logs: &[LogDecl {
        schema: PeRow::SCHEMA,
        info: "PE::Info",
        holder: Some(("fa_file", "pe")),
        event: Some("log_pe"),
    }],
    script: Some(include_str!("pe.zeek")),
    ..Protocol::NOTHING
};

fn new(_: &Config) -> Box<dyn FileAnalyzer> {
    Box::new(Pe { reader: Reader::default(), known: Known::default() })
}

/// A file.
struct Pe {
    reader: Reader,
    known: Known,
}

#[derive(Default)]
struct Known {
    file: Option<pe::FileHeader>,
    optional: Option<Box<Optional>>,
    sections: Vec<Box<[u8]>>,
}

/// What is logged of how a program is loaded.
struct Optional {
    os: Cow<'static, str>,
    subsystem: Cow<'static, str>,
    dll_characteristics: u16,
    has_export_table: bool,
    has_import_table: bool,
    has_cert_table: bool,
    has_debug_data: bool,
}

/// Bits of characteristics.
mod bit {
    pub const IS_32BIT: u16 = 0x100;
    pub const DYNAMIC_BASE: u16 = 0x40;
    pub const FORCE_INTEGRITY: u16 = 0x80;
    pub const NX_COMPAT: u16 = 0x100;
    pub const NO_SEH: u16 = 0x400;
}

/// Sections whose names are logged; the system loads no more than 96.
const MAX_SECTIONS: usize = 1_000;

impl FileAnalyzer for Pe {
    fn data(&mut self, link: &mut FileLink<'_, '_>, bytes: &[u8]) {
        self.reader.data(bytes, &mut Hears { link, known: &mut self.known });
    }

    fn gap(&mut self, _: &mut FileLink<'_, '_>, _: u64) {
        self.reader.gap();
    }

    fn done(&mut self, link: &mut FileLink<'_, '_>, _: bool) {
        let Known { file: Some(file), optional, sections } = &self.known else { return };
        let (optional, uid) = (optional.as_deref(), link.fuid());
        let has = |bit: u16| optional.is_some_and(|optional| optional.dll_characteristics & bit != 0);
        let names: Vec<&[u8]> = sections.iter().map(|name| &name[..]).collect();
        let machine = pe::machine(file.machine);
        let row = PeRow {
            ts: link.began(),
            id: uid,
            machine: Some(&machine),
            compile_ts: Some(events::compiled(file)),
            os: optional.map(|optional| &*optional.os),
            subsystem: optional.map(|optional| &*optional.subsystem),
            is_exe: file.optional_len > 0,
            is_64bit: file.characteristics & bit::IS_32BIT == 0,
            uses_aslr: has(bit::DYNAMIC_BASE),
            uses_dep: has(bit::NX_COMPAT),
            uses_code_integrity: has(bit::FORCE_INTEGRITY),
            uses_seh: !has(bit::NO_SEH),
            has_import_table: optional.map(|optional| optional.has_import_table),
            has_export_table: optional.map(|optional| optional.has_export_table),
            has_cert_table: optional.map(|optional| optional.has_cert_table),
            has_debug_data: optional.map(|optional| optional.has_debug_data),
            section_names: (!names.is_empty()).then_some(Vector(&names)),
        };
        link.cx.bus.log(&row, Owner { uid, nth: 0 });
    }
}

/// Hears what a reader tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut FileLink<'l, 'c>,
    known: &'h mut Known,
}

impl pe::Handler for Hears<'_, '_, '_> {
    fn dos_header(&mut self, header: &pe::DosHeader<'_>) {
        self.link.raise(&events::DosHeader::of(header));
    }

    fn dos_code(&mut self, code: &[u8]) {
        self.link.raise(&events::DosCode { f: File, code });
    }

    fn file_header(&mut self, header: &pe::FileHeader) {
        self.known.file = Some(*header);
        self.link.raise(&events::FileHeader::of(header));
    }

    fn optional_header(&mut self, header: &pe::OptionalHeader<'_>) {
        let [major, minor] = header.os;
        let has = |nth| header.table_size(nth) > 0;
        self.known.optional = Some(Box::new(Optional {
            os: pe::os_version(major, minor),
            subsystem: pe::subsystem(header.subsystem),
            dll_characteristics: header.dll_characteristics,
            has_export_table: has(0),
            has_import_table: has(1),
            has_cert_table: has(4),
            has_debug_data: has(6),
        }));
        if self.link.cx.bus.wants(events::OptionalHeader::ID) {
            let sizes: Vec<u64> = header.table_sizes().map(u64::from).collect();
            self.link.raise(&events::OptionalHeader::of(header, &sizes));
        }
    }

    fn section(&mut self, header: &pe::SectionHeader<'_>) {
        if self.known.sections.len() < MAX_SECTIONS {
            self.known.sections.push(header.name.into());
        }
        self.link.raise(&events::SectionHeader::of(header));
    }
}
