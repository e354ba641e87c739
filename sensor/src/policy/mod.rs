//! What needs a view of all connections: which weirds are worth a row, which tunnels are new.
//!
//! Everything workers say comes past here in the order of the capture, so that the outcome does not
//! depend on how many workers there were.

mod once;
mod tunnel;
mod weird;

pub use weird::{Action as WeirdAction, Settings as WeirdSettings};

use crate::analyze::{Command, LogDecl};
use crate::config::Config;
use crate::config::options::Given;
use crate::counters::{counter, counters};
use crate::event::{Arena, Effects, Emitted, Item, Owner, Raised, RowView, Weird};
use crate::log::{LogError, Logs};
use crate::messages;
use crate::notice;
use crate::record::{Record, Schema, Uid};
use crate::sumstats;
use crate::time::{Interval, Time};

/// The logs that are written here.
pub static LOGS: &[&Schema] = &[TUNNEL, WEIRD];
pub const TUNNEL: &Schema = tunnel::TunnelRow::SCHEMA;
/// The same, as scripts have them.
pub static DECLARED_LOGS: &[LogDecl] = &[
    LogDecl { schema: TUNNEL, info: "Tunnel::Info", holder: None, event: None },
    LogDecl { schema: WEIRD, info: "Weird::Info", holder: None, event: Some("log_weird") },
];
pub const WEIRD: &Schema = <weird::WeirdRow<'static> as Record>::SCHEMA;

/// Whoever handles events; told them in the order of the capture. Handlers write logs of their own.
pub trait Events {
    fn event(&mut self, event: &Raised, arena: &Arena, now: Time, logs: &mut Logs) -> Result<(), LogError>;

    /// An event of which it is known all that its handlers do.
    fn effects(
        &mut self,
        effects: &Effects,
        arena: &Arena,
        now: Time,
        logs: &mut Logs,
    ) -> Result<(), LogError>;

    /// Time has come so far: what was scheduled before happens first.
    fn advance(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError>;

    /// No packet follows; connections that are open end next.
    fn capture_end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError>;

    /// Whether the rows of a log go past here.
    fn takes(&self, schema: &'static Schema) -> bool;

    /// A connection, or of files.log a file, has ended.
    fn ended(&mut self, uid: Uid);

    /// A row that may be changed, or kept from its log.
    fn row(&mut self, row: &RowView, arena: &Arena, now: Time, logs: &mut Logs) -> Result<(), LogError>;

    /// What is done about oddities, where that has changed since the last call.
    fn weird_settings(&mut self) -> Option<WeirdSettings>;

    /// An oddity that is to be a notice.
    fn weird_notice(&mut self, weird: &Weird, now: Time, logs: &mut Logs) -> Result<(), LogError>;

    /// The sensor has noticed something about itself.
    fn incident(&mut self, incident: &Incident, now: Time, logs: &mut Logs) -> Result<(), LogError>;

    /// What scripts have used up, kept and told since the sensor was started.
    fn counters(&self) -> ScriptCounters;

    /// Settings for the engine, where scripts have changed options since the last call.
    fn settings(&mut self) -> Option<Config>;

    /// What scripts have told analyzers to do since the last call.
    fn commands(&mut self) -> Vec<Command>;

    /// Reads the scripts again, for an engine with these settings; `given` is what the configuration file says of
    /// options. Those that do not compile leave the old ones running.
    fn reload(&mut self, config: Config, given: &Given, now: Time, logs: &mut Logs) -> Reload;

    /// The clock was set back by this.
    fn set_back(&mut self, by: Interval);

    /// Time goes on where no event does.
    fn tick(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError>;

    /// Nothing more comes.
    fn end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError>;
}

/// Something wrong with what the sensor gets, or with what it makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub kind: IncidentKind,
    /// The worker, or the interface.
    pub peer: String,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentKind {
    /// Acknowledged data that was never seen.
    CaptureLoss,
    /// Hardly any acknowledgements.
    LittleTraffic,
    /// Packets that the kernel dropped.
    Dropped,
    /// Flows, rows or data given up at a ceiling.
    AnalysisLoss,
    OneSided,
    Skew,
    /// A worker hung.
    Hang,
    /// An exporter does not deliver.
    ExportStalled,
    /// An exporter loses rows, or will soon.
    ExportLoss,
}

counters! {
    /// Counters of the scripts and their frameworks; all but the gauges only go up.
    pub struct ScriptCounters {
        /// Handlers of scripts that went wrong; reporter.log tells where.
        pub errors: u64 = counter("script_errors_total").lost("times a handler of a script went wrong (see reporter.log)"),
        /// Those of them ended because they had used up their instructions, depth or memory.
        pub over_budget: u64 =
            counter("script_budget_exceeded_total").lost("times one of them had used up what it may"),
        /// Events of scripts dropped because too many waited.
        pub events_dropped: u64 =
            counter("script_events_dropped_total").lost("events of scripts dropped because too many waited"),
        /// Times that `disable_analyzer` or `schedule_analyzer` was not carried out, because too much waited.
        pub commands_dropped: u64 = counter("script_commands_dropped_total")
            .lost("times that disable_analyzer or schedule_analyzer was not carried out"),
        pub sumstats: sumstats::Counters,
        pub notices: notice::Counters,
        pub messages: messages::Counters,
    }
}

/// What came of reading the scripts again.
#[derive(Debug)]
pub struct Reload {
    /// The engine's settings, in which the new ones have had their say; none where they do not compile.
    pub config: Option<Config>,
    /// All that was said of them, with file, line and column, and by the new ones as they began.
    pub messages: String,
    /// Whether the last rows of the old ones, and the first of the new, could be written.
    pub written: Result<(), LogError>,
}

pub struct Policy<'e> {
    /// None where no scripts run.
    events: Option<&'e mut dyn Events>,
    weirds: weird::Weirds,
    tunnels: tunnel::Tunnels,
    once: once::Known,
}

impl<'e> Policy<'e> {
    pub fn new(events: Option<&'e mut dyn Events>, config: &Config) -> Self {
        let tunnels = tunnel::Tunnels::new(config.tunnels.expiration);
        let weirds = weird::Weirds::default();
        Policy { events, weirds, tunnels, once: once::Known::default() }
    }

    /// Takes the next thing said, which points into `taken`.
    #[inline]
    pub fn take(&mut self, item: Item, arena: &Arena, logs: &mut Logs) -> Result<(), LogError> {
        let now = item.now;
        if let Some(events) = &mut self.events {
            events.advance(now, logs)?;
        }
        if self.once.skips() {
            return Ok(());
        }
        match item.emitted {
            Emitted::Once(once) => {
                self.once.begins(&once, now);
                Ok(())
            }
            Emitted::Row { schema, start, end } => logs.row(schema, &arena.bytes[start..end], now),
            Emitted::Export { to, start, end } => {
                logs.export(to, &arena.bytes[start..end]);
                Ok(())
            }
            Emitted::Shown(row) => match (&mut self.events, arena.row(row)) {
                (Some(events), Some(row)) => events.row(row, arena, now, logs),
                _ => Ok(()),
            },
            Emitted::End(uid) => {
                if let Some(events) = &mut self.events {
                    events.ended(uid);
                }
                Ok(())
            }
            Emitted::Tick => Ok(()),
            Emitted::CaptureEnd => match &mut self.events {
                Some(events) => events.capture_end(now, logs),
                None => Ok(()),
            },
            Emitted::Weird(weird) => self.weird(&weird, now, logs),
            Emitted::Tunnels(tunnels) => {
                self.tunnels.seen(&tunnels, now);
                self.write_tunnels(now, logs)
            }
            Emitted::TunnelEnd(id) => {
                self.tunnels.ended(&id, now);
                self.write_tunnels(now, logs)
            }
            Emitted::Event(event) => match &mut self.events {
                Some(events) => events.event(&event, arena, now, logs),
                None => Ok(()),
            },
            Emitted::Effects(effects) => match &mut self.events {
                Some(events) => events.effects(&effects, arena, now, logs),
                None => Ok(()),
            },
        }
    }

    fn weird(&mut self, weird: &Weird, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        if let Some(events) = &mut self.events
            && let Some(settings) = events.weird_settings()
        {
            self.weirds.set(settings);
        }
        let Some(row) = self.weirds.take(weird, now) else { return Ok(()) };
        if row.notice
            && let Some(events) = &mut self.events
        {
            events.weird_notice(weird, now, logs)?;
        }
        let owner = Owner { uid: weird.uid().unwrap_or(Uid::NONE), nth: 0 };
        write(&mut self.events, &row, owner, now, logs)
    }

    fn write_tunnels(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        for row in self.tunnels.take_rows() {
            let owner = Owner { uid: row.uid.unwrap_or(Uid::NONE), nth: 0 };
            write(&mut self.events, &row, owner, now, logs)?;
        }
        Ok(())
    }

    /// Reads the scripts again, if there are any.
    pub fn reload(&mut self, config: Config, given: &Given, now: Time, logs: &mut Logs) -> Option<Reload> {
        self.events.as_mut().map(|events| events.reload(config, given, now, logs))
    }

    /// Settings for the engine, where scripts have changed options since the last call.
    pub fn settings(&mut self) -> Option<Config> {
        self.events.as_mut()?.settings()
    }

    /// What scripts have told analyzers to do since the last call.
    pub fn commands(&mut self) -> Vec<Command> {
        self.events.as_mut().map_or_else(Vec::new, |events| events.commands())
    }

    /// Tells scripts, and whoever reads notices, of something wrong with the sensor.
    pub fn incident(&mut self, incident: &Incident, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.events.as_mut().map_or(Ok(()), |events| events.incident(incident, now, logs))
    }

    pub fn script_counters(&self) -> ScriptCounters {
        self.events.as_ref().map(|events| events.counters()).unwrap_or_default()
    }

    /// The clock was set back by this: what waits for a time comes as long from now as it would have.
    pub fn set_back(&mut self, by: Interval) {
        if let Some(events) = &mut self.events {
            events.set_back(by);
        }
    }

    /// Time goes on where nothing is said.
    pub fn tick(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.events.as_mut().map_or(Ok(()), |events| events.tick(now, logs))
    }

    /// Nothing more is said.
    pub fn end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.events.as_mut().map_or(Ok(()), |events| events.end(now, logs))
    }

    /// Oddities that repeated others and were not logged.
    pub fn weirds_suppressed(&self) -> u64 {
        self.weirds.suppressed()
    }
}

/// Writes a row of a log that is made here, past the scripts where they want to see it.
fn write<R: Record>(
    events: &mut Option<&mut dyn Events>,
    row: &R,
    owner: Owner,
    now: Time,
    logs: &mut Logs,
) -> Result<(), LogError> {
    match events {
        Some(events) if events.takes(R::SCHEMA) => {
            let mut arena = Arena::default();
            let record = arena.view(row, u64::MAX);
            events.row(&RowView { owner, record, row: None, passes: false }, &arena, now, logs)
        }
        _ => logs.record(row, now),
    }
}
