//! The scripts that ship, beside those of the language itself.

use std::sync::LazyLock;

use nightjar_script::{Bundled, Loaded};

use crate::analyze::{self, LogDecl, Protocol, reference};
use crate::pipeline;
use crate::script_host::policies::POLICIES;

/// Names a script under `scripts/`.
macro_rules! script {
    ($name:literal, $loaded:ident $(($($word:literal),+))?) => {
        Bundled {
            name: $name,
            text: include_str!(concat!("../../../scripts/", $name)),
            loaded: Loaded::$loaded $((&[$($word),+]))?,
        }
    };
}

/// All that ship, in the order in which they are loaded. What is loaded always is there with `-b` too.
pub(super) fn all() -> Vec<Bundled> {
    static OF_PROTOCOLS: LazyLock<Vec<(String, Loaded, String)>> = LazyLock::new(of_protocols);
    let of_protocols =
        OF_PROTOCOLS.iter().map(|(name, loaded, text)| Bundled { name, text, loaded: *loaded });
    let mut all = [SCRIPTS, POLICIES].concat();
    let at = all.iter().position(|script| script.name == PROTOCOLS_FOLLOW).map_or(all.len(), |at| at + 1);
    all.splice(at..at, of_protocols);
    all
}

/// Protocols' own come after this one, whose events are theirs.
const PROTOCOLS_FOLLOW: &str = "base/frameworks/reporter.zeek";

/// What follows from the declarations of logs, and the behaviour of protocols.
fn of_protocols() -> Vec<(String, Loaded, String)> {
    let log = |log: &LogDecl| {
        (format!("base/logs/{}.zeek", log.schema.path), Loaded::OnDemand, reference::log_zeek(log))
    };
    let script = |protocol: &Protocol| {
        // Folders have names that Rust has, and Zeek's have hyphens.
        let name = format!("base/protocols/{}.zeek", protocol.name.replace('_', "-"));
        let logs = protocol.logs.iter().map(|log| format!("@load base/logs/{}\n", log.schema.path));
        let text = protocol.script.map_or_else(|| logs.collect(), str::to_owned);
        (name, Loaded::ByDefault, text)
    };
    let constants = analyze::protocols().iter().filter_map(|protocol| protocol.constants);
    let constants =
        constants.map(|(name, text)| (format!("base/protocols/{name}.zeek"), Loaded::OnDemand, text()));
    let scripted = analyze::protocols().iter().filter(|protocol| protocol.is_scripted());
    pipeline::declared_logs().map(log).chain(constants).chain(scripted.map(script)).collect()
}

static SCRIPTS: &[Bundled] = &[
    script!("base/events.zeek", Always),
    script!("base/frameworks/logging.zeek", Always),
    script!("base/frameworks/input.zeek", Always),
    script!("base/bif/weird.zeek", Always),
    script!("base/bif/geo.zeek", Always),
    script!("base/frameworks/files.zeek", Always),
    script!("base/files/extract.zeek", Always),
    script!("base/files/x509.zeek", Mentioned("cert_chain", "client_cert_chain", "$x509")),
    script!("base/files/x509-rows.zeek", OnDemand),
    script!("base/protocols/ssl/finishing.zeek", Mentioned("ssl_finishing")),
    script!("base/protocols/ssl/analyzer-id.zeek", Mentioned("analyzer_id")),
    script!("base/protocols/ssl/ct-list.zeek", Mentioned("ct_logs")),
    script!("base/frameworks/analyzer.zeek", Always),
    script!("base/frameworks/reporter.zeek", ByDefault),
    script!("base/protocols/tunnel.zeek", ByDefault),
    script!("base/protocols/unraised.zeek", Declared),
    script!("base/frameworks/conn-threshold.zeek", ByDefault),
    script!("base/frameworks/config.zeek", ByDefault),
    script!("base/frameworks/notice.zeek", ByDefault),
    script!("base/frameworks/weird.zeek", ByDefault),
    script!("base/frameworks/loss.zeek", ByDefault),
    script!("base/frameworks/sumstats.zeek", ByDefault),
    script!("base/frameworks/intel.zeek", ByDefault),
    script!("base/frameworks/software.zeek", ByDefault),
    script!("base/frameworks/signatures.zeek", ByDefault),
    script!("base/frameworks/telemetry.zeek", ByDefault),
    script!("base/frameworks/supervisor.zeek", ByDefault),
    script!("base/protocols/conn/removal-hooks.zeek", ByDefault),
    script!("base/protocols/conn/polling.zeek", ByDefault),
    script!("base/frameworks/messages.zeek", OnDemand),
    script!("base/utils/exec.zeek", ByDefault),
    script!("base/utils/dir.zeek", ByDefault),
    script!("base/utils/active-http.zeek", ByDefault),
];

/// What is there instead of scripts of Zeek's that are not.
pub(super) fn instead_of(script: &str) -> Option<&'static str> {
    const NATIVELY: &str = "a sensor writes its log by itself, as [loss] in its configuration says";
    const INSTEAD: [(&str, &str); 4] = [
        ("misc/stats", NATIVELY),
        ("misc/capture-loss", NATIVELY),
        ("frameworks/telemetry", "a sensor serves metrics where service.metrics in its configuration says"),
        (
            "protocols/ssl/notary",
            "the service that it asked is gone; protocols/ssl/validate-certs checks chains here",
        ),
    ];
    let script = script.strip_prefix("policy/").unwrap_or(script);
    let found = INSTEAD.iter().find(|(name, _)| {
        script.strip_prefix(name).is_some_and(|rest| matches!(rest.bytes().next(), None | Some(b'/' | b'.')))
    });
    found.map(|(_, instead)| *instead)
}
