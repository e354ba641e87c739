//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Heard {
    established: bool,
    /// Bytes of all that was told, so that what lists hold is looked at.
    bytes: usize,
    info: Info,
}

impl Handler for Heard {
    fn event(&mut self, is_client: bool, what: TlsEvent<'_>) {
        self.info.hear(is_client, &what);
        assert!(self.info.history.len() <= MAX_HISTORY);
        match what {
            TlsEvent::Established => assert!(!std::mem::replace(&mut self.established, true), "told once"),
            TlsEvent::ClientHello(hello) => hello.suites.for_each(|_| self.bytes += 2),
            TlsEvent::Alpn(names) => self.bytes += names.iter().map(<[u8]>::len).sum::<usize>(),
            TlsEvent::ServerNames(names) => {
                self.bytes += names.iter().map(|(_, name)| name.len()).sum::<usize>()
            }
            TlsEvent::ClientShares(groups) => self.bytes += groups.iter().count(),
            TlsEvent::PskOffer { identities, binders } => {
                self.bytes += identities.iter().count() + binders.iter().count();
            }
            TlsEvent::Timestamp { log_id, .. } => assert_eq!(log_id.len(), 32),
            TlsEvent::Handshake { len, .. } => assert!(len < 1 << 24),
            _ => {}
        }
    }

    fn confirmed(&mut self) {}

    fn violation(&mut self, reason: &str) {
        assert!(!reason.is_empty() && reason.len() < 200, "{reason}");
    }

    fn weird(&mut self, name: &'static str, addl: &str) {
        assert!(!name.is_empty() && addl.len() < 20);
    }
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long. As streams, and as
/// datagrams.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { message: 4096 };
    let (mut session, mut heard) = (Session::new(limits), Heard::default());
    let dtls_limits = DtlsLimits { message: 4096, fragments: 8, ..DtlsLimits::default() };
    let (mut dtls, mut heard_dtls) = (DtlsSession::new(dtls_limits), Heard::default());
    let mut rest = data;
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        if control >> 1 == 0 {
            session.flip();
            dtls.flip();
        }
        session.data(is_orig, piece, &mut heard);
        dtls.datagram(is_orig, piece, &mut heard_dtls);
        rest = left;
        // A record's length has two bytes.
        assert!(session.buffered() <= 2 * (5 + 65_535) + 2 * limits.message);
        assert!(dtls.buffered() <= 2 * dtls_limits.message);
    }
    assert!(!heard.established || session.is_established());
    assert!(heard.bytes <= 8 * data.len() + 8);
    for bytes in [data, data.get(1..).unwrap_or_default()] {
        // What matches goes on matching.
        for probe in [probe_client, probe_server, probe_dtls_client] {
            assert!(Probe::is_steady(probe, bytes));
        }
    }
}
