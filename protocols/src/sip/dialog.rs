//! What is logged of a connection's requests and replies.
//!
//! Zeek tells a reply's request by its place in the connection, and that is always the first: what comes before a final
//! reply goes into one row, and each reply writes it.

use crate::sip::session::number;

/// A request and the replies to it.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// The request's method.
    pub method: Option<Box<[u8]>>,
    /// What it is about.
    pub uri: Option<Box<[u8]>>,
    /// Its Date.
    pub date: Option<Box<[u8]>>,
    /// Its From, without its tag.
    pub request_from: Option<Box<[u8]>>,
    /// Its To.
    pub request_to: Option<Box<[u8]>>,
    /// The reply's From, without its tag.
    pub response_from: Option<Box<[u8]>>,
    /// Its To.
    pub response_to: Option<Box<[u8]>>,
    /// The request's Reply-To.
    pub reply_to: Option<Box<[u8]>>,
    /// Its Call-ID.
    pub call_id: Option<Box<[u8]>>,
    /// Its CSeq.
    pub seq: Option<Box<[u8]>>,
    /// Its Subject.
    pub subject: Option<Box<[u8]>>,
    /// Its Vias, without their branches.
    pub request_path: Vec<Box<[u8]>>,
    /// The reply's.
    pub response_path: Vec<Box<[u8]>>,
    /// The request's User-Agent.
    pub user_agent: Option<Box<[u8]>>,
    /// The reply's status.
    pub status_code: Option<u16>,
    /// In words.
    pub status_msg: Option<Box<[u8]>>,
    /// Its Warning.
    pub warning: Option<Box<[u8]>>,
    /// The request's Content-Length.
    pub request_body_len: Option<u64>,
    /// The reply's.
    pub response_body_len: Option<u64>,
    /// The reply's Content-Type.
    pub content_type: Option<Box<[u8]>>,
    /// Bytes of all texts.
    bytes: usize,
}

/// What is known of a connection.
#[derive(Debug, Default)]
pub struct Dialog {
    /// What is not over.
    pub current: Option<Box<Transaction>>,
    /// Texts for which there was no room.
    pub left_out: u64,
}

/// Bytes of texts of one row. Stops requests to which nobody replies, all of which are one row.
const MAX_TEXT: usize = 64 << 10;

impl Transaction {
    fn put(bytes: &mut usize, place: &mut Option<Box<[u8]>>, text: &[u8]) -> bool {
        let before = place.as_ref().map_or(0, |text| text.len());
        let after = *bytes - before.min(*bytes) + text.len();
        let fits = after <= MAX_TEXT;
        if fits {
            (*bytes, *place) = (after, Some(text.into()));
        }
        fits
    }

    fn push(bytes: &mut usize, path: &mut Vec<Box<[u8]>>, text: &[u8]) -> bool {
        // An entry costs something as well.
        let after = *bytes + text.len() + 16;
        let fits = after <= MAX_TEXT;
        if fits {
            *bytes = after;
            path.push(text.into());
        }
        fits
    }
}

impl Dialog {
    /// The transaction at hand.
    pub fn current(&mut self) -> &mut Transaction {
        self.current.get_or_insert_default()
    }

    /// The first line of a request.
    pub fn request(&mut self, method: &[u8], uri: &[u8]) {
        let of = self.current.get_or_insert_default();
        let all = Transaction::put(&mut of.bytes, &mut of.method, method)
            & Transaction::put(&mut of.bytes, &mut of.uri, uri);
        self.left_out += u64::from(!all);
    }

    /// The first line of a reply.
    pub fn reply(&mut self, code: u16, reason: &[u8]) {
        let of = self.current.get_or_insert_default();
        of.status_code = Some(code);
        let all = Transaction::put(&mut of.bytes, &mut of.status_msg, reason);
        self.left_out += u64::from(!all);
    }

    /// A header, by its name in upper case.
    pub fn header(&mut self, is_request: bool, name: &[u8], value: &[u8]) {
        let of = &mut **self.current.get_or_insert_default();
        let bytes = &mut of.bytes;
        let all = match (is_request, name) {
            (true, b"CONTENT-LENGTH" | b"L") => {
                of.request_body_len = Some(number(value));
                true
            }
            (false, b"CONTENT-LENGTH" | b"L") => {
                of.response_body_len = Some(number(value));
                true
            }
            (true, b"CALL-ID") => Transaction::put(bytes, &mut of.call_id, value),
            (true, b"CSEQ") => Transaction::put(bytes, &mut of.seq, value),
            (true, b"DATE") => Transaction::put(bytes, &mut of.date, value),
            (true, b"FROM" | b"F") => Transaction::put(bytes, &mut of.request_from, before(value, b"tag=")),
            (true, b"REPLY-TO") => Transaction::put(bytes, &mut of.reply_to, value),
            (true, b"SUBJECT" | b"S") => Transaction::put(bytes, &mut of.subject, value),
            (true, b"TO" | b"T") => Transaction::put(bytes, &mut of.request_to, value),
            (true, b"USER-AGENT") => Transaction::put(bytes, &mut of.user_agent, value),
            (true, b"VIA" | b"V") => Transaction::push(bytes, &mut of.request_path, before(value, b"branch")),
            (false, b"CONTENT-TYPE" | b"C") => Transaction::put(bytes, &mut of.content_type, value),
            (false, b"WARNING") => Transaction::put(bytes, &mut of.warning, value),
            (false, b"FROM" | b"F") => Transaction::put(bytes, &mut of.response_from, before(value, b"tag=")),
            (false, b"TO" | b"T") => Transaction::put(bytes, &mut of.response_to, value),
            (false, b"VIA" | b"V") => {
                Transaction::push(bytes, &mut of.response_path, before(value, b"branch"))
            }
            _ => true,
        };
        self.left_out += u64::from(!all);
    }

    /// A reply is over, and was logged: the transaction is as well, unless the reply was provisional.
    pub fn replied(&mut self) {
        let goes_on = self.current.as_ref().is_some_and(|of| {
            of.method.is_some() && of.status_code.is_some_and(|code| (100..200).contains(&code))
        });
        if !goes_on {
            self.current = None;
        }
    }
}

/// What stands before the first parameter that begins so, a space in between or not.
fn before<'a>(value: &'a [u8], parameter: &[u8]) -> &'a [u8] {
    let is = |at: &usize| {
        let rest = value.get(*at + 1..).unwrap_or_default();
        value.get(*at) == Some(&b';') && rest.strip_prefix(b" ").unwrap_or(rest).starts_with(parameter)
    };
    (0..value.len()).find(is).and_then(|at| value.get(..at)).unwrap_or(value)
}
