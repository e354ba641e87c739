//! kerberos.log: a row for what a connection asks for.

use std::borrow::Cow;

use nightjar_protocols::krb;

use crate::analyze::krb::events::time;
use crate::analyze::krb::names;
use crate::flow::Flow;
use crate::record::{Uid, record};
use crate::time::Time;

record! {
    /// What is asked for, and whether it is given.
    pub struct KrbRow<'a> in "kerberos" of conn {
        /// When the first message was seen.
        ts,
        /// AS where a ticket for tickets is asked for, TGS where one for a service is.
        request_type: Option<&'a str> = "request_type",
        /// Who asks.
        client: Option<&'a [u8]> = "client",
        /// What for.
        service: Option<&'a [u8]> = "service",
        /// Whether it was given.
        success: Option<bool> = "success",
        /// Why not.
        error_msg: Option<&'a [u8]> = "error_msg",
        /// From when on the ticket is to be valid.
        from: Option<Time> = "from",
        /// Until when.
        till: Option<Time> = "till",
        /// How the ticket is encrypted.
        cipher: Option<&'a str> = "cipher",
        /// Whether it is to be one that may be handed on.
        forwardable: Option<bool> = "forwardable",
        /// Whether it is to be one that may be renewed.
        renewable: Option<bool> = "renewable",
        /// Whose the client's certificate is.
        client_cert_subject: Option<&'a str> = "client_cert_subject",
        /// The file that it is.
        client_cert_fuid: Option<Uid> = "client_cert_fuid",
        /// Whose the server's certificate is.
        server_cert_subject: Option<&'a str> = "server_cert_subject",
        /// The file that it is.
        server_cert_fuid: Option<Uid> = "server_cert_fuid",
    }
}

/// A certificate, by the file that it is; whose it is, if it could be read.
pub(super) struct Certificate {
    pub fuid: Uid,
    pub subject: Option<Box<str>>,
}

/// What is known of what is asked for.
pub(super) struct Exchange {
    ts: Time,
    request_type: Option<&'static str>,
    client: Option<Box<[u8]>>,
    service: Option<Box<[u8]>>,
    success: Option<bool>,
    error_msg: Option<Box<[u8]>>,
    from: Option<Time>,
    till: Option<Time>,
    cipher: Option<Cow<'static, str>>,
    forwardable: Option<bool>,
    renewable: Option<bool>,
    /// The client's and the server's.
    pub certificates: [Option<Certificate>; 2],
    /// Its row was written.
    pub logged: bool,
}

impl Exchange {
    pub fn new(ts: Time) -> Self {
        Exchange {
            ts,
            request_type: None,
            client: None,
            service: None,
            success: None,
            error_msg: None,
            from: None,
            till: None,
            cipher: None,
            forwardable: None,
            renewable: None,
            certificates: [None, None],
            logged: false,
        }
    }

    /// Something is asked for.
    pub fn request(&mut self, request_type: &'static str, request: &krb::Request<'_>) {
        self.request_type = Some(request_type);
        if request_type == "AS" {
            let client = request.client.as_deref().unwrap_or_default();
            self.client = Some(name(client, request.realm.unwrap_or_default()));
        }
        if let Some(service) = &request.service {
            self.service = Some(service.as_slice().into());
        }
        self.from = request.from.map(time).or(self.from);
        self.till = request.till.map(time).or(self.till);
        if let Some(options) = request.options {
            (self.forwardable, self.renewable) = (Some(options.has(1)), Some(options.has(8)));
        }
    }

    /// It is given.
    pub fn response(&mut self, response: &krb::Response<'_>) {
        self.client.get_or_insert_with(|| name(&response.client, response.realm));
        self.service = Some(response.ticket.service.as_slice().into());
        self.cipher = Some(names::cipher(response.ticket.cipher));
        self.success = Some(true);
    }

    /// It is not.
    pub fn error(&mut self, error: &krb::Error<'_>) {
        if self.client.is_none() && (error.client.is_some() || error.client_realm.is_some()) {
            let realm = error.client_realm.unwrap_or_default();
            self.client = Some(match &error.client {
                Some(client) => name(client, realm),
                None => realm.into(),
            });
        }
        if let Some(service) = &error.service {
            self.service = Some(service.as_slice().into());
        }
        self.success = Some(false);
        let text = error.text.or_else(|| names::error(error.code).map(str::as_bytes));
        if let Some(text) = text {
            self.error_msg = Some(text.into());
        }
    }

    pub fn row(&self, flow: &mut Flow) -> KrbRow<'_> {
        let [client_cert, server_cert] = self.certificates.each_ref().map(Option::as_ref);
        KrbRow {
            conn: flow.columns(self.ts),
            request_type: self.request_type,
            client: self.client.as_deref(),
            service: self.service.as_deref(),
            success: self.success,
            error_msg: self.error_msg.as_deref(),
            from: self.from,
            till: self.till,
            cipher: self.cipher.as_deref(),
            forwardable: self.forwardable,
            renewable: self.renewable,
            client_cert_subject: client_cert.and_then(|certificate| certificate.subject.as_deref()),
            client_cert_fuid: client_cert.map(|certificate| certificate.fuid),
            server_cert_subject: server_cert.and_then(|certificate| certificate.subject.as_deref()),
            server_cert_fuid: server_cert.map(|certificate| certificate.fuid),
        }
    }
}

/// With its realm.
fn name(client: &[u8], realm: &[u8]) -> Box<[u8]> {
    [client, b"/", realm].concat().into()
}
