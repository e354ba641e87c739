//! DNP3's events and their arguments.

use crate::event::{Conn, events};

events! { [crate::analyze::first::dnp3]
    /// What stands before a message: the link layer's header of its first frame (IEEE 1815 §9.2.4).
    pub struct HeaderBlock: "dnp3_header_block" {
        c: Conn,
        is_orig: bool,
        len: u8,
        ctrl: u8,
        dest_addr: u16,
        src_addr: u16,
    }
    /// A request (IEEE 1815 §4.2.2).
    pub struct RequestHeader: "dnp3_application_request_header" {
        c: Conn,
        is_orig: bool,
        application_control: u8,
        fc: u8,
    }
    /// An answer (IEEE 1815 §4.2.2).
    pub struct ResponseHeader: "dnp3_application_response_header" {
        c: Conn,
        is_orig: bool,
        application_control: u8,
        fc: u8,
        iin: u16,
    }
    /// The objects that a message begins with (IEEE 1815 §4.2.2.7).
    pub struct ObjectHeader: "dnp3_object_header" {
        c: Conn,
        is_orig: bool,
        obj_type: u16,
        qua_field: u8,
        number: u32,
        rf_low: u32,
        rf_high: u32,
    }
}
