//! Names of numbers (IANA's registries "TLS Parameters" and "TLS Extensions"), as Zeek spells them. A number that has no
//! name keeps it.

use std::borrow::Cow;

use crate::tls::suites::SUITES;

/// Protocol versions as they stand on the wire.
pub mod version {
    /// SSL 2.0.
    pub const SSL2: u16 = 0x0002;
    /// SSL 3.0 (RFC 6101).
    pub const SSL3: u16 = 0x0300;
    /// TLS 1.0 (RFC 2246).
    pub const TLS10: u16 = 0x0301;
    /// TLS 1.1 (RFC 4346).
    pub const TLS11: u16 = 0x0302;
    /// TLS 1.2 (RFC 5246).
    pub const TLS12: u16 = 0x0303;
    /// TLS 1.3 (RFC 8446).
    pub const TLS13: u16 = 0x0304;
    /// DTLS 1.0 (RFC 4347).
    pub const DTLS10: u16 = 0xfeff;
    /// DTLS 1.2 (RFC 6347).
    pub const DTLS12: u16 = 0xfefd;
    /// DTLS 1.3 (RFC 9147).
    pub const DTLS13: u16 = 0xfefc;
}

/// Whether it is TLS 1.3, or a draft of it: `0x7fNN`.
pub fn is_tls13(number: u16) -> bool {
    number == version::TLS13 || is_draft(number)
}

/// As Zeek tells drafts: a division that takes one number too many at either end.
fn is_draft(number: u16) -> bool {
    number / 0xff == 0x7f
}

/// A protocol version: `TLSv12`, `TLSv13-draft19`, `unknown-64282`.
pub fn version_name(number: u16) -> Cow<'static, str> {
    let known = match number {
        version::SSL2 => "SSLv2",
        version::SSL3 => "SSLv3",
        version::TLS10 => "TLSv10",
        version::TLS11 => "TLSv11",
        version::TLS12 => "TLSv12",
        version::TLS13 => "TLSv13",
        version::DTLS10 => "DTLSv10",
        version::DTLS12 => "DTLSv12",
        version::DTLS13 => "DTLSv13",
        _ if is_draft(number) => return Cow::Owned(format!("TLSv13-draft{}", number % 0x7f)),
        _ => return unknown(u32::from(number)),
    };
    Cow::Borrowed(known)
}

/// A cipher suite: `TLS_AES_128_GCM_SHA256`.
pub fn suite_name(number: u32) -> Cow<'static, str> {
    match SUITES.binary_search_by_key(&number, |(known, _)| *known) {
        Ok(at) => SUITES.get(at).map_or(Cow::Borrowed(""), |(_, name)| Cow::Borrowed(*name)),
        Err(_) => u16::try_from(number).ok().and_then(grease).unwrap_or_else(|| unknown(number)),
    }
}

/// A group for key exchange (`supported_groups`): `x25519`.
pub fn group_name(number: u16) -> Cow<'static, str> {
    of(GROUPS, number)
}

/// An alert's description (RFC 8446 §6): `handshake_failure`.
pub fn alert_name(number: u16) -> Cow<'static, str> {
    of(ALERTS, number)
}

/// An extension's type: `server_name`.
pub fn extension_name(number: u16) -> Cow<'static, str> {
    of(EXTENSIONS, number)
}

fn of(names: &[(u16, &'static str)], number: u16) -> Cow<'static, str> {
    match names.binary_search_by_key(&number, |(known, _)| *known) {
        Ok(at) => names.get(at).map_or(Cow::Borrowed(""), |(_, name)| Cow::Borrowed(*name)),
        Err(_) => grease(number).unwrap_or_else(|| unknown(u32::from(number))),
    }
}

/// What is sent to keep peers open for new values (RFC 8701 §2): `0x?a?a` with the same digit twice.
fn grease(number: u16) -> Option<Cow<'static, str>> {
    let [high, low] = number.to_be_bytes();
    (high == low && low & 0xf == 0xa).then(|| Cow::Owned(format!("grease_0x{number:04X}")))
}

fn unknown(number: u32) -> Cow<'static, str> {
    Cow::Owned(format!("unknown-{number}"))
}

/// All cipher suites, groups, alerts, and extensions that have a name.
pub fn tables() -> [(&'static str, Vec<(u32, &'static str)>); 4] {
    let wide = |names: &[(u16, &'static str)]| names.iter().map(|(n, name)| (u32::from(*n), *name)).collect();
    [
        ("cipher_desc", SUITES.to_vec()),
        ("ec_curves", wide(GROUPS)),
        ("alert_descriptions", wide(ALERTS)),
        ("extensions", wide(EXTENSIONS)),
    ]
}

static GROUPS: &[(u16, &str)] = &[
    (1, "sect163k1"),
    (2, "sect163r1"),
    (3, "sect163r2"),
    (4, "sect193r1"),
    (5, "sect193r2"),
    (6, "sect233k1"),
    (7, "sect233r1"),
    (8, "sect239k1"),
    (9, "sect283k1"),
    (10, "sect283r1"),
    (11, "sect409k1"),
    (12, "sect409r1"),
    (13, "sect571k1"),
    (14, "sect571r1"),
    (15, "secp160k1"),
    (16, "secp160r1"),
    (17, "secp160r2"),
    (18, "secp192k1"),
    (19, "secp192r1"),
    (20, "secp224k1"),
    (21, "secp224r1"),
    (22, "secp256k1"),
    (23, "secp256r1"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (26, "brainpoolP256r1"),
    (27, "brainpoolP384r1"),
    (28, "brainpoolP512r1"),
    (29, "x25519"),
    (30, "x448"),
    (31, "brainpoolP256r1tls13"),
    (32, "brainpoolP384r1tls13"),
    (33, "brainpoolP512r1tls13"),
    (34, "GC256A"),
    (35, "GC256B"),
    (36, "GC256C"),
    (37, "GC256D"),
    (38, "GC512A"),
    (39, "GC512B"),
    (40, "GC512C"),
    (41, "curveSM2"),
    (256, "ffdhe2048"),
    (257, "ffdhe3072"),
    (258, "ffdhe4096"),
    (259, "ffdhe6144"),
    (260, "ffdhe8192"),
    (512, "MLKEM512"),
    (513, "MLKEM768"),
    (514, "MLKEM1024"),
    (4587, "SecP256r1MLKEM768"),
    (4588, "X25519MLKEM768"),
    (4589, "SecP384r1MLKEM1024"),
    (4590, "curveSM2MLKEM768"),
    (16_696, "CECPQ2"),
    (25_497, "X25519Kyber768Draft00"),
    (25_498, "SecP256r1Kyber768Draft00"),
    (0xff01, "arbitrary_explicit_prime_curves"),
    (0xff02, "arbitrary_explicit_char2_curves"),
];

static ALERTS: &[(u16, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (117, "general_error"),
    (120, "no_application_protocol"),
    (121, "ech_required"),
];

static EXTENSIONS: &[(u16, &str)] = &[
    (0, "server_name"),
    (1, "max_fragment_length"),
    (2, "client_certificate_url"),
    (3, "trusted_ca_keys"),
    (4, "truncated_hmac"),
    (5, "status_request"),
    (6, "user_mapping"),
    (7, "client_authz"),
    (8, "server_authz"),
    (9, "cert_type"),
    (10, "supported_groups"),
    (11, "ec_point_formats"),
    (12, "srp"),
    (13, "signature_algorithms"),
    (14, "use_srtp"),
    (15, "heartbeat"),
    (16, "application_layer_protocol_negotiation"),
    (17, "status_request_v2"),
    (18, "signed_certificate_timestamp"),
    (19, "client_certificate_type"),
    (20, "server_certificate_type"),
    (21, "padding"),
    (22, "encrypt_then_mac"),
    (23, "extended_master_secret"),
    (24, "token_binding"),
    (25, "cached_info"),
    (26, "tls_lts"),
    (27, "compress_certificate"),
    (28, "record_size_limit"),
    (29, "pwd_protect"),
    (30, "pwd_clear"),
    (31, "password_salt"),
    (32, "ticket_pinning"),
    (33, "tls_cert_with_extern_psk"),
    (34, "delegated_credential"),
    (35, "SessionTicket TLS"),
    (36, "TLMSP"),
    (37, "TLMSP_proxying"),
    (38, "TLMSP_delegate"),
    (39, "supported_ekt_ciphers"),
    (40, "key_share_old"),
    (41, "pre_shared_key"),
    (42, "early_data"),
    (43, "supported_versions"),
    (44, "cookie"),
    (45, "psk_key_exchange_modes"),
    (46, "TicketEarlyDataInfo"),
    (47, "certificate_authorities"),
    (48, "oid_filters"),
    (49, "post_handshake_auth"),
    (50, "signature_algorithms_cert"),
    (51, "key_share"),
    (52, "transparency_info"),
    (53, "connection_id_deprecated"),
    (54, "connection_id"),
    (55, "external_id_hash"),
    (56, "external_session_id"),
    (57, "quic_transport_parameters"),
    (58, "ticket_request"),
    (59, "dnssec_chain"),
    (60, "sequence_number_encryption_algorithms"),
    (61, "rrc"),
    (62, "tls_flags"),
    (13_172, "next_protocol_negotiation"),
    (13_175, "origin_bound_certificates"),
    (13_180, "encrypted_client_certificates"),
    (17_513, "application_setting"),
    (30_031, "channel_id"),
    (30_032, "channel_id_new"),
    (35_655, "padding"),
    (64_768, "ech_outer_extensions"),
    (65_037, "encrypted_client_hello"),
    (65_281, "renegotiation_info"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names_or_keep_their_number() {
        assert_eq!(version_name(0x0303), "TLSv12");
        assert_eq!(version_name(0x7f13), "TLSv13-draft19");
        assert_eq!(version_name(64_282), "unknown-64282");
        assert_eq!(suite_name(0x1301), "TLS_AES_128_GCM_SHA256");
        assert_eq!(suite_name(0x0700c0), "SSLv20_CK_DES_192_EDE3_CBC_WITH_MD5");
        assert_eq!(suite_name(0x0034), "TLS_DH_ANON_WITH_AES_128_CBC_SHA");
        assert_eq!(suite_name(0x2a2a), "grease_0x2A2A");
        assert_eq!(suite_name(0x1a2a), "unknown-6698");
        assert_eq!(group_name(29), "x25519");
        assert_eq!(alert_name(40), "handshake_failure");
        assert_eq!(alert_name(99), "unknown-99");
        assert_eq!(extension_name(65_037), "encrypted_client_hello");
    }

    #[test]
    fn tables_are_sorted_and_know_each_number_once() {
        for (name, table) in tables() {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0), "{name}");
        }
    }
}
