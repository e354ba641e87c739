//! Where `@load` finds things, and what the parser asks while it reads.

use super::Compiler;
use crate::ast::{Decl, ExprRef};
use crate::base;
use crate::host::Loaded;
use crate::parser::{Driver, Parser};
use crate::source::Span;
use crate::types::TypeId;
use std::collections::HashSet;
use std::rc::Rc;

/// What has been loaded, and the search path.
#[derive(Default)]
pub struct LoadState {
    /// Directories of `ZEEKPATH`.
    pub path: Vec<String>,
    /// What a configuration file sets and nothing has declared yet.
    pub awaited: Vec<String>,
    seen: HashSet<String>,
    unloaded: HashSet<String>,
    /// `@prefixes`.
    prefixes: Vec<String>,
    /// Modules of Zeek's that this crate does not carry: their options are accepted in `redef`.
    foreign: HashSet<String>,
    depth: Vec<u32>,
    /// Files that ship with the program.
    bundled: HashSet<u32>,
    /// Those of them that only declare ([`Loaded::Declared`]).
    declaring: HashSet<u32>,
}

impl LoadState {
    pub fn is_bundled(&self, file: u32) -> bool {
        self.bundled.contains(&file)
    }

    pub fn is_declaring(&self, file: u32) -> bool {
        self.declaring.contains(&file)
    }

    pub fn is_known_foreign(&self, name: &str) -> bool {
        name.split_once("::").is_some_and(|(m, _)| self.foreign.contains(m))
    }
}

/// What a path turned out to be.
enum Resolved {
    File(String, String),
    Bundled(&'static str, &'static str),
    /// One of Zeek's own scripts that needs nothing here.
    Known,
    Missing,
}

impl Compiler {
    /// Compiles a bundled or given text.
    pub fn text(&mut self, name: &str, path: &str, text: &str) {
        let file = self.vm.sources.add(name, path, text);
        if self.in_base {
            self.load.bundled.insert(file);
            self.vm.loaded.push((name.to_string(), 1));
        }
        let text = self.vm.sources.get(file).text.clone();
        Parser::new(self, text, file).run();
    }

    /// Compiles one script named on the command line.
    pub fn script(&mut self, what: &str) {
        let texts = self.find_texts(what, Span::default());
        for (text, file) in texts {
            Parser::new(self, text, file).run();
        }
    }

    fn find_texts(&mut self, what: &str, span: Span) -> Vec<(Rc<str>, u32)> {
        let what = what.trim_matches('"');
        match self.resolve(what, span) {
            Resolved::File(path, text) => {
                if !self.load.seen.insert(normal(&path)) || self.load.unloaded.contains(&normal(&path)) {
                    return Vec::new();
                }
                vec![self.add_text(&path, &path, &text)]
            }
            Resolved::Bundled(name, text) => {
                if !self.load.seen.insert(name.to_string()) {
                    return Vec::new();
                }
                let added = self.add_text(name, name, text);
                self.load.bundled.insert(added.1);
                if self.library.iter().any(|b| b.name == name && b.loaded == Loaded::Declared) {
                    self.load.declaring.insert(added.1);
                }
                vec![added]
            }
            Resolved::Known => {
                // What stands in base/ is declared already, or missed by name.
                if !what.starts_with("base/") {
                    let text = match self.vm.host.instead_of(what) {
                        Some(instead) => format!("{what} loads nothing: {instead}"),
                        None => format!("this sensor does not have {what}: nothing was loaded"),
                    };
                    self.warn(span, text);
                }
                Vec::new()
            }
            Resolved::Missing => {
                let text = format!("can't find {what}");
                self.diag(crate::diag::Diag::new(crate::diag::Severity::Fatal, span, text));
                Vec::new()
            }
        }
    }

    /// Finds a file of signatures; the embedder reads it.
    pub fn signatures(&mut self, what: &str, span: Span) {
        let what = what.trim_matches('"');
        let paths: Vec<String> = if what.starts_with('/') {
            vec![what.to_string()]
        } else if what.starts_with("./") || what.starts_with("../") {
            let dir = if span.file == 0 { ".".to_string() } else { self.dir_of(span.file) };
            vec![format!("{dir}/{}", what.strip_prefix("./").unwrap_or(what))]
        } else {
            self.load.path.iter().map(|dir| format!("{dir}/{what}")).collect()
        };
        for path in paths.iter().flat_map(|path| [format!("{path}.sig"), path.clone()]) {
            if self.vm.signature_files.iter().any(|(known, _)| normal(known) == normal(&path)) {
                return;
            }
            if let Some(text) = self.vm.host.read_script(&path) {
                self.vm.signature_files.push((path, text));
                return;
            }
        }
        let text = format!("failed to find file associated with @load-sigs {what}");
        self.diag(crate::diag::Diag::new(crate::diag::Severity::Error, Span::default(), text));
    }

    fn add_text(&mut self, name: &str, path: &str, text: &str) -> (Rc<str>, u32) {
        let file = self.vm.sources.add(name, path, text);
        self.vm.loaded.push((name.to_string(), self.load.depth.len() as u32));
        (self.vm.sources.get(file).text.clone(), file)
    }

    fn resolve(&mut self, what: &str, span: Span) -> Resolved {
        if what == "-" {
            return match self.vm.host.read_script("-") {
                Some(text) => Resolved::File("<stdin>".into(), text),
                None => Resolved::Missing,
            };
        }
        if what.starts_with('/') {
            return self.try_path(what).unwrap_or(Resolved::Missing);
        }
        let here = self.dir_of(span.file);
        if what.starts_with("./") || what.starts_with("../") {
            let dir = if span.file == 0 { ".".to_string() } else { here };
            if let Some(bundled) = base::find(&normal(&format!("{dir}/{what}")), &self.library) {
                return Resolved::Bundled(bundled.0, bundled.1);
            }
            let path = format!("{dir}/{}", what.strip_prefix("./").unwrap_or(what));
            return self.try_path(&path).unwrap_or(Resolved::Missing);
        }
        let dirs = self.load.path.clone();
        for d in dirs {
            if let Some(r) = self.try_path(&format!("{d}/{what}")) {
                return r;
            }
        }
        match base::find(what, &self.library) {
            Some((name, text)) => Resolved::Bundled(name, text),
            None if base::is_known(what) => {
                for m in base::modules_of(what) {
                    self.load.foreign.insert(m.to_string());
                }
                Resolved::Known
            }
            None => Resolved::Missing,
        }
    }

    fn try_path(&mut self, path: &str) -> Option<Resolved> {
        let path = path.strip_prefix("././").map_or_else(|| path.to_string(), |p| format!("./{p}"));
        if self.vm.host.is_dir(&path) {
            let mut inits = ["zeek", "bro"].map(|suffix| format!("{path}/__load__.{suffix}")).into_iter();
            return inits
                .find_map(|init| self.vm.host.read_script(&init).map(|text| Resolved::File(init, text)));
        }
        for name in [path.clone(), format!("{path}.zeek"), format!("{path}.bro")] {
            if let Some(text) = self.vm.host.read_script(&name) {
                return Some(Resolved::File(name, text));
            }
        }
        None
    }

    fn dir_of(&self, file: u32) -> String {
        let path = &self.vm.sources.get(file).path;
        match path.rsplit_once('/') {
            Some((d, _)) => d.to_string(),
            None => ".".to_string(),
        }
    }
}

/// A path without `.` and `..` steps.
fn normal(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                out.pop();
            }
            p => out.push(p),
        }
    }
    out.join("/")
}

impl Driver for Compiler {
    fn declare(&mut self, d: &Decl) {
        self.decl(d);
        if !self.load.awaited.is_empty() {
            self.set_awaited();
        }
    }

    fn error(&mut self, span: Span, text: String) {
        self.err(span, text);
    }

    fn condition(&mut self, e: &ExprRef) -> bool {
        self.in_condition = true;
        let te = self.expr(e);
        self.in_condition = false;
        let saved = std::mem::take(&mut self.fns);
        let held = if te.ty == TypeId::Error {
            let shown = crate::describe::expr(e, &self.vm);
            self.err(e.span, format!("invalid expression in @if ({shown})"));
            false
        } else {
            match self.run_now(&te) {
                Some(v) => v.as_bool(),
                None => {
                    let shown = crate::describe::expr(e, &self.vm);
                    self.err(e.span, format!("invalid expression in @if ({shown})"));
                    false
                }
            }
        };
        self.fns = saved;
        held
    }

    fn defined(&mut self, name: &str) -> bool {
        if let Some(f) = self.fns.last()
            && f.find(name).is_some()
        {
            return true;
        }
        match self.find_global(name) {
            Some(g) => {
                self.vm.globals[g as usize].used = true;
                true
            }
            None => false,
        }
    }

    fn load(&mut self, what: &str, span: Span) -> Vec<(Rc<str>, u32)> {
        self.find_texts(what, span)
    }

    fn load_signatures(&mut self, what: &str, span: Span) {
        self.signatures(what, span);
    }

    fn unload(&mut self, what: &str, span: Span) {
        match self.resolve(what, span) {
            Resolved::File(path, _) => drop(self.load.unloaded.insert(normal(&path))),
            Resolved::Bundled(name, _) => drop(self.load.seen.insert(name.to_string())),
            _ => {}
        }
    }

    fn prefixes(&mut self, what: &str) {
        let list = what.trim_start_matches('+').trim_start_matches('=').trim();
        self.load.prefixes = list.split(':').map(str::to_string).collect();
    }

    fn deprecated_file(&mut self, why: Option<&str>, span: Span) {
        let name = self.vm.sources.get(span.file).name.clone();
        let text = match why {
            Some(w) => format!("deprecated script loaded ({name}) {w}"),
            None => format!("deprecated script loaded ({name})"),
        };
        Compiler::warn(self, span, text);
    }

    fn enter_file(&mut self, file: u32) {
        let module = std::mem::replace(&mut self.module, "GLOBAL".into());
        let (exporting, in_base) = (std::mem::take(&mut self.exporting), self.in_base);
        self.module_stack.push(super::Outer { module, exporting, in_base });
        self.in_base |= self.load.bundled.contains(&file);
        self.load.depth.push(file);
    }

    fn leave_file(&mut self, _file: u32) {
        if let Some(outer) = self.module_stack.pop() {
            self.module = outer.module;
            self.exporting = outer.exporting;
            self.in_base = outer.in_base;
        }
        self.load.depth.pop();
    }

    fn file_constant(&self, word: &str, file: u32) -> String {
        let path = &self.vm.sources.get(file).path;
        if word.is_empty() {
            return path.clone();
        }
        if word == "@FILENAME" {
            return path.rsplit('/').next().unwrap_or(path).to_string();
        }
        let dir = match path.rsplit_once('/') {
            Some((d, _)) => d.to_string(),
            None => ".".to_string(),
        };
        if dir.starts_with('.') {
            let cwd = std::env::current_dir().map(|p| p.display().to_string()).unwrap_or_default();
            return match dir.strip_prefix("./") {
                Some(rest) => format!("{cwd}/{rest}"),
                None => format!("{cwd}/{dir}").trim_end_matches("/.").to_string(),
            };
        }
        dir
    }
}
