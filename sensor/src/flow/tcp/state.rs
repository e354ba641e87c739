//! What a segment does to a connection.

use crate::flow::engine::Env;
use crate::flow::handler::{Dir, Handler, TcpEvent};
use crate::flow::tcp::endpoint::{Endpoint, EndpointState as State, Relative};
use crate::flow::tcp::reassembly::Piece;
use crate::flow::tcp::segment::{Flags, Segment};
use crate::flow::tcp::{Tcp, seq_delta};
use crate::flow::{Deadline, Flow, Seen};
use crate::time::{Interval, Time};

/// Sequence numbers of SYN and RST packets that jump further than this are not believed.
const TOO_LARGE_DELTA: i32 = 1 << 20;
/// So many FINs or RSTs, this close together, are a storm (`tcp_storm_thresh`, `…_interarrival_thresh`).
const STORM_COUNT: u16 = 1000;
const STORM_INTERVAL: Interval = Interval::from_secs(1);
/// Data sent before any acknowledgement, and held above a hole while there is none, beyond which
/// the other direction is taken to be invisible (`tcp_max_initial_window`,
/// `tcp_max_above_hole_without_any_acks`).
const MAX_INITIAL_WINDOW: u64 = 16384;
const MAX_ABOVE_HOLE: u64 = 16384;
/// Bytes of one direction without further acknowledgements beyond which it is given up
/// (`tcp_excessive_data_without_further_acks`).
const MAX_UNACKNOWLEDGED: u64 = 10 * 1024 * 1024;

/// How a segment closes its sender's side.
#[derive(Clone, Copy, Default)]
struct Close {
    happens: bool,
    /// Whether it is an orderly close, to be told of.
    report: bool,
}

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

        let rel_ack = if flags.ack() { self.note_ack(env, flow, dir, seg) } else { 0 };
        let delta_last = self.note_last_seq(flow, dir, one_past, flags, seg.len);
        self.end_mut(dir).last_time = now;

        let (close, flipped) = self.advance(env, flow, app, dir, seg, delta_last);
        if flipped {
            // The originator is the responder from here on, and so is what this segment does.
            dir = dir.other();
        }
        flow.sizes = self.sizes();
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
            (_, true, true) => flow.note_once(dir, Seen::FIN_RST, b'I'),
            (true, true, _) | (true, _, true) => flow.note_once(dir, Seen::MULTI_FLAG, b'Q'),
            (true, ..) => {
                let letter = if flags.ack() { b'H' } else { b'S' };
                if flow.was_noted(dir, Seen::SYN, letter) && rel != end.last_syn {
                    flow.note(dir, letter);
                }
                end.last_syn = rel;
            }
            (_, true, _) => {
                let rel = rel.wrapping_add(len);
                if flow.was_noted(dir, Seen::FIN, b'F') && rel != end.last_fin {
                    flow.note(dir, b'F');
                }
                end.last_fin = rel;
            }
            (.., true) => {
                if flow.was_noted(dir, Seen::RST, b'R') && rel != end.last_rst {
                    flow.note(dir, b'R');
                }
                end.last_rst = rel;
            }
            _ if len > 0 => flow.note_once(dir, Seen::DATA, b'D'),
            _ if flags.ack() => flow.note_once(dir, Seen::ACK, b'A'),
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
            flow.note_scaled(dir, b'W', end.zero_windows.count());
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
        let is_storm = |count: u16, last: Time| count >= STORM_COUNT && now < last + STORM_INTERVAL;
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
            env.handler.tcp_event(&mut env.cx, flow, app, TcpEvent::RstPacket);
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

    /// The state machine. Returns how the segment closes its side, and whether the roles were swapped.
    fn advance<H: Handler>(
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
            State::Inactive => return self.from_inactive(env, flow, app, dir, seg),
            State::SynSent | State::SynAckSent => {
                return (self.from_syn_sent(env, flow, app, dir, seg), false);
            }
            State::Established | State::Partial => {
                return (self.from_established(env, flow, app, dir, flags), false);
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

    fn from_inactive<H: Handler>(
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
            if !rejected && peer == State::Inactive {
                flow.weird(&mut env.cx, "spontaneous_RST", "TCP");
            }
        }
        if self.end(dir).state == State::Inactive {
            self.begin_without_control(env, flow, dir, seg);
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
            self.is_partial = false;
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
        flipped
    }

    fn begin_without_control<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
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
        }
    }

    fn from_syn_sent<H: Handler>(
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

    fn from_established<H: Handler>(
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
        env.handler.tcp_event(&mut env.cx, flow, app, TcpEvent::Reset);
        self.is_active = false;
    }

    /// The stream of `dir`, and what hands its pieces to the handler.
    fn with_stream<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        work: impl FnOnce(&mut Endpoint, &mut crate::flow::tcp::BufferedTotal, bool, &mut dyn FnMut(Piece<'_>)),
    ) {
        let clean = |end: &Endpoint| {
            end.state == State::Established
                || end.state == State::Closed && end.previous == State::Established
        };
        // A gap in any other state may only be a sequence number that does not fit.
        let counts = clean(&self.orig) && clean(&self.resp);
        let end = self.end_mut(dir);
        let keep = env.handler.listens(app);
        let Env { cx, handler, total } = env;
        let mut gaps = end.gaps;
        work(end, total, keep, &mut |piece| match piece {
            Piece::Data(bytes) => handler.data(cx, flow, app, dir, bytes),
            Piece::Gap(len) => {
                if counts {
                    flow.note_scaled(dir, b'G', gaps.count());
                    flow.missed_bytes = flow.missed_bytes.saturating_add(len);
                }
                handler.gap(cx, flow, app, dir, len);
            }
            Piece::Unread(len) => handler.gap(cx, flow, app, dir, len),
        });
        end.gaps = gaps;
    }

    fn data_sent<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        seq: u64,
        seg: &Segment<'_>,
    ) {
        if (seg.payload.len() as u64) < u64::from(seg.len) {
            flow.weird(&mut env.cx, "truncated_tcp_payload", "TCP");
            return;
        }
        let peer_state = self.end(dir.other()).state;
        let end = self.end(dir);
        if end.stream.is_skipping() {
            return;
        }
        let acked = end.relative_ack();
        let (mut seq, mut payload) = (seq, seg.payload);
        if seq < acked {
            let Some(rest) = payload.get((acked - seq) as usize..).filter(|rest| !rest.is_empty()) else {
                return;
            };
            (seq, payload) = (acked, rest);
        }
        self.with_stream(env, flow, app, dir, |end, total, keep, out| {
            end.stream.insert(seq, payload, keep, total, out);
        });
        let end = self.end_mut(dir);
        let no_acks = end.no_data_acked();
        if no_acks && end.size(peer_state) > MAX_INITIAL_WINDOW {
            // The acknowledgements seem not to come past us: there is nothing to wait for.
            let next = end.stream.next();
            self.with_stream(env, flow, app, dir, |end, total, _, out| {
                end.stream.trim(next, false, total, out)
            });
        }
        let end = self.end_mut(dir);
        if no_acks && end.stream.undelivered() > MAX_ABOVE_HOLE {
            flow.weird(&mut env.cx, "above_hole_data_without_any_acks", "TCP");
            end.stream.skip(env.total);
        } else if end.stream.unacknowledged() > MAX_UNACKNOWLEDGED {
            flow.weird(&mut env.cx, "excessive_data_without_further_acks", "TCP");
            end.stream.skip(env.total);
        } else if env.total.bytes > env.cx.config.limits.reassembly_bytes && end.stream.undelivered() > 0 {
            // All streams together hold too much. The one that adds to it now is given up: an attacker
            // who opens many holes pays with his own connections.
            flow.note_once(dir, Seen::PARTIAL, b'X');
            end.stream.skip(env.total);
        }
    }

    fn acknowledged<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        ack: u64,
    ) {
        let partial = self.is_partial;
        let end = self.end(dir);
        // The FIN's own number is no data.
        let ack = if end.fin_count > 0 && ack >= end.fin_seq { end.fin_seq.wrapping_sub(1) } else { ack };
        if ack <= end.stream.trimmed() {
            return;
        }
        self.with_stream(env, flow, app, dir, |end, total, _, out| end.stream.trim(ack, partial, total, out));
        self.check_end(env, flow, app, dir);
    }

    /// Tells of the end of a stream once all of it was delivered.
    fn check_end<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
    ) {
        let end = self.end(dir);
        let over = end.fin_count > 0 || matches!(end.state, State::Closed | State::Reset);
        if end.stream.did_end || !over || self.data_pending(dir) {
            return;
        }
        self.end_mut(dir).stream.did_end = true;
        env.handler.end_of_data(&mut env.cx, flow, app, dir);
        if self.close_deferred {
            if self.data_pending(dir) && self.both_closed() {
                flow.weird(&mut env.cx, "pending_data_when_closed", "TCP");
            }
            let report = self.deferred_report;
            self.closed(env, flow, app, dir, report);
            self.close_deferred = false;
        }
    }

    /// Whether some of what an end sent is still to be delivered.
    fn data_pending(&self, dir: Dir) -> bool {
        let (end, peer) = (self.end(dir), self.end(dir.other()));
        if end.stream.is_skipping() {
            return false;
        }
        let delivered = u64::from(end.start_seq).wrapping_add(end.stream.next());
        let last = end.full_last();
        if last < delivered {
            return false;
        }
        // A FIN takes a number that is never delivered; a RST does not.
        if delivered != last && delivered != last.wrapping_sub(1) {
            return true;
        }
        // Whoever sent a RST acknowledges nothing any more.
        end.state != State::Reset && peer.stream.holds_data()
    }

    /// One side has closed, in whatever way.
    fn closed<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        report: bool,
    ) {
        if self.data_pending(dir) {
            self.close_deferred = true;
            self.deferred_report |= report;
            return;
        }
        self.close_deferred = false;
        if self.end(dir).did_close {
            return;
        }
        self.end_mut(dir).did_close = true;
        let (end, peer) = (self.end(dir), self.end(dir.other()));
        let complete = end.state == State::Reset || peer.did_close || peer.state == State::Inactive;
        let timeouts = &env.cx.config.timeouts;
        if complete {
            if end.previous != State::Inactive || peer.state != State::Inactive {
                let half = peer.state == State::Inactive;
                if std::mem::take(&mut self.deferred_report) || report {
                    env.handler.tcp_event(&mut env.cx, flow, app, TcpEvent::Finished { half });
                    self.is_active = false;
                }
            }
            let delete = flow.last + env.cx.config.timeouts.tcp_close_delay;
            flow.cancel_tcp_deadlines();
            flow.set_deadline(Deadline::Tcp, delete);
            self.ended = true;
        } else if end.previous != State::Inactive {
            flow.set_deadline(Deadline::Close, flow.last + timeouts.tcp_session_timer);
        }
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
    pub(in crate::flow) fn bad_checksum(&mut self, flow: &mut Flow, dir: Dir) {
        let record = self.end_mut(dir).bad_checksums.count();
        flow.note_scaled(dir, b'C', record);
    }

    /// Gives back what the connection holds.
    pub(in crate::flow) fn release(&mut self, total: &mut crate::flow::tcp::BufferedTotal) {
        self.orig.stream.clear(total);
        self.resp.stream.clear(total);
    }
}
