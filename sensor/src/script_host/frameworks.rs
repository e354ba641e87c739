//! The frameworks that scripts use, native underneath.
//!
//! Each is declared in Zeek text (`scripts/base/frameworks/`) and gives the language its functions. What they
//! keep is shared with those functions; one VM runs on one thread.

use nightjar_script::diag::{Diag, Severity};
use nightjar_script::source::Span;
use nightjar_script::vm::NativeFn;
use nightjar_script::{FlatNative, Vm};

use crate::log::{LogError, Logs};
use crate::script_host::analyzers::Analyzers;
use crate::script_host::files::Files;
use crate::script_host::geo::Geo;
use crate::script_host::input::Input;
use crate::script_host::log::Log;
use crate::script_host::messages::Messages;
use crate::script_host::notice::Notice;
use crate::script_host::options;
use crate::script_host::sumstats::{SumStats, observe};
use crate::script_host::weird::Weird;
use crate::script_host::x509;
use crate::time::Time;

pub(super) struct Frameworks {
    pub log: Log,
    pub sumstats: SumStats,
    pub notice: Notice,
    pub input: Input,
    pub weird: Weird,
    pub files: Files,
    pub analyzers: Analyzers,
    pub geo: Geo,
    pub messages: Messages,
}

impl Default for Frameworks {
    fn default() -> Self {
        let (files, log, notice) = (Files::default(), Log::default(), Notice::default());
        Frameworks {
            input: Input::new(files.clone(), log.clone()),
            log,
            sumstats: SumStats::new(&notice),
            notice,
            weird: Weird::default(),
            files,
            analyzers: Analyzers::default(),
            geo: Geo::default(),
            messages: Messages::default(),
        }
    }
}

impl Frameworks {
    /// Functions by full name.
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let groups = [
            self.analyzers.natives(),
            self.files.natives(),
            self.log.natives(),
            self.sumstats.natives(),
            self.notice.natives(),
            self.input.natives(),
            self.weird.natives(),
            self.geo.natives(),
            self.messages.natives(),
            options::natives(),
            x509::natives(),
        ];
        groups.concat()
    }

    /// Those that can be called without making records.
    pub fn flat(&self) -> Vec<(&'static str, FlatNative)> {
        vec![(observe::OBSERVE, self.sumstats.flat())]
    }

    /// Time goes on: what the frameworks keep may end, and what went wrong elsewhere is reported.
    pub fn tick(&self, vm: &mut Vm, now: Time) {
        self.notice.tick(vm, now);
    }

    /// Nothing more comes: waits for what is on its way out of the sensor.
    pub fn finish(&self, vm: &mut Vm) {
        self.input.finish(vm);
        self.notice.finish(vm);
        vm.drain();
    }

    /// Hands on the rows that scripts wrote, and tells what became of them.
    pub fn deliver(&mut self, vm: &mut Vm, logs: &mut Logs) -> Result<(), LogError> {
        let result = self.log.deliver(logs);
        for report in logs.reports() {
            let severity = if report.is_error { Severity::Error } else { Severity::Info };
            vm.report(Diag::new(severity, Span::default(), &report.text));
        }
        result
    }
}
