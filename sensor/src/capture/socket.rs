//! Sockets of the kernel, and their options: each is named with its level and the type of its value, and all system
//! calls on them are made here.

use std::io;
use std::marker::PhantomData;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use libc::{c_int, c_void, socklen_t};

use super::mapping::Mapping;

/// What the kernel and we exchange as it lies in memory.
///
/// # Safety
/// Any bytes are a valid value, zeros among them, and no part of it is an address that the kernel would follow.
pub(super) unsafe trait Plain: Copy {}

// SAFETY: a number.
unsafe impl Plain for u32 {}
// SAFETY: a number.
unsafe impl Plain for u64 {}
// SAFETY: a number.
unsafe impl Plain for c_int {}
// SAFETY: numbers alone (linux/if_packet.h).
unsafe impl Plain for libc::tpacket_req3 {}
// SAFETY: numbers alone (linux/if_packet.h).
unsafe impl Plain for libc::tpacket_stats_v3 {}
// SAFETY: numbers alone (linux/if_packet.h).
unsafe impl Plain for libc::packet_mreq {}
// SAFETY: numbers alone (linux/if_packet.h).
unsafe impl Plain for libc::sockaddr_ll {}
// SAFETY: numbers alone (linux/if_xdp.h).
unsafe impl Plain for libc::sockaddr_xdp {}
// SAFETY: numbers alone (linux/if_xdp.h).
unsafe impl Plain for libc::xdp_desc {}
// SAFETY: numbers alone (linux/if_xdp.h).
unsafe impl Plain for libc::xdp_statistics {}
// SAFETY: numbers alone (linux/if_xdp.h).
unsafe impl Plain for libc::xdp_mmap_offsets {}

/// All zeros.
pub(super) fn zeroed<T: Plain>() -> T {
    // SAFETY: of `Plain` types they are a valid value.
    unsafe { std::mem::zeroed() }
}

/// An option whose value is a `T`.
pub(super) struct SocketOption<T> {
    level: c_int,
    name: c_int,
    of: PhantomData<fn(T) -> T>,
}

impl<T> SocketOption<T> {
    const fn new(level: c_int, name: c_int) -> Self {
        SocketOption { level, name, of: PhantomData }
    }

    const fn packet(name: c_int) -> Self {
        Self::new(libc::SOL_PACKET, name)
    }

    const fn xdp(name: c_int) -> Self {
        Self::new(libc::SOL_XDP, name)
    }
}

/// A program of classic BPF, as the value of an option.
pub(super) enum Program {}

/// One instruction of it, as the kernel takes it.
pub(super) type Instruction = libc::sock_filter;

pub(super) const ERROR: SocketOption<c_int> = SocketOption::new(libc::SOL_SOCKET, libc::SO_ERROR);
pub(super) const FILTER: SocketOption<Program> = SocketOption::new(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER);

/// packet(7).
pub(super) mod packet {
    use super::*;

    pub const VERSION: SocketOption<c_int> = SocketOption::packet(libc::PACKET_VERSION);
    pub const RESERVE: SocketOption<u32> = SocketOption::packet(libc::PACKET_RESERVE);
    pub const RX_RING: SocketOption<libc::tpacket_req3> = SocketOption::packet(libc::PACKET_RX_RING);
    pub const ADD_MEMBERSHIP: SocketOption<libc::packet_mreq> =
        SocketOption::packet(libc::PACKET_ADD_MEMBERSHIP);
    pub const IGNORE_OUTGOING: SocketOption<c_int> = SocketOption::packet(libc::PACKET_IGNORE_OUTGOING);
    /// The number of a group in the lower half, its kind and flags in the upper one.
    pub const FANOUT: SocketOption<u32> = SocketOption::packet(libc::PACKET_FANOUT);
    pub const FANOUT_DATA: SocketOption<Program> = SocketOption::packet(libc::PACKET_FANOUT_DATA);
    pub const STATISTICS: SocketOption<libc::tpacket_stats_v3> =
        SocketOption::packet(libc::PACKET_STATISTICS);
}

/// The kernel's `Documentation/networking/af_xdp.rst`. Of rings the value is how many places they have.
pub(super) mod xdp {
    use super::*;

    pub const FILL_RING: SocketOption<u32> = SocketOption::xdp(libc::XDP_UMEM_FILL_RING);
    pub const COMPLETION_RING: SocketOption<u32> = SocketOption::xdp(libc::XDP_UMEM_COMPLETION_RING);
    pub const RX_RING: SocketOption<u32> = SocketOption::xdp(libc::XDP_RX_RING);
    pub const OFFSETS: SocketOption<libc::xdp_mmap_offsets> = SocketOption::xdp(libc::XDP_MMAP_OFFSETS);
    pub const STATISTICS: SocketOption<libc::xdp_statistics> = SocketOption::xdp(libc::XDP_STATISTICS);
}

/// Opens a socket that programs we start do not inherit.
pub(super) fn open(domain: c_int, kind: c_int) -> io::Result<OwnedFd> {
    // SAFETY: no memory is passed; the result is checked.
    let fd = unsafe { libc::socket(domain, kind | libc::SOCK_CLOEXEC, 0) };
    checked(fd)?;
    // SAFETY: `fd` is a descriptor just made, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

pub(super) fn bind<A: Plain>(socket: &impl AsFd, address: &A) -> io::Result<()> {
    let address: *const A = address;
    // SAFETY: the address is valid for the length given, and only read.
    checked(unsafe { libc::bind(raw(socket), address.cast(), size_of::<A>() as socklen_t) })
}

pub(super) fn set<T: Plain>(socket: &impl AsFd, option: &SocketOption<T>, value: &T) -> io::Result<()> {
    // SAFETY: the value has no address in it.
    unsafe { set_any(socket, option.level, option.name, value) }
}

/// Gives a program to the kernel, which copies it.
pub(super) fn set_program(
    socket: &impl AsFd,
    option: &SocketOption<Program>,
    program: &[Instruction],
) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::Error::other("the filter is too long"))?;
    let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: its address is that of so many instructions, borrowed for the call and only read.
    unsafe { set_any(socket, option.level, option.name, &program) }
}

/// Lets frames of so many bytes be received into memory of ours. The kernel keeps its pages for as long as the socket
/// is open, whether they are mapped here or not.
pub(super) fn register_memory(socket: &impl AsFd, memory: &Mapping, frame: u32) -> io::Result<()> {
    let request = libc::xdp_umem_reg {
        addr: memory.address(),
        len: memory.len() as u64,
        chunk_size: frame,
        headroom: 0,
        flags: 0,
        tx_metadata_len: 0,
    };
    // SAFETY: its address is that of a mapping of that length, whose bytes are read only as `Mapping::bytes` asks.
    unsafe { set_any(socket, libc::SOL_XDP, libc::XDP_UMEM_REG, &request) }
}

pub(super) fn get<T: Plain>(socket: &impl AsFd, option: &SocketOption<T>) -> io::Result<T> {
    let mut value: T = zeroed();
    let mut len = size_of::<T>() as socklen_t;
    let target: *mut c_void = (&raw mut value).cast();
    // SAFETY: the kernel writes no more than the length given, and whatever it writes is a `T`.
    checked(unsafe { libc::getsockopt(raw(socket), option.level, option.name, target, &raw mut len) })?;
    Ok(value)
}

/// An error that befell the socket since the last call, such as its interface going away.
pub(super) fn take_error(socket: &impl AsFd) -> io::Result<()> {
    match get(socket, &ERROR)? {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// # Safety
/// Addresses in the value are those of what the kernel does with them.
unsafe fn set_any<T: Copy>(socket: &impl AsFd, level: c_int, name: c_int, value: &T) -> io::Result<()> {
    let value: *const T = value;
    // SAFETY: the value is valid for the length given, and only read; the caller answers for what it names.
    checked(unsafe { libc::setsockopt(raw(socket), level, name, value.cast(), size_of::<T>() as socklen_t) })
}

fn raw(socket: &impl AsFd) -> c_int {
    socket.as_fd().as_raw_fd()
}

fn checked(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_of_their_type() {
        let socket = open(libc::AF_INET, libc::SOCK_DGRAM).unwrap();
        assert!(take_error(&socket).is_ok());
        let refuse = [Instruction { code: 0x06, jt: 0, jf: 0, k: 0 }];
        assert!(set_program(&socket, &FILTER, &refuse).is_ok());
        // It is no packet socket.
        assert!(get(&socket, &packet::STATISTICS).is_err() && set(&socket, &packet::FANOUT, &1).is_err());
        let too_long = vec![refuse[0]; usize::from(u16::MAX) + 1];
        assert!(set_program(&socket, &FILTER, &too_long).is_err());
    }
}
