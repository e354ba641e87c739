//! `nightjar test`: scripts against captures, for continuous integration.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;

use crate::cli::{ALL_READ, BAD_CAPTURE, say};
use crate::pipeline;
use crate::testing::{self, TestOptions, Verdict};

/// Replay captures with scripts, and compare logs, notices and output with what is expected
#[derive(Parser, Debug)]
#[command(name = "nightjar test", bin_name = "nightjar test", after_help = AFTER_HELP)]
pub(super) struct TestArgs {
    /// Folders with tests, at any depth, or single tests
    #[arg(value_name = "DIR | TEST", required = true)]
    paths: Vec<PathBuf>,

    /// Write what comes out as what is expected
    #[arg(long)]
    update: bool,

    /// Keep the folder in which a test ran, if it fails
    #[arg(long)]
    keep: bool,

    /// Tests that run at the same time [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,

    /// Threads that analyse, of each test
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: u16,

    /// How long a test may take, in seconds, unless it says itself
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    time_limit: u32,
}

const AFTER_HELP: &str = "\
A test is either of these:
  NAME.zeek with NAME.pcap beside it (also .pcapng, .cap, .trace; .gz, .zst);
  what is expected is in the folder NAME.expect
  a folder with a test.toml; what is expected is in its folder expect

What is expected are files: notice.log, http.log or any other log, stdout, stderr, or whatever else
scripts write. Only those that are there are compared. Logs are compared row by row, in order;
an empty file expects no row.

test.toml, all of it optional:
  [test]
  capture = \"brute.pcap\"          # else the one in the folder; without one scripts run alone
  scripts = [\"../http-auth.zeek\"] # else all in the folder
  options = [\"HTTPAuth::limit=5\"] # as on the command line
  files = [\"allowed.txt\"]         # copied to where it runs
  exit_code = 0
  time_limit = \"10 s\"
  [[log]]                         # a log that is compared
  name = \"notice\"
  columns = [\"ts\", \"note\", \"msg\"] # else all

Exit codes: 0 all passed; 1 a test failed; 2 usage.";

impl TestArgs {
    /// Runs the tests; an error is a mistake in the command line.
    pub fn run(&self) -> Result<u8, String> {
        let started = Instant::now();
        let tests = testing::find(&self.paths)?;
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let options = TestOptions {
            program: std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?,
            jobs: self.jobs.map_or_else(processors, usize::from),
            workers: self.workers,
            time_limit: Duration::from_secs(self.time_limit.into()),
            update: self.update,
            keep: self.keep,
            own_logs: pipeline::streams().map(|schema| schema.path).collect(),
        };
        let (mut passed, mut updated, mut failed) = (0, 0, 0);
        testing::run(&tests, &options, |outcome| {
            let (name, seconds) = (&outcome.name, outcome.elapsed.as_secs_f64());
            match outcome.verdict {
                Verdict::Passed => {
                    passed += 1;
                    say(format_args!("ok      {name} ({seconds:.2} s)"));
                }
                Verdict::Updated(files) => {
                    updated += 1;
                    say(format_args!("updated {name} ({seconds:.2} s): {}", files.join(", ")));
                }
                Verdict::Failed(lines) => {
                    failed += 1;
                    say(format_args!("FAILED  {name} ({seconds:.2} s)"));
                    lines.iter().for_each(|line| say(format_args!("  {line}")));
                }
            }
        });
        let count = tests.len();
        let plural = if count == 1 { "" } else { "s" };
        let mut counts = vec![format!("{passed} passed")];
        counts.extend((updated > 0).then(|| format!("{updated} updated")));
        counts.extend((failed > 0).then(|| format!("{failed} failed")));
        let seconds = started.elapsed().as_secs_f64();
        say(format_args!("{count} test{plural}: {} in {seconds:.2} s", counts.join(", ")));
        Ok(if failed == 0 { ALL_READ } else { BAD_CAPTURE })
    }
}
