//! dnp3.log: one row for every answer with its request, or for a request alone.

use std::borrow::Cow;

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A request and its answer.
    pub struct Dnp3Row<'a> in "dnp3" of conn {
        /// When the last message of the two was seen.
        ts,
        /// What was to be done.
        fc_request: Option<&'a str> = "fc_request",
        /// What the answer is.
        fc_reply: Option<&'a str> = "fc_reply",
        /// How the outstation is (IEEE 1815 §4.2.2.6).
        iin: Option<u64> = "iin",
    }
}

/// Functions as Zeek names them (IEEE 1815 §4.2.2.5).
pub(super) const FUNCTIONS: &[(u8, &str)] = &[
    (0x00, "CONFIRM"),
    (0x01, "READ"),
    (0x02, "WRITE"),
    (0x03, "SELECT"),
    (0x04, "OPERATE"),
    (0x05, "DIRECT_OPERATE"),
    (0x06, "DIRECT_OPERATE_NR"),
    (0x07, "IMMED_FREEZE"),
    (0x08, "IMMED_FREEZE_NR"),
    (0x09, "FREEZE_CLEAR"),
    (0x0a, "FREEZE_CLEAR_NR"),
    (0x0b, "FREEZE_AT_TIME"),
    (0x0c, "FREEZE_AT_TIME_NR"),
    (0x0d, "COLD_RESTART"),
    (0x0e, "WARM_RESTART"),
    (0x0f, "INITIALIZE_DATA"),
    (0x10, "INITIALIZE_APPL"),
    (0x11, "START_APPL"),
    (0x12, "STOP_APPL"),
    (0x13, "SAVE_CONFIG"),
    (0x14, "ENABLE_UNSOLICITED"),
    (0x15, "DISABLE_UNSOLICITED"),
    (0x16, "ASSIGN_CLASS"),
    (0x17, "DELAY_MEASURE"),
    (0x18, "RECORD_CURRENT_TIME"),
    (0x19, "OPEN_FILE"),
    (0x1a, "CLOSE_FILE"),
    (0x1b, "DELETE_FILE"),
    (0x1c, "GET_FILE_INFO"),
    (0x1d, "AUTHENTICATE_FILE"),
    (0x1e, "ABORT_FILE"),
    (0x1f, "ACTIVATE_CONFIG"),
    (0x20, "AUTHENTICATE_REQ"),
    (0x21, "AUTHENTICATE_ERR"),
    (0x81, "RESPONSE"),
    (0x82, "UNSOLICITED_RESPONSE"),
    (0x83, "AUTHENTICATE_RESP"),
];

/// A function's name; only one that has none needs a text of its own.
fn name(function: u8) -> Cow<'static, str> {
    let known = FUNCTIONS.iter().find(|(known, _)| *known == function);
    known.map_or_else(|| Cow::Owned(format!("unknown-{function}")), |(_, name)| Cow::Borrowed(*name))
}

/// A request, and its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub ts: Time,
    pub request: Option<u8>,
    pub reply: Option<(u8, u16)>,
}

/// Shows an exchange as its row.
pub(super) fn with<T>(
    exchange: &Exchange,
    flow: &mut Flow,
    what: impl FnOnce(&mut Flow, &Dnp3Row<'_>) -> T,
) -> T {
    let [request, reply] =
        [exchange.request, exchange.reply.map(|(function, _)| function)].map(|of| of.map(name));
    let row = Dnp3Row {
        conn: flow.columns(exchange.ts),
        fc_request: request.as_deref(),
        fc_reply: reply.as_deref(),
        iin: exchange.reply.map(|(_, indications)| indications.into()),
    };
    what(flow, &row)
}

/// What scripts know the names by: `base/protocols/dnp3/consts`.
pub(super) fn consts_zeek() -> String {
    let mut text = "# DNP3: names of functions. Follows from the table of the sensor.\n\nmodule DNP3;\n\nexport {\n\tconst function_codes: table[count] of string = {\n".to_owned();
    FUNCTIONS.iter().for_each(|(code, name)| text.push_str(&format!("\t\t[{code}] = \"{name}\",\n")));
    text.push_str("\t} &default=function(i: count): string { return fmt(\"unknown-%d\", i); } &redef;\n}\n");
    text
}
