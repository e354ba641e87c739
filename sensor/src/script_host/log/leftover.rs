//! Logs that a run left behind which did not end: beside each log that is to be rotated stands a small file that says
//! so (`.shadow.NAME.log`, as Zeek's), and the next run rotates what it finds.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use nightjar_script::Vm;
use nightjar_script::diag::{Diag, Severity};
use nightjar_script::source::Span;
use nightjar_script::value::{FuncVal, Value};
use nightjar_script::vm::{CallSite, Res};

use crate::log::ScriptLog;
use crate::script_host::log::rotate::{self, Ended};
use crate::script_host::log::{Log, State};

const PREFIX: &str = ".shadow.";
/// Files that one run looks after; nobody has so many logs.
const MAX_SHADOWS: usize = 1_000;
/// A shadow has two short lines.
const MAX_SHADOW: u64 = 4_096;

impl State {
    /// A log has begun that is to be rotated: the next run is to know, should this one not come to it.
    pub fn cast_shadow(&mut self, vm: &Vm, script_log: &ScriptLog, postprocessor: Option<&Rc<FuncVal>>) {
        let wanted = vm.global_value("LogAscii::enable_leftover_log_rotation").is_some_and(Value::as_bool);
        if !wanted || self.shadows.len() >= MAX_SHADOWS {
            return;
        }
        let log = self.folder.join(format!("{}{}", script_log.path, script_log.ending()));
        let (Some(folder), Some(name)) = (log.parent(), log.file_name()) else { return };
        let shadow = folder.join(format!("{PREFIX}{}", name.to_string_lossy()));
        let function = postprocessor.and_then(|function| vm.funcs.get(function.id.0 as usize));
        let text = format!("{}\n{}\n", script_log.ending(), function.map_or("", |function| &function.name));
        // Should it fail, then so will the log, which is told.
        if std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&shadow, text)).is_ok() {
            self.shadows.push(shadow);
        }
    }

    /// All logs have been rotated.
    pub fn lift_shadows(&mut self) {
        for shadow in self.shadows.drain(..) {
            // Somebody else may have done so.
            let _ = std::fs::remove_file(shadow);
        }
    }
}

impl Log {
    /// Where logs are written.
    pub fn keep_in(&self, folder: &Path) {
        self.0.borrow_mut().folder = folder.to_owned();
    }

    pub(super) fn rotate_leftover(&self, vm: &mut Vm, _: &CallSite<'_>, _: &[Value]) -> Res {
        let folder = self.0.borrow().folder.clone();
        let Ok(entries) = std::fs::read_dir(&folder) else { return Ok(Value::Bool(true)) };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(PREFIX))
            .collect();
        names.sort_unstable();
        for name in names.iter().take(MAX_SHADOWS) {
            let log = name.trim_start_matches(PREFIX);
            let outcome = match folder.join(log).is_file() {
                true => rotate(vm, &folder, name, log),
                // It was rotated, and this is what is left.
                false => std::fs::remove_file(folder.join(name))
                    .map_err(|error| format!("cannot unlink {name}: {error}")),
            };
            if let Err(wrong) = outcome {
                vm.report(Diag::new(Severity::Error, Span::default(), &wrong));
            }
        }
        Ok(Value::Bool(true))
    }
}

fn rotate(vm: &mut Vm, folder: &Path, shadow: &str, log: &str) -> Result<(), String> {
    let failed = |why: &str| format!("failed to process leftover log '{log}': {why}");
    let (shadow, file) = (folder.join(shadow), folder.join(log));
    let state = |path: &Path| {
        let metadata = std::fs::metadata(path).map_err(|error| failed(&error.to_string()))?;
        let modified = metadata.modified().map_err(|error| failed(&error.to_string()))?;
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok::<_, String>((metadata.len(), since.as_secs_f64()))
    };
    let ((size, opened), (_, closed)) = (state(&shadow)?, state(&file)?);
    if size > MAX_SHADOW {
        return Err(failed("its shadow is too large"));
    }
    let text = std::fs::read_to_string(&shadow).map_err(|error| failed(&error.to_string()))?;
    let mut lines = text.lines();
    let (ending, named) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let path = log.strip_suffix(ending).filter(|path| !path.is_empty() && !ending.is_empty());
    let path = path.ok_or_else(|| failed("its shadow names another ending"))?;
    let log = Ended {
        path: path.to_owned(),
        writer: vm.enum_value("Log::WRITER_ASCII").unwrap_or_default(),
        opened,
        closed,
        terminating: false,
        postprocessor: postprocessor(vm, named, log),
    };
    let mut target = rotate::file_name(vm, &log).into_os_string();
    target.push(ending);
    let target = if folder == Path::new(".") { PathBuf::from(target) } else { folder.join(target) };
    if let Some(inner) = target.parent().filter(|inner| !inner.as_os_str().is_empty()) {
        std::fs::create_dir_all(inner).map_err(|error| failed(&error.to_string()))?;
    }
    std::fs::rename(&file, &target).map_err(|error| failed(&error.to_string()))?;
    std::fs::remove_file(&shadow).map_err(|error| failed(&error.to_string()))?;
    rotate::tell(vm, &log, &target);
    Ok(())
}

/// The function that a shadow names, or the one of all logs.
fn postprocessor(vm: &mut Vm, named: &str, log: &str) -> Value {
    let function = vm.function(named);
    let fits = |ty| vm.types.as_func(ty).is_some_and(|function| function.params.len() == 1);
    let function = function.filter(|id| vm.funcs.get(id.0 as usize).is_some_and(|known| fits(known.ty)));
    if let Some(function) = function {
        return vm.value_of(function);
    }
    if !named.is_empty() {
        let text = format!(
            "Could not postprocess log '{log}' with intended postprocessor function '{named}', proceeding with the \
             default function"
        );
        vm.report(Diag::new(Severity::Warning, Span::default(), &text));
    }
    vm.global_value("Log::__default_rotation_postprocessor").cloned().unwrap_or_default()
}
