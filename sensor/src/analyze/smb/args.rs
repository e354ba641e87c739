//! What SMB's events take as arguments.

use std::borrow::Cow;

use nightjar_protocols::smb::v2::ContextData;
use nightjar_protocols::smb::{Times, v1, v2};

use crate::analyze::smb::record::time;
use crate::event::{Arena, ArgType, Argument, Part, arg_records, lists};
use crate::time::{Interval, Time};

arg_records! {
    /// Times of a file, also as they are sent: in steps of 100 ns since 1601.
    pub struct MacTimes: "SMB::MACTimes" {
        /// When its content was changed.
        modified: Time => "&log",
        modified_raw: u64,
        /// When it was looked at.
        accessed: Time => "&log",
        accessed_raw: u64,
        /// When it was made.
        created: Time => "&log",
        created_raw: u64,
        /// When anything of it was changed.
        changed: Time => "&log",
        changed_raw: u64,
    }
    /// What a message of SMB 1 begins with.
    pub struct V1: "SMB1::Header" {
        command: u8,
        status: u32,
        flags: u8,
        flags2: u16,
        tid: u16,
        pid: u32,
        uid: u16,
        mid: u16,
    }
    /// What a message of SMB 2 or 3 begins with.
    pub struct V2<'a>: "SMB2::Header" {
        credit_charge: u16,
        status: u32,
        command: u16,
        credits: u16,
        flags: u32,
        message_id: u64,
        process_id: u32,
        tree_id: u32,
        session_id: u64,
        signature: &'a [u8],
    }
    /// What tells a file from others.
    pub struct Guid: "SMB2::GUID" {
        persistent: u64,
        volatile: u64,
    }
    /// What is possible without waiting for messages to be sent whole.
    pub struct RawMode: "SMB1::NegotiateRawMode" {
        read_raw: bool,
        write_raw: bool,
    }
    /// What a server is capable of.
    pub struct Capabilities: "SMB1::NegotiateCapabilities" {
        raw_mode: bool,
        mpx_mode: bool,
        unicode: bool,
        large_files: bool,
        nt_smbs: bool,
        rpc_remote_apis: bool,
        status32: bool,
        level_2_oplocks: bool,
        lock_and_read: bool,
        nt_find: bool,
        dfs: bool,
        infolevel_passthru: bool,
        large_readx: bool,
        large_writex: bool,
        unix: bool,
        bulk_transfer: bool,
        compressed_data: bool,
        extended_security: bool,
    }
    /// How a server makes sure who somebody is.
    pub struct Security: "SMB1::NegotiateResponseSecurity" {
        user_level: bool,
        challenge_response: bool,
        signatures_enabled: Option<bool>,
        signatures_required: Option<bool>,
    }
    /// An answer in the core protocol.
    pub struct Core: "SMB1::NegotiateResponseCore" {
        dialect_index: u16,
    }
    /// An answer in LAN Manager's.
    pub struct LanMan<'a>: "SMB1::NegotiateResponseLANMAN" {
        word_count: u8,
        dialect_index: u16,
        security_mode: Security,
        max_buffer_size: u16,
        max_mpx_count: u16,
        max_number_vcs: u16,
        raw_mode: RawMode,
        session_key: u32,
        server_time: Time,
        encryption_key: &'a [u8],
        primary_domain: &'a [u8],
    }
    /// An answer in NT's.
    pub struct Ntlm<'a>: "SMB1::NegotiateResponseNTLM" {
        word_count: u8,
        dialect_index: u16,
        security_mode: Security,
        max_buffer_size: u32,
        max_mpx_count: u16,
        max_number_vcs: u16,
        max_raw_size: u32,
        session_key: u32,
        capabilities: Capabilities,
        server_time: Time,
        encryption_key: Option<&'a [u8]>,
        domain_name: Option<&'a [u8]>,
        guid: Option<&'a [u8]>,
        security_blob: Option<&'a [u8]>,
    }
    /// What a server chooses of what a client speaks.
    pub struct NegotiateResponse1<'a>: "SMB1::NegotiateResponse" {
        core: Option<Core>,
        lanman: Option<LanMan<'a>>,
        ntlm: Option<Ntlm<'a>>,
    }
    /// What a client is capable of.
    pub struct SetupCapabilities: "SMB1::SessionSetupAndXCapabilities" {
        unicode: bool,
        large_files: bool,
        nt_smbs: bool,
        status32: bool,
        level_2_oplocks: bool,
        nt_find: bool,
    }
    /// Who logs in.
    pub struct SessionSetupRequest1<'a>: "SMB1::SessionSetupAndXRequest" {
        word_count: u8,
        max_buffer_size: u16,
        max_mpx_count: u16,
        vc_number: u16,
        session_key: u32,
        native_os: &'a [u8],
        native_lanman: &'a [u8],
        account_name: Option<&'a [u8]>,
        account_password: Option<&'a [u8]>,
        primary_domain: Option<&'a [u8]>,
        case_insensitive_password: Option<&'a [u8]>,
        case_sensitive_password: Option<&'a [u8]>,
        security_blob: Option<&'a [u8]>,
        capabilities: Option<SetupCapabilities>,
    }
    /// What comes of it.
    pub struct SessionSetupResponse1<'a>: "SMB1::SessionSetupAndXResponse" {
        word_count: u8,
        is_guest: Option<bool>,
        native_os: Option<&'a [u8]>,
        native_lanman: Option<&'a [u8]>,
        primary_domain: Option<&'a [u8]>,
        security_blob: Option<&'a [u8]>,
    }
    /// What a transaction of the second kind says of itself.
    pub struct Transaction2: "SMB1::Trans2_Args" {
        total_param_count: u16,
        total_data_count: u16,
        max_param_count: u16,
        max_data_count: u16,
        max_setup_count: u8,
        flags: u16,
        trans_timeout: u32,
        param_count: u16,
        param_offset: u16,
        data_count: u16,
        data_offset: u16,
        setup_count: u8,
    }
    /// The same of one that goes on.
    pub struct TransactionSecondary: "SMB1::Trans_Sec_Args" {
        total_param_count: u16,
        total_data_count: u16,
        param_count: u16,
        param_offset: u16,
        param_displacement: u16,
        data_count: u16,
        data_offset: u16,
        data_displacement: u16,
    }
    /// The same of one of the second kind.
    pub struct Transaction2Secondary: "SMB1::Trans2_Sec_Args" {
        total_param_count: u16,
        total_data_count: u16,
        param_count: u16,
        param_offset: u16,
        param_displacement: u16,
        data_count: u16,
        data_offset: u16,
        data_displacement: u16,
        file: u16 = "FID",
    }
    /// What files are looked for.
    pub struct FindFirst<'a>: "SMB1::Find_First2_Request_Args" {
        search_attrs: u16,
        search_count: u16,
        flags: u16,
        info_level: u16,
        search_storage_type: u32,
        file_name: &'a [u8],
    }
    /// Attributes of a file (MS-FSCC §2.6).
    pub struct FileAttrs: "SMB2::FileAttrs" {
        read_only: bool,
        hidden: bool,
        system: bool,
        directory: bool,
        archive: bool,
        normal: bool,
        temporary: bool,
        sparse_file: bool,
        reparse_point: bool,
        compressed: bool,
        offline: bool,
        not_content_indexed: bool,
        encrypted: bool,
        integrity_stream: bool,
        no_scrub_data: bool,
    }
    /// A file that was closed.
    pub struct CloseResponse: "SMB2::CloseResponse" {
        alloc_size: u64,
        eof: u64,
        times: MacTimes,
        attrs: FileAttrs,
    }
    /// How what precedes keys is hashed.
    pub struct Preauth<'a>: "SMB2::PreAuthIntegrityCapabilities" {
        hash_alg_count: u64,
        salt_length: u64,
        hash_alg: Numbers<'a>,
        salt: &'a [u8],
    }
    /// Ciphers.
    pub struct Encryption<'a>: "SMB2::EncryptionCapabilities" {
        cipher_count: u64,
        ciphers: Numbers<'a>,
    }
    /// What compresses.
    pub struct Compression<'a>: "SMB2::CompressionCapabilities" {
        alg_count: u64,
        algs: Numbers<'a>,
    }
    /// Something more that a server says of what it can.
    pub struct Context<'a>: "SMB2::NegotiateContextValue" {
        context_type: u16,
        data_length: u16,
        preauth_info: Option<Preauth<'a>>,
        encryption_info: Option<Encryption<'a>>,
        compression_info: Option<Compression<'a>>,
        netname: Option<&'a [u8]>,
    }
    /// What a server chooses of what a client speaks.
    pub struct NegotiateResponse<'a>: "SMB2::NegotiateResponse" {
        dialect_revision: u16,
        security_mode: u16,
        server_guid: Guid,
        system_time: Time,
        server_start_time: Time,
        negotiate_context_count: u16,
        negotiate_context_values: Contexts<'a>,
    }
    /// How somebody logs in.
    pub struct SessionSetupRequest: "SMB2::SessionSetupRequest" {
        security_mode: u8,
    }
    /// As whom somebody is logged in.
    pub struct SetupFlags: "SMB2::SessionSetupFlags" {
        guest: bool,
        anonymous: bool,
        encrypt: bool,
    }
    /// What comes of it.
    pub struct SessionSetupResponse: "SMB2::SessionSetupResponse" {
        flags: SetupFlags,
    }
    /// What a share is.
    pub struct TreeConnectResponse: "SMB2::TreeConnectResponse" {
        share_type: u8,
    }
    /// A file that is to be opened.
    pub struct CreateRequest<'a>: "SMB2::CreateRequest" {
        filename: &'a [u8],
        disposition: u32,
        create_options: u32,
    }
    /// A file that was opened.
    pub struct CreateResponse: "SMB2::CreateResponse" {
        file_id: Guid,
        size: u64,
        times: MacTimes,
        attrs: FileAttrs,
        create_action: u32,
    }
    /// How much room there is for whom.
    pub struct FsControl: "SMB2::Fscontrol" {
        free_space_start_filtering: i64,
        free_space_threshold: i64,
        free_space_stop_filtering: i64,
        delete_quota_threshold: u64,
        default_quota_limit: u64,
        fs_control_flags: u32,
    }
    /// An extended attribute.
    pub struct ExtendedAttribute<'a>: "SMB2::FileEA" {
        ea_name: &'a [u8],
        ea_value: &'a [u8],
    }
    /// What stands before an encrypted message.
    pub struct TransformHeader<'a>: "SMB2::Transform_header" {
        signature: &'a [u8],
        nonce: &'a [u8],
        orig_msg_size: u32,
        flags: u16,
        session_id: u64,
    }
    /// A request, as it is known so far; not one of Zeek's.
    pub struct ShownCommand<'a>: "SMB::ShownCommand" {
        number: u64,
        ts: Time,
        version: &'a str,
        command: &'a str,
        sub_command: Option<&'a str>,
        argument: Option<&'a [u8]>,
        status: Option<u32>,
        rtt: Option<Interval>,
        tree: Option<&'a [u8]>,
        tree_service: Option<&'a [u8]>,
        mid: u64,
    }
    /// A file, likewise.
    pub struct ShownFile<'a>: "SMB::ShownFile" {
        number: u64,
        ts: Time,
        fuid: Option<&'a [u8]>,
        action: Option<ActionName>,
        path: Option<&'a [u8]>,
        name: Option<&'a [u8]>,
        size: u64,
        prev_name: Option<&'a [u8]>,
        times: Option<MacTimes>,
        fid: Option<u64>,
    }
    /// A share, likewise.
    pub struct ShownTree<'a>: "SMB::ShownTree" {
        number: u64,
        ts: Time,
        path: Option<&'a [u8]>,
        service: Option<&'a [u8]>,
        native_file_system: Option<&'a [u8]>,
        share_type: &'a str,
        tid: u64,
    }
    /// What is at hand.
    pub struct Shown<'a>: "SMB::Shown" {
        command: Option<ShownCommand<'a>>,
        file: Option<ShownFile<'a>>,
        tree: Option<ShownTree<'a>>,
    }
}

lists! {
    /// Texts.
    Texts(&'a [Cow<'a, [u8]>]) as ArgType::Named("string_vec"),
        |texts, arena| texts.iter().map(|text| arena.text(text)).collect();
    /// Numbers of two bytes.
    Numbers(v2::Numbers<'a>) as ArgType::Vector(&<u16 as Argument>::TYPE),
        |numbers, _arena| numbers.iter().map(|number| Part::Count(number.into())).collect();
    /// What a server says of what it can.
    Contexts(&'a [v2::Context<'a>]) as
        ArgType::Alias("SMB2::NegotiateContextValues", &ArgType::Vector(&<Context<'_> as Argument>::TYPE)),
        |contexts, arena| contexts.iter().map(|context| Context::of(context).put(arena)).collect();
    /// Extended attributes.
    ExtendedAttributes(&'a [v2::ExtendedAttribute<'a>]) as
        ArgType::Alias("SMB2::FileEAs", &ArgType::Vector(&<ExtendedAttribute<'_> as Argument>::TYPE)),
        |all, arena| all.iter().map(|(ea_name, ea_value)| {
            ExtendedAttribute { ea_name, ea_value }.put(arena)
        }).collect();
}

/// What is done to a file, by its full name.
#[derive(Clone, Copy, Debug)]
pub struct ActionName(pub &'static str);

impl Argument for ActionName {
    const TYPE: ArgType = ArgType::Named("SMB::Action");

    fn put(&self, _: &mut Arena) -> Part {
        Part::Name(self.0)
    }
}

impl MacTimes {
    pub(super) fn of(times: &Times) -> MacTimes {
        let Times { modified, accessed, created, changed } = *times;
        MacTimes {
            modified: time(modified),
            modified_raw: modified,
            accessed: time(accessed),
            accessed_raw: accessed,
            created: time(created),
            created_raw: created,
            changed: time(changed),
            changed_raw: changed,
        }
    }
}

impl<'a> V2<'a> {
    pub(super) fn of(header: &v2::Header<'a>) -> V2<'a> {
        V2 {
            credit_charge: header.credit_charge,
            status: header.status,
            command: header.command,
            credits: header.credits,
            flags: header.flags,
            message_id: header.message_id,
            process_id: header.process_id,
            tree_id: header.tree_id,
            session_id: header.session_id,
            signature: header.signature,
        }
    }
}

impl Guid {
    pub(super) fn of(guid: v2::Guid) -> Guid {
        Guid { persistent: guid.persistent, volatile: guid.volatile }
    }
}

impl FileAttrs {
    pub(super) fn of(flags: u32) -> FileAttrs {
        let has = |bit: u32| flags >> bit & 1 == 1;
        FileAttrs {
            read_only: has(0),
            hidden: has(1),
            system: has(2),
            directory: has(4),
            archive: has(5),
            normal: has(7),
            temporary: has(8),
            sparse_file: has(9),
            reparse_point: has(10),
            compressed: has(11),
            offline: has(12),
            not_content_indexed: has(13),
            encrypted: has(14),
            integrity_stream: has(15),
            no_scrub_data: has(17),
        }
    }
}

impl<'a> Context<'a> {
    fn of(context: &v2::Context<'a>) -> Context<'a> {
        let mut told = Context {
            context_type: context.kind,
            data_length: context.len,
            preauth_info: None,
            encryption_info: None,
            compression_info: None,
            netname: None,
        };
        let count = |numbers: &v2::Numbers<'_>| numbers.iter().count() as u64;
        match context.data {
            ContextData::Preauth(hashes, salt) => {
                told.preauth_info = Some(Preauth {
                    hash_alg_count: count(&hashes),
                    salt_length: salt.len() as u64,
                    hash_alg: Numbers(hashes),
                    salt,
                });
            }
            ContextData::Encryption(ciphers) => {
                told.encryption_info =
                    Some(Encryption { cipher_count: count(&ciphers), ciphers: Numbers(ciphers) });
            }
            ContextData::Compression(algs) => {
                told.compression_info = Some(Compression { alg_count: count(&algs), algs: Numbers(algs) });
            }
            ContextData::Netname(name) => told.netname = Some(name),
            ContextData::Other => {}
        }
        told
    }
}

impl<'a> NegotiateResponse<'a> {
    pub(super) fn of(response: &'a v2::NegotiateResponse<'a>) -> NegotiateResponse<'a> {
        NegotiateResponse {
            dialect_revision: response.dialect,
            security_mode: response.security_mode,
            server_guid: Guid::of(response.server),
            system_time: time(response.system_time),
            server_start_time: time(response.start_time),
            negotiate_context_count: response.context_count,
            negotiate_context_values: Contexts(&response.contexts),
        }
    }
}

/// When it is, as LAN Manager says it: seconds in twos, minutes, hours, the day, the month and the year since 1980.
fn lanman_time(time: [u16; 6]) -> Time {
    let [seconds, minutes, hours, day, month, year] = time.map(i64::from);
    let of_day = hours * 3600 + minutes * 60 + seconds * 2;
    // Days since 1970 of the civil calendar, whose years begin in March for this.
    let (year, month) = if month > 2 { (year + 1980, month - 3) } else { (year + 1979, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    Time::from_secs_f64((days * 86_400 + of_day) as f64)
}

impl<'a> NegotiateResponse1<'a> {
    pub(super) fn of(response: &'a v1::NegotiateResponse<'a>) -> NegotiateResponse1<'a> {
        let mut told = NegotiateResponse1 { core: None, lanman: None, ntlm: None };
        match response {
            v1::NegotiateResponse::Core { dialect } => told.core = Some(Core { dialect_index: *dialect }),
            v1::NegotiateResponse::LanMan {
                words,
                dialect,
                security,
                max_buffer,
                max_mpx,
                max_vcs,
                raw,
                session_key,
                time,
                key,
                domain,
            } => {
                told.lanman = Some(LanMan {
                    word_count: *words,
                    dialect_index: *dialect,
                    security_mode: Security {
                        user_level: security & 1 == 1,
                        challenge_response: security >> 1 & 1 == 1,
                        signatures_enabled: None,
                        signatures_required: None,
                    },
                    max_buffer_size: *max_buffer,
                    max_mpx_count: *max_mpx,
                    max_number_vcs: *max_vcs,
                    raw_mode: RawMode { read_raw: raw & 1 == 1, write_raw: raw >> 1 & 1 == 1 },
                    session_key: *session_key,
                    server_time: lanman_time(*time),
                    encryption_key: key,
                    primary_domain: domain,
                });
            }
            v1::NegotiateResponse::Ntlm {
                words,
                dialect,
                security,
                max_buffer,
                max_mpx,
                max_vcs,
                max_raw,
                session_key,
                capabilities,
                time: at,
                key,
                guid,
            } => {
                let has = |bit: u8| security >> bit & 1 == 1;
                told.ntlm = Some(Ntlm {
                    word_count: *words,
                    dialect_index: *dialect,
                    security_mode: Security {
                        user_level: has(0),
                        challenge_response: has(1),
                        signatures_enabled: Some(has(2)),
                        signatures_required: Some(has(3)),
                    },
                    max_buffer_size: *max_buffer,
                    max_mpx_count: *max_mpx,
                    max_number_vcs: *max_vcs,
                    max_raw_size: *max_raw,
                    session_key: *session_key,
                    capabilities: Capabilities::of(*capabilities),
                    server_time: time(*at),
                    encryption_key: key.as_ref().map(|(key, _)| *key),
                    domain_name: key.as_ref().map(|(_, domain)| &domain[..]),
                    guid: guid.map(|(guid, _)| guid),
                    security_blob: guid.map(|(_, blob)| blob),
                });
            }
        }
        told
    }
}

impl Capabilities {
    fn of(flags: u32) -> Capabilities {
        let has = |bit: u32| flags >> bit & 1 == 1;
        Capabilities {
            raw_mode: has(0),
            mpx_mode: has(1),
            unicode: has(2),
            large_files: has(3),
            nt_smbs: has(4),
            rpc_remote_apis: has(5),
            status32: has(6),
            level_2_oplocks: has(7),
            lock_and_read: has(8),
            nt_find: has(9),
            dfs: has(12),
            infolevel_passthru: has(13),
            large_readx: has(14),
            large_writex: has(15),
            unix: has(23),
            bulk_transfer: has(29),
            compressed_data: has(30),
            extended_security: has(31),
        }
    }
}

impl<'a> SessionSetupRequest1<'a> {
    pub(super) fn of(setup: &'a v1::SetupRequest<'a>) -> SessionSetupRequest1<'a> {
        let capabilities = |flags: u32| {
            let has = |bit: u32| flags >> bit & 1 == 1;
            SetupCapabilities {
                unicode: has(2),
                large_files: has(3),
                nt_smbs: has(4),
                status32: has(6),
                level_2_oplocks: has(7),
                nt_find: has(9),
            }
        };
        SessionSetupRequest1 {
            word_count: setup.words,
            max_buffer_size: setup.max_buffer,
            max_mpx_count: setup.max_mpx,
            vc_number: setup.vc,
            session_key: setup.session_key,
            native_os: &setup.native_os,
            native_lanman: &setup.native_lanman,
            account_name: setup.account.as_deref(),
            account_password: setup.password,
            primary_domain: setup.domain.as_deref(),
            case_insensitive_password: setup.passwords.map(|[insensitive, _]| insensitive),
            case_sensitive_password: setup.passwords.map(|[_, sensitive]| sensitive),
            security_blob: setup.blob,
            capabilities: setup.capabilities.map(capabilities),
        }
    }
}

impl<'a> SessionSetupResponse1<'a> {
    pub(super) fn of(setup: &'a v1::SetupResponse<'a>) -> SessionSetupResponse1<'a> {
        SessionSetupResponse1 {
            word_count: setup.words,
            is_guest: setup.is_guest,
            native_os: setup.native_os.as_deref(),
            native_lanman: setup.native_lanman.as_deref(),
            primary_domain: setup.domain.as_deref(),
            security_blob: setup.blob,
        }
    }
}

impl Transaction2 {
    pub(super) fn of(counts: &v1::Counts) -> Transaction2 {
        Transaction2 {
            total_param_count: counts.total_parameters,
            total_data_count: counts.total_data,
            max_param_count: counts.max_parameters,
            max_data_count: counts.max_data,
            max_setup_count: counts.max_setup,
            flags: counts.flags,
            trans_timeout: counts.timeout,
            param_count: counts.parameters,
            param_offset: counts.parameter_offset,
            data_count: counts.data,
            data_offset: counts.data_offset,
            setup_count: counts.setup,
        }
    }
}

impl TransactionSecondary {
    pub(super) fn of(counts: [u16; 8]) -> TransactionSecondary {
        let [total_param_count, total_data_count, param_count, param_offset, param_displacement, ..] = counts;
        let [.., data_count, data_offset, data_displacement] = counts;
        TransactionSecondary {
            total_param_count,
            total_data_count,
            param_count,
            param_offset,
            param_displacement,
            data_count,
            data_offset,
            data_displacement,
        }
    }
}

impl Transaction2Secondary {
    pub(super) fn of(counts: [u16; 8], file: u16) -> Transaction2Secondary {
        let counts = TransactionSecondary::of(counts);
        Transaction2Secondary {
            total_param_count: counts.total_param_count,
            total_data_count: counts.total_data_count,
            param_count: counts.param_count,
            param_offset: counts.param_offset,
            param_displacement: counts.param_displacement,
            data_count: counts.data_count,
            data_offset: counts.data_offset,
            data_displacement: counts.data_displacement,
            file,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lan_manager_counts_from_1980() {
        // 2003-06-27 22:11:38.
        let at = lanman_time([19, 11, 22, 27, 6, 23]);
        assert_eq!(at, Time::from_nanos(1_056_751_898_000_000_000));
    }
}
