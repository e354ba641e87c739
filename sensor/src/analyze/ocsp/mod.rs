//! OCSP requests and responses: ocsp.log, and what scripts hear of them.

pub mod events;
mod record;

use nightjar_protocols::x509::{Extension, OcspRequest, OcspResponse};

use crate::analyze::files::{FileAnalyzer, FileLink, FileSpec, Whole};
use crate::analyze::ocsp::record::OcspRow;
use crate::analyze::x509::events::{ExtensionOf, TimestampSeen};
use crate::analyze::{LogDecl, Protocol};
use crate::config::Config;
use crate::event::{File, Owner};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    file_analyzers: &[
        &FileSpec { name: "OCSP_REPLY", mime_types: &["application/ocsp-response"], new: Some(new) },
        &FileSpec { name: "OCSP_REQUEST", mime_types: &[], new: Some(new_request) },
    ],
    events: events::EVENTS,
    logs: &[LogDecl { schema: OcspRow::SCHEMA, info: "OCSP::Info", holder: None, event: Some("log_ocsp") }],
    ..Protocol::NOTHING
};

/// A file that is longer is none.
const MAX_DER: usize = 256 << 10;

fn new(_: &Config) -> Box<dyn FileAnalyzer> {
    Box::new(Reader::default())
}

fn new_request(_: &Config) -> Box<dyn FileAnalyzer> {
    Box::new(RequestReader::default())
}

/// Reads a request, whatever carries it.
#[derive(Default)]
struct RequestReader {
    der: Whole<MAX_DER>,
}

impl FileAnalyzer for RequestReader {
    fn data(&mut self, _: &mut FileLink<'_, '_>, bytes: &[u8]) {
        self.der.add(bytes);
    }

    fn done(&mut self, link: &mut FileLink<'_, '_>, complete: bool) {
        let Some(request) = self.der.get(complete).and_then(OcspRequest::parse) else { return };
        link.raise(&events::Request { f: File, version: 0 });
        for id in &request.certificates {
            link.raise(&events::Asked::of(id));
        }
    }
}

/// Reads a response, whatever carries it.
#[derive(Default)]
struct Reader {
    der: Whole<MAX_DER>,
}

impl FileAnalyzer for Reader {
    fn data(&mut self, _: &mut FileLink<'_, '_>, bytes: &[u8]) {
        self.der.add(bytes);
    }

    fn done(&mut self, link: &mut FileLink<'_, '_>, complete: bool) {
        let Some(response) = self.der.get(complete).and_then(OcspResponse::parse) else { return };
        link.raise(&events::Status { f: File, status: response.status });
        let (now, uid) = (link.cx.now, link.fuid());
        for (nth, answer) in (0..).zip(&response.answers) {
            link.raise(&events::Answered::of(answer));
            link.cx.bus.log(&record::of(now, uid, answer), Owner { uid, nth });
            tell(link, &answer.extensions, false);
        }
        if let Some(basic) = &response.basic {
            link.raise(&events::Answers::of(response.status, basic));
            tell(link, &basic.extensions, true);
        }
    }
}

/// Tells scripts of extensions.
fn tell(link: &mut FileLink<'_, '_>, extensions: &[Extension], global_resp: bool) {
    for extension in extensions {
        let ext = ExtensionOf::of(extension);
        link.raise(&events::ResponseExtension { f: File, ext, global_resp });
        for timestamp in extension.ocsp_timestamps() {
            link.raise(&TimestampSeen::of(&timestamp));
        }
    }
}
