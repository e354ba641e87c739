//! Ceilings on memory.

use crate::config::options::{Form, OptionDef, Value};

macro_rules! limit {
    ($name:literal, $key:literal, $field:ident, $least:literal, $form:expr, $doc:literal) => {
        OptionDef::engine(
            $name,
            "count",
            $doc,
            |config| Value::Count(config.limits.$field as u64),
            |config, value| {
                config.limits.$field = value.size($least, 1 << 40)?;
                Ok(())
            },
        )
        .key_as("limits", $key, $form)
    };
}

pub(super) const OPTIONS: &[OptionDef] = &[
    limit!(
        "Sensor::max_flows",
        "flows",
        flows,
        1,
        Form::Number(1, 1 << 31),
        "Open flows, about 0.5 KiB each; beyond it the one unused for longest ends early. Stops SYN floods."
    ),
    limit!(
        "Sensor::max_reassembly_bytes",
        "reassembly",
        reassembly_bytes,
        0,
        Form::Size(1 << 40),
        "TCP data waiting behind holes; beyond it the stream that adds to it is given up."
    ),
    limit!(
        "Sensor::max_open_files",
        "open_files",
        open_files,
        1,
        Form::Number(1, 1 << 20),
        "Files open in one connection; with more the oldest ends early."
    ),
    limit!(
        "Sensor::max_file_bytes",
        "file_bytes",
        file_bytes,
        0,
        Form::Size(1 << 40),
        "Beginnings and pieces of files that wait for what comes before them."
    ),
    limit!(
        "Sensor::max_http_bytes",
        "http_bytes",
        http_bytes,
        0,
        Form::Size(1 << 40),
        "Text held for HTTP: rows that wait for their reply, and lines that wait for their end. Beyond it \
         connections may hold only little."
    ),
    limit!(
        "Sensor::max_handshake_bytes",
        "handshake_bytes",
        handshake_bytes,
        0,
        Form::Size(1 << 40),
        "Handshakes of TLS and QUIC that are not whole, of each worker; beyond it the one that adds to them is given up. \
         Stops hellos that never end."
    ),
    limit!(
        "Sensor::max_inflating",
        "inflating",
        inflating,
        0,
        Form::Number(0, 1 << 24),
        "Compressed bodies being inflated, about 40 KiB each; more are logged as they were sent."
    ),
];
