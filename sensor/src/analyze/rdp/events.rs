//! RDP's events and their arguments.

use nightjar_protocols::rdp;

use crate::event::{Arena, ArgType, Argument, Conn, List, Part, arg_records, events};

events! { [crate::analyze::first::rdp]
    /// A client wants to connect; the cookie is what it says who it is, or empty.
    pub struct ConnectRequest<'a>: "rdp_connect_request" {
        c: Conn,
        cookie: &'a [u8],
    }
    /// A server chose how what follows is protected, as in `RDP::security_protocols`.
    pub struct NegotiationResponse: "rdp_negotiation_response" {
        c: Conn,
        security_protocol: u32,
    }
    /// A server refuses, and why, as in `RDP::failure_codes`.
    pub struct NegotiationFailure: "rdp_negotiation_failure" {
        c: Conn,
        failure_code: u32,
    }
    /// A client's settings.
    pub struct ClientCore<'a>: "rdp_client_core_data" {
        c: Conn,
        data: ClientCoreData<'a>,
    }
    /// How a client can encrypt.
    pub struct ClientSecurity: "rdp_client_security_data" {
        c: Conn,
        data: ClientSecurityData,
    }
    /// The virtual channels that a client asks for.
    pub struct ClientNetwork<'a>: "rdp_client_network_data" {
        c: Conn,
        channels: Channels<'a>,
    }
    /// Which session a client wants to be brought to.
    pub struct ClientCluster: "rdp_client_cluster_data" {
        c: Conn,
        data: ClientClusterData,
    }
    /// A server's answer to a client's settings, as in `RDP::results`.
    pub struct ServerResponse: "rdp_gcc_server_create_response" {
        c: Conn,
        result: u8,
    }
    /// How a server encrypts, as in `RDP::encryption_methods` and `RDP::encryption_levels`.
    pub struct ServerSecurity: "rdp_server_security" {
        c: Conn,
        encryption_method: u32,
        encryption_level: u32,
    }
    /// A server has shown its certificates, of a type as in `RDP::cert_types`.
    pub struct ServerCertificate: "rdp_server_certificate" {
        c: Conn,
        cert_type: u32,
        permanently_issued: bool,
    }
    /// From here on all is encrypted, as in `RDP::security_protocols`.
    pub struct BeginEncryption: "rdp_begin_encryption" {
        c: Conn,
        security_protocol: u32,
    }
    /// Bytes that RDP itself has encrypted: how many came at once.
    pub struct NativeEncryptedData: "rdp_native_encrypted_data" {
        c: Conn,
        orig: bool,
        len: u64,
    }
    /// A client begins over UDP.
    pub struct EudpSyn: "rdpeudp_syn" {
        c: Conn,
    }
    /// A server answers over UDP.
    pub struct EudpSynAck: "rdpeudp_synack" {
        c: Conn,
    }
    /// Both sides begin to talk over UDP, in this version.
    pub struct EudpEstablished: "rdpeudp_established" {
        c: Conn,
        version: u64,
    }
    /// What a datagram carries.
    pub struct EudpData<'a>: "rdpeudp_data" {
        c: Conn,
        is_orig: bool,
        version: u64,
        data: &'a [u8],
    }
}

arg_records! {
    /// What else a client can do (MS-RDPBCGR §2.2.1.3.2).
    pub struct EarlyCapabilityFlags: "RDP::EarlyCapabilityFlags" {
        support_err_info_pdu: bool,
        want_32bpp_session: bool,
        support_statusinfo_pdu: bool,
        strong_asymmetric_keys: bool,
        support_monitor_layout_pdu: bool,
        support_netchar_autodetect: bool,
        support_dynvc_gfx_protocol: bool,
        support_dynamic_time_zone: bool,
        support_heartbeat_pdu: bool,
    }
    /// A client's settings (MS-RDPBCGR §2.2.1.3.2).
    pub struct ClientCoreData<'a>: "RDP::ClientCoreData" {
        version_major: u16,
        version_minor: u16,
        desktop_width: u16,
        desktop_height: u16,
        color_depth: u16,
        sas_sequence: u16,
        keyboard_layout: u32,
        client_build: u32,
        client_name: &'a str,
        keyboard_type: u32,
        keyboard_sub: u32,
        keyboard_function_key: u32,
        ime_file_name: &'a str,
        post_beta2_color_depth: Option<u16>,
        client_product_id: Option<u16>,
        serial_number: Option<u32>,
        high_color_depth: Option<u16>,
        supported_color_depths: Option<u16>,
        ec_flags: Option<EarlyCapabilityFlags>,
        dig_product_id: Option<&'a str>,
    }
    /// How a client can encrypt (MS-RDPBCGR §2.2.1.3.3).
    pub struct ClientSecurityData: "RDP::ClientSecurityData" {
        encryption_methods: u32,
        ext_encryption_methods: u32,
    }
    /// A virtual channel that a client asks for (MS-RDPBCGR §2.2.1.3.4.1).
    pub struct ClientChannelDef<'a>: "RDP::ClientChannelDef" {
        name: &'a [u8],
        options: u32,
        initialized: bool,
        encrypt_rdp: bool,
        encrypt_sc: bool,
        encrypt_cs: bool,
        pri_high: bool,
        pri_med: bool,
        pri_low: bool,
        compress_rdp: bool,
        compress: bool,
        show_protocol: bool,
        persistent: bool,
    }
    /// Which session a client wants to be brought to (MS-RDPBCGR §2.2.1.3.5). As in Zeek what stands behind the session
    /// is taken from its number, and not from the flags.
    pub struct ClientClusterData: "RDP::ClientClusterData" {
        flags: u32,
        redir_session_id: u32,
        redir_supported: bool,
        svr_session_redir_version_mask: u32,
        redir_sessionid_field_valid: bool,
        redir_smartcard: bool,
    }
}

/// The channels that a client asks for.
#[derive(Clone, Copy, Debug)]
pub struct Channels<'a>(pub &'a [ClientChannelDef<'a>]);

impl Argument for Channels<'_> {
    const TYPE: ArgType = ArgType::Alias(
        "RDP::ClientChannelList",
        &ArgType::Vector(&<ClientChannelDef<'static> as Argument>::TYPE),
    );

    fn put(&self, arena: &mut Arena) -> Part {
        List(self.0).put(arena)
    }
}

impl EarlyCapabilityFlags {
    pub fn of(flags: u16) -> Self {
        let has = |flag| flags & flag != 0;
        EarlyCapabilityFlags {
            support_err_info_pdu: has(0x01),
            want_32bpp_session: has(0x02),
            support_statusinfo_pdu: has(0x04),
            strong_asymmetric_keys: has(0x08),
            support_monitor_layout_pdu: has(0x40),
            support_netchar_autodetect: has(0x80),
            support_dynvc_gfx_protocol: has(0x100),
            support_dynamic_time_zone: has(0x200),
            support_heartbeat_pdu: has(0x400),
        }
    }
}

impl<'a> ClientCoreData<'a> {
    /// With the texts that were UTF-16.
    pub fn of(core: &rdp::ClientCore<'_>, name: &'a str, file: &'a str, product: &'a str) -> Self {
        ClientCoreData {
            version_major: core.version_major,
            version_minor: core.version_minor,
            desktop_width: core.desktop_width,
            desktop_height: core.desktop_height,
            color_depth: core.color_depth,
            sas_sequence: core.sas_sequence,
            keyboard_layout: core.keyboard_layout,
            client_build: core.client_build,
            client_name: name,
            keyboard_type: core.keyboard_type,
            keyboard_sub: core.keyboard_sub,
            keyboard_function_key: core.keyboard_function_key,
            ime_file_name: file,
            post_beta2_color_depth: Some(core.post_beta2_color_depth),
            client_product_id: Some(core.client_product_id),
            serial_number: Some(core.serial_number),
            high_color_depth: Some(core.high_color_depth),
            supported_color_depths: Some(core.supported_color_depths),
            ec_flags: Some(EarlyCapabilityFlags::of(core.early_capabilities)),
            dig_product_id: Some(product),
        }
    }
}

impl<'a> ClientChannelDef<'a> {
    pub fn of(channel: &rdp::Channel<'a>) -> Self {
        let has = |flag| channel.options & flag != 0;
        ClientChannelDef {
            name: channel.name,
            options: channel.options,
            initialized: has(0x8000_0000),
            encrypt_rdp: has(0x4000_0000),
            encrypt_sc: has(0x2000_0000),
            encrypt_cs: has(0x1000_0000),
            pri_high: has(0x0800_0000),
            pri_med: has(0x0400_0000),
            pri_low: has(0x0200_0000),
            compress_rdp: has(0x0080_0000),
            compress: has(0x0040_0000),
            show_protocol: has(0x0020_0000),
            persistent: has(0x0010_0000),
        }
    }
}

impl ClientClusterData {
    pub fn of(cluster: rdp::ClientCluster) -> Self {
        let session = cluster.session;
        ClientClusterData {
            flags: cluster.flags,
            redir_session_id: session,
            redir_supported: session & 0x1 != 0,
            svr_session_redir_version_mask: session & 0x3c,
            redir_sessionid_field_valid: session & 0x2 != 0,
            redir_smartcard: session & 0x40 != 0,
        }
    }
}
