//! rdp.log: one row for every connection, some seconds after it began or when it is over.

use std::borrow::Cow;

use crate::flow::Flow;
use crate::record::{Vector, record};
use crate::time::Time;

record! {
    /// A connection to a desktop.
    pub struct RdpRow<'a> in "rdp" of conn {
        /// When the first of it was seen.
        ts,
        /// What the client says who it is: often a user, of which only nine characters may be there.
        cookie: Option<&'a [u8]> = "cookie",
        /// What came of it: why the server refused, or what it answered to the client's settings.
        result: Option<&'a str> = "result",
        /// How the server wants it to be protected.
        security_protocol: Option<&'a str> = "security_protocol",
        /// The channels that the client asked for.
        client_channels: Option<Vector<'a, &'a [u8]>> = "client_channels",
        /// The client's keyboard.
        keyboard_layout: Option<&'a str> = "keyboard_layout",
        /// The client's version.
        client_build: Option<&'a str> = "client_build",
        /// The client's name.
        client_name: Option<&'a str> = "client_name",
        /// Which product the client is.
        client_dig_product_id: Option<&'a str> = "client_dig_product_id",
        /// Of the client's desktop, in pixels.
        desktop_width: Option<u64> = "desktop_width",
        /// The same.
        desktop_height: Option<u64> = "desktop_height",
        /// Colors that the client asked for.
        requested_color_depth: Option<&'a str> = "requested_color_depth",
        /// What the server's certificate is, where RDP itself encrypts.
        cert_type: Option<&'a str> = "cert_type",
        /// How many certificates it has shown.
        cert_count: u64 = "cert_count",
        /// Whether they stay.
        cert_permanent: Option<bool> = "cert_permanent",
        /// What is encrypted.
        encryption_level: Option<&'a str> = "encryption_level",
        /// And how.
        encryption_method: Option<&'a str> = "encryption_method",
    }
}

type Text = Option<Cow<'static, str>>;

/// What is known of a connection.
pub(super) struct Seen {
    pub ts: Time,
    /// It is logged, or there is nothing to log.
    pub done: bool,
    pub cookie: Option<Box<[u8]>>,
    pub result: Text,
    pub security_protocol: Text,
    pub channels: Option<Vec<Box<[u8]>>>,
    pub client: Option<Client>,
    pub cert_type: Text,
    pub cert_count: u64,
    pub cert_permanent: Option<bool>,
    pub encryption: Option<[Cow<'static, str>; 2]>,
}

/// A client's settings.
pub(super) struct Client {
    pub keyboard: Cow<'static, str>,
    pub build: Cow<'static, str>,
    pub name: String,
    pub product: String,
    pub desktop: [u16; 2],
    pub colors: Cow<'static, str>,
}

impl Seen {
    pub fn new(ts: Time) -> Self {
        Seen {
            ts,
            done: false,
            cookie: None,
            result: None,
            security_protocol: None,
            channels: None,
            client: None,
            cert_type: None,
            cert_count: 0,
            cert_permanent: None,
            encryption: None,
        }
    }

    /// Whether there is something to log.
    pub fn is_told(&self) -> bool {
        self.cookie.is_some() || self.client.is_some() || self.result.is_some()
    }

    /// Calls `with` with the row.
    pub fn with_row(&self, flow: &mut Flow, with: impl FnOnce(&mut Flow, &RdpRow<'_>)) {
        let conn = flow.columns(self.ts);
        let channels = self.channels.as_ref();
        let channels: Option<Vec<&[u8]>> = channels.map(|all| all.iter().map(|one| &one[..]).collect());
        let (client, encryption) = (self.client.as_ref(), self.encryption.as_ref());
        let row = RdpRow {
            conn,
            cookie: self.cookie.as_deref(),
            result: self.result.as_deref(),
            security_protocol: self.security_protocol.as_deref(),
            client_channels: channels.as_deref().map(Vector),
            keyboard_layout: client.map(|client| &*client.keyboard),
            client_build: client.map(|client| &*client.build),
            client_name: client.map(|client| &*client.name),
            client_dig_product_id: client.map(|client| &*client.product),
            desktop_width: client.map(|client| client.desktop[0].into()),
            desktop_height: client.map(|client| client.desktop[1].into()),
            requested_color_depth: client.map(|client| &*client.colors),
            cert_type: self.cert_type.as_deref(),
            cert_count: self.cert_count,
            cert_permanent: self.cert_permanent,
            encryption_level: encryption.map(|[_, level]| &**level),
            encryption_method: encryption.map(|[method, _]| &**method),
        };
        with(flow, &row);
    }
}
