//! PPP (RFC 1661), plain or in HDLC-like framing (RFC 1662), and over Ethernet (RFC 2516).

use super::{Carried, Result, header};

/// HDLC's address and control bytes for PPP (RFC 1662 §3.1).
const HDLC: [u8; 2] = [0xff, 0x03];

/// `LINKTYPE_PPP`: with the two bytes of HDLC framing or without them.
pub fn parse(data: &[u8]) -> Result<Carried<'_>> {
    let (head, payload) = header::<2>(data, "truncated_ppp_header")?;
    if *head == HDLC {
        let ([_, _, p0, p1], payload) = header::<4>(data, "truncated_ppp_hdlc_header")?;
        return Ok(Carried { protocol: u16::from_be_bytes([*p0, *p1]), payload });
    }
    Ok(Carried { protocol: u16::from_be_bytes(*head), payload })
}

/// `LINKTYPE_PPP_HDLC`: always two bytes of framing, PPP's or Cisco's, and the protocol.
pub fn serial(data: &[u8]) -> Result<Carried<'_>> {
    let ([_, _, p0, p1], payload) = header::<4>(data, "truncated_ppp_serial_header")?;
    Ok(Carried { protocol: u16::from_be_bytes([*p0, *p1]), payload })
}

/// A PPPoE session packet (RFC 2516 §4): six bytes of session header, then the PPP protocol.
pub fn pppoe(data: &[u8]) -> Result<Carried<'_>> {
    let ([_, _, _, _, _, _, p0, p1], payload) = header::<8>(data, "truncated_pppoe_header")?;
    Ok(Carried { protocol: u16::from_be_bytes([*p0, *p1]), payload })
}
