//! The analyzer of protocols of which no more is read than how they become TLS.

use nightjar_protocols::starttls::{Handler, Session as _};

use crate::analyze::{Analyzer, Link};
use crate::config::Config;
use crate::flow::{Dir, Flow};

/// Such a protocol, and its events.
pub trait Upgrade: Sized + Send + 'static {
    type Session: nightjar_protocols::starttls::Session + Send;

    /// TLS begins.
    fn starttls(link: &mut Link<'_, '_>);

    /// What the server can do.
    fn capabilities(_link: &mut Link<'_, '_>, _capabilities: &[&[u8]]) {}

    /// A login was answered.
    fn login(_link: &mut Link<'_, '_>, _mechanism: &[u8], _response: &[u8], _success: bool) {}
}

/// One connection.
pub struct Upgrading<U: Upgrade> {
    session: U::Session,
}

impl<U: Upgrade> Upgrading<U> {
    pub fn begin(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
        Box::new(Upgrading::<U> { session: U::Session::default() })
    }
}

impl<U: Upgrade> Analyzer for Upgrading<U> {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // From the middle on it is not known where anything begins.
        if !link.flow.is_partial() {
            self.session.data(dir.is_orig(), bytes, &mut Hears::<U> { link, of: std::marker::PhantomData });
        }
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        if self.session.is_tls() {
            link.pass_gap(dir, len);
        }
        self.session.gap();
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c, U> {
    link: &'h mut Link<'l, 'c>,
    of: std::marker::PhantomData<U>,
}

impl<U: Upgrade> Handler for Hears<'_, '_, '_, U> {
    fn capabilities(&mut self, capabilities: &[&[u8]]) {
        U::capabilities(self.link, capabilities);
    }

    fn login(&mut self, mechanism: &[u8], response: &[u8], success: bool) {
        U::login(self.link, mechanism, response, success);
    }

    fn starttls(&mut self) {
        self.link.start("SSL");
        U::starttls(self.link);
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        self.link.pass_on(if is_orig { Dir::Orig } else { Dir::Resp }, data);
    }

    fn weird(&mut self, name: &'static str) {
        self.link.weird(name, "");
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
