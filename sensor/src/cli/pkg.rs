//! `nightjar pkg`: packages of scripts.

use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Parser, Subcommand};
use nightjar_script::ZEEK_VERSION;

use crate::cli::{ALL_READ, BAD_CAPTURE, say, tell};
use crate::packages::{Meta, Packages};

/// Install packages of scripts, as zkg does, from where `@load packages` loads them
#[derive(Parser, Debug)]
#[command(name = "nightjar pkg", bin_name = "nightjar pkg", disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(super) struct PkgArgs {
    #[command(subcommand)]
    what: What,

    /// Where packages are [default: NIGHTJAR_PACKAGES, else /var/lib/nightjar, of users ~/.local/share/nightjar]
    #[arg(long, value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Install the package in this folder, or of this repository
    Install {
        #[arg(value_name = "DIR | URL")]
        source: String,
    },
    /// Name those that are installed
    List,
    /// Run a package's own tests: its test_command, with this program as zeek
    Test {
        #[arg(value_name = "DIR | NAME")]
        package: String,
    },
    /// Take a package away
    Remove { name: String },
}

const AFTER_HELP: &str = "\
A package has a zkg.meta. Of that script_dir, depends, test_command and build_command are obeyed; one with a \
build_command is compiled for Zeek, and refused. Its scripts have to compile.

Exit codes: 0 done; 1 not done, and why is said; 2 usage.";

impl PkgArgs {
    pub fn run(self) -> Result<u8, String> {
        let packages = self.folder.map_or_else(Packages::usual, Packages::below);
        let done = match &self.what {
            What::Install { source } => packages
                .install(source, ZEEK_VERSION, |scripts| compiles(scripts, &packages))
                .map(|name| say(format_args!("{name} is installed; @load packages loads it"))),
            What::List => {
                for installed in packages.installed() {
                    let description = installed.meta.description();
                    say(format_args!("{} ({}) {description}", installed.name, installed.from));
                }
                Ok(())
            }
            What::Test { package } => test(package, &packages),
            What::Remove { name } => packages.remove(name).map(|()| say(format_args!("{name} is removed"))),
        };
        Ok(match done {
            Ok(()) => ALL_READ,
            Err(why) => {
                tell(&why);
                BAD_CAPTURE
            }
        })
    }
}

fn program() -> Result<PathBuf, String> {
    std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))
}

/// Whether the scripts of a package are right; what is wrong is shown.
fn compiles(scripts: &Path, packages: &Packages) -> Result<(), String> {
    let mut check = Command::new(program()?);
    check.arg("check").arg(scripts);
    if let Some(folder) = packages.script_path() {
        check.env("NIGHTJAR_PACKAGES", folder);
    }
    match check.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("its scripts do not compile here: it is not installed".to_owned()),
        Err(error) => Err(format!("its scripts cannot be checked: {error}")),
    }
}

/// Runs a package's test_command where it lies, with this program under Zeek's names.
fn test(package: &str, packages: &Packages) -> Result<(), String> {
    let given = Some(PathBuf::from(package)).filter(|path| path.is_dir());
    let source = given.or_else(|| packages.source_of(package));
    let Some(source) = source else { return Err(format!("{package} is neither a folder nor installed")) };
    let meta = Meta::of(&source)?;
    let Some(command) = meta.test_command() else { return Err(format!("{package} has no test_command")) };
    let failed = |error: std::io::Error| format!("its tests cannot be run: {error}");
    let names = tempfile::tempdir().map_err(failed)?;
    let program = program()?;
    for name in ["zeek", "bro", "zeek-cut", "bro-cut"] {
        symlink(&program, names.path().join(name)).map_err(failed)?;
    }
    let config = names.path().join("zeek-config");
    std::fs::write(&config, ZEEK_CONFIG).map_err(failed)?;
    std::fs::set_permissions(&config, std::fs::Permissions::from_mode(0o755)).map_err(failed)?;
    let mut path = OsString::from(names.path());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    // Tests load their package by its name.
    let scripts = std::fs::canonicalize(source.join(meta.script_dir())).map_err(failed)?;
    let above = scripts.parent().unwrap_or(&scripts);
    let mut zeekpath = OsString::from(".:");
    zeekpath.push(above);
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).current_dir(&source).env("PATH", path).env("ZEEKPATH", zeekpath);
    if let Some(folder) = packages.script_path() {
        shell.env("NIGHTJAR_PACKAGES", folder);
    }
    match shell.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("its tests failed: {command} ended with {status}")),
        Err(error) => Err(failed(error)),
    }
}

/// What tests ask of an installation of Zeek.
const ZEEK_CONFIG: &str = r#"#!/bin/sh
for word; do
  case $word in
    --version) echo 7.0.0;;
    --zeekpath | --bropath) echo "$ZEEKPATH";;
    --prefix | --zeek_dist | --bro_dist | --plugin_dir | --script_dir | --site_dir | --build_type) echo "";;
  esac
done
"#;
