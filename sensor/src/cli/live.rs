//! Running as a sensor, and the commands beside it: check, doctor, status.

use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueHint};
use sd_notify::NotifyState;
use tokio::sync::oneshot;

use nightjar_script::Traffic;

use crate::capture::file::LiveDump;
use crate::cli::reload::Reloader;
use crate::cli::script::{self, Compiled, Engine};
use crate::cli::{
    ALL_READ, Args, BAD_CAPTURE, HUNG, NOT_DELIVERED, OUTPUT_FAILED, USAGE, Waiting, say, say_all, summary,
};
use crate::log::{Archiver, FolderLock, Logs, Rotation, Target};
use crate::pipeline::{Control, Ledger, Live, LiveError};
use crate::policy::Events;
use crate::script_host::Scripts;
use crate::service::doctor::{self, Finding};
use crate::service::health::{Health, Latest, Pulse};
use crate::service::sandbox::{Sandbox, folder_of};
use crate::service::server::Server;
use crate::service::settings::{Sensor, interface_named};
use crate::service::status::{self, Reloaded};
use crate::service::{privileges, signals};
use crate::sink::{Delivery, Mode, Sinks};

/// Say what stands in the way of seeing every packet, and how to mend it
///
/// Exits 1 if data is lost.
#[derive(Parser, Debug)]
#[command(name = "nightjar doctor", bin_name = "nightjar doctor")]
pub(super) struct DoctorArgs {
    /// Interfaces to look at
    #[arg(short = 'i', long = "iface", value_name = "INTERFACE")]
    interfaces: Vec<String>,

    /// Look at those of this configuration, as it would capture on them
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DoctorArgs {
    pub fn run(&self) -> Result<u8, String> {
        examine(&self.interfaces, self.config.as_deref())
    }
}

/// Show the running sensor
#[derive(Parser, Debug)]
#[command(name = "nightjar status", bin_name = "nightjar status")]
pub(super) struct StatusArgs {
    /// For scripts: everything, as JSON
    #[arg(long)]
    json: bool,

    /// The sensor's `service.status_socket` [default: /run/nightjar/status.sock, of users without a service that of
    /// XDG_RUNTIME_DIR]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    socket: Option<PathBuf>,
}

impl StatusArgs {
    pub fn run(&self) -> Result<u8, String> {
        show_status(&self.socket.clone().unwrap_or_else(status::usual_socket), self.json)
    }
}

fn examine(interfaces: &[String], config: Option<&Path>) -> Result<u8, String> {
    let sensor = match config {
        Some(path) => Sensor::load(path).map_err(|error| error.to_string())?,
        None => Sensor::default(),
    };
    let mut all = sensor.interfaces;
    all.extend(interfaces.iter().map(|name| interface_named(name)));
    if all.is_empty() {
        return Err("nothing to examine: give an interface with -i, or --config".to_owned());
    }
    let mut findings: Vec<Finding> = Vec::new();
    for interface in &all {
        let looked = doctor::examine(interface);
        findings.extend(looked);
        findings.extend(doctor::try_open(interface));
    }
    findings.extend(doctor::kernel(&sensor.service));
    findings.dedup();
    findings.iter().for_each(say);
    if findings.is_empty() {
        say("nothing stands in the way");
    }
    Ok(if findings.iter().any(|finding| finding.loses_data) { BAD_CAPTURE } else { ALL_READ })
}

fn show_status(socket: &Path, json: bool) -> Result<u8, String> {
    let ask = || status::ask(socket).map_err(|error| (socket.display().to_string(), error));
    let both = ask().and_then(|before| {
        if !json {
            // For rates.
            thread::sleep(Duration::from_secs(1));
        }
        Ok((before, ask()?))
    });
    match both {
        Ok((_, now)) if json => say(now),
        Ok((before, now)) => say_all(&status::print(&before, &now)),
        Err((path, error)) => {
            eprintln!("nightjar: no sensor answers at {path}: {error}");
            return Ok(BAD_CAPTURE);
        }
    }
    Ok(ALL_READ)
}

/// What the command line adds to the configuration, at the start and whenever that is read again.
#[derive(Clone)]
pub(super) struct Overrides {
    config: Option<PathBuf>,
    interfaces: Vec<String>,
    workers: usize,
    filter: Option<String>,
    logdir: Option<PathBuf>,
    metrics: Option<SocketAddr>,
    socket: Option<PathBuf>,
    /// There are scripts beside those loaded by default.
    pub scripts: bool,
}

impl Overrides {
    /// Of one that captures nothing.
    pub fn of_config(config: PathBuf, scripts: bool) -> Overrides {
        Overrides {
            config: Some(config),
            interfaces: Vec::new(),
            workers: 1,
            filter: None,
            logdir: None,
            metrics: None,
            socket: None,
            scripts,
        }
    }

    pub fn sensor(&self) -> Result<Sensor, String> {
        let mut sensor = match &self.config {
            Some(path) => Sensor::load(path).map_err(|error| error.to_string())?,
            None => ad_hoc(),
        };
        if !self.interfaces.is_empty() {
            let named = |name: &String| {
                let mut options = interface_named(name);
                options.capture.workers = self.workers;
                options.capture.filter.clone_from(&self.filter);
                options
            };
            sensor.interfaces = self.interfaces.iter().map(named).collect();
        } else if sensor.interfaces.is_empty() {
            return Err(
                "nothing to do: the configuration has no [[interface]], and there is no -i".to_owned()
            );
        }
        if let Some(folder) = self.logdir.clone() {
            sensor.log_folder = folder;
        }
        let service = &mut sensor.service;
        service.metrics = self.metrics.or(service.metrics);
        service.status_socket = self.socket.clone().or(service.status_socket.take());
        Ok(sensor)
    }
}

/// As Zeek on the command line: logs in this folder, no rotation, no service.
fn ad_hoc() -> Sensor {
    let mut sensor = Sensor::default();
    sensor.rotates = false;
    sensor.service.status_socket = Some(status::usual_socket());
    sensor
}

/// Captures until told to stop.
pub(super) fn run(args: Args, waiting: &Waiting) -> Result<u8, String> {
    let Args { config, interfaces, workers, filter, logdir, stdout, quiet, no_checksums, scripts, .. } = args;
    let (metrics, socket, write) = (args.metrics, args.socket, args.write);
    let bare = scripts.is_bare();
    let mut overrides = Overrides {
        config,
        interfaces,
        workers: usize::from(workers),
        filter,
        logdir,
        metrics,
        socket,
        scripts: !scripts.is_empty(),
    };
    let mut sensor = overrides.sensor()?;
    overrides.scripts |= !sensor.given.load.is_empty();
    give_back_large_memory();
    sensor.config.seed = random();
    let engine = Engine { config: &mut sensor.config, given: &sensor.given, no_checksums };
    let mut scripts = match scripts.compile(script::Carets::ForPeople, Traffic::Live, engine)? {
        // A sensor loads what is loaded by default at once.
        Compiled::None | Compiled::Deferred(_) => None,
        Compiled::Failed => return Ok(script::FAILED),
        Compiled::Scripts(scripts) => Some(scripts),
    };
    overrides.logdir = overrides.logdir.or_else(|| scripts.as_ref()?.log_folder());
    if let Some(folder) = &overrides.logdir {
        sensor.log_folder.clone_from(folder);
    }
    sensor.capture_only(sensor.config.packet_filter.expression().filter(|_| overrides.filter.is_none()));
    let failed = |message: String| {
        eprintln!("nightjar: {message}");
        Ok(BAD_CAPTURE)
    };
    let findings: Vec<Finding> = sensor.interfaces.iter().flat_map(doctor::examine).collect();
    let kernel = doctor::kernel(&sensor.service);
    findings.iter().chain(&kernel).for_each(|finding| eprintln!("nightjar: {finding}"));
    let live = match Live::open(sensor.interfaces.clone()) {
        Ok(live) => live,
        Err(error) => return failed(error.to_string()),
    };
    live.notes.iter().for_each(|note| eprintln!("nightjar: {note}"));

    let latest = Latest::default();
    let server = match listen(&mut sensor, &overrides) {
        Ok(server) => server,
        Err(message) => return failed(message),
    };
    let target = match stdout {
        Some(log) => Target::Stdout(log),
        None => Target::Folder(sensor.log_folder.clone()),
    };
    if let Err(message) = prepare(&sensor, &target, overrides.config.is_some()) {
        eprintln!("nightjar: {message}");
        return Ok(OUTPUT_FAILED);
    }
    if let Some(Err(message)) = scripts.as_ref().map(|scripts| scripts.listen_for_messages()) {
        return failed(message);
    }
    if let Err(message) = privileges::drop_all(sensor.service.user.as_deref(), overrides.config.is_none()) {
        return failed(message);
    }
    let sandbox = sandbox(&sensor, &overrides, scripts.as_deref(), write.as_deref());
    waiting.give_up(sandbox.clone());
    match sandbox.map(|sandbox| (sandbox.enter(), sandbox)) {
        Some((Ok(true), sandbox)) => eprintln!("nightjar: files are written only in {sandbox}"),
        Some((Err(message), _)) => return failed(message),
        // That the kernel cannot was said.
        Some((Ok(false), _)) | None => {}
    }
    // Held as long as logs are written.
    let lock = match &target {
        Target::Folder(folder) => FolderLock::take(folder),
        Target::Stdout(_) => Ok(None),
    };
    let lock = match lock {
        Ok(lock) => lock,
        Err(error) => {
            eprintln!("nightjar: {error}");
            return Ok(OUTPUT_FAILED);
        }
    };
    let archiver = match (&target, &overrides.config) {
        (Target::Folder(folder), Some(_)) => match Archiver::start(folder, sensor.upkeep()) {
            Ok(archiver) => Some(archiver),
            Err(error) => {
                eprintln!("nightjar: {error}");
                return Ok(OUTPUT_FAILED);
            }
        },
        _ => None,
    };
    if let Some(scripts) = &mut scripts {
        scripts.follow_files();
        if let Target::Folder(folder) = &target {
            scripts.keep_logs_in(folder);
        }
        if let Some(told) = sensor.rotates.then(|| scripts.leave_rotation()).flatten() {
            eprintln!("nightjar: {told}");
        }
        sensor.config = scripts.begin(sensor.config, sensor.export.is_some());
    }
    let sinks = match Sinks::start(
        &sensor.export,
        &super::streams::known(scripts.as_deref()),
        Mode::Drop,
        super::tell,
    ) {
        Ok(sinks) => sinks,
        Err(message) => {
            eprintln!("nightjar: {message}");
            return Ok(USAGE);
        }
    };
    if let (Some(scripts), Some(shipper)) = (&mut scripts, super::shipper(&sensor.export, &sinks)) {
        scripts.ship_by(shipper);
    }
    sensor.config.exports = sinks.exports();
    let rotation = Rotation::of(&sensor.config, sensor.rotates, sensor.rotate_at);
    let nothing = bare.then(std::collections::BTreeSet::new);
    let asked = scripts.as_ref().map_or(nothing, |scripts| scripts.asked_logs());
    let logs = Logs::live(target, sensor.config.format, rotation, archiver)
        .only(asked)
        .exporting(&sinks.exports(), sinks.outlets())
        .holding(lock);
    let dump = match write.as_deref().map(LiveDump::create).transpose() {
        Ok(dump) => dump,
        Err(error) => {
            let path = write.unwrap_or_default();
            eprintln!("nightjar: cannot write {}: {error}", path.display());
            return Ok(OUTPUT_FAILED);
        }
    };
    let control = Arc::new(Control::new(&sensor.config).writing(dump));
    let started = start_threads(server, &latest, &control, overrides, sensor.clone());
    if let Err(error) = started {
        return failed(LiveError::Thread(error).to_string());
    }
    let events = scripts.as_deref_mut().map(|scripts| scripts as &mut dyn Events);
    let publish = |ledger: &Ledger, health| {
        latest.set(ledger, health);
    };
    let ended = supervise(
        live.exporting(sinks.accounts()).hanging_after(sensor.service.hang_after),
        &sensor,
        &control,
        logs,
        events,
        publish,
        quiet,
    );
    let deliveries = sinks.finish();
    if !quiet {
        deliveries.iter().for_each(|delivery| eprint!("{}", summary::Export(delivery)));
    }
    let delivered = deliveries.iter().all(Delivery::complete);
    let whole = written(&control, quiet);
    remove_socket(&sensor);
    let script_code = scripts.map_or(ALL_READ, |scripts| scripts.exit_code());
    ended.map(|code| match (code, script_code) {
        (ALL_READ, _) if !whole => OUTPUT_FAILED,
        (ALL_READ, ALL_READ) if !delivered => NOT_DELIVERED,
        (ALL_READ, code) | (code, _) => code,
    })
}

/// Finishes the file that packets were written to; false where it is not whole.
fn written(control: &Control, quiet: bool) -> bool {
    match control.written() {
        None | Some(Ok(0)) => true,
        Some(Ok(others)) => {
            if !quiet {
                super::tell(&format!("{others} packets of other link types are not in the file of -w"));
            }
            true
        }
        Some(Err(error)) => {
            super::tell(&format!("the file of -w is not whole: {error}"));
            false
        }
    }
}

/// Runs the sensor, and tells the service manager how it is.
fn supervise(
    live: Live,
    sensor: &Sensor,
    control: &Arc<Control>,
    logs: Logs,
    events: Option<&mut dyn Events>,
    publish: impl Fn(&Ledger, Health) + Send + Sync,
    quiet: bool,
) -> Result<u8, String> {
    super::hide_contained_panics();
    let mut pulse = Pulse::new(sensor.service.max_lag);
    let mut ready = false;
    let names: Vec<&str> = sensor.interfaces.iter().map(|options| &options.capture.interface[..]).collect();
    eprintln!("nightjar: listening on {}", names.join(", "));
    let deadline = sensor.service.shutdown_deadline;
    let ended = live.run(&sensor.changeable(), control, logs, events, deadline, |ledger| {
        let health = pulse.feel(ledger, Instant::now());
        if !std::mem::replace(&mut ready, true) {
            tell(&[NotifyState::Ready]);
        }
        if !health.needs_restart() {
            tell(&[NotifyState::Watchdog]);
        }
        publish(ledger, health);
    });
    match ended {
        Ok(ended) => {
            if !quiet {
                eprint!("{}", summary::LiveText(&ended));
            }
            if ended.hung {
                eprintln!("nightjar: a worker hung that could not be replaced; a restart is needed");
                return Ok(HUNG);
            }
            if !ended.complete {
                eprintln!("nightjar: not everything was finished within service.shutdown_deadline");
                return Ok(OUTPUT_FAILED);
            }
            if let Some(error) = &ended.unfinished {
                eprintln!("nightjar: {error}");
                return Ok(OUTPUT_FAILED);
            }
            Ok(ALL_READ)
        }
        Err(error) => {
            eprintln!("nightjar: {error}");
            Ok(BAD_CAPTURE)
        }
    }
}

/// Says something to the service manager, if there is one.
fn tell(state: &[NotifyState<'_>]) {
    // That nobody listens is no failure.
    let _ = sd_notify::notify(state);
}

/// What listens is bound while it is still allowed.
pub(super) fn listen(sensor: &mut Sensor, overrides: &Overrides) -> Result<Server, String> {
    let mut server = Server::new().map_err(|error| format!("cannot listen: {error}"))?;
    if let Some(path) = sensor.service.status_socket.clone() {
        let asked = overrides.config.is_some() || overrides.socket.is_some();
        match server.listen_status(&path) {
            Ok(()) => give_to_user(sensor, &path),
            Err(error) if asked => return Err(format!("cannot listen at {}: {error}", path.display())),
            // Another sensor is there, or its folder cannot be made.
            Err(error) => {
                sensor.service.status_socket = None;
                super::tell(&format!(
                    "nightjar status cannot ask this one ({}: {error}); --socket PATH gives it another place",
                    path.display()
                ));
            }
        }
    }
    if let Some(address) = sensor.service.metrics {
        server.listen_http(address).map_err(|error| format!("cannot serve metrics at {address}: {error}"))?;
    }
    Ok(server)
}

/// What the sensor may touch from here on; none where it is not to be held to anything.
fn sandbox(
    sensor: &Sensor,
    overrides: &Overrides,
    scripts: Option<&Scripts>,
    dump: Option<&Path>,
) -> Option<Sandbox> {
    if !sensor.service.sandbox {
        return None;
    }
    let mut sandbox = sensor.sandbox();
    sandbox.writable.extend(dump.map(folder_of));
    let here = PathBuf::from(".");
    if overrides.config.is_none() {
        // On the command line, files are made in this folder and in that for what is not to stay.
        sandbox.writable.extend([here.clone(), std::env::temp_dir()]);
    }
    sandbox.readable.extend(overrides.config.iter().map(|file| folder_of(file)).chain([here]));
    if let Some(scripts) = scripts {
        sandbox.readable.extend(scripts.sources().map(folder_of));
        sandbox.readable.extend(scripts.message_files().iter().map(|file| folder_of(file)));
        let folders: Vec<PathBuf> = scripts.written_files().map(|file| folder_of(&file)).collect();
        // Scripts would make them when it is too late.
        folders.iter().for_each(|folder| drop(std::fs::create_dir_all(folder)));
        sandbox.writable.extend(folders);
    }
    sandbox.settle();
    Some(sandbox)
}

/// Makes the folders for logs and spools, the user's whom the sensor becomes.
fn prepare(sensor: &Sensor, target: &Target, archiving: bool) -> Result<(), String> {
    for folder in sensor.export.folders().filter(|folder| !folder.exists()) {
        // Where that fails, whoever opens it says so.
        if std::fs::create_dir_all(folder).is_ok() {
            give_to_user(sensor, folder);
        }
    }
    let Target::Folder(folder) = target else { return Ok(()) };
    let archive = archiving.then(|| sensor.upkeep().archive);
    for folder in [folder].into_iter().chain(&archive) {
        let existed = folder.exists();
        crate::log::prepare_folder(folder).map_err(|error| error.to_string())?;
        if !existed {
            give_to_user(sensor, folder);
        }
    }
    Ok(())
}

fn give_to_user(sensor: &Sensor, path: &Path) {
    if let Some((user, group)) = privileges::owner(sensor.service.user.as_deref()) {
        // Where this is refused, so will be the first write, which tells it.
        let _ = nix::unistd::chown(path, Some(user), Some(group));
    }
}

fn start_threads(
    server: Server,
    latest: &Latest,
    control: &Arc<Control>,
    overrides: Overrides,
    sensor: Sensor,
) -> std::io::Result<()> {
    let reloader = Arc::new(Reloader { overrides, sensor, control: control.clone() });
    let asked = reloader.clone();
    let reload = move |answer: oneshot::Sender<Reloaded>| {
        // Whoever asked may be gone.
        asked.reload(|reloaded| drop(answer.send(reloaded)));
    };
    server.serve(latest.clone(), Arc::new(reload))?;
    let stopped = control.clone();
    signals::watch(
        move || {
            eprintln!("nightjar: finishing; a second signal ends at once");
            tell(&[NotifyState::Stopping]);
            stopped.stop();
        },
        move || reloader.reload(drop),
    )
}

/// What a burst of rows needed goes back to the system when it is over. By itself the allocator learns to keep
/// ever larger pieces, one for each thread, and a sensor that runs for months would have them all.
fn give_back_large_memory() {
    #[cfg(target_env = "gnu")]
    {
        const PIECE: libc::c_int = 256 << 10;
        // SAFETY: it is given two numbers, and takes the allocator's own lock.
        let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, PIECE) };
    }
}

pub(super) fn remove_socket(sensor: &Sensor) {
    if let Some(path) = &sensor.service.status_socket {
        // The folder may not be ours to write any more; the next sensor replaces it.
        let _ = std::fs::remove_file(path);
    }
}

/// Keys the hashes of this run, so that nobody outside can choose what collides.
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}
