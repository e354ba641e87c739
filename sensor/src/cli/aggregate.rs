//! `nightjar aggregate`: counts what sensors observe, with others of its group.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Parser;
use nightjar_script::Traffic;

use crate::aggregate::{Aggregator, Status};
use crate::cli::live::Overrides;
use crate::cli::script::{self, Compiled, Engine, ScriptArgs};
use crate::cli::{ALL_READ, NOT_DELIVERED, OUTPUT_FAILED, asked_to_end, live, streams, summary};
use crate::log::{Archiver, FolderLock, Logs, Rotation, Target, prepare_folder};
use crate::pipeline::Ledger;
use crate::service::health::{Health, Latest};
use crate::service::privileges;
use crate::service::settings::Sensor;
use crate::sink::{self, Delivery, Mode, Sinks};

/// Count what several sensors observe, with others of its group
///
/// They share the partitions of the topic in [aggregate]; when one dies, others go on where it was.
#[derive(Parser, Debug)]
#[command(name = "nightjar aggregate", bin_name = "nightjar aggregate")]
pub(super) struct AggregateArgs {
    /// The configuration with [aggregate]
    #[arg(long, value_name = "FILE")]
    config: PathBuf,

    /// Write logs to this folder, made if it is not there
    #[arg(long, value_name = "DIR")]
    logdir: Option<PathBuf>,

    #[command(flatten)]
    scripts: ScriptArgs,
}

impl AggregateArgs {
    pub fn run(self) -> Result<u8, String> {
        let mut sensor = Sensor::load(&self.config).map_err(|error| error.to_string())?;
        let settings = sensor.export.aggregate.take();
        let settings =
            settings.ok_or_else(|| format!("{}: there is no [aggregate]", self.config.display()))?;
        let engine = Engine { config: &mut sensor.config, given: &sensor.given, no_checksums: false };
        let scripts = match self.scripts.compile(script::Carets::ForPeople, Traffic::Live, engine)? {
            Compiled::Scripts(scripts) => scripts,
            Compiled::Failed | Compiled::None | Compiled::Deferred(_) => return Ok(script::FAILED),
        };
        let folder = self.logdir.or_else(|| scripts.log_folder());
        let folder = folder.unwrap_or_else(|| sensor.log_folder.clone());
        sensor.log_folder.clone_from(&folder);
        let failed = |message: String| {
            eprintln!("nightjar: {message}");
            Ok(OUTPUT_FAILED)
        };
        let latest = Latest::default();
        let overrides = Overrides::of_config(self.config.clone(), !self.scripts.is_empty());
        let server = match live::listen(&mut sensor, &overrides) {
            Ok(server) => server,
            Err(message) => return failed(message),
        };
        for folder in [folder.clone(), sensor.upkeep().archive] {
            if let Err(error) = prepare_folder(&folder) {
                return failed(error.to_string());
            }
        }
        privileges::drop_all(sensor.service.user.as_deref(), false)?;
        let (lock, archiver) = match (FolderLock::take(&folder), Archiver::start(&folder, sensor.upkeep())) {
            (Ok(lock), Ok(archiver)) => (lock, archiver),
            (Err(error), _) => return failed(error.to_string()),
            (_, Err(error)) => return failed(error.to_string()),
        };
        scripts.keep_logs_in(&folder);
        let export = sink::Config { aggregate: None, ..sensor.export.clone() };
        let sinks = Sinks::start(&export, &streams::known(None), Mode::Drop, super::tell)?;
        let rotation = Rotation::of(&sensor.config, sensor.rotates, sensor.rotate_at);
        let mut logs = Logs::live(Target::Folder(folder), sensor.config.format, rotation, Some(archiver))
            .exporting(&sinks.exports(), sinks.outlets())
            .holding(lock);
        let no_reload = |answer: tokio::sync::oneshot::Sender<_>| {
            // Whoever asked may be gone.
            let _ = answer.send(Err("an aggregator reads its scripts when it is started\n".to_owned()));
        };
        if let Err(error) = server.serve(latest.clone(), Arc::new(no_reload)) {
            return failed(error.to_string());
        }
        let (asked, begun, accounts) = (asked_to_end(), Instant::now(), sinks.accounts());
        let publish = |status: &Status, trouble: Option<&str>| {
            let ledger = Ledger {
                at: status.at,
                uptime: begun.elapsed(),
                scripts: status.scripts,
                exports: accounts.read(),
                aggregator: Some(status.counters),
                ..Ledger::default()
            };
            latest.set(&ledger, Health::of_aggregator(trouble));
        };
        let aggregator = Aggregator::new(&settings, &scripts, sensor.config.clone(), &mut logs);
        let ended = aggregator.run(|| asked.load(Ordering::Relaxed), super::tell, publish);
        let at = crate::aggregate::clock();
        let closed = logs.close(at);
        drop(logs);
        let deliveries = sinks.finish();
        deliveries.iter().for_each(|delivery| eprint!("{}", summary::Export(delivery)));
        live::remove_socket(&sensor);
        match ended {
            Ok(status) => eprintln!(
                "nightjar: aggregate: {} observations counted, {} late, {} too late, {} takeovers and releases",
                status.counters.observations,
                status.counters.late,
                status.counters.too_late,
                status.counters.rebalances
            ),
            Err(error) => return failed(error.to_string()),
        }
        if let Err(error) = closed {
            return failed(error.to_string());
        }
        Ok(if deliveries.iter().all(Delivery::complete) { ALL_READ } else { NOT_DELIVERED })
    }
}
