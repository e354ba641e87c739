//! mysql.log: a row for every login and every command.

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A login or a command.
    pub struct MysqlRow<'a> in "mysql" of conn {
        /// When it was sent.
        ts,
        /// What it was, as in `MySQL::commands`, or `login`.
        cmd: &'a [u8] = "cmd",
        /// What it was given: the user who logs in, a query.
        arg: &'a [u8] = "arg",
        /// Whether the server said that it succeeded.
        success: Option<bool> = "success",
        /// How many rows it changed.
        rows: Option<u64> = "rows",
        /// What the server said to it.
        response: Option<&'a [u8]> = "response",
    }
}

/// What is known of a command that is not logged yet.
pub(super) struct Command {
    pub ts: Time,
    /// Which of the connection's.
    pub nth: u64,
    pub cmd: Box<[u8]>,
    pub arg: Box<[u8]>,
    pub success: Option<bool>,
    pub rows: Option<u64>,
    pub response: Option<Box<[u8]>>,
}

impl Command {
    pub fn row(&self, flow: &mut Flow) -> MysqlRow<'_> {
        MysqlRow {
            conn: flow.columns(self.ts),
            cmd: &self.cmd,
            arg: &self.arg,
            success: self.success,
            rows: self.rows,
            response: self.response.as_deref(),
        }
    }
}
