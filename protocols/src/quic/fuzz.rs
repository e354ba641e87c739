//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test. [`initial`] makes
//! packets that can be decrypted, for tests.

use super::*;
use crate::quic::keys::Keys;

/// Letters of history that are kept.
const MAX_HISTORY: usize = 20;

/// Checks what is told.
#[derive(Default)]
struct Heard {
    info: Option<Info>,
    limit: usize,
    /// First messages, of the responder and the originator.
    hellos: [usize; 2],
    retries: usize,
}

impl Handler for Heard {
    fn packet(&mut self, is_orig: bool, header: &Header<'_>, packet: &Packet<'_>) {
        assert!(header.dcid.len() < 256 && header.scid.len() < 256);
        self.retries += usize::from(matches!(packet, Packet::Retry { .. }));
        let info = self.info.get_or_insert_with(|| Info::new(header));
        info.packet(is_orig, header, packet, MAX_HISTORY);
        assert!(info.history.len() <= MAX_HISTORY);
    }

    fn close(&mut self, is_orig: bool, _: &Header<'_>, error_code: u64, reason: &[u8]) {
        assert!(error_code < 1 << 62 && reason.len() < 1 << 16);
        self.info.as_mut().map(|info| info.close(is_orig, MAX_HISTORY));
    }

    fn hello(&mut self, is_orig: bool, message: &[u8]) {
        assert!((4..=self.limit).contains(&message.len()));
        let [resp, orig] = &mut self.hellos;
        *(if is_orig { orig } else { resp }) += 1;
        self.info.as_mut().map(|info| info.hello(is_orig, message, MAX_HISTORY, |_| {}));
    }

    fn confirmed(&mut self) {
        assert!(self.info.is_some(), "a packet was told before");
    }

    fn violation(&mut self, reason: &str) {
        assert!(!reason.is_empty() && reason.len() < 200, "{reason}");
    }
}

/// An Initial packet with these frames, as a side sends it to a connection whose keys follow from `keys_of`; empty where
/// the version has none.
pub fn initial(header: &Header<'_>, by_client: bool, keys_of: &[u8], number: u32, frames: &[u8]) -> Vec<u8> {
    let Header { version, dcid, scid } = *header;
    let Some(keys) = Keys::initial(version, keys_of, by_client) else { return Vec::new() };
    let kind = if version == version::V2 { 1 } else { 0 };
    let mut bytes = vec![0xc3 | kind << 4];
    bytes.extend(version.to_be_bytes());
    for id in [dcid, scid] {
        bytes.push(id.len() as u8);
        bytes.extend(id);
    }
    // No token; the length has four bytes: of the packet's number, what is in it, and what proves it.
    bytes.push(0);
    let len = 4 + frames.len() + 16;
    bytes.extend((len as u32 | 0x8000_0000).to_be_bytes());
    bytes.extend(number.to_be_bytes());
    keys.seal(&bytes, number, frames).unwrap_or_default()
}

/// Reads `data` as datagrams of both directions: a byte says whose the next is, how long, and whether it is what stands
/// on the wire or the frames of an Initial packet.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    let limits = Limits { message: 512, pieces: 8 };
    let mut session = Session::new(limits);
    let mut heard = Heard { limit: limits.message, ..Heard::default() };
    let (mut rest, mut number) = (data, 0);
    while let Some((control, after)) = rest.split_first() {
        let is_orig = control & 1 == 1;
        let (piece, left) = after.split_at(usize::from(control >> 2).min(after.len()));
        if control & 2 == 0 {
            session.datagram(is_orig, piece, &mut heard);
        } else {
            let id = [1, 2, 3, 4];
            let header = Header { version: version::V1, dcid: &id, scid: &id };
            session.datagram(is_orig, &initial(&header, is_orig, &id, number, piece), &mut heard);
            number += 1;
        }
        rest = left;
        assert!(session.buffered() <= 2 * (limits.message + 4));
        assert!(
            heard.hellos.iter().all(|hellos| *hellos <= heard.retries + 1),
            "once, and again after a Retry"
        );
    }
    assert!(Probe::is_steady(probe, data));
}
