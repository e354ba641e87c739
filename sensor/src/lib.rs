//! nightjar, a passive network security monitor.

pub mod capture;
pub mod decode;
pub mod time;
