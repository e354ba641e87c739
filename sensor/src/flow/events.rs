//! Events of packets, and of oddities in them.

use std::net::IpAddr;

use crate::event::{Arena, ArgType, Argument, Conn, List, Name, Part, arg_records, events};
use crate::flow::Datagram;
use crate::flow::packet;

arg_records! {
    /// A packet that begins a connection.
    pub struct SynPacket: "SYN_packet" {
        /// Whether the originator sent it.
        is_orig: bool,
        /// It was not to be fragmented.
        df: bool = "DF",
        /// Its hop limit.
        ttl: u8,
        /// Its length by its IP header.
        size: u32,
        /// The window.
        win_size: u16,
        /// The window's scale; -1 where there is none.
        win_scale: i64,
        /// The largest segment; 0 where that is not said.
        mss: u16 = "MSS",
        /// Selective acknowledgements may be sent.
        sack_ok: bool = "SACK_OK",
        /// The time stamp of the sender, …
        tsval: Option<u32> = "TSval",
        /// … and the one that it answers.
        tsecr: Option<u32> = "TSecr",
    }
    /// An option of a TCP header.
    pub struct TcpOptionOf<'a>: "TCP::Option" {
        /// Its kind.
        kind: u8,
        /// Its length, with kind and length.
        length: u8,
        /// The content of one that is not among those below.
        data: Option<&'a [u8]>,
        /// Kind 2: the largest segment.
        mss: Option<u16>,
        /// Kind 3: the window's scale.
        window_scale: Option<u8>,
        /// Kind 5: ends of what was received.
        sack: Option<Numbers<'a>>,
        /// Kind 8: time stamps.
        send_timestamp: Option<u32>,
        echo_timestamp: Option<u32>,
    }
}

/// Numbers of four bytes, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a>(pub &'a [u8]);

impl Argument for Numbers<'_> {
    const TYPE: ArgType = ArgType::Named("index_vec");

    fn put(&self, arena: &mut Arena) -> Part {
        let (numbers, _) = self.0.as_chunks::<4>();
        let parts: Vec<Part> =
            numbers.iter().map(|number| Part::Count(u64::from(u32::from_be_bytes(*number)))).collect();
        arena.list(&parts)
    }
}

events! { [0]
    /// A packet of a connection.
    pub struct NewPacket<'a>: "new_packet" {
        c: Conn,
        p: Headers<'a>,
    }
    /// The connection has grown by a step that a threshold may lie in; not one of Zeek's.
    pub struct ConnectionGrew: "ConnThreshold::grew" {
        c: Conn,
    }
    /// What a packet carries behind its transport header, as far as it was captured.
    pub struct PacketContents<'a>: "packet_contents" {
        c: Conn,
        contents: &'a [u8],
    }
    /// A TCP segment.
    pub struct TcpPacket<'a>: "tcp_packet" {
        c: Conn,
        is_orig: bool,
        flags: &'a str,
        seq: u64,
        ack: u64,
        len: u64,
        payload: &'a [u8],
    }
    /// An option of a TCP segment.
    pub struct TcpOption: "tcp_option" {
        c: Conn,
        is_orig: bool,
        opt: u8,
        optlen: u8,
    }
    /// All options of a TCP segment.
    pub struct TcpOptions<'a>: "tcp_options" {
        c: Conn,
        is_orig: bool,
        options: List<'a, TcpOptionOf<'a>>,
    }
    /// The next bytes of a stream, of the connections that options name.
    pub struct TcpContents<'a>: "tcp_contents" {
        c: Conn,
        is_orig: bool,
        seq: u64,
        contents: &'a [u8],
    }
    /// Bytes of a stream are missing and will not come.
    pub struct ContentGap: "content_gap" {
        c: Conn,
        is_orig: bool,
        seq: u64,
        length: u64,
    }
    /// One side of a TCP connection has closed it, and all that it sent was delivered.
    pub struct ConnectionEof: "connection_EOF" {
        c: Conn,
        is_orig: bool,
    }
    /// A TCP connection begins between the ends of one that was there still.
    pub struct ConnectionReused: "connection_reused" {
        c: Conn,
    }
    /// Originator and responder were found to be the other way round.
    pub struct ConnectionFlipped: "connection_flipped" {
        c: Conn,
    }
    /// A packet with SYN.
    pub struct ConnectionSynPacket: "connection_SYN_packet" {
        c: Conn,
        pkt: SynPacket,
    }
    /// The originator of a TCP connection acknowledges something for the first time.
    pub struct ConnectionFirstAck: "connection_first_ACK" {
        c: Conn,
    }
    /// A datagram of the originator.
    pub struct UdpRequest: "udp_request" {
        u: Conn,
    }
    /// A datagram of the responder.
    pub struct UdpReply: "udp_reply" {
        u: Conn,
    }
    /// What a datagram carries, of the connections that options name.
    pub struct UdpContents<'a>: "udp_contents" {
        u: Conn,
        is_orig: bool,
        contents: &'a [u8],
    }
    /// The checksums of a side were wrong for the 10th, 100th … time.
    pub struct TcpChecksumErrors: "tcp_multiple_checksum_errors" {
        c: Conn,
        is_orig: bool,
        threshold: u32,
    }
    /// The window of a side was zero for the 10th, 100th … time.
    pub struct TcpZeroWindows: "tcp_multiple_zero_windows" {
        c: Conn,
        is_orig: bool,
        threshold: u32,
    }
    /// A side has sent something again for the 10th, 100th … time.
    pub struct TcpRetransmissions: "tcp_multiple_retransmissions" {
        c: Conn,
        is_orig: bool,
        threshold: u32,
    }
    /// Something of a side is missing for the 10th, 100th … time.
    pub struct TcpGaps: "tcp_multiple_gap" {
        c: Conn,
        is_orig: bool,
        threshold: u32,
    }
    /// A connection did something odd.
    pub struct ConnWeird<'a>: "conn_weird" {
        name: Name,
        c: Conn,
        addl: &'a str,
        source: Name,
    }
    /// A packet between two hosts, of no connection, was odd.
    pub struct FlowWeird<'a>: "flow_weird" {
        name: &'a str,
        src: IpAddr,
        dst: IpAddr,
        addl: &'a str,
        source: &'a str,
    }
    /// A packet without readable addresses was odd.
    pub struct NetWeird<'a>: "net_weird" {
        name: &'a str,
        addl: &'a str,
        source: &'a str,
    }
}

/// The headers of a packet, as Zeek's `pkt_hdr`.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(pub &'a Datagram<'a>);

impl Argument for Headers<'_> {
    const TYPE: ArgType = ArgType::Named("pkt_hdr");

    fn put(&self, arena: &mut Arena) -> Part {
        packet::headers(arena, self.0)
    }
}
