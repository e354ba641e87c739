//! Telnet's lines and options (RFC 854, 855, 1091, 1572, 2941, 2946).

use crate::login::Wrong;

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

/// Bytes of what an option says. Stops options that never end.
const MAX_SAID: usize = 4096;

/// Where in the stream a side is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    Iac,
    /// Behind one of the four words about an option.
    Word(u8),
    Said,
    SaidIac,
}

/// Options that are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opt {
    Binary,
    Terminal,
    Authenticate,
    Encrypt,
    Environ,
}

impl Opt {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            0 => Opt::Binary,
            24 => Opt::Terminal,
            37 => Opt::Authenticate,
            38 => Opt::Encrypt,
            39 => Opt::Environ,
            _ => return None,
        })
    }
}

/// What was said of an option.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    will: bool,
    wont: bool,
    asks: bool,
    refuses: bool,
    active: bool,
}

/// One side.
#[derive(Debug, Default)]
pub(super) struct Side {
    at: At,
    said: Vec<u8>,
    options: [Said; 5],
    asked_to_encrypt: bool,
    encrypts: bool,
    asked_who: bool,
    accepted: bool,
    name: Vec<u8>,
    binary: bool,
}

/// What options tell.
pub(super) trait Hears {
    fn wrong(&mut self, wrong: Wrong);
    fn terminal(&mut self, name: &[u8]);
    fn env(&mut self, name: &[u8], value: &[u8]);
    fn authenticated(&mut self, accepted: bool, name: &[u8]);
    fn encrypting(&mut self);
}

impl Side {
    /// All that it says from now on is encrypted.
    pub fn encrypts(&self) -> bool {
        self.encrypts
    }

    pub fn held(&self) -> usize {
        self.said.len() + self.name.len()
    }

    /// The text begins anew.
    pub fn lose(&mut self) {
        self.at = At::Text;
        self.said = Vec::new();
    }

    /// The next byte of this side; `peer` is the other one.
    pub fn next(&mut self, byte: u8, peer: &mut Side, hears: &mut impl Hears) -> Option<u8> {
        match self.at {
            At::Text if byte == IAC => self.at = At::Iac,
            At::Text => return Some(if self.binary { byte & 0x7f } else { byte }),
            At::Iac => match byte {
                IAC => {
                    self.at = At::Text;
                    return Some(IAC);
                }
                SB => self.at = At::Said,
                WILL..=DONT => self.at = At::Word(byte),
                _ => self.at = At::Text,
            },
            At::Word(word) => {
                self.at = At::Text;
                if let Some(of) = Opt::of(byte) {
                    self.word(word, of, peer, hears);
                }
            }
            At::Said if byte == IAC => self.at = At::SaidIac,
            At::Said => self.say(byte),
            At::SaidIac if byte == IAC => {
                self.at = At::Said;
                self.say(IAC);
            }
            At::SaidIac => {
                if byte != SE {
                    hears.wrong(Wrong::Termination);
                }
                let said = std::mem::take(&mut self.said);
                self.at = At::Text;
                self.told(&said, peer, hears);
                // What ends it otherwise is the next one's beginning.
                if byte != SE {
                    self.at = At::Iac;
                    return self.next(byte, peer, hears);
                }
            }
        }
        None
    }

    fn say(&mut self, byte: u8) {
        if self.said.len() < MAX_SAID {
            self.said.push(byte);
        }
    }

    fn option(&mut self, of: Opt) -> Said {
        self.options.get(of as usize).copied().unwrap_or_default()
    }

    fn set(&mut self, of: Opt, set: impl FnOnce(&mut Said)) {
        if let Some(said) = self.options.get_mut(of as usize) {
            set(said);
        }
    }

    fn activate(&mut self, of: Opt, active: bool) {
        self.set(of, |said| said.active = active);
        if of == Opt::Binary {
            self.binary = active;
        }
    }

    fn word(&mut self, word: u8, of: Opt, peer: &mut Side, hears: &mut impl Hears) {
        let (own, other) = (self.option(of), peer.option(of));
        let is_inconsistent = match word {
            WILL => own.refuses || other.wont || other.active,
            WONT => other.will && !own.refuses,
            DO => own.wont || other.refuses || own.active,
            _ => other.asks && !own.wont,
        };
        // That one is turned on again and again does no harm.
        if is_inconsistent && of != Opt::Binary {
            hears.wrong(Wrong::Inconsistent);
        }
        match word {
            WILL => {
                peer.set(of, |said| said.will = true);
                if own.asks {
                    peer.activate(of, true);
                }
            }
            WONT => {
                peer.set(of, |said| said.wont = true);
                if own.refuses {
                    peer.activate(of, false);
                }
            }
            DO => {
                peer.set(of, |said| said.asks = true);
                if own.will {
                    self.activate(of, true);
                }
            }
            _ => {
                peer.set(of, |said| said.refuses = true);
                if own.wont {
                    self.activate(of, false);
                }
            }
        }
    }

    /// What an option says.
    fn told(&mut self, said: &[u8], peer: &mut Side, hears: &mut impl Hears) {
        let Some((code, said)) = said.split_first() else { return };
        let Some(of) = Opt::of(*code) else { return };
        if of == Opt::Encrypt && !self.option(of).active {
            return hears.wrong(Wrong::Inconsistent);
        }
        let Some((what, rest)) = said.split_first() else {
            if of != Opt::Binary {
                hears.wrong(Wrong::Bad);
            }
            return;
        };
        match (of, what) {
            (Opt::Binary, _) => {}
            // SEND asks for it.
            (Opt::Terminal | Opt::Environ, 1) => {}
            (Opt::Terminal, 0) => hears.terminal(rest),
            (Opt::Environ, 0 | 2) => environment(rest, hears),
            (Opt::Encrypt, 5) => self.asked_to_encrypt = true,
            (Opt::Encrypt, 3) => match peer.asked_to_encrypt || peer.encrypts || peer.accepted {
                true => {
                    self.encrypts = true;
                    hears.encrypting();
                }
                false => hears.wrong(Wrong::Inconsistent),
            },
            (Opt::Encrypt, _) => {}
            (Opt::Authenticate, 0) if !peer.asked_who => hears.wrong(Wrong::Inconsistent),
            (Opt::Authenticate, 0) => {}
            (Opt::Authenticate, 1) => self.asked_who = true,
            (Opt::Authenticate, 2) => match rest.first() {
                None => hears.wrong(Wrong::Bad),
                Some(status @ (1 | 2)) => {
                    self.accepted = *status == 2;
                    hears.authenticated(self.accepted, &peer.name);
                }
                Some(_) => {}
            },
            (Opt::Authenticate, 3) => self.name = rest.to_vec(),
            _ => hears.wrong(Wrong::Bad),
        }
    }
}

/// Names and values (RFC 1572 §2).
fn environment(mut rest: &[u8], hears: &mut impl Hears) {
    while !rest.is_empty() {
        let (name, value) = (variable(&mut rest), variable(&mut rest));
        match (name, value) {
            (Some((0 | 3, name)), Some((1, value))) => hears.env(&name, &value),
            _ => return hears.wrong(Wrong::Bad),
        }
    }
}

/// What the next is, and its text.
fn variable(rest: &mut &[u8]) -> Option<(u8, Vec<u8>)> {
    let (code, mut after) = rest.split_first()?;
    if !matches!(code, 0 | 1 | 3) {
        return None;
    }
    let mut text = Vec::new();
    while let Some((byte, behind)) = after.split_first() {
        match byte {
            0 | 1 | 3 => break,
            // The next byte stands for itself.
            2 => {
                let (byte, behind) = behind.split_first()?;
                text.push(*byte);
                after = behind;
            }
            byte => {
                text.push(*byte);
                after = behind;
            }
        }
    }
    *rest = after;
    Some((*code, text))
}
