//! What is odd about a message, under Zeek's names.

use std::fmt;

/// An oddity. [`Weird::name`] is the `name` of `weird.log`; `Display` gives its `addl`, which is
/// empty for most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weird {
    /// Fewer bytes than a header has.
    TruncatedHeader,
    /// More questions than [`super::Options::max_questions`]: hardly DNS.
    TooManyQuestions,
    /// A question that ends with the message.
    TruncatedQuestion,
    /// A record that ends with the message.
    TruncatedRecord,
    /// The record's data is said to reach past the message.
    RdataPastMessage,
    /// A record without data whose type has some.
    ZeroRdlength,
    /// An address record of another size than an address.
    BadRdlength,
    /// A name in the data did not end where RDLENGTH says.
    RdlengthMismatch,
    /// A type that is not known.
    UnknownType(u16),
    /// A compression pointer that does not point backwards.
    ForwardPointer,
    /// A label longer than what is left of the message.
    LabelPastMessage,
    /// A label of 64 to 191 bytes (RFC 1035 §2.3.4 allows 63).
    LabelTooLong,
    /// A name longer than [`super::name::CAPACITY`].
    LabelPastName,
    /// A name of 255 bytes or more (RFC 1035 §2.3.4).
    NameTooLong,
    /// More compression pointers in one name than [`super::name::MAX_POINTERS`]. Ours, not Zeek's.
    PointerChain,
    /// A string that is longer than the data it is in.
    CharStringPastRdata,
    /// SVCB or HTTPS data too short for a priority and a name.
    SvcbTooShort,
    /// LOC of another version than 0.
    LocVersion(u8),
    /// An EDNS option that is longer than the data it is in.
    EdnsTruncatedOption,
    /// An EDNS Client Subnet too short for its fields.
    EcsShort,
    /// An IPv4 prefix longer than 32 bits.
    EcsV4Prefix(u8),
    /// An IPv6 prefix longer than 128 bits.
    EcsV6Prefix(u8),
    /// An IPv4 prefix with fewer bytes than it needs.
    EcsV4Short {
        /// Bytes that it needs.
        need: u8,
        /// Bytes that are there.
        have: u32,
    },
    /// An IPv6 prefix with fewer bytes than it needs.
    EcsV6Short {
        /// Bytes that it needs.
        need: u8,
        /// Bytes that are there.
        have: u32,
    },
    /// EDNS TCP keepalive in a datagram (RFC 7828 §3.2.1).
    KeepaliveOverUdp,
    /// What is wrong with the algorithm of a signature.
    RrsigAlgorithm(AlgorithmIssue, u8),
    /// What is wrong with the algorithm of a key.
    DnskeyAlgorithm(AlgorithmIssue, u8),
    /// A key with flags that mean nothing together.
    DnskeyFlags(u16),
    /// A key for keys that is revoked.
    DnskeyRevokedKsk(u16),
    /// A key with another protocol than 3.
    DnskeyProtocol(u8),
    /// NSEC with a window of types without any.
    NsecEmptyBitmap(u8),
    /// NSEC3 with a window of types without any.
    Nsec3EmptyBitmap(u8),
    /// DS with a digest that is reserved.
    DsReservedDigest(u8),
    /// DS with a digest that is not known.
    DsUnknownDigest(u8),
    /// Answers beyond what one row keeps ([`super::Row`]). Ours, not Zeek's.
    AnswersCut,
}

/// Why a signing algorithm is odd (IANA, "DNS Security Algorithm Numbers").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlgorithmIssue {
    NotRecommended,
    Indirect,
    PrivateDns,
    PrivateOid,
    Unknown,
}

impl AlgorithmIssue {
    /// What Zeek finds odd about `algorithm`, if anything.
    pub const fn of(algorithm: u8) -> Option<Self> {
        match algorithm {
            1 => Some(AlgorithmIssue::NotRecommended),
            2..=8 | 10 | 12..=16 => None,
            252 => Some(AlgorithmIssue::Indirect),
            253 => Some(AlgorithmIssue::PrivateDns),
            254 => Some(AlgorithmIssue::PrivateOid),
            _ => Some(AlgorithmIssue::Unknown),
        }
    }
}

impl Weird {
    /// Its name in weird.log.
    pub const fn name(&self) -> &'static str {
        use AlgorithmIssue::*;
        match self {
            Weird::TruncatedHeader => "DNS_truncated_len_lt_hdr_len",
            Weird::TooManyQuestions => "DNS_Conn_count_too_large",
            Weird::TruncatedQuestion => "DNS_truncated_quest_too_short",
            Weird::TruncatedRecord => "DNS_truncated_ans_too_short",
            Weird::RdataPastMessage => "DNS_truncated_RR_rdlength_lt_len",
            Weird::ZeroRdlength => "DNS_zero_rdlength",
            Weird::BadRdlength => "DNS_RR_bad_length",
            Weird::RdlengthMismatch => "DNS_RR_length_mismatch",
            Weird::UnknownType(_) => "DNS_RR_unknown_type",
            Weird::ForwardPointer => "DNS_label_forward_compress_offset",
            Weird::LabelPastMessage => "DNS_label_len_gt_pkt",
            Weird::LabelTooLong => "DNS_label_too_long",
            Weird::LabelPastName => "DNS_label_len_gt_name_len",
            Weird::NameTooLong => "DNS_NAME_too_long",
            Weird::PointerChain => "DNS_compression_chain_too_long",
            Weird::CharStringPastRdata => "DNS_TXT_char_str_past_rdlen",
            // Zeek's spelling.
            Weird::SvcbTooShort => "DNS_SVBC_wrong_length",
            Weird::LocVersion(_) => "DNS_LOC_version_unrecognized",
            Weird::EdnsTruncatedOption => "EDNS_truncated_option",
            Weird::EcsShort => "EDNS_ECS_invalid_option_len",
            Weird::EcsV4Prefix(_) => "EDNS_ECS_invalid_addr_v4_prefix",
            Weird::EcsV6Prefix(_) => "EDNS_ECS_invalid_addr_v6_prefix",
            Weird::EcsV4Short { .. } => "EDNS_ECS_invalid_addr_v4",
            Weird::EcsV6Short { .. } => "EDNS_ECS_invalid_addr_v6",
            Weird::KeepaliveOverUdp => "EDNS_TCP_Keepalive_In_UDP",
            Weird::RrsigAlgorithm(NotRecommended, _) => "DNSSEC_RRSIG_NotRecommended_ZoneSignAlgo",
            Weird::RrsigAlgorithm(Indirect, _) => "DNSSEC_RRSIG_Indirect_ZoneSignAlgo",
            Weird::RrsigAlgorithm(PrivateDns, _) => "DNSSEC_RRSIG_PrivateDNS_ZoneSignAlgo",
            Weird::RrsigAlgorithm(PrivateOid, _) => "DNSSEC_RRSIG_PrivateOID_ZoneSignAlgo",
            Weird::RrsigAlgorithm(Unknown, _) => "DNSSEC_RRSIG_unknown_ZoneSignAlgo",
            Weird::DnskeyAlgorithm(NotRecommended, _) => "DNSSEC_DNSKEY_NotRecommended_ZoneSignAlgo",
            Weird::DnskeyAlgorithm(Indirect, _) => "DNSSEC_DNSKEY_Indirect_ZoneSignAlgo",
            Weird::DnskeyAlgorithm(PrivateDns, _) => "DNSSEC_DNSKEY_PrivateDNS_ZoneSignAlgo",
            Weird::DnskeyAlgorithm(PrivateOid, _) => "DNSSEC_DNSKEY_PrivateOID_ZoneSignAlgo",
            Weird::DnskeyAlgorithm(Unknown, _) => "DNSSEC_DNSKEY_unknown_ZoneSignAlgo",
            Weird::DnskeyFlags(_) => "DNSSEC_DNSKEY_Invalid_Flag",
            Weird::DnskeyRevokedKsk(_) => "DNSSEC_DNSKEY_Revoked_KSK",
            Weird::DnskeyProtocol(_) => "DNSSEC_DNSKEY_Invalid_Protocol",
            Weird::NsecEmptyBitmap(_) => "DNSSEC_NSEC_bitmapLen0",
            Weird::Nsec3EmptyBitmap(_) => "DNSSEC_NSEC3_bitmapLen0",
            Weird::DsReservedDigest(_) => "DNSSEC_DS_ReservedDigestType",
            Weird::DsUnknownDigest(_) => "DNSSEC_DS_unknown_DigestType",
            Weird::AnswersCut => "DNS_answers_cut",
        }
    }
}

/// The `addl` of `weird.log`.
impl fmt::Display for Weird {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Weird::UnknownType(n) | Weird::DnskeyFlags(n) | Weird::DnskeyRevokedKsk(n) => write!(f, "{n}"),
            Weird::LocVersion(n)
            | Weird::RrsigAlgorithm(_, n)
            | Weird::DnskeyAlgorithm(_, n)
            | Weird::DnskeyProtocol(n)
            | Weird::NsecEmptyBitmap(n)
            | Weird::Nsec3EmptyBitmap(n)
            | Weird::DsReservedDigest(n)
            | Weird::DsUnknownDigest(n) => write!(f, "{n}"),
            Weird::EcsV4Prefix(bits) | Weird::EcsV6Prefix(bits) => write!(f, "{bits} bits"),
            Weird::EcsV4Short { need, have } => write!(f, "need {need} bits, have {have} bits"),
            Weird::EcsV6Short { need, have } => write!(f, "need {need} bits, have {have} bits"),
            _ => Ok(()),
        }
    }
}
