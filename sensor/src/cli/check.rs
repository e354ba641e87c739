//! `nightjar check`: whether a configuration would work, before it has to.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{NOT_DELIVERED, USAGE, export_config};
use crate::sink;

/// Checks a configuration, and asks the receivers that it names whether they would take rows.
#[derive(Parser, Debug)]
#[command(name = "nightjar check", after_help = AFTER_HELP)]
struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

const AFTER_HELP: &str = "\
Exit codes: 0 all is well; 2 the configuration is wrong; 4 a receiver would not take rows.";

pub(super) fn main(args: &[OsString]) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    let config = match export_config(&args.config) {
        Ok(config) => config,
        Err(message) => {
            eprintln!("nightjar: {message}");
            return ExitCode::from(USAGE);
        }
    };
    let mut code = 0;
    for (name, found) in sink::check(&config) {
        match found {
            Ok(found) => println!("{name}: {found}"),
            Err(wrong) => {
                eprintln!("nightjar: {name}: {wrong}");
                code = NOT_DELIVERED;
            }
        }
    }
    ExitCode::from(code)
}
