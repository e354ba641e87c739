//! Results over a restart or a change of policy.

use std::path::{Path, PathBuf};

use nightjar_script::Vm;
use nightjar_script::source::Span;
use nightjar_script::value::Value;
use nightjar_script::vm::{CallSite, Res};

use crate::script_host::sumstats::{Inner, SumStats};
use crate::sumstats::{Damaged, Saved};

impl SumStats {
    /// All results, for [`SumStats::restore`] of another policy. What scripts keep in fields of their own is not
    /// among them. Whoever has them goes on with the epochs: `zeek_done` ends them here no more.
    pub fn save(&self) -> Vec<u8> {
        self.0.handed_on.set(true);
        self.0.save()
    }

    /// Hands results to SumStats of the same names with the same reducers, as they are created.
    pub fn restore(&self, bytes: &[u8]) -> Result<(), Damaged> {
        *self.0.saved.borrow_mut() = Saved::read(bytes)?;
        Ok(())
    }
}

impl Inner {
    fn save(&self) -> Vec<u8> {
        self.engine.borrow().save(|id| self.rule(id).and_then(|rule| rule.due.get()))
    }

    /// Where results are kept over a restart.
    pub(super) fn state_file(&self, vm: &Vm) -> Option<PathBuf> {
        let name = vm.global_value("SumStats::state_file").map_or(&[][..], Value::bytes);
        (!name.is_empty()).then(|| PathBuf::from(String::from_utf8_lossy(name).into_owned()))
    }

    pub(super) fn load_file(&self, vm: &mut Vm) {
        let Some(path) = self.state_file(vm) else { return };
        let read = std::fs::read(&path).map_err(|error| error.to_string());
        let saved = read.and_then(|bytes| Saved::read(&bytes).map_err(|error| error.to_string()));
        match saved {
            Ok(saved) => *self.saved.borrow_mut() = saved,
            Err(error) => {
                let text = format!("SumStats start anew, {} cannot be used: {error}", path.display());
                vm.warn(Span::default(), text);
            }
        }
    }

    /// `SumStats::__save()`.
    pub(super) fn save_file(&self, vm: &mut Vm, _: &CallSite<'_>, _: &[Value]) -> Res {
        if let Some(path) = self.state_file(vm)
            && let Err(error) = write(&path, &self.save())
        {
            vm.error(Span::default(), format!("cannot write SumStats to {}: {error}", path.display()));
        }
        Ok(Value::Unset)
    }
}

/// Writes beside the file and puts it in its place: a crash leaves the old one.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    let mut file = std::fs::File::create(&fresh)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)
}
