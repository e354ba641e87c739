//! Signals: SIGTERM and SIGINT end the sensor in good order, a second one at once; SIGHUP re-reads its
//! configuration and scripts.

use std::io;
use std::process::exit;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit code of a sensor that was told twice to end, and left its logs as they were.
const AT_ONCE: i32 = 130;

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
