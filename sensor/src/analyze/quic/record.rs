//! quic.log: one row for every connection when it is over, and one more for each that a Retry, a close or a version that
//! is not read ended before.

use nightjar_protocols::quic::Info;

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A connection.
    pub struct QuicRow<'a> in "quic" of conn {
        /// When its first packet came.
        ts,
        /// The version of its first packet.
        version: &'a str = "version",
        /// The identifier that the client's first packet was for, in hexadecimal digits; keys of both sides follow from it.
        client_initial_dcid: Option<&'a str> = "client_initial_dcid",
        /// The identifier by which the client wants to be told.
        client_scid: Option<&'a str> = "client_scid",
        /// That of the server.
        server_scid: Option<&'a str> = "server_scid",
        /// The server's name, as the client asked for it.
        server_name: Option<&'a [u8]> = "server_name",
        /// The protocol within that the client likes best (ALPN).
        client_protocol: Option<&'a [u8]> = "client_protocol",
        /// What came in which order, a letter for each, the originator's in upper case: `I` an initial packet, `H` one of
        /// the rest of the handshake, `Z` early data, `R` a retry, `C` a close, `S` a hello of TLS, `U` a version that is
        /// not read.
        history: &'a [u8] = "history" as "string &default=\"\"",
    }
}

/// Makes the row of a connection, and shows it.
pub(super) fn with<T>(
    ts: Time,
    flow: &mut Flow,
    info: &Info,
    what: impl FnOnce(&mut Flow, &QuicRow<'_>) -> T,
) -> T {
    let conn = flow.columns(ts);
    let version = info.version_name();
    let ids = [&info.client_initial_dcid, &info.client_scid, &info.server_scid];
    let [initial, client, server] = ids.map(|id| id.as_deref().map(hex));
    let row = QuicRow {
        conn,
        version: &version,
        client_initial_dcid: initial.as_deref(),
        client_scid: client.as_deref(),
        server_scid: server.as_deref(),
        server_name: info.server_name.as_deref(),
        client_protocol: info.client_protocol.as_deref(),
        history: &info.history,
    };
    what(flow, &row)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
