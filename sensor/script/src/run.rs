//! The front door: a list of scripts and code in, a runnable policy out.

use crate::compile::Compiler;
use crate::diag::{Diag, Severity};
use crate::host::{Bundled, FlatNative, Host, Ignored, Loaded};
use crate::source::{Sources, Span};
use crate::types::{TypeId, Types};
use crate::value::{HashKeys, Value};
use crate::vm::{Args, Frame, Limits, NativeFn, Stage, StmtOp, Traffic, Vm};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::rc::Rc;

/// Longest sleep of a run that waits for `terminate()`, in seconds: tables expire meanwhile.
const IDLE: f64 = 0.1;
/// The name of what `Name::option=value` on the command line becomes.
pub(crate) const PARAMS: &str = "<params>";
/// The name of what a configuration file's settings become.
const CONFIGURATION: &str = "<configuration>";
/// Bytes of messages that are gathered; more go where they always go. Stops a script that complains without end.
const MAX_GATHERED: usize = 1 << 20;
/// The same while files are followed.
const IDLE_FOLLOWING: f64 = 0.01;

/// What to compile.
#[derive(Clone, Debug)]
pub struct ScriptOptions {
    /// Script names, as on the command line.
    pub scripts: Vec<String>,
    /// Scripts that a configuration file names, which are loaded before those.
    pub configured: Vec<String>,
    /// Code given with `-e`.
    pub code: Vec<String>,
    /// Files of signatures (`-s`).
    pub signatures: Vec<String>,
    /// `-b`: only the declarations every script needs.
    pub bare: bool,
    /// What a configuration file sets: `Module::option=value`, also with `+=` and `-=`, as if it were the default. What scripts declare is set
    /// where they do.
    pub settings: Vec<String>,
    /// `Module::option=value`, also with `+=` and `-=`, in any order. They count after all scripts.
    pub overrides: Vec<String>,
    /// `-p`: as with `@prefixes`.
    pub prefixes: Vec<String>,
    /// Where `@load` looks, in this order.
    pub path: Vec<String>,
    pub limits: Limits,
    /// Seed of the tables' hash; equal seeds give equal orders.
    pub hash_keys: Option<HashKeys>,
    /// Seed of `rand`.
    pub random_seed: u32,
    pub traffic: Traffic,
}

impl Default for ScriptOptions {
    fn default() -> Self {
        ScriptOptions {
            scripts: Vec::new(),
            configured: Vec::new(),
            code: Vec::new(),
            signatures: Vec::new(),
            bare: false,
            settings: Vec::new(),
            overrides: Vec::new(),
            prefixes: Vec::new(),
            path: vec![".".into()],
            limits: Limits::default(),
            hash_keys: None,
            random_seed: 1,
            traffic: Traffic::None,
        }
    }
}

/// Compilation failed; every error has gone to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    pub errors: usize,
}

/// A compiled policy.
pub struct Script {
    pub vm: Vm,
    top: Vec<StmtOp>,
    top_frame: u32,
}

impl Script {
    /// Compiles scripts. The host hears of every error and warning.
    pub fn compile(host: Box<dyn Host>, opts: &ScriptOptions) -> Result<Script, Failed> {
        if let Some(k) = opts.hash_keys {
            k.install();
        }
        let mut vm = Vm::new(host);
        vm.limits = opts.limits;
        vm.bare = opts.bare;
        vm.traffic = opts.traffic;
        vm.state.rng = opts.random_seed;
        let mut c = Compiler::new(vm);
        c.load.path = opts.path.clone();
        c.load.prefixes = opts.prefixes.clone();
        c.in_base = true;
        for (name, text) in crate::base::ALWAYS {
            c.text(name, name, text);
        }
        for (name, text) in c.vm.host.prelude() {
            c.text(name, name, text);
        }
        let library = c.vm.host.library();
        let shipped = |when: &'static [Loaded]| {
            library.iter().filter(move |b| when.contains(&b.loaded)).map(|b| b.name)
        };
        shipped(&[Loaded::Always]).for_each(|name| c.script(name));
        if !opts.bare {
            crate::base::DEFAULT
                .iter()
                .copied()
                .chain(shipped(&[Loaded::ByDefault, Loaded::Declared]))
                .for_each(|name| c.script(name));
        }
        c.forget_own_uses();
        c.in_base = false;
        for setting in &opts.settings {
            match c.find_global(Assignment::of(setting).name) {
                Some(_) => c.assignment(CONFIGURATION, setting),
                None => c.load.awaited.push(setting.clone()),
            }
        }
        c.vm.uses.users_begin();
        for s in opts.configured.iter().chain(&opts.scripts) {
            c.script(s);
        }
        for code in &opts.code {
            c.text("<command line>", "<command line>", code);
        }
        for bundled in &library {
            if matches!(bundled.loaded, Loaded::Mentioned(words) if c.users_mention(words)) {
                c.script(bundled.name);
            }
        }
        for setting in std::mem::take(&mut c.load.awaited) {
            let name = Assignment::of(&setting).name;
            let text = format!("{CONFIGURATION} sets {name}, which no script that is loaded declares");
            c.err(Span::default(), text);
        }
        // What is added is added to what is set, whatever came first.
        for class in [Class::Set, Class::Add, Class::Remove] {
            for assignment in
                opts.overrides.iter().filter(|assignment| Assignment::of(assignment).class == class)
            {
                c.assignment(PARAMS, assignment);
            }
        }
        let named = c.vm.global_value("signature_files").map(|files| c.vm.text_string(files));
        for file in
            opts.signatures.iter().map(String::as_str).chain(named.iter().flat_map(|files| files.split(' ')))
        {
            if !file.is_empty() {
                c.signatures(file, Span::default());
            }
        }
        if c.errors > 0 {
            let errors = c.errors;
            c.vm.host.flush();
            return Err(Failed { errors });
        }
        c.tell_of_idle_handlers();
        let top_frame = c.top_frame();
        let top = std::mem::take(&mut c.top);
        let mut vm = c.vm;
        vm.counters = crate::vm::Counters::default();
        let mut uses = std::mem::take(&mut vm.uses);
        uses.close(&vm.types);
        vm.uses = uses;
        Ok(Script { vm, top, top_frame })
    }

    /// `zeek_init` and what it queues. `false`: a handler failed.
    pub fn init(&mut self) -> bool {
        let vm = &mut self.vm;
        if let Some(id) = vm.event("zeek_init") {
            vm.enqueue(id, Args::new());
        }
        if let Some(id) = vm.event("zeek_script_loaded") {
            for (name, level) in vm.loaded.clone() {
                let mut args = Args::new();
                args.push(Value::str(name));
                args.push(Value::Count(u64::from(level)));
                vm.enqueue(id, args);
            }
        }
        self.run_top();
        self.vm.enter(Stage::Starting);
        self.vm.drain();
        self.vm.enter(Stage::Running);
        self.vm.counters.runtime_errors == 0
    }

    fn run_top(&mut self) {
        let vm = &mut self.vm;
        let base = vm.stack.len();
        vm.stack.resize(base + self.top_frame as usize, Value::Unset);
        let mut fr = Frame::at(base);
        vm.fuel = vm.limits.fuel;
        for s in &self.top {
            match s(vm, &mut fr) {
                Ok(_) => {}
                Err(f) => {
                    if let crate::vm::FaultKind::Exit(code) = f.kind {
                        vm.exit_code = Some(code);
                    }
                    vm.report_fault(&f);
                    break;
                }
            }
        }
        vm.stack.truncate(base);
    }

    /// Whatever is still to come, then `zeek_done`.
    pub fn finish(&mut self) {
        let vm = &mut self.vm;
        vm.terminating = true;
        vm.drain();
        // Those without end are not to keep `zeek_done` from its place.
        vm.drop_queued();
        if let Some(id) = vm.event("zeek_done") {
            vm.enqueue(id, Args::new());
        }
        vm.flush_scheduled();
        vm.drain();
        vm.timeout_triggers();
        vm.drain();
        vm.host.flush();
    }

    /// A run without a capture: `zeek_init`, scheduled events, `zeek_done`.
    pub fn run(&mut self) -> i32 {
        // Without packets the clock is the wall's.
        self.vm.network_time = self.vm.host.now();
        self.vm.started = self.vm.network_time;
        let fine = self.init();
        if self.vm.exit_code.is_none() && !fine && self.vm.host.env("ZEEK_ALLOW_INIT_ERRORS").is_none() {
            let d = Diag::new(Severity::Fatal, Span::default(), "errors occurred while initializing");
            self.vm.report(d);
            self.vm.host.flush();
            return 1;
        }
        if self.vm.exit_code.is_none() {
            self.vm.look_after(true);
        }
        if self.vm.exit_code.is_none() && self.waits() {
            self.wait();
        }
        if self.vm.exit_code.is_none() {
            self.finish();
        }
        self.vm.host.flush();
        self.vm.exit_code.unwrap_or(0)
    }
}

impl Script {
    /// `exit_only_after_terminate`: the run goes on until a script ends it.
    fn waits(&self) -> bool {
        self.vm.global_value("exit_only_after_terminate").is_some_and(Value::as_bool)
    }

    /// Real time passes: scheduled events, expiry and `when` timeouts happen as it does.
    fn wait(&mut self) {
        while !self.vm.state.stop && self.vm.exit_code.is_none() {
            let now = self.vm.host.now();
            self.vm.advance(now);
            let idle = if self.vm.look_after(false) { IDLE_FOLLOWING } else { IDLE };
            let next = [self.vm.next_scheduled(), self.vm.next_deadline()];
            let until = next.into_iter().flatten().fold(now + idle, f64::min);
            if !self.vm.state.stop && !self.vm.host.sleep((until - now).max(0.001)) {
                return;
            }
        }
        if self.vm.state.stop {
            // Zeek's `terminate()` is a signal to itself.
            self.vm.host.stderr(b"received termination signal\n");
        }
    }
}

/// `name=value`, `name+=value` or `name-=value`, with or without blanks.
pub struct Assignment<'a> {
    pub name: &'a str,
    pub class: Class,
    pub value: &'a str,
}

/// What an assignment does with what was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Set,
    Add,
    Remove,
}

impl<'a> Assignment<'a> {
    /// Without a value it is `T`, as in Zeek.
    pub fn of(text: &'a str) -> Self {
        let (left, value) = text.split_once('=').unwrap_or((text, "T"));
        let left = left.trim();
        let (name, class) = match (left.strip_suffix('+'), left.strip_suffix('-')) {
            (Some(name), _) => (name, Class::Add),
            (None, Some(name)) => (name, Class::Remove),
            (None, None) => (left, Class::Set),
        };
        Assignment { name: name.trim(), class, value: value.trim() }
    }
}

impl Compiler {
    /// Sets what the configuration file says of something that has been declared by now.
    pub(crate) fn set_awaited(&mut self) {
        while let Some(at) = (self.load.awaited.iter())
            .position(|setting| self.find_global(Assignment::of(setting).name).is_some())
        {
            let setting = self.load.awaited.remove(at);
            self.assignment(CONFIGURATION, &setting);
        }
    }

    fn assignment(&mut self, from: &str, text: &str) {
        let Assignment { name, class, value } = Assignment::of(text);
        let ty = self.find_global(name).map(|global| self.vm.globals[global as usize].ty);
        let value = match ty {
            Some(TypeId::String) => quoted(value),
            Some(ty) if is_set_of_texts(&self.vm.types, ty) => quoted_members(value),
            _ => value.to_owned(),
        };
        let operator = match class {
            Class::Set => "=",
            Class::Add => "+=",
            Class::Remove => "-=",
        };
        self.text(from, from, &format!("redef {name} {operator} {value};"));
    }
}

fn is_set_of_texts(types: &Types, ty: TypeId) -> bool {
    types.is_set(ty) && types.index_of(ty).as_deref() == Some(&[TypeId::String])
}

/// A string needs no quotes, which a shell would have taken.
fn quoted(value: &str) -> String {
    if value.starts_with('"') {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Nor do members of a set of strings, or such a set braces: `md5,sha1`.
fn quoted_members(value: &str) -> String {
    if value.contains(['"', '(']) {
        return value.to_owned();
    }
    let inner = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(value);
    let members = inner.split(',').map(str::trim).filter(|member| !member.is_empty()).map(quoted);
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

/// Compiles and runs any text within small budgets: the body of the fuzz target.
pub fn fuzz_source(text: &str) {
    let limits =
        Limits { fuel: 20_000, depth: 60, memory: 32 << 20, string: 1 << 16, queue: 100, scheduled: 100 };
    let opts = ScriptOptions { code: vec![text.to_string()], bare: true, limits, ..ScriptOptions::default() };
    let host = crate::TestHost::default();
    let kept = host.output();
    match Script::compile(Box::new(host), &opts) {
        Ok(mut s) => {
            s.run();
        }
        Err(_) => assert!(!kept.stderr().is_empty(), "refused without a word"),
    }
}

/// A host on the process's own streams and files.
pub struct StdHost {
    out: std::io::BufWriter<std::io::Stdout>,
    files: HashMap<String, std::io::BufWriter<std::fs::File>>,
    /// Show the source line and a caret beside each message.
    pub carets: bool,
    /// Messages gather here, with their carets, as long as there is a text to gather them in.
    pub gathered: Rc<RefCell<Option<String>>>,
    /// The embedder's own declarations ([`Host::prelude`]).
    pub prelude: Vec<(&'static str, &'static str)>,
    /// The embedder's own scripts ([`Host::library`]).
    pub library: Vec<Bundled>,
    /// The embedder's own functions ([`Host::natives`]).
    pub natives: Vec<(&'static str, NativeFn)>,
    /// Those that can be called in another way ([`Host::flat`]).
    pub flat: Vec<(&'static str, FlatNative)>,
    /// Why nobody obeys an option ([`Host::ignored`]).
    pub ignored: fn(&str) -> Option<Ignored>,
    /// What is there instead of a script ([`Host::instead_of`]).
    pub instead_of: fn(&str) -> Option<&'static str>,
}

impl Default for StdHost {
    fn default() -> Self {
        StdHost {
            out: std::io::BufWriter::with_capacity(1 << 16, std::io::stdout()),
            files: HashMap::new(),
            carets: false,
            gathered: Rc::default(),
            prelude: Vec::new(),
            library: Vec::new(),
            natives: Vec::new(),
            flat: Vec::new(),
            ignored: |_| None,
            instead_of: |_| None,
        }
    }
}

impl Host for StdHost {
    fn prelude(&self) -> Vec<(&'static str, &'static str)> {
        self.prelude.clone()
    }

    fn library(&self) -> Vec<Bundled> {
        self.library.clone()
    }

    fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        self.natives.clone()
    }

    fn flat(&self) -> Vec<(&'static str, FlatNative)> {
        self.flat.clone()
    }

    fn ignored(&self, option: &str) -> Option<Ignored> {
        (self.ignored)(option)
    }

    fn instead_of(&self, script: &str) -> Option<&'static str> {
        (self.instead_of)(script)
    }

    fn stdout(&mut self, bytes: &[u8]) {
        let _ = self.out.write_all(bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        let _ = std::io::stderr().write_all(bytes);
    }

    fn report(&mut self, d: &Diag, line: &str, sources: &Sources) {
        let mut text = format!("{line}\n");
        let mut gathered = self.gathered.borrow_mut();
        let gather = gathered.as_mut().filter(|gathered| gathered.len() < MAX_GATHERED);
        if self.carets || gather.is_some() {
            text.push_str(&d.picture(sources));
        }
        if let Some(gathered) = gather {
            gathered.push_str(&text);
            return;
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    fn now(&mut self) -> f64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map(|d| d.as_secs_f64())
            .unwrap_or(0.0)
    }

    fn open(&mut self, name: &str, append: bool) -> std::io::Result<()> {
        let f = std::fs::OpenOptions::new()
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append)
            .open(name)?;
        self.files.insert(name.to_string(), std::io::BufWriter::new(f));
        Ok(())
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        match self.files.get_mut(name) {
            Some(f) => f.write_all(bytes),
            None => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
        }
    }

    fn close(&mut self, name: &str) -> bool {
        self.files.remove(name).is_some_and(|mut f| f.flush().is_ok())
    }

    fn flush(&mut self) {
        let _ = self.out.flush();
        for f in self.files.values_mut() {
            let _ = f.flush();
        }
    }

    fn read_script(&mut self, path: &str) -> Option<String> {
        let bytes = if path == "-" {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text).ok()?;
            text
        } else if std::path::Path::new(path).is_file() {
            std::fs::read(path).ok()?
        } else {
            return None;
        };
        Some(match String::from_utf8(bytes) {
            Ok(s) => s,
            // Latin-1 comments in old scripts are no reason to refuse them.
            Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
        })
    }

    fn is_dir(&mut self, path: &str) -> bool {
        std::path::Path::new(path).is_dir()
    }

    fn filesystem(&mut self) -> bool {
        true
    }

    fn run(&mut self, command: &str, wait: bool) -> Option<i32> {
        // A command may read what scripts have written.
        self.flush();
        let line = format!("({command}) 1>&2 {}", if wait { "" } else { "&" });
        let status = std::process::Command::new("/bin/sh").arg("-c").arg(line).status();
        Some(status.ok().and_then(|status| status.code()).unwrap_or(-1))
    }

    fn pipe(&mut self, command: &str, input: &[u8]) -> Option<bool> {
        self.flush();
        let mut shell = std::process::Command::new("/bin/sh");
        let started = shell.arg("-c").arg(command).stdin(std::process::Stdio::piped()).spawn();
        let Ok(mut child) = started else { return Some(false) };
        let written = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(input).is_ok());
        let ended = child.wait().is_ok_and(|status| status.success());
        Some(written && ended)
    }

    fn syslog(&mut self, text: &str) {
        const SOCKET: &str = "/dev/log";
        // Facility local4, severity notice, as Zeek has it. Nobody may be there to read it.
        const PRIORITY: u32 = 20 * 8 + 5;
        if let Ok(socket) = std::os::unix::net::UnixDatagram::unbound() {
            let line = format!("<{PRIORITY}>nightjar[{}]: {text}", std::process::id());
            let _ = socket.send_to(line.as_bytes(), SOCKET);
        }
    }

    fn sleep(&mut self, secs: f64) -> bool {
        let _ = self.out.flush();
        std::thread::sleep(std::time::Duration::from_secs_f64(secs));
        true
    }
}
