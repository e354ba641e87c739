//! Signals: SIGTERM and SIGINT end the sensor, or a replay, in good order, a second one at once; SIGHUP re-reads a
//! sensor's configuration and scripts.

use std::io;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::log::between_rows;

/// The exit code of a sensor that was told twice to end, and left its logs as they were.
const AT_ONCE: i32 = 130;
/// A shell shows a signal as this and its number.
const SIGNALLED: i32 = 128;
/// How long the end of a row on a terminal is waited for at the second signal.
const PATIENCE: Duration = Duration::from_millis(250);

/// Whether a replay was told to end, and by which signal.
#[derive(Clone, Default)]
pub struct StopSignal {
    /// Set with the first signal.
    pub stop: Arc<AtomicBool>,
    signal: Arc<AtomicI32>,
}

impl StopSignal {
    /// How a run ends that a signal cut short: the exit code, and the signal's name.
    pub fn by(&self) -> (u8, &'static str) {
        let signal = self.signal.load(Ordering::Relaxed);
        let name = if signal == SIGTERM { "SIGTERM" } else { "SIGINT" };
        (u8::try_from(SIGNALLED + signal).unwrap_or(u8::MAX), name)
    }
}

/// Waits from now on for signals that end a replay. The second ends the process at once, between two rows where
/// they go to a terminal.
pub fn stop_on_signals() -> io::Result<StopSignal> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let told = StopSignal::default();
    let first = told.clone();
    let wait = move || {
        for signal in signals.forever() {
            if first.signal.load(Ordering::Relaxed) != 0 {
                let _between = between_rows(PATIENCE);
                eprintln!("nightjar: told twice to end: logs stay as they are");
                exit(SIGNALLED + signal);
            }
            first.signal.store(signal, Ordering::Relaxed);
            first.stop.store(true, Ordering::Relaxed);
            eprintln!("nightjar: finishing what was read; a second signal ends at once");
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
    Ok(told)
}

/// Waits for signals from now on: `stop` is called at the first that ends the sensor, `reload` at each
/// that asks for it.
pub fn watch(stop: impl Fn() + Send + 'static, mut reload: impl FnMut() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let wait = move || {
        let mut stopping = false;
        for signal in signals.forever() {
            if signal == SIGHUP {
                reload();
            } else if std::mem::replace(&mut stopping, true) {
                eprintln!("nightjar: told twice to end: logs stay as they are");
                exit(AT_ONCE);
            } else {
                stop();
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}
