//! VXLAN (RFC 7348): an Ethernet frame in UDP.

/// A VXLAN packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vxlan<'a> {
    /// The virtual network, 24 bits.
    pub vni: u32,
    /// The Ethernet frame; may be empty.
    pub inner: &'a [u8],
}

const VNI_VALID: u8 = 0x08;

/// Reads a VXLAN header. The error is the reason for which the analyzer gives up.
pub fn parse(data: &[u8]) -> Result<Vxlan<'_>, &'static str> {
    let Some((header, inner)) = data.split_first_chunk::<8>() else {
        return Err("VXLAN header truncation");
    };
    let [flags, _, _, _, v0, v1, v2, _] = *header;
    if flags & VNI_VALID == 0 {
        return Err("VXLAN 'I' flag not set");
    }
    Ok(Vxlan { vni: u32::from_be_bytes([0, v0, v1, v2]), inner })
}
