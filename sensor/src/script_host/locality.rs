//! Which handlers and policies workers run to their end, where the packet is, and what of them is left to the ordered
//! stage: `nightjar check --where`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;

use nightjar_script::Host;
use nightjar_script::ast::Flavor;
use nightjar_script::diag::Diag;
use nightjar_script::pushdown::{Obstacle, Reach};
use nightjar_script::source::{Sources, Span};
use nightjar_script::value::Value;
use nightjar_script::vm::FuncId;

use crate::event::Rows;
use crate::record::Schema;
use crate::script_host::{Scripts, pushdown};

/// A host on which nothing is written, run or shown: scripts begin only to be looked at.
struct Dry;

impl Host for Dry {
    fn stdout(&mut self, _: &[u8]) {}

    fn stderr(&mut self, _: &[u8]) {}

    fn report(&mut self, _: &Diag, _: &str, _: &Sources) {}

    fn now(&mut self) -> f64 {
        0.0
    }

    fn open(&mut self, _: &str, _: bool) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn close(&mut self, _: &str) -> bool {
        true
    }

    fn run(&mut self, _: &str, _: bool) -> Option<i32> {
        Some(0)
    }

    fn read_script(&mut self, _: &str) -> Option<String> {
        None
    }

    fn is_dir(&mut self, _: &str) -> bool {
        false
    }
}

impl Scripts {
    /// A line for each body of an event or hook, and of each function of a log's filter, but those of the scripts that
    /// are always there: where it runs, and why not on workers. The scripts are begun for that, with no effect outside,
    /// and are of no use afterwards.
    pub fn whereabouts(&mut self) -> String {
        self.script.vm.host = Box::new(Dry);
        self.script.init();
        let of_logs = self.reach_of_logs();
        let vm = &self.script.vm;
        let mut lines = Vec::new();
        for value in &vm.values {
            let Value::Func(value) = value else { continue };
            let Some(function) = vm.funcs.get(value.id.0 as usize) else { continue };
            let of_log = of_logs.get(&value.id);
            let kind = match function.flavor {
                Flavor::Event => "event",
                Flavor::Hook => "hook",
                Flavor::Function if of_log.is_some() => "function",
                Flavor::Function => continue,
            };
            let reached = of_log.cloned().unwrap_or_else(|| self.reach_of_function(value.id));
            for (span, reach) in reached.into_iter().filter(|(span, _)| !self.is_always_there(*span)) {
                lines.push(((span.file, span.lo), self.line(kind, &function.name, span, &reach)));
            }
        }
        lines.sort();
        lines.dedup();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn is_always_there(&self, span: Span) -> bool {
        span.file == 0 || self.script.vm.sources.get(span.file).name.starts_with("base/")
    }

    fn line(&self, kind: &str, name: &str, span: Span, reach: &Reach) -> String {
        let sources = &self.script.vm.sources;
        let place = |span: Span| {
            let source = sources.get(span.file);
            format!("{}:{}", source.name, source.line_col(span.lo).0)
        };
        let mut line = format!("{}: {kind} {name}: ", place(span));
        let described = |obstacle: &Obstacle| match obstacle.span.file {
            0 => obstacle.why.clone(),
            _ => format!("{}: {}", place(obstacle.span), obstacle.why),
        };
        let written = match reach {
            Reach::All => writeln!(line, "local"),
            Reach::Until(obstacle) => writeln!(line, "local up to {}", described(obstacle)),
            Reach::Nothing(obstacle) => writeln!(line, "ordered, {}", described(obstacle)),
        };
        // Texts take all that is written to them.
        debug_assert!(written.is_ok());
        line
    }

    /// How far workers get with the bodies of an event or hook.
    fn reach_of_function(&self, id: FuncId) -> Vec<(Span, Reach)> {
        let (vm, layout) = (&self.script.vm, &self.layout);
        let why = match layout.event_of(id) {
            None => "it is run by what runs in order",
            Some((event, declared)) => match layout.whole(&layout.needed(vm), event, declared) {
                None => return pushdown::reach(vm, layout, event, id),
                Some(why) => why,
            },
        };
        self.nowhere(id, why)
    }

    /// That none of a function's bodies is run by workers.
    fn nowhere(&self, id: FuncId, why: &str) -> Vec<(Span, Reach)> {
        let obstacle = Obstacle { span: Span::default(), why: why.to_owned() };
        let bodies = self.script.vm.funcs.get(id.0 as usize).map(|function| function.bodies.iter());
        let bodies = bodies.into_iter().flatten();
        bodies.map(|body| (body.span, Reach::Nothing(obstacle.clone()))).collect()
    }

    /// The same of what decides on the rows of the sensor's own logs.
    fn reach_of_logs(&self) -> HashMap<FuncId, Vec<(Span, Reach)>> {
        let (vm, log, format) = (&self.script.vm, &self.frameworks.log, self.config.format);
        let treatment = |schema: &Schema| log.treatment(vm, schema, format, self.exported);
        let log_functions = |schema: &Schema, changed| log.log_functions(vm, schema, changed);
        let interest = self.layout.interest(0, vm, treatment, log_functions, false);
        let mut reached = HashMap::new();
        let mut logs: Vec<_> = interest.logs.values().collect();
        logs.sort_by_key(|of| of.schema.path);
        for of in logs {
            let Some(at) = self.layout.log(of.schema) else { continue };
            let Some(functions) = log.log_functions(vm, of.schema, 0) else { continue };
            for (function, reach) in functions.reach(vm, &self.layout.logs[at]) {
                let reach = match of.rows {
                    Rows::Past { .. } => reach,
                    Rows::Straight | Rows::Rewritten => {
                        self.nowhere(function, "scripts write the rows of this log themselves")
                    }
                };
                reached.insert(function, reach);
            }
        }
        reached
    }
}
