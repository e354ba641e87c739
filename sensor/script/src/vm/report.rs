//! Where messages go: to the host, and as events to scripts.

use super::{Args, FuncId, Traffic, Vm};
use crate::diag::{Diag, Severity};
use crate::value::Value;

/// How far a run has come, as far as messages care.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Stage {
    /// Scripts are read: messages are the host's only.
    #[default]
    Compiling,
    /// `zeek_init` and what it queues: events are raised too.
    Starting,
    /// From here on scripts may keep messages from standard error.
    Running,
}

/// What the reporter keeps.
#[derive(Default)]
pub(crate) struct Reporting {
    pub stage: Stage,
    /// A handler of one of the reporter's own events runs: what goes wrong in it raises none.
    handling: bool,
    /// `reporter_info`, `reporter_warning` and `reporter_error`.
    events: [Option<FuncId>; 3],
}

/// The reporter's events, and what decides whether their messages go to standard error too.
const KINDS: [(&str, &str); 3] = [
    ("reporter_info", "Reporter::info_to_stderr"),
    ("reporter_warning", "Reporter::warnings_to_stderr"),
    ("reporter_error", "Reporter::errors_to_stderr"),
];

/// The place of a severity in [`KINDS`]; what ends the run is the host's only.
fn kind(severity: Severity) -> Option<usize> {
    match severity {
        Severity::Info => Some(0),
        Severity::Warning => Some(1),
        Severity::Error | Severity::ExprError => Some(2),
        Severity::Internal | Severity::Fatal => None,
    }
}

impl Vm {
    /// Hands a message to the host, and to scripts' `reporter_*` handlers.
    pub fn report(&mut self, d: Diag) {
        let kind = kind(d.severity).filter(|_| self.reporting.stage > Stage::Compiling);
        let mut told = false;
        if let Some(kind) = kind
            && !self.reporting.handling
        {
            told = self.report_event(kind, &d);
        }
        let quiet = told
            && self.reporting.stage == Stage::Running
            && kind.is_some_and(|kind| self.global_value(KINDS[kind].1).is_some_and(|v| !v.as_bool()));
        if !quiet {
            let line = d.zeek_line(&self.sources);
            // Once there are packets, as in Zeek, with their time.
            let timed = self.traffic != Traffic::None && self.network_time > 0.0;
            let line = if timed { format!("{:.6} {line}", self.network_time) } else { line };
            self.host.report(&d, &line, &self.sources);
        }
    }

    /// Queues the event of a message; `false` where nobody handles it.
    fn report_event(&mut self, kind: usize, d: &Diag) -> bool {
        let Some(id) = self.reporting.events[kind].filter(|id| self.is_handled(*id)) else { return false };
        let place = match &d.place {
            Some(place) => place.clone(),
            None if d.span.file == 0 => String::new(),
            None => self.sources.zeek_location(d.span),
        };
        let mut args = Args::new();
        args.push(Value::Time(self.network_time));
        args.push(Value::str(&d.text));
        args.push(Value::str(place));
        self.enqueue(id, args);
        true
    }

    /// Moves on; looks the reporter's events up once.
    pub(crate) fn enter(&mut self, stage: Stage) {
        self.reporting.stage = stage;
        self.reporting.events = KINDS.map(|(event, _)| self.event(event));
    }

    /// Runs `what` as a handler of `id`, which may be one of the reporter's events.
    #[inline]
    pub(crate) fn while_handling(&mut self, id: FuncId, what: impl FnOnce(&mut Vm)) {
        self.reporting.handling = self.reporting.events.contains(&Some(id));
        what(self);
        self.reporting.handling = false;
    }
}
