//! Logins, judged by the sizes of what the server sends once all is encrypted.
//!
//! After the key exchange the client asks for the authentication service, which the server accepts with a message of
//! known length (RFC 4253 §10). From then on every SSH_MSG_USERAUTH_FAILURE of the connection has the same size, and
//! SSH_MSG_USERAUTH_SUCCESS, a single byte, is 16 bytes shorter than the acceptance was. A banner (RFC 4252 §5.4) may
//! come before the first failure.

/// What a packet showed a login to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was refused.
    Failed,
    /// It was accepted.
    Succeeded {
        /// Nothing was asked for: the method `none` (RFC 4252 §5.2).
        by_none: bool,
    },
}

/// What was seen of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Logins {
    client_spoke: bool,
    /// The size of the service's acceptance, and of a failure; 0 before the first.
    acceptance: usize,
    failure: usize,
    banner_skipped: bool,
    decided: bool,
}

/// An acceptance is so much longer than a success, whatever the cipher pads to.
const SUCCESS_IS_SHORTER_BY: usize = 16;
/// What is longer than the acceptance by more than this, before the first failure, is a banner.
const BANNER_IS_LONGER_BY: usize = 256;

impl Logins {
    /// A side sent so many encrypted bytes, in one piece.
    pub fn encrypted(&mut self, is_orig: bool, len: usize) -> Option<Attempt> {
        if self.decided || is_orig || !self.client_spoke {
            self.client_spoke |= is_orig;
            return None;
        }
        let is_success = len + SUCCESS_IS_SHORTER_BY == self.acceptance;
        if self.acceptance == 0 {
            self.acceptance = len;
        } else if is_success {
            self.decided = true;
            return Some(Attempt::Succeeded { by_none: self.failure == 0 });
        } else if self.failure == 0 {
            if !self.banner_skipped && len > self.acceptance + BANNER_IS_LONGER_BY {
                self.banner_skipped = true;
            } else {
                self.failure = len;
            }
        } else if len == self.failure {
            return Some(Attempt::Failed);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts(sizes: &[usize]) -> Vec<Attempt> {
        let mut logins = Logins::default();
        logins.encrypted(true, 44);
        sizes.iter().filter_map(|size| logins.encrypted(false, *size)).collect()
    }

    #[test]
    fn sizes_tell_of_logins() {
        let (failed, succeeded) = (Attempt::Failed, Attempt::Succeeded { by_none: false });
        for (sizes, expected) in [
            (&[44, 60][..], vec![]),
            (&[44, 60, 60, 60, 28], vec![failed, failed, succeeded]),
            (&[44, 28], vec![Attempt::Succeeded { by_none: true }]),
            (&[44, 900, 60, 28], vec![succeeded]),
            (&[44, 60, 28, 60, 28], vec![succeeded]),
            (&[44, 60, 100, 60], vec![failed]),
        ] {
            assert_eq!(attempts(sizes), expected, "{sizes:?}");
        }
    }

    #[test]
    fn what_a_server_sends_before_the_client_is_not_looked_at() {
        let mut logins = Logins::default();
        assert_eq!(logins.encrypted(false, 44), None);
        assert_eq!(logins.encrypted(false, 28), None);
        logins.encrypted(true, 48);
        assert_eq!(
            [44, 28].map(|size| logins.encrypted(false, size))[1],
            Some(Attempt::Succeeded { by_none: true })
        );
    }
}
