//! What looks at the content of files: analyzers that protocols declare, set on files by their type.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use nightjar_protocols::files::Content;
use smallvec::SmallVec;

use crate::analyze::files::{Carrier, FileCx, Open, events};
use crate::analyze::protocols;
use crate::config::Config;
use crate::event::Event;
use crate::flow::{Cx, Flow};
use crate::record::Uid;
use crate::time::Time;

/// Something that can be set on files.
pub struct FileSpec {
    /// Zeek's name for it, as in `Files::ANALYZER_MD5` and in files.log.
    pub name: &'static str,
    /// Types of files that it is set on without being asked for.
    pub mime_types: &'static [&'static str],
    /// None where no analyzer of ours reads the content: digests are made as it passes, and scripts are handed what
    /// they asked for.
    pub new: Option<NewAnalyzer>,
}

/// Makes the analyzer of a file.
pub type NewAnalyzer = fn(&Config) -> Box<dyn FileAnalyzer>;

/// An analyzer of one file.
pub trait FileAnalyzer: Send {
    /// The next bytes, in order.
    fn data(&mut self, link: &mut FileLink<'_, '_>, bytes: &[u8]);

    /// Bytes that are missing before the next.
    fn gap(&mut self, _link: &mut FileLink<'_, '_>, _len: u64) {}

    /// Nothing more comes. `complete`: nothing of the file was missed.
    fn done(&mut self, _link: &mut FileLink<'_, '_>, _complete: bool) {}
}

/// The content of a file for an analyzer that reads it at its end; a file of more than `MAX` bytes is not kept.
#[derive(Default)]
pub struct Whole<const MAX: usize> {
    bytes: Vec<u8>,
    too_long: bool,
}

impl<const MAX: usize> Whole<MAX> {
    pub fn add(&mut self, bytes: &[u8]) {
        self.too_long |= self.bytes.len() + bytes.len() > MAX;
        if self.too_long {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// All of it; none where some is missing, or it is too long.
    pub fn get(&self, complete: bool) -> Option<&[u8]> {
        (complete && !self.too_long).then_some(&*self.bytes)
    }
}

/// What an analyzer of a file has at hand while it is called.
pub struct FileLink<'a, 'c> {
    pub cx: &'a mut Cx<'c>,
    pub flow: &'a mut Flow,
    pub(super) carrier: &'a dyn Carrier,
    pub(super) open: &'a Open,
}

impl FileLink<'_, '_> {
    /// Raises an event about the file, where a script handles it.
    pub fn raise<E: Event>(&mut self, event: &E) {
        events::raise(self.cx, self.flow, self.carrier, self.open, event);
    }

    pub fn fuid(&self) -> Uid {
        self.open.fuid
    }

    /// When it began.
    pub fn began(&self) -> Time {
        Time::from_nanos(self.open.life.first())
    }

    /// Whether the connection's originator sent it.
    pub fn is_orig(&self) -> bool {
        self.open.about.is_orig
    }

    /// The protocol that carries it, as files.log names it.
    pub fn source(&self) -> &'static str {
        self.open.about.source
    }

    pub fn mime_type(&self) -> Option<&'static str> {
        self.open.file.mime_type()
    }
}

/// An analyzer that is set on a file.
pub(super) struct Running {
    analyzer: Box<dyn FileAnalyzer>,
}

/// Everything that can be set on files.
pub fn file_analyzers() -> impl Iterator<Item = &'static FileSpec> {
    protocols().iter().flat_map(|protocol| protocol.file_analyzers.iter().copied())
}

/// What is set on files of a type.
pub fn analyzers_of_type(mime_type: &str) -> &'static [&'static FileSpec] {
    type ByType = HashMap<&'static str, Vec<&'static FileSpec>, RandomState>;
    // Each file is asked for, some more than once.
    static BY_TYPE: LazyLock<ByType> = LazyLock::new(|| {
        let mut by_type = ByType::default();
        for spec in file_analyzers() {
            for of in spec.mime_types {
                by_type.entry(*of).or_default().push(spec);
            }
        }
        by_type
    });
    BY_TYPE.get(mime_type).map_or(&[], |specs| specs)
}

/// Of which types content is kept until what reads it is set on it.
pub(super) fn kept_types(config: &Config) -> fn(&str) -> bool {
    match config.analyzers.as_deref() {
        Some(scripts) if !scripts.file_types.is_empty() => |_| true,
        _ => |mime_type| analyzers_of_type(mime_type).iter().any(|spec| spec.new.is_some()),
    }
}

/// What is set on files of a type, with what scripts have to say in it.
pub(super) fn set_on(config: &Config, mime_type: &str) -> SmallVec<[&'static FileSpec; 2]> {
    let own = analyzers_of_type(mime_type).iter().copied();
    let Some(scripts) = config.analyzers.as_deref() else { return own.collect() };
    let registered = scripts.file_types.get(mime_type).into_iter().flatten();
    let registered = registered.filter_map(|name| file_analyzers().find(|spec| spec.name == name));
    // What no worker reads scripts are to add for themselves.
    let mut all: SmallVec<[_; 2]> = own.chain(registered.filter(|spec| spec.new.is_some())).collect();
    all.sort_by_key(|spec| spec.name);
    all.dedup_by_key(|spec| spec.name);
    all.retain(|spec| !scripts.disabled.contains(spec.name));
    all
}

/// Starts what reads files of a type.
pub(super) fn start(config: &Config, mime_type: &str) -> Vec<Running> {
    let makers = set_on(config, mime_type).into_iter().filter_map(|spec| spec.new);
    makers.map(|new| Running { analyzer: new(config) }).collect()
}

/// Hands on what has passed of a file, of which `from` bytes had passed before, and its end.
pub(super) fn pass(cx: &mut FileCx<'_, '_>, open: &mut Open, content: &Content, ended: bool) {
    let mut running = std::mem::take(&mut open.running);
    let mut at = open.passed;
    let complete = open.file.missing_bytes() == 0;
    let end = if ended { open.file.seen_bytes() + open.file.missing_bytes() } else { 0 };
    for Running { analyzer } in &mut running {
        at = open.passed;
        let link = &mut FileLink { cx: cx.cx, flow: cx.flow, carrier: cx.carrier, open };
        for (offset, piece) in content.pieces() {
            if offset > at {
                analyzer.gap(link, offset - at);
            }
            analyzer.data(link, piece);
            at = offset + piece.len() as u64;
        }
        if ended {
            if end > at {
                analyzer.gap(link, end - at);
            }
            analyzer.done(link, complete);
        }
    }
    open.passed = at;
    open.running = running;
}

#[cfg(test)]
mod tests {
    use super::Whole;

    #[test]
    fn a_file_that_is_too_long_is_none_whatever_follows() {
        let mut whole = Whole::<4>::default();
        whole.add(b"abc");
        whole.add(b"d");
        assert_eq!(whole.get(true), Some(&b"abcd"[..]));
        assert_eq!(whole.get(false), None);
        let mut whole = Whole::<4>::default();
        for bytes in [&b"abc"[..], b"de", b"f", b""] {
            whole.add(bytes);
        }
        assert_eq!(whole.get(true), None);
        assert!(whole.bytes.is_empty());
    }
}
