//! NTLM's events and their arguments.

use nightjar_protocols::ntlm;

use crate::event::{Conn, arg_records, events};
use crate::time::Time;

events! { [crate::analyze::first::ntlm]
    /// A client says what it can.
    pub struct Negotiated<'a>: "ntlm_negotiate" {
        c: Conn,
        request: Negotiate<'a> = "negotiate",
    }
    /// A server answers, and tells of itself.
    pub struct Challenged<'a>: "ntlm_challenge" {
        c: Conn,
        challenge: Challenge<'a>,
    }
    /// A client says who logs in.
    pub struct Authenticated<'a>: "ntlm_authenticate" {
        c: Conn,
        request: Authenticate<'a>,
    }
}

arg_records! {
    /// The version of a system (MS-NLMP §2.2.2.10).
    pub struct Version: "NTLM::Version" {
        major: u8,
        minor: u8,
        build: u16,
        /// The revision of NTLMSSP.
        ntlmssp: u8,
    }
    /// What a side can or agrees to (MS-NLMP §2.2.2.5).
    pub struct Flags: "NTLM::NegotiateFlags" {
        negotiate_56: bool,
        negotiate_key_exch: bool,
        negotiate_128: bool,
        negotiate_version: bool,
        negotiate_target_info: bool,
        request_non_nt_session_key: bool,
        negotiate_identify: bool,
        negotiate_extended_sessionsecurity: bool,
        target_type_server: bool,
        target_type_domain: bool,
        negotiate_always_sign: bool,
        negotiate_oem_workstation_supplied: bool,
        negotiate_oem_domain_supplied: bool,
        negotiate_anonymous_connection: bool,
        negotiate_ntlm: bool,
        negotiate_lm_key: bool,
        negotiate_datagram: bool,
        negotiate_seal: bool,
        negotiate_sign: bool,
        request_target: bool,
        negotiate_oem: bool,
        negotiate_unicode: bool,
    }
    /// A first message (MS-NLMP §2.2.1.1).
    pub struct Negotiate<'a>: "NTLM::Negotiate" {
        flags: Flags,
        domain_name: Option<&'a [u8]>,
        workstation: Option<&'a [u8]>,
        version: Option<Version>,
    }
    /// What a server tells of itself (MS-NLMP §2.2.2.1).
    pub struct Info<'a>: "NTLM::AVs" {
        nb_computer_name: Option<&'a [u8]>,
        nb_domain_name: Option<&'a [u8]>,
        dns_computer_name: Option<&'a [u8]>,
        dns_domain_name: Option<&'a [u8]>,
        dns_tree_name: Option<&'a [u8]>,
        constrained_auth: Option<bool>,
        timestamp: Option<Time>,
        single_host_id: Option<u32>,
        target_name: Option<&'a [u8]>,
    }
    /// A server's answer (MS-NLMP §2.2.1.2).
    pub struct Challenge<'a>: "NTLM::Challenge" {
        flags: Flags,
        challenge: u64,
        target_name: Option<&'a [u8]>,
        version: Option<Version>,
        target_info: Option<Info<'a>>,
    }
    /// A client's answer (MS-NLMP §2.2.1.3).
    pub struct Authenticate<'a>: "NTLM::Authenticate" {
        flags: Flags,
        domain_name: Option<&'a [u8]>,
        user_name: Option<&'a [u8]>,
        workstation: Option<&'a [u8]>,
        session_key: Option<&'a [u8]>,
        version: Option<Version>,
        response: Option<&'a [u8]>,
    }
}

impl Flags {
    fn of(flags: ntlm::Flags) -> Self {
        let has = |bit: u32| flags.has(ntlm::Flags(1 << bit));
        Flags {
            negotiate_56: has(31),
            negotiate_key_exch: has(30),
            negotiate_128: has(29),
            negotiate_version: has(25),
            negotiate_target_info: has(23),
            request_non_nt_session_key: has(22),
            negotiate_identify: has(20),
            negotiate_extended_sessionsecurity: has(19),
            target_type_server: has(17),
            target_type_domain: has(16),
            negotiate_always_sign: has(15),
            negotiate_oem_workstation_supplied: has(13),
            negotiate_oem_domain_supplied: has(12),
            negotiate_anonymous_connection: has(11),
            negotiate_ntlm: has(9),
            negotiate_lm_key: has(7),
            negotiate_datagram: has(6),
            negotiate_seal: has(5),
            negotiate_sign: has(4),
            request_target: has(2),
            negotiate_oem: has(1),
            negotiate_unicode: has(0),
        }
    }
}

impl Version {
    fn of(version: ntlm::Version) -> Self {
        let ntlm::Version { major, minor, build, revision: ntlmssp } = version;
        Version { major, minor, build, ntlmssp }
    }
}

impl<'a> Negotiate<'a> {
    pub(super) fn of(
        said: &ntlm::Negotiate<'_>,
        domain_name: Option<&'a [u8]>,
        workstation: Option<&'a [u8]>,
    ) -> Self {
        let version = said.version.map(Version::of);
        Negotiate { flags: Flags::of(said.flags), domain_name, workstation, version }
    }
}

impl<'a> Challenge<'a> {
    /// With texts as they are shown, of which the first is the target.
    pub(super) fn of(said: &ntlm::Challenge<'_>, text: &dyn Fn(usize) -> Option<&'a [u8]>) -> Self {
        Challenge {
            flags: Flags::of(said.flags),
            challenge: said.challenge,
            target_name: text(0),
            version: said.version.map(Version::of),
            target_info: said.info.map(|info| Info {
                nb_computer_name: text(1),
                nb_domain_name: text(2),
                dns_computer_name: text(3),
                dns_domain_name: text(4),
                dns_tree_name: text(5),
                constrained_auth: info.constrained,
                timestamp: info.timestamp.map(of_filetime),
                single_host_id: info.machine,
                target_name: text(6),
            }),
        }
    }
}

impl<'a> Authenticate<'a> {
    pub(super) fn of(
        said: &ntlm::Authenticate<'a>,
        domain_name: Option<&'a [u8]>,
        user_name: Option<&'a [u8]>,
        workstation: Option<&'a [u8]>,
    ) -> Self {
        Authenticate {
            flags: Flags::of(said.flags),
            domain_name,
            user_name,
            workstation,
            session_key: said.session_key,
            version: said.version.map(Version::of),
            response: said.response,
        }
    }
}

/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// Of 100 nanoseconds since 1601.
fn of_filetime(ticks: u64) -> Time {
    let ticks = i64::try_from(ticks).unwrap_or(i64::MAX);
    Time::from_nanos((ticks - EPOCH * 10_000_000).saturating_mul(100))
}
