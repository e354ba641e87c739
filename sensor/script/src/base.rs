//! The scripts that ship inside the crate, and which of Zeek's paths they stand for.

use crate::host::Bundled;

/// Declarations every script sees, in this order.
pub const ALWAYS: &[(&str, &str)] = &[
    ("base/init-bare.zeek", include_str!("../../../scripts/base/init-bare.zeek")),
    ("base/options.zeek", include_str!("../../../scripts/base/options.zeek")),
    ("base/bif/builtin.zeek", include_str!("../../../scripts/base/bif/builtin.zeek")),
    ("base/bif/strings.zeek", include_str!("../../../scripts/base/bif/strings.zeek")),
    ("base/bif/sketches.zeek", include_str!("../../../scripts/base/bif/sketches.zeek")),
    ("base/bif/option.zeek", include_str!("../../../scripts/base/bif/option.zeek")),
];

/// Found by `@load`; without `-b` all of them are loaded.
pub const LIBRARY: &[(&str, &str)] = &[
    ("base/utils/strings.zeek", include_str!("../../../scripts/base/utils/strings.zeek")),
    ("base/utils/numbers.zeek", include_str!("../../../scripts/base/utils/numbers.zeek")),
    ("base/utils/addrs.zeek", include_str!("../../../scripts/base/utils/addrs.zeek")),
    ("base/utils/site.zeek", include_str!("../../../scripts/base/utils/site.zeek")),
    ("base/utils/time.zeek", include_str!("../../../scripts/base/utils/time.zeek")),
    ("base/utils/queue.zeek", include_str!("../../../scripts/base/utils/queue.zeek")),
    ("base/utils/json.zeek", include_str!("../../../scripts/base/utils/json.zeek")),
    ("base/utils/misc.zeek", include_str!("../../../scripts/base/utils/misc.zeek")),
    ("base/utils/backtrace.zeek", include_str!("../../../scripts/base/utils/backtrace.zeek")),
    ("base/misc/version.zeek", include_str!("../../../scripts/base/misc/version.zeek")),
    ("base/frameworks/cluster.zeek", include_str!("../../../scripts/base/frameworks/cluster.zeek")),
];

/// Loaded without `-b`.
pub const DEFAULT: &[&str] = &[
    "base/utils/strings",
    "base/utils/numbers",
    "base/utils/addrs",
    "base/utils/site",
    "base/utils/time",
    "base/utils/queue",
    "base/utils/json",
    "base/utils/misc",
    "base/utils/backtrace",
    "base/misc/version",
    "base/frameworks/cluster",
];

/// Small utility scripts of Zeek's that live in one file here.
const MISC: &[&str] = &[
    "base/utils/conn-ids",
    "base/utils/thresholds",
    "base/utils/patterns",
    "base/utils/paths",
    "base/utils/files",
    "base/utils/urls",
    "base/utils/email",
    "base/utils/hash_hrw",
    "base/utils/directions-and-hosts",
];

/// First words of paths that Zeek's distribution has scripts under.
const ROOTS: &[&str] = &[
    "base",
    "policy",
    "protocols",
    "frameworks",
    "misc",
    "tuning",
    "integration",
    "files",
    "zeekygen",
    "site",
    "builtin-plugins",
];

/// The names of the scripts of the crate.
pub fn names() -> impl Iterator<Item = &'static str> {
    LIBRARY.iter().chain(ALWAYS).map(|(name, _)| *name)
}

fn stem(path: &str) -> &str {
    let p = path.trim_end_matches('/');
    p.strip_suffix(".zeek").or_else(|| p.strip_suffix(".bro")).unwrap_or(p)
}

/// The bundled script of a path: of the crate, or of the host's `library`. The parts of a
/// framework or protocol (`base/frameworks/notice/main`) are all in its one script.
pub fn find(path: &str, library: &[Bundled]) -> Option<(&'static str, &'static str)> {
    let want = stem(path);
    let mut want = want.strip_suffix("/__load__").unwrap_or(want);
    if MISC.contains(&want) {
        want = "base/utils/misc";
    }
    loop {
        let ours = LIBRARY.iter().chain(ALWAYS).copied();
        let hosts = library.iter().map(|bundled| (bundled.name, bundled.text));
        let named = |name: &str| {
            let name = stem(name);
            let name = name.strip_suffix("/__load__").unwrap_or(name);
            name == want || ["policy/", "site/"].iter().any(|root| name.strip_prefix(root) == Some(want))
        };
        if let Some(found) = ours.chain(hosts).find(|(name, _)| named(name)) {
            return Some(found);
        }
        want = want.rsplit_once('/')?.0;
        if !want.starts_with("base/frameworks/") && !want.starts_with("base/protocols/") {
            return None;
        }
    }
}

/// Whether a path is one of Zeek's own, so that loading it is no mistake.
pub fn is_known(path: &str) -> bool {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    // Folders of policy/ can be named without it.
    if first == "policy" { is_known(rest) } else { ROOTS.contains(&first) && !rest.is_empty() }
}

/// The module a framework's path is about: `base/frameworks/notice` → `Notice`.
pub fn modules_of(path: &str) -> Vec<&'static str> {
    const MODULES: &[(&str, &[&str])] = &[
        ("notice", &["Notice"]),
        ("logging", &["Log"]),
        ("sumstats", &["SumStats"]),
        ("intel", &["Intel"]),
        ("input", &["Input"]),
        ("cluster", &["Cluster"]),
        ("broker", &["Broker"]),
        ("reporter", &["Reporter"]),
        ("software", &["Software"]),
        ("dpd", &["DPD"]),
        ("analyzer", &["Analyzer::Logging", "DPD"]),
        ("files", &["Files"]),
        ("http", &["HTTP"]),
        ("dns", &["DNS"]),
        ("ssl", &["SSL"]),
        ("ssh", &["SSH"]),
        ("conn", &["Conn"]),
    ];
    MODULES
        .iter()
        .filter(|(word, _)| path.split('/').any(|p| p == *word))
        .flat_map(|(_, m)| m.iter().copied())
        .collect()
}
