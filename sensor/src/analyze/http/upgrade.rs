//! What connections may be upgraded to (RFC 9110 §7.8), and what is told to its analyzer.

use nightjar_protocols::http::Header;
use nightjar_protocols::http::log::Row;

use crate::analyze::{Opening, OpeningHeader};

/// A protocol, the analyzer of it (`HTTP::upgrade_analyzers`), and what the headers begin with that are its.
const UPGRADES: &[(&[u8], &str, &[u8])] = &[(b"websocket", "WEBSOCKET", b"sec-websocket-")];

/// Bytes of headers that are kept. Servers take no longer heads.
const MAX_KEPT: usize = 16 << 10;

/// The analyzer of what a connection is upgraded to.
pub fn analyzer(to: &[u8]) -> Option<&'static str> {
    UPGRADES.iter().find(|(token, ..)| to.eq_ignore_ascii_case(token)).map(|(_, analyzer, _)| *analyzer)
}

/// The headers of a connection that are of something that it may be upgraded to.
#[derive(Default)]
pub struct Kept(Vec<OpeningHeader>);

impl Kept {
    /// Keeps a header, if it is one. False where there is no room.
    #[inline]
    pub fn header(&mut self, is_orig: bool, header: &Header<'_>) -> bool {
        let concerns = |prefix: &[u8]| {
            header.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        !UPGRADES.iter().any(|(.., prefix)| concerns(prefix)) || self.keep(is_orig, header)
    }

    #[cold]
    fn keep(&mut self, is_orig: bool, header: &Header<'_>) -> bool {
        let bytes = self.bytes() + header.name.len() + header.value.len();
        let fits = bytes <= MAX_KEPT;
        if fits {
            self.0.push(OpeningHeader { is_orig, name: header.name.into(), value: header.value.into() });
        }
        fits
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|said| said.name.len() + said.value.len()).sum()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What an analyzer is told of the exchange that led to it.
    pub fn opening(&mut self, row: Option<&Row>) -> Box<Opening> {
        let text = |span: fn(&Row) -> Option<&[u8]>| row.and_then(span).map(Box::from);
        Box::new(Opening {
            host: text(|row| row.get(row.host)),
            uri: text(|row| row.get(row.uri)),
            user_agent: text(|row| row.get(row.user_agent)),
            headers: std::mem::take(&mut self.0),
            ..Opening::default()
        })
    }
}
