//! NTP's event and its arguments.

use std::net::{IpAddr, Ipv4Addr};

use nightjar_protocols::ntp;

use crate::event::{Conn, arg_records, events};
use crate::time::{Interval, Time};

events! { [crate::analyze::first::ntp]
    /// A message of any mode.
    pub struct NtpMessage<'a>: "ntp_message" {
        c: Conn,
        is_orig: bool,
        msg: Message<'a>,
    }
}

arg_records! {
    /// A message of time: modes 1 to 5 (RFC 5905 §7.3).
    pub struct Standard<'a>: "NTP::StandardMessage" {
        stratum: u8,
        poll: Interval,
        precision: Interval,
        root_delay: Interval,
        root_disp: Interval,
        /// Of stratum 0: why there is no time.
        kiss_code: Option<&'a [u8]>,
        /// Of stratum 1: the clock's name.
        ref_id: Option<&'a [u8]>,
        /// Of others: the server before, or a part of a digest of its IPv6 address.
        ref_addr: Option<IpAddr>,
        ref_time: Time,
        org_time: Time,
        rec_time: Time,
        xmt_time: Time,
        key_id: Option<u32>,
        digest: Option<&'a [u8]>,
        num_exts: u32 => "&default=0",
    }
    /// A control message: mode 6 (RFC 1119 §B).
    pub struct Control<'a>: "NTP::ControlMessage" {
        op_code: u8,
        resp_bit: bool,
        err_bit: bool,
        more_bit: bool,
        sequence: u16,
        status: u16,
        association_id: u16,
        data: Option<&'a [u8]>,
        key_id: Option<u32>,
        crypto_checksum: Option<&'a [u8]>,
    }
    /// A message of ntpd's own: mode 7.
    pub struct Private<'a>: "NTP::Mode7Message" {
        req_code: u8,
        auth_bit: bool,
        sequence: u8,
        implementation: u8,
        err: u8,
        data: Option<&'a [u8]>,
    }
    /// A message.
    pub struct Message<'a>: "NTP::Message" {
        version: u8,
        mode: u8,
        std_msg: Option<Standard<'a>>,
        control_msg: Option<Control<'a>>,
        mode7_msg: Option<Private<'a>>,
    }
}

impl<'a> Message<'a> {
    pub(super) fn of(message: &'a ntp::Message<'a>) -> Self {
        let mut made = Message {
            version: message.version,
            mode: message.mode,
            std_msg: None,
            control_msg: None,
            mode7_msg: None,
        };
        match &message.body {
            ntp::Body::Standard(standard) => made.std_msg = Some(Standard::of(standard)),
            ntp::Body::Control(control) => made.control_msg = Some(Control::of(control)),
            ntp::Body::Private(private) => made.mode7_msg = Some(Private::of(private)),
            ntp::Body::Nothing => {}
        }
        made
    }
}

impl<'a> Standard<'a> {
    fn of(standard: &'a ntp::Standard<'a>) -> Self {
        let [reference, origin, receive, transmit] =
            [standard.reference, standard.origin, standard.receive, standard.transmit].map(time);
        let of_stratum = |is: bool| is.then_some(&standard.reference_id);
        Standard {
            stratum: standard.stratum,
            poll: power(standard.poll),
            precision: power(standard.precision),
            root_delay: span(standard.root_delay.seconds()),
            root_disp: span(standard.root_dispersion.seconds()),
            kiss_code: of_stratum(standard.stratum == 0).map(|id| &id[..]),
            ref_id: of_stratum(standard.stratum == 1).map(|id| &id[..]),
            ref_addr: of_stratum(standard.stratum > 1).map(|id| Ipv4Addr::from(*id).into()),
            ref_time: reference,
            org_time: origin,
            rec_time: receive,
            xmt_time: transmit,
            key_id: standard.mac.map(|mac| mac.key_id),
            digest: standard.mac.map(|mac| mac.digest),
            num_exts: standard.extensions,
        }
    }
}

impl<'a> Control<'a> {
    fn of(control: &ntp::Control<'a>) -> Self {
        Control {
            op_code: control.op_code,
            resp_bit: control.response,
            err_bit: control.error,
            more_bit: control.more,
            sequence: control.sequence,
            status: control.status,
            association_id: control.association_id,
            data: Some(control.data).filter(|data| !data.is_empty()),
            key_id: control.mac.map(|mac| mac.key_id),
            crypto_checksum: control.mac.map(|mac| mac.digest),
        }
    }
}

impl<'a> Private<'a> {
    fn of(private: &ntp::Private<'a>) -> Self {
        Private {
            req_code: private.request_code,
            auth_bit: private.authenticated,
            sequence: private.sequence,
            implementation: private.implementation,
            err: private.error,
            data: Some(private.data).filter(|data| !data.is_empty()),
        }
    }
}

/// A power of two of seconds.
fn power(exponent: i8) -> Interval {
    span(f64::from(exponent).exp2())
}

/// As fine as intervals are; what is longer than they can be is as long as they can be.
fn span(seconds: f64) -> Interval {
    Interval::from_nanos((seconds * 1e9).round() as i64)
}

fn time(stamp: ntp::Stamp) -> Time {
    Time::from_nanos(stamp.unix_nanos())
}
