//! The binary from outside: what it writes, says and survives.

mod arguments;
mod check;
mod cost;
mod ends;
mod front_door;
pub mod golden;
mod hang;
mod linear;
mod linear_streams;
mod memory;
mod mutated;
mod options;
mod zeek_options;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Output;

pub use crate::build::nightjar;

/// The project's root folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// One of the captures that ship.
pub fn capture(name: &str) -> PathBuf {
    root().join("pcaps").join(name).with_extension("pcap")
}

/// All captures that ship, by name.
pub fn captures() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root().join("pcaps"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension() == Some(OsStr::new("pcap")))
        .collect();
    found.sort();
    assert!(found.len() > 10, "the captures are not there");
    found
}

/// The logs in a folder, by name.
pub fn logs(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension() == Some(OsStr::new("log")))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned())
        })
        .collect()
}

/// Standard error, after making sure that no panic shows in it and that the run ended by itself.
pub fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code().is_some(), "killed: {text}");
    assert!(!text.contains("panicked") && !text.contains("RUST_BACKTRACE"), "{text}");
    text
}
