//! pe.log: a row for every program, when its file is over.

use crate::record::{Uid, Vector, record};
use crate::time::Time;

record! {
    /// A program.
    pub struct PeRow<'a> in "pe" {
        /// When the file began.
        ts: Time = "ts",
        /// The file's identifier.
        id: Uid = "id",
        /// What it was compiled for.
        machine: Option<&'a str> = "machine",
        /// When.
        compile_ts: Option<Time> = "compile_ts",
        /// The system that it needs.
        os: Option<&'a str> = "os",
        /// What it runs in.
        subsystem: Option<&'a str> = "subsystem",
        /// Whether it can be run, and is not an object.
        is_exe: bool = "is_exe" as "bool &default=T",
        /// Whether it has 64 bits.
        is_64bit: bool = "is_64bit" as "bool &default=T",
        /// Whether it can be loaded anywhere.
        uses_aslr: bool = "uses_aslr",
        /// Whether its data cannot be run.
        uses_dep: bool = "uses_dep",
        /// Whether its integrity is checked.
        uses_code_integrity: bool = "uses_code_integrity",
        /// Whether it handles exceptions.
        uses_seh: bool = "uses_seh" as "bool &default=T",
        /// Whether it imports.
        has_import_table: Option<bool> = "has_import_table",
        /// Whether it exports.
        has_export_table: Option<bool> = "has_export_table",
        /// Whether it is signed.
        has_cert_table: Option<bool> = "has_cert_table",
        /// Whether it can be debugged.
        has_debug_data: Option<bool> = "has_debug_data",
        /// Its sections, in order.
        section_names: Option<Vector<'a, &'a [u8]>> = "section_names",
    }
}
