//! Raises the events of messages.

use nightjar_protocols::smb::{v1, v2};

use crate::analyze::smb::args::{
    CloseResponse, CreateRequest, CreateResponse, ExtendedAttributes, FileAttrs, FindFirst, FsControl, Guid,
    MacTimes, NegotiateResponse, NegotiateResponse1, SessionSetupRequest, SessionSetupRequest1,
    SessionSetupResponse, SessionSetupResponse1, SetupFlags, Texts, Transaction2, Transaction2Secondary,
    TransactionSecondary, TreeConnectResponse, V2,
};
use crate::analyze::smb::events::{self, header};
use crate::event::{Conn, Event, List};

/// Takes events, whatever their types are.
pub(super) trait Raise {
    fn raise<E: Event>(&mut self, event: &E);
}

/// Raises the event of what a message of SMB 1 says.
pub(super) fn v1(to: &mut impl Raise, is_orig: bool, of: &v1::Header, body: &v1::Body<'_>) {
    use nightjar_protocols::smb::v1::{About, Body};
    let (c, hdr) = (Conn, header(of));
    match *body {
        Body::Nothing if of.status == 0 => to.raise(&events::V1Empty { c, hdr }),
        Body::Nothing => to.raise(&events::V1Error { c, hdr, is_orig }),
        Body::CheckDirectoryRequest(ref directory_name) => {
            to.raise(&events::CheckDirectory { c, hdr, directory_name });
        }
        Body::CheckDirectoryResponse => to.raise(&events::DirectoryChecked { c, hdr }),
        Body::CloseRequest { file: file_id } => to.raise(&events::V1Close { c, hdr, file_id }),
        Body::CloseResponse => to.raise(&events::V1Empty { c, hdr }),
        Body::EchoRequest { count: echo_count, data } => to.raise(&events::Echo { c, echo_count, data }),
        Body::EchoResponse { number: seq_num, data } => to.raise(&events::Echoed { c, seq_num, data }),
        Body::Logoff => to.raise(&events::Logoff { c, is_orig }),
        Body::NegotiateRequest(ref dialects) => {
            to.raise(&events::V1Negotiate { c, hdr, dialects: Texts(dialects) });
        }
        Body::NegotiateResponse(ref response) => {
            to.raise(&events::V1Negotiated { c, hdr, response: NegotiateResponse1::of(response) });
        }
        Body::NtCancel => to.raise(&events::NtCancel { c, hdr }),
        Body::NtCreateRequest(ref file_name) => to.raise(&events::NtCreate { c, hdr, file_name }),
        Body::NtCreateResponse { file: file_id, size: file_size, ref times } => {
            to.raise(&events::NtCreated { c, hdr, file_id, file_size, times: MacTimes::of(times) });
        }
        Body::QueryInformationRequest(ref filename) => {
            to.raise(&events::QueryInformation { c, hdr, filename });
        }
        Body::ReadRequest { file: file_id, offset, len: length } => {
            to.raise(&events::V1Read { c, hdr, file_id, offset, length });
        }
        Body::ReadResponse { data } => {
            to.raise(&events::V1Reading { c, hdr, data_len: data.len() as u64 });
        }
        Body::SessionSetupRequest(ref setup) => {
            to.raise(&events::V1Setup { c, hdr, request: SessionSetupRequest1::of(setup) });
        }
        Body::SessionSetupResponse(ref setup) => {
            to.raise(&events::V1SetUp { c, hdr, response: SessionSetupResponse1::of(setup) });
        }
        Body::Transaction(ref of) => {
            let v1::Transaction { name, command: sub_cmd, parameters, data, .. } = of;
            let (sub_cmd, parameters, data) = (*sub_cmd, *parameters, *data);
            to.raise(&events::Transaction { c, hdr, name, sub_cmd, parameters, data });
        }
        Body::TransactionResponse { parameters, data } => {
            to.raise(&events::Transacted { c, hdr, parameters, data });
        }
        Body::TransactionSecondary { counts, parameters, data } => {
            let args = TransactionSecondary::of(counts);
            to.raise(&events::SecondTransaction { c, hdr, args, parameters, data });
        }
        Body::Transaction2 { ref counts, command: sub_cmd, ref about } => {
            match about {
                About::FindFirst { attributes, count, flags, level, storage, name } => {
                    let args = FindFirst {
                        search_attrs: *attributes,
                        search_count: *count,
                        flags: *flags,
                        info_level: *level,
                        search_storage_type: *storage,
                        file_name: name,
                    };
                    to.raise(&events::FindFirst2 { c, hdr, args });
                }
                About::QueryPath(file_name) => to.raise(&events::QueryPath { c, hdr, file_name }),
                About::DfsReferral(file_name) => to.raise(&events::DfsReferral { c, hdr, file_name }),
                About::Other => {}
            }
            to.raise(&events::SecondKind { c, hdr, args: Transaction2::of(counts), sub_cmd });
        }
        Body::Transaction2Secondary { counts, file, parameters, data } => {
            let args = Transaction2Secondary::of(counts, file);
            to.raise(&events::SecondOfSecond { c, hdr, args, parameters, data });
        }
        Body::TreeConnectRequest { ref path, ref service } => {
            to.raise(&events::V1TreeConnect { c, hdr, path, service });
        }
        Body::TreeConnectResponse { ref service, ref file_system } => {
            to.raise(&events::V1TreeConnected { c, hdr, service, native_file_system: file_system });
        }
        Body::TreeDisconnect => to.raise(&events::V1TreeDisconnect { c, hdr, is_orig }),
        Body::WriteRequest { file: file_id, offset, len, .. } => {
            to.raise(&events::V1Write { c, hdr, file_id, offset, data_len: len.into() });
        }
        Body::WriteResponse { written: written_bytes } => {
            to.raise(&events::V1Written { c, hdr, written_bytes });
        }
        Body::Other => {}
    }
}

/// Raises the event of what a message of SMB 2 or 3 says.
pub(super) fn v2(to: &mut impl Raise, of: &v2::Header<'_>, body: &v2::Body<'_>) {
    use nightjar_protocols::smb::v2::Body;
    let (c, hdr) = (Conn, V2::of(of));
    match *body {
        Body::NegotiateRequest { dialects } => {
            let dialects: Vec<u16> = dialects.iter().collect();
            to.raise(&events::Negotiate { c, hdr, dialects: List(&dialects) });
        }
        Body::NegotiateResponse(ref response) => {
            to.raise(&events::Negotiated { c, hdr, response: NegotiateResponse::of(response) });
        }
        Body::SessionSetupRequest { security_mode, .. } => {
            to.raise(&events::Setup { c, hdr, request: SessionSetupRequest { security_mode } });
        }
        Body::SessionSetupResponse { flags, .. } => {
            let has = |bit: u16| flags >> bit & 1 == 1;
            let flags = SetupFlags { guest: has(0), anonymous: has(1), encrypt: has(2) };
            to.raise(&events::SetUp { c, hdr, response: SessionSetupResponse { flags } });
        }
        Body::TreeConnectRequest { ref path } => to.raise(&events::TreeConnect { c, hdr, path }),
        Body::TreeConnectResponse { share_type } => {
            to.raise(&events::TreeConnected { c, hdr, response: TreeConnectResponse { share_type } });
        }
        Body::TreeDisconnectRequest => to.raise(&events::TreeDisconnect { c, hdr }),
        Body::TreeDisconnectResponse => to.raise(&events::TreeDisconnected { c, hdr }),
        Body::CreateRequest { ref name, disposition, options } => {
            let filename: &[u8] = if name.is_empty() { b"<share_root>" } else { name };
            let request = CreateRequest { filename, disposition, create_options: options };
            to.raise(&events::Create { c, hdr, request });
        }
        Body::CreateResponse { file, size, ref times, attributes, action } => {
            let response = CreateResponse {
                file_id: Guid::of(file),
                size,
                times: MacTimes::of(times),
                attrs: FileAttrs::of(attributes),
                create_action: action,
            };
            to.raise(&events::Created { c, hdr, response });
        }
        Body::CloseRequest { file } => to.raise(&events::Close { c, hdr, file_id: Guid::of(file) }),
        Body::CloseResponse { allocated, size, ref times, attributes } => {
            let response = CloseResponse {
                alloc_size: allocated,
                eof: size,
                times: MacTimes::of(times),
                attrs: FileAttrs::of(attributes),
            };
            to.raise(&events::Closed { c, hdr, response });
        }
        Body::ReadRequest { file, offset, len: length } => {
            to.raise(&events::Read { c, hdr, file_id: Guid::of(file), offset, length });
        }
        Body::WriteRequest { file, offset, data } => {
            let length = data.len() as u64;
            to.raise(&events::Write { c, hdr, file_id: Guid::of(file), offset, length });
        }
        Body::WriteResponse { written: length } => to.raise(&events::Written { c, hdr, length }),
        Body::SetInfo { file, ref change } => changed(to, hdr, Guid::of(file), change),
        Body::ReadResponse { .. } | Body::IoctlRequest { .. } | Body::IoctlResponse { .. } | Body::Other => {}
    }
}

fn changed(to: &mut impl Raise, hdr: V2<'_>, file_id: Guid, change: &v2::Change<'_>) {
    use nightjar_protocols::smb::v2::Change;
    let c = Conn;
    match *change {
        Change::Attributes { ref times, attributes } => {
            let (times, attrs) = (MacTimes::of(times), FileAttrs::of(attributes));
            to.raise(&events::Attributes { c, hdr, file_id, times, attrs });
        }
        Change::Rename(ref dst_filename) => to.raise(&events::Rename { c, hdr, file_id, dst_filename }),
        Change::Delete(delete_pending) => to.raise(&events::Delete { c, hdr, file_id, delete_pending }),
        Change::Allocation(alloc_size) => to.raise(&events::Allocation { c, hdr, file_id, alloc_size }),
        Change::EndOfFile(endoffile) => to.raise(&events::EndOfFile { c, hdr, file_id, endoffile }),
        Change::ExtendedAttributes(ref all) => {
            to.raise(&events::FullEa { c, hdr, file_id, file_eas: ExtendedAttributes(all) });
        }
        Change::Link { root: root_directory, name: ref file_name } => {
            to.raise(&events::LinkTo { c, hdr, file_id, root_directory, file_name });
        }
        Change::Mode(mode) => to.raise(&events::Mode { c, hdr, file_id, mode }),
        Change::Pipe { read_mode, completion_mode } => {
            to.raise(&events::PipeMode { c, hdr, file_id, read_mode, completion_mode });
        }
        Change::Position(current_byte_offset) => {
            to.raise(&events::Position { c, hdr, file_id, current_byte_offset });
        }
        Change::ShortName(ref shortname) => to.raise(&events::ShortName { c, hdr, file_id, shortname }),
        Change::ValidDataLength(validdatalength) => {
            to.raise(&events::ValidDataLength { c, hdr, file_id, validdatalength });
        }
        Change::FsControl { filtering, quotas, flags: fs_control_flags } => {
            let [free_space_start_filtering, free_space_threshold, free_space_stop_filtering] = filtering;
            let [delete_quota_threshold, default_quota_limit] = quotas;
            let fs_control = FsControl {
                free_space_start_filtering,
                free_space_threshold,
                free_space_stop_filtering,
                delete_quota_threshold,
                default_quota_limit,
                fs_control_flags,
            };
            to.raise(&events::FsControlled { c, hdr, file_id, fs_control });
        }
        Change::FsObjectId { id, extended: ref extended_info } => {
            to.raise(&events::FsObjectId { c, hdr, file_id, object_id: Guid::of(id), extended_info });
        }
    }
}
