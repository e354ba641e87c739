//! Files that streams of analysis read: they go through the Files framework as those that connections carry.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hasher;
use std::rc::Rc;

use nightjar_protocols::files::{File, Hashing, Lifetime, Limits, Step, TimerVerdict};
use nightjar_script::value::{RecordVal, Value};
use nightjar_script::{Args, Vm};

use crate::analyze::{analyzers_of_type, digests_of_file};
use crate::record::Uid;
use crate::script_host::files::{self, Files};
use crate::script_host::log::Log;
use crate::time::{Interval, Time};

/// The files that have not ended, by their identifier. They outlive their streams.
#[derive(Default)]
pub(super) struct Analysis {
    open: RefCell<HashMap<Uid, Open>>,
    /// Before the first packet it is as late as the clock says.
    pub live: Cell<bool>,
    files: Files,
    log: Log,
}

/// A file that has not ended, as scripts see it.
struct Open {
    file: File,
    life: Lifetime,
    /// When to see whether more of it is still coming.
    look_at: Time,
    /// `fa_file`, and in it `Files::Info`.
    record: Rc<RecordVal>,
    info: Rc<RecordVal>,
}

/// The file of a stream: as in Zeek, always the same of the same name.
pub(super) fn identifier(stream: &str) -> Uid {
    Uid::derive(b'F', 0, |hasher| hasher.write(stream.as_bytes()))
}

impl Analysis {
    pub fn new(files: Files, log: Log) -> Analysis {
        Analysis { files, log, ..Analysis::default() }
    }

    /// The next bytes of a file; the first begin it.
    pub fn data(&self, vm: &mut Vm, fuid: Uid, stream: &str, data: &[u8]) {
        // Handlers may do anything, so that nothing is borrowed while they run.
        let known = self.open.borrow_mut().remove(&fuid);
        let now = self.now(vm);
        let Some(mut open) = known.or_else(|| Open::begin(vm, fuid, stream, now)) else { return };
        open.life.touch(now.nanos());
        let step = open.file.data(data);
        self.step(vm, fuid, open, step);
    }

    fn now(&self, vm: &mut Vm) -> Time {
        let clock = self.live.get() && vm.network_time == 0.0;
        Time::from_secs_f64(if clock { vm.host.now() } else { vm.network_time })
    }

    /// Nothing more of a file will come.
    pub fn end(&self, vm: &mut Vm, fuid: Uid) {
        let open = self.open.borrow_mut().remove(&fuid);
        if let Some(mut open) = open {
            let step = open.file.finish();
            self.step(vm, fuid, open, step);
        }
    }

    /// Gives up the files of which nothing came for long.
    pub fn timer(&self, vm: &mut Vm) {
        let now = self.now(vm);
        let mut late = Vec::new();
        let timeout = timeout(vm);
        for (fuid, open) in self.open.borrow_mut().iter_mut().filter(|(_, open)| open.look_at <= now) {
            match open.life.timer(now.nanos(), timeout) {
                TimerVerdict::TimedOut => late.push(*fuid),
                TimerVerdict::CheckAt(when) => open.look_at = Time::from_nanos(when),
            }
        }
        self.give_up(vm, late);
    }

    /// Gives up all: the run ends.
    pub fn finish(&self, vm: &mut Vm) {
        let all = self.open.borrow().keys().copied().collect();
        self.give_up(vm, all);
    }

    fn give_up(&self, vm: &mut Vm, mut late: Vec<Uid>) {
        late.sort_unstable();
        for fuid in late {
            if let Some(open) = self.open.borrow_mut().get_mut(&fuid) {
                open.life.expire();
            }
            self.end(vm, fuid);
        }
    }

    fn step(&self, vm: &mut Vm, fuid: Uid, mut open: Open, step: Step) {
        open.show(vm);
        if step.sniffed {
            open.sniffed(vm);
            if let Some(mime_type) = open.file.mime_type() {
                self.files.sniffed(vm, &Value::Record(open.record.clone()), mime_type);
            }
        }
        let content = open.file.take_content();
        let file = Value::Record(open.record.clone());
        for (offset, piece) in content.pieces() {
            self.files.content(vm, &file, fuid, offset, piece);
        }
        if !step.ended {
            self.open.borrow_mut().insert(fuid, open);
            return;
        }
        self.files.finish(vm, &Value::Record(open.record.clone()), fuid);
        open.ends(vm);
        self.files.ended(fuid);
        self.log.write_native(vm, crate::analyze::FILES.path, open.info);
    }
}

impl Open {
    fn begin(vm: &mut Vm, fuid: Uid, stream: &str, now: Time) -> Option<Open> {
        let record = vm.new_record("fa_file")?;
        let info = vm.new_record("Files::Info")?;
        let (id, source, ts) =
            (Value::str(fuid.as_bytes()), Value::str(stream), Value::Time(now.as_secs_f64()));
        vm.set_field(&info, "ts", ts.clone());
        vm.set_field(&info, "fuid", id.clone());
        vm.set_field(&info, "source", source.clone());
        for (field, value) in
            [("id", id), ("source", source), ("last_active", ts), ("info", Value::Record(info.clone()))]
        {
            vm.set_field(&record, field, value);
        }
        // Digests are made where scripts may ask for them, and shown where they did.
        let asked = files::may_add(vm);
        let mut file = File::new(Limits::default(), Hashing { md5: asked, sha1: asked, sha256: asked });
        if asked {
            file.keep_content();
        }
        let life = Lifetime::new(now.nanos());
        let look_at = Time::from_nanos(now.nanos().saturating_add(timeout(vm)));
        let open = Open { file, life, look_at, record, info };
        open.raise(vm, "file_new", []);
        Some(open)
    }

    /// Brings the records up to date.
    fn show(&self, vm: &Vm) {
        let (file, seconds) = (&self.file, |nanos| Time::from_nanos(nanos).as_secs_f64());
        vm.set_field(&self.record, "last_active", Value::Time(seconds(self.life.last())));
        vm.set_field(&self.info, "duration", Value::Interval(seconds(self.life.duration())));
        for record in [&self.record, &self.info] {
            vm.set_field(record, "seen_bytes", Value::Count(file.seen_bytes()));
        }
        vm.set_field(&self.info, "timedout", Value::Bool(self.life.timed_out()));
    }

    /// Its type is decided.
    fn sniffed(&self, vm: &mut Vm) {
        let Some(metadata) = vm.new_record("fa_metadata") else { return };
        if let Some(mime_type) = self.file.mime_type() {
            vm.set_field(&self.info, "mime_type", Value::str(mime_type));
            vm.set_field(&metadata, "mime_type", Value::str(mime_type));
            for spec in analyzers_of_type(mime_type) {
                files::note_analyzer(vm, &self.info, spec.name);
            }
        }
        self.raise(vm, "file_sniff", [Value::Record(metadata)]);
    }

    /// It has ended.
    fn ends(&self, vm: &mut Vm) {
        if self.life.timed_out() {
            self.raise(vm, "file_timeout", []);
        }
        for (kind, digest) in digests_of_file(&self.file) {
            if files::has_analyzer(vm, &self.info, &kind.to_ascii_uppercase()) {
                vm.set_field(&self.info, kind, Value::str(&digest));
                self.raise(vm, "file_hash", [Value::str(kind), Value::str(&digest)]);
            }
        }
        self.raise(vm, "file_state_remove", []);
    }

    /// Raises an event at once: what its handlers ask for counts for what comes next.
    fn raise<const N: usize>(&self, vm: &mut Vm, event: &str, values: [Value; N]) {
        vm.drain();
        let Some(event) = vm.event(event).filter(|event| vm.is_handled(*event)) else { return };
        let mut args = Args::new();
        args.push(Value::Record(self.record.clone()));
        args.extend(values);
        vm.dispatch(event, args);
    }
}

/// How long a file may be without news, in nanoseconds (`default_file_timeout_interval`).
fn timeout(vm: &Vm) -> i64 {
    let option = vm.global_value("default_file_timeout_interval").map(Value::as_double);
    let seconds = option.filter(|seconds| *seconds > 0.0);
    seconds.map_or(Lifetime::DEFAULT_INTERVAL, |seconds| Interval::from_secs_f64(seconds).nanos())
}
