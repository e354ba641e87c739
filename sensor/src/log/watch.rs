//! Looking after the logs of a sensor while it runs: rows reach the disk, files that somebody removed or moved away are
//! made anew, what failed is tried again, and logs whose time has come are finished.

use crate::log::file::{LogError, Place};
use crate::log::naming::{self, Finished};
use crate::log::{Live, Logs};
use crate::time::{Interval, Time};

impl Logs {
    /// Lets the rows of a sensor reach the disk. Where writing had failed it is tried again, and files that are not
    /// where they should be are made anew.
    pub fn flush(&mut self, now: Time) {
        self.databases.commit();
        if self.live.is_none() {
            return;
        }
        for at in 0..self.open.len() {
            self.look_after(at, now);
        }
        let Some(live) = &mut self.live else { return };
        if live.complained && !self.open.iter().any(|open| open.failing) {
            live.complained = false;
            eprintln!("nightjar: logs can be written again");
        }
    }

    /// What a sensor's logs need every second: beside [`Logs::flush`], logs whose time has come are finished.
    pub fn tick(&mut self, now: Time) {
        self.flush(now);
        let Some(live) = &mut self.live else { return };
        let interval = live.rotation.interval;
        let mut due = false;
        if interval > Interval::ZERO {
            // The clock may have been set back, too.
            let over = now >= live.next_rotation || live.next_rotation - now > interval;
            due = over && live.next_rotation != Time::default();
            if over {
                live.next_rotation = next_rotation(now, interval, live.rotation.base);
            }
        }
        for at in 0..self.open.len() {
            if due || self.open.get(at).is_some_and(|open| open.overdue) {
                self.rotate(at, now);
            }
        }
        let Some(live) = &mut self.live else { return };
        if live.stuck && !self.open.iter().any(|open| open.overdue) {
            live.stuck = false;
            eprintln!("nightjar: logs are rotated again");
        }
    }

    fn look_after(&mut self, at: usize, now: Time) {
        let Some(open) = self.open.get_mut(at) else { return };
        let Some(file) = &mut open.file else {
            if open.failing {
                self.resume(at, now);
            }
            return;
        };
        match file.place() {
            Place::Here => open.astray = false,
            Place::Emptied => {
                eprintln!(
                    "nightjar: {} was emptied by somebody; its header is written again",
                    file.path().display()
                );
                file.begin_again(&open.form.header(self.format, now));
                if let Some(live) = &mut self.live {
                    live.failures += 1;
                }
            }
            place @ (Place::Moved | Place::Removed) => return self.replace(at, place, now),
        }
        self.write_out(at);
    }

    /// What a log holds goes to its file.
    fn write_out(&mut self, at: usize) {
        let (Some(open), Some(live)) = (self.open.get_mut(at), &mut self.live) else { return };
        let Some(file) = &mut open.file else { return };
        match file.flush() {
            Ok(()) => open.failing = false,
            Err(error) => {
                open.failing = true;
                live.failed(&error);
            }
        }
    }

    /// Tries to write a log again that could not be opened.
    fn resume(&mut self, at: usize, now: Time) {
        let made = self.make(at, now);
        let (Some(open), Some(live)) = (self.open.get_mut(at), &mut self.live) else { return };
        match made {
            Ok(()) => self.write_out(at),
            Err(error) => {
                open.failing = true;
                live.failed(&error);
            }
        }
    }

    /// Makes a log's file anew that is not where it should be. Where none can be made, rows go on to the one that was
    /// moved away.
    fn replace(&mut self, at: usize, place: Place, now: Time) {
        let Some(open) = self.open.get_mut(at) else { return };
        let Some(old) = open.file.take() else { return };
        if let Some(archiver) = self.live.as_ref().and_then(|live| live.archiver.as_ref()) {
            // What is written down of open logs may be gone, too.
            archiver.forget();
        }
        let path = old.path().display().to_string();
        let made = self.make(at, now);
        let (Some(open), Some(live)) = (self.open.get_mut(at), &mut self.live) else { return };
        match (made, place) {
            (Ok(()), Place::Moved) => {
                let (lost, ended) = old.end(&open.form.footer(self.format, now));
                open.dropped += lost;
                live.failures += 1 + u64::from(ended.is_err());
                eprintln!("nightjar: {path} was moved away; rows from now on go to a new one");
            }
            (Ok(()), _) => {
                let lost = open.file.as_mut().map_or(0, |file| file.take_over(old));
                open.dropped += lost;
                live.failures += 1;
                eprintln!(
                    "nightjar: {path} was removed; it is made anew (rows just written to it: {lost} lost)"
                );
            }
            (Err(error), Place::Moved) => {
                if !std::mem::replace(&mut open.astray, true) {
                    live.failures += 1;
                    let whereabouts =
                        old.whereabouts().map_or("another place".into(), |path| path.display().to_string());
                    eprintln!(
                        "nightjar: {path} was moved away, and no other can be made ({error}{}); rows go on to \
                         {whereabouts}",
                        hint(&error)
                    );
                }
                open.file = Some(old);
                return self.write_out(at);
            }
            (Err(error), _) => {
                open.dropped += old.unseen();
                open.failing = true;
                eprintln!("nightjar: {path} was removed, and no other can be made{}", hint(&error));
                live.failed(&error);
            }
        }
        self.write_out(at);
    }

    /// Finishes a log and gives it to the archiver. What cannot be given away yet stays open.
    pub(super) fn rotate(&mut self, at: usize, now: Time) {
        let (Some(open), Some(live)) = (self.open.get_mut(at), &mut self.live) else { return };
        let Some(archiver) = &live.archiver else { return };
        open.overdue = true;
        let Some(file) = &mut open.file else {
            open.overdue = false;
            return;
        };
        let footer = open.form.footer(self.format, now);
        // A file that is elsewhere is looked after first.
        if file.place() != Place::Here {
            return;
        }
        if let Err(error) = file.flush() {
            open.failing = true;
            return live.failed(&error);
        }
        if let Err(error) = file.write_apart(&footer).and_then(|()| file.flush()) {
            file.take_back(footer.len());
            open.failing = true;
            return live.failed(&error);
        }
        let finished = Finished {
            log: open.path.to_owned(),
            opened: naming::stamp(open.opened),
            closed: naming::stamp(now),
            nth: 0,
        };
        match archiver.hand_over(file.path(), finished) {
            Ok(()) => {
                open.file = None;
                open.overdue = false;
            }
            Err(error) => {
                // Rows go on where they were.
                file.take_back(footer.len());
                live.failures += 1;
                if !std::mem::replace(&mut live.stuck, true) {
                    eprintln!(
                        "nightjar: cannot rotate logs: {error}; rows go on to the same files until it works again"
                    );
                }
            }
        }
    }
}

impl Live {
    /// Tells the operator once, until it works again; counts every time.
    pub(super) fn failed(&mut self, error: &LogError) {
        self.failures += 1;
        if !std::mem::replace(&mut self.complained, true) {
            eprintln!("nightjar: {error}; rows without room are dropped and counted until it works again");
        }
    }
}

/// Why a folder cannot be made again, where that is for a reason of our own.
fn hint(error: &LogError) -> &'static str {
    match error.error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            "; a folder that is made anew is out of reach (service.sandbox, service.user) until the sensor is restarted"
        }
        _ => "",
    }
}

/// The next multiple of the interval since the day's base time.
fn next_rotation(now: Time, interval: Interval, base: Interval) -> Time {
    const DAY: i64 = 86_400_000_000_000;
    let start = now.nanos().div_euclid(DAY).saturating_mul(DAY).saturating_add(base.nanos());
    let past = now.nanos().saturating_sub(start).div_euclid(interval.nanos());
    Time::from_nanos(start.saturating_add(past.saturating_add(1).saturating_mul(interval.nanos())))
}
