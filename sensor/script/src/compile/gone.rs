//! Names that scripts of earlier versions use and Zeek no longer has: what took their place.

use super::{Compiler, Te};
use crate::ast::{ExprRef, Name};
use crate::source::Span;
use crate::types::TypeId;

/// Types and functions.
const NAMES: &[(&str, &str)] = &[
    ("X509", "X509::Certificate"),
    ("dhcp_msg", "DHCP::Msg, and the event dhcp_message"),
    ("dhcp_router_list", "DHCP::Options, and the event dhcp_message"),
    ("DHCP::reverse_ip", "DHCP::Msg, whose addresses are the right way round"),
    ("bro_version", "zeek_version"),
    ("bro_is_terminating", "zeek_is_terminating"),
    ("cat_string_array", "join_string_vec"),
    ("cat_string_array_n", "join_string_vec"),
    ("sort_string_array", "sort"),
    ("decode_base64_custom", "decode_base64"),
    ("encode_base64_custom", "encode_base64"),
    ("file_mime_type", "file_sniff"),
];

/// Fields of records.
const FIELDS: &[(&str, &str, &str)] = &[
    ("fa_file", "mime_type", "the event file_sniff, and Files::Info$mime_type"),
    ("fa_file", "mime_types", "the event file_sniff"),
    ("Files::Info", "tx_hosts", WITH_HOSTS),
    ("Files::Info", "rx_hosts", WITH_HOSTS),
    ("Files::Info", "conn_uids", WITH_HOSTS),
    ("connection", "addl", "the tables that scripts keep themselves"),
    ("connection", "hot", "the tables that scripts keep themselves"),
];

const WITH_HOSTS: &str = "policy/frameworks/files/deprecated-txhosts-rxhosts-connuids, which adds it";

impl Compiler {
    /// Nothing has this name.
    pub(super) fn unknown_identifier(&mut self, span: Span, name: &Name) {
        let mut text = format!("unknown identifier {name}, at or near \"{name}\"");
        if let Some((_, now)) = NAMES.iter().find(|(gone, _)| **gone == **name) {
            text.push_str(&format!("; Zeek no longer has it: see {now}"));
        } else if let Some(meant) = self.meant_name(name) {
            text.push_str(&format!("; did you mean {meant}?"));
        }
        self.err(span, text);
    }

    /// What is written nearly so: a local, or a global of any module.
    fn meant_name(&self, name: &str) -> Option<String> {
        let locals = self.fns.iter().flat_map(|function| function.names());
        let here = format!("{}::", self.module);
        let globals =
            self.vm.globals.iter().filter(|global| global.exported || global.name.starts_with(&here));
        // Those of this module are written without it.
        let globals = globals.map(|global| global.name.strip_prefix(&here).unwrap_or(&global.name));
        nearest(name, locals.map(|local| &**local).chain(globals)).map(str::to_owned)
    }

    /// The record `of` has no such field.
    pub(super) fn no_such_field(&mut self, e: &ExprRef, of: TypeId, field: &Name) -> Te {
        let mut text = format!("no such field in record ({})", crate::describe::expr(e, &self.vm));
        let gone = self.gone_field(of, field);
        let record = self.vm.types.as_record(of);
        let fields = record.iter().flat_map(|record| record.fields.iter().map(|field| &*field.name));
        match nearest(field, fields).filter(|_| gone.is_empty()) {
            Some(meant) => text.push_str(&format!("; did you mean ${meant}?")),
            None => text.push_str(&gone),
        }
        self.err(e.span, text);
        Te::error(e)
    }

    /// What keeps a record from being taken for one of another type: a field that this type does not have.
    pub(super) fn has_too_much(&self, given: TypeId, wanted: TypeId) -> Option<String> {
        let fields = &self.vm.types.as_record(given)?.fields;
        self.vm.types.as_record(wanted)?;
        let orphan = fields.iter().find(|field| self.vm.types.field(wanted, &field.name).is_none())?;
        let (name, gone) = (self.vm.types.short_name(wanted), self.gone_field(wanted, &orphan.name));
        Some(format!("; {name} has no field \"{}\"{gone}", orphan.name))
    }

    fn gone_field(&self, of: TypeId, field: &str) -> String {
        let alias = self.vm.types.alias(of);
        let gone = FIELDS.iter().find(|(record, gone, _)| *gone == field && alias == Some(*record));
        gone.map(|(_, _, now)| format!("; Zeek no longer has it: see {now}")).unwrap_or_default()
    }
}

/// The name that was probably meant. Short names are all alike, so of those nothing is.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = match name.len() {
        0..=2 => return None,
        3..=5 => 1,
        6..=11 => 2,
        _ => 3,
    };
    let lengths_fit = |known: &&str| known.len().abs_diff(name.len()) <= most;
    let ranked = known.filter(lengths_fit).map(|known| (strsim::damerau_levenshtein(known, name), known));
    ranked.filter(|(distance, _)| (1..=most).contains(distance)).min().map(|(_, known)| known)
}
