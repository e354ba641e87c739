//! What the language needs from whoever runs it, and nothing more.

use crate::diag::Diag;
use crate::source::Sources;
use crate::source::Span;
use crate::value::Value;
use crate::vm::{NativeFn, Res, Vm};
use std::rc::Rc;

/// A script that ships with the program.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// As `@load` names it, with `.zeek`.
    pub name: &'static str,
    pub text: &'static str,
    pub loaded: Loaded,
}

/// When a shipped script is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    Always,
    /// In all runs that are not bare.
    ByDefault,
    /// The same, for what the host declares but does not do: its events have no source, which their handlers are
    /// told of.
    Declared,
    /// By `@load` only.
    OnDemand,
    /// By `@load`, and behind scripts that do not ship and have one of these words: what always being there would cost
    /// somebody who does not look at it.
    Mentioned(&'static [&'static str]),
}

/// Why nobody obeys an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ignored {
    pub why: &'static str,
    /// Nothing that is found depends on it: to set it is worth a warning, and otherwise an error.
    pub harmless: bool,
}

/// A function that takes the fields of records which are written out where it is called, instead of the records.
#[derive(Clone)]
pub struct FlatNative {
    /// What it takes: of which argument, and which field of it where that is a record.
    pub parts: &'static [(usize, Option<&'static str>)],
    /// Is given a value for each. An address, subnet or port that stands where a text is taken is meant as it is
    /// printed.
    pub call: FlatFn,
}

pub type FlatFn = Rc<dyn Fn(&mut Vm, Span, &[Value]) -> Res<()>>;

/// The world outside the scripts.
///
/// A host may add its own functions ([`Host::natives`]) whose prototypes it declares in Zeek text of its own
/// ([`Host::prelude`]); it raises events with [`crate::Vm::dispatch`] and hands over its records as
/// [`crate::value::NativeRecord`], read field by field when a script asks.
pub trait Host {
    /// Text for standard output.
    fn stdout(&mut self, bytes: &[u8]);

    /// Text for standard error (a script that prints to the standard error file).
    fn stderr(&mut self, bytes: &[u8]);

    /// A message about a script: `line` is Zeek's one-line form.
    fn report(&mut self, diag: &Diag, line: &str, sources: &Sources);

    /// Wall-clock seconds since 1970. Replays may answer with packet time.
    fn now(&mut self) -> f64;

    /// Opens a file that scripts write to. `append` keeps what is there.
    fn open(&mut self, name: &str, append: bool) -> std::io::Result<()>;

    /// Adds to a file opened before.
    fn write(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()>;

    fn close(&mut self, name: &str) -> bool;

    fn flush(&mut self) {}

    /// Reads a script for `@load`: the text, when the path is a file.
    fn read_script(&mut self, path: &str) -> Option<String>;

    fn is_dir(&mut self, path: &str) -> bool;

    /// Directory names and the like outside a script's reach: whether scripts may touch the file system (`mkdir`,
    /// `rmdir`, `unlink`, `rename`).
    fn filesystem(&mut self) -> bool {
        false
    }

    /// Runs a command, its output going to standard error: what the shell answers. In the background if not to
    /// `wait`. `None`: scripts may not run commands.
    fn run(&mut self, _command: &str, _wait: bool) -> Option<i32> {
        None
    }

    /// Runs a command and gives it this to read: whether it went well. `None`: scripts may not run commands.
    fn pipe(&mut self, _command: &str, _input: &[u8]) -> Option<bool> {
        None
    }

    /// A line for the system's log.
    fn syslog(&mut self, _text: &str) {}

    /// Lets time pass in a run that waits for `terminate()`. `false`: the host does not wait, the run ends.
    fn sleep(&mut self, _secs: f64) -> bool {
        false
    }

    /// Functions the host adds or replaces, by full name.
    fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        Vec::new()
    }

    /// Those of its functions that can be called in another way.
    fn flat(&self) -> Vec<(&'static str, FlatNative)> {
        Vec::new()
    }

    /// Zeek text with the host's own declarations, read after the bundled ones: name and text.
    fn prelude(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Scripts the host ships, beside the bundled ones.
    fn library(&self) -> Vec<Bundled> {
        Vec::new()
    }

    /// Why nobody obeys an option of this name, where that is so.
    fn ignored(&self, _option: &str) -> Option<Ignored> {
        None
    }

    /// What is there instead of a script of Zeek's that the host does not have.
    fn instead_of(&self, _script: &str) -> Option<&'static str> {
        None
    }

    /// A value of the environment.
    fn env(&mut self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}
