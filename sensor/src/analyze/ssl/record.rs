//! ssl.log: one row for every connection, once both sides encrypt or when it is over.

use nightjar_protocols::tls::Info;

use crate::flow::Flow;
use crate::record::{Vector, record};
use crate::time::Time;

record! {
    /// A connection.
    pub struct SslRow<'a> in "ssl" of conn {
        /// When it was seen to be TLS.
        ts,
        /// The version that the server chose.
        version: Option<&'a str> = "version",
        /// The cipher suite that the server chose.
        cipher: Option<&'a str> = "cipher",
        /// The group, mostly a curve, of the keys.
        curve: Option<&'a str> = "curve",
        /// The server's name, as the client asked for it.
        server_name: Option<&'a [u8]> = "server_name",
        /// Whether the keys are those of an earlier connection.
        resumed: bool = "resumed",
        /// The last alert that was not encrypted.
        last_alert: Option<&'a str> = "last_alert",
        /// The protocol within, as the server chose it (ALPN).
        next_protocol: Option<&'a [u8]> = "next_protocol",
        /// Whether both sides came to encrypt.
        established: bool = "established",
        /// What came in which order, a letter for each, a client's in upper case: `C` and `s` are hellos, `x`
        /// certificates, `k` and `G` keys, `I` a change to them, `l` an alert, `^` the responder being the client.
        ssl_history: &'a [u8] = "ssl_history" as "string &default=\"\"",
        /// The SHA-256 of the server's certificates.
        cert_chain_fps: Option<Vector<'a, &'a str>> = "cert_chain_fps",
        /// Those of the client's.
        client_cert_chain_fps: Option<Vector<'a, &'a str>> = "client_cert_chain_fps",
        /// Whether the server's certificate is for the name that the client asked for.
        sni_matches_cert: Option<bool> = "sni_matches_cert",
    }
}

/// What a row has beside [`Info`].
#[derive(Clone, Copy, Default)]
pub(super) struct Chains<'a> {
    /// Of the server and the client; none where there was no certificate at all.
    pub fingerprints: Option<[&'a [&'a str]; 2]>,
    pub sni_matches_cert: Option<bool>,
}

/// Makes the row of a connection, and shows it.
pub(super) fn with<T>(
    ts: Time,
    flow: &mut Flow,
    info: &Info,
    chains: Chains<'_>,
    what: impl FnOnce(&mut Flow, &SslRow<'_>) -> T,
) -> T {
    let conn = flow.columns(ts);
    let (version, cipher) = (info.version_name(), info.suite_name());
    let (curve, alert) = (info.curve_name(), info.alert_name());
    let row = SslRow {
        conn,
        version: version.as_deref(),
        cipher: cipher.as_deref(),
        curve: curve.as_deref(),
        server_name: info.server_name.as_deref(),
        resumed: info.resumed,
        last_alert: alert.as_deref(),
        next_protocol: info.next_protocol.as_deref(),
        established: info.established,
        ssl_history: &info.history,
        cert_chain_fps: chains.fingerprints.map(|[server, _]| Vector(server)),
        client_cert_chain_fps: chains.fingerprints.map(|[_, client]| Vector(client)),
        sni_matches_cert: chains.sni_matches_cert,
    };
    what(flow, &row)
}
