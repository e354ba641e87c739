//! Where `@load` finds things, and what the parser asks while it reads.

use super::Compiler;
use crate::ast::{Decl, ExprRef};
use crate::base;
use crate::host::Loaded;
use crate::parser::{Driver, Parser};
use crate::source::Span;
use crate::types::TypeId;
use std::collections::{HashMap, HashSet};
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
    pub prefixes: Vec<String>,
    /// For folders of the path, whether they are of Zeek's own installation.
    of_zeek: HashMap<String, bool>,
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

    /// The texts that a name stands for: the script, and those that prefixes add to it, which follow it.
    fn find_texts(&mut self, what: &str, span: Span) -> Vec<(Rc<str>, u32)> {
        let mut texts = self.find_text(what, span);
        if let Some((_, file)) = texts.first()
            && !self.load.prefixes.is_empty()
        {
            for name in self.prefixed(*file) {
                let found = self
                    .load
                    .path
                    .clone()
                    .into_iter()
                    .find_map(|folder| self.try_path(&format!("{folder}/{name}")));
                if let Some(Resolved::File(path, text)) = found
                    && self.load.seen.insert(normal(&path))
                {
                    texts.push(self.add_text(&path, &path, &text));
                }
            }
        }
        texts
    }

    /// `lcl.base.utils.site` for `base/utils/site.zeek` and the prefix `lcl`.
    fn prefixed(&self, file: u32) -> Vec<String> {
        let path = normal(&self.vm.sources.get(file).path);
        let below = self.load.path.iter().map(|folder| normal(folder)).find_map(|folder| {
            let rest = path.strip_prefix(folder.as_str())?;
            (folder.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_string())
        });
        let path = below.unwrap_or(path);
        let stem = path.trim_end_matches(".zeek").trim_end_matches(".bro");
        let stem = stem.trim_end_matches("/__load__").replace('/', ".");
        self.load
            .prefixes
            .iter()
            .filter(|prefix| !prefix.is_empty())
            .map(|prefix| format!("{prefix}.{stem}"))
            .collect()
    }

    fn find_text(&mut self, what: &str, span: Span) -> Vec<(Rc<str>, u32)> {
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
                    match self.vm.host.instead_of(what) {
                        Some(instead) => self.warn(span, format!("{what} loads nothing: {instead}")),
                        None => {
                            let meant = self.meant_script(what).map(|name| format!("; did you mean {name}?"));
                            let meant = meant.unwrap_or_default();
                            self.err(span, format!("{what} is no script that is here{meant}"));
                        }
                    }
                }
                Vec::new()
            }
            Resolved::Missing => {
                let meant = self.meant_script(what).map(|name| format!("; did you mean {name}?"));
                let text = format!("can't find {what}{}", meant.unwrap_or_default());
                self.diag(crate::diag::Diag::new(crate::diag::Severity::Fatal, span, text));
                Vec::new()
            }
        }
    }

    /// Whether a script that does not ship has one of these words in it.
    pub fn users_mention(&self, words: &[&str]) -> bool {
        // 0 is no file.
        let files = 1..self.vm.sources.len() as u32;
        let mut texts =
            files.filter(|file| !self.load.is_bundled(*file)).map(|file| &self.vm.sources.get(file).text);
        texts.any(|text| words.iter().any(|word| has_word(text, word)))
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
            if let Some(shipped) = self.library.iter().find(|bundled| bundled.name == normal(&path)) {
                if self.vm.signature_files.iter().all(|(known, _)| known != shipped.name) {
                    self.vm.signature_files.push((shipped.name.to_string(), shipped.text.to_string()));
                }
                return;
            }
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

    /// The script that ships under a name like this one.
    fn meant_script(&self, what: &str) -> Option<String> {
        const MOST: usize = 2;
        let shipped = self.library.iter().map(|bundled| bundled.name).chain(base::names());
        let stems = shipped.map(|name| {
            let name = name.trim_end_matches(".zeek").trim_end_matches("/__load__");
            name.strip_prefix("policy/").or_else(|| name.strip_prefix("site/")).unwrap_or(name)
        });
        let what = what.trim_end_matches(".zeek");
        let what = what.strip_prefix("policy/").unwrap_or(what);
        let ranked = stems.map(|stem| (strsim::damerau_levenshtein(stem, what), stem));
        let near = ranked.filter(|(distance, stem)| *distance <= MOST.min(stem.len() / 4));
        near.min().map(|(_, stem)| stem.to_string())
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
        let shipped = base::find(what, &self.library).is_some() || what.starts_with("base/");
        for d in dirs {
            // Where Zeek is installed, what is native here is not to be replaced by its scripts.
            if shipped && self.is_of_zeek(&d) {
                continue;
            }
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

    /// Whether a folder has Zeek's own scripts: `share/zeek`, or `share/zeek/policy`.
    fn is_of_zeek(&mut self, folder: &str) -> bool {
        if let Some(known) = self.load.of_zeek.get(folder) {
            return *known;
        }
        let above = folder.trim_end_matches('/').strip_suffix("/policy");
        let roots = std::iter::once(folder).chain(above);
        let is =
            roots.into_iter().any(|root| self.vm.host.is_dir(&format!("{root}/base/frameworks/logging")));
        self.load.of_zeek.insert(folder.to_string(), is);
        is
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

    fn warning(&mut self, span: Span, text: String) {
        self.warn(span, text);
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
        let adds = what.starts_with('+');
        let list = what.trim_start_matches('+').trim_start_matches('=').trim();
        if !adds {
            self.load.prefixes.clear();
        }
        self.load.prefixes.extend(list.split(':').map(str::to_string));
    }

    fn deprecated_file(&mut self, why: Option<&str>, span: Span) {
        let name = self.vm.sources.get(span.file).name.clone();
        let text = match why {
            Some(w) => format!("deprecated script loaded ({name}) {w}"),
            None => format!("deprecated script loaded ({name})"),
        };
        Compiler::warn(self, span, text);
    }

    fn ignore_deprecations(&mut self, ignore: bool) {
        self.ignore_deprecations = ignore;
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

/// Whether a text has a word that is not a part of another; one that begins with a `$` may follow a word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text.as_bytes().get(..at), text.as_bytes().get(at + word.len()..));
        (word.starts_with('$') || !is_part(before.and_then(<[u8]>::last)))
            && !is_part(after.and_then(<[u8]>::first))
    })
}
