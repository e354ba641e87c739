//! What DNS is told. This file is a part of `config` (tools/lists), which reads options.

use nightjar_protocols::dns;

use crate::config::options::{OptionDef, Value, number, switch};

/// What each of these is for stands with the option that sets it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Ids, and messages of one id, that wait for their other half.
    pub pending: dns::Pending,
    /// Questions of a message that is still taken for DNS; 0 for any number.
    pub max_questions: u16,
    pub skip_authority: bool,
    pub skip_additional: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let dns::Options { max_questions, skip_authority, skip_additional, .. } = dns::Options::default();
        Settings { pending: dns::Pending::default(), max_questions, skip_authority, skip_additional }
    }
}

/// As scripts, the command line and the configuration file set them.
pub const OPTIONS: &[OptionDef] = &[
    number!(
        "DNS::max_pending_msgs",
        protocols.dns.pending.messages,
        usize,
        1 << 16,
        "With more messages of one id than this that wait for their other half, those before are logged as they are."
    )
    .runtime()
    .key("dns", "max_pending_messages"),
    number!(
        "DNS::max_pending_query_ids",
        protocols.dns.pending.ids,
        usize,
        1 << 16,
        "With more ids than this of such messages, in one connection, all are logged as they are."
    )
    .runtime()
    .key("dns", "max_pending_ids"),
    number!(
        "dns_max_queries",
        protocols.dns.max_questions,
        u16,
        u16::MAX as u64,
        "A message with more questions than this is no DNS; 0 is no bound."
    )
    .global()
    .key("dns", "max_questions"),
    switch!("dns_skip_all_auth", protocols.dns.skip_authority, "Events do not tell of the authority section.").global()
    .key("dns", "skip_authority"),
    switch!("dns_skip_all_addl", protocols.dns.skip_additional, "Events do not tell of the additional section, EDNS among it.").global()
    .key("dns", "skip_additional"),
];
