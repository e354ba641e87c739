//! Mail to a program that takes it on its standard input, as sendmail does.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::outbox::Failure;

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs `line`, which is a program and its arguments, with those that have it take the recipients from the
/// header; it is to be done by `deadline`.
pub(super) fn send(line: &str, text: &[u8], deadline: Instant) -> Result<(), Failure> {
    let mut words = line.split_whitespace();
    let name = words.next().ok_or_else(|| Failure::lasting("no program for mail is named"))?;
    let mut command = Command::new(name);
    command.args(words).args(["-t", "-oi"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().map_err(|error| Failure::lasting(format!("{name}: {error}")))?;
    let Some(mut stdin) = child.stdin.take() else {
        return Err(Failure::lasting(format!("{name} has no standard input")));
    };
    // The program may not read, so it is not waited for: the writing ends when it does.
    let text = text.to_owned();
    let writing = std::thread::Builder::new().name("mail text".to_owned()).spawn(move || {
        // Whether it took all of it is for the program to say.
        let _ = stdin.write_all(&text);
    });
    if let Err(error) = writing {
        // What it had not read yet it will not get.
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failure::passing(error));
    }
    wait(name, &mut child, deadline)
}

fn wait(name: &str, child: &mut Child, deadline: Instant) -> Result<(), Failure> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(Failure::passing(format!("{name}: {status}"))),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Ok(None) => {
                // Both fail only where it has ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Failure::passing(format!("{name} took too long")));
            }
            Err(error) => return Err(Failure::passing(format!("{name}: {error}"))),
        }
    }
}
