//! The `nightjar` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    nightjar::cli::main(std::env::args_os())
}
