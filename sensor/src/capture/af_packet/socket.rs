//! A packet socket and its options. All system calls on it are made here.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{c_int, c_void, socklen_t};

pub(super) struct Socket(OwnedFd);

/// What `PACKET_STATISTICS` tells; reading it sets the kernel's counters back to zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Statistics {
    pub packets: u32,
    pub drops: u32,
    pub freezes: u32,
}

/// One instruction of a classic BPF program, as the kernel takes it.
pub(in crate::capture) type Instruction = libc::sock_filter;

/// Accepts nothing.
const REFUSE_ALL: [Instruction; 1] = [Instruction { code: 0x06, jt: 0, jf: 0, k: 0 }];
/// Accepts whole packets.
const ACCEPT_ALL: [Instruction; 1] = [Instruction { code: 0x06, jt: 0, jf: 0, k: u32::MAX }];

/// Room kept in front of each frame, to put a VLAN tag back that the NIC has taken out.
pub(super) const RESERVE: u32 = 4;

impl Socket {
    /// A socket that receives nothing before [`Socket::bind`].
    pub fn new() -> io::Result<Self> {
        // SAFETY: no memory is passed; the result is checked.
        let fd = unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` is a descriptor just made, and nobody else's.
        Ok(Socket(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub fn prepare(&self) -> io::Result<()> {
        self.set(libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))?;
        self.set(libc::PACKET_RESERVE, &RESERVE)
    }

    pub fn request_ring(&self, request: &libc::tpacket_req3) -> io::Result<()> {
        self.set(libc::PACKET_RX_RING, request)
    }

    /// Lets all protocols of this interface in.
    pub fn bind(&self, index: u32) -> io::Result<()> {
        // SAFETY: the structure is plain numbers, for which all-zero bytes are valid.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = index as c_int;
        // SAFETY: the address is valid for the length given, and only read.
        let bound = unsafe {
            libc::bind(self.0.as_raw_fd(), (&raw const address).cast(), size_of::<libc::sockaddr_ll>() as u32)
        };
        checked(bound)
    }

    pub fn promiscuous(&self, index: u32) -> io::Result<()> {
        let request = libc::packet_mreq {
            mr_ifindex: index as c_int,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        self.set(libc::PACKET_ADD_MEMBERSHIP, &request)
    }

    pub fn ignore_outgoing(&self) -> io::Result<()> {
        self.set(libc::PACKET_IGNORE_OUTGOING, &1)
    }

    /// Joins a fanout group, a new one with an id of the kernel's choice where none is given. Returns
    /// its id.
    pub fn join(&self, kind: u32, group: Option<u16>) -> io::Result<u16> {
        let mut flags = kind;
        if group.is_none() {
            flags |= libc::PACKET_FANOUT_FLAG_UNIQUEID;
        }
        self.set(libc::PACKET_FANOUT, &(u32::from(group.unwrap_or(0)) | flags << 16))?;
        match group {
            Some(id) => Ok(id),
            None => Ok(self.get::<u32>(libc::PACKET_FANOUT)? as u16),
        }
    }

    /// Lets this program choose among the sockets of the group.
    pub fn deal_out(&self, program: &[Instruction]) -> io::Result<()> {
        self.give(libc::SOL_PACKET, libc::PACKET_FANOUT_DATA, program)
    }

    pub fn refuse_all(&self) -> io::Result<()> {
        self.attach(&REFUSE_ALL)
    }

    /// Lets in what the program accepts, everything where there is none.
    pub fn admit(&self, program: Option<&[Instruction]>) -> io::Result<()> {
        self.attach(program.unwrap_or(&ACCEPT_ALL))
    }

    fn attach(&self, program: &[Instruction]) -> io::Result<()> {
        self.give(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, program)
    }

    fn give(&self, level: c_int, name: c_int, program: &[Instruction]) -> io::Result<()> {
        let len = u16::try_from(program.len()).map_err(|_| io::Error::other("the filter is too long"))?;
        let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
        self.set_at(level, name, &program)
    }

    pub fn statistics(&self) -> io::Result<Statistics> {
        let raw: libc::tpacket_stats_v3 = self.get(libc::PACKET_STATISTICS)?;
        Ok(Statistics { packets: raw.tp_packets, drops: raw.tp_drops, freezes: raw.tp_freeze_q_cnt })
    }

    /// An error that befell the socket since the last call, such as its interface going down.
    pub fn take_error(&self) -> io::Result<()> {
        match self.get_at::<c_int>(libc::SOL_SOCKET, libc::SO_ERROR)? {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    fn set<T: Copy>(&self, name: c_int, value: &T) -> io::Result<()> {
        self.set_at(libc::SOL_PACKET, name, value)
    }

    fn set_at<T: Copy>(&self, level: c_int, name: c_int, value: &T) -> io::Result<()> {
        // SAFETY: the value is valid for the length given, and only read. A filter program points to
        // instructions that its caller borrows for the call; the kernel copies them.
        checked(unsafe {
            let value: *const c_void = std::ptr::from_ref(value).cast();
            libc::setsockopt(self.0.as_raw_fd(), level, name, value, size_of::<T>() as socklen_t)
        })
    }

    fn get<T: Copy>(&self, name: c_int) -> io::Result<T> {
        self.get_at(libc::SOL_PACKET, name)
    }

    /// Reads an option; used for types that are plain numbers.
    fn get_at<T: Copy>(&self, level: c_int, name: c_int) -> io::Result<T> {
        // SAFETY: only plain numbers and structures of them are asked for (above), for which all-zero
        // bytes are valid, and the kernel writes no more than the length given.
        unsafe {
            let mut value: T = std::mem::zeroed();
            let mut len = size_of::<T>() as socklen_t;
            let target: *mut c_void = (&raw mut value).cast();
            checked(libc::getsockopt(self.0.as_raw_fd(), level, name, target, &raw mut len))?;
            Ok(value)
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn checked(result: c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
