//! What a NIC's driver tells of its settings (the kernel's `ethtool` interface, linux/ethtool.h).

use std::io;
use std::os::fd::AsRawFd;

use super::socket;

/// What is done to frames before they are handed over. Generic and large receive offload make one of several
/// segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offloads {
    pub gro: bool,
    pub lro: bool,
    /// VLAN tags are taken out of received frames.
    pub vlan: bool,
}

/// How large the NIC's own receive ring is, and could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NicRing {
    pub now: u32,
    pub max: u32,
}

const SIOCETHTOOL: u64 = 0x8946;
const ETHTOOL_GRINGPARAM: u32 = 0x10;
const ETHTOOL_GFLAGS: u32 = 0x25;
const ETHTOOL_GGRO: u32 = 0x2b;
const ETHTOOL_GRSSH: u32 = 0x46;
const ETH_FLAG_RXVLAN: u32 = 1 << 8;
const ETH_FLAG_LRO: u32 = 1 << 15;
/// The hash is made of source and destination XORed.
const RXH_XFRM_SYM_XOR: u8 = 1;

pub fn offloads(interface: &str) -> io::Result<Offloads> {
    let mut gro = [ETHTOOL_GGRO, 0];
    let mut flags = [ETHTOOL_GFLAGS, 0];
    ask(interface, &mut gro)?;
    ask(interface, &mut flags)?;
    let [_, flags] = flags;
    Ok(Offloads { gro: gro[1] != 0, lro: flags & ETH_FLAG_LRO != 0, vlan: flags & ETH_FLAG_RXVLAN != 0 })
}

pub fn nic_ring(interface: &str) -> io::Result<NicRing> {
    // cmd, four maxima (rx, mini, jumbo, tx), four values.
    let mut words = [0; 9];
    words[0] = ETHTOOL_GRINGPARAM;
    ask(interface, &mut words)?;
    Ok(NicRing { now: words[5], max: words[1] })
}

/// Whether the NIC's hash puts both directions of a flow into the same queue.
pub fn rss_is_symmetric(interface: &str) -> io::Result<bool> {
    // cmd, context, sizes of the table and of the key; then function and transformation; reserved.
    const HEAD: usize = 6;
    let mut sizes = [ETHTOOL_GRSSH, 0, 0, 0, 0, 0];
    ask(interface, &mut sizes)?;
    let [table, key] = [sizes[2] as usize, sizes[3] as usize];
    if sizes[4].to_ne_bytes()[1] & RXH_XFRM_SYM_XOR != 0 {
        return Ok(true);
    }
    // More than any driver has.
    if key == 0 || table > 4096 || key > 1024 {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mut words = vec![0; HEAD + table + key.div_ceil(4)];
    words[..4].copy_from_slice(&[ETHTOOL_GRSSH, 0, table as u32, key as u32]);
    ask(interface, &mut words)?;
    let bytes: Vec<u8> =
        words.iter().skip(HEAD + table).flat_map(|word| word.to_ne_bytes()).take(key).collect();
    // Toeplitz is symmetric exactly when its key repeats every 16 bits (Woo and Park, 2012).
    Ok(bytes.chunks(2).all(|pair| bytes.starts_with(pair)))
}

/// Carries out a request; `words` begin with its number, and are large enough for its answer.
fn ask(interface: &str, words: &mut [u32]) -> io::Result<()> {
    let socket = socket::open(libc::AF_INET, libc::SOCK_DGRAM)?;
    // SAFETY: the structure is plain numbers and pointers, for which all-zero bytes are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if interface.len() >= request.ifr_name.len() {
        return Err(io::ErrorKind::NotFound.into());
    }
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_data = words.as_mut_ptr().cast();
    // SAFETY: the kernel writes what the request's number and the sizes in it say, for which every caller
    // above has made room; both outlive the call.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL as _, &raw mut request) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_tells_its_offloads_and_nobody_tells_of_what_is_not_there() {
        assert!(offloads("lo").is_ok());
        for name in ["nosuchif", "a-name-that-is-too-long-for-an-interface"] {
            assert!(offloads(name).is_err() && rss_is_symmetric(name).is_err() && nic_ring(name).is_err());
        }
    }
}
