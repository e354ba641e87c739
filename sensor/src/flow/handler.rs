//! What the flow engine tells of a connection, and to whom.

use crate::config::Config;
use crate::event::Bus;
use crate::flow::{Datagram, Flow, Tcp};
use crate::time::Time;

/// A direction of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dir {
    Orig,
    Resp,
}

impl Dir {
    pub const fn is_orig(self) -> bool {
        matches!(self, Dir::Orig)
    }

    pub const fn other(self) -> Dir {
        match self {
            Dir::Orig => Dir::Resp,
            Dir::Resp => Dir::Orig,
        }
    }
}

/// What every stateful call gets: the time, the settings, and somewhere to say things.
pub struct Cx<'a> {
    /// Network time: it never goes back.
    pub now: Time,
    /// The time stamp of the packet being handled.
    pub stamp: Time,
    pub config: &'a Config,
    pub bus: &'a mut Bus,
}

/// Something a TCP connection as a whole did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpEvent {
    /// Both sides have agreed to talk.
    Established,
    /// A SYN was not answered in time.
    Unanswered,
    /// A SYN was answered, and nobody went on from there in time.
    HalfOpen,
    /// A SYN was answered with a RST.
    Rejected,
    /// Data was seen from both sides of a connection whose beginning was not.
    Partial,
    /// A packet with RST was seen, wherever the connection stands.
    RstPacket,
    /// The connection was aborted.
    Reset,
    /// Both sides closed, or one did and the other was never seen.
    Finished { half: bool },
}

/// Analyses what connections carry. The flow engine knows nothing of protocols; it tells an
/// implementation of this what happened, and keeps one `State` per flow for it.
pub trait Handler {
    type State: Default;

    /// A flow began, with this packet.
    fn opened(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut Self::State);

    /// A packet of the flow came, and is analysed next.
    fn packet(
        &mut self,
        _cx: &mut Cx<'_>,
        _flow: &mut Flow,
        _state: &mut Self::State,
        _dir: Dir,
        _datagram: &Datagram<'_>,
    ) {
    }

    /// An ICMP message.
    fn icmp(&mut self, _cx: &mut Cx<'_>, _flow: &mut Flow, _message: &Datagram<'_>) {}

    /// Whether anyone still reads this flow's bytes; if not, none are buffered.
    fn listens(&self, state: &Self::State) -> bool;

    /// A datagram's payload, as far as it was captured.
    fn datagram(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        state: &mut Self::State,
        dir: Dir,
        payload: &[u8],
    );

    /// The next bytes of a stream.
    fn data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut Self::State, dir: Dir, bytes: &[u8]);

    /// Bytes that are missing from a stream and will not come.
    fn gap(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut Self::State, dir: Dir, len: u64);

    /// A stream's sender has closed it, and all of it has been delivered.
    fn end_of_data(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut Self::State, dir: Dir);

    fn tcp_event(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut Self::State, event: TcpEvent);

    /// The deadline that the handler asked for with [`Flow::set_app_deadline`] has come. It may set
    /// another; true ends the flow.
    fn timer(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut Self::State) -> bool;

    /// The flow ends because nothing was seen of it for too long.
    fn timed_out(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, state: &mut Self::State);

    /// Originator and responder were found to be the other way round.
    fn flipped(&mut self, state: &mut Self::State);

    /// The flow is over; nothing follows.
    fn removed(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, tcp: &Tcp, state: &mut Self::State);
}
