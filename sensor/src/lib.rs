//! nightjar, a passive network security monitor.

pub mod analyze;
pub mod capture;
pub mod config;
pub mod decode;
pub mod event;
pub mod flow;
pub mod record;
pub mod time;
