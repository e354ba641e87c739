//! Which query belongs to which reply, and when a row of `dns.log` is finished.
//!
//! The rules are those of Zeek 7.0's `base/protocols/dns/main.zeek`. Queries wait for a reply with
//! their id, replies for a query; the one that waited longest is matched. A row is finished when
//! both were seen; what still waits when the connection ends is logged as it is. Messages with an
//! opcode other than QUERY start no row.

use super::netbios;
use super::parse::{self, Options, Outcome, Scratch, Visitor};
use super::row::{Row, RowPool};
use super::types::{Header, Question, Record, Section};
use super::weird::Weird;
use std::collections::VecDeque;

/// What may wait for its other half. Zeek's options, which are both passed by one there.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// Ids that may wait in one direction before all are given up and logged (`DNS::max_pending_query_ids`). Stops a
    /// flood of queries that nobody answers, over one connection.
    pub ids: usize,
    /// Messages of one id that may wait (`DNS::max_pending_msgs`). A zone transfer, whose one query has any number of
    /// replies, goes on in steps of this.
    pub messages: usize,
}

impl Default for Pending {
    fn default() -> Self {
        Pending { ids: 50, messages: 50 }
    }
}

/// Bytes of answers that may wait for their queries before all are given up and logged. Ours: the
/// two limits above allow 2,600 replies of any size.
pub const MAX_PENDING_BYTES: usize = 1024 * 1024;

const NETBIOS_PORT: u16 = 137;

/// The opcode of a standard query, the only one logged.
const QUERY: u8 = 0;

/// What messages come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A datagram each.
    Udp,
    /// Behind their lengths in a stream.
    Tcp,
}

/// What the session has to know of the connection. Zeek decides by the responder's port.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// The originator's port.
    pub orig_port: u16,
    /// The responder's port.
    pub resp_port: u16,
    /// What messages come by.
    pub transport: Transport,
    /// The responder is a multicast group, as in mDNS and LLMNR.
    pub resp_multicast: bool,
}

/// Takes what a session finds.
pub trait Sink {
    /// A finished row. It is emptied afterwards.
    fn row(&mut self, row: &Row);
    /// Something about a message is odd.
    fn weird(&mut self, weird: Weird);
    /// The connection's first message is a response from its originator: the roles are to be
    /// swapped, before any row of this message is logged.
    fn flip_roles(&mut self);

    /// A message's header was read. Here and below `row` is the one that the message belongs to.
    fn header(&mut self, _header: &Header, _row: Option<&Row>) {}
    /// A question, with its row if it has one.
    fn question(&mut self, _header: &Header, _question: &Question<'_>, _row: Option<&Row>) {}
    /// A record of the answer section, or of another one that is read.
    fn record(&mut self, _header: &Header, _record: &Record<'_>, _row: Option<&Row>) {}
    /// The message was read to its end. `complete`: the row has both a query and its reply now.
    fn end(&mut self, _header: &Header, _row: Option<&Row>, _complete: bool) {}
}

/// What the sessions of one worker share.
#[derive(Debug, Default)]
pub struct Workspace {
    /// How messages are read; `netbios` and `over_udp` are set for each.
    pub options: Options,
    /// Queries that wait for their answer.
    pub pending: Pending,
    scratch: Scratch,
    pool: RowPool,
}

/// The DNS state of one connection.
#[derive(Debug, Default)]
pub struct Session {
    /// One query that waits: nearly always all there is.
    pending: Option<Box<Row>>,
    /// The rest that waits.
    backlog: Option<Box<Backlog>>,
    current: Current,
    began: bool,
}

/// The row that the last message of opcode QUERY belongs to, unless it is finished. Zeek keeps it
/// (`c$dns`) beyond the message, and the end of a message with another opcode can finish it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Current {
    #[default]
    None,
    /// [`Session::pending`].
    Pending,
    /// The last query or reply of this id in the backlog.
    LastQuery(u16),
    LastReply(u16),
}

#[derive(Debug, Default)]
struct Backlog {
    queries: Waiting,
    replies: Waiting,
}

/// Rows by transaction id, the ids in the order they came. Zeek has a hash table here and no order.
#[derive(Debug, Default)]
struct Waiting {
    queues: Vec<Queue>,
    /// Answer text of the rows, as far as it was told to [`Waiting::weigh`].
    bytes: usize,
}

/// Rows with one id; never empty.
#[derive(Debug)]
struct Queue {
    id: u16,
    rows: VecDeque<Box<Row>>,
}

impl Session {
    /// Reads one message and tells `sink`. `from_orig` says who sent it (false if unknown, as for
    /// the remains of a closed stream), `now` is the packet's time in nanoseconds.
    pub fn message(
        &mut self,
        space: &mut Workspace,
        flow: &Flow,
        from_orig: bool,
        now: i64,
        message: &[u8],
        sink: &mut impl Sink,
    ) -> Outcome {
        let mut resp_port = flow.resp_port;
        if !self.began && message.len() >= super::types::HEADER_LEN {
            self.began = true;
            let is_response = message.get(2).is_some_and(|flags| flags & 0x80 != 0);
            if from_orig && is_response && !flow.resp_multicast {
                sink.flip_roles();
                resp_port = flow.orig_port;
            }
        }
        let over_udp = flow.transport == Transport::Udp;
        let netbios = resp_port == NETBIOS_PORT;
        let options = Options { netbios, over_udp, ..space.options };
        let mut handler = Handler {
            session: self,
            pool: &mut space.pool,
            most: space.pending,
            sink,
            now,
            netbios: netbios && over_udp,
            matched: None,
            header: None,
        };
        let outcome = parse::parse_message(message, &options, &mut space.scratch, &mut handler);
        handler.end();
        outcome
    }

    /// The connection is over: logs what still waits.
    pub fn finish(&mut self, space: &mut Workspace, sink: &mut impl Sink) {
        if let Some(row) = self.pending.take() {
            log(row, &mut space.pool, sink);
        }
        if let Some(mut backlog) = self.backlog.take() {
            backlog.queries.flush(&mut space.pool, sink);
            backlog.replies.flush(&mut space.pool, sink);
        }
        self.current = Current::None;
    }

    /// Rows that wait for their other half.
    pub fn waiting(&self) -> usize {
        let backlog = self.backlog.iter().flat_map(|b| b.queries.queues.iter().chain(&b.replies.queues));
        usize::from(self.pending.is_some()) + backlog.map(|queue| queue.rows.len()).sum::<usize>()
    }

    fn current(&mut self) -> Option<&mut Row> {
        match self.current {
            Current::None => None,
            Current::Pending => self.pending.as_deref_mut(),
            Current::LastQuery(id) => self.backlog.as_mut()?.queries.last(id),
            Current::LastReply(id) => self.backlog.as_mut()?.replies.last(id),
        }
    }

    /// The query that has waited longest for a reply with this id.
    fn match_reply(&mut self, id: u16) -> Option<Box<Row>> {
        if self.pending.as_ref().is_none_or(|row| row.trans_id != id) {
            return self.backlog.as_mut()?.queries.pop(id);
        }
        let matched = self.pending.take();
        // The place is filled again, first with the next query of the same id: a new one would
        // otherwise take it and overtake those that wait.
        if let Some(backlog) = &mut self.backlog {
            self.pending = backlog.queries.pop(id).or_else(|| backlog.queries.pop_any());
        }
        matched
    }
}

fn log(row: Box<Row>, pool: &mut RowPool, sink: &mut impl Sink) {
    sink.row(&row);
    pool.give(row);
}

impl Waiting {
    fn queue(&mut self, id: u16) -> Option<&mut Queue> {
        self.queues.iter_mut().find(|queue| queue.id == id)
    }

    fn last(&mut self, id: u16) -> Option<&mut Row> {
        self.queue(id)?.rows.back_mut().map(Box::as_mut)
    }

    fn push(&mut self, row: Box<Row>, most: Pending, pool: &mut RowPool, sink: &mut impl Sink) {
        let id = row.trans_id;
        if self.bytes > MAX_PENDING_BYTES {
            self.flush(pool, sink);
        }
        let ids = self.queues.len();
        match self.queue(id) {
            Some(queue) if queue.rows.len() > most.messages => {
                let given_up: usize = queue.rows.iter().map(|row| row.weight()).sum();
                queue.rows.drain(..).for_each(|row| log(row, pool, sink));
                queue.rows.push_back(row);
                self.bytes -= given_up.min(self.bytes);
            }
            Some(queue) => queue.rows.push_back(row),
            None => {
                if ids > most.ids {
                    self.flush(pool, sink);
                }
                self.queues.push(Queue { id, rows: VecDeque::from([row]) });
            }
        }
    }

    fn pop(&mut self, id: u16) -> Option<Box<Row>> {
        let at = self.queues.iter().position(|queue| queue.id == id)?;
        let queue = self.queues.get_mut(at)?;
        let row = queue.rows.pop_front()?;
        if queue.rows.is_empty() {
            self.queues.remove(at);
        }
        self.bytes -= row.weight().min(self.bytes);
        Some(row)
    }

    fn pop_any(&mut self) -> Option<Box<Row>> {
        let id = self.queues.first()?.id;
        self.pop(id)
    }

    fn flush(&mut self, pool: &mut RowPool, sink: &mut impl Sink) {
        let rows = self.queues.drain(..).flat_map(|queue| queue.rows);
        rows.for_each(|row| log(row, pool, sink));
        self.bytes = 0;
    }
}

/// One message on its way through a session.
struct Handler<'a, S> {
    session: &'a mut Session,
    pool: &'a mut RowPool,
    most: Pending,
    sink: &'a mut S,
    now: i64,
    /// Names are to be decoded.
    netbios: bool,
    /// The row this message completes, taken from those that wait.
    matched: Option<Box<Row>>,
    header: Option<Header>,
}

impl<S: Sink> Handler<'_, S> {
    fn row(&mut self) -> Option<&mut Row> {
        match &mut self.matched {
            Some(row) => Some(row),
            None => self.session.current(),
        }
    }

    fn query_begins(&mut self, id: u16) {
        let session = &mut *self.session;
        self.matched = session.backlog.as_mut().and_then(|backlog| backlog.replies.pop(id));
        if self.matched.is_some() {
            return;
        }
        let row = self.pool.take(self.now, id);
        if session.pending.is_none() {
            session.pending = Some(row);
            session.current = Current::Pending;
        } else {
            let backlog = session.backlog.get_or_insert_default();
            backlog.queries.push(row, self.most, self.pool, self.sink);
            session.current = Current::LastQuery(id);
        }
    }

    fn reply_begins(&mut self, header: &Header) {
        let id = header.id;
        self.matched = self.session.match_reply(id);
        if self.matched.is_none() {
            let row = self.pool.take(self.now, id);
            let backlog = self.session.backlog.get_or_insert_default();
            backlog.replies.push(row, self.most, self.pool, self.sink);
            self.session.current = Current::LastReply(id);
        }
        if let Some(row) = self.row() {
            row.set_reply(header);
        }
    }

    fn add_answer(&mut self, header: &Header, record: &Record<'_>) {
        let now = self.now;
        if let Some(row) = self.row() {
            let first_cut = !row.answers_cut;
            if !row.add_answer(now, header, record) && first_cut {
                self.sink.weird(Weird::AnswersCut);
            }
        }
    }

    /// Lets the sink know of something, with the row it is about.
    fn tell(&mut self, what: impl FnOnce(&mut S, Option<&Row>)) {
        let row = match &mut self.matched {
            Some(row) => Some(&mut **row),
            None => self.session.current(),
        };
        what(self.sink, row.as_deref());
    }

    fn end(mut self) {
        let Some(header) = self.header else { return };
        let seen = self.row().is_some_and(|row| row.saw(header.is_response()));
        let complete = seen || self.matched.is_some();
        self.tell(|sink, row| sink.end(&header, row, complete));
        let session = self.session;
        if let Some(row) = self.matched {
            session.current = Current::None;
            log(row, self.pool, self.sink);
            return;
        }
        let Some(row) = session.current() else { return };
        let weight = row.weight();
        if complete {
            // A message of another opcode finished it. It goes on waiting, and is logged again.
            self.sink.row(row);
            session.current = Current::None;
        } else if header.opcode() == QUERY
            && let (Current::LastReply(_), Some(backlog)) = (session.current, &mut session.backlog)
        {
            backlog.replies.bytes += weight;
        }
    }
}

impl<S: Sink> Visitor for Handler<'_, S> {
    fn header(&mut self, header: &Header) {
        self.header = Some(*header);
        if header.opcode() == QUERY {
            // Direction plays no part: what is a reply says so itself.
            if header.is_response() {
                self.reply_begins(header);
            } else {
                self.query_begins(header.id);
            }
        }
        self.tell(|sink, row| sink.header(header, row));
    }

    fn question(&mut self, header: &Header, question: &Question<'_>) {
        if header.is_response() {
            // "Service rejected in some fashion": a reply without records. Zeek says so for every
            // opcode, of the row that happens to be current.
            if let (true, Some(row)) = (header.has_no_records(), self.row()) {
                row.rejected = true;
            }
            return self.tell(|sink, row| sink.question(header, question, row));
        }
        let netbios = self.netbios;
        if let (QUERY, Some(row)) = (header.opcode(), self.row()) {
            let mut buffer = [0; 16];
            let decoded = if netbios { netbios::decode(question.name, &mut buffer) } else { None };
            if netbios {
                row.set_netbios();
            }
            row.set_query(header, question, decoded);
        }
        self.tell(|sink, row| sink.question(header, question, row));
    }

    fn record(&mut self, header: &Header, record: &Record<'_>) {
        let is_answer = record.section == Section::Answer;
        if is_answer && header.opcode() == QUERY && header.is_response() {
            self.add_answer(header, record);
        }
        self.tell(|sink, row| sink.record(header, record, row));
    }

    fn weird(&mut self, weird: Weird) {
        self.sink.weird(weird);
    }
}
