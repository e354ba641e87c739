//! Runs of the sensor, and what they say of their rows.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The command under test.
pub fn nightjar() -> Command {
    Command::new(env!("CARGO_BIN_EXE_nightjar"))
}

/// A folder with a configuration, a spool and logs.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub environment: Vec<(&'static str, PathBuf)>,
}

/// The account that a run prints.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub offered: u64,
    pub recovered: u64,
    pub acked: u64,
    pub spooled: u64,
    /// By reason.
    pub dropped: Vec<(String, u64)>,
    pub code: i32,
    pub said: String,
}

const DEAD: &str = "dead letters";

impl Account {
    /// Rows in the dead-letter file.
    pub fn dead_letters(&self) -> u64 {
        self.counted(|reason| reason.starts_with(DEAD))
    }

    /// Rows that are nowhere.
    pub fn lost(&self) -> u64 {
        self.counted(|reason| !reason.starts_with(DEAD))
    }

    fn counted(&self, these: impl Fn(&str) -> bool) -> u64 {
        self.dropped.iter().filter(|(reason, _)| these(reason)).map(|(_, rows)| rows).sum()
    }
}

impl Place {
    /// `table` is what stands in `[kafka]`, and whatever tables follow.
    pub fn new(servers: &str, table: &str, client: &str) -> Place {
        let dir = tempfile::tempdir().unwrap();
        let spool = dir.path().join("spool");
        let config = format!(
            "[kafka]\n{table}\n[kafka.spool]\ndirectory = {spool:?}\n\
             [kafka.client]\n\"bootstrap.servers\" = \"{servers}\"\n{client}\n"
        );
        std::fs::write(dir.path().join("kafka.toml"), config).unwrap();
        Place { dir, environment: Vec::new() }
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("kafka.toml")
    }

    /// Where its spool is.
    pub fn spool(&self) -> PathBuf {
        self.dir.path().join("spool")
    }

    pub fn command(&self) -> Command {
        self.command_by(nightjar())
    }

    /// Replays standard input.
    pub fn command_by(&self, mut command: Command) -> Command {
        command.args(["-C", "-r", "-", "--logdir"]).arg(self.dir.path().join("logs"));
        command.arg("--config").arg(self.config());
        command.envs(self.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    pub fn start(&self) -> Child {
        self.command().spawn().unwrap()
    }

    /// Replays connections with these numbers.
    pub fn replay(&self, connections: std::ops::Range<u32>) -> Account {
        let mut run = self.start();
        let mut input = run.stdin.take().unwrap();
        input.write_all(&capture(connections, true)).unwrap();
        drop(input);
        finish(run)
    }

    /// `nightjar check`: its exit code and what it says.
    pub fn check(&self) -> (i32, String) {
        let output = nightjar()
            .args(["check", "--config"])
            .arg(self.config())
            .envs(self.environment.iter().cloned())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Segments left in the spool.
    pub fn segments(&self) -> usize {
        let entries = std::fs::read_dir(self.dir.path().join("spool")).unwrap();
        entries.filter(|entry| is_segment(&entry.as_ref().unwrap().path())).count()
    }
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rows")
}

/// Waits for a run to end, and reads its account, which must add up.
pub fn finish(run: Child) -> Account {
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = said.lines().find_map(|line| line.strip_prefix("kafka: ").filter(|l| l.contains("offered")));
    let mut account = Account { code: output.status.code().unwrap_or(-1), ..Account::default() };
    for part in line.unwrap_or_default().split([';', '+', '=']) {
        let Some((count, what)) = part.trim().split_once(' ') else { continue };
        let count: u64 = count.parse().unwrap();
        match what {
            "rows offered" => account.offered = count,
            "recovered from the spool" => account.recovered = count,
            "acknowledged" => account.acked = count,
            "in the spool" => account.spooled = count,
            other => account.dropped.push((other.to_owned(), count)),
        }
    }
    let dropped: u64 = account.dropped.iter().map(|(_, count)| count).sum();
    assert_eq!(account.offered + account.recovered, account.acked + account.spooled + dropped, "{said}");
    account.said = said;
    account
}

/// Packets of so many connections, each a datagram of its own ends. They end a minute, or 6,000
/// connections, later.
pub fn capture(connections: std::ops::Range<u32>, with_head: bool) -> Vec<u8> {
    const FRAME: u32 = 62;
    let mut out = Vec::with_capacity(connections.len() * 78 + 24);
    if with_head {
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 1] {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }
    for n in connections {
        for word in [1_700_000_000 + n / 100, n % 100 * 10_000, FRAME, FRAME] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&[0; 12]);
        out.extend_from_slice(&[0x08, 0x00, 0x45, 0, 0, 48, 0, 0, 0, 0, 64, 17, 0, 0]);
        out.extend_from_slice(&(0x0a00_0000 + (n >> 14)).to_be_bytes());
        out.extend_from_slice(&[192, 0, 2, 1]);
        // Neither port nor content is that of any protocol.
        let source = 40_000 + (n & 0x3fff) as u16;
        for word in [source, 39_999, 28, 0] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(&[b'x'; 20]);
    }
    out
}
