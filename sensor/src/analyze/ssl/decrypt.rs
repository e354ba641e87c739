//! What is inside a connection whose secrets the key log has (`SSL::keylog_file`).

use nightjar_protocols::tls::{ClientHello, Decryption, Info, RANDOM, TlsEvent, content};

use crate::analyze::{Child, Link};
use crate::flow::Dir;

/// A connection whose secrets are known.
pub struct Decrypting {
    decryption: Decryption,
    /// Who reads it; none before anything came.
    inner: Option<Inner>,
    /// Where records are decrypted.
    buffer: Vec<u8>,
}

enum Inner {
    Child(Child),
    /// Too much is nested.
    Nobody,
}

impl Decrypting {
    /// Of a connection whose client has said this, if its secrets are known.
    pub fn begin(link: &Link<'_, '_>, hello: &ClientHello<'_>) -> Option<Box<Decrypting>> {
        let log = link.cx.config.protocols.ssl.keylog.as_ref()?;
        let mut random = [0; RANDOM];
        let (time, rest) = random.split_at_mut(4);
        time.copy_from_slice(&hello.time.to_be_bytes());
        rest.get_mut(..hello.random.len())?.copy_from_slice(hello.random);
        let secrets = log.get(&random)?.clone();
        Some(Box::new(Decrypting {
            decryption: Decryption::new(random, secrets),
            inner: None,
            buffer: Vec::new(),
        }))
    }

    /// Takes note of what the server chose, which `info` has heard of already.
    pub fn hear(&mut self, info: &Info, what: &TlsEvent<'_>) {
        if let (TlsEvent::ServerHello(hello), Some(version)) = (what, info.version) {
            self.decryption.server_hello(version, hello.suite, hello.random);
        }
    }

    /// Whether anything can be decrypted.
    pub fn has_keys(&self) -> bool {
        self.decryption.has_keys()
    }

    /// An encrypted record: what it carries is read as a connection is.
    pub fn record(
        &mut self,
        link: &mut Link<'_, '_>,
        dir: Dir,
        is_client: bool,
        header: [u8; 5],
        body: &[u8],
    ) {
        let Some((kind, plain)) = self.decryption.record(is_client, header, body, &mut self.buffer) else {
            link.shared.of.ssl.counters.not_decrypted += 1;
            return;
        };
        if kind != content::APPLICATION_DATA || plain.is_empty() {
            return;
        }
        let inner = self.inner.get_or_insert_with(|| {
            link.shared.of.ssl.counters.decrypted += 1;
            link.hand_over(0).map_or(Inner::Nobody, Inner::Child)
        });
        if let Inner::Child(child) = inner {
            link.pass_on_to(*child, dir, plain);
        }
    }
}
