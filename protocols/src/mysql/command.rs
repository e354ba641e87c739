//! Commands (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>).

/// What a server answers a command with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// OK, EOF or an error.
    Status,
    /// How many columns a result has, and then the result.
    Result,
    /// Definitions of columns, until EOF.
    Columns,
    /// A text.
    Text,
    /// A request to authenticate by another method.
    AuthSwitch,
    /// Something that is not followed.
    Unread,
}

const NAMES: [&str; 32] = [
    "sleep",
    "quit",
    "init_db",
    "query",
    "field_list",
    "create_db",
    "drop_db",
    "refresh",
    "shutdown",
    "statistics",
    "process_info",
    "connect",
    "process_kill",
    "debug",
    "ping",
    "time",
    "delayed_insert",
    "change_user",
    "binlog_dump",
    "table_dump",
    "connect_out",
    "register_slave",
    "stmt_prepare",
    "stmt_execute",
    "stmt_send_long_data",
    "stmt_close",
    "stmt_reset",
    "set_option",
    "stmt_fetch",
    "daemon",
    "binlog_dump_gtid",
    "reset_connection",
];

/// The client is about to end the connection: there is no answer.
pub const QUIT: u8 = 1;
const QUERY: u8 = 3;
/// The client wants to be somebody else.
pub const CHANGE_USER: u8 = 17;

/// A command's name, as in `MySQL::commands`.
pub fn name(code: u8) -> Option<&'static str> {
    NAMES.get(usize::from(code)).copied()
}

impl Kind {
    /// What a command is answered with.
    pub fn of(code: u8) -> Kind {
        match code {
            0..=2 | 5..=8 | 11..=16 | 29 | 31 => Kind::Status,
            QUERY | 10 => Kind::Result,
            4 => Kind::Columns,
            9 => Kind::Text,
            CHANGE_USER => Kind::AuthSwitch,
            _ => Kind::Unread,
        }
    }
}
