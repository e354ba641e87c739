//! OCSP responses: ocsp.log, and what scripts hear of them.

pub mod events;
mod record;

use nightjar_protocols::x509::OcspResponse;

use crate::analyze::files::{FileAnalyzer, FileLink, FileSpec};
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
    der: Vec<u8>,
}

impl FileAnalyzer for Reader {
    fn data(&mut self, _: &mut FileLink<'_, '_>, bytes: &[u8]) {
        if self.der.len() + bytes.len() <= MAX_DER {
            self.der.extend_from_slice(bytes);
        }
    }

    fn done(&mut self, link: &mut FileLink<'_, '_>, complete: bool) {
        let Some(response) = complete.then(|| OcspResponse::parse(&self.der)).flatten() else { return };
        link.raise(&events::Status { f: File, status: response.status });
        let (now, uid) = (link.cx.now, link.fuid());
        for (nth, answer) in (0..).zip(&response.answers) {
            link.raise(&events::Answered::of(answer));
            link.cx.bus.log(&record::of(now, uid, answer), Owner { uid, nth });
        }
    }
}
