//! What of the machine is in the way of a sensor beside its interfaces: disks that are full, and a clock that is wrong.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::service::doctor::Finding;
use crate::service::settings::Sensor;

/// Less than this fills within hours, whatever the configuration keeps free.
const LITTLE_PERCENT: u64 = 5;

/// What is well, in sentences, and what is not.
pub fn look(sensor: &Sensor) -> (Vec<String>, Vec<Finding>) {
    let (mut well, mut wrong) = (Vec::new(), Vec::new());
    // Where nothing is captured no log is written but where the command line says.
    if !sensor.interfaces.is_empty() {
        let archive = sensor.upkeep().archive;
        let kept_free = u64::from(sensor.retention.min_free_percent);
        for folder in [&sensor.log_folder, &archive] {
            disk(folder, kept_free.max(LITTLE_PERCENT), 0, &mut well, &mut wrong);
        }
        clock(&mut well, &mut wrong);
    }
    for (folder, bytes) in sensor.export.spools() {
        disk(folder, 0, bytes, &mut well, &mut wrong);
    }
    well.dedup();
    (well, wrong)
}

/// Whether there is room: so many per cent, and so many bytes.
fn disk(folder: &Path, percent: u64, bytes: u64, well: &mut Vec<String>, wrong: &mut Vec<Finding>) {
    let there = folder.ancestors().find(|place| place.exists());
    // That it cannot be reached was said by who asked whether it can be written.
    let Some(Ok(disk)) = there.map(statvfs) else { return };
    let block = disk.fragment_size();
    let (free, all) = (disk.blocks_available() * block, disk.blocks().max(1) * block);
    let share = free.saturating_mul(100) / all;
    let shown = folder.display();
    let room = format!("{} free, {share} %", gigabytes(free));
    let files = disk.files() > 0 && disk.files_available().saturating_mul(100) / disk.files() == 0;
    if files {
        wrong.push(Finding {
            loses_data: true,
            what: format!("{shown}: its disk has room for hardly any more files"),
            mend: "remove files there, or put it on another disk".to_owned(),
        });
    } else if share < percent || free == 0 {
        wrong.push(Finding {
            loses_data: true,
            what: format!("{shown}: its disk is nearly full ({room})"),
            mend: "make room, or put it on another disk; with logs.keep old logs go in time".to_owned(),
        });
    } else if free < bytes {
        wrong.push(Finding {
            loses_data: false,
            what: format!("{shown}: the spool may grow to {}, and its disk has {room}", gigabytes(bytes)),
            mend: "make room, or lower spool.max_bytes: a disk that is full takes no rows".to_owned(),
        });
    } else {
        well.push(format!("{shown}: {room}"));
    }
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64)
}

/// Whether somebody keeps the clock right: rows of several sensors are compared by their times.
fn clock(well: &mut Vec<String>, wrong: &mut Vec<Finding>) {
    // SAFETY: all zeros are a valid timex, and one that asks for nothing to be changed.
    let mut answer: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is ours, and lives as long as the call.
    let state = unsafe { libc::adjtimex(&mut answer) };
    match state {
        -1 => {}
        libc::TIME_ERROR => wrong.push(Finding {
            loses_data: false,
            what: "nobody keeps this machine's clock right".to_owned(),
            mend: "start systemd-timesyncd, chrony or ntpd; times of rows are those of the clock".to_owned(),
        }),
        _ => well.push("the clock is kept right".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_and_so_is_where_it_is_short() {
        let of = |percent, bytes| {
            let (mut well, mut wrong) = (Vec::new(), Vec::new());
            disk(Path::new("/proc/self/none"), 0, 0, &mut well, &mut wrong);
            assert!(wrong.iter().all(|finding: &Finding| finding.loses_data));
            let (mut well, mut wrong) = (Vec::new(), Vec::new());
            disk(Path::new("/tmp/nosuch/folder"), percent, bytes, &mut well, &mut wrong);
            (well.len(), wrong.iter().map(|finding| finding.loses_data).collect::<Vec<_>>())
        };
        assert_eq!(of(0, 1), (1, vec![]));
        assert_eq!(of(101, 0), (0, vec![true]));
        assert_eq!(of(0, u64::MAX), (0, vec![false]));
    }
}
