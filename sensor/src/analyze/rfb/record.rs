//! rfb.log: one row for every connection, when its desktop is shown or when it is over.

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A connection.
    pub struct RfbRow<'a> in "rfb" of conn {
        /// When it was seen to be RFB.
        ts,
        /// The client's version.
        client_major_version: Option<&'a [u8]> = "client_major_version",
        /// Its minor part.
        client_minor_version: Option<&'a [u8]> = "client_minor_version",
        /// The server's version.
        server_major_version: Option<&'a [u8]> = "server_major_version",
        /// Its minor part.
        server_minor_version: Option<&'a [u8]> = "server_minor_version",
        /// How the client authenticates.
        authentication_method: Option<&'static str> = "authentication_method",
        /// Whether that succeeded.
        auth: Option<bool> = "auth",
        /// Whether the client shares the desktop with others.
        share_flag: Option<bool> = "share_flag",
        /// The desktop's name.
        desktop_name: Option<&'a [u8]> = "desktop_name",
        /// Its width, in pixels.
        width: Option<u64> = "width",
        /// Its height, in pixels.
        height: Option<u64> = "height",
    }
}

/// A side's version.
pub(super) type Version = Option<[Box<[u8]>; 2]>;

/// What is known of a connection.
pub(super) struct Info {
    pub since: Time,
    pub client: Version,
    pub server: Version,
    pub method: Option<&'static str>,
    pub auth: Option<bool>,
    pub share: Option<bool>,
    pub name: Option<Box<[u8]>>,
    pub size: Option<[u16; 2]>,
    pub is_logged: bool,
}

impl Info {
    pub fn new(since: Time) -> Self {
        Info {
            since,
            client: None,
            server: None,
            method: None,
            auth: None,
            share: None,
            name: None,
            size: None,
            is_logged: false,
        }
    }

    pub fn row(&self, flow: &mut Flow) -> RfbRow<'_> {
        RfbRow {
            conn: flow.columns(self.since),
            client_major_version: self.client.as_ref().map(|[major, _]| &major[..]),
            client_minor_version: self.client.as_ref().map(|[_, minor]| &minor[..]),
            server_major_version: self.server.as_ref().map(|[major, _]| &major[..]),
            server_minor_version: self.server.as_ref().map(|[_, minor]| &minor[..]),
            authentication_method: self.method,
            auth: self.auth,
            share_flag: self.share,
            desktop_name: self.name.as_deref(),
            width: self.size.map(|[width, _]| u64::from(width)),
            height: self.size.map(|[_, height]| u64::from(height)),
        }
    }
}
