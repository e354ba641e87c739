//! Rows of native logs that scripts only look at, or change a few columns of: the worker's row is written, with the
//! scripts' columns put in.

use std::rc::Rc;
use std::sync::Arc;

use nightjar_script::value::{FuncVal, RecordVal, Value};
use nightjar_script::{Args, Vm};

use crate::log::ScriptLog;
use crate::record::{Format, Schema};
use crate::script_host::log::filter::Filter;
use crate::script_host::log::{Log, Row, is_path, refused};
use crate::script_host::pushdown::{FILTER, LogFunctions};
use crate::time::Time;

/// What scripts do to the rows of a native log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::script_host) enum Treatment {
    /// Nothing: they are written as they are. Whether what scripts change in a column can be put into the worker's
    /// row; exporters want every field of what scripts made of it.
    Plain { patchable: bool },
    /// They decide whether and where rows are written, or add columns.
    Filtered,
    /// They write them.
    Rewritten,
}

/// What changes how rows are written.
const CHANGES: [&str; 4] =
    ["Log::__add_filter", "Log::__remove_filter", "Log::__enable_stream", "Log::__remove_stream"];

impl Log {
    /// What is done to a native log's rows.
    pub fn treatment(&self, vm: &Vm, schema: &Schema, format: Format, exported: bool) -> Treatment {
        let state = self.0.borrow();
        let Some(stream) = state.by_path.get(schema.path).and_then(|id| state.streams.get(id)) else {
            // Without its declarations nobody can have asked for anything.
            return Treatment::Plain { patchable: false };
        };
        // What scripts will make of it is not known yet.
        let [filter] = &stream.filters[..] else { return Treatment::Rewritten };
        if vm.calls_later(&CHANGES) {
            return Treatment::Rewritten;
        }
        let filter = filter.borrow();
        let quiet = |function: &Option<Rc<FuncVal>>| {
            function.as_ref().is_none_or(|function| !vm.is_handled(function.id))
        };
        let everywhere = vm.function("Log::log_stream_policy").is_some_and(|hook| vm.is_handled(hook));
        let columns = stream.fields.iter().map(|column| column.name("."));
        let extends = columns.take(schema.fields.len()).eq(schema.fields.iter().map(|field| field.name));
        if everywhere
            || !extends
            || !stream.enabled
            || filter.name != FILTER
            || !filter.keeps_columns
            || !quiet(&stream.event)
        {
            return Treatment::Rewritten;
        }
        let as_they_are = stream.fields.len() == schema.fields.len()
            && quiet(&filter.policy)
            && filter.pred.is_none()
            && filter.path_func.is_none()
            && filter.path == schema.path;
        let as_ours = filter.writes_as(format);
        let patchable = !exported && as_ours;
        match as_they_are && as_ours {
            true => Treatment::Plain { patchable },
            false if patchable => Treatment::Filtered,
            false => Treatment::Rewritten,
        }
    }

    /// What decides on the rows of a native log that is [`Treatment::Filtered`], of which scripts may change the
    /// columns that have a bit in `changed`.
    pub fn log_functions(&self, vm: &Vm, schema: &Schema, changed: u64) -> Option<LogFunctions> {
        let state = self.0.borrow();
        let stream = state.by_path.get(schema.path).and_then(|id| state.streams.get(id))?;
        let [filter] = &stream.filters[..] else { return None };
        let filter = filter.borrow();
        if filter.path != schema.path {
            return None;
        }
        let id = |function: &Option<Rc<FuncVal>>| function.as_ref().map(|function| function.id);
        Some(LogFunctions {
            policy: id(&filter.policy).filter(|hook| vm.is_handled(*hook)),
            pred: id(&filter.pred),
            path_func: id(&filter.path_func),
            path: schema.path.to_owned(),
            changed,
            extended: stream.fields.len() > schema.fields.len(),
        })
    }

    /// Writes a row that a worker has written, if scripts let it pass (`passes`: they do), with their values in the columns of `changed`,
    /// which stand at `places`, and in those
    /// beyond the first `native`.
    pub fn write_drafted(
        &self,
        vm: &mut Vm,
        path: &str,
        record: Rc<RecordVal>,
        (row, places): (&[u8], impl Iterator<Item = (usize, usize)>),
        (changed, native): (u64, usize),
        passes: bool,
    ) {
        let (id, filter) = {
            let state = self.0.borrow();
            let Some(stream) = state.by_path.get(path).and_then(|id| state.streams.get(id)) else { return };
            let Some(filter) = stream.filters.first().filter(|_| stream.enabled) else { return };
            (stream.id.clone(), filter.clone())
        };
        let Some(script_log) = self.destination(vm, &id, &filter, &record, passes) else { return };
        let filter = filter.borrow();
        let state = &mut *self.0.borrow_mut();
        let (start, mut from) = (state.bytes.len(), 0);
        let mut left = changed;
        for (begin, end) in places {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            state.bytes.extend_from_slice(row.get(from..begin).unwrap_or_default());
            if let Some(column) = filter.columns.get(at) {
                script_log.column(at, &column.value(vm, &record), &mut state.bytes);
            }
            from = end;
        }
        let rest = row.get(from..).unwrap_or_default();
        let (rest, end) = rest.split_at(rest.len().saturating_sub(script_log.row_end().len()));
        state.bytes.extend_from_slice(rest);
        for (at, column) in filter.columns.iter().enumerate().skip(native) {
            script_log.column(at, &column.value(vm, &record), &mut state.bytes);
        }
        state.bytes.extend_from_slice(end);
        let (end, at) = (state.bytes.len(), Time::from_secs_f64(vm.network_time));
        state.rows.push(Row { script_log, start, end, values: Vec::new(), exported: false, at });
    }

    /// Where a filter sends a row; `None` where scripts refuse it.
    fn destination(
        &self,
        vm: &mut Vm,
        id: &Value,
        filter: &Rc<std::cell::RefCell<Filter>>,
        record: &Rc<RecordVal>,
        passes: bool,
    ) -> Option<Arc<ScriptLog>> {
        let (policy, pred, path_func) = if passes {
            (None, None, None)
        } else {
            let filter = filter.borrow();
            let policy = filter.policy.clone().filter(|hook| vm.is_handled(hook.id));
            (policy, filter.pred.clone(), filter.path_func.clone())
        };
        let row = || Value::Record(record.clone());
        if let Some(policy) = policy {
            let shown = Value::Record(filter.borrow().record.clone());
            if refused(vm, &policy, [row(), id.clone(), shown]) {
                return None;
            }
        }
        if let Some(pred) = pred
            && refused(vm, &pred, [row()])
        {
            return None;
        }
        let named = match path_func {
            None => None,
            Some(path_func) => {
                let usual = filter.borrow().path_value.clone();
                match vm.invoke(&path_func, Args::from_iter([id.clone(), usual, row()])) {
                    Some(Value::Str(text)) => Some(text),
                    answer => {
                        self.refuse(vm, &filter.borrow().name, answer.as_ref());
                        return None;
                    }
                }
            }
        };
        let mut filter = filter.borrow_mut();
        let asked = named.as_deref().unwrap_or(filter.path.as_bytes());
        if let Some(script_log) = filter.destinations.get(asked) {
            return Some(script_log.clone());
        }
        let Value::Enum(_, number) = id else { return None };
        let asked = asked.to_vec();
        if named.is_some() && !is_path(&asked) {
            self.refuse(vm, &filter.name, Some(&Value::str(asked)));
            return None;
        }
        let path = self.claim(vm, *number, &filter.name, String::from_utf8_lossy(&asked).into_owned());
        let Some(script_log) = filter.script_log(&path) else {
            self.refuse(vm, &filter.name, Some(&Value::str(&path)));
            return None;
        };
        filter.destinations.insert(asked, script_log.clone());
        Some(script_log)
    }
}
