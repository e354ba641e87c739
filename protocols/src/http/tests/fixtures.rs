//! Streams, what they must tell, and the checks every stream has to pass.

use std::fmt::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

pub use crate::http::invariants::{Event, Recorder, Step, run};
use crate::http::log::Row;
use crate::http::{Limits, Source};

pub fn orig(data: &[u8]) -> Step<'_> {
    Step::Data(true, data)
}

pub fn resp(data: &[u8]) -> Step<'_> {
    Step::Data(false, data)
}

/// Runs the steps whole and cut after every 1, 2, 3 and 7 bytes, and gives the events, which must
/// be the same.
pub fn events(steps: &[Step<'_>]) -> Recorder {
    let whole = run(steps.iter().copied(), usize::MAX, Limits::default());
    for piece in [1, 2, 3, 7] {
        let cut = run(steps.iter().copied(), piece, Limits::default());
        if !whole.depends_on_cut {
            assert_eq!(format!("{:#?}", cut.events), format!("{:#?}", whole.events), "cut into {piece}");
        }
    }
    whole
}

impl Recorder {
    pub fn weirds(&self) -> Vec<(&'static str, String)> {
        let weirds = self.events.iter().filter_map(|event| match event {
            Event::Weird(name, addl, _) => Some((*name, addl.escape_ascii().to_string())),
            _ => None,
        });
        weirds.collect()
    }

    pub fn weird_names(&self) -> Vec<&'static str> {
        self.weirds().into_iter().map(|(name, _)| name).collect()
    }

    pub fn sources(&self) -> Vec<Source> {
        self.events
            .iter()
            .filter_map(|e| if let Event::Weird(_, _, source) = e { Some(*source) } else { None })
            .collect()
    }

    /// The content of each entity of a direction, in order of their first bytes.
    pub fn contents(&self, from_orig: bool) -> Vec<Vec<u8>> {
        let mut found: Vec<(crate::http::EntityId, Vec<u8>)> = Vec::new();
        for event in &self.events {
            if let Event::Content { is_orig, entity, data, .. } = event
                && *is_orig == from_orig
            {
                match found.iter_mut().find(|(id, _)| id == entity) {
                    Some((_, all)) => all.extend_from_slice(data),
                    None => found.push((*entity, data.clone())),
                }
            }
        }
        found.into_iter().map(|(_, data)| data).collect()
    }

    pub fn passed_on(&self, from_orig: bool) -> Vec<u8> {
        let passed = self.events.iter().filter_map(|event| match event {
            Event::PassedOn(is_orig, data) if *is_orig == from_orig => Some(data.as_slice()),
            _ => None,
        });
        passed.collect::<Vec<_>>().concat()
    }

    pub fn has_text(&self, part: &str) -> bool {
        self.events.iter().any(|event| matches!(event, Event::Text(text) if text.contains(part)))
    }

    pub fn rows(&self) -> Vec<&Row> {
        self.events
            .iter()
            .filter_map(|e| if let Event::Row(row) = e { Some(row.as_ref()) } else { None })
            .collect()
    }

    /// One line per row: depth, method, URI, status, lengths.
    pub fn summary(&self) -> String {
        let mut out = String::new();
        for row in self.rows() {
            let text = |span| row.get(span).map_or("-".to_owned(), |text| text.escape_ascii().to_string());
            let code = row.status_code.map_or("-".to_owned(), |code| code.to_string());
            let (sent, received) = (row.request_body_len, row.response_body_len);
            let _ = writeln!(
                out,
                "{} {} {} {code} {sent} {received}",
                row.trans_depth,
                text(row.method),
                text(row.uri)
            );
        }
        out.trim_end().to_owned()
    }
}

fn compressed(data: &[u8], encode: impl FnOnce(Vec<u8>, &[u8]) -> std::io::Result<Vec<u8>>) -> Vec<u8> {
    encode(Vec::new(), data).unwrap()
}

pub fn gzip(data: &[u8]) -> Vec<u8> {
    compressed(data, |out, data| {
        let mut encoder = GzEncoder::new(out, Compression::best());
        std::io::Write::write_all(&mut encoder, data)?;
        encoder.finish()
    })
}

pub fn zlib(data: &[u8]) -> Vec<u8> {
    compressed(data, |out, data| {
        let mut encoder = ZlibEncoder::new(out, Compression::best());
        std::io::Write::write_all(&mut encoder, data)?;
        encoder.finish()
    })
}

pub fn raw_deflate(data: &[u8]) -> Vec<u8> {
    compressed(data, |out, data| {
        let mut encoder = DeflateEncoder::new(out, Compression::best());
        std::io::Write::write_all(&mut encoder, data)?;
        encoder.finish()
    })
}

/// A head and a body as one stream.
pub fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
    [head.as_bytes(), body].concat()
}
