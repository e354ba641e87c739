//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::*;

/// Checks what is told.
#[derive(Default)]
struct Told {
    /// Whether all is encrypted, and whether by TLS.
    encrypted: Option<bool>,
}

impl Told {
    fn plain(&self) {
        assert!(self.encrypted != Some(true), "nothing is read of what is TLS");
    }
}

impl Handler for Told {
    fn connect_request(&mut self, cookie: &[u8]) {
        self.plain();
        assert!(!cookie.contains(&b'\r'));
    }

    fn negotiation_response(&mut self, _: u32) {}

    fn negotiation_failure(&mut self, _: u32) {
        self.plain();
    }

    fn client_core(&mut self, core: &ClientCore<'_>) {
        self.plain();
        assert_eq!((core.client_name.len(), core.dig_product_id.len()), (32, 64));
    }

    fn client_security(&mut self, _: ClientSecurity) {
        self.plain();
    }

    fn client_network(&mut self, channels: &[Channel<'_>]) {
        self.plain();
        assert!(channels.len() <= MOST / 12);
    }

    fn client_cluster(&mut self, _: ClientCluster) {
        self.plain();
    }

    fn server_response(&mut self, _: u8) {
        self.plain();
    }

    fn certificate(&mut self, der: &[u8]) {
        assert!(der.len() <= MOST);
    }

    fn server_certificate(&mut self, kind: u32, _: bool) {
        assert!(kind == 1 || kind == 2);
    }

    fn encrypted(&mut self, protocol: u32) {
        self.encrypted = Some(protocol > 0);
    }

    fn server_security(&mut self, _: u32, _: u32) {}

    fn native(&mut self, _: bool, _: usize) {
        assert_eq!(self.encrypted, Some(false));
    }

    fn inside(&mut self, _: bool, _: &[u8]) {
        assert_eq!(self.encrypted, Some(true));
    }

    fn violation(&mut self, reason: &str) {
        assert!(!reason.is_empty() && reason.len() < 600);
    }
}

impl eudp::Handler for Told {
    fn syn(&mut self) {}

    fn synack(&mut self) {}

    fn established(&mut self, version: u64) {
        assert!(version == 1 || version == 2);
    }

    fn data(&mut self, _: bool, _: u64, _: &[u8]) {}
}

/// Reads `data` as pieces of both directions: a byte says whose the next piece is and how long. The same pieces are also
/// read as datagrams.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let (mut session, mut datagrams) = (Session::default(), eudp::Session::default());
    let (mut told, mut rest) = (Told::default(), data);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 1).min(after.len()));
        match control {
            0 => session.gap(),
            _ => session.data(is_orig, piece, &mut told),
        }
        let _ = datagrams.datagram(is_orig, piece, &mut Told::default());
        rest = left;
        assert!(session.buffered() <= 2 * MOST);
    }
    assert!(Probe::is_steady(probe_client, data) && Probe::is_steady(probe_server, data));
}
