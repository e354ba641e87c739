//! Reading the configuration and the scripts again while the sensor runs: SIGHUP, and `nightjar reload`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Parser, ValueHint};

use crate::cli::live::Overrides;
use crate::cli::{ALL_READ, BAD_CAPTURE, say_all};
use crate::pipeline::Control;
use crate::policy::Reload;
use crate::service::settings::Sensor;
use crate::service::status::{self, Reloaded};

/// Let the running sensor read its configuration and scripts again
///
/// Connections and what SumStats counted go on; with a mistake in either, all stays as it is, and it exits 1.
#[derive(Parser, Debug)]
#[command(name = "nightjar reload", bin_name = "nightjar reload")]
pub(super) struct ReloadArgs {
    /// The sensor's `service.status_socket` [default: /run/nightjar/status.sock, of users without a service that of
    /// XDG_RUNTIME_DIR]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    socket: Option<PathBuf>,
}

impl ReloadArgs {
    pub fn run(&self) -> Result<u8, String> {
        let socket = self.socket.clone().unwrap_or_else(status::usual_socket);
        match status::ask_to_reload(&socket) {
            Ok(Ok(told)) => {
                say_all(&told);
                return Ok(ALL_READ);
            }
            Ok(Err(told)) => eprint!("{told}"),
            Err(error) => eprintln!(
                "nightjar: no sensor answers at {}: {error} (one that runs without --config is sent SIGHUP)",
                socket.display()
            ),
        }
        Ok(BAD_CAPTURE)
    }
}

/// What is needed to read all again.
pub(super) struct Reloader {
    pub overrides: Overrides,
    /// As it was when the sensor started.
    pub sensor: Sensor,
    pub control: Arc<Control>,
}

impl Reloader {
    /// Reads all again. What came of it is told on standard error, and to `answer`.
    pub fn reload(&self, answer: impl FnOnce(Reloaded) + Send + 'static) {
        let tell = |reloaded: Reloaded| {
            match &reloaded {
                Ok(messages) | Err(messages) => eprint!("{messages}"),
            }
            answer(reloaded);
        };
        match self.overrides.sensor() {
            Ok(mut read) => {
                let restart = read.needing_restart(&self.sensor);
                if self.sensor.service.sandbox {
                    read.archive.clone_from(&self.sensor.archive);
                }
                let scripts = self.overrides.scripts;
                self.control.change(read.changeable(), move |reload| {
                    tell(outcome(reload.filter(|reload| scripts || reload.config.is_none()), &restart));
                });
            }
            Err(message) => {
                self.control.unreadable();
                tell(Err(format!("{message}\nnightjar: the configuration stays as it was\n")));
            }
        }
    }
}

fn outcome(reload: Option<Reload>, restart: &[&str]) -> Reloaded {
    let (mut messages, scripts) = match reload {
        None => (String::new(), ""),
        Some(Reload { config: Some(_), messages, .. }) => {
            (messages, "nightjar: the scripts were read again\n")
        }
        Some(Reload { messages, .. }) => {
            return Err(format!(
                "{messages}nightjar: the scripts do not compile; those that run go on, and the configuration stays \
                 as it was\n"
            ));
        }
    };
    messages.push_str(scripts);
    messages.push_str("nightjar: the configuration was read again");
    if !restart.is_empty() {
        messages.push_str(&format!("; a restart is needed for {}", restart.join(", ")));
    }
    messages.push('\n');
    Ok(messages)
}
