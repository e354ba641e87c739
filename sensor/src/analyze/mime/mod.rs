//! The parts of mails, whatever carries them: their events, and their contents as files.
//!
//! A protocol that carries mail keeps [`Parts`], says as [`Carries`] how its events are raised and its files named,
//! and passes on what [`nightjar_protocols::mime::mail`] tells it.

pub mod events;

use nightjar_protocols::mime::hash::ContentHash;
use nightjar_protocols::mime::mail::{Kind, Limits};

use crate::analyze::files::{About, FileCx, OpenFiles};
use crate::analyze::{Protocol, smtp};
use crate::config::Config;
use crate::event::{Conn, Event, EventId, Name, UpperCase};
use crate::record::Uid;
use events::{HeaderList, HeaderRecord, Heads};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    events: events::EVENTS,
    // Of a mail that another protocol carries nothing is shown.
    row: Some(smtp::SCHEMA),
    ..Protocol::NOTHING
};

/// So much of a part's content is gathered for scripts, and of a mail's.
const MAX_GATHERED: usize = 1 << 20;

/// What the limits of mails are.
pub fn limits(config: &Config) -> Limits {
    Limits { max_depth: config.protocols.http.mime_depth, ..Limits::default() }
}

/// What is known of the mail that a connection carries.
#[derive(Default)]
pub struct Parts {
    pub files: OpenFiles,
    /// The file that content belongs to, once there was any.
    current: Option<Uid>,
    /// Where in that file the next content stands.
    offset: u64,
    /// The headers so far, where a script wants them all at once.
    heads: Heads,
    /// What scripts are told of in the end. Ceiling: [`MAX_GATHERED`] each.
    entity: Vec<u8>,
    all: Vec<u8>,
    hash: Option<ContentHash>,
    /// The end of the content before.
    overlap: Vec<u8>,
}

impl Parts {
    /// Bytes held for scripts.
    pub fn held_bytes(&self) -> usize {
        self.entity.len() + self.all.len()
    }
}

/// The analyzer of a protocol that carries mail, while it is called.
pub trait Carries {
    fn config(&self) -> &Config;
    fn wants(&self, id: EventId) -> bool;
    /// Raises an event, with what the connection shows of the mail.
    fn raise<E: Event>(&mut self, event: &E);
    fn parts(&mut self) -> &mut Parts;
    /// Calls on the open files of [`parts`](Self::parts).
    fn with_files<T>(&mut self, what: impl FnOnce(&mut OpenFiles, &mut FileCx<'_, '_>) -> T) -> T;
    /// Names the file that the part is which began last.
    fn file(&mut self) -> (Uid, About);
}

pub fn begin_mail(to: &mut impl Carries) {
    let wanted = to.wants(events::ContentHash::ID);
    to.parts().hash = wanted.then(ContentHash::default);
}

pub fn begin_entity(to: &mut impl Carries) {
    let parts = to.parts();
    (parts.current, parts.offset) = (None, 0);
    parts.heads.clear();
    parts.overlap.clear();
    to.raise(&events::BeginEntity { c: Conn });
}

pub fn header(to: &mut impl Carries, name: &[u8], value: &[u8]) {
    let h = HeaderRecord { original_name: name, name: UpperCase(name), value };
    to.raise(&events::OneHeader { c: Conn, h });
    if to.wants(events::AllHeaders::ID) {
        to.parts().heads.add(name, value);
    }
}

pub fn headers_done(to: &mut impl Carries) {
    if to.wants(events::AllHeaders::ID) {
        let mut heads = std::mem::take(&mut to.parts().heads);
        to.raise(&events::AllHeaders { c: Conn, hlist: HeaderList(&heads.records()) });
        heads.clear();
        to.parts().heads = heads;
    }
}

pub fn content(to: &mut impl Carries, data: &[u8]) {
    if let Some(hash) = &mut to.parts().hash {
        hash.add(data);
    }
    let (of_entity, of_all) = (to.wants(events::EntityData::ID), to.wants(events::AllData::ID));
    let parts = to.parts();
    for (_, gathered) in
        [(of_entity, &mut parts.entity), (of_all, &mut parts.all)].into_iter().filter(|of| of.0)
    {
        let room = MAX_GATHERED.saturating_sub(gathered.len());
        gathered.extend_from_slice(data.get(..room).unwrap_or(data));
    }
    segments(to, data);
    let known = to.parts().current;
    let fuid = match known {
        Some(fuid) => fuid,
        None => {
            let (fuid, about) = to.file();
            to.with_files(|files, cx| files.begin(cx, fuid, about));
            to.parts().current = Some(fuid);
            fuid
        }
    };
    to.with_files(|files, cx| files.data(cx, fuid, data));
    to.parts().offset += data.len() as u64;
}

/// Tells of content in pieces of the size that `mime_segment_length` says, as Zeek does.
fn segments(to: &mut impl Carries, mut data: &[u8]) {
    if !to.wants(events::SegmentData::ID) {
        return;
    }
    let settings = &to.config().protocols.mime;
    let (overlap, most) = (settings.overlap, settings.segment.max(settings.overlap + 32));
    let mut piece = std::mem::take(&mut to.parts().overlap);
    while !data.is_empty() {
        let (now, later) = data.split_at(data.len().min(most - piece.len()));
        data = later;
        piece.extend_from_slice(now);
        to.raise(&events::SegmentData { c: Conn, length: piece.len() as u64, data: &piece });
        piece.drain(..piece.len().saturating_sub(overlap));
    }
    to.parts().overlap = piece;
}

/// So many bytes of the current part are missing.
pub fn gap(to: &mut impl Carries, len: u64) {
    let (known, offset) = (to.parts().current, to.parts().offset);
    if let Some(fuid) = known {
        to.with_files(|files, cx| files.gap(cx, fuid, offset, len));
    }
}

pub fn end_entity(to: &mut impl Carries) {
    if to.wants(events::EntityData::ID) {
        let mut entity = std::mem::take(&mut to.parts().entity);
        to.raise(&events::EntityData { c: Conn, length: entity.len() as u64, data: &entity });
        entity.clear();
        to.parts().entity = entity;
    }
    to.raise(&events::EndEntity { c: Conn });
    let known = to.parts().current.take();
    if let Some(fuid) = known {
        to.with_files(|files, cx| files.end(cx, fuid));
    }
}

pub fn end_mail(to: &mut impl Carries) {
    if to.wants(events::AllData::ID) {
        let all = std::mem::take(&mut to.parts().all);
        to.raise(&events::AllData { c: Conn, length: all.len() as u64, data: &all });
    }
    let hash = to.parts().hash.take();
    if let Some((content_len, hash_value)) = hash.map(ContentHash::finish) {
        to.raise(&events::ContentHash { c: Conn, content_len, hash_value: &hash_value });
    }
    to.parts().all = Vec::new();
}

pub fn flaw(to: &mut impl Carries, kind: Kind, detail: &str) {
    to.raise(&events::Odd { c: Conn, event_type: Name(kind.name()), detail });
}
