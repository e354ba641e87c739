//! Scripts that count what sensors observe, a partition each: those of an aggregator.

use nightjar_script::{Failed, StdHost};

use crate::aggregate::Origin;
use crate::config::Config;
use crate::log::{LogError, Logs};
use crate::script_host::Scripts;
use crate::script_host::frameworks::Frameworks;
use crate::script_host::log::HeldRow;
use crate::script_host::notice::Lasting;
use crate::script_host::sumstats::across::{Changes, Counted};
use crate::sumstats::{Key, Obs, Saved};
use crate::time::Time;

impl Scripts {
    /// The same scripts, with state of their own but for notices, which all share.
    pub fn another(&self) -> Result<Scripts, Failed> {
        let mut host = StdHost::default();
        host.carets = self.carets;
        let notice = self.frameworks.notice.clone();
        Scripts::compile_with(Frameworks { notice, ..Frameworks::default() }, host, &self.options)
    }

    /// Begins to count, from where another process left off, whose time was `now`. What scripts write waits in
    /// [`Scripts::take_rows`].
    pub fn begin_counting(&mut self, saved: Saved, lasting: &[(Lasting, Time)], now: Time, config: Config) {
        self.frameworks.log.hold();
        self.frameworks.notice.track();
        self.frameworks.sumstats.go_on_with(saved);
        self.script.vm.network_time = now.as_secs_f64();
        for (what, until) in lasting {
            self.frameworks.notice.restore(&self.script.vm, what, *until);
        }
        // Rows go to a topic of their own, as all exported rows do.
        self.begin(config, true);
    }

    /// Counts what a sensor observed. Time is `at`; `own` is when it was observed, where that is before.
    pub fn count(
        &mut self,
        (at, own): (Time, Option<Time>),
        stat: (&[u8], usize),
        what: (&Key, &Obs, Option<Origin>),
        logs: &mut Logs,
    ) -> Result<Counted, LogError> {
        self.reach(at, logs)?;
        let vm = &mut self.script.vm;
        let counted = self.frameworks.sumstats.observe_theirs(vm, stat, what, own);
        vm.drain();
        Ok(counted)
    }

    /// Time has come so far: what waited for it happens.
    pub fn pass_time(&mut self, now: Time, logs: &mut Logs) -> Result<(), LogError> {
        self.reach(now, logs)
    }

    /// What has changed of SumStats since the last call.
    pub fn take_changes(&mut self) -> Changes {
        self.frameworks.sumstats.take_changes()
    }

    /// What was decided that lasts, by all that share notices, since the last call.
    pub fn take_lasting(&self) -> Vec<(Lasting, Time)> {
        self.frameworks.notice.take_lasting()
    }

    /// The rows that scripts wrote since the last call.
    pub fn take_rows(&mut self) -> Vec<HeldRow> {
        self.frameworks.log.take()
    }
}
