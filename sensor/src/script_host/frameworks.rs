//! The frameworks that scripts use, native underneath.
//!
//! Each is declared in Zeek text (`scripts/base/frameworks/`) and gives the language its functions. What they
//! keep is shared with those functions; one VM runs on one thread.

use nightjar_script::vm::NativeFn;

use crate::log::{LogError, Logs};
use crate::script_host::files;
use crate::script_host::input::Input;
use crate::script_host::log::Log;
use crate::script_host::notice::Notice;
use crate::script_host::sumstats::SumStats;

#[derive(Default)]
pub(super) struct Frameworks {
    pub log: Log,
    pub sumstats: SumStats,
    pub notice: Notice,
    pub input: Input,
}

impl Frameworks {
    /// Functions by full name.
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        [
            files::natives(),
            self.log.natives(),
            self.sumstats.natives(),
            self.notice.natives(),
            self.input.natives(),
        ]
        .concat()
    }

    /// Hands on the rows that scripts wrote.
    pub fn deliver(&mut self, logs: &mut Logs) -> Result<(), LogError> {
        self.log.deliver(logs)
    }
}
