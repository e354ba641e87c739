//! What is known of a connection's shares, files and requests, as Zeek's scripts keep it (`c$smb_state`).
//!
//! Requests, files and shares are known by several ways at once: a file by its number and by the request that is about
//! it. They stand in pools, and are let go once no way leads to them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use nightjar_protocols::smb::v2::{DELETE_ON_CLOSE, Guid, status};
use nightjar_protocols::smb::{Times, v1, v2};

use crate::record::Uid;
use crate::time::{Interval, Time};

/// A text that several know.
pub(super) type Text = Arc<[u8]>;

/// What is done to a file, a pipe or a printer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    FileRead,
    FileWrite,
    FileOpen,
    FileClose,
    FileDelete,
    FileRename,
    FileSetAttribute,
    PipeRead,
    PipeWrite,
    PipeOpen,
    PipeClose,
    PrintRead,
    PrintWrite,
    PrintOpen,
    PrintClose,
}

/// What is done, whatever it is done to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verb {
    Read,
    Write,
    Open,
    Close,
}

impl Action {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Action::FileRead => "SMB::FILE_READ",
            Action::FileWrite => "SMB::FILE_WRITE",
            Action::FileOpen => "SMB::FILE_OPEN",
            Action::FileClose => "SMB::FILE_CLOSE",
            Action::FileDelete => "SMB::FILE_DELETE",
            Action::FileRename => "SMB::FILE_RENAME",
            Action::FileSetAttribute => "SMB::FILE_SET_ATTRIBUTE",
            Action::PipeRead => "SMB::PIPE_READ",
            Action::PipeWrite => "SMB::PIPE_WRITE",
            Action::PipeOpen => "SMB::PIPE_OPEN",
            Action::PipeClose => "SMB::PIPE_CLOSE",
            Action::PrintRead => "SMB::PRINT_READ",
            Action::PrintWrite => "SMB::PRINT_WRITE",
            Action::PrintOpen => "SMB::PRINT_OPEN",
            Action::PrintClose => "SMB::PRINT_CLOSE",
        }
    }

    const fn of(verb: Verb, share_type: &str) -> Action {
        match (share_type.as_bytes(), verb) {
            (b"PIPE", Verb::Read) => Action::PipeRead,
            (b"PIPE", Verb::Write) => Action::PipeWrite,
            (b"PIPE", Verb::Open) => Action::PipeOpen,
            (b"PIPE", Verb::Close) => Action::PipeClose,
            (b"PRINT", Verb::Read) => Action::PrintRead,
            (b"PRINT", Verb::Write) => Action::PrintWrite,
            (b"PRINT", Verb::Open) => Action::PrintOpen,
            (b"PRINT", Verb::Close) => Action::PrintClose,
            (_, Verb::Read) => Action::FileRead,
            (_, Verb::Write) => Action::FileWrite,
            (_, Verb::Open) => Action::FileOpen,
            (_, Verb::Close) => Action::FileClose,
        }
    }
}

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub ts: Time,
    pub fuid: Option<Uid>,
    pub action: Option<Action>,
    pub path: Option<Text>,
    pub name: Option<Text>,
    pub size: u64,
    pub prev_name: Option<Text>,
    pub times: Option<Times>,
    /// Its number, once it was said.
    pub fid: Option<u64>,
}

/// A share.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub ts: Time,
    pub path: Option<Text>,
    pub service: Option<Text>,
    pub file_system: Option<Text>,
    pub share_type: Cow<'static, str>,
    /// Its number, once it was said.
    pub tid: u64,
}

/// A request and its answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub ts: Time,
    /// The number of its messages.
    pub message: u64,
    pub is_v1: bool,
    pub code: u16,
    pub sub_command: Option<Sub>,
    pub argument: Option<Text>,
    pub status: Option<u32>,
    pub rtt: Option<Interval>,
    pub tree: Option<Text>,
    pub tree_service: Option<Text>,
    pub file: u64,
    pub about_tree: Option<u64>,
    /// What the client proposes.
    dialects: Vec<u16>,
    v1_dialects: Option<Vec<Text>>,
    options: u32,
    /// What is done to a file that is only opened by a message before it in its frame.
    deferred: Option<Deferred>,
}

/// What a message does to the file that one before it in its frame opens: it is done once it was answered, as only then
/// is it known whether the file is open, and which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deferred {
    Close,
    Delete,
    Rename(Text),
    Do(Action),
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sub {
    Transaction(u16),
    Transaction2(u16),
}

/// Things that are known by numbers of their own.
#[derive(Debug)]
struct Pool<T> {
    of: HashMap<u64, T, foldhash::fast::RandomState>,
    next: u64,
    /// With so many it is looked which of them are needed.
    sweep_at: usize,
}

/// So many are kept before it is looked which are needed.
const SMALL: usize = 64;

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { of: HashMap::default(), next: 0, sweep_at: SMALL }
    }
}

impl<T> Pool<T> {
    fn add(&mut self, what: T) -> u64 {
        self.next += 1;
        self.of.insert(self.next, what);
        self.next
    }

    fn is_full(&self) -> bool {
        self.of.len() >= self.sweep_at
    }

    /// Keeps those that are needed.
    fn sweep(&mut self, needed: impl Iterator<Item = u64>) {
        let needed: std::collections::HashSet<u64, foldhash::fast::RandomState> = needed.collect();
        self.of.retain(|number, _| needed.contains(number));
        self.sweep_at = SMALL.max(self.of.len() * 2);
    }
}

/// What was logged is not logged again for so long after it was last seen, as in Zeek.
const RECENT: Interval = Interval::from_secs(180);

/// Files that were logged and are remembered, requests that wait, files and shares that are open, of one connection.
/// Stops clients that open and never close, and servers that never answer: all of a kind is forgotten then.
const MOST: usize = 20_000;

/// What is known of a connection.
#[derive(Debug, Default)]
pub(super) struct State {
    files: Pool<File>,
    trees: Pool<Tree>,
    commands: Pool<Command>,
    pending: HashMap<u64, u64, foldhash::fast::RandomState>,
    fids: HashMap<u64, u64, foldhash::fast::RandomState>,
    tids: HashMap<u32, u64, foldhash::fast::RandomState>,
    recent: HashMap<u64, Time, foldhash::fast::RandomState>,
    hasher: foldhash::quality::RandomState,
    command: Option<u64>,
    file: Option<u64>,
    tree: Option<u64>,
    /// The file that a message of the frame at hand opens.
    opens: Option<u64>,
    /// How often something was forgotten because there was too much.
    pub forgotten: u64,
}

impl State {
    /// The file at hand.
    pub fn current_file(&self) -> Option<&File> {
        self.file.and_then(|file| self.files.of.get(&file))
    }

    /// The share at hand.
    pub fn current_tree(&self) -> Option<&Tree> {
        self.tree.and_then(|tree| self.trees.of.get(&tree))
    }

    /// The request at hand.
    pub fn current_command(&self) -> Option<&Command> {
        self.command.and_then(|command| self.commands.of.get(&command))
    }

    /// Their numbers.
    pub fn numbers(&self) -> [Option<u64>; 3] {
        [self.command, self.file, self.tree]
    }

    fn file_mut(&mut self) -> Option<&mut File> {
        self.file.and_then(|file| self.files.of.get_mut(&file))
    }

    fn command_mut(&mut self) -> Option<&mut Command> {
        self.command.and_then(|command| self.commands.of.get_mut(&command))
    }

    fn tree_mut(&mut self) -> Option<&mut Tree> {
        self.tree.and_then(|tree| self.trees.of.get_mut(&tree))
    }

    fn share_type(&self) -> Cow<'static, str> {
        self.current_tree().map_or(Cow::Borrowed("DISK"), |tree| tree.share_type.clone())
    }

    /// Forgets what is known of requests, files and shares.
    pub fn clear(&mut self) {
        let (recent, forgotten) = (std::mem::take(&mut self.recent), self.forgotten);
        *self = State { recent, forgotten, ..State::default() };
    }

    /// Lets go of what no way leads to, and of all of a kind of which there is too much.
    fn tidy(&mut self) {
        if self.pending.len() > MOST {
            self.pending.clear();
            self.forgotten += 1;
        }
        if self.fids.len() > MOST {
            self.fids.clear();
            self.forgotten += 1;
        }
        if self.tids.len() > MOST {
            self.tids.clear();
            self.forgotten += 1;
        }
        if self.commands.is_full() {
            self.commands.sweep(self.pending.values().copied().chain(self.command));
        }
        if self.files.is_full() {
            let of_commands = self.commands.of.values().map(|command| command.file);
            self.files.sweep(self.fids.values().copied().chain(of_commands).chain(self.file));
        }
        if self.trees.is_full() {
            let of_commands = self.commands.of.values().filter_map(|command| command.about_tree);
            self.trees.sweep(self.tids.values().copied().chain(of_commands).chain(self.tree));
        }
    }

    fn new_tree(&mut self, now: Time) -> u64 {
        self.trees.add(Tree {
            ts: now,
            path: None,
            service: None,
            file_system: None,
            share_type: Cow::Borrowed("DISK"),
            tid: 0,
        })
    }

    /// A share has this number from now on.
    fn number(&mut self, tid: u32, tree: u64) {
        self.tids.insert(tid, tree);
        if let Some(tree) = self.trees.of.get_mut(&tree) {
            tree.tid = tid.into();
        }
    }

    /// The request that a message belongs to, which begins with it where there was none.
    fn enter(&mut self, message: u64, code: u16, is_v1: bool, now: Time) {
        self.tidy();
        let known =
            self.pending.get(&message).copied().filter(|command| self.commands.of.contains_key(command));
        let command = known.unwrap_or_else(|| {
            let file = self.files.add(File { ts: now, ..File::default() });
            let about_tree = if is_v1 { self.tree } else { None };
            let command = Command { ts: now, message, is_v1, code, file, about_tree, ..Command::default() };
            let command = self.commands.add(command);
            self.pending.insert(message, command);
            command
        });
        self.command = Some(command);
    }

    fn answered(&mut self, status: u32, now: Time) {
        if let Some(command) = self.command_mut() {
            command.rtt = Some(now - command.ts);
            command.status = Some(status);
        }
    }

    /// A file is at hand, by its number: that of the request, where nothing else is known by it.
    fn set_file(&mut self, fid: u64) {
        let Some(command) = self.command else { return };
        let known = self.fids.get(&fid).copied().filter(|file| self.files.of.contains_key(file));
        let file = known.or_else(|| {
            let file = self.commands.of.get(&command)?.file;
            self.fids.insert(fid, file);
            self.files.of.get_mut(&file)?.fid = Some(fid);
            Some(file)
        });
        if let (Some(file), Some(command)) = (file, self.commands.of.get_mut(&command)) {
            command.file = file;
            self.file = Some(file);
        }
    }

    fn set_action(&mut self, action: Action) {
        if let Some(file) = self.file_mut() {
            file.action = Some(action);
        }
    }

    /// Does something to a file, by its number.
    fn act(&mut self, fid: u64, verb: Verb) {
        self.set_file(fid);
        self.set_action(Action::of(verb, &self.share_type()));
    }

    /// The file at hand, if a row is to be written of it: what is done to it is logged, and was not a moment ago.
    pub fn row(&mut self, is_logged: impl FnOnce(Action) -> bool, now: Time) -> Option<&File> {
        let file = self.file.and_then(|file| self.files.of.get(&file))?;
        file.name.as_ref()?;
        if !file.action.is_some_and(is_logged) {
            return None;
        }
        if let Some(times) = &file.times {
            // That a file was looked at again is no news.
            let Times { modified, created, changed, .. } = *times;
            let fuid = file.fuid.map(|fuid| fuid.as_bytes().to_vec());
            let known = (file.action, fuid, &file.name, &file.path, file.size, modified, created, changed);
            let known = self.hasher.hash_one(known);
            if self.recent.len() >= MOST {
                self.recent.retain(|_, seen| now - *seen <= RECENT);
                if self.recent.len() >= MOST {
                    self.recent.clear();
                    self.forgotten += 1;
                }
            }
            let before = self.recent.insert(known, now);
            if before.is_some_and(|seen| now - seen <= RECENT) {
                return None;
            }
        }
        Some(file)
    }

    /// A file of files.log begins with the file at hand.
    pub fn carried(&mut self, fuid: Uid) {
        if let Some(file) = self.file_mut() {
            file.fuid = Some(fuid);
        }
    }

    /// A name was a pipe's, though nothing said that the share has pipes.
    pub fn pipe_found(&mut self) {
        if let Some(tree) = self.tree_mut() {
            tree.path = Some(Arc::from(&b"<unknown>"[..]));
            tree.share_type = Cow::Borrowed("PIPE");
        }
    }

    pub fn v1_header(&mut self, is_orig: bool, header: &v1::Header, now: Time) {
        let tid = u32::from(header.tid);
        let known = self.tids.get(&tid).copied().filter(|tree| self.trees.of.contains_key(tree));
        let tree = known.unwrap_or_else(|| {
            let tree = self.new_tree(now);
            self.number(tid, tree);
            tree
        });
        self.tree = Some(tree);
        // The request before this one gets it, as in Zeek.
        let of_tree = self.current_tree().map(|tree| (tree.path.clone(), tree.service.clone()));
        if let (Some((path, service)), Some(command)) = (of_tree, self.command_mut()) {
            command.tree = path.or(command.tree.take());
            command.tree_service = service.or(command.tree_service.take());
        }
        self.enter(header.mid.into(), header.command.into(), true, now);
        if !is_orig {
            self.answered(header.status, now);
        }
    }

    /// The message that this was of is told.
    pub fn v1_header_done(&mut self, is_orig: bool, header: &v1::Header) {
        if !is_orig {
            self.pending.remove(&u64::from(header.mid));
        }
    }

    fn set_argument(&mut self, argument: Option<Text>) {
        if let (Some(command), Some(argument)) = (self.command_mut(), argument) {
            command.argument = Some(argument);
        }
    }

    fn name(&self) -> Option<Text> {
        self.current_file().and_then(|file| file.name.clone())
    }

    /// What a message of SMB 1 says. True where a row may have to be written at once.
    pub fn v1(&mut self, header: &v1::Header, body: &v1::Body<'_>, now: Time) -> bool {
        use v1::{About, Body, NegotiateResponse};
        match body {
            Body::NegotiateRequest(dialects) => {
                if let Some(command) = self.command_mut() {
                    command.v1_dialects =
                        Some(dialects.iter().map(|dialect| Arc::from(&dialect[..])).collect());
                }
            }
            Body::NegotiateResponse(response) => {
                let offered = self.command_mut().and_then(|command| command.v1_dialects.take());
                if let (Some(offered), NegotiateResponse::Ntlm { dialect, .. }) = (offered, response) {
                    self.set_argument(offered.get(usize::from(*dialect)).cloned());
                }
            }
            Body::TreeConnectRequest { path, service } => {
                let path: Text = Arc::from(&path[..]);
                let tree = self.new_tree(now);
                if let Some(tree) = self.trees.of.get_mut(&tree) {
                    (tree.path, tree.service) = (Some(path.clone()), Some(Arc::from(&service[..])));
                }
                if let Some(command) = self.command_mut() {
                    (command.about_tree, command.argument) = (Some(tree), Some(path));
                }
            }
            Body::TreeConnectResponse { service, file_system } => {
                let Some(number) = self.current_command().and_then(|command| command.about_tree) else {
                    return false;
                };
                let service: Text = Arc::from(&service[..]);
                if let Some(tree) = self.trees.of.get_mut(&number) {
                    tree.service = Some(service.clone());
                    if *service == *b"IPC" {
                        tree.share_type = Cow::Borrowed("PIPE");
                    }
                    if !file_system.is_empty() {
                        tree.file_system = Some(Arc::from(&file_system[..]));
                    }
                }
                if let Some(command) = self.command_mut() {
                    command.tree_service = Some(service);
                }
                self.tree = Some(number);
                self.number(header.tid.into(), number);
            }
            Body::NtCreateRequest(name) => {
                let name: Text = Arc::from(&name[..]);
                let (action, named) = (Some(Action::FileOpen), Some(name.clone()));
                let file = self.files.add(File { ts: now, action, name: named, ..File::default() });
                if let Some(command) = self.command_mut() {
                    (command.file, command.argument) = (file, Some(name));
                }
                self.file = Some(file);
            }
            Body::NtCreateResponse { file: fid, size, times } => {
                let Some(number) = self.current_command().map(|command| command.file) else { return false };
                if let Some(file) = self.files.of.get_mut(&number) {
                    file.action = Some(Action::FileOpen);
                    file.fid = Some((*fid).into());
                    file.size = *size;
                    if is_told(times) {
                        file.times = Some(*times);
                    }
                }
                self.fids.insert((*fid).into(), number);
                self.file = Some(number);
                return true;
            }
            Body::ReadRequest { file, .. } => {
                self.set_file((*file).into());
                self.set_action(Action::FileRead);
                let name = self.name();
                self.set_argument(name);
            }
            Body::WriteRequest { file, .. } => {
                self.set_file((*file).into());
                self.set_action(Action::FileWrite);
                if self.current_command().is_some_and(|command| command.argument.is_none()) {
                    let name = self.name();
                    self.set_argument(name);
                }
            }
            Body::CloseRequest { file } => {
                self.set_file((*file).into());
                self.set_action(Action::FileClose);
            }
            Body::Transaction(transaction) => {
                if let Some(command) = self.command_mut() {
                    command.sub_command = Some(Sub::Transaction(transaction.command));
                }
            }
            Body::Transaction2 { command: sub, about, .. } => {
                if let Some(command) = self.command_mut() {
                    command.sub_command = Some(Sub::Transaction2(*sub));
                }
                if let About::FindFirst { name, .. } | About::QueryPath(name) | About::DfsReferral(name) =
                    about
                {
                    self.set_argument(Some(Arc::from(&name[..])));
                }
            }
            _ => {}
        }
        false
    }

    /// The same after scripts were told. True where a row may have to be written.
    pub fn v1_done(&mut self, body: &v1::Body<'_>) -> bool {
        match body {
            v1::Body::ReadRequest { .. } | v1::Body::WriteRequest { .. } => {
                let path = self.current_tree().and_then(|tree| tree.path.clone());
                if let Some(file) = self.file_mut().filter(|file| file.path.is_none()) {
                    file.path = path;
                }
                matches!(body, v1::Body::ReadRequest { .. })
            }
            v1::Body::CloseRequest { file } => self.closed((*file).into(), true),
            _ => false,
        }
    }

    /// A file was closed.
    fn closed(&mut self, fid: u64, is_v1: bool) -> bool {
        let path = self.current_tree().and_then(|tree| tree.path.clone());
        let Some(number) = self.fids.remove(&fid) else { return false };
        let Some(file) = self.files.of.get_mut(&number) else { return false };
        file.path = path.or(file.path.take());
        let name = file.name.clone().filter(|_| is_v1);
        self.set_argument(name);
        true
    }

    pub fn v2_header(&mut self, is_orig: bool, header: &v2::Header<'_>, now: Time) {
        if !header.is_related() {
            self.opens = None;
        }
        self.enter(header.message_id, header.command, false, now);
        let about = self.current_command().and_then(|command| command.about_tree);
        let tree = match header.tree_id {
            0 => self.new_tree(now),
            tid => {
                let known = about.or_else(|| self.tids.get(&tid).copied());
                let known = known.filter(|tree| self.trees.of.contains_key(tree));
                let tree = known.unwrap_or_else(|| self.new_tree(now));
                self.number(tid, tree);
                tree
            }
        };
        if let Some(command) = self.command_mut() {
            command.about_tree = Some(tree);
        }
        self.tree = Some(tree);
        self.file = self.current_command().map(|command| command.file);
        if !is_orig {
            self.answered(header.status, now);
        }
    }

    /// The message that this was of is told.
    pub fn v2_header_done(&mut self, is_orig: bool, header: &v2::Header<'_>) {
        if !is_orig && header.status != status::PENDING {
            self.pending.remove(&header.message_id);
        }
    }

    /// What a message of SMB 2 says.
    pub fn v2(&mut self, header: &v2::Header<'_>, body: &v2::Body<'_>) {
        use v2::{Body, Change};
        if self.defer(body) {
            return;
        }
        match body {
            Body::NegotiateRequest { dialects } => {
                if let Some(command) = self.command_mut() {
                    command.dialects = dialects.iter().collect();
                }
            }
            Body::NegotiateResponse(response) => {
                let offered = self.command_mut().map(|command| std::mem::take(&mut command.dialects));
                if offered.is_some_and(|offered| offered.contains(&response.dialect)) {
                    self.set_argument(Some(Arc::from(super::names::dialect(response.dialect).as_bytes())));
                }
            }
            Body::TreeConnectRequest { path } => {
                if let Some(tree) = self.tree_mut() {
                    tree.path = Some(Arc::from(&path[..]));
                }
            }
            Body::TreeConnectResponse { share_type } => {
                if let Some(tree) = self.tree_mut() {
                    tree.share_type = super::names::share_type(*share_type);
                }
            }
            Body::TreeDisconnectRequest if self.tids.remove(&header.tree_id).is_some() => {
                self.tree = None;
                if let Some(command) = self.command_mut() {
                    command.about_tree = None;
                }
            }
            Body::CreateRequest { name, options, .. } => {
                let name: &[u8] = if name.is_empty() { b"<share_root>" } else { name };
                let action = Action::of(Verb::Open, &self.share_type());
                if let Some(file) = self.file_mut() {
                    (file.name, file.action) = (Some(Arc::from(name)), Some(action));
                }
                self.opens = self.file;
                if let Some(command) = self.command_mut() {
                    command.options = *options;
                }
            }
            Body::CreateResponse { file: id, size, times, .. } => {
                self.set_file(id.sum());
                let path = self.current_tree().and_then(|tree| tree.path.clone());
                if let Some(file) = self.file_mut() {
                    file.fid = Some(id.sum());
                    file.size = *size;
                    file.path = path.or(file.path.take());
                    if is_told(times) {
                        file.times = Some(*times);
                    }
                }
            }
            Body::ReadRequest { file, .. } => self.act(file.sum(), Verb::Read),
            Body::WriteRequest { file, .. } => self.act(file.sum(), Verb::Write),
            Body::CloseRequest { file } => self.act(file.sum(), Verb::Close),
            Body::SetInfo { file, change: Change::Attributes { .. } } => {
                self.set_file(file.sum());
                self.set_action(Action::FileSetAttribute);
            }
            Body::SetInfo { file, change: Change::Rename(name) } => {
                self.set_file(file.sum());
                self.rename(Arc::from(&name[..]));
            }
            Body::SetInfo { file, change: Change::Delete(pending) } => self.delete(*file, *pending),
            _ => {}
        }
    }

    fn rename(&mut self, name: Text) {
        if let Some(file) = self.file_mut() {
            file.prev_name = file.name.take().or(file.prev_name.take());
            file.name = Some(name);
            file.action = Some(Action::FileRename);
        }
    }

    /// What a request is to do to a file that a message before it opens waits until it was answered. True where it does.
    fn defer(&mut self, body: &v2::Body<'_>) -> bool {
        use v2::{Body, Change};
        let Some(opens) = self.opens else { return false };
        let (file, does) = match body {
            Body::ReadRequest { file, .. } => {
                (file, Some(Deferred::Do(Action::of(Verb::Read, &self.share_type()))))
            }
            Body::WriteRequest { file, .. } => {
                (file, Some(Deferred::Do(Action::of(Verb::Write, &self.share_type()))))
            }
            Body::CloseRequest { file } => (file, Some(Deferred::Close)),
            Body::SetInfo { file, change } => (
                file,
                match change {
                    Change::Attributes { .. } => Some(Deferred::Do(Action::FileSetAttribute)),
                    Change::Rename(name) => Some(Deferred::Rename(Arc::from(&name[..]))),
                    Change::Delete(true) => Some(Deferred::Delete),
                    _ => None,
                },
            ),
            _ => return false,
        };
        if !file.is_of_before() {
            return false;
        }
        self.file = Some(opens);
        let path = self.current_tree().and_then(|tree| tree.path.clone());
        if let Some(file) = self.file_mut() {
            file.path = path.or(file.path.take());
        }
        if let Some(command) = self.command_mut() {
            (command.file, command.deferred) = (opens, does);
        }
        true
    }

    /// Whether what the request at hand does waits until it was answered.
    pub fn waits(&self) -> bool {
        self.current_command().is_some_and(|command| command.deferred.is_some())
    }

    /// Does what waited for the answer at hand. A row of the file may have to be written then.
    pub fn settle(&mut self) -> Option<Deferred> {
        let does = self.command_mut()?.deferred.take()?;
        match &does {
            Deferred::Close => {
                self.set_action(Action::of(Verb::Close, &self.share_type()));
                if let Some(fid) = self.current_file()?.fid {
                    self.closed(fid, false);
                }
            }
            Deferred::Delete => self.set_action(Action::FileDelete),
            Deferred::Rename(name) => self.rename(name.clone()),
            Deferred::Do(action) => self.set_action(*action),
        }
        Some(does)
    }

    /// A file is to be deleted.
    pub fn delete(&mut self, file: Guid, pending: bool) {
        self.set_file(file.sum());
        if pending {
            self.set_action(Action::FileDelete);
        }
    }

    /// The file that is deleted once it is closed, as it was opened so.
    pub fn deletes_on_close(&self, header: &v2::Header<'_>, body: &v2::Body<'_>) -> Option<Guid> {
        let v2::Body::CreateResponse { file, .. } = body else { return None };
        let deletes = self.current_command().is_some_and(|command| command.options & DELETE_ON_CLOSE != 0);
        (deletes && header.status == status::SUCCESS).then_some(*file)
    }

    /// The same after scripts were told. True where a row may have to be written.
    pub fn v2_done(&mut self, body: &v2::Body<'_>) -> bool {
        use v2::{Body, Change};
        if self.waits() {
            return false;
        }
        match body {
            Body::CreateResponse { .. }
            | Body::ReadRequest { .. }
            | Body::WriteRequest { .. }
            | Body::SetInfo {
                change: Change::Attributes { .. } | Change::Rename(_) | Change::Delete(_),
                ..
            } => true,
            Body::CloseRequest { file } => self.closed(file.sum(), false),
            _ => false,
        }
    }
}

/// Whether times are told: those of pipes are 0.
fn is_told(times: &Times) -> bool {
    super::record::time(times.modified) > Time::from_nanos(0)
}
