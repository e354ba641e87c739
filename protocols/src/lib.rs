//! Pure protocol parsers: bytes in, typed values out.
//!
//! Nothing here does I/O, reads a clock, starts a thread or knows what a flow is. A parser returns
//! what stood on the wire, or says which field was truncated or malformed.
// Nothing that stands on the wire, in a script or in a file may end the program.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing
    )
)]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(missing_docs))]

pub mod asn1;
pub mod bounds;
pub mod error;
mod folders;
pub mod pending;
mod pieces;
pub mod probe;
pub mod reader;
pub mod starttls;
#[cfg(test)]
mod tests;
pub mod text;
pub mod utf16;

pub use folders::*;
