//! OCSP responses: ocsp.log, and what scripts hear of them.

pub mod events;
mod record;

use nightjar_protocols::x509::OcspResponse;

use crate::analyze::files::{FileAnalyzer, FileLink, FileSpec, Whole};
use crate::analyze::ocsp::record::OcspRow;
use crate::analyze::{LogDecl, Protocol};
use crate::config::Config;
use crate::event::{File, Owner};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    file_analyzers: &[&FileSpec {
        name: "OCSP_REPLY",
        mime_types: &["application/ocsp-response"],
        new: Some(new),
    }],
    events: events::EVENTS,
    logs: &[LogDecl { schema: OcspRow::SCHEMA, info: "OCSP::Info", holder: None, event: Some("log_ocsp") }],
    ..Protocol::NOTHING
};

/// A file that is longer is none.
const MAX_DER: usize = 256 << 10;

fn new(_: &Config) -> Box<dyn FileAnalyzer> {
    Box::new(Reader::default())
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
        }
    }
}
