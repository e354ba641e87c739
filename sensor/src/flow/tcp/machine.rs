//! The state machine: what an end's segment makes of the end, by what it has done before.

use crate::flow::engine::Env;
use crate::flow::handler::{Dir, Handler, TcpEvent};
use crate::flow::tcp::endpoint::EndpointState as State;
use crate::flow::tcp::segment::{Flags, Segment};
use crate::flow::tcp::{Tcp, seq_delta};
use crate::flow::{Deadline, Flow, Proto};

/// How a segment closes its sender's side.
#[derive(Clone, Copy, Default)]
pub(super) struct Close {
    pub happens: bool,
    /// Whether it is an orderly close, to be told of.
    pub report: bool,
}

impl Tcp {
    /// The state machine. Returns how the segment closes its side, and whether the roles were swapped.
    pub(super) fn advance<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        seg: &Segment<'_>,
        delta_last: i32,
    ) -> (Close, bool) {
        let flags = seg.flags;
        match self.end(dir).state {
            State::Inactive => return self.out_of_inactive(env, flow, app, dir, seg),
            State::SynSent | State::SynAckSent => {
                return (self.out_of_syn_sent(env, flow, app, dir, seg), false);
            }
            State::Established | State::Partial => {
                return (self.out_of_established(env, flow, app, dir, flags), false);
            }
            State::Closed => {
                if flags.syn() {
                    flow.weird(&mut env.cx, "SYN_after_close", "TCP");
                }
                if flags.fin() && delta_last > 0 {
                    flow.weird(&mut env.cx, "FIN_advanced_last_seq", "TCP");
                }
                // A RST after both sides said FIN changes nothing.
                if flags.rst() && self.end(dir.other()).state != State::Closed {
                    self.set_state(env, flow, dir, State::Reset);
                    return (Close { happens: !self.end(dir).did_close, report: false }, false);
                }
            }
            State::Reset => {
                let data = seg.len > 0 && !flags.rst();
                for (odd, name) in [
                    (flags.syn(), "SYN_after_reset"),
                    (flags.fin(), "FIN_after_reset"),
                    (data, "data_after_reset"),
                ] {
                    if odd {
                        flow.weird(&mut env.cx, name, "TCP");
                    }
                }
            }
        }
        (Close::default(), false)
    }

    fn out_of_inactive<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        seg: &Segment<'_>,
    ) -> (Close, bool) {
        let flags = seg.flags;
        let mut close = Close::default();
        let mut flipped = false;
        if flags.syn() && dir.is_orig() {
            if flags.ack() {
                flow.weird(&mut env.cx, "connection_originator_SYN_ack", "TCP");
                self.set_state(env, flow, dir, State::SynAckSent);
            } else {
                self.set_state(env, flow, dir, State::SynSent);
            }
            flow.set_deadline(Deadline::Tcp, env.cx.stamp + env.cx.config.timeouts.tcp_attempt_delay);
        } else if flags.syn() {
            flipped = self.answered(env, flow, app, dir, seg);
        }
        let dir = if flipped { dir.other() } else { dir };
        if flags.fin() {
            self.set_state(env, flow, dir, State::Closed);
            close = Close { happens: true, report: true };
            if self.end(dir.other()).state != State::Partial && !flags.syn() {
                flow.weird(&mut env.cx, "spontaneous_FIN", "TCP");
            }
        }
        if flags.rst() {
            self.set_state(env, flow, dir, State::Reset);
            let peer = self.end(dir.other()).state;
            // A RST to a SYN-ACK without a SYN is a reverse scan refused; one to a SYN, a closed port.
            let rejected = match dir {
                Dir::Orig => peer == State::Established,
                Dir::Resp => matches!(peer, State::SynSent | State::SynAckSent),
            };
            close = Close { happens: true, report: !rejected };
            if rejected {
                self.tell(env, flow, app, TcpEvent::Rejected);
            }
            if !rejected && peer == State::Inactive {
                flow.weird(&mut env.cx, "spontaneous_RST", "TCP");
            }
        }
        if self.end(dir).state == State::Inactive {
            self.begin_without_control(env, flow, app, dir, seg);
        }
        (close, flipped)
    }

    /// A SYN from the responder: normally the SYN-ACK. Returns whether the roles were swapped.
    fn answered<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        seg: &Segment<'_>,
    ) -> bool {
        let (end, peer) = (self.end(dir), self.end(dir.other()));
        let mut flipped = false;
        if seg.flags.ack() {
            let within = seq_delta(seg.ack, peer.start_seq) >= 0 && seq_delta(seg.ack, peer.last_seq) <= 0;
            if !matches!(peer.state, State::Inactive | State::Partial) && !within {
                flow.weird(&mut env.cx, "bad_SYN_ack", "TCP");
            }
        } else if peer.state == State::SynAckSent && seg.seq == end.start_seq {
            // SYN and SYN-ACK came in the wrong order, as from two taps: swap the ends back.
            flipped = true;
        } else {
            flow.weird(&mut env.cx, "simultaneous_open", "TCP");
        }
        if flipped {
            env.flip(flow, self, app);
            self.set_state(env, flow, dir, State::Established);
            self.seen_orig = true;
        }
        let dir = if flipped { dir.other() } else { dir };
        match self.end(dir.other()).state {
            State::SynSent => self.set_state(env, flow, dir.other(), State::Established),
            State::Inactive => flow.weird(&mut env.cx, "unsolicited_SYN_response", "TCP"),
            _ => {}
        }
        self.set_state(env, flow, dir, State::Established);
        if self.end(dir.other()).state != State::Partial {
            let likely = |port| env.cx.config.likely_servers.contains(Proto::Tcp, port);
            let (orig, resp) = (flow.id().orig_p, flow.resp_port());
            // Of the originator nothing was seen: it may be the server after all.
            let flipped = self.orig.state == State::Inactive && !likely(resp) && likely(orig);
            let port = if flipped { orig } else { resp };
            flow.set_inactivity(env.cx.config.timeouts.established(Proto::Tcp, port));
            self.tell(env, flow, app, TcpEvent::Established);
        }
        flipped
    }

    fn begin_without_control<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        seg: &Segment<'_>,
    ) {
        let peer = self.end(dir.other()).state;
        if !dir.is_orig() && seg.len == 0 && self.orig.state == State::SynSent {
            // Some hosts acknowledge a SYN before they answer it; that is no partial connection.
        } else if seg.flags.ack() && peer == State::Established {
            // We missed the SYN, but saw the SYN-ACK and now its acknowledgement.
            self.set_state(env, flow, dir, State::Established);
            self.is_partial = false;
            self.mark_seen(dir);
        } else {
            self.set_state(env, flow, dir, State::Partial);
            if peer == State::Partial {
                self.tell(env, flow, app, TcpEvent::Partial);
            }
        }
    }

    fn out_of_syn_sent<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        seg: &Segment<'_>,
    ) -> Close {
        let flags = seg.flags;
        let (state, peer) = (self.end(dir).state, self.end(dir.other()).state);
        let mut close = Close::default();
        if flags.syn() {
            let plain = flags.ack() && !flags.fin() && !flags.rst();
            if dir.is_orig() && plain && state != State::SynAckSent {
                flow.weird(&mut env.cx, "repeated_SYN_with_ack", "TCP");
            }
            if !dir.is_orig() && !flags.ack() && state != State::SynSent {
                flow.weird(&mut env.cx, "repeated_SYN_reply_wo_ack", "TCP");
            }
        }
        if flags.fin() {
            if matches!(peer, State::Inactive | State::SynSent) {
                flow.weird(&mut env.cx, "inappropriate_FIN", "TCP");
            }
            self.set_state(env, flow, dir, State::Closed);
            close = Close { happens: true, report: true };
        }
        if flags.rst() {
            self.set_state(env, flow, dir, State::Reset);
            self.reset(env, flow, app);
            close.happens = true;
        } else if seg.len > 0 {
            flow.weird(&mut env.cx, "data_before_established", "TCP");
        }
        close
    }

    fn out_of_established<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        flags: Flags,
    ) -> Close {
        let mut close = Close::default();
        let peer = self.end(dir.other());
        let (peer_state, peer_previous) = (peer.state, peer.previous);
        if flags.syn()
            && self.end(dir).state == State::Partial
            && peer_state == State::Inactive
            && !flags.ack()
        {
            flow.weird(&mut env.cx, "SYN_after_partial", "TCP");
            self.set_state(env, flow, dir, State::SynSent);
        }
        if flags.fin() && !flags.rst() {
            self.set_state(env, flow, dir, State::Closed);
            if peer_state == State::Reset && peer_previous == State::Closed {
                // FIN, then RST from the peer: with our FIN it was an ordinary end after all.
                self.set_state(env, flow, dir.other(), State::Closed);
            }
            close = Close { happens: true, report: true };
        }
        if flags.rst() {
            self.set_state(env, flow, dir, State::Reset);
            close.happens = true;
            let peer = self.end(dir.other());
            if peer.state != State::Reset || peer.previous != State::Established {
                self.reset(env, flow, app);
            }
        }
        close
    }

    fn set_state<H: Handler>(&mut self, env: &mut Env<'_, '_, H>, flow: &mut Flow, dir: Dir, state: State) {
        let peer = self.end(dir.other()).state;
        let end = self.end_mut(dir);
        if state == end.state {
            return;
        }
        if !state.is_handshake() && end.state.is_handshake() && peer.is_handshake() {
            flow.set_inactivity(env.cx.config.timeouts.tcp_inactivity);
        }
        end.previous = end.state;
        end.state = state;
    }

    fn reset<H: Handler>(&mut self, env: &mut Env<'_, '_, H>, flow: &mut Flow, app: &mut H::State) {
        self.tell(env, flow, app, TcpEvent::Reset);
        self.is_active = false;
    }
}
