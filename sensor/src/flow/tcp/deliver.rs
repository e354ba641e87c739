//! What a connection carries, handed on in order; and its end, once all of it was.

use crate::event::{Conn, Event as _};
use crate::flow::engine::Env;
use crate::flow::events::{ConnectionEof, ContentGap, TcpContents, TcpGaps};
use crate::flow::handler::{Dir, Handler, TcpEvent};
use crate::flow::tcp::Tcp;
use crate::flow::tcp::endpoint::{Endpoint, EndpointState as State};
use crate::flow::tcp::reassembly::{BufferedTotal, Piece};
use crate::flow::tcp::segment::Segment;
use crate::flow::{Deadline, Flow, FlowSeen};

impl Tcp {
    /// The stream of `dir`, and what hands its pieces to the handler.
    fn with_stream<H: Handler>(
        &mut self,
        env: &mut Env<'_, '_, H>,
        flow: &mut Flow,
        app: &mut H::State,
        dir: Dir,
        work: impl FnOnce(&mut Endpoint, &mut BufferedTotal, bool, &mut dyn FnMut(Piece<'_>)),
    ) {
        let clean = |end: &Endpoint| {
            end.state == State::Established
                || end.state == State::Closed && end.previous == State::Established
        };
        // A gap in any other state may only be a sequence number that does not fit.
        let counts = clean(&self.orig) && clean(&self.resp);
        let end = self.end_mut(dir);
        let (is_orig, mut seq) = (dir.is_orig(), end.stream.next());
        let told = env.cx.config.contents.as_ref();
        let told = told.is_some_and(|contents| contents.of_stream(is_orig, flow.resp_port()))
            && env.cx.bus.wants(TcpContents::ID);
        let keep = told || env.handler.listens(app);
        let Env { cx, handler, total } = env;
        let mut gaps = end.gaps;
        work(end, total, keep, &mut |piece| match piece {
            Piece::Data(bytes) => {
                if told {
                    flow.raise(cx, &TcpContents { c: Conn, is_orig, seq, contents: bytes });
                }
                seq = seq.wrapping_add(bytes.len() as u64);
                handler.data(cx, flow, app, dir, bytes);
            }
            Piece::Gap(len) => {
                if counts {
                    flow.note_scaled(dir, b'G', gaps.count());
                    if let Some(threshold) = gaps.reached() {
                        flow.raise(cx, &TcpGaps { c: Conn, is_orig, threshold });
                    }
                    flow.missed_bytes = flow.missed_bytes.saturating_add(len);
                    flow.raise(cx, &ContentGap { c: Conn, is_orig, seq, length: len });
                }
                seq = seq.wrapping_add(len);
                handler.gap(cx, flow, app, dir, len);
                flow.lossy = true;
            }
            Piece::Unread(len) => {
                seq = seq.wrapping_add(len);
                handler.gap(cx, flow, app, dir, len);
            }
        });
        end.gaps = gaps;
    }

    pub(super) fn data_sent<H: Handler>(
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
        let limits = &env.cx.config.streams;
        let beyond = |bytes: u64, limit: u64| limit != 0 && bytes > limit;
        if no_acks && beyond(end.size(peer_state), limits.max_initial_window) {
            // The acknowledgements seem not to come past us: there is nothing to wait for.
            let next = end.stream.next();
            self.with_stream(env, flow, app, dir, |end, total, _, out| {
                end.stream.trim(next, false, total, out)
            });
        }
        let end = self.end_mut(dir);
        if no_acks && beyond(end.stream.undelivered(), limits.max_above_hole) {
            flow.weird(&mut env.cx, "above_hole_data_without_any_acks", "TCP");
            end.stream.skip(env.total);
        } else if beyond(end.stream.unacknowledged(), limits.max_unacknowledged) {
            flow.weird(&mut env.cx, "excessive_data_without_further_acks", "TCP");
            end.stream.skip(env.total);
        } else if env.total.bytes > env.cx.config.limits.reassembly_bytes && end.stream.undelivered() > 0 {
            // All streams together hold too much. The one that adds to it now is given up: an attacker
            // who opens many holes pays with his own connections.
            flow.note_once(dir, FlowSeen::PARTIAL, b'X');
            end.stream.skip(env.total);
        }
    }

    pub(super) fn acknowledged<H: Handler>(
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
        // Loss is judged where sequence numbers can be trusted, as by Zeek (`report_gaps_for_partial`).
        let established = |end: &Endpoint| end.state == State::Established;
        let counts = !end.stream.is_skipping() && established(&self.orig) && established(&self.resp);
        self.with_stream(env, flow, app, dir, |end, total, _, out| {
            let mut missing = false;
            end.stream.trim(ack, partial, total, &mut |piece| {
                missing |= matches!(piece, Piece::Gap(_));
                out(piece);
            });
            if counts {
                total.acks += 1;
                total.gaps += u64::from(missing);
            }
        });
        self.check_end(env, flow, app, dir);
    }

    /// Tells of the end of a stream once all of it was delivered.
    pub(super) fn check_end<H: Handler>(
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
        flow.raise(&mut env.cx, &ConnectionEof { c: Conn, is_orig: dir.is_orig() });
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
    pub(super) fn closed<H: Handler>(
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
                    self.tell(env, flow, app, TcpEvent::Finished { half });
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
}
