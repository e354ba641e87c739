//! Events of EtherNet/IP and CIP and their arguments, as CISA's package for Zeek (icsnpp-enip) has them.

use crate::event::{Conn, events};

events! { [crate::analyze::first::enip]
    /// A message of EtherNet/IP.
    pub struct EnipHeader<'a>: "enip_header" {
        c: Conn,
        is_orig: bool,
        command: u16,
        length: u16,
        session_handle: u32,
        status: u32,
        sender_context: &'a [u8],
        options: u32,
    }
    /// A message of CIP. 4294967295 stands for a class, instance or attribute that it has none of.
    pub struct CipHeader: "cip_header" {
        c: Conn,
        is_orig: bool,
        cip_sequence_count: u16,
        service: u8,
        response: bool,
        status: u8,
        class_id: u32,
        instance_id: u32,
        attribute_id: u32,
    }
}
