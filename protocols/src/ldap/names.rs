//! Names of numbers, as Zeek's logs have them.

/// The kinds of messages, by their tags (RFC 4511 §4.2).
#[allow(missing_docs, reason = "they are named as in Zeek")]
pub mod opcode {
    pub const BIND_REQUEST: u8 = 0;
    pub const BIND_RESPONSE: u8 = 1;
    pub const UNBIND_REQUEST: u8 = 2;
    pub const SEARCH_REQUEST: u8 = 3;
    pub const SEARCH_RESULT_ENTRY: u8 = 4;
    pub const SEARCH_RESULT_DONE: u8 = 5;
    pub const MODIFY_REQUEST: u8 = 6;
    pub const MODIFY_RESPONSE: u8 = 7;
    pub const ADD_REQUEST: u8 = 8;
    pub const ADD_RESPONSE: u8 = 9;
    pub const DEL_REQUEST: u8 = 10;
    pub const DEL_RESPONSE: u8 = 11;
    pub const MOD_DN_REQUEST: u8 = 12;
    pub const MOD_DN_RESPONSE: u8 = 13;
    pub const COMPARE_REQUEST: u8 = 14;
    pub const COMPARE_RESPONSE: u8 = 15;
    pub const ABANDON_REQUEST: u8 = 16;
    pub const SEARCH_RESULT_REFERENCE: u8 = 19;
    pub const EXTENDED_REQUEST: u8 = 23;
    pub const EXTENDED_RESPONSE: u8 = 24;
    pub const INTERMEDIATE_RESPONSE: u8 = 25;
}

/// A number, the name that Zeek's scripts have for it, and what logs say.
pub type Named = (u8, &'static str, &'static str);

/// Kinds of messages. Those of a request and its answer are one to logs.
pub const OPCODES: &[Named] = &[
    (0, "BIND_REQUEST", "bind"),
    (1, "BIND_RESPONSE", "bind"),
    (2, "UNBIND_REQUEST", "unbind"),
    (3, "SEARCH_REQUEST", "search"),
    (4, "SEARCH_RESULT_ENTRY", "search"),
    (5, "SEARCH_RESULT_DONE", "search"),
    (6, "MODIFY_REQUEST", "modify"),
    (7, "MODIFY_RESPONSE", "modify"),
    (8, "ADD_REQUEST", "add"),
    (9, "ADD_RESPONSE", "add"),
    (10, "DEL_REQUEST", "delete"),
    (11, "DEL_RESPONSE", "delete"),
    (12, "MOD_DN_REQUEST", "modify"),
    (13, "MOD_DN_RESPONSE", "modify"),
    (14, "COMPARE_REQUEST", "compare"),
    (15, "COMPARE_RESPONSE", "compare"),
    (16, "ABANDON_REQUEST", "abandon"),
    (19, "SEARCH_RESULT_REFERENCE", "search"),
    (23, "EXTENDED_REQUEST", "extended"),
    (24, "EXTENDED_RESPONSE", "extended"),
    (25, "INTERMEDIATE_RESPONSE", "intermediate"),
];

/// What came of a request (RFC 4511 §A.1, and clients' own).
pub const RESULTS: &[Named] = &[
    (0, "SUCCESS", "success"),
    (1, "OPERATIONS_ERROR", "operations error"),
    (2, "PROTOCOL_ERROR", "protocol error"),
    (3, "TIME_LIMIT_EXCEEDED", "time limit exceeded"),
    (4, "SIZE_LIMIT_EXCEEDED", "size limit exceeded"),
    (5, "COMPARE_FALSE", "compare false"),
    (6, "COMPARE_TRUE", "compare true"),
    (7, "AUTH_METHOD_NOT_SUPPORTED", "auth method not supported"),
    (8, "STRONGER_AUTH_REQUIRED", "stronger auth required"),
    (9, "PARTIAL_RESULTS", "partial results"),
    (10, "REFERRAL", "referral"),
    (11, "ADMIN_LIMIT_EXCEEDED", "admin limit exceeded"),
    (12, "UNAVAILABLE_CRITICAL_EXTENSION", "unavailable critical extension"),
    (13, "CONFIDENTIALITY_REQUIRED", "confidentiality required"),
    (14, "SASL_BIND_IN_PROGRESS", "SASL bind in progress"),
    (16, "NO_SUCH_ATTRIBUTE", "no such attribute"),
    (17, "UNDEFINED_ATTRIBUTE_TYPE", "undefined attribute type"),
    (18, "INAPPROPRIATE_MATCHING", "inappropriate matching"),
    (19, "CONSTRAINT_VIOLATION", "constraint violation"),
    (20, "ATTRIBUTE_OR_VALUE_EXISTS", "attribute or value exists"),
    (21, "INVALID_ATTRIBUTE_SYNTAX", "invalid attribute syntax"),
    (32, "NO_SUCH_OBJECT", "no such object"),
    (33, "ALIAS_PROBLEM", "alias problem"),
    (34, "INVALID_DNSYNTAX", "invalid DN syntax"),
    (36, "ALIAS_DEREFERENCING_PROBLEM", "alias dereferencing problem"),
    (48, "INAPPROPRIATE_AUTHENTICATION", "inappropriate authentication"),
    (49, "INVALID_CREDENTIALS", "invalid credentials"),
    (50, "INSUFFICIENT_ACCESS_RIGHTS", "insufficient access rights"),
    (51, "BUSY", "busy"),
    (52, "UNAVAILABLE", "unavailable"),
    (53, "UNWILLING_TO_PERFORM", "unwilling to perform"),
    (54, "LOOP_DETECT", "loop detect"),
    (60, "SORT_CONTROL_MISSING", "sort control missing"),
    (61, "OFFSET_RANGE_ERROR", "offset range error"),
    (64, "NAMING_VIOLATION", "naming violation"),
    (65, "OBJECT_CLASS_VIOLATION", "object class violation"),
    (66, "NOT_ALLOWED_ON_NON_LEAF", "not allowed on non-leaf"),
    (67, "NOT_ALLOWED_ON_RDN", "not allowed on RDN"),
    (68, "ENTRY_ALREADY_EXISTS", "entry already exists"),
    (69, "OBJECT_CLASS_MODS_PROHIBITED", "object class mods prohibited"),
    (70, "RESULTS_TOO_LARGE", "results too large"),
    (71, "AFFECTS_MULTIPLE_DSAS", "affects multiple DSAs"),
    (76, "CONTROL_ERROR", "control error"),
    (80, "OTHER", "other"),
    (81, "SERVER_DOWN", "server down"),
    (82, "LOCAL_ERROR", "local error"),
    (83, "ENCODING_ERROR", "encoding error"),
    (84, "DECODING_ERROR", "decoding error"),
    (85, "TIMEOUT", "timeout"),
    (86, "AUTH_UNKNOWN", "auth unknown"),
    (87, "FILTER_ERROR", "filter error"),
    (88, "USER_CANCELED", "user canceled"),
    (89, "PARAM_ERROR", "param error"),
    (90, "NO_MEMORY", "no memory"),
    (91, "CONNECT_ERROR", "connect error"),
    (92, "NOT_SUPPORTED", "not supported"),
    (93, "CONTROL_NOT_FOUND", "control not found"),
    (94, "NO_RESULTS_RETURNED", "no results returned"),
    (95, "MORE_RESULTS_TO_RETURN", "more results to return"),
    (96, "CLIENT_LOOP", "client loop"),
    (97, "REFERRAL_LIMIT_EXCEEDED", "referral limit exceeded"),
    (100, "INVALID_RESPONSE", "invalid response"),
    (101, "AMBIGUOUS_RESPONSE", "ambiguous response"),
    (112, "TLS_NOT_SUPPORTED", "TLS not supported"),
    (113, "INTERMEDIATE_RESPONSE", "intermediate response"),
    (114, "UNKNOWN_TYPE", "unknown type"),
    (115, "LCUP_INVALID_DATA", "LCUP invalid data"),
    (116, "LCUP_UNSUPPORTED_SCHEME", "LCUP unsupported scheme"),
    (117, "LCUP_RELOAD_REQUIRED", "LCUP reload required"),
    (118, "CANCELED", "canceled"),
    (119, "NO_SUCH_OPERATION", "no such operation"),
    (120, "TOO_LATE", "too late"),
    (121, "CANNOT_CANCEL", "cannot cancel"),
    (122, "ASSERTION_FAILED", "assertion failed"),
    (123, "AUTHORIZATION_DENIED", "authorization denied"),
];

/// How far a search goes.
pub const SCOPES: &[Named] =
    &[(0, "SEARCH_BASE", "base"), (1, "SEARCH_SINGLE", "single"), (2, "SEARCH_TREE", "tree")];

/// Which aliases a search follows.
pub const DEREFS: &[Named] = &[
    (0, "DEREF_NEVER", "never"),
    (1, "DEREF_IN_SEARCHING", "searching"),
    (2, "DEREF_FINDING_BASE", "finding"),
    (3, "DEREF_ALWAYS", "always"),
];

/// How a client proves who it is.
pub const AUTHS: &[Named] = &[
    (0, "BIND_AUTH_SIMPLE", "bind simple"),
    (3, "BIND_AUTH_SASL", "bind SASL"),
    (9, "SICILY_PACKAGE_DISCOVERY", "LDAP::BindAuthType_SICILY_PACKAGE_DISCOVERY"),
    (10, "SICILY_NEGOTIATE", "sicily_negotiate"),
    (11, "SICILY_RESPONSE", "sicily_response"),
];

/// Extended requests (RFC 4511 §4.14.1, RFC 4532).
pub const EXTENSIONS: &[(&str, &str)] =
    &[("1.3.6.1.4.1.1466.20037", "StartTLS"), ("1.3.6.1.4.1.4203.1.11.3", "whoami")];

/// What logs say of a number.
pub fn name(names: &'static [Named], number: u8) -> &'static str {
    names.iter().find(|(known, ..)| *known == number).map_or("unknown", |(_, _, name)| name)
}

/// What logs say of an extended request.
pub fn extension(oid: &[u8]) -> &'static str {
    EXTENSIONS.iter().find(|(known, _)| known.as_bytes() == oid).map_or("unknown", |(_, name)| name)
}
