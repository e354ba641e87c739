//! Names of interfaces and operations, as tables of scripts.

use std::fmt::Write;

use nightjar_protocols::dce_rpc::{names, uuid_text};

use crate::analyze::dce_rpc::record::USUAL;

/// The tables of `base/protocols/dce-rpc/consts`.
pub(super) fn zeek() -> String {
    let mut script =
        "# Names of DCE/RPC. Generated from protocols/src/dce_rpc/names.txt.\n\nmodule DCE_RPC;\n\nexport {\n".to_owned();
    script.push_str("\tconst uuid_endpoint_map: table[string] of string = {\n");
    for (uuid, named) in names::all() {
        let _ = writeln!(script, "\t\t[\"{}\"] = \"{}\",", uuid_text(uuid), named.name);
    }
    script.push_str(
        "\t} &redef &default=function(uuid: string): string { return fmt(\"unknown-%s\", uuid); };\n\n",
    );
    script.push_str("\tconst pipe_name_to_common_uuid: table[string] of string = {\n");
    for (pipe, uuid) in USUAL {
        let _ = writeln!(script, "\t\t[\"{pipe}\"] = \"{uuid}\",");
    }
    script.push_str("\t} &redef;\n\n\tconst operations: table[string, count] of string = {\n");
    for (uuid, named) in names::all() {
        for (number, name) in &named.operations {
            let _ = writeln!(script, "\t\t[\"{}\", {number}] = \"{name}\",", uuid_text(uuid));
        }
    }
    script.push_str(
        "\t} &redef &default=function(uuid: string, i: count): string { return fmt(\"unknown-%d\", i); };\n}\n",
    );
    script
}
