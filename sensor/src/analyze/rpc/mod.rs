//! ONC RPC: events of the port mapper, of MOUNT and of NFS 3.
//!
//! As in Zeek no port suggests them: scripts register one.

pub mod events;
mod mount;
mod nfs;
// settings.rs is a part of `config` (tools/lists).

use nightjar_protocols::rpc::nfs::procedure;
use nightjar_protocols::rpc::portmap::{self, procedure as pm};
use nightjar_protocols::rpc::{self, Call, Limits, Program, Session, Status, Xdr};

use crate::analyze::rpc::events::*;
use crate::analyze::{Analyzer, Counted, Kind, Link, Named, Protocol, Spec, first};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, List};
use crate::flow::{Dir, Flow};
use crate::time::Time;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&PORTMAPPER, &MOUNT, &NFS],
    events: events::EVENTS,
    script: Some(include_str!("rpc.zeek")),
    ..Protocol::NOTHING
};

macro_rules! specs {
    ($($name:ident: $service:literal, $program:ident;)+) => { $(
        static $name: Spec = Spec {
            named: Named { kind: Kind::Protocol, name: stringify!($name), service: $service },
            ports: &[],
            signatures: &[],
            both: false,
            new: |_: &Config, _: &Flow| new(stringify!($name), Program::$program),
        };
    )+ };
}

specs! {
    PORTMAPPER: "portmapper", Portmap;
    MOUNT: "mount", Mount;
    NFS: "nfs", Nfs;
}

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of RPC.
    pub struct Counters {
        /// Calls forgotten before they were answered, because too many waited.
        pub forgotten: u64 = counter("rpc_calls_forgotten_total")
            .lost("RPC calls forgotten before they were answered because too many waited"),
    }
}

fn new(source: &'static str, program: Program) -> Box<dyn Analyzer> {
    Box::new(Rpc { source, program, session: Session::new(program, Limits::default()) })
}

/// One connection.
struct Rpc {
    source: &'static str,
    program: Program,
    session: Session,
}

impl Analyzer for Rpc {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        let at = link.cx.now.nanos();
        self.session.data(
            dir.is_orig(),
            bytes,
            at,
            &mut Hears { link, source: self.source, program: self.program },
        );
    }

    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        let at = link.cx.now.nanos();
        let mut hears = Hears { link, source: self.source, program: self.program };
        self.session.message(dir.is_orig(), payload, at, &mut hears);
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        self.session.end(&mut Hears { link, source: self.source, program: self.program });
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    source: &'static str,
    program: Program,
}

impl Hears<'_, '_, '_> {
    fn raise<E: Event>(&mut self, event: &E) {
        self.link.flow.raise(self.link.cx, event);
    }

    /// A port of an answer; one that is too large is told.
    fn port(&mut self, number: u32) {
        if number > u32::from(u16::MAX) {
            self.raise(&PmBadPort { r: Conn, bad_p: number });
        }
    }

    fn portmap(&mut self, call: &Call, status: Status, result: &mut Xdr<'_>) -> bool {
        let arguments = &mut Xdr::new(&call.arguments);
        let (r, failed) = (Conn, (status != Status::Success).then(|| events::Status::from(status)));
        match call.procedure {
            pm::NULL => match failed {
                None => self.raise(&PmRequestNull { r }),
                Some(status) => self.raise(&PmAttemptNull { r, status }),
            },
            pm::SET | pm::UNSET => {
                let mapping = portmap::Mapping::read(arguments);
                self.port(mapping.port);
                let (m, success) = (Mapping::from(mapping), result.bool());
                if result.is_broken() && failed.is_none() {
                    return false;
                }
                match (call.procedure, failed) {
                    (pm::SET, None) => self.raise(&PmRequestSet { r, m, success }),
                    (pm::SET, Some(status)) => self.raise(&PmAttemptSet { r, status, m }),
                    (_, None) => self.raise(&PmRequestUnset { r, m, success }),
                    (_, Some(status)) => self.raise(&PmAttemptUnset { r, status, m }),
                }
            }
            pm::GETPORT => {
                let portmap::Mapping { program, version, is_tcp, .. } = portmap::Mapping::read(arguments);
                let pr = PortRequest { program, version, is_tcp };
                match failed {
                    None => {
                        let number = result.u32();
                        if result.is_broken() {
                            return false;
                        }
                        self.port(number);
                        self.raise(&PmRequestGetport { r, pr, p: events::port(number, is_tcp) });
                    }
                    Some(status) => self.raise(&PmAttemptGetport { r, status, pr }),
                }
            }
            pm::DUMP => match failed {
                None => {
                    let mappings = portmap::Mapping::list(result);
                    if result.is_broken() {
                        return false;
                    }
                    mappings.iter().for_each(|mapping| self.port(mapping.port));
                    self.raise(&PmRequestDump { r, m: Mappings(&mappings) });
                }
                Some(status) => self.raise(&PmAttemptDump { r, status }),
            },
            pm::CALLIT => {
                let portmap::CallIt { program, version, procedure: proc, arguments: arg_size } =
                    portmap::CallIt::read(arguments);
                let call = CallitRequest { program, version, proc, arg_size };
                match failed {
                    None => {
                        let number = result.u32();
                        result.opaque(usize::MAX);
                        if result.is_broken() {
                            return false;
                        }
                        self.port(number);
                        self.raise(&PmRequestCallit { r, call, p: events::port(number, false) });
                    }
                    Some(status) => self.raise(&PmAttemptCallit { r, status, call }),
                }
            }
            _ => return false,
        }
        true
    }

    fn mount(&mut self, call: &Call, status: Status, result: &mut Xdr<'_>, len: u64) -> bool {
        let (c, now) = (Conn, self.link.cx.now);
        let stat = stat(status, result, rpc::mount::STATUSES);
        let info = |stat: u32| MountInfo {
            rpc_stat: status.into(),
            mnt_stat: MountStatus(stat.into()),
            req_start: Time::from_nanos(call.at),
            req_dur: Default::default(),
            req_len: call.len,
            rep_start: now,
            rep_dur: Default::default(),
            rep_len: len,
            rpc_uid: call.uid,
            rpc_gid: call.gid,
            rpc_stamp: call.stamp,
            rpc_machine_name: &call.machine,
            rpc_auxgids: List(&call.groups),
        };
        self.raise(&MountReplyStatus { n: c, info: info(stat) });
        let arguments = &mut Xdr::new(&call.arguments);
        match call.procedure {
            0 => self.raise(&MountNull { c, info: info(stat) }),
            1 => {
                let mounted = rpc::mount::Mounted::read(result, stat);
                if mounted.excessive {
                    self.link.weird("excessive_MNT_auth_flavors", self.source);
                }
                let flavors: Option<Vec<Flavor>> = mounted
                    .flavors
                    .map(|flavors| flavors.iter().map(|flavor| Flavor((*flavor).into())).collect());
                let rep = Mounted { dirfh: mounted.handle, auth_flavors: flavors.as_deref().map(List) };
                if !result.is_broken() || status != Status::Success {
                    let req = Directory { dirname: arguments.opaque(usize::MAX) };
                    self.raise(&MountMnt { c, info: info(stat), req, rep });
                }
            }
            3 => {
                let req = Directory { dirname: arguments.opaque(usize::MAX) };
                self.raise(&MountUmnt { c, info: info(0), req });
            }
            4 => self.raise(&MountUmntAll { c, info: info(0), req: Directory { dirname: b"" } }),
            number if number < rpc::mount::END => {
                result.skip_rest();
                self.raise(&MountNotImplemented { c, info: info(stat), proc: MountProcedure(number.into()) });
            }
            _ => return false,
        }
        true
    }

    /// What of a file's content is told.
    fn content<'d>(&self, data: &'d [u8], offset: u64, size: u32) -> Option<&'d [u8]> {
        let told = &self.link.cx.config.protocols.rpc;
        if !told.return_data || (told.return_data_first_only && offset != 0) {
            return None;
        }
        let most = told.return_data_max.min(size as usize);
        data.get(..most.min(data.len())).filter(|data| !data.is_empty())
    }

    fn nfs(&mut self, call: &Call, status: Status, result: &mut Xdr<'_>, len: u64) -> bool {
        let (c, now) = (Conn, self.link.cx.now);
        let stat = stat(status, result, rpc::nfs::STATUSES);
        let info = Info {
            rpc_stat: status.into(),
            nfs_stat: NfsStatus(stat.into()),
            req_start: Time::from_nanos(call.at),
            req_dur: Default::default(),
            req_len: call.len,
            rep_start: now,
            rep_dur: Default::default(),
            rep_len: len,
            rpc_uid: call.uid,
            rpc_gid: call.gid,
            rpc_stamp: call.stamp,
            rpc_machine_name: &call.machine,
            rpc_auxgids: List(&call.groups),
        };
        self.raise(&NfsReplyStatus { n: c, info });
        if !self.link.cx.bus.wants_any(first::rpc, events::EVENTS.len()) {
            // Nobody looks, and what is left may be anything.
            result.skip_rest();
            return call.procedure < procedure::END;
        }
        // What cannot be read is told of by nothing but a weird.
        let whole = |result: &Xdr<'_>| status != Status::Success || !result.is_broken();
        let (args, is_ok) = (&mut Xdr::new(&call.arguments), stat == 0 && status == Status::Success);
        match call.procedure {
            procedure::NULL => self.raise(&NfsNull { c, info }),
            procedure::GETATTR => {
                let attrs = rpc::nfs::Attributes::read(result).into();
                let fh = rpc::nfs::handle(args);
                // Of what failed there is nothing but the status.
                if whole(result) || stat != 0 {
                    self.raise(&NfsGetattr { c, info, fh, attrs });
                }
                return whole(result) || stat != 0;
            }
            procedure::SETATTR => {
                let req = SetRequest {
                    fh: rpc::nfs::handle(args),
                    new_attributes: rpc::nfs::Wanted::read(args).into(),
                };
                let (dir_pre_attr, dir_post_attr) = nfs::change(rpc::nfs::change(result));
                if whole(result) {
                    self.raise(&NfsSattr { c, info, req, rep: SetReply { dir_pre_attr, dir_post_attr } });
                }
            }
            procedure::LOOKUP => {
                let req = rpc::nfs::Place::read(args).into();
                let attributes =
                    |result: &mut Xdr<'_>| rpc::nfs::Attributes::optional(result).map(Into::into);
                let (fh, obj_attr) =
                    if is_ok { (Some(rpc::nfs::handle(result)), attributes(result)) } else { (None, None) };
                let rep = LookupReply { fh, obj_attr, dir_attr: attributes(result) };
                if whole(result) {
                    self.raise(&NfsLookup { c, info, req, rep });
                }
            }
            procedure::READ => {
                let (fh, offset, size) = (rpc::nfs::handle(args), args.u64(), args.u32());
                let req = ReadRequest { fh, offset, size: size.into() };
                let attr = rpc::nfs::Attributes::optional(result).map(Into::into);
                let mut rep = ReadReply { attr, size: None, eof: None, data: None };
                if is_ok {
                    let size = result.u32();
                    (rep.size, rep.eof) = (Some(size.into()), Some(result.bool()));
                    if whole(result) {
                        // Of a long answer the end is not there.
                        let data = result.rest().get(4..).unwrap_or_default();
                        rep.data = self.content(data, offset, size);
                        result.skip_rest();
                    }
                }
                if whole(result) {
                    self.raise(&NfsRead { c, info, req, rep });
                }
            }
            procedure::READLINK => {
                let fh = rpc::nfs::handle(args);
                let attr = rpc::nfs::Attributes::optional(result).map(Into::into);
                let nfspath = is_ok.then(|| rpc::nfs::name(result));
                if whole(result) {
                    self.raise(&NfsReadlink { c, info, fh, rep: ReadlinkReply { attr, nfspath } });
                }
            }
            procedure::WRITE => {
                let (fh, offset, size, stable) = (rpc::nfs::handle(args), args.u64(), args.u32(), args.u32());
                let data = self.content(args.rest().get(4..).unwrap_or_default(), offset, size);
                let req =
                    WriteRequest { fh, offset, size: size.into(), stable: StableHow(stable.into()), data };
                let (preattr, postattr) = nfs::change(rpc::nfs::change(result));
                let mut rep = WriteReply { preattr, postattr, size: None, commited: None, verf: None };
                if is_ok {
                    rep.size = Some(result.u32().into());
                    rep.commited = Some(StableHow(result.u32().into()));
                    rep.verf = Some(result.u64());
                }
                if whole(result) {
                    self.raise(&NfsWrite { c, info, req, rep });
                }
            }
            procedure::CREATE | procedure::MKDIR | procedure::SYMLINK => {
                let place = rpc::nfs::Place::read(args).into();
                let (fh, obj_attr) = if is_ok {
                    (
                        result.optional(rpc::nfs::handle),
                        rpc::nfs::Attributes::optional(result).map(Into::into),
                    )
                } else {
                    (None, None)
                };
                let (dir_pre_attr, dir_post_attr) = nfs::change(rpc::nfs::change(result));
                let rep = NewReply { fh, obj_attr, dir_pre_attr, dir_post_attr };
                if !whole(result) {
                    return false;
                }
                match call.procedure {
                    procedure::CREATE => self.raise(&NfsCreate { c, info, req: place, rep }),
                    procedure::MKDIR => self.raise(&NfsMkdir { c, info, req: place, rep }),
                    _ => {
                        let symlink_attributes = rpc::nfs::Wanted::read(args).into();
                        let nfspath = Some(rpc::nfs::name(args));
                        let symlinkdata = SymlinkData { symlink_attributes, nfspath };
                        let req = SymlinkRequest { link: place, symlinkdata };
                        self.raise(&NfsSymlink { c, info, req, rep });
                    }
                }
            }
            procedure::REMOVE | procedure::RMDIR => {
                let req = rpc::nfs::Place::read(args).into();
                let (dir_pre_attr, dir_post_attr) = nfs::change(rpc::nfs::change(result));
                let rep = DeleteReply { dir_pre_attr, dir_post_attr };
                match call.procedure {
                    _ if !whole(result) => return false,
                    procedure::REMOVE => self.raise(&NfsRemove { c, info, req, rep }),
                    _ => self.raise(&NfsRmdir { c, info, req, rep }),
                }
            }
            procedure::RENAME => {
                let (from, to) = (rpc::nfs::Place::read(args), rpc::nfs::Place::read(args));
                let req = RenameRequest {
                    src_dirfh: from.directory,
                    src_fname: from.name,
                    dst_dirfh: to.directory,
                    dst_fname: to.name,
                };
                let (src_dir_pre_attr, src_dir_post_attr) = nfs::change(rpc::nfs::change(result));
                let (dst_dir_pre_attr, dst_dir_post_attr) = nfs::change(rpc::nfs::change(result));
                let rep =
                    RenameReply { src_dir_pre_attr, src_dir_post_attr, dst_dir_pre_attr, dst_dir_post_attr };
                if whole(result) {
                    self.raise(&NfsRename { c, info, req, rep });
                }
            }
            procedure::LINK => {
                let req =
                    LinkRequest { fh: rpc::nfs::handle(args), link: rpc::nfs::Place::read(args).into() };
                let post_attr = rpc::nfs::Attributes::optional(result).map(Into::into);
                let (preattr, postattr) = nfs::change(rpc::nfs::change(result));
                if whole(result) {
                    self.raise(&NfsLink { c, info, req, rep: LinkReply { post_attr, preattr, postattr } });
                }
            }
            procedure::READDIR | procedure::READDIRPLUS => {
                let isplus = call.procedure == procedure::READDIRPLUS;
                let (dirfh, cookie, cookieverf) = (rpc::nfs::handle(args), args.u64(), args.u64());
                let dircount = args.u32().into();
                let maxcount = isplus.then(|| args.u32().into());
                let req = ReaddirRequest { isplus, dirfh, cookie, cookieverf, dircount, maxcount };
                let listing = rpc::nfs::Listing::read(result, isplus, if is_ok { 0 } else { 1 });
                let rep = ReaddirReply {
                    isplus,
                    dir_attr: listing.attributes.map(Into::into),
                    cookieverf: listing.verifier,
                    entries: listing.entries.as_deref().map(Entries),
                    eof: listing.eof,
                };
                if whole(result) {
                    self.raise(&NfsReaddir { c, info, req, rep });
                }
            }
            number if number < procedure::END => {
                result.skip_rest();
                self.raise(&NfsNotImplemented { c, info, proc: NfsProcedure(number.into()) });
            }
            _ => return false,
        }
        true
    }
}

/// What an answer begins with; 0 where RPC itself failed.
fn stat(status: Status, result: &mut Xdr<'_>, names: &[rpc::Named]) -> u32 {
    if status != Status::Success {
        return 0;
    }
    let stat = if result.rest().len() >= 4 { result.u32() } else { rpc::UNKNOWN };
    if names.iter().any(|(known, _)| *known == stat) { stat } else { rpc::UNKNOWN }
}

impl rpc::Handler for Hears<'_, '_, '_> {
    fn call(&mut self, call: &Call) {
        let Call { xid, program: prog, version: ver, procedure: proc, len: call_len, .. } = *call;
        self.raise(&RpcCall { c: Conn, xid, prog, ver, proc, call_len });
    }

    fn reply(&mut self, xid: u32, status: Status, len: u64) {
        self.raise(&RpcReply { c: Conn, xid, status: status.into(), reply_len: len });
    }

    fn done(&mut self, call: &Call, status: Status, result: &mut Xdr<'_>, len: u64) -> bool {
        let read = match self.program {
            Program::Portmap => self.portmap(call, status, result),
            Program::Mount => self.mount(call, status, result, len),
            Program::Nfs => self.nfs(call, status, result, len),
        };
        if read && status == Status::Success {
            self.link.confirm();
        }
        read
    }

    fn dialogue(&mut self, call: &Call, status: Status, len: u64) {
        let Call { program: prog, version: ver, procedure: proc, len: call_len, at, .. } = *call;
        let (start_time, status) = (Time::from_nanos(at), status.into());
        self.raise(&RpcDialogue { c: Conn, prog, ver, proc, status, start_time, call_len, reply_len: len });
    }

    fn weird(&mut self, name: &'static str, about: Option<String>) {
        match about {
            Some(about) => self.link.weird_about(name, self.source, about),
            None => self.link.weird(name, self.source),
        }
    }

    fn forgotten(&mut self) {
        self.link.shared.of.rpc.counters.forgotten += 1;
    }
}
