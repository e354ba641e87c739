//! Names of interfaces and operations, as tables of scripts.

use std::fmt::Write;
use std::sync::Arc;

use nightjar_protocols::dce_rpc::{names, uuid_text};

use crate::analyze::Tables;
use crate::analyze::dce_rpc::record::USUAL;
use crate::config::Config;
use crate::config::protocols::dce_rpc::Named;

/// Takes over what scripts changed of the tables.
pub(super) fn read(config: &mut Config, table: Tables<'_>) {
    let mut named = Named::default();
    for (uuid, name) in table("DCE_RPC::uuid_endpoint_map") {
        if let Some(uuid) = names::parse(&uuid)
            && names::endpoint(&uuid) != Some(name.as_str())
        {
            named.endpoints.insert(uuid, name);
        }
    }
    for (of, name) in table("DCE_RPC::operations") {
        let Some((uuid, number)) = of.split_once(' ') else { continue };
        if let (Some(uuid), Ok(number)) = (names::parse(uuid), number.parse())
            && names::operation(&uuid, number) != Some(name.as_str())
        {
            named.operations.insert((uuid, number), name);
        }
    }
    if *config.protocols.dce_rpc.named != named {
        config.protocols.dce_rpc.named = Arc::new(named);
    }
}

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
