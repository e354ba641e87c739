//! BACnet's events and their arguments, as CISA's package for Zeek (icsnpp-bacnet) has them.

use crate::event::{Conn, events};

events! { [crate::analyze::first::bacnet]
    /// A datagram. 255 stands for a kind, service or number that it has none of.
    pub struct Header: "bacnet_apdu_header" {
        c: Conn,
        is_orig: bool,
        bvlc_function: u8,
        pdu_type: u8,
        pdu_service: u8,
        invoke_id: u8,
        result_code: u32,
    }
}
