//! What this program is: its version, the commit it was built of, and what was built in.

use std::sync::LazyLock;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Unknown of builds for development, and where the source came without its repository.
pub const COMMIT: &str = env!("NIGHTJAR_COMMIT");

/// What can be left out of a build or is not in every one.
pub const FEATURES: &[&str] = &["af_packet", "af_xdp", "pcap", "kafka", "http_sink", "sqlite", "landlock"];

/// What `--version` prints behind the name.
pub fn long() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| {
        let (_, rdkafka) = rdkafka::util::get_rdkafka_version();
        format!(
            "{VERSION} (commit {COMMIT})\nfeatures: {}\nlibraries: librdkafka {rdkafka}, {}, SQLite {}",
            FEATURES.join(" "),
            openssl::version::version(),
            rusqlite::version(),
        )
    });
    &LONG
}
