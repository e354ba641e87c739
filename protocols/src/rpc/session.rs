//! Calls and replies, and what holds them in a stream.

use std::collections::BTreeMap;

use crate::pending::{Pending, Step};
use crate::rpc::{Status, Xdr, mount, nfs, portmap};

/// Ceilings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message of a stream that are held and read; the rest of it is skipped.
    pub message: usize,
    /// Bytes of a call's arguments that are kept for its reply.
    pub arguments: usize,
    /// Calls that wait for their replies.
    pub calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 64 << 10, arguments: 8 << 10, calls: 1024 }
    }
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Tells where others listen.
    Portmap,
    /// Gives handles of directories.
    Mount,
    /// Files.
    Nfs,
}

impl Program {
    const fn number(self) -> u32 {
        match self {
            Program::Portmap => portmap::PROGRAM,
            Program::Mount => mount::PROGRAM,
            Program::Nfs => nfs::PROGRAM,
        }
    }

    fn reads(self, procedure: u32, xdr: &mut Xdr<'_>) -> bool {
        match self {
            Program::Portmap => portmap::reads(procedure, xdr),
            Program::Mount => mount::reads(procedure, xdr),
            Program::Nfs => nfs::reads(procedure, xdr),
        }
    }
}

/// A call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Which of the connection's; its reply has the same.
    pub xid: u32,
    /// Of which program.
    pub program: u32,
    /// In which version.
    pub version: u32,
    /// Which procedure.
    pub procedure: u32,
    /// Bytes of the call.
    pub len: u64,
    /// When it was seen, as whoever reads the stream counts.
    pub at: i64,
    /// What the client says that it is: a number of its own.
    pub stamp: u32,
    /// Its name.
    pub machine: Vec<u8>,
    /// Its user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// Other groups.
    pub groups: Vec<u32>,
    /// Its arguments, as far as they are kept.
    pub arguments: Vec<u8>,
    /// They are what the procedure takes.
    pub is_valid: bool,
    header: usize,
    sum: u64,
}

/// Hears what a session reads.
pub trait Handler {
    /// A call.
    fn call(&mut self, call: &Call);

    /// A reply, and the bytes behind its status.
    fn reply(&mut self, xid: u32, status: Status, len: u64);

    /// What a valid call came to; `result` is what it gives, and all of the reply has `len` bytes. False where that cannot
    /// be read.
    fn done(&mut self, call: &Call, status: Status, result: &mut Xdr<'_>, len: u64) -> bool;

    /// A call with its reply, behind the former; of the reply `len` bytes were not read.
    fn dialogue(&mut self, call: &Call, status: Status, len: u64);

    /// Something odd, that Zeek has a weird for.
    fn weird(&mut self, name: &'static str, about: Option<String>);

    /// A call is forgotten, because too many wait.
    fn forgotten(&mut self) {}
}

/// A direction of a stream.
#[derive(Debug, Default)]
struct Side {
    pending: Pending,
    /// What of the message has come in fragments before the last.
    message: Vec<u8>,
    /// Bytes are missing: the next that look like a call or a reply begin a message.
    lost: bool,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    program: Program,
    limits: Limits,
    calls: BTreeMap<u32, Call>,
    sides: [Side; 2],
}

const CALL: u32 = 0;
const REPLY: u32 = 1;
/// Who the client is, as Unix has it (RFC 5531 §14).
const AUTH_UNIX: u32 = 1;
const MAX_MACHINE: usize = 255;
const MAX_GROUPS: u32 = 64;

impl Session {
    /// At a connection's beginning.
    pub fn new(program: Program, limits: Limits) -> Self {
        Session { program, limits, calls: BTreeMap::new(), sides: Default::default() }
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        let calls = self.calls.values().map(|call| call.arguments.len() + call.machine.len());
        let sides = self.sides.iter().map(|side| side.pending.len() + side.message.len());
        calls.sum::<usize>() + sides.sum::<usize>()
    }

    /// Calls that wait for their replies.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Originator and responder are the other way round.
    pub fn flip(&mut self) {
        self.sides.reverse();
    }

    /// The next bytes of a stream's direction (RFC 5531 §11).
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], at: i64, h: &mut H) {
        let place = usize::from(!is_orig);
        let Some(side) = self.sides.get_mut(place) else { return };
        if side.lost {
            if !begins(is_orig, data) {
                return;
            }
            side.lost = false;
        }
        let mut side = std::mem::take(side);
        let Side { pending, message, .. } = &mut side;
        pending.feed(data, |rest| {
            let Some(marker) = rest.first_chunk::<4>() else { return Step::NeedMore };
            let marker = u32::from_be_bytes(*marker);
            let (is_last, len) = (marker >> 31 == 1, (marker & 0x7fff_ffff) as usize);
            let room = self.limits.message.saturating_sub(message.len());
            let Some(fragment) = rest.get(4..4 + len.min(room)) else { return Step::NeedMore };
            if message.is_empty() && is_last {
                self.message(is_orig, fragment, at, h);
            } else {
                message.extend_from_slice(fragment);
                if is_last {
                    self.message(is_orig, &std::mem::take(message), at, h);
                }
            }
            Step::Took(4 + len as u64)
        });
        if let Some(place) = self.sides.get_mut(place) {
            *place = side;
        }
    }

    /// Bytes of a direction are missing.
    pub fn gap(&mut self, is_orig: bool) {
        if let Some(side) = self.sides.get_mut(usize::from(!is_orig)) {
            *side = Side { lost: true, ..Side::default() };
        }
    }

    /// A message: that of a datagram, or of a stream.
    pub fn message<H: Handler>(&mut self, is_orig: bool, bytes: &[u8], at: i64, h: &mut H) {
        let mut xdr = Xdr::new(bytes);
        let (xid, kind) = (xdr.u32(), xdr.u32());
        if xdr.is_broken() {
            return;
        }
        match kind {
            CALL => self.call(is_orig, xid, xdr.rest(), at, h),
            REPLY => self.reply(is_orig, xid, &mut xdr, at, h),
            _ => {
                h.weird("bad_RPC", None);
                excess(&xdr, h);
            }
        }
    }

    /// The connection is over: what was not answered never is.
    pub fn end<H: Handler>(&mut self, h: &mut H) {
        for call in std::mem::take(&mut self.calls).into_values() {
            h.dialogue(&call, Status::Timeout, 0);
            if call.is_valid {
                finish(&call, Status::Timeout, &mut Xdr::new(&[]), 0, h);
            }
        }
    }

    fn call<H: Handler>(&mut self, is_orig: bool, xid: u32, bytes: &[u8], at: i64, h: &mut H) {
        if !is_orig {
            h.weird("responder_RPC_call", None);
        }
        let sum = sum(bytes);
        let mut call = match self.calls.remove(&xid) {
            Some(mut known) => {
                if known.sum != sum || known.len != bytes.len() as u64 {
                    h.weird("RPC_rexmit_inconsistency", None);
                }
                if known.header > bytes.len() {
                    self.calls.insert(xid, known);
                    return h.weird("RPC_underflow", None);
                }
                known.at = at;
                known
            }
            None => match header(bytes) {
                Some(call) => Call { xid, at, sum, len: bytes.len() as u64, ..call },
                None => return h.weird("bad_RPC", None),
            },
        };
        h.call(&call);
        let arguments = bytes.get(call.header..).unwrap_or_default();
        if call.program != self.program.number() {
            let told = (self.program != Program::Portmap).then(|| call.program.to_string());
            h.weird("bad_RPC_program", told);
        }
        let unknown = match self.program {
            Program::Portmap => None,
            Program::Mount => (call.procedure >= mount::END).then_some("unknown_MOUNT_request"),
            Program::Nfs => (call.procedure >= nfs::procedure::END).then_some("unknown_NFS_request"),
        };
        if let Some(weird) = unknown {
            h.weird(weird, Some(call.procedure.to_string()));
        }
        let mut xdr = Xdr::new(arguments);
        call.is_valid = self.program.reads(call.procedure, &mut xdr);
        call.arguments = arguments.get(..self.limits.arguments).unwrap_or(arguments).to_vec();
        if call.is_valid {
            excess(&xdr, h);
        } else {
            h.weird("bad_RPC", None);
        }
        if self.calls.len() >= self.limits.calls {
            self.calls.pop_first();
            h.forgotten();
        }
        self.calls.insert(xid, call);
    }

    fn reply<H: Handler>(&mut self, is_orig: bool, xid: u32, xdr: &mut Xdr<'_>, _at: i64, h: &mut H) {
        if is_orig {
            h.weird("originator_RPC_reply", None);
        }
        let whole = xdr.rest().len() as u64;
        let Some(status) = status(xdr, h) else { return };
        h.reply(xid, status, xdr.rest().len() as u64);
        let Some(call) = self.calls.remove(&xid) else {
            return h.weird("unpaired_RPC_response", None);
        };
        if call.is_valid {
            finish(&call, status, xdr, whole, h);
        } else if status == Status::Success {
            h.weird("successful_RPC_reply_to_invalid_request", None);
        }
        h.dialogue(&call, status, xdr.rest().len() as u64);
        excess(xdr, h);
    }
}

fn finish<H: Handler>(call: &Call, status: Status, xdr: &mut Xdr<'_>, len: u64, h: &mut H) {
    let read = if status == Status::Success {
        h.done(call, status, xdr, len) && !xdr.is_broken()
    } else {
        xdr.skip_rest();
        h.done(call, status, &mut Xdr::new(&[]), len)
    };
    if !read {
        h.weird("bad_RPC", None);
    }
}

/// Whether these may be the first bytes of a message.
fn begins(is_orig: bool, data: &[u8]) -> bool {
    let mut xdr = Xdr::new(data);
    let (marker, _, kind) = (xdr.u32(), xdr.u32(), xdr.u32());
    let len = marker & 0x7fff_ffff;
    !xdr.is_broken() && kind == if is_orig { CALL } else { REPLY } && (16..=65536).contains(&len)
}

/// What a call begins with, up to its arguments.
fn header(bytes: &[u8]) -> Option<Call> {
    let mut xdr = Xdr::new(bytes);
    let mut call = Call::default();
    xdr.u32();
    (call.program, call.version, call.procedure) = (xdr.u32(), xdr.u32(), xdr.u32());
    let (flavor, credentials) = (xdr.u32(), xdr.opaque(usize::MAX));
    xdr.u32();
    xdr.opaque(usize::MAX);
    if xdr.is_broken() {
        return None;
    }
    call.header = bytes.len() - xdr.rest().len();
    if flavor == AUTH_UNIX {
        let mut xdr = Xdr::new(credentials);
        call.stamp = xdr.u32();
        call.machine = xdr.opaque(MAX_MACHINE).to_vec();
        if xdr.is_broken() {
            return None;
        }
        (call.uid, call.gid) = (xdr.u32(), xdr.u32());
        let groups = xdr.u32();
        if groups > MAX_GROUPS {
            return None;
        }
        call.groups = (0..groups).map(|_| xdr.u32()).collect();
    }
    Some(call)
}

/// What a reply says first; none where it is not whole.
fn status<H: Handler>(xdr: &mut Xdr<'_>, h: &mut H) -> Option<Status> {
    let verdict = xdr.u32();
    let status = match verdict {
        0 => {
            xdr.u32();
            xdr.opaque(usize::MAX);
            match xdr.u32() {
                0 => Status::Success,
                1 => Status::ProgUnavail,
                2 => {
                    xdr.u32();
                    xdr.u32();
                    Status::ProgMismatch
                }
                3 => Status::ProcUnavail,
                4 => Status::GarbageArgs,
                5 => Status::SystemErr,
                _ => Status::Unknown,
            }
        }
        1 => match xdr.u32() {
            0 => {
                xdr.u32();
                xdr.u32();
                Status::VersMismatch
            }
            1 => {
                xdr.u32();
                Status::AuthError
            }
            _ => Status::Unknown,
        },
        _ => Status::Unknown,
    };
    if xdr.is_broken() {
        return None;
    }
    if verdict > 1 || (verdict == 1 && status == Status::Unknown) {
        h.weird("bad_RPC", None);
    }
    Some(status)
}

/// Something was not read that is not there to fill up.
fn excess<H: Handler>(xdr: &Xdr<'_>, h: &mut H) {
    if xdr.rest().iter().any(|byte| *byte != 0) {
        h.weird("excess_RPC", None);
    }
}

/// Tells bytes apart that are said to be the same (FNV-1a).
fn sum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
