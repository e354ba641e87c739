//! Both directions of a connection.

use std::collections::{BTreeMap, BTreeSet};

use crate::bounds::{Broken, Cursor, Result};
use crate::pending::{Pending, Step};
use crate::smb::v1::{self, Kind};
use crate::smb::v2::{self, Guid, PIPE_TRANSCEIVE, SHARE_PIPE, status};
use crate::smb::{FRAME, begins};

/// Hears what a session reads.
pub trait Handler {
    /// What a message of SMB 1 begins with.
    fn v1_header(&mut self, is_orig: bool, header: &v1::Header);

    /// What it says; of several commands in one message the last comes first.
    fn v1(&mut self, is_orig: bool, header: &v1::Header, body: &v1::Body<'_>, at: Place);

    /// What a message of SMB 2 or 3 begins with.
    fn v2_header(&mut self, is_orig: bool, header: &v2::Header<'_>);

    /// What it says, where it is no error.
    fn v2(&mut self, is_orig: bool, header: &v2::Header<'_>, body: &v2::Body<'_>, at: Place);

    /// What follows is encrypted.
    fn encrypted(&mut self, transform: &Transform<'_>);

    /// Bytes that are written to a pipe or read from it.
    fn pipe(&mut self, is_orig: bool, pipe: Pipe, data: &[u8]);

    /// What says who somebody is: GSSAPI, or NTLM where it begins with that.
    fn security(&mut self, is_orig: bool, blob: &[u8]);

    /// A name is a pipe's, so that the share that it is in has pipes, though nothing said so.
    fn pipe_found(&mut self);

    /// Whether a name is one that only pipes have.
    fn is_name_of_pipe(&self, name: &[u8]) -> bool;

    /// Too many requests wait for answers: what was known of those is forgotten.
    fn discarded(&mut self, what: Discarded);

    /// Enough was read to be sure that it is SMB.
    fn confirmed(&mut self);

    /// The bytes are not SMB's, for this reason, in Zeek's words.
    fn violation(&mut self, reason: &str);
}

/// The file of a pipe; 0 for all pipes of SMB 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pipe(pub u64);

/// Where what is read or written belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The share has pipes: it is no file.
    pub is_pipe: bool,
    /// Where in the file.
    pub offset: u64,
}

/// What is forgotten of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discarded {
    /// In which share they are.
    Trees,
    /// Where they read.
    Reads,
    /// What they ask of a device.
    Ioctls,
}

impl Discarded {
    /// Zeek's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Discarded::Trees => "tree",
            Discarded::Reads => "read",
            Discarded::Ioctls => "ioctl",
        }
    }
}

/// What stands before an encrypted message (MS-SMB2 §2.2.41).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct Transform<'a> {
    pub signature: &'a [u8],
    pub nonce: &'a [u8],
    pub original_size: u32,
    pub flags: u16,
    pub session_id: u64,
}

/// How many messages of a frame were not read: where the next one begins was no place for it, or there were too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compounds(pub u64);

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a frame, which may have 16 MB. Stops a side from having that held.
    pub frame: usize,
    /// Requests that wait for answers, of each kind of which something has to be known until then; 0 is no ceiling but
    /// [`Limits::most`]. Stops requests that nobody answers.
    pub pending: usize,
    /// The same, whatever the former says, and of shares that have pipes.
    pub most: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { frame: 10 << 20, pending: 1000, most: 100_000 }
    }
}

/// So many pieces of the stream that break no rules make sure that it is SMB, as in Zeek.
const SURE_AFTER: u8 = 3;

/// Messages that are read of one frame. Stops frames of nothing but headers.
const MAX_COMPOUND: usize = 1000;

/// A message of SMB 1 so long says nothing but its header.
const EMPTY: u32 = 35;

/// What each protocol's messages begin with.
const V1: u32 = 0xff53_4d42;
const V2: u32 = 0xfe53_4d42;
const ENCRYPTED: u32 = 0xfd53_4d42;

/// Where in a message of SMB 2 stands how far behind it the next one begins.
const NEXT: usize = 20;

/// A connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    orig: Pending,
    resp: Pending,
    /// Both directions are to be taken up where a message begins.
    lost: bool,
    /// Pieces that broke no rules.
    pieces: u8,
    known: Known,
    compounds: Compounds,
}

/// What has to be known of messages to read others.
#[derive(Debug, Default)]
struct Known {
    /// Shares that have pipes.
    pipes: BTreeSet<u32>,
    /// Of requests of SMB 2, by their number: the share, where it reads and of which file, the file of a device.
    trees: BTreeMap<u64, u32>,
    reads: BTreeMap<u64, (u64, u64)>,
    ioctls: BTreeMap<u64, u64>,
    /// The file that the messages of a frame that was read so far are about.
    file: Option<Guid>,
    /// Of SMB 1, likewise.
    v1_reads: BTreeMap<u16, u64>,
    v1_pipes: BTreeSet<u16>,
}

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session {
            limits,
            orig: Pending::default(),
            resp: Pending::default(),
            lost: true,
            pieces: 0,
            known: Known::default(),
            compounds: Compounds::default(),
        }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.len() + self.resp.len()
    }

    /// Messages behind others in a frame that could not be read, since this was last asked.
    pub fn take_compounds(&mut self) -> Compounds {
        std::mem::take(&mut self.compounds)
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.lost && !begins(bytes) {
            return;
        }
        self.lost = false;
        let Session { orig, resp, known, limits, compounds, .. } = self;
        let mut broken = None;
        let pending = if is_orig { orig } else { resp };
        pending.feed(bytes, |rest| match next_frame(rest, limits) {
            Ok(None) => Step::NeedMore,
            Ok(Some((frame, len))) => match read(is_orig, frame, known, limits, compounds, handler) {
                Ok(()) => Step::Took(len),
                Err(error) => {
                    broken = Some(error);
                    Step::Discard
                }
            },
            Err(error) => {
                broken = Some(error);
                Step::Discard
            }
        });
        match broken {
            Some(broken) => {
                handler.violation(&broken.to_string());
                self.lose();
            }
            None if self.pieces < SURE_AFTER => {
                self.pieces += 1;
                if self.pieces == SURE_AFTER {
                    handler.confirmed();
                }
            }
            None => {}
        }
    }

    /// Bytes of a direction are missing: both are taken up where a message begins.
    pub fn gap(&mut self) {
        self.lose();
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
    }

    /// Lets go of what is not whole.
    pub fn lose(&mut self) {
        self.lost = true;
        self.orig.take();
        self.resp.take();
    }
}

/// A whole frame and its length, with what stands before it; `None` until it is there.
fn next_frame<'a>(rest: &'a [u8], limits: &Limits) -> Result<Option<(&'a [u8], u64)>> {
    let Some([_, a, b, c]) = rest.first_chunk::<FRAME>() else { return Ok(None) };
    let len = FRAME + u32::from_be_bytes([0, *a, *b, *c]) as usize;
    if len > limits.frame {
        return Err(Broken::Other("flowbuffer allocation failed: expand past max capacity".to_owned()));
    }
    Ok(rest.get(..len).map(|frame| (frame, len as u64)))
}

/// Reads a frame.
fn read(
    is_orig: bool,
    frame: &[u8],
    known: &mut Known,
    limits: &Limits,
    compounds: &mut Compounds,
    handler: &mut impl Handler,
) -> Result<()> {
    let len = frame.len().saturating_sub(FRAME);
    let mut r = Cursor::new(frame);
    let kind = r.u8("SMB_TCP:message_type")?;
    r.take(3, "SMB_TCP:len24")?;
    // Other messages of NetBIOS sessions have nothing of SMB, and empty ones say nothing.
    if kind != 0 || len == 0 {
        return Ok(());
    }
    r.record(|r| {
        let protocol = r.u32("SMB_Protocol_Identifier:protocol")?;
        r.record(|r| match protocol {
            V1 => {
                let header = v1::Header::read(r)?;
                handler.v1_header(is_orig, &header);
                if len == EMPTY as usize {
                    handler.v1(is_orig, &header, &v1::Body::Nothing, Place::default());
                    return Ok(());
                }
                for body in v1::bodies(&header, is_orig, r)? {
                    known.v1(is_orig, &header, &body, limits, handler);
                }
                Ok(())
            }
            V2 => {
                let Some(message) = Message::new(frame, FRAME) else { return Ok(()) };
                let mut before = message.read(is_orig, None, known, limits, handler)?;
                let mut at = FRAME;
                for _ in 1..MAX_COMPOUND {
                    if before.next == 0 {
                        return Ok(());
                    }
                    at = at.saturating_add(usize::try_from(before.next).unwrap_or(usize::MAX));
                    let next = Message::new(frame, at).filter(|_| before.next as usize >= v2::HEADER);
                    let Some(message) = next else { break };
                    before = message.read(is_orig, Some(&before), known, limits, handler)?;
                }
                compounds.0 += 1;
                Ok(())
            }
            ENCRYPTED => {
                let what = "SMB2_transform_header:session_id";
                r.need(48, what)?;
                let (signature, nonce) = (r.take(16, what)?, r.take(16, what)?);
                let original_size = r.u32_le(what)?;
                r.take(2, what)?;
                let (flags, session_id) = (r.u16_le(what)?, r.u64_le(what)?);
                handler.encrypted(&Transform { signature, nonce, original_size, flags, session_id });
                Ok(())
            }
            _ => Ok(()),
        })
    })
}

/// A message of SMB 2 in a frame.
struct Message<'a> {
    /// Up to where the next one begins, or to the end of the frame.
    bytes: &'a [u8],
}

impl<'a> Message<'a> {
    /// The one that begins there.
    fn new(frame: &'a [u8], at: usize) -> Option<Self> {
        let bytes = frame.get(at..)?;
        let next = bytes.get(NEXT..).and_then(<[u8]>::first_chunk::<4>);
        let next = next.map_or(0, |next| u32::from_le_bytes(*next));
        let next = usize::try_from(next).unwrap_or(usize::MAX);
        let end = if next < v2::HEADER { bytes.len() } else { next };
        bytes.starts_with(&V2.to_be_bytes()).then_some(Message { bytes: bytes.get(..end).unwrap_or(bytes) })
    }

    /// Reads it; `before` is what the one before it in the frame began with.
    fn read(
        &self,
        is_orig: bool,
        before: Option<&v2::Header<'a>>,
        known: &mut Known,
        limits: &Limits,
        handler: &mut impl Handler,
    ) -> Result<v2::Header<'a>> {
        let mut r = Cursor::new(self.bytes);
        r.take(4, "SMB_Protocol_Identifier:protocol")?;
        r.record(|r| {
            let mut header = v2::Header::read(r)?;
            match before.filter(|_| header.is_related()) {
                Some(before) => header.relate(before),
                None => known.file = None,
            }
            let tree = known.v2_header(is_orig, &header, limits, handler);
            handler.v2_header(is_orig, &header);
            if !is_orig && header.is_error() {
                r.take(8, "SMB2_error_response:byte_count")?;
                return Ok(header);
            }
            let mut body = r.record(|r| match is_orig {
                true => v2::request(&header, r),
                false => v2::response(&header, r),
            })?;
            if let Some(file) = body.file_mut() {
                match known.file {
                    Some(before) if file.is_of_before() => *file = before,
                    _ => known.file = Some(*file),
                }
            }
            known.v2(is_orig, &header, tree, &body, limits, handler);
            Ok(header)
        })
    }
}

/// Room for one more of something that is known until it is answered.
fn room<K: Ord, V>(of: &mut BTreeMap<K, V>, limits: &Limits, what: Discarded, handler: &mut impl Handler) {
    let most = if limits.pending == 0 { limits.most } else { limits.pending };
    if of.len() >= most {
        of.clear();
        handler.discarded(what);
    }
}

impl Known {
    /// A share has pipes.
    fn add_pipes(&mut self, tree: u32, limits: &Limits) {
        if self.pipes.len() < limits.most {
            self.pipes.insert(tree);
        }
    }

    /// A file is opened by this name in a share.
    fn opened(&mut self, tree: u32, name: &[u8], limits: &Limits, handler: &mut impl Handler) {
        if !self.pipes.contains(&tree) && handler.is_name_of_pipe(name) {
            self.add_pipes(tree, limits);
            handler.pipe_found();
        }
    }

    fn v1(
        &mut self,
        is_orig: bool,
        header: &v1::Header,
        body: &v1::Body<'_>,
        limits: &Limits,
        handler: &mut impl Handler,
    ) {
        use v1::Body;
        let tree = u32::from(header.tid);
        let mut place = Place { is_pipe: self.pipes.contains(&tree), offset: 0 };
        match body {
            Body::TreeConnectResponse { service, .. } if service.starts_with(b"IPC") => {
                self.add_pipes(tree, limits);
            }
            Body::NtCreateRequest(name) => self.opened(tree, name, limits, handler),
            Body::ReadRequest { offset, .. } => {
                self.v1_reads.insert(header.mid, *offset);
            }
            Body::ReadResponse { data } => match place.is_pipe {
                true => handler.pipe(is_orig, Pipe(0), data),
                false if !data.is_empty() => {
                    place.offset = self.v1_reads.remove(&header.mid).unwrap_or_default();
                }
                false => {}
            },
            Body::WriteRequest { offset, data, .. } => {
                place.offset = *offset;
                if place.is_pipe {
                    handler.pipe(is_orig, Pipe(0), data);
                }
            }
            Body::Transaction(transaction) => {
                if transaction.kind == Kind::Pipe {
                    handler.pipe(is_orig, Pipe(0), transaction.data);
                }
                if transaction.kind == Kind::Pipe || (transaction.kind == Kind::Unknown && place.is_pipe) {
                    self.v1_pipes.insert(header.mid);
                } else {
                    self.v1_pipes.remove(&header.mid);
                }
            }
            Body::TransactionResponse { data, .. }
                if self.v1_pipes.remove(&header.mid) && !data.is_empty() =>
            {
                handler.pipe(is_orig, Pipe(0), data);
            }
            Body::SessionSetupRequest(setup) => {
                if let Some(blob) = setup.blob {
                    handler.security(is_orig, blob);
                }
            }
            Body::SessionSetupResponse(setup) => {
                if let Some(blob) = setup.blob {
                    handler.security(is_orig, blob);
                }
            }
            _ => {}
        }
        handler.v1(is_orig, header, body, place);
        if let Body::NegotiateResponse(v1::NegotiateResponse::Ntlm { guid: Some((_, blob)), .. }) = body {
            handler.security(is_orig, blob);
        }
    }

    /// The share that a message is about: the server does not always say it again.
    fn v2_header(
        &mut self,
        is_orig: bool,
        header: &v2::Header<'_>,
        limits: &Limits,
        handler: &mut impl Handler,
    ) -> u32 {
        if is_orig {
            room(&mut self.trees, limits, Discarded::Trees, handler);
            self.trees.insert(header.message_id, header.tree_id);
            return header.tree_id;
        }
        let known = match header.status {
            status::PENDING => self.trees.get(&header.message_id).copied(),
            _ => self.trees.remove(&header.message_id),
        };
        known.unwrap_or_default()
    }

    fn v2(
        &mut self,
        is_orig: bool,
        header: &v2::Header<'_>,
        tree: u32,
        body: &v2::Body<'_>,
        limits: &Limits,
        handler: &mut impl Handler,
    ) {
        use v2::Body;
        let mut place = Place { is_pipe: self.pipes.contains(&tree), offset: 0 };
        let id = header.message_id;
        match body {
            Body::TreeConnectResponse { share_type: SHARE_PIPE } => self.add_pipes(header.tree_id, limits),
            Body::TreeDisconnectRequest => {
                self.pipes.remove(&header.tree_id);
            }
            Body::CreateRequest { name, .. } => self.opened(header.tree_id, name, limits, handler),
            Body::ReadRequest { file, offset, .. } => {
                room(&mut self.reads, limits, Discarded::Reads, handler);
                self.reads.insert(id, (*offset, file.sum()));
            }
            Body::ReadResponse { data } => {
                let (offset, file) = self.reads.remove(&id).unwrap_or_default();
                place.offset = offset;
                if place.is_pipe {
                    handler.pipe(is_orig, Pipe(file), data);
                }
            }
            Body::WriteRequest { file, offset, data } => {
                place.offset = *offset;
                if place.is_pipe {
                    handler.pipe(is_orig, Pipe(file.sum()), data);
                }
            }
            Body::IoctlRequest { file, code, input } => {
                if *code == PIPE_TRANSCEIVE {
                    handler.pipe(is_orig, Pipe(file.sum()), input);
                }
                room(&mut self.ioctls, limits, Discarded::Ioctls, handler);
                self.ioctls.insert(id, file.sum());
            }
            Body::IoctlResponse { code, output } => {
                let file = self.ioctls.remove(&id).unwrap_or_default();
                if *code == PIPE_TRANSCEIVE {
                    handler.pipe(is_orig, Pipe(file), output);
                }
            }
            _ => {}
        }
        handler.v2(is_orig, header, body, place);
        match body {
            Body::NegotiateResponse(response) => handler.security(is_orig, response.blob),
            Body::SessionSetupRequest { blob, .. } | Body::SessionSetupResponse { blob, .. } => {
                handler.security(is_orig, blob);
            }
            _ => {}
        }
    }
}
