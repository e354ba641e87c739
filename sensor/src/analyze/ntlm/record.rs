//! ntlm.log: a row for a connection that somebody logs in on.

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A login.
    pub struct NtlmRow<'a> in "ntlm" of conn {
        /// When it began.
        ts,
        /// The user.
        username: Option<&'a [u8]> = "username",
        /// The client's name.
        hostname: Option<&'a [u8]> = "hostname",
        /// The user's domain.
        domainname: Option<&'a [u8]> = "domainname",
        /// The server's NetBIOS name.
        server_nb_computer_name: Option<&'a [u8]> = "server_nb_computer_name",
        /// The server's name in the DNS.
        server_dns_computer_name: Option<&'a [u8]> = "server_dns_computer_name",
        /// The server's forest.
        server_tree_name: Option<&'a [u8]> = "server_tree_name",
        /// Whether the user was let in, where a negotiation around it says so.
        success: Option<bool> = "success",
    }
}

type Text = Option<Box<[u8]>>;

/// What is known of a connection's login.
pub(super) struct Login {
    ts: Time,
    username: Text,
    hostname: Text,
    domainname: Text,
    server_nb_computer_name: Text,
    server_dns_computer_name: Text,
    server_tree_name: Text,
    success: Option<bool>,
    /// Rows that were written: as in Zeek a connection has one.
    pub rows: u64,
}

impl Login {
    pub fn new(ts: Time) -> Self {
        Login {
            ts,
            username: None,
            hostname: None,
            domainname: None,
            server_nb_computer_name: None,
            server_dns_computer_name: None,
            server_tree_name: None,
            success: None,
            rows: 0,
        }
    }

    /// The server has told of itself.
    pub fn challenged(
        &mut self,
        nb_computer: Option<&[u8]>,
        dns_computer: Option<&[u8]>,
        tree: Option<&[u8]>,
    ) {
        note(&mut self.server_nb_computer_name, nb_computer);
        note(&mut self.server_dns_computer_name, dns_computer);
        note(&mut self.server_tree_name, tree);
    }

    /// The client has answered.
    pub fn answered(&mut self, domain: Option<&[u8]>, user: Option<&[u8]>, workstation: Option<&[u8]>) {
        note(&mut self.domainname, domain);
        note(&mut self.username, user);
        note(&mut self.hostname, workstation);
    }

    /// A negotiation stands so: 1 is that it goes on.
    pub fn decided(&mut self, state: u64) {
        if state != 1 {
            self.success = Some(state == 0);
        }
    }

    pub fn is_decided(&self) -> bool {
        self.success.is_some()
    }

    pub fn row(&self, flow: &mut Flow) -> NtlmRow<'_> {
        NtlmRow {
            conn: flow.columns(self.ts),
            username: self.username.as_deref(),
            hostname: self.hostname.as_deref(),
            domainname: self.domainname.as_deref(),
            server_nb_computer_name: self.server_nb_computer_name.as_deref(),
            server_dns_computer_name: self.server_dns_computer_name.as_deref(),
            server_tree_name: self.server_tree_name.as_deref(),
            success: self.success,
        }
    }
}

/// What is said again counts.
fn note(known: &mut Text, said: Option<&[u8]>) {
    if let Some(said) = said {
        *known = Some(said.into());
    }
}
