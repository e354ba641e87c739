//! Rows that scripts hold back: `Log::delay` from within the stream's policy hook, and when they go on.

use std::any::Any;
use std::collections::VecDeque;
use std::rc::Rc;

use nightjar_script::source::Span;
use nightjar_script::value::{FuncVal, Opaque, RecordVal, Value};
use nightjar_script::vm::{CallSite, Res};
use nightjar_script::{Args, Vm};

use crate::script_host::log::Log;

/// The delayed rows of a stream, in the order in which their time is up.
pub(super) struct Delays {
    pub interval: f64,
    /// How many there may be; 0 is no limit.
    pub rows: usize,
    queue: VecDeque<Delayed>,
}

/// A row being written: what `Log::delay` may name.
pub(super) struct Active {
    stream: i64,
    record: Rc<RecordVal>,
    delay: Option<Delayed>,
}

struct Delayed {
    token: u64,
    record: Rc<RecordVal>,
    /// How often it was delayed and not let go.
    held: usize,
    callbacks: Vec<Rc<FuncVal>>,
    until: f64,
}

/// What scripts get for a delay; 0 names none.
struct Token(u64);

impl Opaque for Token {
    fn type_name(&self) -> &'static str {
        "LogDelayToken"
    }

    fn copy(&self) -> Option<Rc<dyn Opaque>> {
        Some(Rc::new(Token(self.0)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn token(number: u64) -> Value {
    Value::Opaque(Rc::new(Token(number)))
}

impl Delays {
    pub fn new(interval: f64, rows: usize) -> Self {
        Delays { interval, rows, queue: VecDeque::new() }
    }
}

impl Log {
    /// A row's policy hook is about to run: from now on it may be delayed.
    pub(super) fn begin_write(&self, stream: i64, record: &Rc<RecordVal>) {
        self.0.borrow_mut().active.push(Active { stream, record: record.clone(), delay: None });
    }

    /// Its hook has run. Whether the row waits from now on; one that was vetoed does not.
    pub(super) fn end_write(&self, vm: &mut Vm, vetoed: bool) -> bool {
        let queued = {
            let mut state = self.0.borrow_mut();
            let Some(Active { stream, delay: Some(delay), .. }) = state.active.pop() else { return false };
            if vetoed {
                return false;
            }
            let until = delay.until;
            let Some(delays) = state.streams.get_mut(&stream).map(|stream| &mut stream.delays) else {
                return false;
            };
            delays.queue.push_back(delay);
            state.next_delay = state.next_delay.min(until);
            stream
        };
        self.trim_delays(vm, queued);
        true
    }

    /// Rows that nobody holds any longer go on, and the oldest of more than there may be.
    fn trim_delays(&self, vm: &mut Vm, stream: i64) {
        // A row that is delayed anew goes to the end, and must not be let go without end.
        let mut turns = self.0.borrow().streams.get(&stream).map_or(0, |stream| stream.delays.queue.len());
        loop {
            let next = {
                let mut state = self.0.borrow_mut();
                let Some(stream) = state.streams.get_mut(&stream) else { return };
                let delays = &mut stream.delays;
                match delays.queue.iter().position(|delayed| delayed.held == 0) {
                    Some(free) => delays.queue.remove(free),
                    None if delays.rows > 0 && delays.queue.len() > delays.rows && turns > 0 => {
                        turns -= 1;
                        delays.queue.pop_front()
                    }
                    None => return,
                }
            };
            let Some(delayed) = next else { return };
            self.go_on(vm, stream, delayed);
        }
    }

    /// A delay is over: its callbacks decide on the row, and may delay it once more.
    fn go_on(&self, vm: &mut Vm, stream: i64, delayed: Delayed) {
        let Some(id) = self.0.borrow().streams.get(&stream).map(|stream| stream.id.clone()) else { return };
        self.begin_write(stream, &delayed.record);
        let mut wanted = true;
        for callback in &delayed.callbacks {
            let args = Args::from_iter([Value::Record(delayed.record.clone()), id.clone()]);
            wanted &= !matches!(vm.invoke(callback, args), Some(Value::Bool(false)));
        }
        let again = {
            let mut state = self.0.borrow_mut();
            state.active.pop().and_then(|active| active.delay)
        };
        if let Some(again) = again {
            let mut state = self.0.borrow_mut();
            state.next_delay = state.next_delay.min(again.until);
            if let Some(stream) = state.streams.get_mut(&stream) {
                stream.delays.queue.push_back(again);
            }
        } else if wanted {
            self.write_to_filters(vm, stream, &delayed.record, true);
        }
    }

    /// Whether some row's time is up.
    pub fn delay_due(&self, now: f64) -> bool {
        self.0.borrow().next_delay <= now
    }

    /// Lets go the rows whose time is up; all of them at the end of the run.
    pub fn end_delays(&self, vm: &mut Vm, all: bool) {
        let now = if all { f64::INFINITY } else { vm.network_time };
        let mut streams: Vec<i64> = self.0.borrow().streams.keys().copied().collect();
        streams.sort_unstable();
        for number in streams {
            // At the end a row that is delayed anew and anew must go on some time.
            let mut turns = MAX_LAST_DELAYS;
            loop {
                let next = {
                    let mut state = self.0.borrow_mut();
                    let stream = state.streams.get_mut(&number);
                    stream.and_then(|stream| {
                        let due = stream.delays.queue.front().is_some_and(|delayed| delayed.until <= now);
                        if due { stream.delays.queue.pop_front() } else { None }
                    })
                };
                let Some(mut delayed) = next else { break };
                if all {
                    match turns {
                        0 => delayed.callbacks.clear(),
                        _ => turns -= 1,
                    }
                }
                self.go_on(vm, number, delayed);
            }
        }
        let mut state = self.0.borrow_mut();
        let next = state.streams.values().filter_map(|stream| stream.delays.queue.front());
        state.next_delay = next.fold(f64::INFINITY, |at, delayed| at.min(delayed.until));
    }

    pub(super) fn delay(&self, vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Record(record), callback] = args else { return Ok(token(0)) };
        let wrong = {
            let mut guard = self.0.borrow_mut();
            let state = &mut *guard;
            match state.active.last_mut() {
                None => "outside of Log::log_stream_policy() hook",
                Some(active) if active.stream != *id || !Rc::ptr_eq(&active.record, record) => {
                    "argument mismatch with active Log::write()"
                }
                Some(active) => {
                    let interval = state.streams.get(id).map_or(0.0, |stream| stream.delays.interval);
                    let delay = active.delay.get_or_insert_with(|| {
                        state.tokens += 1;
                        Delayed {
                            token: state.tokens,
                            record: record.clone(),
                            held: 0,
                            callbacks: Vec::new(),
                            until: vm.network_time + interval,
                        }
                    });
                    delay.held += 1;
                    if let Value::Func(callback) = callback
                        && delay.callbacks.len() < MAX_CALLBACKS
                    {
                        delay.callbacks.push(callback.clone());
                    }
                    return Ok(token(delay.token));
                }
            }
        };
        vm.error(Span::default(), format!("invalid Log::delay() call: {wrong}"));
        Ok(token(0))
    }

    pub(super) fn delay_finish(&self, vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Record(record), Value::Opaque(given)] = args else {
            return Ok(Value::Bool(false));
        };
        let Some(Token(number)) = given.as_any().downcast_ref() else { return Ok(Value::Bool(false)) };
        let outcome = {
            let mut guard = self.0.borrow_mut();
            let state = &mut *guard;
            let of_active = state.active.iter_mut().filter_map(|active| active.delay.as_mut());
            let waiting =
                state.streams.get_mut(id).into_iter().flat_map(|stream| stream.delays.queue.iter_mut());
            match of_active.chain(waiting).find(|delayed| delayed.token == *number) {
                _ if *number == 0 => {
                    Err("invalid Log::delay_finish() call: invalid token provided".to_owned())
                }
                None => Err(format!("non-existing log record for token={number}")),
                Some(delayed) if !Rc::ptr_eq(&delayed.record, record) => {
                    Err(format!("record mismatch token={number}"))
                }
                Some(delayed) if delayed.held == 0 => {
                    Err(format!("delay reference underflow for token={number}"))
                }
                Some(delayed) => {
                    delayed.held -= 1;
                    Ok(())
                }
            }
        };
        if let Err(wrong) = outcome {
            vm.error(Span::default(), wrong);
            return Ok(Value::Bool(false));
        }
        self.trim_delays(vm, *id);
        Ok(Value::Bool(true))
    }

    pub(super) fn set_max_delay_interval(&self, _: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Interval(interval)] = args else { return Ok(Value::Bool(false)) };
        Ok(Value::Bool(self.set_delays(*id, |delays| delays.interval = *interval)))
    }

    pub(super) fn set_max_delay_queue_size(&self, vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Count(rows)] = args else { return Ok(Value::Bool(false)) };
        let known = self.set_delays(*id, |delays| delays.rows = *rows as usize);
        self.trim_delays(vm, *id);
        Ok(Value::Bool(known))
    }

    fn set_delays(&self, id: i64, set: impl FnOnce(&mut Delays)) -> bool {
        let mut state = self.0.borrow_mut();
        let stream = state.streams.get_mut(&id);
        stream.map(|stream| set(&mut stream.delays)).is_some()
    }

    pub(super) fn delay_queue_size(&self, _: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let state = self.0.borrow();
        let stream = match args {
            [Value::Enum(_, id)] => state.streams.get(id),
            _ => None,
        };
        Ok(Value::Int(stream.map_or(-1, |stream| stream.delays.queue.len() as i64)))
    }
}

/// Ends of delays, when scripts end, whose callbacks are asked: a queue is seldom longer.
const MAX_LAST_DELAYS: u32 = 100_000;
/// Callbacks of one row: a loop in a script must not fill memory.
const MAX_CALLBACKS: usize = 1_000;
