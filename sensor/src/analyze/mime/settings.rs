//! What the reading of mails is told. This file is a part of `config` (tools/lists), which reads options.

use crate::config::options::{OptionDef, Value, number};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub segment: usize,
    pub overlap: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { segment: 1024, overlap: 0 }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    number!(
        "mime_segment_length",
        protocols.mime.segment,
        usize,
        1 << 20,
        "Bytes of a mail's content that one mime_segment_data tells at most."
    )
    .global()
    .key("mime", "segment_length"),
    number!(
        "mime_segment_overlap_length",
        protocols.mime.overlap,
        usize,
        1 << 16,
        "Bytes of the content before it that each mime_segment_data tells again."
    )
    .global()
    .key("mime", "segment_overlap"),
];
