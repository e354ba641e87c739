//! Tests of detections: a capture, scripts, and what they are to write.
//!
//! Every test runs in a process of its own, in a fresh folder and within a time limit: a script that does not
//! end, or ends the program, costs its test only.

mod check;
mod diff;
mod find;
mod run;
mod table;
mod update;

pub use find::{Found, Test, find};

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;

/// How tests are run.
#[derive(Clone, Debug)]
pub struct TestOptions {
    /// The program that replays: this one.
    pub program: PathBuf,
    /// Tests that run at the same time.
    pub jobs: usize,
    /// `--workers` of each.
    pub workers: u16,
    /// Where a test does not say.
    pub time_limit: Duration,
    /// What comes out becomes what is expected.
    pub update: bool,
    /// The folders of tests that failed stay.
    pub keep: bool,
    /// Logs of the sensor's own. Others are the scripts', which a new test expects from the start.
    pub own_logs: Vec<&'static str>,
}

/// What came of a test.
#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub elapsed: Duration,
    pub verdict: Verdict,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// What is expected was written: these files.
    Updated(Vec<String>),
    /// What went wrong, in lines.
    Failed(Vec<String>),
}

/// Runs tests, and tells of each in the order given, as soon as those before it are done.
pub fn run(tests: &[Found], options: &TestOptions, mut tell: impl FnMut(Outcome)) {
    let next = AtomicUsize::new(0);
    let (sender, outcomes) = unbounded();
    thread::scope(|scope| {
        for _ in 0..options.jobs.clamp(1, tests.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((at, found)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    tests.get(at).map(|found| (at, found))
                } {
                    // Whoever takes them waits for all.
                    let _ = sender.send((at, one(found, options)));
                }
            });
        }
        drop(sender);
        let mut done: Vec<Option<Outcome>> = tests.iter().map(|_| None).collect();
        let mut told = 0;
        for (at, outcome) in outcomes {
            done[at] = Some(outcome);
            while let Some(outcome) = done.get_mut(told).and_then(Option::take) {
                tell(outcome);
                told += 1;
            }
        }
    });
}

fn one(found: &Found, options: &TestOptions) -> Outcome {
    let started = Instant::now();
    let verdict = match &found.test {
        Ok(test) => verdict(test, options),
        Err(wrong) => Verdict::Failed(wrong.clone()),
    };
    Outcome { name: found.name.clone(), elapsed: started.elapsed(), verdict }
}

fn verdict(test: &Test, options: &TestOptions) -> Verdict {
    let ran = match run::run(test, options) {
        Ok(ran) => ran,
        Err(wrong) => return Verdict::Failed(vec![wrong]),
    };
    let mut wrong = ran.wrong(test);
    let mut updated = Vec::new();
    if options.update && wrong.is_empty() {
        match update::update(test, &ran, &options.own_logs) {
            Ok(files) => updated = files,
            Err(error) => wrong.push(error),
        }
    }
    // What was just written is compared too, so that what passes here passes the next time.
    wrong.extend(check::compare(test, &ran));
    if wrong.is_empty() {
        return if updated.is_empty() { Verdict::Passed } else { Verdict::Updated(updated) };
    }
    if options.keep {
        wrong.push(format!("what it wrote is kept in {}", ran.folder.keep().display()));
    }
    Verdict::Failed(wrong)
}
