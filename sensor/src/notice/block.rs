//! The block list: addresses, each until a time, in a file that a firewall reads. The sensor stays passive.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::time::Time;

/// Addresses to block. The file is replaced whole at every change, so that a reader never sees half of it.
pub struct BlockList {
    path: PathBuf,
    until: BTreeMap<IpAddr, Time>,
    /// Addresses left out because the list was full.
    pub refused: u64,
}

/// Firewalls take long lists badly, and an attacker can make us want one.
const MAX_BLOCKED: usize = 10_000;

impl BlockList {
    /// A list in this file. What an earlier run wrote there stays until it expires.
    pub fn new(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let until = text.lines().filter_map(parse).take(MAX_BLOCKED).collect();
        BlockList { path, until, refused: 0 }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts an address on the list, or leaves it there longer; takes off what has expired. False where the list is
    /// full.
    pub fn block(&mut self, addr: IpAddr, until: Time, now: Time) -> io::Result<bool> {
        self.until.retain(|_, until| *until > now);
        if self.until.len() >= MAX_BLOCKED && !self.until.contains_key(&addr) {
            self.refused += 1;
            return Ok(false);
        }
        let known = self.until.entry(addr).or_insert(until);
        *known = until.max(*known);
        self.write()?;
        Ok(true)
    }

    fn write(&self) -> io::Result<()> {
        let mut text = String::new();
        for (addr, until) in &self.until {
            let _ = writeln!(text, "{addr} {}", until.nanos().div_euclid(1_000_000_000));
        }
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        std::fs::write(&beside, text)?;
        std::fs::rename(&beside, &self.path)
    }
}

fn parse(line: &str) -> Option<(IpAddr, Time)> {
    let (addr, until) = line.split_once(' ')?;
    Some((
        addr.parse().ok()?,
        Time::from_nanos(until.trim().parse::<i64>().ok()?.checked_mul(1_000_000_000)?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Time {
        Time::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn addresses_stay_until_their_time_and_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocked");
        let addr = |last: u8| IpAddr::from([192, 0, 2, last]);
        let mut list = BlockList::new(path.clone());
        assert!(list.block(addr(1), at(100), at(0)).unwrap());
        assert!(list.block(addr(2), at(200), at(10)).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "192.0.2.1 100\n192.0.2.2 200\n");
        let mut list = BlockList::new(path.clone());
        assert!(list.block(addr(3), at(300), at(150)).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "192.0.2.2 200\n192.0.2.3 300\n");
        assert!(BlockList::new("/no/such/folder/list".into()).block(addr(1), at(1), at(0)).is_err());
    }
}
