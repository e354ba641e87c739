//! What commands print.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::raw::Splitter;
use super::{Follow, Item, Level, Mode, Out, Raw, Stop};

/// The command that runs for a reader, so that it can be ended.
#[derive(Clone, Default)]
pub struct Handle(Arc<Mutex<Running>>);

#[derive(Default)]
struct Running {
    group: Option<Pid>,
    force: bool,
}

impl Handle {
    /// Ends the command with all that it started.
    pub fn stop(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(group) = running.group else { return };
        // It may have ended by itself.
        let _ = killpg(group, Signal::SIGTERM);
        if running.force {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }

    fn set(&self, group: Option<Pid>, force: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Running { group, force };
    }
}

pub struct Reader {
    options: Raw,
    line: String,
    mode: Mode,
    handle: Handle,
    started: bool,
}

impl Reader {
    pub fn new(options: Raw, line: String, mode: Mode, handle: Handle) -> Self {
        Reader { options, line, mode, handle, started: false }
    }

    fn start(&self, out: &mut Out) -> Result<Child, Stop> {
        let piped = |wanted: bool| if wanted { Stdio::piped() } else { Stdio::inherit() };
        let child = Command::new("/bin/sh")
            .arg("-c")
            .arg(&self.line)
            .process_group(0)
            .stdin(piped(self.options.stdin.is_some()))
            .stdout(Stdio::piped())
            .stderr(piped(self.options.read_stderr))
            .spawn();
        match child {
            Ok(child) => {
                let group = i32::try_from(child.id()).ok().map(Pid::from_raw);
                self.handle.set(group, self.options.force_kill);
                Ok(child)
            }
            Err(error) => out.fail(format!("Could not create child process: {error}")),
        }
    }

    /// Reads until the command ends. It is over at once for who waits for the file to be read: a command may
    /// take as long as it likes.
    fn read(&self, mut child: Child, out: &mut Out) -> Result<(), Stop> {
        out.done()?;
        let (stdin, text) = (child.stdin.take(), self.options.stdin.clone());
        let feeder = std::thread::spawn(move || {
            if let (Some(mut stdin), Some(text)) = (stdin, text) {
                // A command need not read what it is given.
                let _ = stdin.write_all(&text);
            }
        });
        let mark = self.options.read_stderr.then_some(false);
        let separator = self.options.separator.clone();
        let stderr = child.stderr.take();
        // In a stream, lines of both come as they are printed; else those of stderr stand behind.
        let mut other = Out::new(out.to.clone());
        let stream = self.mode == Mode::Stream;
        let errors = std::thread::spawn(move || {
            let mut collected = Vec::new();
            let Some(mut stderr) = stderr else { return Ok(collected) };
            if stream {
                pump(stderr, Splitter::new(separator), &mut other, Some(true))?;
            } else {
                // Cut where nobody could look through it.
                let _ = stderr.by_ref().take(MAX_STDERR).read_to_end(&mut collected);
            }
            Ok(collected)
        });
        let splitter = Splitter::new(self.options.separator.clone());
        let result = match child.stdout.take() {
            Some(stdout) => pump(stdout, splitter, out, mark),
            None => Ok(()),
        };
        if result.is_err() {
            self.handle.stop();
        }
        let collected = errors.join().unwrap_or(Ok(Vec::new()));
        let _ = feeder.join();
        let status = child.wait();
        self.handle.set(None, false);
        result?;
        if !stream {
            let mut splitter = Splitter::new(self.options.separator.clone());
            splitter.feed(&collected?, out, Some(true))?;
            splitter.finish(out, Some(true))?;
        }
        match status {
            Ok(status) => self.end(status, out),
            Err(error) => out.fail(format!("Could not wait for the child process: {error}")),
        }
    }

    fn end(&self, status: ExitStatus, out: &mut Out) -> Result<(), Stop> {
        if self.mode != Mode::Stream {
            out.put(Item::End, 0)?;
        }
        let (code, signal) = match (status.code(), status.signal()) {
            (Some(code), _) => (code, false),
            (None, signal) => (signal.unwrap_or(0), true),
        };
        match (code, signal) {
            (0, false) => {}
            (code, false) => {
                let text = format!("Child process exited with non-zero return code {code}");
                out.message(Level::Error, text)?;
            }
            (code, true) => {
                out.message(Level::Error, format!("Child process exited due to signal {code}"))?;
            }
        }
        if self.mode == Mode::Stream {
            out.put(Item::End, 0)?;
        }
        out.put(Item::Finished { code: u64::from(code.unsigned_abs()), signal }, 0)?;
        out.flush(false)
    }
}

/// Bytes of a command's errors that are kept until its output is read.
const MAX_STDERR: u64 = 16 << 20;

fn pump(
    mut from: impl Read,
    mut splitter: Splitter,
    out: &mut Out,
    stderr: Option<bool>,
) -> Result<(), Stop> {
    let mut block = vec![0; 1 << 16];
    loop {
        match from.read(&mut block) {
            Ok(0) => break,
            Ok(length) => {
                splitter.feed(&block[..length], out, stderr)?;
                out.flush(false)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    splitter.finish(out, stderr)?;
    out.flush(false)
}

impl Follow for Reader {
    fn update(&mut self, out: &mut Out) -> Result<(), Stop> {
        // In a stream the command runs once.
        if self.mode == Mode::Stream && self.started {
            return Ok(());
        }
        self.started = true;
        let child = self.start(out)?;
        self.read(child, out)
    }
}
