//! The commands beside a run, each declared once: what help, manual pages and completions tell of, and what it does.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Command as Declaration, CommandFactory, Parser};
use clap_complete::Shell;

use crate::cli::aggregate::AggregateArgs;
use crate::cli::check::CheckArgs;
use crate::cli::{
    ALL_READ, Args, OUTPUT_FAILED, cut, live, messages, migrate, pkg, reload, say, streams, test,
};
use crate::cli::{on_script_stack, parse, print_services};

/// What came of a command line that was read; else the exit code after a message or help was shown.
pub(super) type Ran = Result<Result<u8, String>, u8>;

/// A command: the first word of a command line.
pub(super) struct Command {
    pub name: &'static str,
    declared: fn() -> Declaration,
    /// Given what stands behind the program, the command's own word included.
    pub run: fn(&[OsString]) -> Ran,
    /// For tools: help does not tell of it.
    hidden: bool,
}

const fn command(name: &'static str, declared: fn() -> Declaration, run: fn(&[OsString]) -> Ran) -> Command {
    Command { name, declared, run, hidden: false }
}

const fn hidden(name: &'static str, declared: fn() -> Declaration, run: fn(&[OsString]) -> Ran) -> Command {
    Command { name, declared, run, hidden: true }
}

/// The command that this program is too, by that name.
pub(super) const ZEEK_CUT: &str = "zeek-cut";

/// In the order in which help tells of them.
pub(super) static COMMANDS: [Command; 14] = [
    command("check", CheckArgs::command, |words| {
        parse(CheckArgs::try_parse_from(words)).map(|args| on_script_stack(move |_| args.run()))
    }),
    command("doctor", live::DoctorArgs::command, |words| {
        parse(live::DoctorArgs::try_parse_from(words)).map(|args| args.run())
    }),
    command("status", live::StatusArgs::command, |words| {
        parse(live::StatusArgs::try_parse_from(words)).map(|args| args.run())
    }),
    command("reload", reload::ReloadArgs::command, |words| {
        parse(reload::ReloadArgs::try_parse_from(words)).map(|args| args.run())
    }),
    command("aggregate", AggregateArgs::command, |words| {
        parse(AggregateArgs::try_parse_from(words)).map(|args| on_script_stack(move |_| args.run()))
    }),
    command("test", test::TestArgs::command, |words| {
        parse(test::TestArgs::try_parse_from(words)).map(|args| args.run())
    }),
    command("pkg", pkg::PkgArgs::command, |words| {
        parse(pkg::PkgArgs::try_parse_from(words)).map(pkg::PkgArgs::run)
    }),
    command("match", messages::MatchArgs::command, |words| {
        parse(messages::MatchArgs::try_parse_from(words)).map(|args| on_script_stack(move |_| args.run()))
    }),
    command("migrate", migrate::MigrateArgs::command, |words| {
        parse(migrate::MigrateArgs::try_parse_from(words)).map(|args| on_script_stack(move |_| args.run()))
    }),
    command("schemas", streams::SchemasArgs::command, |words| {
        parse(streams::SchemasArgs::try_parse_from(words)).map(|args| on_script_stack(move |_| args.run()))
    }),
    command(ZEEK_CUT, cut::CutArgs::command, |words| Err(cut::run(words.iter().cloned()))),
    command("completions", CompletionsArgs::command, |words| {
        parse(CompletionsArgs::try_parse_from(words)).map(|args| args.run())
    }),
    hidden("man", ManArgs::command, |words| parse(ManArgs::try_parse_from(words)).map(|args| args.run())),
    hidden("services", ServicesArgs::command, |words| {
        parse(ServicesArgs::try_parse_from(words)).map(|_| print_services())
    }),
];

/// The command that the first word names.
pub(super) fn find(word: &OsStr) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| word == command.name)
}

/// The whole command line.
pub(super) fn declaration() -> Declaration {
    let declared = |command: &Command| {
        let shown = format!("nightjar {}", command.name);
        (command.declared)().name(command.name).bin_name(shown).hide(command.hidden)
    };
    Args::command().subcommands(COMMANDS.iter().map(declared))
}

/// Print what completes this command line in a shell
///
/// For bash into /usr/share/bash-completion/completions/nightjar, for zsh into a folder of $fpath as _nightjar, for fish
/// into ~/.config/fish/completions/nightjar.fish. The packages bring them.
#[derive(Parser, Debug)]
#[command(name = "nightjar completions", bin_name = "nightjar completions")]
pub(super) struct CompletionsArgs {
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsArgs {
    fn run(&self) -> Result<u8, String> {
        let mut told = Vec::new();
        clap_complete::generate(self.shell, &mut declaration(), "nightjar", &mut told);
        say(String::from_utf8_lossy(&told).trim_end());
        Ok(ALL_READ)
    }
}

/// Write the manual pages into a folder
#[derive(Parser, Debug)]
#[command(name = "nightjar man", bin_name = "nightjar man")]
pub(super) struct ManArgs {
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl ManArgs {
    fn run(&self) -> Result<u8, String> {
        match write_pages(&self.folder) {
            Ok(()) => Ok(ALL_READ),
            Err(error) => {
                eprintln!("nightjar: {}: {error}", self.folder.display());
                Ok(OUTPUT_FAILED)
            }
        }
    }
}

/// One for the program, and one for each command: `nightjar-check.1`; zeek-cut's is its own.
fn write_pages(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut whole = declaration();
    whole.build();
    let commands: Vec<Declaration> =
        whole.get_subcommands().filter(|one| !one.is_hide_set()).cloned().collect();
    for command in commands {
        let name = match command.get_name() {
            ZEEK_CUT => ZEEK_CUT.to_owned(),
            other => format!("nightjar-{other}"),
        };
        let page = clap_mangen::Man::new(command).title(name.to_uppercase());
        let mut text = Vec::new();
        page.render(&mut text)?;
        std::fs::write(folder.join(format!("{name}.1")), text)?;
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(whole).title("NIGHTJAR").render(&mut text)?;
    std::fs::write(folder.join("nightjar.1"), text)
}

/// Name the services that conn.log may have, one a line
#[derive(Parser, Debug)]
#[command(name = "nightjar services", bin_name = "nightjar services")]
pub(super) struct ServicesArgs {}
