//! The Zeek scripting language: compiled, typed, bounded.
//!
//! Text goes through [`lexer`] → [`parser`] → [`compile`] (names, types and closures, declaration by declaration,
//! as Zeek reads scripts) into a [`Vm`] that runs event handlers. [`Script`] is the front door:
//!
//! ```
//! use nightjar_script::{ScriptOptions, Script, TestHost};
//!
//! let host = TestHost::default();
//! let out = host.output();
//! let opts = ScriptOptions { code: vec!["event zeek_init() { print 6 * 7; }".into()], ..ScriptOptions::default() };
//! let mut script = Script::compile(Box::new(host), &opts).unwrap();
//! script.run();
//! assert_eq!(out.stdout(), "42\n");
//! ```
// Nothing that stands on the wire, in a script or in a file may end the program.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]
#![forbid(unsafe_code)]

pub mod ast;
mod base;
mod builtins;
mod compile;
mod describe;
pub mod diag;
pub mod host;
mod lexer;
mod parser;
pub mod pushdown;
pub mod ranks;
mod run;
pub mod source;
mod test_host;
mod token;
pub mod types;
pub mod uses;
pub mod value;
pub mod vm;

pub use builtins::{Entropy, ZEEK_VERSION, topk_value};
pub use host::{Bundled, FlatNative, Host, Ignored, Loaded};
pub use run::{Assignment, Class, Failed, Script, ScriptOptions, StdHost, fuzz_source};
pub use test_host::{TestHost, TestOutput};
pub use vm::{Args, Counters, Limits, Traffic, Vm};
