//! MIME: what HTTP messages and mails share. RFC 2045, 2046, 2183, 5322.
//!
//! The tokenizers read header values as leniently as Zeek does (comments, stray characters and
//! missing quotes are stepped over), because the logs must show what a lenient receiver would see.
//! Entities differ between HTTP and mail: [`crate::http`] keeps its own, [`mail`] has those of mail.

pub mod base64;
pub mod boundary;
pub mod content_type;
pub mod filename;
pub mod hash;
pub mod mail;
pub mod percent;
pub mod quoted;
pub mod text;

#[cfg(test)]
mod tests;

pub use boundary::{Boundary, check_boundary};
pub use content_type::{ContentType, MediaType};
