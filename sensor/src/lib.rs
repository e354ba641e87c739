//! nightjar, a passive network security monitor.
// Nothing that stands on the wire, in a script or in a file may end the program.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]

pub mod aggregate;
pub mod analyze;
pub mod capture;
pub mod cli;
pub mod config;
pub mod counters;
pub mod decode;
pub mod event;
pub mod export;
pub mod flow;
pub mod input;
pub mod log;
pub mod messages;
pub mod notice;
pub mod packages;
pub mod pipeline;
pub mod policy;
pub mod record;
pub mod script_host;
pub mod service;
pub mod signature;
pub mod sink;
pub mod sumstats;
pub mod testing;
pub mod time;
