//! S7comm's events and their arguments, as CISA's package for Zeek (icsnpp-s7comm) has them.

use crate::event::{Conn, events};

events! { [crate::analyze::first::s7comm]
    /// A unit of COTP: its type is the upper half of the byte that says it.
    pub struct Cotp: "cotp" { c: Conn, is_orig: bool, pdu: u8, }
    /// A message. 255 stands for a function, subfunction or error that it has none of.
    pub struct Header<'a>: "s7comm_header" {
        c: Conn,
        is_orig: bool,
        rosctr: u8,
        pdu_reference: u16,
        function_code: u8,
        subfunction: u8,
        plc_control: &'a [u8],
        error_class: u8,
        error_code: u16,
    }
    /// A list of the controller's state is asked for, or given: what of it.
    pub struct ReadSzl: "s7comm_read_szl" {
        c: Conn,
        pdu_reference: u16,
        method: u8,
        return_code: u8,
        szl_id: u16,
        szl_index: u16,
    }
    /// A message of S7comm-plus. 65535 stands for a function that it has none of.
    pub struct PlusHeader: "s7comm_plus_header" {
        c: Conn,
        is_orig: bool,
        version: u8,
        opcode: u8,
        function_code: u16,
    }
}
