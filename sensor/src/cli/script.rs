//! Scripts on the command line.

use std::io::IsTerminal;

use nightjar_script::value::HashKeys;
use nightjar_script::{Assignment, ScriptOptions, StdHost, Traffic};

use crate::cli::options;
use crate::config::Config;
use crate::config::options::{Given, OptionDef, Role, is_assignment};
use crate::packages::Packages;
use crate::script_host::Scripts;

/// The exit code where a script does not compile.
pub(super) const FAILED: u8 = 1;

#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Scripts")]
pub(super) struct ScriptArgs {
    /// Run this code as if it stood in a script
    #[arg(short = 'e', long = "exec", value_name = "CODE")]
    code: Vec<String>,

    /// Match the signatures in this file
    #[arg(short = 's', long = "rulefile", value_name = "FILE")]
    signatures: Vec<String>,

    /// Load only the declarations that every script needs
    #[arg(short = 'b', long = "bare-mode")]
    bare: bool,

    /// Scripts in Zeek's language, and options such as LogAscii::use_json=T
    #[arg(value_name = "SCRIPT | NAME=VALUE")]
    words: Vec<String>,

    /// Also look for PREFIX.path.of.the.script of each script that is loaded
    #[arg(short = 'p', long = "prefix", value_name = "PREFIX")]
    prefixes: Vec<String>,

    /// The file with the seeds of tables, in place of ZEEK_SEED_FILE.
    #[arg(skip)]
    pub seeds: Option<std::path::PathBuf>,
}

/// Whether messages show the line that they are about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Carets {
    Always,
    /// Where somebody sits before a terminal; others read messages as Zeek's.
    ForPeople,
}

/// What came of the scripts.
pub(super) enum Compiled {
    /// There are none.
    None,
    /// They do not compile; every error has been shown.
    Failed,
    Scripts(Box<Scripts>),
    /// Those that are loaded by default, with these options, should the capture need them.
    Deferred(Box<ScriptOptions>),
}

/// The engine's settings, in which scripts and options have their say.
pub(super) struct Engine<'a> {
    /// As the configuration file has it.
    pub config: &'a mut Config,
    /// What that file says of options.
    pub given: &'a Given,
    /// `-C`
    pub no_checksums: bool,
}

impl ScriptArgs {
    /// These scripts alone.
    pub fn of(scripts: &[&str]) -> ScriptArgs {
        let words = scripts.iter().map(|script| (*script).to_owned()).collect();
        ScriptArgs { words, ..ScriptArgs::default() }
    }

    /// Sets an option beside those that were given.
    pub fn assign(&mut self, assignment: &str) {
        self.words.push(assignment.to_owned());
    }

    /// Captures among the scripts, which are taken out.
    pub fn captures(&mut self) -> Vec<std::path::PathBuf> {
        super::zeek::captures(&mut self.words)
    }

    /// Where no script of the first word's name is there, the command that is written like it.
    pub fn meant_command(&self) -> Option<String> {
        let word = self.words.first().filter(|word| !std::path::Path::new(word).exists())?;
        let commands = super::commands::COMMANDS.iter().map(|command| command.name);
        let near = commands.map(|command| (strsim::damerau_levenshtein(command, word), command));
        let (_, command) = near.filter(|(distance, _)| *distance <= 2).min()?;
        Some(format!("{word} is no script; did you mean nightjar {command}?"))
    }

    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// There is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty() && self.words.is_empty() && self.signatures.is_empty()
    }

    /// `nightjar check`, with what a configuration file says; `places`: tells where each handler runs.
    pub fn check(&self, places: bool, given: &Given) -> Result<u8, String> {
        let engine = Engine { config: &mut Config::default(), given, no_checksums: false };
        match self.compile(Carets::Always, Traffic::None, engine)? {
            Compiled::None if self.is_empty() && !given.needs_scripts() => {
                Err("nothing to check: give scripts, or code with -e".to_owned())
            }
            Compiled::Failed => Ok(FAILED),
            Compiled::Scripts(mut scripts) if places => {
                print!("{}", scripts.whereabouts());
                Ok(0)
            }
            Compiled::None | Compiled::Scripts(_) | Compiled::Deferred(_) => Ok(0),
        }
    }

    /// Compiles what was given, and puts what it and the command line set into the engine's settings.
    pub fn compile(
        &self,
        carets: Carets,
        traffic: Traffic,
        mut engine: Engine<'_>,
    ) -> Result<Compiled, String> {
        if let Some(wrong) = options::contradiction(self.assignments()) {
            return Err(wrong);
        }
        // What is loaded by default joins messages to rows, and writes a sensor's notices.
        let by_default = traffic == Traffic::Capture && !self.bare;
        let names_none = self.scripts().next().is_none()
            && self.code.is_empty()
            && self.signatures.is_empty()
            && engine.given.load.is_empty();
        if names_none && traffic != Traffic::Live {
            self.check_assignments(traffic, &mut engine)?;
            let obeyed = |option: &OptionDef| matches!(option.role, Role::Engine { .. });
            let natively = self.assignments().all(|word| options::of_sensor(word).is_some_and(obeyed))
                && engine.given.options.iter().all(|(option, _)| obeyed(option))
                && !engine.given.needs_scripts();
            if natively {
                engine.config.ignore_checksums |= engine.no_checksums;
                let deferred = || Compiled::Deferred(Box::new(self.options(traffic, &engine)));
                return Ok(if by_default { deferred() } else { Compiled::None });
            }
        }
        Ok(self.compile_all(carets, traffic, engine).map_or(Compiled::Failed, Compiled::Scripts))
    }

    /// Without scripts: says what is wrong with the assignments, and carries out those of the engine's options.
    fn check_assignments(&self, traffic: Traffic, engine: &mut Engine<'_>) -> Result<(), String> {
        if self.assignments().next().is_none() {
            return Ok(());
        }
        let compile = |words: Vec<String>, bare: bool| {
            let host = StdHost::default();
            // What is wrong is told in words of the command line.
            host.gathered.replace(Some(String::new()));
            let settings = Scripts::settings_of(engine.given);
            Scripts::compile(
                host,
                &ScriptOptions { bare, settings, overrides: words, traffic, ..ScriptOptions::default() },
            )
            .ok()
        };
        let foreign: Vec<&String> =
            self.assignments().filter(|word| options::of_sensor(word).is_none()).collect();
        // They may be options of what ships.
        let bare = self.bare || foreign.is_empty();
        if let Some(shipped) = compile(self.assignments().cloned().collect(), bare) {
            let refused = shipped.configure(engine.config);
            return refused.first().map_or(Ok(()), |wrong| Err(wrong.clone()));
        }
        if !foreign.is_empty()
            && let Some(shipped) = compile(Vec::new(), self.bare)
            && let Some(unknown) = foreign.iter().find(|word| !shipped.declare(Assignment::of(word).name))
        {
            return Err(options::unknown_assignment(unknown));
        }
        let wrong = self.assignments().find(|word| compile(vec![(*word).clone()], bare).is_none());
        Err(wrong.map_or_else(|| "the options do not go together".to_owned(), |word| options::refused(word)))
    }

    fn assignments(&self) -> impl Iterator<Item = &String> {
        self.words.iter().filter(|word| is_assignment(word))
    }

    fn scripts(&self) -> impl Iterator<Item = &String> {
        self.words.iter().filter(|word| !is_assignment(word))
    }

    /// The same where there may be none but those that are loaded by default; `None` where they do not compile.
    pub fn compile_all(&self, carets: Carets, traffic: Traffic, engine: Engine<'_>) -> Option<Box<Scripts>> {
        let wanted = self.options(traffic, &engine);
        let mut host = StdHost::default();
        host.carets = carets == Carets::Always || std::io::stderr().is_terminal();
        let scripts = Box::new(Scripts::compile(host, &wanted).ok()?);
        let refused = scripts.configure(engine.config);
        refused.iter().for_each(|wrong| eprintln!("nightjar: {wrong}"));
        refused.is_empty().then_some(scripts)
    }

    /// How they are compiled.
    fn options(&self, traffic: Traffic, engine: &Engine<'_>) -> ScriptOptions {
        let mut overrides: Vec<String> = self.assignments().cloned().collect();
        if engine.no_checksums {
            overrides.push("ignore_checksums=T".to_owned());
        }
        let mut wanted = ScriptOptions {
            scripts: self.scripts().cloned().collect(),
            configured: engine.given.load.clone(),
            code: self.code.clone(),
            signatures: self.signatures.clone(),
            bare: self.bare,
            prefixes: self.prefixes.clone(),
            settings: Scripts::settings_of(engine.given),
            overrides,
            traffic,
            ..ScriptOptions::default()
        };
        if let Ok(path) = std::env::var("ZEEKPATH") {
            wanted.path = std::iter::once(".").chain(path.split(':')).map(str::to_owned).collect();
            wanted.path.retain(|folder| !folder.is_empty());
        }
        // Behind all else: what ZEEKPATH names is the user's choice.
        let packages = Packages::usual();
        let packages = packages.script_path().and_then(|folder| folder.to_str());
        wanted.path.extend(packages.map(str::to_owned));
        let file = || std::env::var_os("ZEEK_SEED_FILE").map(std::path::PathBuf::from);
        let seed = self.seeds.clone().or_else(file).and_then(|file| std::fs::read_to_string(file).ok());
        wanted.hash_keys = seed.and_then(|text| HashKeys::from_seed_file(&text));
        wanted
    }
}
