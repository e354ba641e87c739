//! A thread of this process, as the kernel sees it (proc_pid_stat(5)).

use std::fs;
use std::time::Duration;

use nix::unistd::{Pid, SysconfVar, gettid, sysconf};

/// A thread, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task(Pid);

/// What a thread is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity {
    /// It computes or would, and does not wait for anything.
    pub runs: bool,
    /// It waits for a disk, and cannot even be ended before that answers.
    pub waits_for_disk: bool,
    /// Processor time that it has had.
    pub cpu: Duration,
}

impl Task {
    pub fn current() -> Task {
        Task(gettid())
    }

    /// None where there is no such thread any more.
    pub fn activity(self) -> Option<Activity> {
        let text = fs::read_to_string(format!("/proc/self/task/{}/stat", self.0)).ok()?;
        // The thread's name may have spaces and parentheses in it; the third field follows.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let ticks = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?.max(1);
        let cpu = Duration::from_millis((number(14)? + number(15)?) * 1000 / ticks);
        let state = *fields.first()?;
        Some(Activity { runs: state == "R", waits_for_disk: state == "D", cpu })
    }

    /// Lets it have only the processor time that nobody else wants. Where that is refused, it has its share.
    pub fn yield_processor(self) {
        let parameters = libc::sched_param { sched_priority: 0 };
        // SAFETY: the parameters are only read.
        let _ = unsafe { libc::sched_setscheduler(self.0.as_raw(), libc::SCHED_IDLE, &raw const parameters) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn what_a_thread_is_at_is_seen() {
        assert!(Task::current().activity().unwrap().runs);
        let (tell, told) = channel();
        let (end, ended) = channel::<()>();
        let waiting = thread::spawn(move || {
            tell.send(Task::current()).unwrap();
            ended.recv().unwrap_err();
        });
        let task = told.recv().unwrap();
        while task.activity().unwrap().runs {
            thread::yield_now();
        }
        drop(end);
        waiting.join().unwrap();
        while task.activity().is_some() {
            thread::yield_now();
        }
    }
}
