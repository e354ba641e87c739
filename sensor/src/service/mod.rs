//! What makes a program of the pipeline: a configuration, signals, and ways to look in from outside.

pub mod about;
pub mod doctor;
pub mod examine;
pub mod health;
mod http;
pub mod metrics;
pub mod privileges;
pub mod sandbox;
pub mod server;
pub mod settings;
pub mod signals;
pub mod status;
pub mod surroundings;
pub mod version;
