//! SMB's events.

use nightjar_protocols::smb::v1;

use crate::analyze::smb::args::{
    CloseResponse, CreateRequest, CreateResponse, ExtendedAttributes, FileAttrs, FindFirst, FsControl, Guid,
    MacTimes, NegotiateResponse, NegotiateResponse1, SessionSetupRequest, SessionSetupRequest1,
    SessionSetupResponse, SessionSetupResponse1, Shown, Texts, Transaction2, Transaction2Secondary,
    TransactionSecondary, TransformHeader, TreeConnectResponse, V1, V2,
};
use crate::event::{Conn, List, events};

events! { [crate::analyze::first::smb]
    /// A message of SMB 1.
    pub struct V1Message: "smb1_message" { c: Conn, hdr: V1, is_orig: bool, }
    /// An answer that says nothing but that all went well.
    pub struct V1Empty: "smb1_empty_response" { c: Conn, hdr: V1, }
    /// A message that says nothing but that something went wrong.
    pub struct V1Error: "smb1_error" { c: Conn, hdr: V1, is_orig: bool, }
    /// Whether a folder is there (MS-CIFS §2.2.4.17).
    pub struct CheckDirectory<'a>: "smb1_check_directory_request" { c: Conn, hdr: V1, directory_name: &'a [u8], }
    /// It is.
    pub struct DirectoryChecked: "smb1_check_directory_response" { c: Conn, hdr: V1, }
    /// A file is to be closed (§2.2.4.5).
    pub struct V1Close: "smb1_close_request" { c: Conn, hdr: V1, file_id: u16, }
    /// What is to be said again (§2.2.4.39).
    pub struct Echo<'a>: "smb1_echo_request" { c: Conn, echo_count: u16, data: &'a [u8], }
    /// It is said again.
    pub struct Echoed<'a>: "smb1_echo_response" { c: Conn, seq_num: u16, data: &'a [u8], }
    /// Somebody logs out (§2.2.4.54).
    pub struct Logoff: "smb1_logoff_andx" { c: Conn, is_orig: bool, }
    /// What a client speaks (§2.2.4.52).
    pub struct V1Negotiate<'a>: "smb1_negotiate_request" { c: Conn, hdr: V1, dialects: Texts<'a>, }
    /// What the server chooses of it.
    pub struct V1Negotiated<'a>: "smb1_negotiate_response" { c: Conn, hdr: V1, response: NegotiateResponse1<'a>, }
    /// A request is not wanted any more (§2.2.4.65).
    pub struct NtCancel: "smb1_nt_cancel_request" { c: Conn, hdr: V1, }
    /// A file is to be opened (§2.2.4.64).
    pub struct NtCreate<'a>: "smb1_nt_create_andx_request" { c: Conn, hdr: V1, file_name: &'a [u8], }
    /// It was.
    pub struct NtCreated: "smb1_nt_create_andx_response" {
        c: Conn, hdr: V1, file_id: u16, file_size: u64, times: MacTimes,
    }
    /// What is known of a file (§2.2.4.9).
    pub struct QueryInformation<'a>: "smb1_query_information_request" { c: Conn, hdr: V1, filename: &'a [u8], }
    /// A file is to be read (§2.2.4.42).
    pub struct V1Read: "smb1_read_andx_request" { c: Conn, hdr: V1, file_id: u16, offset: u64, length: u64, }
    /// What stands in it.
    pub struct V1Reading: "smb1_read_andx_response" { c: Conn, hdr: V1, data_len: u64, }
    /// Somebody logs in (§2.2.4.53).
    pub struct V1Setup<'a>: "smb1_session_setup_andx_request" {
        c: Conn, hdr: V1, request: SessionSetupRequest1<'a>,
    }
    /// What comes of it.
    pub struct V1SetUp<'a>: "smb1_session_setup_andx_response" {
        c: Conn, hdr: V1, response: SessionSetupResponse1<'a>,
    }
    /// A transaction (§2.2.4.33).
    pub struct Transaction<'a>: "smb1_transaction_request" {
        c: Conn, hdr: V1, name: &'a [u8], sub_cmd: u16, parameters: &'a [u8], data: &'a [u8],
    }
    /// Its answer.
    pub struct Transacted<'a>: "smb1_transaction_response" {
        c: Conn, hdr: V1, parameters: &'a [u8], data: &'a [u8],
    }
    /// A transaction goes on (§2.2.4.34).
    pub struct SecondTransaction<'a>: "smb1_transaction_secondary_request" {
        c: Conn, hdr: V1, args: TransactionSecondary, parameters: &'a [u8], data: &'a [u8],
    }
    /// A transaction of the second kind (§2.2.4.46).
    pub struct SecondKind: "smb1_transaction2_request" { c: Conn, hdr: V1, args: Transaction2, sub_cmd: u16, }
    /// Files are looked for (§2.2.6.2).
    pub struct FindFirst2<'a>: "smb1_trans2_find_first2_request" { c: Conn, hdr: V1, args: FindFirst<'a>, }
    /// What is known of a path (§2.2.6.6).
    pub struct QueryPath<'a>: "smb1_trans2_query_path_info_request" { c: Conn, hdr: V1, file_name: &'a [u8], }
    /// Where something is in a distributed file system (§2.2.6.16).
    pub struct DfsReferral<'a>: "smb1_trans2_get_dfs_referral_request" { c: Conn, hdr: V1, file_name: &'a [u8], }
    /// A transaction of the second kind goes on (§2.2.4.47).
    pub struct SecondOfSecond<'a>: "smb1_transaction2_secondary_request" {
        c: Conn, hdr: V1, args: Transaction2Secondary, parameters: &'a [u8], data: &'a [u8],
    }
    /// A share is to be used (§2.2.4.55).
    pub struct V1TreeConnect<'a>: "smb1_tree_connect_andx_request" {
        c: Conn, hdr: V1, path: &'a [u8], service: &'a [u8],
    }
    /// It may.
    pub struct V1TreeConnected<'a>: "smb1_tree_connect_andx_response" {
        c: Conn, hdr: V1, service: &'a [u8], native_file_system: &'a [u8],
    }
    /// A share is not used any more (§2.2.4.51).
    pub struct V1TreeDisconnect: "smb1_tree_disconnect" { c: Conn, hdr: V1, is_orig: bool, }
    /// A file is to be written (§2.2.4.43).
    pub struct V1Write: "smb1_write_andx_request" { c: Conn, hdr: V1, file_id: u16, offset: u64, data_len: u64, }
    /// It was.
    pub struct V1Written: "smb1_write_andx_response" { c: Conn, hdr: V1, written_bytes: u32, }

    /// A message of SMB 2 or 3.
    pub struct V2Message<'a>: "smb2_message" { c: Conn, hdr: V2<'a>, is_orig: bool, }
    /// A file is to be closed (MS-SMB2 §2.2.15).
    pub struct Close<'a>: "smb2_close_request" { c: Conn, hdr: V2<'a>, file_id: Guid, }
    /// It was.
    pub struct Closed<'a>: "smb2_close_response" { c: Conn, hdr: V2<'a>, response: CloseResponse, }
    /// A file is to be opened (§2.2.13).
    pub struct Create<'a>: "smb2_create_request" { c: Conn, hdr: V2<'a>, request: CreateRequest<'a>, }
    /// It was.
    pub struct Created<'a>: "smb2_create_response" { c: Conn, hdr: V2<'a>, response: CreateResponse, }
    /// What a client speaks (§2.2.3).
    pub struct Negotiate<'a>: "smb2_negotiate_request" { c: Conn, hdr: V2<'a>, dialects: List<'a, u16>, }
    /// What the server chooses of it.
    pub struct Negotiated<'a>: "smb2_negotiate_response" { c: Conn, hdr: V2<'a>, response: NegotiateResponse<'a>, }
    /// A file is to be read (§2.2.19).
    pub struct Read<'a>: "smb2_read_request" { c: Conn, hdr: V2<'a>, file_id: Guid, offset: u64, length: u32, }
    /// Somebody logs in (§2.2.5).
    pub struct Setup<'a>: "smb2_session_setup_request" { c: Conn, hdr: V2<'a>, request: SessionSetupRequest, }
    /// What comes of it.
    pub struct SetUp<'a>: "smb2_session_setup_response" { c: Conn, hdr: V2<'a>, response: SessionSetupResponse, }
    /// A file is to have another name (MS-FSCC §2.4.42).
    pub struct Rename<'a>: "smb2_file_rename" { c: Conn, hdr: V2<'a>, file_id: Guid, dst_filename: &'a [u8], }
    /// A file is to be deleted (§2.4.11).
    pub struct Delete<'a>: "smb2_file_delete" { c: Conn, hdr: V2<'a>, file_id: Guid, delete_pending: bool, }
    /// A file is to have other times and attributes (§2.4.7).
    pub struct Attributes<'a>: "smb2_file_sattr" {
        c: Conn, hdr: V2<'a>, file_id: Guid, times: MacTimes, attrs: FileAttrs,
    }
    /// So much room is to be there for a file (§2.4.4).
    pub struct Allocation<'a>: "smb2_file_allocation" { c: Conn, hdr: V2<'a>, file_id: Guid, alloc_size: i64, }
    /// A file is to end there (§2.4.14).
    pub struct EndOfFile<'a>: "smb2_file_endoffile" { c: Conn, hdr: V2<'a>, file_id: Guid, endoffile: i64, }
    /// How a file is used (§2.4.31).
    pub struct Mode<'a>: "smb2_file_mode" { c: Conn, hdr: V2<'a>, file_id: Guid, mode: u32, }
    /// How a pipe is used (§2.4.37).
    pub struct PipeMode<'a>: "smb2_file_pipe" {
        c: Conn, hdr: V2<'a>, file_id: Guid, read_mode: u32, completion_mode: u32,
    }
    /// Where a file is read next (§2.4.40).
    pub struct Position<'a>: "smb2_file_position" {
        c: Conn, hdr: V2<'a>, file_id: Guid, current_byte_offset: i64,
    }
    /// A file is to have a short name (§2.4.46).
    pub struct ShortName<'a>: "smb2_file_shortname" { c: Conn, hdr: V2<'a>, file_id: Guid, shortname: &'a [u8], }
    /// So much of a file is there (§2.4.49).
    pub struct ValidDataLength<'a>: "smb2_file_validdatalength" {
        c: Conn, hdr: V2<'a>, file_id: Guid, validdatalength: i64,
    }
    /// A file is to have extended attributes (§2.4.16).
    pub struct FullEa<'a>: "smb2_file_fullea" {
        c: Conn, hdr: V2<'a>, file_id: Guid, file_eas: ExtendedAttributes<'a>,
    }
    /// A file is to have one more name (§2.4.27).
    pub struct LinkTo<'a>: "smb2_file_link" {
        c: Conn, hdr: V2<'a>, file_id: Guid, root_directory: u64, file_name: &'a [u8],
    }
    /// How much room there is for whom (§2.5.2).
    pub struct FsControlled<'a>: "smb2_file_fscontrol" {
        c: Conn, hdr: V2<'a>, file_id: Guid, fs_control: FsControl,
    }
    /// What a file system is called (§2.5.6).
    pub struct FsObjectId<'a>: "smb2_file_fsobjectid" {
        c: Conn, hdr: V2<'a>, file_id: Guid, object_id: Guid, extended_info: &'a [u8],
    }
    /// What follows is encrypted (MS-SMB2 §2.2.41).
    pub struct Encrypted<'a>: "smb2_transform_header" { c: Conn, hdr: TransformHeader<'a>, }
    /// A share is to be used (§2.2.9).
    pub struct TreeConnect<'a>: "smb2_tree_connect_request" { c: Conn, hdr: V2<'a>, path: &'a [u8], }
    /// It may.
    pub struct TreeConnected<'a>: "smb2_tree_connect_response" {
        c: Conn, hdr: V2<'a>, response: TreeConnectResponse,
    }
    /// A share is not to be used any more (§2.2.11).
    pub struct TreeDisconnect<'a>: "smb2_tree_disconnect_request" { c: Conn, hdr: V2<'a>, }
    /// It is not.
    pub struct TreeDisconnected<'a>: "smb2_tree_disconnect_response" { c: Conn, hdr: V2<'a>, }
    /// A file is to be written (§2.2.21).
    pub struct Write<'a>: "smb2_write_request" { c: Conn, hdr: V2<'a>, file_id: Guid, offset: u64, length: u64, }
    /// It was.
    pub struct Written<'a>: "smb2_write_response" { c: Conn, hdr: V2<'a>, length: u32, }

    /// A pipe is opened in a share of which nothing said that it has pipes.
    pub struct PipeFound: "smb_pipe_connect_heuristic" { c: Conn, }
    /// Too many pipes were open to be read: all that was known of them is forgotten.
    pub struct PipesDiscarded: "smb_discarded_dce_rpc_analyzers" { c: Conn, }
    /// Too many requests wait for answers: what is known of those in trees, of reads or of ioctls is forgotten.
    pub struct Discarded<'a>: "smb2_discarded_messages_state" { c: Conn, request: &'a str, }
    /// What is known of the request, the file and the share that the event is about that comes next.
    pub struct Shows<'a>: "SMB::shown" { c: Conn, state: Shown<'a>, }
}

/// A header, for events.
pub(super) fn header(header: &v1::Header) -> V1 {
    let v1::Header { command, status, flags, flags2, tid, pid, uid, mid } = *header;
    V1 { command, status, flags, flags2, tid, pid, uid, mid }
}
