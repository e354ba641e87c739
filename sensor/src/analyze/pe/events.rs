//! Events of programs, and their arguments.

use nightjar_protocols::pe;

use crate::event::{Arena, ArgType, Argument, File, List, Part, arg_records, events};
use crate::time::Time;

events! { [crate::analyze::first::pe]
    /// The header that DOS reads.
    pub struct DosHeader<'a>: "pe_dos_header" {
        f: File,
        h: DosFields<'a>,
    }
    /// What DOS runs.
    pub struct DosCode<'a>: "pe_dos_code" {
        f: File,
        code: &'a [u8],
    }
    /// What the file is.
    pub struct FileHeader: "pe_file_header" {
        f: File,
        h: FileFields,
    }
    /// How it is loaded.
    pub struct OptionalHeader<'a>: "pe_optional_header" {
        f: File,
        h: OptionalFields<'a>,
    }
    /// A section.
    pub struct SectionHeader<'a>: "pe_section_header" {
        f: File,
        h: SectionFields<'a>,
    }
}

arg_records! {
    /// The header that DOS reads.
    pub struct DosFields<'a>: "PE::DOSHeader" {
        signature: &'a [u8],
        used_bytes_in_last_page: u64,
        file_in_pages: u64,
        num_reloc_items: u64,
        header_in_paragraphs: u64,
        min_extra_paragraphs: u64,
        max_extra_paragraphs: u64,
        init_relative_ss: u64,
        init_sp: u64,
        checksum: u64,
        init_ip: u64,
        init_relative_cs: u64,
        addr_of_reloc_table: u64,
        overlay_num: u64,
        oem_id: u64,
        oem_info: u64,
        addr_of_new_exe_header: u64,
    }
    /// What a program is.
    pub struct FileFields: "PE::FileHeader" {
        machine: u64,
        /// When it was compiled.
        ts: Time,
        sym_table_ptr: u64,
        num_syms: u64,
        optional_header_size: u64,
        characteristics: Bits,
    }
    /// How a program is loaded.
    pub struct OptionalFields<'a>: "PE::OptionalHeader" {
        magic: u64,
        major_linker_version: u64,
        minor_linker_version: u64,
        size_of_code: u64,
        size_of_init_data: u64,
        size_of_uninit_data: u64,
        addr_of_entry_point: u64,
        base_of_code: u64,
        base_of_data: Option<u64>,
        image_base: u64,
        section_alignment: u64,
        file_alignment: u64,
        os_version_major: u64,
        os_version_minor: u64,
        major_image_version: u64,
        minor_image_version: u64,
        major_subsys_version: u64,
        minor_subsys_version: u64,
        size_of_image: u64,
        size_of_headers: u64,
        checksum: u64,
        subsystem: u64,
        dll_characteristics: Bits,
        table_sizes: List<'a, u64>,
    }
    /// A section of a program.
    pub struct SectionFields<'a>: "PE::SectionHeader" {
        name: &'a [u8],
        virtual_size: u64,
        virtual_addr: u64,
        size_of_raw_data: u64,
        ptr_to_raw_data: u64,
        non_used_ptr_to_relocs: u64,
        non_used_ptr_to_line_nums: u64,
        non_used_num_of_relocs: u64,
        non_used_num_of_line_nums: u64,
        characteristics: Bits,
    }
}

/// Bits that are set, each as the number that it is.
#[derive(Clone, Copy, Debug)]
pub struct Bits(pub u32);

impl Argument for Bits {
    const TYPE: ArgType = ArgType::Named("set[count]");

    fn put(&self, arena: &mut Arena) -> Part {
        let set = (0..u32::BITS).map(|bit| 1 << bit).filter(|bit| self.0 & bit != 0);
        let parts: Vec<Part> = set.map(|bit: u32| Part::Count(u64::from(bit))).collect();
        arena.list(&parts)
    }
}

impl<'a> DosHeader<'a> {
    pub fn of(header: &pe::DosHeader<'a>) -> Self {
        let [used, pages, relocations, paragraphs, least, most, ss, sp, checksum, ip, cs, table, overlay] =
            header.numbers.map(u64::from);
        let [oem_id, oem_info] = header.oem.map(u64::from);
        let h = DosFields {
            signature: header.signature,
            used_bytes_in_last_page: used,
            file_in_pages: pages,
            num_reloc_items: relocations,
            header_in_paragraphs: paragraphs,
            min_extra_paragraphs: least,
            max_extra_paragraphs: most,
            init_relative_ss: ss,
            init_sp: sp,
            checksum,
            init_ip: ip,
            init_relative_cs: cs,
            addr_of_reloc_table: table,
            overlay_num: overlay,
            oem_id,
            oem_info,
            addr_of_new_exe_header: u64::from(header.new_header),
        };
        DosHeader { f: File, h }
    }
}

impl FileHeader {
    pub fn of(header: &pe::FileHeader) -> Self {
        let h = FileFields {
            machine: u64::from(header.machine),
            ts: compiled(header),
            sym_table_ptr: u64::from(header.symbols_at),
            num_syms: u64::from(header.symbols),
            optional_header_size: u64::from(header.optional_len),
            characteristics: Bits(u32::from(header.characteristics)),
        };
        FileHeader { f: File, h }
    }
}

/// When a program was compiled.
pub(super) fn compiled(header: &pe::FileHeader) -> Time {
    Time::from_secs_f64(f64::from(header.timestamp))
}

impl<'a> OptionalHeader<'a> {
    pub fn of(header: &pe::OptionalHeader<'_>, table_sizes: &'a [u64]) -> Self {
        let [code, init_data, uninit_data, entry_point, base_of_code] = header.code.map(u64::from);
        let ([section, file], [image, headers, checksum]) =
            (header.alignment.map(u64::from), header.sizes.map(u64::from));
        let pairs = [header.os, header.image, header.subsystem_version];
        let [[os, os_minor], [version, version_minor], [subsystem, subsystem_minor]] =
            pairs.map(|pair| pair.map(u64::from));
        let h = OptionalFields {
            magic: u64::from(header.magic),
            major_linker_version: u64::from(header.linker[0]),
            minor_linker_version: u64::from(header.linker[1]),
            size_of_code: code,
            size_of_init_data: init_data,
            size_of_uninit_data: uninit_data,
            addr_of_entry_point: entry_point,
            base_of_code,
            base_of_data: header.base_of_data.map(u64::from),
            image_base: header.image_base,
            section_alignment: section,
            file_alignment: file,
            os_version_major: os,
            os_version_minor: os_minor,
            major_image_version: version,
            minor_image_version: version_minor,
            major_subsys_version: subsystem,
            minor_subsys_version: subsystem_minor,
            size_of_image: image,
            size_of_headers: headers,
            checksum,
            subsystem: u64::from(header.subsystem),
            dll_characteristics: Bits(u32::from(header.dll_characteristics)),
            table_sizes: List(table_sizes),
        };
        OptionalHeader { f: File, h }
    }
}

impl<'a> SectionHeader<'a> {
    pub fn of(header: &pe::SectionHeader<'a>) -> Self {
        let [size, address, raw_size, raw_at, relocations, lines] = header.places.map(u64::from);
        let [relocation_count, line_count] = header.counts.map(u64::from);
        let h = SectionFields {
            name: header.name,
            virtual_size: size,
            virtual_addr: address,
            size_of_raw_data: raw_size,
            ptr_to_raw_data: raw_at,
            non_used_ptr_to_relocs: relocations,
            non_used_ptr_to_line_nums: lines,
            non_used_num_of_relocs: relocation_count,
            non_used_num_of_line_nums: line_count,
            characteristics: Bits(header.characteristics),
        };
        SectionHeader { f: File, h }
    }
}
