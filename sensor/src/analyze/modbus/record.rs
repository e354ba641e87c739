//! modbus.log: one row for every message.

use std::borrow::Cow;

use nightjar_protocols::modbus::Header;

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A message.
    pub struct ModbusRow<'a> in "modbus" of conn {
        /// When it was seen.
        ts,
        /// The transaction's number.
        tid: Option<u64> = "tid",
        /// The unit behind the server.
        unit: Option<u64> = "unit",
        /// The function.
        func: Option<&'a str> = "func",
        /// REQ of clients, RESP of servers.
        pdu_type: Option<&'a str> = "pdu_type",
        /// Why it is refused.
        exception: Option<&'a str> = "exception",
    }
}

/// Functions as Zeek names them.
pub(super) const FUNCTIONS: &[(u8, &str)] = &[
    (0x01, "READ_COILS"),
    (0x02, "READ_DISCRETE_INPUTS"),
    (0x03, "READ_HOLDING_REGISTERS"),
    (0x04, "READ_INPUT_REGISTERS"),
    (0x05, "WRITE_SINGLE_COIL"),
    (0x06, "WRITE_SINGLE_REGISTER"),
    (0x07, "READ_EXCEPTION_STATUS"),
    (0x08, "DIAGNOSTICS"),
    (0x0b, "GET_COMM_EVENT_COUNTER"),
    (0x0c, "GET_COMM_EVENT_LOG"),
    (0x0f, "WRITE_MULTIPLE_COILS"),
    (0x10, "WRITE_MULTIPLE_REGISTERS"),
    (0x11, "REPORT_SLAVE_ID"),
    (0x14, "READ_FILE_RECORD"),
    (0x15, "WRITE_FILE_RECORD"),
    (0x16, "MASK_WRITE_REGISTER"),
    (0x17, "READ_WRITE_MULTIPLE_REGISTERS"),
    (0x18, "READ_FIFO_QUEUE"),
    (0x2b, "ENCAP_INTERFACE_TRANSPORT"),
    (0x09, "PROGRAM_484"),
    (0x0a, "POLL_484"),
    (0x0d, "PROGRAM_584_984"),
    (0x0e, "POLL_584_984"),
    (0x12, "PROGRAM_884_U84"),
    (0x13, "RESET_COMM_LINK_884_U84"),
    (0x28, "PROGRAM_CONCEPT"),
    (0x7d, "FIRMWARE_REPLACEMENT"),
    (0x7e, "PROGRAM_584_984_2"),
    (0x7f, "REPORT_LOCAL_ADDRESS"),
    (0x81, "READ_COILS_EXCEPTION"),
    (0x82, "READ_DISCRETE_INPUTS_EXCEPTION"),
    (0x83, "READ_HOLDING_REGISTERS_EXCEPTION"),
    (0x84, "READ_INPUT_REGISTERS_EXCEPTION"),
    (0x85, "WRITE_SINGLE_COIL_EXCEPTION"),
    (0x86, "WRITE_SINGLE_REGISTER_EXCEPTION"),
    (0x87, "READ_EXCEPTION_STATUS_EXCEPTION"),
    (0x8f, "WRITE_MULTIPLE_COILS_EXCEPTION"),
    (0x90, "WRITE_MULTIPLE_REGISTERS_EXCEPTION"),
    (0x94, "READ_FILE_RECORD_EXCEPTION"),
    (0x95, "WRITE_FILE_RECORD_EXCEPTION"),
    (0x96, "MASK_WRITE_REGISTER_EXCEPTION"),
    (0x97, "READ_WRITE_MULTIPLE_REGISTERS_EXCEPTION"),
    (0x98, "READ_FIFO_QUEUE_EXCEPTION"),
];

/// Why requests are refused, likewise.
pub(super) const EXCEPTIONS: &[(u8, &str)] = &[
    (0x01, "ILLEGAL_FUNCTION"),
    (0x02, "ILLEGAL_DATA_ADDRESS"),
    (0x03, "ILLEGAL_DATA_VALUE"),
    (0x04, "SLAVE_DEVICE_FAILURE"),
    (0x05, "ACKNOWLEDGE"),
    (0x06, "SLAVE_DEVICE_BUSY"),
    (0x08, "MEMORY_PARITY_ERROR"),
    (0x0a, "GATEWAY_PATH_UNAVAILABLE"),
    (0x0b, "GATEWAY_TARGET_DEVICE_FAILED_TO_RESPOND"),
];

/// A number's name; only those that have none need a text of their own.
pub(super) fn name(names: &'static [(u8, &'static str)], code: u8) -> Cow<'static, str> {
    let known = names.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| Cow::Owned(format!("unknown-{code}")), |(_, name)| Cow::Borrowed(*name))
}

/// The row of a message.
pub(super) fn of<'a>(
    ts: Time,
    flow: &mut Flow,
    header: &Header,
    is_orig: bool,
    func: &'a str,
    exception: Option<&'a str>,
) -> ModbusRow<'a> {
    ModbusRow {
        conn: flow.columns(ts),
        tid: Some(header.tid.into()),
        unit: Some(header.uid.into()),
        func: Some(func),
        pdu_type: Some(if is_orig { "REQ" } else { "RESP" }),
        exception,
    }
}

/// What scripts know the names by: `base/protocols/modbus/consts`.
pub(super) fn consts_zeek() -> String {
    let mut text =
        "# Modbus: names of numbers. Follows from the tables of the sensor.\n\nmodule Modbus;\n\nexport {\n"
            .to_owned();
    for (table, names) in [("function_codes", FUNCTIONS), ("exception_codes", EXCEPTIONS)] {
        text.push_str(&format!("\tconst {table}: table[count] of string = {{\n"));
        names.iter().for_each(|(code, name)| text.push_str(&format!("\t\t[{code}] = \"{name}\",\n")));
        text.push_str(
            "\t} &default=function(i: count): string { return fmt(\"unknown-%d\", i); } &redef;\n\n",
        );
    }
    text.push_str("}\n");
    text
}
