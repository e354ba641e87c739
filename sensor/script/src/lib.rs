//! The Zeek scripting language: compiled, typed, bounded.
#![forbid(unsafe_code)]
