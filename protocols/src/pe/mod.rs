//! PE, the format of Windows programs (<https://learn.microsoft.com/windows/win32/debug/pe-format>): its headers.
//!
//! [`Reader`] is given a file's content in order and tells a [`Handler`] what the headers say.

pub mod fuzz;
mod names;
mod reader;
#[cfg(test)]
mod tests;

pub use names::{machine, os_version, subsystem};
pub use reader::{DosHeader, FileHeader, Handler, OptionalHeader, Reader, SectionHeader};
