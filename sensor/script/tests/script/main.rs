//! The language through its front door: text in, output and reports out.

mod builtin_table;
mod builtins;
mod common;
mod errors;
mod host;
mod language;
mod limits;
mod mutations;
mod pushdown;
