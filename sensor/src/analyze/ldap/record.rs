//! ldap.log and ldap_search.log: a row for every request with its answer.

use std::fmt::Write;

use nightjar_protocols::ldap::names;

use crate::flow::Flow;
use crate::record::{Vector, record};
use crate::time::Time;

record! {
    /// A request that is no search, with its answer.
    pub struct LdapRow<'a> in "ldap" of conn {
        /// When the first of both was seen.
        ts,
        /// The number that both have.
        message_id: Option<i64> = "message_id",
        /// The version of the protocol, of those who say who they are.
        version: Option<i64> = "version",
        /// What was asked for.
        opcode: Option<&'a [u8]> = "opcode",
        /// What came of it.
        result: Option<&'a [u8]> = "result",
        /// What else the server said.
        diagnostic_message: Option<&'a [u8]> = "diagnostic_message",
        /// What it is about: a name, another message, an extension.
        object: Option<&'a [u8]> = "object",
        /// A mechanism, a password.
        argument: Option<&'a [u8]> = "argument",
    }
}

record! {
    /// A search, with what came of it.
    pub struct SearchRow<'a> in "ldap_search" of conn {
        /// When the first of its messages was seen.
        ts,
        /// The number that they have.
        message_id: Option<i64> = "message_id",
        /// How far it went: `base`, `single`, `tree`.
        scope: Option<&'a [u8]> = "scope",
        /// Which aliases were followed.
        deref_aliases: Option<&'a [u8]> = "deref_aliases",
        /// Where it began.
        base_object: Option<&'a [u8]> = "base_object",
        /// How much was found.
        result_count: Option<u64> = "result_count",
        /// What came of it.
        result: Option<&'a [u8]> = "result",
        /// What else the server said.
        diagnostic_message: Option<&'a [u8]> = "diagnostic_message",
        /// What was looked for.
        filter: Option<&'a [u8]> = "filter",
        /// What was to be told of it (`LDAP::default_log_search_attributes`).
        attributes: Option<Vector<'a, &'a [u8]>> = "attributes" as "vector of string &optional",
    }
}

/// A text of a row that is not written yet.
pub(super) type Text = Option<Box<[u8]>>;

/// A request that is no search.
#[derive(Default)]
pub(super) struct Request {
    pub ts: Time,
    pub id: i64,
    pub version: Option<i64>,
    pub opcode: Text,
    pub result: Text,
    pub diagnostic: Text,
    pub object: Text,
    pub argument: Text,
}

/// A search.
#[derive(Default)]
pub(super) struct Search {
    pub ts: Time,
    pub id: i64,
    pub scope: Text,
    pub deref: Text,
    pub base: Text,
    pub found: u64,
    pub result: Text,
    pub diagnostic: Text,
    pub filter: Text,
    pub attributes: Option<Vec<Box<[u8]>>>,
}

fn len(texts: &[&Text]) -> usize {
    texts.iter().filter_map(|text| text.as_deref()).map(<[u8]>::len).sum()
}

impl Request {
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + len(&[&self.diagnostic, &self.object, &self.argument])
    }

    pub fn row(&self, flow: &mut Flow) -> LdapRow<'_> {
        LdapRow {
            conn: flow.columns(self.ts),
            message_id: Some(self.id),
            version: self.version,
            opcode: self.opcode.as_deref(),
            result: self.result.as_deref(),
            diagnostic_message: self.diagnostic.as_deref(),
            object: self.object.as_deref(),
            argument: self.argument.as_deref(),
        }
    }
}

impl Search {
    pub fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().flatten().map(|name| name.len() + size_of::<Box<[u8]>>());
        size_of::<Self>() + len(&[&self.base, &self.diagnostic, &self.filter]) + attributes.sum::<usize>()
    }

    /// Makes its row for what is done with it.
    pub fn with_row(&self, flow: &mut Flow, done: impl FnOnce(&SearchRow<'_>)) {
        let attributes: Option<Vec<&[u8]>> =
            self.attributes.as_ref().map(|names| names.iter().map(AsRef::as_ref).collect());
        done(&SearchRow {
            conn: flow.columns(self.ts),
            message_id: Some(self.id),
            scope: self.scope.as_deref(),
            deref_aliases: self.deref.as_deref(),
            base_object: self.base.as_deref(),
            result_count: Some(self.found),
            result: self.result.as_deref(),
            diagnostic_message: self.diagnostic.as_deref(),
            filter: self.filter.as_deref(),
            attributes: attributes.as_deref().map(Vector),
        });
    }
}

/// `base/protocols/ldap/consts`: what scripts find of it beside the logs.
pub(super) fn consts_zeek() -> String {
    let mut text = String::from("# Names of LDAP's numbers.\n\nmodule LDAP;\n\nexport {\n");
    for (name, of, names) in [
        ("PROTOCOL_OPCODES", "ProtocolOpcode", names::OPCODES),
        ("RESULT_CODES", "ResultCode", names::RESULTS),
        ("SEARCH_SCOPES", "SearchScope", names::SCOPES),
        ("SEARCH_DEREF_ALIASES", "SearchDerefAlias", names::DEREFS),
    ] {
        let _ = writeln!(text, "\tconst {name}: table[{of}] of string = {{");
        for (_, value, shown) in names {
            let _ = writeln!(text, "\t\t[{of}_{value}] = \"{shown}\",");
        }
        text.push_str("\t} &default=\"unknown\";\n\n");
    }
    text.push_str("\tconst EXTENDED_REQUESTS: table[string] of string = {\n");
    for (oid, shown) in names::EXTENSIONS {
        let _ = writeln!(text, "\t\t[\"{oid}\"] = \"{shown}\",");
    }
    text.push_str("\t} &default=\"unknown\";\n\n");
    for (name, kind) in [("SIMPLE", 0), ("SASL", 3), ("SICILY_NEGOTIATE", 10), ("SICILY_RESPONSE", 11)] {
        let _ = writeln!(text, "\tconst BIND_{name} = \"{}\";", names::name(names::AUTHS, kind));
    }
    text.push_str("}\n");
    text
}
