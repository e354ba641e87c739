//! A connection over TCP: messages with their lengths before them (RFC 4120 §7.2.2).

use super::{StreamHandler, read};
use crate::pending::{Pending, Step};

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message that is kept until it is whole. Stops lengths that never come; tickets with very many groups
    /// have some 64 kilobytes.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 1 << 20 }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    orig: Pending,
    resp: Pending,
    over: bool,
}

/// Bytes of a length.
const LENGTH: usize = 4;

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, orig: Pending::default(), resp: Pending::default(), over: false }
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl StreamHandler) {
        if self.over {
            return;
        }
        let most = self.limits.message;
        let side = if is_orig { &mut self.orig } else { &mut self.resp };
        side.feed(bytes, |rest| {
            let Some((length, rest)) = rest.split_first_chunk::<LENGTH>() else { return Step::NeedMore };
            let len = u32::from_be_bytes(*length);
            let whole = u64::from(len) + LENGTH as u64;
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            if len > most {
                handler.too_long();
                return Step::Took(whole);
            }
            let Some(message) = rest.get(..len) else { return Step::NeedMore };
            match read(message, handler) {
                Ok(()) => Step::Took(whole),
                Err(broken) => {
                    handler.violation(&broken.to_string());
                    Step::Discard
                }
            }
        });
    }

    /// Something is missing: as in Zeek nothing more is read.
    pub fn gap(&mut self) {
        self.over = true;
        self.orig.take();
        self.resp.take();
    }

    /// Originator and responder change places.
    pub fn flip(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.orig.len() + self.resp.len()
    }
}
