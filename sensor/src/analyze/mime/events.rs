//! What scripts hear of the parts of mails, and headers as HTTP has them too.

use crate::event::{Arena, ArgType, Argument, Conn, Name, Numbered, Part, UpperCase, arg_records, events};

events! { [crate::analyze::first::mime]
    /// A mail, or a part of it, begins.
    pub struct BeginEntity: "mime_begin_entity" {
        c: Conn,
    }
    /// A header of the part that began last.
    pub struct OneHeader<'a>: "mime_one_header" {
        c: Conn,
        h: HeaderRecord<'a>,
    }
    /// All headers of that part.
    pub struct AllHeaders<'a>: "mime_all_headers" {
        c: Conn,
        hlist: HeaderList<'a>,
    }
    /// Some of a part's content, decoded; with `mime_segment_overlap_length` what came before it, too.
    pub struct SegmentData<'a>: "mime_segment_data" {
        c: Conn,
        length: u64,
        data: &'a [u8],
    }
    /// All of a part's content, decoded, up to a megabyte.
    pub struct EntityData<'a>: "mime_entity_data" {
        c: Conn,
        length: u64,
        data: &'a [u8],
    }
    /// The innermost part that had not ended has.
    pub struct EndEntity: "mime_end_entity" {
        c: Conn,
    }
    /// The content of all parts of a mail, decoded, up to a megabyte.
    pub struct AllData<'a>: "mime_all_data" {
        c: Conn,
        length: u64,
        data: &'a [u8],
    }
    /// The MD5 of the content of all parts of a mail.
    pub struct ContentHash<'a>: "mime_content_hash" {
        c: Conn,
        content_len: u64,
        hash_value: &'a [u8],
    }
    /// Something odd in a mail.
    pub struct Odd<'a>: "mime_event" {
        c: Conn,
        event_type: Name,
        detail: &'a str,
    }
}

arg_records! {
    /// A header.
    pub struct HeaderRecord<'a>: "mime_header_rec" {
        /// As it was on the wire.
        original_name: &'a [u8],
        /// In upper case.
        name: UpperCase<'a>,
        value: &'a [u8],
    }
}

/// The headers of a message, in their order.
#[derive(Clone, Copy, Debug)]
pub struct HeaderList<'a>(pub &'a [HeaderRecord<'a>]);

impl Argument for HeaderList<'_> {
    const TYPE: ArgType =
        ArgType::Alias("mime_header_list", &<Numbered<'_, HeaderRecord<'_>> as Argument>::TYPE);

    fn put(&self, arena: &mut Arena) -> Part {
        Numbered(self.0).put(arena)
    }
}

/// The headers of a message so far, for scripts that want them all at once: they may come in many packets.
#[derive(Default)]
pub struct Heads {
    text: Vec<u8>,
    /// Where each name, and the value behind it, ends.
    ends: Vec<(usize, usize)>,
}

/// More headers of one message are not kept.
const MAX_HEADERS: usize = 1_000;

impl Heads {
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        if self.ends.len() >= MAX_HEADERS {
            return;
        }
        self.text.extend_from_slice(name);
        let end_of_name = self.text.len();
        self.text.extend_from_slice(value);
        self.ends.push((end_of_name, self.text.len()));
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub fn records(&self) -> Vec<HeaderRecord<'_>> {
        let mut start = 0;
        let record = |&(end_of_name, end): &(usize, usize)| {
            let (name, value) = (&self.text[start..end_of_name], &self.text[end_of_name..end]);
            start = end;
            HeaderRecord { original_name: name, name: UpperCase(name), value }
        };
        self.ends.iter().map(record).collect()
    }
}
