//! A progress bar on a terminal.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::capture::file::Progress;

/// Draws the reading progress until it is finished.
pub(super) struct Bar {
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

const REFRESH: Duration = Duration::from_millis(100);

impl Bar {
    /// `None` where standard error is no terminal, or no thread can be had for it.
    pub fn start(progress: &Arc<Progress>) -> Option<Bar> {
        if !std::io::stderr().is_terminal() {
            return None;
        }
        let bar = match progress.total() {
            Some(total) => ProgressBar::new(total).with_style(
                ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta} left")
                    .ok()?,
            ),
            None => ProgressBar::new_spinner()
                .with_style(ProgressStyle::with_template("{spinner} {bytes} {bytes_per_sec}").ok()?),
        };
        let over = Arc::new(AtomicBool::new(false));
        let (progress, stop) = (progress.clone(), over.clone());
        let draw = move || {
            while !stop.load(Ordering::Relaxed) {
                bar.set_position(progress.read());
                thread::park_timeout(REFRESH);
            }
            bar.finish_and_clear();
        };
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(draw).ok()?;
        Some(Bar { over, thread })
    }

    pub fn finish(self) {
        self.over.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        // A bar that could not be drawn is no reason to fail.
        let _ = self.thread.join();
    }
}
