//! ssh.log: one row for every connection, when its login succeeded or when it is over.

use nightjar_protocols::ssh::Info;

use crate::config::Config;
use crate::flow::Flow;
use crate::record::{EnumName, record};
use crate::time::Time;

record! {
    /// A connection.
    pub struct SshRow<'a> in "ssh" of conn,
        summary ["SSH: {id.orig_h} -> {id.resp_h}:{id.resp_p} success {auth_success}"]
    {
        /// When it was seen to be SSH.
        ts,
        /// The protocol's version, 1 or 2; 0 where the two sides speak none in common.
        version: Option<u64> = "version",
        /// Whether the login succeeded, judged by the sizes of packets.
        auth_success: Option<bool> = "auth_success",
        /// Logins that were tried; one that needs two steps counts twice.
        auth_attempts: u64 = "auth_attempts",
        /// `INBOUND` or `OUTBOUND`, where one end is in `Site::local_nets`.
        direction: Option<EnumName> = "direction" as "Direction &optional",
        /// The client's identification string.
        client: Option<&'a [u8]> = "client",
        /// The server's identification string.
        server: Option<&'a [u8]> = "server",
        /// The cipher.
        cipher_alg: Option<&'a str> = "cipher_alg",
        /// What authenticates messages.
        mac_alg: Option<&'a str> = "mac_alg",
        /// What compresses them.
        compression_alg: Option<&'a str> = "compression_alg",
        /// How keys were exchanged.
        kex_alg: Option<&'a str> = "kex_alg",
        /// The kind of the server's key.
        host_key_alg: Option<&'a str> = "host_key_alg",
        /// The MD5 of the server's key.
        host_key: Option<&'a str> = "host_key",
    }
}

pub(super) fn of<'a>(ts: Time, config: &Config, flow: &mut Flow, info: &'a Info) -> SshRow<'a> {
    let conn = flow.columns(ts);
    let [orig, resp] = [conn.orig_h, conn.resp_h].map(|addr| config.local_nets.contains(addr));
    let agreed = info.negotiated.as_deref();
    SshRow {
        conn,
        version: info.version,
        auth_success: info.auth_success,
        auth_attempts: info.auth_attempts,
        direction: (orig != resp).then_some(EnumName(if orig { "OUTBOUND" } else { "INBOUND" })),
        client: info.client.as_deref(),
        server: info.server.as_deref(),
        cipher_alg: agreed.map(|agreed| &agreed.cipher[..]),
        mac_alg: agreed.map(|agreed| &agreed.mac[..]),
        compression_alg: agreed.map(|agreed| &agreed.compression[..]),
        kex_alg: agreed.map(|agreed| &agreed.kex[..]),
        host_key_alg: agreed.map(|agreed| &agreed.host_key[..]),
        host_key: info.host_key.as_deref(),
    }
}
