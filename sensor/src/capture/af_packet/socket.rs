//! A packet socket.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use libc::c_int;

pub(in crate::capture) use crate::capture::socket::Instruction;
use crate::capture::socket::{self, packet};

pub(super) struct Socket(OwnedFd);

/// What `PACKET_STATISTICS` tells; reading it sets the kernel's counters back to zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Statistics {
    pub packets: u32,
    pub drops: u32,
    pub freezes: u32,
}

/// Accepts nothing.
const REFUSE_ALL: [Instruction; 1] = [Instruction { code: 0x06, jt: 0, jf: 0, k: 0 }];
/// Accepts whole packets.
const ACCEPT_ALL: [Instruction; 1] = [Instruction { code: 0x06, jt: 0, jf: 0, k: u32::MAX }];

/// Room kept in front of each frame, to put a VLAN tag back that the NIC has taken out.
pub(super) const RESERVE: u32 = 4;

impl Socket {
    /// A socket that receives nothing before [`Socket::bind`].
    pub fn new() -> io::Result<Self> {
        socket::open(libc::AF_PACKET, libc::SOCK_RAW).map(Socket)
    }

    pub fn prepare(&self) -> io::Result<()> {
        socket::set(&self.0, &packet::VERSION, &(libc::tpacket_versions::TPACKET_V3 as c_int))?;
        socket::set(&self.0, &packet::RESERVE, &RESERVE)
    }

    pub fn request_ring(&self, request: &libc::tpacket_req3) -> io::Result<()> {
        socket::set(&self.0, &packet::RX_RING, request)
    }

    /// Lets all protocols of this interface in.
    pub fn bind(&self, index: u32) -> io::Result<()> {
        let mut address: libc::sockaddr_ll = socket::zeroed();
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = index as c_int;
        socket::bind(&self.0, &address)
    }

    pub fn promiscuous(&self, index: u32) -> io::Result<()> {
        let request = libc::packet_mreq {
            mr_ifindex: index as c_int,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        socket::set(&self.0, &packet::ADD_MEMBERSHIP, &request)
    }

    pub fn ignore_outgoing(&self) -> io::Result<()> {
        socket::set(&self.0, &packet::IGNORE_OUTGOING, &1)
    }

    /// Joins a fanout group, a new one with an id of the kernel's choice where none is given. Returns
    /// its id.
    pub fn join(&self, kind: u32, group: Option<u16>) -> io::Result<u16> {
        let mut flags = kind;
        if group.is_none() {
            flags |= libc::PACKET_FANOUT_FLAG_UNIQUEID;
        }
        socket::set(&self.0, &packet::FANOUT, &(u32::from(group.unwrap_or(0)) | flags << 16))?;
        match group {
            Some(id) => Ok(id),
            None => Ok(socket::get(&self.0, &packet::FANOUT)? as u16),
        }
    }

    /// Lets this program choose among the sockets of the group.
    pub fn deal_out(&self, program: &[Instruction]) -> io::Result<()> {
        socket::set_program(&self.0, &packet::FANOUT_DATA, program)
    }

    pub fn refuse_all(&self) -> io::Result<()> {
        self.attach(&REFUSE_ALL)
    }

    /// Lets in what the program accepts, everything where there is none.
    pub fn admit(&self, program: Option<&[Instruction]>) -> io::Result<()> {
        self.attach(program.unwrap_or(&ACCEPT_ALL))
    }

    fn attach(&self, program: &[Instruction]) -> io::Result<()> {
        socket::set_program(&self.0, &socket::FILTER, program)
    }

    pub fn statistics(&self) -> io::Result<Statistics> {
        let raw = socket::get(&self.0, &packet::STATISTICS)?;
        Ok(Statistics { packets: raw.tp_packets, drops: raw.tp_drops, freezes: raw.tp_freeze_q_cnt })
    }

    /// An error that befell the socket since the last call, such as its interface going down.
    pub fn take_error(&self) -> io::Result<()> {
        socket::take_error(&self.0)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
