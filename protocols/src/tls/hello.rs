//! Hellos and their extensions.

use crate::reader::Reader;
use crate::tls::broken::{Broken, Result, Take, number};
use crate::tls::event::{ClientHello, Handler, ServerHello, Suites, TlsEvent};
use crate::tls::lists::{ProtocolNames, PskBinders, PskIdentities, ServerNames, Shares, U16s};
use crate::tls::message;
use crate::tls::version;

/// Extension types that are read (IANA's registry "TLS ExtensionType Values").
mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const ALPN: u16 = 16;
    pub const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
    /// In drafts of TLS 1.3 up to 22.
    pub const KEY_SHARE_OLD: u16 = 40;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const PSK_KEY_EXCHANGE_MODES: u16 = 45;
    pub const KEY_SHARE: u16 = 51;
    pub const CONNECTION_ID: u16 = 54;
}

/// Which message extensions stand in, and whose it is.
#[derive(Clone, Copy)]
pub struct Place {
    pub kind: u8,
    pub is_client: bool,
}

/// A client's hello up to its extensions.
pub fn client<'a>(r: &mut Reader<'a>, record_version: u16) -> Result<ClientHello<'a>> {
    let version = r.short("ClientHello:client_version")?;
    let time = r.long("ClientHello:gmt_unix_time")?;
    let random = r.bytes(28, "ClientHello:random_bytes")?;
    let session_id = r.counted8("ClientHello:session_id")?;
    if matches!(version, version::DTLS10 | version::DTLS12) {
        // RFC 6347 §4.2.1: a cookie.
        r.counted8("ClientHelloCookie:cookie")?;
    }
    let suites = usize::from(r.short("ClientHello:csuit_len")?) / 2 * 2;
    let suites = Suites::Two(U16s(r.bytes(suites, "ClientHello:csuits")?));
    let compressions = r.counted8("ClientHello:cmeths")?;
    Ok(ClientHello { version, record_version, time, random, session_id, suites, compressions })
}

/// A server's hello up to its extensions. In drafts of TLS 1.3 it has neither a session nor a compression.
pub fn server<'a>(r: &mut Reader<'a>, record_version: u16) -> Result<ServerHello<'a>> {
    let version = r.short("ServerHello:server_version")?;
    let random = r.bytes(32, "ServerHello:random_bytes")?;
    let is_short = version == version::TLS13 || version >> 8 == 0x7f;
    let session_id = if is_short { &[] } else { r.counted8("ServerHello:session_id")? };
    let suite = u32::from(r.short("ServerHello:cipher_suite")?);
    let compression = if is_short { 0 } else { r.byte("ServerHello:compression_method")? };
    Ok(ServerHello { version, record_version, random, session_id, suite, compression })
}

/// The extensions at the end of a message, if there are any. Returns the version that a server chose.
pub fn extensions(r: &mut Reader<'_>, place: Place, handler: &mut impl Handler) -> Result<Option<u16>> {
    let mut chosen = None;
    if r.is_empty() {
        return Ok(chosen);
    }
    // Zeek does not look at how long they are together.
    r.short("ClientHello:ext_len")?;
    while !r.is_empty() {
        let whole = r.remaining();
        let code = r.short("SSLExtension")?;
        let len = usize::from(r.short("SSLExtension")?);
        let data = r.take(len, "SSLExtension");
        let data = data.map_err(|_| Broken::of("SSLExtension", len + 4, whole))?;
        if !data.is_empty() {
            chosen = known(code, data, place, handler)?.or(chosen);
        }
        handler.event(place.is_client, TlsEvent::Extension { code, data });
    }
    Ok(chosen)
}

/// Tells what an extension says, if it is one that is read.
fn known(code: u16, data: &[u8], place: Place, handler: &mut impl Handler) -> Result<Option<u16>> {
    let Place { kind, is_client } = place;
    let mut r = Reader::new(data);
    let event = match code {
        extension::SERVER_NAME => {
            let names = ServerNames::new(r.list16("ServerNameExt")?)?;
            for (kind, _) in names.iter().filter(|(kind, _)| *kind != 0) {
                handler.weird("ssl_ext_unknown_server_name_type", &kind.to_string());
            }
            TlsEvent::ServerNames(names)
        }
        extension::SUPPORTED_GROUPS => {
            let len = usize::from(r.short("EllipticCurves:length")?) / 2 * 2;
            TlsEvent::Groups(U16s(r.bytes(len, "EllipticCurves:elliptic_curve_list")?))
        }
        extension::EC_POINT_FORMATS => {
            TlsEvent::PointFormats(r.counted8("EcPointFormats:point_format_list")?)
        }
        extension::SIGNATURE_ALGORITHMS => {
            r.short("SignatureAlgorithm:length")?;
            TlsEvent::SignatureAlgorithms(U16s(r.rest()))
        }
        extension::ALPN => {
            let names = r.list16("ApplicationLayerProtocolNegotiationExtension")?;
            TlsEvent::Alpn(ProtocolNames::new(names)?)
        }
        extension::SIGNED_CERTIFICATE_TIMESTAMP => {
            let mut list = Reader::new(r.list16("SignedCertificateTimestampList")?);
            while !list.is_empty() {
                let mut one = Reader::new(list.list16("SignedCertificateTimestamp")?);
                let event = timestamp(&mut one)?;
                handler.event(is_client, event);
            }
            return Ok(None);
        }
        extension::KEY_SHARE | extension::KEY_SHARE_OLD => match (kind, data.len()) {
            (message::CLIENT_HELLO, _) => {
                TlsEvent::ClientShares(Shares::new(r.list16("ClientHelloKeyShare")?)?)
            }
            // RFC 8446 §4.2.8: another hello is asked for, with a key of this group.
            (message::SERVER_HELLO, 2) => TlsEvent::ServerShare(r.short("HelloRetryRequestKeyShare")?),
            (message::SERVER_HELLO, _) => {
                let group = r.short("KeyShareEntry")?;
                r.counted16("KeyShareEntry:key_exchange")?;
                TlsEvent::ServerShare(group)
            }
            _ => return Ok(None),
        },
        extension::PRE_SHARED_KEY => match kind {
            message::CLIENT_HELLO => {
                let identities = PskIdentities::new(r.list16("PSKIdentitiesList")?)?;
                let binders = PskBinders::new(r.list16("PSKBindersList")?)?;
                TlsEvent::PskOffer { identities, binders }
            }
            message::SERVER_HELLO => TlsEvent::PskChoice(r.short("SelectedPreSharedKeyIdentity")?),
            _ => return Ok(None),
        },
        extension::SUPPORTED_VERSIONS if is_client => TlsEvent::Versions(U16s(r.list8("SupportedVersions")?)),
        extension::SUPPORTED_VERSIONS => {
            let one = r.bytes(2, "OneSupportedVersion")?;
            handler.event(is_client, TlsEvent::Versions(U16s(one)));
            return Ok(Some(number(one) as u16));
        }
        extension::PSK_KEY_EXCHANGE_MODES => TlsEvent::PskModes(r.list8("PSKKeyExchangeModes")?),
        extension::CONNECTION_ID => TlsEvent::ConnectionId(r.counted8("ConnectionId:cid")?),
        _ => return Ok(None),
    };
    handler.event(is_client, event);
    Ok(None)
}

fn timestamp<'a>(r: &mut Reader<'a>) -> Result<TlsEvent<'a>> {
    const WHAT: &str = "SignedCertificateTimestamp";
    let version = r.byte(WHAT)?;
    let log_id = r.bytes(32, WHAT)?;
    let timestamp = number(r.bytes(8, WHAT)?);
    r.counted16(WHAT)?;
    let (hash, algorithm) = (r.byte(WHAT)?, r.byte(WHAT)?);
    let signature = r.counted16(WHAT)?;
    Ok(TlsEvent::Timestamp { version, log_id, timestamp, hash, algorithm, signature })
}
