//! websocket.log: one row for every connection that became WebSocket, when it did.

use crate::flow::Flow;
use crate::record::{Vector, record};
use crate::time::Time;

record! {
    /// A connection.
    pub struct WebsocketRow<'a> in "websocket" of conn {
        /// When it became WebSocket.
        ts,
        /// The host that was asked.
        host: Option<&'a [u8]> = "host",
        /// What was asked for.
        uri: Option<&'a [u8]> = "uri",
        /// What the client says that it is.
        user_agent: Option<&'a [u8]> = "user_agent",
        /// The protocol that the server chose.
        subprotocol: Option<&'a [u8]> = "subprotocol",
        /// The protocols that the client offered.
        client_protocols: Option<Vector<'a, &'a [u8]>> = "client_protocols",
        /// The extensions that the server chose.
        server_extensions: Option<Vector<'a, &'a [u8]>> = "server_extensions",
        /// The extensions that the client offered.
        client_extensions: Option<Vector<'a, &'a [u8]>> = "client_extensions",
    }
}

/// What the HTTP exchange said.
#[derive(Default)]
pub(super) struct Handshake {
    pub host: Option<Box<[u8]>>,
    pub uri: Option<Box<[u8]>>,
    pub user_agent: Option<Box<[u8]>>,
    pub subprotocol: Option<Box<[u8]>>,
    pub client_protocols: Option<Vec<Box<[u8]>>>,
    pub server_extensions: Option<Vec<Box<[u8]>>>,
    pub client_extensions: Option<Vec<Box<[u8]>>>,
}

impl Handshake {
    /// Calls `with` with the row.
    pub fn with_row<T>(
        &self,
        ts: Time,
        flow: &mut Flow,
        with: impl FnOnce(&mut Flow, &WebsocketRow<'_>) -> T,
    ) -> T {
        let lists = [&self.client_protocols, &self.server_extensions, &self.client_extensions];
        let lists =
            lists.map(|list| list.as_ref().map(|list| list.iter().map(|text| &text[..]).collect::<Vec<_>>()));
        let [client_protocols, server_extensions, client_extensions] =
            [0, 1, 2].map(|nth: usize| lists[nth].as_deref().map(Vector));
        let row = WebsocketRow {
            conn: flow.columns(ts),
            host: self.host.as_deref(),
            uri: self.uri.as_deref(),
            user_agent: self.user_agent.as_deref(),
            subprotocol: self.subprotocol.as_deref(),
            client_protocols,
            server_extensions,
            client_extensions,
        };
        with(flow, &row)
    }
}
