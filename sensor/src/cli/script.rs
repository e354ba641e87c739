//! Scripts on the command line.

use std::io::IsTerminal;

use nightjar_script::value::HashKeys;
use nightjar_script::{Options, StdHost, Traffic};

use crate::cli::options;
use crate::script_host::Scripts;

/// The exit code where a script does not compile.
pub(super) const FAILED: u8 = 1;

#[derive(clap::Args, Debug)]
pub(super) struct ScriptArgs {
    /// Run this code as if it stood in a script
    #[arg(short = 'e', long = "exec", value_name = "CODE")]
    code: Vec<String>,

    /// Load only the declarations that every script needs
    #[arg(short = 'b', long = "bare-mode")]
    bare: bool,

    /// Scripts in Zeek's language, and options such as LogAscii::use_json=T
    #[arg(value_name = "SCRIPT | NAME=VALUE")]
    words: Vec<String>,
}

/// What came of the scripts.
pub(super) enum Compiled {
    /// There are none.
    None,
    /// They do not compile; every error has been shown.
    Failed,
    Scripts(Box<Scripts>),
}

impl ScriptArgs {
    pub fn assignments(&self) -> impl Iterator<Item = &String> {
        self.words.iter().filter(|word| options::is_assignment(word))
    }

    /// There is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty() && self.words.is_empty()
    }

    /// `nightjar check`.
    pub fn check(&self) -> Result<u8, String> {
        match self.compile(true, Traffic::None)? {
            Compiled::None => Err("nothing to check: give scripts, or code with -e".to_owned()),
            Compiled::Failed => Ok(FAILED),
            Compiled::Scripts(_) => Ok(0),
        }
    }

    /// Compiles what was given. Options that are not the sensor's own are the scripts'.
    pub fn compile(&self, carets: bool, traffic: Traffic) -> Result<Compiled, String> {
        // A sensor's own notices need what is loaded by default.
        if self.scripts().next().is_none() && self.code.is_empty() && traffic != Traffic::Live {
            if self.overrides().next().is_none() {
                return Ok(Compiled::None);
            }
            // They may be options of what ships.
            let shipped = Options { bare: self.bare, traffic, ..Options::default() };
            let shipped = Scripts::compile(StdHost::default(), &shipped).ok();
            let known = |word: &&String| {
                let shipped = shipped.as_ref();
                shipped
                    .is_some_and(|shipped| options::name_of(word).is_some_and(|name| shipped.declare(name)))
            };
            if let Some(unknown) = self.overrides().find(|word| !known(word)) {
                return Err(options::unknown_assignment(unknown));
            }
        }
        Ok(self.compile_all(carets, traffic).map_or(Compiled::Failed, Compiled::Scripts))
    }

    fn scripts(&self) -> impl Iterator<Item = &String> {
        self.words.iter().filter(|word| !options::is_assignment(word))
    }

    fn overrides(&self) -> impl Iterator<Item = &String> {
        self.assignments().filter(|word| !options::is_ours(word))
    }

    /// The same where there may be none but those that are loaded by default; `None` where they do not compile.
    pub fn compile_all(&self, carets: bool, traffic: Traffic) -> Option<Box<Scripts>> {
        let mut wanted = Options {
            scripts: self.scripts().cloned().collect(),
            code: self.code.clone(),
            bare: self.bare,
            overrides: self.overrides().cloned().collect(),
            traffic,
            ..Options::default()
        };
        if let Ok(path) = std::env::var("ZEEKPATH") {
            wanted.path = std::iter::once(".").chain(path.split(':')).map(str::to_owned).collect();
            wanted.path.retain(|folder| !folder.is_empty());
        }
        let seed = std::env::var("ZEEK_SEED_FILE").ok().and_then(|file| std::fs::read_to_string(file).ok());
        wanted.hash_keys = seed.and_then(|text| HashKeys::from_seed_file(&text));
        let mut host = StdHost::default();
        host.carets = carets && std::io::stderr().is_terminal();
        Scripts::compile(host, &wanted).ok().map(Box::new)
    }
}
