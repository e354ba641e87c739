//! s7comm.log and s7comm_plus.log: a row for every message.

use std::borrow::Cow;

use nightjar_protocols::s7comm::{Message, Plus, function, rosctr};

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A message.
    pub struct S7Row<'a> in "s7comm" of conn {
        /// When it was seen.
        ts,
        /// Whether the client sent it.
        is_orig: bool = "is_orig",
        /// What kind it is.
        rosctr_code: u64 = "rosctr_code",
        /// The kind's name.
        rosctr_name: &'a str = "rosctr_name",
        /// The number that a request and its answer have.
        pdu_reference: u64 = "pdu_reference",
        /// What is asked for.
        function_code: Option<&'a str> = "function_code",
        /// Its name; of user data with whether it is asked for or answered.
        function_name: Option<&'a str> = "function_name",
        /// What of a group of functions, or a service of the controller.
        subfunction_code: Option<&'a str> = "subfunction_code",
        /// Its name.
        subfunction_name: Option<&'a str> = "subfunction_name",
        /// What kind of error.
        error_class: Option<&'a str> = "error_class",
        /// Which.
        error_code: Option<&'a str> = "error_code",
        /// The block that is loaded up or down. Not one of CISA's.
        block: Option<&'a [u8]> = "block",
    }
}

record! {
    /// A message of S7comm-plus.
    pub struct PlusRow<'a> in "s7comm_plus" of conn {
        /// When it was seen.
        ts,
        /// Whether the client sent it.
        is_orig: bool = "is_orig",
        /// The protocol's version.
        version: u64 = "version",
        /// Request, answer or notification.
        opcode: &'a str = "opcode",
        /// Its name.
        opcode_name: &'a str = "opcode_name",
        /// What is asked for.
        function_code: Option<&'a str> = "function_code",
        /// Its name.
        function_name: Option<&'a str> = "function_name",
    }
}

type Names = &'static [(u16, &'static str)];

const KINDS: Names = &[(1, "Job-Request"), (2, "ACK"), (3, "ACK-Data"), (7, "User-Data")];

const FUNCTIONS: Names = &[
    (0x00, "CPU Services"),
    (0x04, "Read Variable"),
    (0x05, "Write Variable"),
    (0x1a, "Request Download"),
    (0x1b, "Download Block"),
    (0x1c, "Download Ended"),
    (0x1d, "Start Upload"),
    (0x1e, "Upload"),
    (0x1f, "End Upload"),
    (0x28, "PLC Control"),
    (0x29, "PLC Stop"),
    (0xf0, "Setup Communication"),
];

const GROUPS: Names = &[
    (0x0, "Mode-Transition"),
    (0x1, "Programmer Commands"),
    (0x2, "Cyclic Services"),
    (0x3, "Block Functions"),
    (0x4, "CPU Functions"),
    (0x5, "Security"),
    (0x6, "PBC"),
    (0x7, "Time Functions"),
];

/// By group, what is asked for of it.
const OF_GROUPS: &[(u8, Names)] = &[
    (
        1,
        &[
            (0x01, "Request Diag Data 1"),
            (0x02, "VarTab"),
            (0x0c, "Erase"),
            (0x0e, "Read Diag Data"),
            (0x10, "Forces"),
        ],
    ),
    (2, &[(0x01, "Memory"), (0x04, "Unsubscribe")]),
    (3, &[(0x01, "List Blocks"), (0x02, "List Blocks of Type"), (0x03, "Get Block Info")]),
    (
        4,
        &[
            (0x01, "Read SZL"),
            (0x02, "Message Service"),
            (0x03, "Diagnostic Message"),
            (0x05, "Alarm Indication"),
        ],
    ),
    (5, &[(0x01, "PLC Password")]),
    (7, &[(0x01, "Read Clock"), (0x02, "Set Clock"), (0x03, "Read Clock Following"), (0x04, "Set Clock")]),
];

/// Services of controllers that are started, stopped or told something.
const SERVICES: &[(&[u8], &str)] = &[
    (b"_INSE", "PLC Activate Module"),
    (b"_DELE", "PLC Delete Module"),
    (b"_GARB", "Compress PLC memory"),
    (b"_MODU", "PLC Copy Ram to Rom"),
    (b"P_PROGRAM", "PLC Start / Stop"),
];

const ERRORS: Names = &[
    (0x00, "No error"),
    (0x81, "Application relationship error"),
    (0x82, "Object definition error"),
    (0x83, "No resources available error"),
    (0x84, "Error on service processing"),
    (0x85, "Error on supplies"),
    (0x87, "Access error"),
];

const OPCODES: Names = &[(0x31, "Request"), (0x32, "Response"), (0x33, "Notification"), (0x02, "Response2")];

const PLUS_FUNCTIONS: Names = &[
    (0x04bb, "Explore"),
    (0x04ca, "CreateObject"),
    (0x04d4, "DeleteObject"),
    (0x04f2, "SetVariable"),
    (0x0524, "GetLink"),
    (0x0542, "SetMultiVariables"),
    (0x054c, "GetMultiVariables"),
    (0x0556, "BeginSequence"),
    (0x0560, "EndSequence"),
    (0x056b, "Invoke"),
    (0x0586, "GetVarSubStreamed"),
];

/// A number's name; only those that have none need a text of their own.
fn name(names: Names, code: impl Into<u16>) -> Cow<'static, str> {
    let code = code.into();
    let known = names.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| Cow::Owned(format!("unknown-{code}")), |(_, name)| Cow::Borrowed(*name))
}

/// Does something with the row of a message.
pub(super) fn with<T>(
    ts: Time,
    flow: &mut Flow,
    is_orig: bool,
    message: &Message<'_>,
    what: impl FnOnce(&S7Row<'_>) -> T,
) -> T {
    let kind = name(KINDS, message.rosctr);
    let is_user_data = message.rosctr == rosctr::USER_DATA;
    let function_name = message.function.map(|code| match is_user_data {
        true => {
            let way = match code & 0xf0 {
                0x40 => "Request",
                0x80 => "Response",
                0x00 => "Push",
                _ => "Unknown",
            };
            Cow::Owned(format!("{way}: {}", name(GROUPS, code & 0x0f)))
        }
        false => name(FUNCTIONS, code),
    });
    let group = message.function.unwrap_or_default() & 0x0f;
    let of_group = OF_GROUPS.iter().find(|(known, _)| *known == group).map_or(&[][..], |(_, names)| names);
    let is_control = message.function == Some(function::PLC_CONTROL) && message.rosctr == rosctr::JOB;
    let (sub_code, sub_name) = match message.subfunction {
        _ if is_control => {
            let known = SERVICES.iter().find(|(known, _)| *known == message.service);
            let code = String::from_utf8_lossy(message.service).into_owned();
            (Some(code), Some(Cow::Borrowed(known.map_or("unknown", |(_, name)| name))))
        }
        Some(code) => (Some(format!("{code:#04x}")), Some(name(of_group, code))),
        None => (None, None),
    };
    let error_class = message.error.map(|(class, code)| match (class, code) {
        (0xfe, 0) => name(ERRORS, 0_u16),
        (0xfe, _) => Cow::Borrowed("Parameter Error"),
        (class, _) => name(ERRORS, class),
    });
    let function_code = message.function.map(|code| format!("{code:#04x}"));
    let error_code = message.error.map(|(_, code)| format!("{code:#04x}"));
    what(&S7Row {
        conn: flow.columns(ts),
        is_orig,
        rosctr_code: message.rosctr.into(),
        rosctr_name: &kind,
        pdu_reference: message.reference.into(),
        function_code: function_code.as_deref(),
        function_name: function_name.as_deref(),
        subfunction_code: sub_code.as_deref(),
        subfunction_name: sub_name.as_deref(),
        error_class: error_class.as_deref(),
        error_code: error_code.as_deref(),
        block: Some(message.block).filter(|block| !block.is_empty()),
    })
}

/// The same of one of S7comm-plus.
pub(super) fn with_plus<T>(
    ts: Time,
    flow: &mut Flow,
    is_orig: bool,
    plus: &Plus,
    what: impl FnOnce(&PlusRow<'_>) -> T,
) -> T {
    let (opcode, opcode_name) = (format!("{:#04x}", plus.opcode), name(OPCODES, plus.opcode));
    let function_code = plus.function.map(|code| format!("{code:#06x}"));
    let function_name = plus.function.map(|code| name(PLUS_FUNCTIONS, code));
    what(&PlusRow {
        conn: flow.columns(ts),
        is_orig,
        version: plus.version.into(),
        opcode: &opcode,
        opcode_name: &opcode_name,
        function_code: function_code.as_deref(),
        function_name: function_name.as_deref(),
    })
}
