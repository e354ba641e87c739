//! Kerberos's events and their arguments.

use std::net::IpAddr;

use nightjar_protocols::krb;

use crate::event::{Arena, ArgType, Argument, Conn, Part, arg_records, events};
use crate::time::Time;

events! { [crate::analyze::first::krb]
    /// A ticket for tickets is asked for (RFC 4120 §3.1.1).
    pub struct AsRequest<'a>: "krb_as_request" {
        c: Conn,
        msg: Request<'a>,
    }
    /// A ticket for tickets is given (RFC 4120 §3.1.3).
    pub struct AsResponse<'a>: "krb_as_response" {
        c: Conn,
        msg: Response<'a>,
    }
    /// A ticket for a service is asked for (RFC 4120 §3.3.1).
    pub struct TgsRequest<'a>: "krb_tgs_request" {
        c: Conn,
        msg: Request<'a>,
    }
    /// A ticket for a service is given (RFC 4120 §3.3.3).
    pub struct TgsResponse<'a>: "krb_tgs_response" {
        c: Conn,
        msg: Response<'a>,
    }
    /// A ticket is shown to a service, or to whom another is asked of (RFC 4120 §3.2.1).
    pub struct ApRequest<'a>: "krb_ap_request" {
        c: Conn,
        ticket: Ticket<'a>,
        opts: ApOptions,
    }
    /// A service has accepted a ticket (RFC 4120 §3.2.4).
    pub struct ApResponse: "krb_ap_response" {
        c: Conn,
    }
    /// Something encrypted (RFC 4120 §3.5).
    pub struct Private: "krb_priv" {
        c: Conn,
        is_orig: bool,
    }
    /// Something with a checksum (RFC 4120 §3.4).
    pub struct Safe<'a>: "krb_safe" {
        c: Conn,
        is_orig: bool,
        msg: SafeMessage<'a>,
    }
    /// Tickets are handed on (RFC 4120 §3.6).
    pub struct Credentials<'a>: "krb_cred" {
        c: Conn,
        is_orig: bool,
        tickets: Tickets<'a>,
    }
    /// Something went wrong (RFC 4120 §5.9.1).
    pub struct Error<'a>: "krb_error" {
        c: Conn,
        msg: ErrorMessage<'a>,
    }
}

arg_records! {
    /// What is asked of a ticket (RFC 4120 §5.4.1).
    pub struct Options: "KRB::KDC_Options" {
        forwardable: bool,
        forwarded: bool,
        proxiable: bool,
        proxy: bool,
        allow_postdate: bool,
        postdated: bool,
        renewable: bool,
        opt_hardware_auth: bool,
        disable_transited_check: bool,
        renewable_ok: bool,
        enc_tkt_in_skey: bool,
        renew: bool,
        validate: bool,
    }
    /// What is asked of whom a ticket is shown to (RFC 4120 §5.5.1).
    pub struct ApOptions: "KRB::AP_Options" {
        use_session_key: bool,
        mutual_required: bool,
    }
    /// Something of a type.
    pub struct TypeValue<'a>: "KRB::Type_Value" {
        data_type: u64,
        value: &'a [u8] = "val",
    }
    /// Something encrypted (RFC 4120 §5.2.9).
    pub struct EncryptedData<'a>: "KRB::Encrypted_Data" {
        kvno: Option<u64>,
        cipher: u64,
        ciphertext: &'a [u8],
    }
    /// From where a ticket may be used (RFC 4120 §5.2.5).
    pub struct HostAddress<'a>: "KRB::Host_Address" {
        ip: Option<IpAddr> => "&optional &log",
        netbios: Option<&'a [u8]> => "&optional &log",
        unknown: Option<TypeValue<'a>>,
    }
    /// Something with a checksum (RFC 4120 §5.6.1).
    pub struct SafeMessage<'a>: "KRB::SAFE_Msg" {
        pvno: u64,
        msg_type: u64,
        data: &'a [u8],
        timestamp: Option<Time>,
        seq: Option<u64>,
        sender: Option<HostAddress<'a>>,
        recipient: Option<HostAddress<'a>>,
    }
    /// What went wrong (RFC 4120 §5.9.1).
    pub struct ErrorMessage<'a>: "KRB::Error_Msg" {
        pvno: Option<u64>,
        msg_type: Option<u64>,
        client_time: Option<Time>,
        server_time: Option<Time>,
        error_code: u64,
        client_realm: Option<&'a [u8]>,
        client_name: Option<&'a [u8]>,
        service_realm: Option<&'a [u8]>,
        service_name: Option<&'a [u8]>,
        error_text: Option<&'a [u8]>,
        pa_data: Option<PaData<'a>>,
    }
    /// A ticket (RFC 4120 §5.3).
    pub struct Ticket<'a>: "KRB::Ticket" {
        pvno: u64,
        realm: &'a [u8],
        service_name: &'a [u8],
        cipher: u64,
        ciphertext: Option<&'a [u8]>,
        /// Never set: keys of services are not known here.
        authenticationinfo: Option<&'a [u8]>,
    }
    /// A request for a ticket (RFC 4120 §5.4.1).
    pub struct Request<'a>: "KRB::KDC_Request" {
        pvno: u64,
        msg_type: u64,
        pa_data: Option<PaData<'a>>,
        kdc_options: Option<Options>,
        client_name: Option<&'a [u8]>,
        service_realm: Option<&'a [u8]>,
        service_name: Option<&'a [u8]>,
        from: Option<Time>,
        till: Option<Time>,
        rtime: Option<Time>,
        nonce: Option<u64>,
        encryption_types: Option<Numbers<'a>>,
        host_addrs: Option<Addresses<'a>>,
        additional_tickets: Option<Tickets<'a>>,
    }
    /// A ticket that is given (RFC 4120 §5.4.2).
    pub struct Response<'a>: "KRB::KDC_Response" {
        pvno: u64,
        msg_type: u64,
        pa_data: Option<PaData<'a>>,
        client_realm: Option<&'a [u8]>,
        client_name: &'a [u8],
        ticket: Ticket<'a>,
        /// Never set, as in Zeek.
        enc_part: Option<EncryptedData<'a>>,
    }
}

/// Lists of messages, as scripts know them.
#[derive(Clone, Copy, Debug)]
pub struct PaData<'a>(pub &'a krb::PaData<'a>);

/// Addresses of a request.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a>(pub &'a [krb::Address<'a>]);

/// Tickets of a message.
#[derive(Clone, Copy, Debug)]
pub struct Tickets<'a>(pub &'a [krb::Ticket<'a>]);

/// Kinds of encryption.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a>(pub &'a [u64]);

fn list<T: Argument>(items: impl Iterator<Item = T>, arena: &mut Arena) -> Part {
    let parts: Vec<Part> = items.map(|item| item.put(arena)).collect();
    arena.list(&parts)
}

impl Argument for PaData<'_> {
    const TYPE: ArgType =
        ArgType::Alias("KRB::Type_Value_Vector", &ArgType::Vector(&<TypeValue<'static> as Argument>::TYPE));

    fn put(&self, arena: &mut Arena) -> Part {
        list(self.0.values.iter().map(|(data_type, value)| TypeValue { data_type: *data_type, value }), arena)
    }
}

impl Argument for Addresses<'_> {
    const TYPE: ArgType = ArgType::Alias(
        "KRB::Host_Address_Vector",
        &ArgType::Vector(&<HostAddress<'static> as Argument>::TYPE),
    );

    fn put(&self, arena: &mut Arena) -> Part {
        list(self.0.iter().map(|address| HostAddress::of(*address)), arena)
    }
}

impl Argument for Tickets<'_> {
    const TYPE: ArgType =
        ArgType::Alias("KRB::Ticket_Vector", &ArgType::Vector(&<Ticket<'static> as Argument>::TYPE));

    fn put(&self, arena: &mut Arena) -> Part {
        list(self.0.iter().map(Ticket::of), arena)
    }
}

impl Argument for Numbers<'_> {
    const TYPE: ArgType = ArgType::Vector(&ArgType::Named("count"));

    fn put(&self, arena: &mut Arena) -> Part {
        list(self.0.iter().copied(), arena)
    }
}

/// Only if there are any.
fn some<T>(items: &[T]) -> Option<&[T]> {
    Some(items).filter(|items| !items.is_empty())
}

/// Of seconds since 1970.
pub(super) fn time(secs: i64) -> Time {
    Time::from_nanos(secs.saturating_mul(1_000_000_000))
}

/// The same with microseconds.
fn exact((secs, micros): (i64, u64)) -> Time {
    let nanos = i64::try_from(micros).unwrap_or(i64::MAX).saturating_mul(1000);
    Time::from_nanos(secs.saturating_mul(1_000_000_000).saturating_add(nanos))
}

impl Options {
    fn of(options: krb::Options) -> Self {
        Options {
            forwardable: options.has(1),
            forwarded: options.has(2),
            proxiable: options.has(3),
            proxy: options.has(4),
            allow_postdate: options.has(5),
            postdated: options.has(6),
            renewable: options.has(8),
            opt_hardware_auth: options.has(11),
            disable_transited_check: options.has(27),
            renewable_ok: options.has(28),
            enc_tkt_in_skey: options.has(29),
            renew: options.has(30),
            validate: options.has(31),
        }
    }
}

impl<'a> HostAddress<'a> {
    fn of(address: krb::Address<'a>) -> Self {
        let krb::Address { kind, bytes } = address;
        let (mut ip, mut netbios) = (None, None);
        match kind {
            2 => ip = <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
            24 => ip = <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
            20 => netbios = Some(bytes),
            _ => {}
        }
        let is_known = ip.is_some() || netbios.is_some();
        let unknown = (!is_known).then_some(TypeValue { data_type: kind, value: bytes });
        HostAddress { ip, netbios, unknown }
    }
}

impl<'a> Ticket<'a> {
    pub(super) fn of(ticket: &'a krb::Ticket<'a>) -> Self {
        Ticket {
            pvno: ticket.version,
            realm: ticket.realm,
            service_name: &ticket.service,
            cipher: ticket.cipher,
            ciphertext: Some(ticket.ciphertext),
            authenticationinfo: None,
        }
    }
}

impl<'a> Request<'a> {
    pub(super) fn of(request: &'a krb::Request<'a>) -> Self {
        Request {
            pvno: request.version,
            msg_type: request.kind,
            pa_data: request.pa_data.as_ref().map(PaData),
            kdc_options: request.options.map(Options::of),
            client_name: request.client.as_deref(),
            service_realm: request.realm,
            service_name: request.service.as_deref(),
            from: request.from.map(time),
            till: request.till.map(time),
            rtime: request.renew_till.map(time),
            nonce: request.nonce,
            encryption_types: some(&request.ciphers).map(Numbers),
            host_addrs: some(&request.addresses).map(Addresses),
            additional_tickets: some(&request.tickets).map(Tickets),
        }
    }
}

impl<'a> Response<'a> {
    pub(super) fn of(response: &'a krb::Response<'a>) -> Self {
        Response {
            pvno: response.version,
            msg_type: response.kind,
            pa_data: response.pa_data.as_ref().map(PaData),
            client_realm: Some(response.realm),
            client_name: &response.client,
            ticket: Ticket::of(&response.ticket),
            enc_part: None,
        }
    }
}

impl<'a> SafeMessage<'a> {
    pub(super) fn of(safe: &'a krb::Safe<'a>) -> Self {
        SafeMessage {
            pvno: safe.version,
            msg_type: safe.kind,
            data: safe.data,
            timestamp: safe.time.map(exact),
            seq: safe.number,
            sender: safe.sender.map(HostAddress::of),
            recipient: safe.recipient.map(HostAddress::of),
        }
    }
}

impl<'a> ErrorMessage<'a> {
    pub(super) fn of(error: &'a krb::Error<'a>) -> Self {
        ErrorMessage {
            pvno: error.version,
            msg_type: error.kind,
            client_time: error.client_time.map(exact),
            server_time: error.server_time.map(exact),
            error_code: error.code,
            client_realm: error.client_realm,
            client_name: error.client.as_deref(),
            service_realm: error.realm,
            service_name: error.service.as_deref(),
            error_text: error.text,
            pa_data: error.pa_data.as_ref().map(PaData),
        }
    }
}
