//! What belongs to the site.

use crate::config::options::{OptionDef, Value};

pub(super) const OPTIONS: &[OptionDef] = &[
    OptionDef::engine(
        "Site::local_nets",
        "set[subnet]",
        "Networks of this site, beside private address space: they decide local_orig and local_resp.",
        |config| Value::Nets(config.site.local_nets.clone()),
        |config, value| {
            config.site.local_nets = value.nets()?.to_vec();
            config.settle_site();
            Ok(())
        },
    )
    .runtime()
    .key("analysis", "local_networks"),
    OptionDef::engine(
        "Site::private_address_space_is_local",
        "bool",
        "Addresses that are not routed on the Internet are this site's.",
        |config| Value::Bool(config.site.private_is_local),
        |config, value| {
            config.site.private_is_local = value.bool()?;
            config.settle_site();
            Ok(())
        },
    )
    .key("analysis", "private_is_local"),
    OptionDef::engine(
        "Site::private_address_space",
        "set[subnet]",
        "The addresses that are not routed on the Internet: IANA's registries of special-purpose addresses \
         (RFC 6890), and the IPv4 networks among them once more under 6to4 (RFC 3056).",
        |config| Value::Nets(config.site.private.clone()),
        |config, value| {
            config.site.private = value.nets()?.to_vec();
            config.settle_site();
            Ok(())
        },
    )
    .runtime(),
    OptionDef::scripts("Site::neighbor_nets", "set[subnet]", "{}", "Networks next door.").runtime(),
    OptionDef::scripts(
        "Site::local_admins",
        "table[subnet] of set[string]",
        "{}",
        "Mail addresses of those in charge of a network.",
    )
    .runtime(),
    OptionDef::scripts(
        "Site::local_zones",
        "set[string]",
        "{}",
        "DNS zones that are local; all names below them belong to them.",
    )
    .runtime(),
    OptionDef::scripts(
        "Site::neighbor_zones",
        "set[string]",
        "{}",
        "DNS zones next door; all names below them belong to them.",
    )
    .runtime(),
];
