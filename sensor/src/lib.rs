//! nightjar, a passive network security monitor.

pub mod capture;
pub mod record;
pub mod time;
