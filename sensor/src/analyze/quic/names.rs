//! Names of versions, for scripts.

use std::fmt::Write;

use nightjar_protocols::quic::version;

/// The table that gives the names of versions, as Zeek's does.
pub(super) fn zeek() -> String {
    let mut text = String::from(
        "# Names of QUIC's versions.\n\nmodule QUIC;\n\nexport {\n\tconst version_strings: table[count] of string = {\n",
    );
    for (number, name) in version::names() {
        let _ = writeln!(text, "\t\t[{number:#010x}] = \"{name}\",");
    }
    text.push_str(
        "\t} &default=function(version: count): string { return fmt(\"unknown-%x\", version); };\n}\n",
    );
    text
}
