//! One test's run: the program itself on the capture, in a fresh folder.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use tempfile::TempDir;

use crate::testing::table::shown;
use crate::testing::{Test, TestOptions};

/// What a run left.
pub(super) struct Ran {
    pub folder: TempDir,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    end: End,
}

enum End {
    Exited(ExitStatus),
    TimedOut(Duration),
    TooMuch(&'static str),
}

/// More than any detection prints. Stops a script that prints without end.
const MAX_PRINTED: u64 = 64 << 20;
/// More than the logs of any test. Stops a script that writes without end.
const MAX_WRITTEN: u64 = 1 << 30;
/// How often the run is looked at, at first and later.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));
/// How often what it has written is measured.
const MEASURE: Duration = Duration::from_millis(250);
/// What a program that has ended printed is there at once, unless another that it began holds on to it.
const PATIENCE: Duration = Duration::from_secs(1);
/// Lines of its errors that are shown.
const MAX_SHOWN: usize = 30;

/// Runs a test; an error is one of ours.
pub(super) fn run(test: &Test, options: &TestOptions) -> Result<Ran, String> {
    let folder = tempfile::Builder::new()
        .prefix("nightjar-test-")
        .tempdir()
        .map_err(|error| format!("cannot make a folder to run in: {error}"))?;
    for file in &test.files {
        let name = file.file_name().unwrap_or_default();
        fs::copy(file, folder.path().join(name)).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let mut child = command(test, options, folder.path())
        .spawn()
        .map_err(|error| format!("cannot run {}: {error}", options.program.display()))?;
    let too_much = Arc::new(AtomicBool::new(false));
    let stdout = child.stdout.take().map(|pipe| collect(pipe, &too_much));
    let stderr = child.stderr.take().map(|pipe| collect(pipe, &too_much));
    let limit = test.time_limit.unwrap_or(options.time_limit);
    let end = wait(&mut child, limit, folder.path(), &too_much);
    if !matches!(end, Ok(End::Exited(_))) {
        // It may end at this very moment.
        let _ = child.kill();
        let _ = child.wait();
    }
    let end = end.map_err(|error| format!("cannot wait for {}: {error}", options.program.display()))?;
    let taken = |pipe: Option<Receiver<Vec<u8>>>| {
        let bytes = pipe.and_then(|pipe| pipe.recv_timeout(PATIENCE).ok()).unwrap_or_default();
        // Wherever the test stands, it says the same.
        without(&bytes, &test.folder)
    };
    Ok(Ran { stdout: taken(stdout), stderr: taken(stderr), folder, end })
}

fn command(test: &Test, options: &TestOptions, folder: &Path) -> Command {
    let mut command = Command::new(&options.program);
    command.args(["--quiet", "--logdir", "."]).arg(format!("--workers={}", options.workers));
    if let Some(capture) = &test.capture {
        command.arg("-r").arg(capture);
    }
    command.args(&test.options).args(&test.scripts);
    command.current_dir(folder).env("ZEEKPATH", script_path(&test.folder));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Scripts find others beside themselves, and where they would be found from here.
fn script_path(folder: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let given = std::env::var("ZEEKPATH").unwrap_or_default();
    let given = given.split(':').filter(|part| !part.is_empty());
    let mut path: Vec<PathBuf> = vec![folder.to_owned(), here.clone()];
    path.extend(given.map(|part| here.join(part)));
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join(":")
}

/// Takes what comes through a pipe, up to [`MAX_PRINTED`].
fn collect(pipe: impl Read + Send + 'static, too_much: &Arc<AtomicBool>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = bounded(1);
    let too_much = too_much.clone();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A pipe that breaks has no more to give.
        let _ = pipe.take(MAX_PRINTED + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 > MAX_PRINTED {
            too_much.store(true, Ordering::Relaxed);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

fn wait(child: &mut Child, limit: Duration, folder: &Path, too_much: &AtomicBool) -> std::io::Result<End> {
    let started = Instant::now();
    let (mut look, most) = LOOK;
    let mut measured = started;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exited(status));
        }
        if started.elapsed() >= limit {
            return Ok(End::TimedOut(limit));
        }
        if too_much.load(Ordering::Relaxed) {
            return Ok(End::TooMuch("printed more than 64 MiB"));
        }
        if measured.elapsed() >= MEASURE {
            measured = Instant::now();
            if size(folder) > MAX_WRITTEN {
                return Ok(End::TooMuch("wrote more than 1 GiB"));
            }
        }
        thread::sleep(look);
        look = (look * 2).min(most);
    }
}

/// Bytes of all files in a folder. What cannot be looked at counts nothing.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

/// What was printed, without the folder's name where a path begins with it.
fn without(bytes: &[u8], folder: &Path) -> Vec<u8> {
    let name = format!("{}/", folder.to_string_lossy());
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, more)) = rest.split_first() {
        rest = match rest.strip_prefix(name.as_bytes()) {
            Some(after) => after,
            None => {
                kept.push(*first);
                more
            }
        };
    }
    kept
}

impl Ran {
    /// A file that it left, or what it printed; none where there is none.
    pub fn file(&self, name: &str) -> std::io::Result<Option<Vec<u8>>> {
        match name {
            "stdout" => Ok(Some(self.stdout.clone())),
            "stderr" => Ok(Some(self.stderr.clone())),
            _ => match fs::read(self.folder.path().join(name)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// What went wrong before anything is compared.
    pub fn wrong(&self, test: &Test) -> Vec<String> {
        let mut wrong = match &self.end {
            End::TimedOut(limit) => vec![format!("it did not end within {} s", limit.as_secs_f64())],
            End::TooMuch(what) => vec![format!("it {what}")],
            End::Exited(status) if status.code() == Some(i32::from(test.exit_code)) => Vec::new(),
            End::Exited(status) => match (status.code(), test.exit_code) {
                (Some(code), 0) => vec![format!("exit code {code}")],
                (Some(code), expected) => vec![format!("exit code {code} and not {expected}")],
                (None, _) => vec![format!("it ended by {status}")],
            },
        };
        // Those that are expected are compared with all else.
        if test.expected.join("stderr").exists() {
            return wrong;
        }
        let text = String::from_utf8_lossy(&self.stderr);
        let fine = wrong.is_empty();
        let mut errors: Vec<&str> =
            text.lines().filter(|line| if fine { is_error(line) } else { !line.trim().is_empty() }).collect();
        let left_out = errors.len().saturating_sub(MAX_SHOWN);
        errors.truncate(MAX_SHOWN);
        if fine && !errors.is_empty() {
            wrong.push("it reported errors (if they are meant, expect them in a file 'stderr')".to_owned());
        }
        wrong.extend(errors.iter().map(|line| format!("  {}", shown(line))));
        if left_out > 0 {
            wrong.push(format!("  and {left_out} more lines"));
        }
        wrong
    }
}

/// Whether a line of what was told is of an error, in the scripts or in the run.
fn is_error(line: &str) -> bool {
    // While packets come, their time stands first.
    let line = match line.split_once(' ') {
        Some((time, rest)) if time.parse::<f64>().is_ok() => rest,
        _ => line,
    };
    ["error", "expression error", "internal error", "fatal error", "nightjar: "]
        .iter()
        .any(|word| line.starts_with(word))
}
