//! What secures a control connection by GSSAPI, where it is TLS in disguise (GSI): security data in base64 (RFC 2228
//! §3).

use crate::ftp::session::{reply_code, word};
use crate::mime::base64::{Base64Decoder, Base64Flaw};

/// One exchange of security data.
#[derive(Debug, Default)]
pub(super) struct Adat {
    begun: bool,
    decoded: Vec<u8>,
}

/// What a line says of the exchange.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// Something was decoded ([`Adat::decoded`]).
    pub data: bool,
    /// The exchange is over, or is none that can be read.
    pub over: bool,
    /// The server has taken the client for who it is.
    pub accepted: bool,
    /// What is wrong with the base64: nothing was decoded.
    pub flaw: Option<Base64Flaw>,
    pub weird: Option<&'static str>,
}

impl Adat {
    pub fn decoded(&self) -> &[u8] {
        &self.decoded
    }

    /// A line of the client's.
    pub fn command(&mut self, line: &[u8]) -> Step {
        let mut said = Step::default();
        let (command, arg) = word(line);
        if is_start_of(command, b"ADAT") {
            self.decode(arg, &mut said);
            if !std::mem::replace(&mut self.begun, true) {
                if !said.data {
                    said.weird = Some("ftp_adat_bad_first_token_encoding");
                }
                // RFC 2743 §3.1 has a frame around the first token; GSI begins with a TLS record at once.
                if !self.is_record() {
                    (said.data, said.over) = (false, true);
                }
            }
        } else if is_start_of(command, b"AUTH") {
            said.over = true;
        }
        said
    }

    /// A line of the server's.
    pub fn reply(&mut self, line: &[u8]) -> Step {
        let code = reply_code(line);
        let mut said = Step::default();
        match code {
            232 | 234 | 421 | 431 | 500 | 501 | 503 | 535 | 631 | 632 | 633 => said.over = true,
            235 | 334 | 335 => {
                (said.over, said.accepted) = (code == 235, code == 235);
                let text = line.get(3..).unwrap_or_default();
                let text = text.strip_prefix(b"-").unwrap_or(text).trim_ascii_start();
                if let Some(encoded) = text.strip_prefix(b"ADAT=") {
                    self.decode(encoded, &mut said);
                }
            }
            _ => {}
        }
        said
    }

    fn decode(&mut self, encoded: &[u8], said: &mut Step) {
        self.decoded.clear();
        let mut decoder = Base64Decoder::default();
        decoder.decode(encoded, &mut self.decoded, |flaw| said.flaw = said.flaw.or(Some(flaw)));
        decoder.finish(&mut self.decoded, |flaw| said.flaw = said.flaw.or(Some(flaw)));
        if said.flaw.is_some() {
            self.decoded.clear();
        }
        said.data = !self.decoded.is_empty();
    }

    /// Whether all that was decoded is one record of a handshake.
    fn is_record(&self) -> bool {
        match self.decoded.split_first_chunk::<5>() {
            Some(([0x16, _, _, high, low], body)) => {
                body.len() == usize::from(u16::from_be_bytes([*high, *low]))
            }
            _ => false,
        }
    }
}

/// Whether a command is this word, or a beginning of it: Zeek compares so much as there is.
pub(super) fn is_start_of(command: &[u8], word: &[u8]) -> bool {
    word.get(..command.len()).is_some_and(|start| start == command)
}
