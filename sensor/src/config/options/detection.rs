//! How protocols are found.

use crate::config::options::{OptionDef, Value, number, switch};

pub(super) const OPTIONS: &[OptionDef] = &[
    switch!(
        "dpd_ignore_ports",
        detection.ignores_ports,
        "Protocols are found by content alone, and those that have no signatures are not."
    ),
    number!(
        "dpd_buffer_size",
        detection.bytes,
        usize,
        1 << 20,
        "Bytes of a stream, of both directions, in which protocols are looked for."
    ),
    number!("dpd_max_packets", detection.segments, usize, 10_000, "Segments in which they are looked for."),
    switch!(
        "dpd_match_only_beginning",
        detection.only_beginning,
        "Signatures look at what dpd_buffer_size and dpd_max_packets allow, and not at all of a stream."
    ),
];
