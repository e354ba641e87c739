//! Scripts over what the sensor sees: events of the capture reach their handlers, in order.
//!
//! The language is a crate of its own; here its values meet ours. One VM runs in the ordered stage,
//! so that handlers share their state and see the same whatever the number of workers. Rows that scripts may
//! change come past here too; those of logs that no script touches are written without a look.

mod analyzers;
mod counting;
mod deferred;
mod files;
mod frameworks;
mod geo;
mod incident;
mod input;
mod layout;
mod library;
mod locality;
mod log;
mod messages;
mod notice;
mod options;
mod policies;
mod pushdown;
mod signatures;
mod state;
mod sumstats;
mod values;
mod weird;
mod x509;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use nightjar_script::pushdown::{IdleBodies, Printed};
use nightjar_script::source::Span;
use nightjar_script::value::{Addr, Port, Value};
use nightjar_script::vm::Res;
use nightjar_script::{Args, Failed, Ignored, Script, ScriptOptions, StdHost, Vm};

use crate::aggregate::{Link, Origin, Shipper};
use crate::analyze::AnalyzerConfirmation;
use crate::analyze::conn_events::ConnectionStateRemove;
use crate::analyze::file_events::{FileContent, FileHash, FileNew, FileSniff, FileStateRemove};
use crate::analyze::signature_events::SignatureFound;
use crate::analyze::{self, Command};
use crate::config::options::Given;
use crate::config::{self, Config};
use crate::event::{
    About, Arena, Effects, Event as _, Gathered, Interest, Observation, Part, Raised, RowView, Rows, Weird,
    What, Words,
};
use crate::log::{LogError, Logs};
use crate::messages::{Clock, Counters as MessageCounters, Message};
use crate::policy::{Events, Incident, Reload, ScriptCounters, WeirdSettings};
use crate::record::{Schema, Uid};
use crate::script_host::frameworks::Frameworks;
use crate::script_host::layout::Layout;
use crate::script_host::messages::Messages;
use crate::script_host::signatures::Signatures;
use crate::script_host::state::RecordState;
use crate::script_host::sumstats::SumStats;
use crate::script_host::values::Subject;
use crate::sumstats::{Damaged, Key, Obs};
use crate::time::{Interval, Time};

pub use deferred::Deferred;
pub use log::HeldRow;
pub use notice::Lasting;
pub use sumstats::across::{Changes, Counted};

/// Scripts that run beside a replay or on a sensor.
pub struct Scripts {
    script: Script,
    frameworks: Frameworks,
    layout: Layout,
    /// What the workers take along for them.
    interest: Arc<Interest>,
    state: RecordState,
    signatures: Signatures,
    /// What they were compiled from, to do so again.
    options: ScriptOptions,
    carets: bool,
    /// The engine's settings, as the scripts have them.
    config: Config,
    /// Exporters take rows.
    exported: bool,
    /// Changes of options that `config` has.
    changes_seen: u64,
    /// The file that is replayed, until it has ended.
    capture: Option<String>,
    /// What was counted before these were read, by those that ran then.
    before: ScriptCounters,
}

/// With this in its environment a run leaves all bodies to the ordered stage: what they do is the same. For tests.
const ALL_IN_ORDER: &str = "NIGHTJAR_ALL_IN_ORDER";

/// How often scripts were read.
static VERSION: AtomicU32 = AtomicU32::new(1);

impl Scripts {
    /// Compiles scripts with all that the sensor adds to the language. `host` hears of every error.
    pub fn compile(host: StdHost, options: &ScriptOptions) -> Result<Self, Failed> {
        Scripts::compile_with(Frameworks::default(), host, options)
    }

    /// What a configuration file says of options, for [`ScriptOptions::settings`].
    pub fn settings_of(given: &Given) -> Vec<String> {
        options::assignments(given)
    }

    fn compile_with(
        frameworks: Frameworks,
        mut host: StdHost,
        options: &ScriptOptions,
    ) -> Result<Self, Failed> {
        let carets = host.carets;
        host.library = library::all();
        host.instead_of = library::instead_of;
        host.ignored =
            |name| config::options::ignored_because(name).map(|(why, harmless)| Ignored { why, harmless });
        host.natives = frameworks.natives();
        host.flat = frameworks.flat();
        let mut script = Script::compile(Box::new(host), options)?;
        script.vm.pollers.push(frameworks.input.poller());
        let messages = frameworks.messages.clone();
        script.vm.pollers.push(Rc::new(move |vm, _| messages.poll(vm)));
        let signatures = Signatures::read(&mut script.vm)?;
        let layout = Layout::of(&script.vm);
        let (interest, state) = (Arc::default(), RecordState::default());
        Ok(Scripts {
            script,
            frameworks,
            layout,
            interest,
            state,
            signatures,
            options: options.clone(),
            carets,
            config: Config::default(),
            exported: false,
            changes_seen: 0,
            capture: None,
            before: ScriptCounters::default(),
        })
    }

    /// What the scripts look at, once they have begun.
    pub fn interest(&self) -> Arc<Interest> {
        self.interest.clone()
    }

    /// Puts what scripts set into the engine's settings. Returns what it cannot obey, and why.
    pub fn configure(&self, config: &mut Config) -> Vec<String> {
        self.signatures.configure(config);
        options::apply(&self.script.vm, config, self.only_loaded())
    }

    /// Without a capture: `zeek_init`, what is scheduled, `zeek_done`. Returns the exit code.
    pub fn run_alone(&mut self, logs: &mut Logs) -> Result<u8, LogError> {
        let code = self.script.run();
        self.finish_alone(logs)?;
        logs.close(Time::from_secs_f64(self.script.vm.network_time))?;
        Ok(exit_code(code))
    }

    /// Opens what messages come by, as options of scripts say. To be called before privileges are given up.
    pub fn listen_for_messages(&self) -> Result<(), String> {
        self.frameworks.messages.listen(&self.script.vm)
    }

    /// Looks at the files of Input each second, in a live run. To be called before [`Scripts::begin`].
    pub fn follow_files(&self) {
        self.frameworks.input.follow();
    }

    /// Files that they were read from, to be read again.
    pub fn sources(&self) -> impl Iterator<Item = &Path> {
        let sources = &self.script.vm.sources;
        let files = (0..sources.len() as u32).map(|file| Path::new(&sources.get(file).path[..]));
        files.filter(|path| path.is_file())
    }

    /// Files of messages that they follow, and those of TLS.
    pub fn message_files(&self) -> Vec<PathBuf> {
        Messages::files(&self.script.vm)
    }

    /// Files that frameworks write, as their options say.
    pub fn written_files(&self) -> impl Iterator<Item = PathBuf> {
        let option = |name| self.script.vm.global_value(name).map_or(&[][..], Value::bytes);
        let named = ["SumStats::state_file", "Notice::block_list"].map(option).into_iter();
        let named = named.filter(|name| !name.is_empty());
        let named = named.map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned()));
        named.chain(files::folder(&self.script.vm).map(|folder| folder.join("extract")))
    }

    /// The folder for logs that scripts name, if they do.
    pub fn log_folder(&self) -> Option<PathBuf> {
        options::log_folder(&self.script.vm).map(PathBuf::from)
    }

    /// Whether scripts declare something of this name.
    pub fn declare(&self, name: &str) -> bool {
        self.script.vm.global(name).is_some()
    }

    /// With `-b` protocols are analysed that scripts have loaded, as in Zeek. Where there are no scripts, nobody looks.
    fn only_loaded(&self) -> bool {
        let ScriptOptions { bare, scripts, code, .. } = &self.options;
        *bare && !(scripts.is_empty() && code.is_empty())
    }

    /// With `-b`: the logs of the engine that scripts have loaded; nothing where all are written.
    pub fn asked_logs(&self) -> Option<BTreeSet<String>> {
        /// Loaded always: written where there are protocols to write of.
        const OF_ANY_PROTOCOL: [&str; 3] = ["files", "analyzer", "dpd"];
        if !self.options.bare {
            return None;
        }
        let loaded = || self.script.vm.loaded.iter().map(|(name, _)| name.as_str());
        let any = loaded().any(|name| {
            let protocol = name.strip_prefix("base/protocols/");
            protocol.is_some_and(|protocol| !["conn.zeek", "dns.zeek", "tunnel.zeek"].contains(&protocol))
        });
        let logs = loaded().filter_map(|name| name.strip_prefix("base/logs/")?.strip_suffix(".zeek"));
        Some(logs.filter(|log| any || !OF_ANY_PROTOCOL.contains(log)).map(str::to_owned).collect())
    }

    /// A global as `-I` shows it: its name, type and value.
    pub fn shown(&self, name: &str) -> Option<String> {
        let vm = &self.script.vm;
        let global = vm.global(name).and_then(|at| vm.globals.get(at as usize))?;
        let value = vm.global_value(name).filter(|value| value.is_set());
        let value = value.map(|value| format!(" = {}", vm.text_string(value))).unwrap_or_default();
        Some(format!("{name} : {}{value}", vm.types.name(global.ty)))
    }

    /// Where logs are written. To be called before [`Scripts::begin`] and [`Scripts::run_alone`].
    pub fn keep_logs_in(&self, folder: &Path) {
        self.frameworks.log.keep_in(folder);
    }

    /// The file that is replayed, as `Pcap::file_done` is to name it.
    pub fn replays(&mut self, capture: &str) {
        self.capture = Some(capture.to_owned());
    }

    /// The sensor rotates logs: filters with the default interval leave it to it. To be called before
    /// [`Scripts::begin`]. What cannot be obeyed then is returned.
    pub fn leave_rotation(&mut self) -> Option<String> {
        log::rotate::leave_to_sensor(&mut self.script.vm);
        let name = "Log::default_rotation_postprocessor_cmd";
        let command = self.script.vm.global_value(name).is_some_and(|command| !command.bytes().is_empty());
        command.then(|| {
            format!(
                "{name} is not obeyed: with a configuration file [logs] says what becomes of rotated logs"
            )
        })
    }

    /// Ends a script that runs alone and waits, once this is set.
    pub fn end_when(&mut self, asked: Arc<AtomicBool>) {
        self.script.vm.pollers.push(Rc::new(move |vm, _| {
            if asked.load(Ordering::Relaxed) {
                vm.ask_to_end();
            }
            false
        }));
    }

    /// `zeek_init`, and what the files of Input hold, before the first packet. Returns the settings for the engine, in
    /// which scripts have had their say; `exported`: exporters take rows.
    pub fn begin(&mut self, config: Config, exported: bool) -> Config {
        (self.config, self.exported) = (config, exported);
        self.obey();
        self.script.init();
        self.frameworks.messages.begin(&mut self.script.vm);
        self.script.vm.look_after(true);
        self.obey();
        let (vm, log, format) = (&self.script.vm, &self.frameworks.log, self.config.format);
        let treatment = |schema: &Schema| log.treatment(vm, schema, format, exported);
        let log_functions = |schema: &Schema, changed| log.log_functions(vm, schema, changed);
        let version = VERSION.fetch_add(1, Ordering::Relaxed);
        let in_order = std::env::var_os(ALL_IN_ORDER).is_some();
        let mut interest = self.layout.interest(version, vm, treatment, log_functions, in_order);
        self.signatures.take_interest(&mut interest);
        self.interest = Arc::new(interest);
        self.signatures.configure(&mut self.config);
        self.config.interest = self.interest.clone();
        self.config.clone()
    }

    /// Lets the engine's settings be what options are now.
    fn obey(&mut self) {
        self.changes_seen = self.script.vm.option_changes;
        let only_loaded = self.only_loaded();
        for refused in options::apply(&self.script.vm, &mut self.config, only_loaded) {
            self.script.vm.warn(Span::default(), format!("this is not obeyed: {refused}"));
        }
    }

    /// Whether scripts may change options, or tell analyzers what to do, once packets are analysed.
    pub fn may_act(&self) -> bool {
        options::may_change(&self.script.vm) || analyzers::may_command(&self.script.vm)
    }

    /// The streams that scripts declare or write to, once they have begun: a form for each of a stream's filters.
    pub fn streams(&self) -> Vec<&'static Schema> {
        self.frameworks.log.schemas()
    }

    /// Packet time is now this: what waited for it happens.
    fn reach(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        let vm = &mut self.script.vm;
        let now = now.as_secs_f64();
        vm.advance(now);
        if self.frameworks.log.delay_due(now) {
            self.frameworks.log.end_delays(vm, false);
            vm.drain();
        }
        if self.frameworks.log.rotation_due(now) { self.rotate(logs, false) } else { Ok(()) }
    }

    fn rotate(&mut self, logs: &mut Logs, terminating: bool) -> Result<(), LogError> {
        let vm = &mut self.script.vm;
        let written = self.frameworks.deliver(vm, logs);
        let rotated = self.frameworks.log.rotate(vm, logs, terminating);
        vm.drain();
        written.and(rotated)
    }

    /// What is left to do after a script that ran alone.
    fn finish_alone(&mut self, logs: &mut Logs) -> Result<(), LogError> {
        let vm = &mut self.script.vm;
        self.frameworks.log.end_delays(vm, true);
        self.frameworks.finish(vm);
        self.rotate(logs, true)?;
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    /// Scripts end: `zeek_done`, what still waits, and the last rows.
    fn finish(&mut self, logs: &mut Logs) -> Result<(), LogError> {
        let vm = &mut self.script.vm;
        self.frameworks.input.finish(vm);
        self.frameworks.log.end_delays(vm, true);
        self.script.finish();
        self.finish_alone(logs)
    }

    /// What the process is to return.
    pub fn exit_code(&self) -> u8 {
        exit_code(self.script.vm.exit_code.unwrap_or(0))
    }

    /// What reads the times of messages, as options say; `written`: when what is read was last written.
    pub fn clock(&self, written: Time) -> Result<Clock, String> {
        Messages::clock(&self.script.vm, written)
    }

    /// Whether scripts wait for messages.
    pub fn await_messages(&self) -> bool {
        self.frameworks.messages.are_awaited()
    }

    /// A message has been read; the time is that of the newest. How many rules took it.
    pub fn message(&mut self, message: &Message<'_>, logs: &mut Logs) -> Result<usize, LogError> {
        let now = Time::from_secs_f64(self.script.vm.network_time).max(message.time);
        self.reach(now, logs)?;
        let taken = self.frameworks.messages.message(&mut self.script.vm, message, None);
        self.frameworks.deliver(&mut self.script.vm, logs)?;
        Ok(taken)
    }

    /// What became of messages; `add` puts what was found while reading them beside it.
    pub fn count_messages(&self, add: impl FnOnce(&mut MessageCounters)) -> MessageCounters {
        self.frameworks.messages.count(add);
        self.frameworks.messages.counters()
    }

    /// Keeps what SumStats make of this key, for [`Scripts::explained`].
    pub fn explain(&self, key: &str) {
        self.frameworks.sumstats.explain(key);
    }

    /// What became of the key to explain; nothing where none was given.
    pub fn explained(&self) -> String {
        self.frameworks.sumstats.report().unwrap_or_default()
    }

    /// Observations of SumStats that sensors count together leave by this way.
    pub fn ship_by(&self, shipper: Shipper) {
        self.frameworks.sumstats.ship_by(shipper);
    }

    /// Tells of it when those who count for all cannot be reached any more, and when they can again.
    fn tell_of_link(&mut self, link: Link) {
        let (note, text) = match link {
            Link::CutOff => (
                "Aggregate::Cut_Off",
                "those who count for all sensors cannot be reached: this sensor decides by itself",
            ),
            Link::Up => ("Aggregate::Connected", "those who count for all sensors can be reached again"),
        };
        incident::raise(&mut self.script.vm, note, text, "aggregate");
        self.script.vm.drain();
    }

    /// What SumStats have counted, for [`Scripts::restore_sumstats`] of the policy that follows this one.
    pub fn save_sumstats(&self) -> Vec<u8> {
        self.frameworks.sumstats.save()
    }

    /// Lets SumStats go on from what another policy has counted, if they have the same name and reducers. To be
    /// called before [`Scripts::begin`].
    pub fn restore_sumstats(&self, bytes: &[u8]) -> Result<(), Damaged> {
        self.frameworks.sumstats.restore(bytes)
    }
}

/// As a process can return it.
fn exit_code(code: i32) -> u8 {
    (code & 0xff) as u8
}

/// An observation that a worker found out.
fn observe(
    sumstats: &SumStats,
    vm: &mut Vm,
    from: Span,
    observed: &Observation,
    gathered: &Gathered,
) -> Res<()> {
    let printed = |printed: Printed| Rc::from(printed.to_string().into_bytes());
    let words = |words: &Words| match words {
        Words::Text(span) => Rc::from(gathered.text_of(*span)),
        Words::Addr(addr) => printed(Printed::Addr(Addr::from_ip(*addr))),
        Words::Net(addr, width) => printed(Printed::Net(Addr::from_ip(*addr), *width)),
        Words::Port(num, proto) => printed(Printed::Port(Port { num: *num, proto: values::proto(*proto) })),
    };
    let host = observed.host.map(|host| Addr::from_ip(host).0);
    let key = Key { host, text: observed.text.as_ref().map(words) };
    let number = Obs { num: observed.num, dbl: observed.dbl, text: None };
    let text = || observed.words.as_ref().map(words);
    sumstats.observe(vm, from, gathered.text_of(observed.stream), &key, number, &text)
}

/// The name of the analyzer that tells of an event, where the event says so, or its protocol has but one.
fn teller(event: &Raised, arena: &Arena) -> Option<&'static str> {
    if event.id == AnalyzerConfirmation::ID {
        let tag = std::str::from_utf8(arena.text_of(*arena.parts_of(event.args).first()?)?).ok()?;
        return analyze::name_of_analyzer(tag.rsplit_once("ANALYZER_")?.1);
    }
    analyze::analyzer_of(event.id)
}

impl Events for Scripts {
    fn event(&mut self, event: &Raised, arena: &Arena, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.reach(now, logs)?;
        let vm = &mut self.script.vm;
        if !self.frameworks.weird.permits_event(vm, event, arena) {
            return Ok(());
        }
        self.frameworks.input.between_events(vm);
        self.frameworks.messages.poll(vm);
        let (layout, state) = (&self.layout, &mut self.state);
        let view = event.conn.and_then(|at| arena.conn(at));
        let origin = view.map(|view| Origin { uid: view.uid, id: view.id, proto: view.proto });
        self.frameworks.sumstats.set_origin(origin);
        let conn =
            view.map_or(Value::Unset, |view| state.conn(vm, layout, (view, arena), self.interest.conn));
        self.frameworks.analyzers.begin_event(vm, view, &conn, || teller(event, arena));
        let file = event.file.and_then(|at| arena.file(at));
        let file = file.map_or(Value::Unset, |view| state.file(vm, layout, (view, arena), &conn));
        let unasked = event.id == FileHash::ID && !state.asked_for(vm, layout, event, arena);
        if event.id == FileContent::ID
            && let [_, piece, Part::Count(offset)] = arena.parts_of(event.args)
            && let (Some(piece), Some(view)) =
                (arena.text_of(*piece), event.file.and_then(|at| arena.file(at)))
        {
            self.frameworks.files.content(vm, &file, view.fuid, *offset, piece);
        }
        match event.id {
            FileNew::ID => self.frameworks.files.begins(vm, &file),
            FileSniff::ID => {
                if let [_, Part::Record(metadata)] = arena.parts_of(event.args)
                    && let Some(Part::Name(mime_type)) = arena.parts_of(*metadata).first()
                {
                    self.frameworks.files.sniffed(vm, &file, mime_type);
                }
            }
            FileStateRemove::ID => {
                if let Some(view) = event.file.and_then(|at| arena.file(at)) {
                    self.frameworks.files.finish(vm, &file, view.fuid);
                }
            }
            SignatureFound::ID => self.signatures.found(vm, event, arena, &conn),
            _ => {}
        }
        let over = (event.id == ConnectionStateRemove::ID).then(|| conn.clone());
        let target = layout.event(event.id).filter(|target| !unasked && vm.is_handled(target.function));
        if let Some(target) = target {
            let transport = view.map(|view| values::proto(view.proto));
            let subject = Subject { conn, file, transport };
            let mut args = Args::new();
            for (part, ty) in arena.parts_of(event.args).iter().zip(&target.parameters) {
                let value = ty.map(|ty| values::of(vm, *part, arena, ty, &subject));
                args.push(value.unwrap_or_default());
            }
            drop(subject);
            let idle = if event.version == self.interest.version { event.idle } else { 0 };
            vm.dispatch_but(target.function, args, IdleBodies::of_bits(idle));
        }
        if let Some(conn) = over {
            state::run_removal_hooks(vm, layout, &conn);
        }
        self.frameworks.analyzers.end_event();
        if let Some(view) = view {
            if let Some(schema) = view.closes {
                state.take_away(layout, view.uid, schema);
            }
            state.settle_event(layout, view.uid);
        }
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn effects(
        &mut self,
        effects: &Effects,
        arena: &Arena,
        now: Time,
        logs: &mut Logs,
    ) -> Result<(), LogError> {
        self.reach(now, logs)?;
        let Scripts { frameworks, state, layout, interest, script, .. } = &mut *self;
        let vm = &mut script.vm;
        frameworks.input.between_events(vm);
        frameworks.messages.poll(vm);
        let (id, proto) = effects.ends;
        frameworks.sumstats.set_origin(Some(Origin { uid: effects.owner.uid, id, proto }));
        if let Some(event) = layout.event(effects.id) {
            // Handlers of scripts that are no longer there have other numbers.
            let current = effects.version == interest.version;
            let gathered = arena.gathered.borrow();
            for of_one in gathered.of(effects).chunk_by(|a, b| a.body == b.body) {
                if vm.exit_code.is_some() {
                    break;
                }
                let body = of_one.first().map(|effect| effect.body as usize).filter(|_| current);
                vm.stand_in(event.function, body, |vm, from| {
                    of_one.iter().try_for_each(|effect| match &effect.what {
                        What::Observe(observed) => {
                            observe(&frameworks.sumstats, vm, from, observed, &gathered)
                        }
                        What::Add { column, element } => {
                            let element = gathered.text_of(*element);
                            state.add(vm, layout, effects, *column as usize, element);
                            Ok(())
                        }
                    })
                });
            }
            vm.drain();
        }
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn ended(&mut self, uid: Uid) {
        self.state.forget(&self.layout, uid);
        self.frameworks.files.ended(uid);
        self.signatures.ended(uid);
        self.frameworks.analyzers.ended(uid);
    }

    fn advance(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        let at = now.as_secs_f64();
        if let Some(link) = self.frameworks.sumstats.reach(now) {
            self.tell_of_link(link);
            self.frameworks.deliver(&mut self.script.vm, logs)?;
        }
        let (log, vm) = (&self.frameworks.log, &self.script.vm);
        let due = vm.expiry_due(at) || vm.next_scheduled().is_some_and(|next| next <= at);
        if !due && !log.delay_due(at) && !log.rotation_due(at) {
            return Ok(());
        }
        self.reach(now, logs)?;
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn capture_end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.reach(now, logs)?;
        let vm = &mut self.script.vm;
        let path = std::mem::take(&mut self.capture);
        for (name, value) in [
            ("Pcap::file_done", path.map(|path| Value::str(path.as_bytes()))),
            ("net_done", Some(Value::Time(now.as_secs_f64()))),
        ] {
            if let (Some(event), Some(value)) = (vm.event(name).filter(|event| vm.is_handled(*event)), value)
            {
                vm.dispatch(event, Args::from_iter([value]));
            }
        }
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn takes(&self, schema: &'static Schema) -> bool {
        self.interest.rows(schema) != Rows::Straight
    }

    fn row(&mut self, row: &RowView, arena: &Arena, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.reach(now, logs)?;
        let past = matches!(self.interest.rows(row.record.schema), Rows::Past { .. });
        let vm = &mut self.script.vm;
        let Scripts { layout, frameworks, .. } = self;
        let only = match &row.row {
            // It was on its way past scripts that are no longer there.
            Some(drafted) if !past => return logs.row(row.record.schema, arena.drafted(drafted).0, now),
            Some(drafted) if row.passes => drafted.changed,
            _ => u64::MAX,
        };
        self.state.finished(vm, layout, (row, arena), only, |vm, log, record| {
            let schema = layout.logs[log].schema;
            match &row.row {
                Some(drafted) => {
                    let columns = (drafted.changed, schema.fields.len());
                    let drafted = arena.drafted(drafted);
                    frameworks.log.write_drafted(vm, schema.path, record, drafted, columns, row.passes);
                }
                None => {
                    if schema == analyze::FILES {
                        state::hide_digests(vm, &record);
                    }
                    frameworks.log.write_native(vm, schema.path, record);
                }
            }
            vm.drain();
        });
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn weird_settings(&mut self) -> Option<WeirdSettings> {
        self.frameworks.weird.changed_settings(&self.script.vm)
    }

    fn weird_notice(&mut self, weird: &Weird, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.reach(now, logs)?;
        let vm = &mut self.script.vm;
        let conn = match weird.about {
            About::Conn(uid, id, proto) => self.state.named_conn(vm, &self.layout, uid, id, proto),
            About::Nothing | About::Hosts(..) => None,
        };
        weird::notice(vm, weird, conn);
        vm.drain();
        if let Some(uid) = weird.uid() {
            self.state.settle_named(&self.layout, uid);
        }
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn incident(&mut self, incident: &Incident, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        let vm = &mut self.script.vm;
        vm.advance(now.as_secs_f64());
        incident::notice(vm, incident);
        vm.drain();
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn counters(&self) -> ScriptCounters {
        let (vm, before) = (self.script.vm.counters, &self.before);
        let sumstats = self.frameworks.sumstats.counters();
        ScriptCounters {
            errors: before.errors + vm.runtime_errors,
            over_budget: before.over_budget + vm.budget_errors,
            events_dropped: before.events_dropped + vm.events_dropped,
            commands_dropped: before.commands_dropped + self.frameworks.analyzers.dropped(),
            sumstats: crate::sumstats::Counters {
                evicted: before.sumstats.evicted + sumstats.evicted,
                cut: before.sumstats.cut + sumstats.cut,
                shipped: sumstats.shipped,
                ..sumstats
            },
            // These go on when scripts are read again.
            notices: self.frameworks.notice.counters(),
            messages: self.frameworks.messages.counters(),
        }
    }

    fn commands(&mut self) -> Vec<Command> {
        self.frameworks.analyzers.take()
    }

    fn settings(&mut self) -> Option<Config> {
        if self.script.vm.option_changes == self.changes_seen {
            return None;
        }
        self.obey();
        Some(self.config.clone())
    }

    fn reload(&mut self, config: Config, given: &Given, now: Time, logs: &mut Logs) -> Reload {
        let refused = |messages: String| Reload { config: None, messages, written: Ok(()) };
        if self.options.scripts.iter().any(|script| script == "-") {
            return refused("scripts from standard input cannot be read again\n".to_owned());
        }
        let mut host = StdHost::default();
        host.carets = self.carets;
        let gathered = host.gathered.clone();
        gathered.replace(Some(String::new()));
        let messages = || gathered.take().unwrap_or_default();
        let options = ScriptOptions {
            settings: options::assignments(given),
            configured: given.load.clone(),
            ..self.options.clone()
        };
        // What is not to be said again, and mail on its way, are not the scripts'.
        let frameworks = Frameworks { notice: self.frameworks.notice.clone(), ..Frameworks::default() };
        let Ok(mut next) = Scripts::compile_with(frameworks, host, &options) else {
            return refused(messages());
        };
        let reached = self.reach(now, logs);
        let restored = next.restore_sumstats(&self.save_sumstats());
        let last = reached.and(self.finish(logs));
        next.frameworks.sumstats.succeed(&self.frameworks.sumstats);
        next.script.vm.network_time = self.script.vm.network_time;
        next.follow_files();
        self.frameworks.messages.hand_on_to(&next.frameworks.messages);
        // The form in which workers say what they say is fixed.
        let fixed = &self.config;
        let config = Config { format: fixed.format, json: fixed.json, json_time: fixed.json_time, ..config };
        options::keep_format(&mut next.script.vm, &self.script.vm);
        let rotates = log::rotate::is_left_to_sensor(&self.script.vm);
        let not_obeyed = rotates.then(|| next.leave_rotation()).flatten();
        let config = next.begin(config, self.exported);
        let first = next.frameworks.deliver(&mut next.script.vm, logs);
        next.before = self.counters();
        *self = next;
        let mut messages = messages();
        messages.extend(not_obeyed.map(|text| text + "\n"));
        if restored.is_err() {
            messages.push_str("what SumStats have counted could not be handed on\n");
        }
        Reload { config: Some(config), messages, written: last.and(first) }
    }

    fn set_back(&mut self, by: Interval) {
        self.script.vm.set_back(by.nanos() as f64 / 1e9);
        self.frameworks.sumstats.set_back(by);
    }

    fn tick(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.reach(now, logs)?;
        self.frameworks.tick(&mut self.script.vm, now);
        if let Some(link) = self.frameworks.sumstats.tick(now) {
            self.tell_of_link(link);
        }
        self.script.vm.look_after(false);
        self.frameworks.deliver(&mut self.script.vm, logs)
    }

    fn end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.reach(now, logs)?;
        self.frameworks.input.between_events(&mut self.script.vm);
        let finished = self.finish(logs);
        self.frameworks.sumstats.finish_shipping();
        finished
    }
}
