//! The messages by which keys are exchanged up to TLS 1.2 (RFC 5246 §7.4.3, RFC 8422 §5.4).

use crate::reader::Reader;
use crate::tls::broken::{Result, Take};
use crate::tls::event::{Handler, TlsEvent};
use crate::tls::names::{suite_name, version};

/// How the keys of a cipher suite are exchanged, as far as messages tell something of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    #[default]
    Other,
    Rsa,
    /// With keys of certificates.
    Ecdh,
    Ecdhe,
    EcdhAnon,
    Dhe,
    DhAnon,
}

impl Method {
    /// By the name of a cipher suite.
    pub fn of(suite: u32) -> Method {
        let name = suite_name(suite);
        let Some(kind) = name.strip_prefix("TLS_").filter(|kind| !kind.ends_with("_OLD")) else {
            return Method::Other;
        };
        let keys = kind.split_once("_WITH_").map_or(kind, |(keys, _)| keys);
        // What is exchanged with a key known to both begins with a hint, which is of no use.
        if keys.contains("PSK") && !keys.starts_with("RSA") {
            return Method::Other;
        }
        match keys.split('_').collect::<Vec<_>>()[..] {
            ["RSA", ..] => Method::Rsa,
            ["ECDH", "ANON"] => Method::EcdhAnon,
            ["ECDH", ..] => Method::Ecdh,
            ["ECDHE", ..] => Method::Ecdhe,
            ["DHE", ..] => Method::Dhe,
            ["DH", "ANON", ..] => Method::DhAnon,
            _ => Method::Other,
        }
    }
}

const NAMED_CURVE: u8 = 3;

/// ServerKeyExchange. `chosen` is the version that was agreed on.
pub fn server(
    method: Method,
    chosen: u16,
    is_client: bool,
    body: &[u8],
    handler: &mut impl Handler,
) -> Result<()> {
    let mut r = Reader::new(body);
    let signed = match method {
        Method::Ecdhe | Method::EcdhAnon => {
            if r.byte("EcdheServerKeyExchange")? != NAMED_CURVE {
                return Ok(());
            }
            let curve = r.short("ServerECDHParamsAndSignature:curve")?;
            let point = r.counted8("ServerECDHParamsAndSignature:point")?;
            let signature = if method == Method::Ecdhe { Some(signature(&mut r, chosen)?) } else { None };
            handler.event(is_client, TlsEvent::EcdhServer { curve, point });
            signature
        }
        Method::Dhe | Method::DhAnon => {
            let p = r.counted16("DheServerKeyExchange:dh_p")?;
            let g = r.counted16("DheServerKeyExchange:dh_g")?;
            let public = r.counted16("DheServerKeyExchange:dh_Ys")?;
            let signature = if method == Method::Dhe { Some(signature(&mut r, chosen)?) } else { None };
            handler.event(is_client, TlsEvent::DhServer { p, g, public });
            signature
        }
        Method::Other | Method::Rsa | Method::Ecdh => None,
    };
    if let Some((algorithm, signature)) = signed {
        handler.event(is_client, TlsEvent::ServerSignature { algorithm, signature });
    }
    Ok(())
}

/// Its algorithm from TLS 1.2 on (RFC 5246 §4.7), and the signature.
fn signature<'a>(r: &mut Reader<'a>, chosen: u16) -> Result<(Option<[u8; 2]>, &'a [u8])> {
    let names_algorithm = chosen > version::TLS11 && chosen != version::DTLS10;
    let algorithm = match names_algorithm {
        true => Some(r.short("SignatureAndHashAlgorithm")?.to_be_bytes()),
        false => None,
    };
    Ok((algorithm, r.counted16("ServerKeyExchangeSignature:signature")?))
}

/// ClientKeyExchange.
pub fn client(method: Method, is_client: bool, body: &[u8], handler: &mut impl Handler) {
    match method {
        Method::Rsa => handler.event(is_client, TlsEvent::RsaClient(body)),
        Method::Ecdh | Method::Ecdhe | Method::EcdhAnon => {
            handler.event(is_client, TlsEvent::EcdhClient(body))
        }
        Method::Dhe | Method::DhAnon => handler.event(is_client, TlsEvent::DhClient(body)),
        Method::Other => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_say_how_keys_are_exchanged() {
        for (suite, method) in [
            (0x002f, Method::Rsa),
            (0xc004, Method::Ecdh),
            (0xc02f, Method::Ecdhe),
            (0xc018, Method::EcdhAnon),
            (0x0033, Method::Dhe),
            (0x0034, Method::DhAnon),
            (0x0094, Method::Rsa),
            (0x0090, Method::Other),
            (0xcc13, Method::Other),
            (0x1301, Method::Other),
        ] {
            assert_eq!(Method::of(suite), method, "{suite:04x}");
        }
    }
}
