//! Which column is which field of the Elastic Common Schema.
//!
//! By log, and not with the columns' declarations: a row that scripts have added to is described by the script's record, and is
//! to look the same.

/// The version whose names these are.
pub(super) const VERSION: &str = "8.17.0";

/// Columns that mean the same in every log. Where several are the same field, the first that is set counts.
pub(super) const COMMON: &[(&str, &str)] = &[
    ("ts", "@timestamp"),
    ("uid", "event.id"),
    ("id.orig_h", "source.ip"),
    ("id.orig_p", "source.port"),
    ("id.resp_h", "destination.ip"),
    ("id.resp_p", "destination.port"),
    ("proto", "network.transport"),
    ("service", "network.protocol"),
    ("community_id", "network.community_id"),
    ("user_agent", "user_agent.original"),
    ("mime_type", "file.mime_type"),
    ("md5", "file.hash.md5"),
    ("sha1", "file.hash.sha1"),
    ("sha256", "file.hash.sha256"),
    ("orig_l2_addr", "source.mac"),
    ("resp_l2_addr", "destination.mac"),
    ("vlan", "network.vlan.id"),
    ("inner_vlan", "network.inner.vlan.id"),
];

/// Those of one log, which count before the others. `-` leaves a column where Zeek has it.
pub(super) const OF_LOGS: &[(&str, &[(&str, &str)])] = &[
    (
        "conn",
        &[
            ("duration", "event.duration"),
            ("orig_ip_bytes", "source.bytes"),
            ("orig_pkts", "source.packets"),
            ("resp_ip_bytes", "destination.bytes"),
            ("resp_pkts", "destination.packets"),
        ],
    ),
    ("dce_rpc", &[("operation", "event.action")]),
    (
        "dhcp",
        &[
            ("client_addr", "client.ip"),
            ("server_addr", "server.ip"),
            ("mac", "client.mac"),
            ("domain", "client.domain"),
            ("duration", "event.duration"),
        ],
    ),
    (
        "dns",
        &[
            ("trans_id", "dns.id"),
            ("query", "dns.question.name"),
            ("qclass_name", "dns.question.class"),
            ("qtype_name", "dns.question.type"),
            ("rcode_name", "dns.response_code"),
            ("rtt", "event.duration"),
        ],
    ),
    (
        "files",
        &[
            ("fuid", "event.id"),
            ("uid", "-"),
            ("filename", "file.name"),
            ("seen_bytes", "file.size"),
            ("source", "network.protocol"),
            ("duration", "event.duration"),
        ],
    ),
    (
        "ftp",
        &[
            ("user", "user.name"),
            ("command", "event.action"),
            ("arg", "url.original"),
            ("file_size", "file.size"),
            ("reply_code", "event.code"),
        ],
    ),
    (
        "http",
        &[
            ("method", "http.request.method"),
            ("host", "url.domain"),
            ("uri", "url.original"),
            ("referrer", "http.request.referrer"),
            ("version", "http.version"),
            ("request_body_len", "http.request.body.bytes"),
            ("response_body_len", "http.response.body.bytes"),
            ("status_code", "http.response.status_code"),
            ("username", "url.username"),
            ("password", "url.password"),
        ],
    ),
    ("intel", &[("seen.indicator", "threat.indicator.name"), ("fuid", "-")]),
    ("irc", &[("user", "user.name"), ("command", "event.action"), ("dcc_file_name", "file.name")]),
    (
        "kerberos",
        &[
            ("client", "user.name"),
            ("success", "event.outcome"),
            ("error_msg", "error.message"),
            ("service", "-"),
        ],
    ),
    ("known_hosts", &[("host", "host.ip")]),
    (
        "known_services",
        &[
            ("host", "host.ip"),
            ("port_num", "server.port"),
            ("port_proto", "network.transport"),
            ("service", "-"),
        ],
    ),
    ("ldap", &[("opcode", "event.action"), ("version", "-")]),
    ("mysql", &[("cmd", "event.action"), ("success", "event.outcome")]),
    (
        "notice",
        &[
            ("note", "rule.name"),
            ("msg", "message"),
            ("src", "source.ip"),
            ("dst", "destination.ip"),
            ("p", "destination.port"),
            ("file_mime_type", "file.mime_type"),
            ("peer_descr", "observer.ingress.interface.alias"),
        ],
    ),
    ("ntlm", &[("username", "user.name"), ("domainname", "user.domain"), ("success", "event.outcome")]),
    ("pe", &[("id", "event.id"), ("machine", "file.pe.architecture")]),
    ("postgresql", &[("user", "user.name"), ("success", "event.outcome")]),
    ("quic", &[("server_name", "tls.client.server_name")]),
    (
        "radius",
        &[
            ("username", "user.name"),
            ("mac", "source.mac"),
            ("result", "event.outcome"),
            ("ttl", "event.duration"),
        ],
    ),
    ("rdp", &[("cookie", "user.name")]),
    ("redis", &[("cmd.name", "event.action"), ("success", "event.outcome")]),
    ("sip", &[("method", "event.action"), ("status_code", "event.code"), ("uri", "url.original")]),
    (
        "smb_files",
        &[
            ("action", "event.action"),
            ("path", "file.directory"),
            ("name", "file.name"),
            ("size", "file.size"),
            ("times.modified", "file.mtime"),
            ("times.accessed", "file.accessed"),
            ("times.created", "file.created"),
            ("times.changed", "file.ctime"),
        ],
    ),
    (
        "smtp",
        &[
            ("mailfrom", "email.sender.address"),
            ("from", "email.from.address"),
            ("to", "email.to.address"),
            ("cc", "email.cc.address"),
            ("reply_to", "email.reply_to.address"),
            ("msg_id", "email.message_id"),
            ("subject", "email.subject"),
            ("user_agent", "email.x_mailer"),
        ],
    ),
    ("snmp", &[("duration", "event.duration")]),
    ("socks", &[("user", "user.name"), ("version", "-")]),
    (
        "software",
        &[
            ("host", "host.ip"),
            ("host_p", "-"),
            ("name", "package.name"),
            ("unparsed_version", "package.version"),
        ],
    ),
    ("ssh", &[("auth_success", "event.outcome")]),
    (
        "ssl",
        &[
            ("version", "tls.version"),
            ("cipher", "tls.cipher"),
            ("curve", "tls.curve"),
            ("server_name", "tls.client.server_name"),
            ("resumed", "tls.resumed"),
            ("next_protocol", "tls.next_protocol"),
            ("established", "tls.established"),
            ("subject", "tls.server.subject"),
            ("issuer", "tls.server.issuer"),
            ("client_subject", "tls.client.subject"),
            ("client_issuer", "tls.client.issuer"),
            ("ja3", "tls.client.ja3"),
            ("ja3s", "tls.server.ja3s"),
        ],
    ),
    (
        "syslog",
        &[
            ("facility", "log.syslog.facility.name"),
            ("severity", "log.syslog.severity.name"),
            ("message", "message"),
        ],
    ),
    ("websocket", &[("host", "url.domain"), ("uri", "url.original")]),
    ("weird", &[("name", "rule.name"), ("addl", "message"), ("source", "network.protocol")]),
    (
        "x509",
        &[
            ("id", "event.id"),
            ("fingerprint", "file.hash.sha256"),
            ("certificate.version", "file.x509.version_number"),
            ("certificate.serial", "file.x509.serial_number"),
            ("certificate.subject", "file.x509.subject.distinguished_name"),
            ("certificate.issuer", "file.x509.issuer.distinguished_name"),
            ("certificate.not_valid_before", "file.x509.not_before"),
            ("certificate.not_valid_after", "file.x509.not_after"),
            ("certificate.key_alg", "file.x509.public_key_algorithm"),
            ("certificate.sig_alg", "file.x509.signature_algorithm"),
            ("certificate.key_length", "file.x509.public_key_size"),
            ("certificate.exponent", "file.x509.public_key_exponent"),
            ("certificate.curve", "file.x509.public_key_curve"),
            ("san.dns", "file.x509.alternative_names"),
        ],
    ),
];

/// What the events of a log are about, and of which kind they are, in ECS' words. All others are of the network, and tell of
/// what a protocol said.
pub(super) const CATEGORIES: &[(&str, &[&str], &[&str])] = &[
    ("conn", &["network"], &["connection"]),
    ("tunnel", &["network"], &["connection"]),
    ("notice", &["intrusion_detection"], &["info"]),
    ("notice_alarm", &["intrusion_detection"], &["info"]),
    ("intel", &["threat"], &["indicator"]),
    ("signatures", &["intrusion_detection"], &["info"]),
    ("files", &["file", "network"], &["info"]),
    ("x509", &["file", "network"], &["info"]),
    ("pe", &["file", "network"], &["info"]),
    ("smb_files", &["file", "network"], &["access", "protocol"]),
    ("ssh", &["authentication", "network"], &["info", "protocol"]),
    ("ntlm", &["authentication", "network"], &["info", "protocol"]),
    ("kerberos", &["authentication", "network"], &["info", "protocol"]),
    ("radius", &["authentication", "network"], &["info", "protocol"]),
    ("http", &["network", "web"], &["access", "protocol"]),
    ("smtp", &["email", "network"], &["info", "protocol"]),
    ("mysql", &["database", "network"], &["access", "protocol"]),
    ("postgresql", &["database", "network"], &["access", "protocol"]),
    ("redis", &["database", "network"], &["access", "protocol"]),
    ("software", &["package"], &["info"]),
    ("known_hosts", &["host"], &["info"]),
    ("known_services", &["host"], &["info"]),
    ("stats", &["process"], &["info"]),
    ("reporter", &["process"], &["info"]),
];
pub(super) const OTHER_CATEGORY: (&[&str], &[&str]) = (&["network"], &["info", "protocol"]);

/// Logs whose rows are alerts.
pub(super) const ALERTS: &[&str] = &["notice", "notice_alarm", "intel", "signatures"];
