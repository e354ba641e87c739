//! What signatures look at.

use nightjar_protocols::http::Header;

use crate::analyze::http::Hears;
use crate::analyze::signatures::Text;
use crate::flow::Dir;
use crate::signature::Kind;

/// What signatures have looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct Looked {
    /// Some of the entity.
    entity: bool,
    /// Some of the message.
    message: bool,
}

impl Hears<'_, '_, '_> {
    /// An entity begins.
    pub(super) fn match_entity(&mut self, is_orig: bool) {
        self.log.looked[usize::from(!is_orig)].entity = false;
    }

    /// A header, as `NAME: value`.
    pub(super) fn match_header(&mut self, is_orig: bool, header: &Header<'_>) {
        let (kind, dir) = match is_orig {
            true => (Kind::HttpRequestHeader, Dir::Orig),
            false => (Kind::HttpReplyHeader, Dir::Resp),
        };
        if self.link.shared.of.signatures.looks_at(kind) {
            let line = [header.name, b": ", header.value].concat();
            self.link.text(&Text::whole(kind, dir, &line));
        }
    }

    /// Some of an entity's content.
    pub(super) fn match_content(&mut self, is_orig: bool, data: &[u8]) {
        let kind = if is_orig { Kind::HttpRequestBody } else { Kind::HttpReplyBody };
        if self.link.shared.of.signatures.looks_at(kind) {
            let looked = &mut self.log.looked[usize::from(!is_orig)];
            let first = !looked.entity;
            *looked = Looked { entity: true, message: true };
            self.match_body(is_orig, data, first, false);
        }
    }

    /// A message has ended, which for patterns is where its last entity does, as in Zeek.
    pub(super) fn match_end(&mut self, is_orig: bool) {
        let looked = &mut self.log.looked[usize::from(!is_orig)];
        if std::mem::take(looked).message {
            self.match_body(is_orig, &[], false, true);
        }
    }

    fn match_body(&mut self, is_orig: bool, data: &[u8], first: bool, last: bool) {
        let (kind, dir) = match is_orig {
            true => (Kind::HttpRequestBody, Dir::Orig),
            false => (Kind::HttpReplyBody, Dir::Resp),
        };
        self.link.text(&Text { kind, dir, data, first, last });
    }
}
