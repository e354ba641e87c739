//! Scripts that a replay may turn out to need: those that are loaded by default, where nobody gave others.
//!
//! Of what they do without others, all is native but the rows that protocols leave to their scripts
//! (`Protocol::joined`). To read them takes longer than many a capture, and so they begin with the first such event.

use std::sync::Arc;

use nightjar_script::{ScriptOptions, StdHost};

use crate::analyze::{self, Command};
use crate::config::Config;
use crate::config::options::Given;
use crate::event::{Arena, ConnParts, Effects, Ends, EventSet, Interest, Raised, RowView, Weird};
use crate::log::{LogError, Logs};
use crate::policy::{Events, Incident, Reload, ScriptCounters, WeirdSettings};
use crate::record::{Schema, Uid};
use crate::script_host::Scripts;
use crate::time::{Interval, Time};

/// The scripts, before and after they have begun.
pub struct Deferred {
    options: ScriptOptions,
    config: Config,
    /// Rows go to exporters as well.
    exported: bool,
    /// What is said to them between reading them and their beginning.
    prepare: Box<dyn Fn(&mut Scripts)>,
    begun: Option<Box<Scripts>>,
    /// When time began, and when members of tables would have been looked at last: both count for what expires.
    looked: Option<[Time; 2]>,
    /// When they are to be looked at next. It is asked with everything that is said.
    looks: Time,
}

/// `table_expire_interval`, which who sets gets scripts that begin at once.
const EXPIRES_EVERY: Interval = Interval::from_secs(10);

impl Deferred {
    /// `options` are those of an ordinary compilation.
    pub fn new(options: ScriptOptions, prepare: impl Fn(&mut Scripts) + 'static) -> Deferred {
        let (config, prepare) = (Config::default(), Box::new(prepare));
        Deferred {
            options,
            config,
            exported: false,
            prepare,
            begun: None,
            looked: None,
            looks: Time::from_nanos(i64::MIN),
        }
    }

    /// Settings for the engine: it tells of what the scripts would have to hear.
    pub fn begin(&mut self, config: Config, exported: bool) -> Config {
        self.exported = exported;
        let mut events = EventSet::default();
        analyze::protocols().iter().flat_map(|protocol| protocol.joined).for_each(|id| events.insert(*id));
        let interest = Interest {
            events,
            // How connections were framed is asked by policies alone.
            conn: ConnParts { service: true, history: true, ends: true, times: true, framing: false },
            ends: Ends::OfShown,
            clock: true,
            ..Interest::default()
        };
        self.config = Config { interest: Arc::new(interest), ..config };
        self.config.clone()
    }

    /// Time has come so far.
    #[inline]
    fn look(&mut self, now: Time) {
        if now >= self.looks {
            let [began, _] = self.looked.unwrap_or([now; 2]);
            (self.looked, self.looks) = (Some([began, now]), now + EXPIRES_EVERY);
        }
    }

    /// The exit code that they ask for; none where they were not needed.
    pub fn exit_code(&self) -> Option<u8> {
        self.begun.as_ref().map(|scripts| scripts.exit_code())
    }

    /// The scripts, begun by now. What ships compiles, which a test of every log holds; where it should not, all that
    /// is wrong was told.
    fn scripts(&mut self, logs: &mut Logs) -> Result<Option<&mut Scripts>, LogError> {
        if self.begun.is_none() {
            let Ok(scripts) = Scripts::compile(StdHost::default(), &self.options) else { return Ok(None) };
            let mut scripts = Box::new(scripts);
            (self.prepare)(&mut scripts);
            // Workers go on telling what they were asked to.
            scripts.begin(self.config.clone(), self.exported);
            for time in self.looked.into_iter().flatten() {
                scripts.tick(time, logs)?;
            }
            self.begun = Some(scripts);
        }
        Ok(self.begun.as_deref_mut())
    }
}

impl Events for Deferred {
    fn event(&mut self, event: &Raised, arena: &Arena, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.look(now);
        self.scripts(logs)?.map_or(Ok(()), |scripts| scripts.event(event, arena, now, logs))
    }

    fn effects(
        &mut self,
        effects: &Effects,
        arena: &Arena,
        now: Time,
        logs: &mut Logs,
    ) -> Result<(), LogError> {
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.effects(effects, arena, now, logs))
    }

    fn advance(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.look(now);
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.advance(now, logs))
    }

    fn capture_end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.capture_end(now, logs))
    }

    fn takes(&self, schema: &'static Schema) -> bool {
        self.begun.as_ref().is_some_and(|scripts| scripts.takes(schema))
    }

    fn ended(&mut self, uid: Uid) {
        if let Some(scripts) = &mut self.begun {
            scripts.ended(uid);
        }
    }

    fn row(&mut self, row: &RowView, arena: &Arena, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.row(row, arena, now, logs))
    }

    fn weird_settings(&mut self) -> Option<WeirdSettings> {
        self.begun.as_mut()?.weird_settings()
    }

    fn weird_notice(&mut self, weird: &Weird, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.weird_notice(weird, now, logs))
    }

    fn incident(&mut self, incident: &Incident, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.incident(incident, now, logs))
    }

    fn counters(&self) -> ScriptCounters {
        self.begun.as_ref().map_or_else(ScriptCounters::default, |scripts| scripts.counters())
    }

    fn settings(&mut self) -> Option<Config> {
        None
    }

    fn commands(&mut self) -> Vec<Command> {
        self.begun.as_mut().map_or_else(Vec::new, |scripts| scripts.commands())
    }

    fn reload(&mut self, config: Config, given: &Given, now: Time, logs: &mut Logs) -> Reload {
        let refused = |written| Reload { config: None, messages: String::new(), written };
        match self.scripts(logs) {
            Ok(Some(scripts)) => scripts.reload(config, given, now, logs),
            Ok(None) => refused(Ok(())),
            Err(error) => refused(Err(error)),
        }
    }

    fn set_back(&mut self, by: Interval) {
        if let Some(scripts) = &mut self.begun {
            scripts.set_back(by);
        }
    }

    fn tick(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.tick(now, logs))
    }

    fn end(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.begun.as_mut().map_or(Ok(()), |scripts| scripts.end(now, logs))
    }
}
