//! Certificates: x509.log, and what scripts hear of them.
//!
//! A certificate is a file as in Zeek, but where nobody wants to know of files it costs a digest, and reading it the
//! first time that a worker sees it.

pub mod events;
mod record;

use std::collections::HashMap;
use std::sync::Arc;

use nightjar_protocols::x509::{Certificate, Fingerprint, TIMESTAMPS, fingerprint};

use crate::analyze::files::{self, FileAnalyzer, FileLink, FileSpec, Whole};
use crate::analyze::x509::record::{Where, X509Row};
use crate::analyze::{Link, LogDecl, Protocol};
use crate::config::Config;
use crate::event::{File, Owner};
use crate::flow::Cx;
use crate::record::{Record, Uid};

pub type Worker = Cache;

pub const PROTOCOL: Protocol = Protocol {
    file_analyzers: &[&FileSpec { name: "X509", mime_types: MIME_TYPES, new: Some(new) }],
    events: events::EVENTS,
    logs: &[LogDecl { schema: X509Row::SCHEMA, info: "X509::Info", holder: None, event: Some("log_x509") }],
    script: Some(include_str!("x509.zeek")),
    ..Protocol::NOTHING
};

/// Certificates that a worker has read, so that it need not read them again.
#[derive(Default)]
pub struct Cache {
    /// Those used since the older ones were, and the older ones; none where it could not be read.
    recent: HashMap<Fingerprint, Option<Arc<Certificate>>>,
    older: HashMap<Fingerprint, Option<Arc<Certificate>>>,
}

impl crate::analyze::Worker for Cache {
    type Counters = ();

    fn counters(&self) {}
}

/// So many are kept in each half of the cache, some kilobytes each. Stops certificates that are all different.
const MAX_CACHED: usize = 2048;
/// A larger one is read every time.
const MAX_CACHED_DER: usize = 16 << 10;

/// A file that is longer is none.
const MAX_DER: usize = 256 << 10;

/// The first of a chain, those that follow, and what other protocols carry.
const MIME_TYPES: &[&str] = &[HOST, "application/x-x509-ca-cert", "application/pkix-cert"];
const HOST: &str = "application/x-x509-user-cert";

/// Extensions that have events of their own.
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const ALT_NAMES: &str = "2.5.29.17";

/// A certificate that was found.
#[derive(Clone)]
pub(super) struct Seen {
    pub fingerprint: Fingerprint,
    pub certificate: Arc<Certificate>,
}

impl Cache {
    /// Reads a certificate. None where it cannot be.
    pub(super) fn read(&mut self, der: &[u8]) -> Option<Seen> {
        let fingerprint = fingerprint(der);
        if let Some(known) = self.recent.get(&fingerprint) {
            return known.clone().map(|certificate| Seen { fingerprint, certificate });
        }
        let read = match self.older.remove(&fingerprint) {
            Some(known) => known,
            None => Certificate::parse(der).map(Arc::new),
        };
        if der.len() <= MAX_CACHED_DER {
            if self.recent.len() >= MAX_CACHED {
                self.older = std::mem::take(&mut self.recent);
            }
            self.recent.insert(fingerprint, read.clone());
        }
        read.map(|certificate| Seen { fingerprint, certificate })
    }
}

/// Whether files of a type are certificates.
pub(super) fn is_certificate(mime_type: &str) -> bool {
    MIME_TYPES.contains(&mime_type)
}

/// The type of a certificate by its place in its chain.
pub(super) fn mime_type(nth: usize) -> &'static str {
    if nth == 0 { HOST } else { "application/x-x509-ca-cert" }
}

/// Whether somebody wants to know of certificates as files.
pub(super) fn are_files(cx: &Cx<'_>) -> bool {
    let of_certificates = || events::ALL.iter().any(|id| cx.bus.wants(*id));
    cx.config.protocols.x509.files_log || files::are_wanted(cx) || of_certificates()
}

/// Reads a certificate that a connection carries, and logs it, unless it is a file as well: then that is logged.
pub(super) fn carried(
    link: &mut Link<'_, '_>,
    der: &[u8],
    host_cert: bool,
    client_cert: bool,
) -> Option<Seen> {
    let Link { cx, shared, .. } = &mut *link;
    let found = shared.of.x509.read(der)?;
    if !are_files(cx) {
        log(cx, &found, host_cert, client_cert);
    }
    Some(found)
}

/// A fingerprint as logs show it.
pub(super) fn shown(fingerprint: &Fingerprint) -> String {
    fingerprint.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the row of a certificate, unless it was written before.
fn log(cx: &mut Cx<'_>, seen: &Seen, host_cert: bool, client_cert: bool) {
    let fingerprint = shown(&seen.fingerprint);
    let place = Where { ts: cx.now, fingerprint: &fingerprint, host_cert, client_cert };
    // Two bits of the digest give way to how it was sent.
    let (half, _) = seen.fingerprint.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    let key = u128::from_be_bytes(*half) >> 2 << 2 | u128::from(host_cert) << 1 | u128::from(client_cert);
    let (again_after, most) = (cx.config.protocols.x509.relog_after, cx.config.protocols.x509.max_known);
    let owner = Owner { uid: Uid::NONE, nth: 0 };
    record::with(&seen.certificate, place, |row| cx.bus.log_once(row, owner, key, again_after, most));
}

fn new(_: &Config) -> Box<dyn FileAnalyzer> {
    Box::new(Reader::default())
}

/// Reads a certificate that is a file.
#[derive(Default)]
struct Reader {
    der: Whole<MAX_DER>,
}

impl FileAnalyzer for Reader {
    fn data(&mut self, _: &mut FileLink<'_, '_>, bytes: &[u8]) {
        self.der.add(bytes);
    }

    fn done(&mut self, link: &mut FileLink<'_, '_>, complete: bool) {
        let Some(der) = self.der.get(complete) else { return };
        let Some(read) = Certificate::parse(der) else { return };
        tell(link, der, &read);
        let seen = Seen { fingerprint: fingerprint(der), certificate: Arc::new(read) };
        log(link.cx, &seen, link.mime_type() == Some(HOST), link.is_orig());
    }
}

/// Raises the events of a certificate.
fn tell(link: &mut FileLink<'_, '_>, der: &[u8], certificate: &Certificate) {
    use events as e;
    let f = File;
    link.raise(&e::CertificateSeen { f, cert_ref: e::Der(der), cert: e::Parsed::of(certificate) });
    for extension in &certificate.extensions {
        link.raise(&e::ExtensionSeen { f, ext: e::ExtensionOf::of(extension) });
        match (&extension.oid[..], &certificate.basic_constraints, &certificate.alt_names) {
            (BASIC_CONSTRAINTS, Some(constraints), _) => {
                link.raise(&e::ConstraintsSeen { f, ext: e::Constraints::of(*constraints) });
            }
            (ALT_NAMES, _, Some(names)) => link.raise(&e::AltNamesSeen { f, ext: e::Names::of(names) }),
            (TIMESTAMPS, ..) => {
                for timestamp in certificate.timestamps() {
                    link.raise(&e::TimestampSeen::of(&timestamp));
                }
            }
            _ => {}
        }
    }
}
