//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Heard {
    established: bool,
    /// Bytes of all that was told, so that what lists hold is looked at.
    bytes: usize,
    info: Info,
    /// Encrypted records are told whole, and decrypted with secrets that fit none.
    decryption: Option<Decryption>,
    records: usize,
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

    fn wants_records(&self) -> bool {
        self.decryption.is_some()
    }

    fn record(&mut self, _: bool, is_client: bool, header: [u8; 5], body: &[u8]) {
        assert_eq!(body.len(), usize::from(u16::from_be_bytes([header[3], header[4]])));
        self.records += body.len();
        let Some(decryption) = &mut self.decryption else { return };
        let suite = [0x1301, 0x1303, 0xc030, 0xcca8].get(body.len() % 4).copied().unwrap_or(0);
        decryption.server_hello(self.info.version.unwrap_or(0x0303), suite, &[7; RANDOM]);
        assert!(decryption.record(is_client, header, body, &mut Vec::new()).is_none());
    }

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
    let secrets = KeyLog::parse(data).get(&[7; RANDOM]).cloned().unwrap_or(Secrets {
        master: Some([1; 48]),
        handshake: [Some(vec![2; 32]), Some(vec![3; 32])],
        traffic: [Some(vec![4; 48]), None],
    });
    let decryption = Some(Decryption::new([7; RANDOM], secrets));
    let (mut kept, mut heard_kept) = (Session::new(limits), Heard { decryption, ..Heard::default() });
    let dtls_limits = DtlsLimits { message: 4096, fragments: 8, ..DtlsLimits::default() };
    let (mut dtls, mut heard_dtls) = (DtlsSession::new(dtls_limits), Heard::default());
    let mut rest = data;
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        if control >> 1 == 0 {
            session.flip();
            kept.flip();
            dtls.flip();
        }
        session.data(is_orig, piece, &mut heard);
        kept.data(is_orig, piece, &mut heard_kept);
        dtls.datagram(is_orig, piece, &mut heard_dtls);
        rest = left;
        // A record's length has two bytes.
        assert!(session.buffered() <= 2 * (5 + 65_535) + 2 * limits.message);
        assert!(dtls.buffered() <= 2 * dtls_limits.message);
    }
    assert!(!heard.established || session.is_established());
    assert!(heard.bytes <= 8 * data.len() + 8);
    assert!(heard_kept.records <= data.len());
    assert_eq!(heard.info.history, heard_kept.info.history, "the same is heard of what is not encrypted");
    for bytes in [data, data.get(1..).unwrap_or_default()] {
        // What matches goes on matching.
        for probe in [probe_client, probe_server, probe_dtls_client] {
            assert!(Probe::is_steady(probe, bytes));
        }
    }
}
