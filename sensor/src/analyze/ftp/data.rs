//! Data connections that others have announced, FTP's and IRC's: what goes over them is a file.

use nightjar_protocols::magic;

use crate::analyze::files::{About, Carrier, OpenFiles, file_id};
use crate::analyze::ftp::events;
use crate::analyze::{Analyzer, Finding, Kind, Link, Named, Spec};
use crate::event::{Conn, ConnId, File};
use crate::flow::Dir;
use crate::record::Uid;

pub(super) static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "FTP_DATA", service: "ftp-data" },
    ports: &[],
    signatures: &[],
    both: false,
    new: |_, _| Box::new(Transfer::of(&SPEC)),
};

/// So much of both directions together is looked at to say what was transferred, as in Zeek.
const PREFIX: usize = 1024;

pub struct Transfer {
    spec: &'static Spec,
    /// Who expects it, and its ends as they were when it began, if it is the one that was expected.
    awaited: Option<Box<(Uid, ConnId)>>,
    files: OpenFiles,
    /// Of the originator and the responder: the file that it sends.
    current: [Option<Uid>; 2],
    prefix: Vec<u8>,
    /// What it begins with was told.
    identified: bool,
}

/// Takes down the type of a file that is found.
#[derive(Default)]
struct Found(Option<&'static str>);

impl Carrier for Found {
    fn file_type(&mut self, _: &About, mime_type: &'static str) {
        self.0 = Some(mime_type);
    }
}

impl Transfer {
    pub fn of(spec: &'static Spec) -> Self {
        Transfer {
            spec,
            awaited: None,
            files: OpenFiles::default(),
            current: [None; 2],
            prefix: Vec::new(),
            identified: false,
        }
    }

    fn is_ftp(&self) -> bool {
        std::ptr::eq(self.spec, &SPEC)
    }

    /// Goes on in the file that a direction carries.
    fn update(
        &mut self,
        link: &mut Link<'_, '_>,
        dir: Dir,
        what: impl FnOnce(&mut OpenFiles, &mut Link<'_, '_>, &mut Found, Uid),
    ) {
        let Some((by, _)) = self.awaited.as_deref().copied() else { return };
        let mut found = Found::default();
        let current = self.current[dir as usize].filter(|fuid| self.files.contains(*fuid));
        let fuid = current.unwrap_or_else(|| {
            let seed = link.cx.config.seed;
            let fuid = file_id(link.flow, seed, |hasher| hasher.write_u8(u8::from(dir.is_orig())));
            let about = About {
                source: self.spec.named.name,
                is_orig: dir.is_orig(),
                depth: 0,
                filename: None,
                mime_type: None,
                parent: None,
                tag: 0,
            };
            self.files.begin(&mut link.files(&mut found), fuid, about);
            if std::ptr::eq(self.spec, &SPEC) {
                let event = events::DataFile { f: File, c: Conn };
                self.files.raise(&mut link.files(&mut found), fuid, &event);
            }
            link.tell_finding(by, Finding::File(fuid));
            fuid
        });
        self.current[dir as usize] = Some(fuid);
        what(&mut self.files, link, &mut found, fuid);
        self.tell_type(link, &found);
    }

    fn tell_type(&self, link: &mut Link<'_, '_>, found: &Found) {
        if let Some((by, _)) = self.awaited.as_deref()
            && let Some(mime_type) = found.0
        {
            link.tell_finding(*by, Finding::Type(mime_type));
        }
    }

    /// Tells what was transferred by what it begins with.
    fn identify(&mut self, link: &mut Link<'_, '_>) {
        self.identified = true;
        let prefix = std::mem::take(&mut self.prefix);
        if !prefix.is_empty() {
            let mime_type = magic::detect(&prefix).unwrap_or("<unknown>");
            let event = events::Transferred { c: Conn, prefix: &prefix, descr: "<unknown>", mime_type };
            link.flow.raise(link.cx, &event);
            // Of IRC the file's own type counts.
            if let Some((by, _)) = self.awaited.as_deref().filter(|_| self.is_ftp()) {
                link.tell_finding(*by, Finding::Type(mime_type));
            }
        }
    }
}

impl Analyzer for Transfer {
    fn begin(&mut self, link: &mut Link<'_, '_>) {
        if let Some(by) = link.awaited_by() {
            self.awaited = Some(Box::new((by, link.flow.id())));
            link.flow.add_service(self.spec.named.service);
        }
    }

    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        if !self.identified {
            let room = PREFIX - self.prefix.len();
            self.prefix.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            if self.prefix.len() == PREFIX {
                self.identify(link);
            }
        }
        self.update(link, dir, |files, link, found, fuid| files.data(&mut link.files(found), fuid, bytes));
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        self.update(link, dir, |files, link, found, fuid| files.miss(&mut link.files(found), fuid, len));
    }

    fn flipped(&mut self) {
        self.current.swap(0, 1);
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        let mut found = Found::default();
        self.files.timer(&mut link.files(&mut found));
        self.tell_type(link, &found);
        false
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        if !self.identified {
            self.identify(link);
        }
        let mut found = Found::default();
        for fuid in std::mem::take(&mut self.current).into_iter().flatten() {
            self.files.end(&mut link.files(&mut found), fuid);
        }
        self.tell_type(link, &found);
        if let Some(awaited) = self.awaited.take()
            && !link.flow.replaced
        {
            link.meet(&awaited.1);
            if self.is_ftp() {
                link.flow.raise(link.cx, &events::DataOver { c: Conn });
            }
        }
    }
}
