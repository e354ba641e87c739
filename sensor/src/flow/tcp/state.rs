//! What a segment does to a connection: everything but the state machine and the payload.

use crate::event::{Conn, Event as _};
use crate::flow::engine::Env;
use crate::flow::events::{ConnectionFirstAck, TcpPacket, TcpRetransmissions, TcpZeroWindows};
use crate::flow::handler::{Dir, Handler, TcpEvent};
use crate::flow::tcp::endpoint::{EndpointState as State, Relative};
use crate::flow::tcp::segment::{Flags, Segment};
use crate::flow::tcp::{Tcp, seq_delta};
use crate::flow::{Flow, FlowSeen};
use crate::time::{Interval, Time};

/// Sequence numbers of SYN and RST packets that jump further than this are not believed.
const TOO_LARGE_DELTA: i32 = 1 << 20;

impl Tcp {
    /// Takes one segment in.
    pub(in crate::flow) fn segment<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        mut dir: Dir,
        seg: &Segment<'_>,
    ) {
        let now = env.cx.stamp;
        let flags = seg.flags;
        if self.began_with_answer(flow, seg) {
            self.began_at_responder(env, flow, app);
            dir = dir.other();
        }
        self.note_partial(dir, flags);
        let one_past = seg.seq.wrapping_add(seg.span());
        self.begin_endpoint(env, flow, dir, seg.seq, one_past, flags);

        let end = self.end(dir);
        let Relative { seq: rel_seq, underflow } = end.relative(seg.seq, end.last_seq, end.seq_wraps);
        if underflow && !flags.rst() {
            flow.weird(&mut env.cx, "TCP_seq_underflow_or_misorder", "TCP");
        }
        self.note_history(flow, dir, flags, rel_seq, seg.len);
        self.note_window(env, flow, dir, seg);
        if !self.both_closed() {
            flow.last = now;
        }
        self.note_control(env, flow, app, dir, seg, rel_seq);

        if flags.ack() && dir.is_orig() && !self.seen_first_ack {
            let state = self.orig.state;
            if matches!(state, State::Established | State::SynSent) {
                self.seen_first_ack = true;
                flow.raise(&mut env.cx, &ConnectionFirstAck { c: Conn });
            }
        }
        let rel_ack = if flags.ack() { self.note_ack(env, flow, dir, seg) } else { 0 };
        let sent_again = self.end(dir).retransmissions.times();
        let delta_last = self.note_last_seq(flow, dir, one_past, flags, seg.len);
        let again = self.end(dir).retransmissions;
        if again.times() != sent_again
            && let Some(threshold) = again.reached()
        {
            flow.raise(&mut env.cx, &TcpRetransmissions { c: Conn, is_orig: dir.is_orig(), threshold });
        }
        self.end_mut(dir).last_time = now;

        let (close, flipped) = self.advance(env, flow, app, dir, seg, delta_last);
        if flipped {
            // The originator is the responder from here on, and so is what this segment does.
            dir = dir.other();
        }
        self.show(flow);
        flow.partial = self.is_partial;
        if env.cx.bus.wants(TcpPacket::ID) {
            let packet = TcpPacket {
                c: Conn,
                is_orig: dir.is_orig(),
                flags: &flags.letters(),
                seq: rel_seq,
                ack: rel_ack,
                len: u64::from(seg.len),
                payload: seg.payload,
            };
            flow.raise(&mut env.cx, &packet);
        }
        if flags.ack() {
            // Only now, so that a gap that a FIN or RST reveals is told from one within the stream.
            self.acknowledged(env, flow, app, dir.other(), rel_ack);
        }
        self.mark_seen(dir);
        if seg.len > 0 && !flags.rst() && !underflow {
            let data_seq = rel_seq.wrapping_add(u64::from(flags.syn()));
            self.data_sent(env, flow, app, dir, data_seq, seg);
        }
        self.check_end(env, flow, app, dir);
        if close.happens {
            self.closed(env, flow, app, dir, close.report);
        }
    }

    /// All that was seen so far is a SYN-ACK, and now comes data or an acknowledgement, from whichever
    /// side. A stealth scan with SYN-ACKs is answered by a RST or not at all: this is a connection whose
    /// SYN we missed, and the side that sent the SYN-ACK is its responder.
    fn began_with_answer(&self, flow: &Flow, seg: &Segment<'_>) -> bool {
        let flags = seg.flags;
        let control = flags.syn() || flags.fin() || flags.rst();
        self.orig.state == State::SynAckSent
            && self.resp.state == State::Inactive
            && !control
            && (flags.ack() || seg.len > 0)
            && flow.history() == b"H"
    }

    fn began_at_responder<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
    ) {
        env.flip(flow, self, app);
        flow.retell_history();
        self.seen_orig = true;
    }

    /// Shows the flow what is known of its ends.
    pub(in crate::flow) fn show(&self, flow: &mut Flow) {
        flow.sizes = self.sizes();
        flow.states = [self.orig.state, self.resp.state];
    }

    /// Tells the handler what the connection did.
    pub(super) fn tell<H: Handler>(
        &self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        event: TcpEvent,
    ) {
        self.show(flow);
        env.handler.tcp_event(&mut env.cx, flow, app, event);
    }

    /// Payload sizes of originator and responder so far.
    pub fn sizes(&self) -> [u64; 2] {
        [self.orig.size(self.resp.state), self.resp.size(self.orig.state)]
    }

    fn note_partial(&mut self, dir: Dir, flags: Flags) {
        match dir {
            Dir::Orig if !self.seen_orig => self.is_partial = !flags.syn() || flags.ack(),
            Dir::Resp if !self.seen_resp && !self.is_partial => self.is_partial = !flags.syn(),
            _ => {}
        }
    }

    /// Sets an end's sequence numbers up by its first segment, or again by a later SYN.
    fn begin_endpoint<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        dir: Dir,
        seq: u32,
        one_past: u32,
        flags: Flags,
    ) {
        let other = self.end(dir.other());
        let (peer, window) = (other.state, (other.window_ack_seq, other.window_seq));
        let end = self.end_mut(dir);
        match end.state {
            State::Inactive if flags.syn() => {
                end.begin_at(seq);
                end.last_seq = one_past;
                (end.window_seq, end.window_ack_seq) = window;
            }
            State::Inactive => {
                end.begin_partial(seq);
                // The first packet must not look like a retransmission.
                end.last_seq = seq;
            }
            State::SynSent | State::SynAckSent if flags.syn() && seq != end.start_seq => {
                flow.weird(&mut env.cx, "SYN_seq_jump", "");
                end.begin_at(seq);
                end.last_seq = one_past;
            }
            State::Established | State::Partial if flags.syn() => {
                if end.size(peer) > 0 {
                    flow.weird(&mut env.cx, "SYN_inside_connection", "");
                }
                if seq != end.start_seq {
                    flow.weird(&mut env.cx, "SYN_seq_jump", "");
                }
                // Presumably the connection never was, and this SYN begins it.
                end.begin_at(seq);
                end.last_seq = one_past;
            }
            // A RST came first and may have been forged; the SYN knows better.
            State::Reset if flags.syn() && end.previous == State::Inactive => {
                end.begin_at(seq);
                end.last_seq = one_past;
            }
            _ => {}
        }
    }

    fn note_history(&mut self, flow: &mut Flow, dir: Dir, flags: Flags, rel_seq: u64, len: u32) {
        let end = self.end_mut(dir);
        // Comparing the low halves is enough to tell a repetition from a new number.
        let rel = rel_seq as u32;
        match (flags.syn(), flags.fin(), flags.rst()) {
            (_, true, true) => flow.note_once(dir, FlowSeen::FIN_RST, b'I'),
            (true, true, _) | (true, _, true) => flow.note_once(dir, FlowSeen::MULTI_FLAG, b'Q'),
            (true, ..) => {
                let letter = if flags.ack() { b'H' } else { b'S' };
                if flow.was_noted(dir, FlowSeen::SYN, letter) && rel != end.last_syn {
                    flow.note(dir, letter);
                }
                end.last_syn = rel;
            }
            (_, true, _) => {
                let rel = rel.wrapping_add(len);
                if flow.was_noted(dir, FlowSeen::FIN, b'F') && rel != end.last_fin {
                    flow.note(dir, b'F');
                }
                end.last_fin = rel;
            }
            (.., true) => {
                if flow.was_noted(dir, FlowSeen::RST, b'R') && rel != end.last_rst {
                    flow.note(dir, b'R');
                }
                end.last_rst = rel;
            }
            _ if len > 0 => flow.note_once(dir, FlowSeen::DATA, b'D'),
            _ if flags.ack() => flow.note_once(dir, FlowSeen::ACK, b'A'),
            _ => {}
        }
    }

    fn note_window<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        dir: Dir,
        seg: &Segment<'_>,
    ) {
        let peer = self.end(dir.other()).state;
        let end = self.end_mut(dir);
        let window = u32::from(seg.window) << end.window_scale;
        // A zero window says nothing with or after a RST, nor once the peer has nothing more to send.
        if window == 0 && !seg.flags.rst() && peer != State::Closed && end.state != State::Reset {
            let record = end.zero_windows.count();
            let (is_orig, reached) = (dir.is_orig(), end.zero_windows.reached());
            flow.note_scaled(dir, b'W', record);
            if let Some(threshold) = reached {
                flow.raise(&mut env.cx, &TcpZeroWindows { c: Conn, is_orig, threshold });
            }
        }
        let settled = seg.flags.syn() || seg.flags.fin() || seg.flags.rst();
        if settled || matches!(end.state, State::Closed | State::Reset) {
            return;
        }
        if seq_delta(seg.seq, end.window_seq) >= 0 && seq_delta(seg.ack, end.window_ack_seq) >= 0 {
            let new_edge = seg.ack.wrapping_add(window);
            let old_edge = end.window_ack_seq.wrapping_add(end.window);
            let advance = seq_delta(new_edge, old_edge);
            // Scaling makes the edge coarse; less than its grain is no recision.
            if advance < 0 && advance.unsigned_abs() >= 1 << end.window_scale {
                flow.weird(&mut env.cx, "window_recision", "");
            }
            end.window = window;
            end.window_ack_seq = seg.ack;
            end.window_seq = seg.seq;
        }
    }

    /// SYN, FIN and RST, apart from what they do to the state.
    fn note_control<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        seg: &Segment<'_>,
        rel_seq: u64,
    ) {
        let now = env.cx.stamp;
        let flags = seg.flags;
        let (most, pause) = (env.cx.config.streams.storm, env.cx.config.streams.storm_pause);
        let is_storm = |count: u16, last: Time| count >= most && now < last + pause;
        if flags.syn() {
            for (odd, name) in
                [(flags.rst(), "TCP_christmas"), (flags.urg(), "baroque_SYN"), (seg.len > 0, "SYN_with_data")]
            {
                if odd {
                    flow.weird(&mut env.cx, name, "TCP");
                }
            }
            self.begin_window(dir, seg);
        }
        if flags.fin() {
            let end = self.end_mut(dir);
            end.fin_count = end.fin_count.saturating_add(1);
            end.fin_seq = rel_seq.wrapping_add(u64::from(seg.span()));
            if is_storm(end.fin_count, end.last_time) {
                flow.weird(&mut env.cx, "FIN_storm", "TCP");
            }
        }
        if flags.rst() {
            let end = self.end_mut(dir);
            end.rst_count = end.rst_count.saturating_add(1);
            if is_storm(end.rst_count, end.last_time) {
                flow.weird(&mut env.cx, "RST_storm", "TCP");
            }
            self.tell(env, flow, app, TcpEvent::RstPacket);
        }
    }

    fn begin_window(&mut self, dir: Dir, seg: &Segment<'_>) {
        let scale = seg.window_scale();
        let end = self.end_mut(dir);
        // RFC 7323 §2.3: a shift above 14 is to be taken as 14.
        end.window_scale = scale.map_or(0, |scale| scale.min(14));
        if scale.is_some() {
            (end.window_seq, end.window_ack_seq) = (seg.seq, seg.ack);
        }
        if self.end(dir.other()).state == State::Inactive {
            // The other side takes this up with its first packet.
            return;
        }
        let peer = self.end_mut(dir.other());
        if scale.is_some() {
            (peer.window_seq, peer.window_ack_seq) = (seg.ack, seg.seq);
        } else if seg.flags.ack() {
            // Scaling was not agreed upon.
            peer.window_scale = 0;
        }
    }

    /// What the segment acknowledges, relative to the other side's start.
    fn note_ack<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        dir: Dir,
        seg: &Segment<'_>,
    ) -> u64 {
        let (end_state, flags) = (self.end(dir).state, seg.flags);
        let peer = self.end_mut(dir.other());
        if peer.state == State::Inactive {
            let opening = matches!(end_state, State::SynSent | State::SynAckSent | State::Established);
            if !flags.syn() && !flags.fin() && !flags.rst() && opening && !flow.did_weird {
                // We saw one side's SYN and then it acknowledges data of a side never seen.
                flow.weird(&mut env.cx, "possible_split_routing", "");
            }
            peer.begin_partial(seg.ack);
            peer.last_seq = seg.ack.wrapping_sub(1);
            return 1;
        }
        let Relative { seq, underflow } = peer.relative(seg.ack, peer.ack_seq, peer.ack_wraps);
        if underflow {
            flow.weird(&mut env.cx, "TCP_ack_underflow_or_misorder", "TCP");
            return 0;
        }
        if !flags.rst() {
            let delta = seq_delta(seg.ack, peer.ack_seq);
            // A zero far ahead is rather a broken field than a large connection.
            if delta > 0 && !(seg.ack == 0 && delta > TOO_LARGE_DELTA) {
                peer.update_ack_seq(seg.ack);
            }
        }
        seq
    }

    /// Moves the end's highest sequence number; returns how far the segment reaches beyond it.
    fn note_last_seq(&mut self, flow: &mut Flow, dir: Dir, one_past: u32, flags: Flags, len: u32) -> i32 {
        let end = self.end_mut(dir);
        let delta = seq_delta(one_past, end.last_seq);
        let outlandish = !(-TOO_LARGE_DELTA..=TOO_LARGE_DELTA).contains(&delta);
        if (flags.syn() || flags.rst()) && outlandish {
            return delta;
        }
        if flags.fin() && end.last_seq == end.start_seq.wrapping_add(1) {
            // Only SYN and FIN seen of what may be more than 2 GB: the FIN is right.
            end.update_last_seq(one_past);
        } else if end.state == State::Reset {
            // Nothing after a RST is believed.
        } else if delta > 0 {
            end.update_last_seq(one_past);
        } else if len > 0 {
            flow.note_scaled(dir, b'T', end.retransmissions.count());
        }
        delta
    }

    /// Both sides have closed, and the connection only waits for stragglers.
    pub(in crate::flow) fn both_ended(&self) -> bool {
        self.ended
    }

    /// The time to answer a SYN is over. True: the connection is to be removed.
    pub(in crate::flow) fn attempt_over(&mut self) -> bool {
        let unanswered = self.is_active
            && matches!(self.orig.state, State::SynSent | State::SynAckSent)
            && self.resp.state == State::Inactive;
        if unanswered {
            self.is_active = false;
        }
        unanswered
    }

    /// A look at a connection that may be over without anybody having said so. `None`: nothing will
    /// ever come of it; true: it is to be removed; false: look again later.
    pub(in crate::flow) fn seems_over(&mut self, linger: Interval, last: Time, now: Time) -> Option<bool> {
        if !self.is_active {
            return None;
        }
        if last + linger >= now {
            return Some(false);
        }
        let (orig, resp) = (&self.orig, &self.resp);
        let any = |state| orig.state == state || resp.state == state;
        if (orig.did_close || resp.did_close)
            && (self.both_closed() || any(State::Reset) || any(State::Inactive))
        {
            self.is_active = false;
            return Some(true);
        }
        Some(orig.state == State::Inactive && resp.state == State::Inactive)
    }

    /// Whether a segment begins a new connection between ends that this one still occupies.
    pub(in crate::flow) fn is_reuse<H: Handler>(
        &self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        offset: u8,
        flags: Flags,
        seq: u32,
    ) -> bool {
        if usize::from(offset) * 4 < Segment::MIN_HEADER || !flags.syn() {
            return false;
        }
        let mut sender = &self.orig;
        if flags.ack() {
            if self.orig.state != State::Inactive {
                return false;
            }
            sender = &self.resp;
        }
        let reset = self.orig.state == State::Reset || self.resp.state == State::Reset;
        if !self.orig.did_close && !self.resp.did_close {
            if seq == sender.start_seq {
                return false;
            }
            let reversed = !flags.ack()
                && sender.state == State::SynAckSent
                && self.resp.state == State::Inactive
                && seq == self.resp.start_seq;
            if reversed {
                return false;
            }
            let name =
                if sender.state == State::SynSent { "SYN_seq_jump" } else { "active_connection_reuse" };
            flow.weird(&mut env.cx, name, "TCP");
        } else if (self.orig.is_active() || self.resp.is_active()) && !reset {
            flow.weird(&mut env.cx, "active_connection_reuse", "TCP");
        } else if env.cx.stamp - flow.last < env.cx.config.timeouts.tcp_connection_linger && !reset {
            flow.weird(&mut env.cx, "premature_connection_reuse", "TCP");
        }
        true
    }

    /// A segment with a wrong checksum: noted, and not looked at any further.
    /// How often that was, where it is the 10th, 100th … time.
    pub(in crate::flow) fn bad_checksum(&mut self, flow: &mut Flow, dir: Dir) -> Option<u32> {
        let errors = &mut self.end_mut(dir).bad_checksums;
        let (record, reached) = (errors.count(), errors.reached());
        flow.note_scaled(dir, b'C', record);
        reached
    }

    /// Gives back what the connection holds.
    pub(in crate::flow) fn release(&mut self, total: &mut crate::flow::tcp::BufferedTotal) {
        self.orig.stream.clear(total);
        if let Some(resp) = self.resp.seen_mut() {
            resp.stream.clear(total);
        }
    }
}
