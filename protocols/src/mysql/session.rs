//! Both directions of a connection.

use crate::bounds::{Broken, Cursor, Result};
use crate::mysql::command::{CHANGE_USER, Kind};
use crate::mysql::packet::{self, Row};
use crate::pending::{Pending, Step};

/// Hears what a session reads.
pub trait Handler {
    /// The server's version, from its greeting.
    fn server_version(&mut self, version: &[u8]);

    /// How a side is to be authenticated, or is, and the data for it.
    fn auth_plugin(&mut self, is_orig: bool, name: &[u8], data: &[u8]);

    /// The server asks to authenticate in another way.
    fn auth_switch(&mut self, name: &[u8], data: &[u8]);

    /// What else is exchanged to authenticate.
    fn auth_more_data(&mut self, is_orig: bool, data: &[u8]);

    /// The client answered the greeting: it is MySQL for sure.
    fn confirmed(&mut self);

    /// Who the client says that it is.
    fn login(&mut self, username: &[u8]);

    /// From here on both directions are TLS.
    fn tls(&mut self);

    /// Bytes of TLS.
    fn tls_data(&mut self, is_orig: bool, bytes: &[u8]);

    /// A command and all that it was given.
    fn command(&mut self, code: u8, arg: &[u8]);

    /// The client wants to be another user; comes after the command.
    fn change_user(&mut self, username: &[u8]);

    /// The server reports an error.
    fn error(&mut self, code: u16, message: &[u8]);

    /// Something succeeded and changed so many rows.
    fn ok(&mut self, rows: u32);

    /// Columns (`is_intermediate`) or rows are over.
    fn eof(&mut self, is_intermediate: bool);

    /// A row of a result.
    fn row(&mut self, row: &Row<'_>);

    /// A packet was too long to be read whole.
    fn cut(&mut self);

    /// The bytes are not MySQL's, for this reason, in Zeek's words.
    fn violation(&mut self, reason: &str);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a packet that are read. They may have 16 MB; stops a client from having that held.
    pub packet: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { packet: 1 << 20 }
    }
}

/// What the server says next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// What a command is answered with.
    Answer(Kind),
    /// More definitions of columns.
    Column,
    /// What is between columns and rows.
    Rows,
    Row,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Login,
    Commands,
    Tls,
    /// Bytes are missing.
    Lost,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    orig: Pending,
    resp: Pending,
    phase: Phase,
    /// The version of the server's greeting, 0 before.
    version: u8,
    /// The number of the server's last packet.
    sequence: u8,
    expected: Expected,
    columns: u32,
    columns_left: u32,
    /// Results end with OK and have no EOF between columns and rows.
    deprecate_eof: bool,
    /// The client named itself: what both sides send until the server agrees is authentication.
    authenticates: bool,
}

/// Flags of what a client is capable of.
mod capability {
    pub const CONNECT_WITH_DB: u32 = 1 << 3;
    pub const SSL: u32 = 1 << 11;
    pub const PLUGIN_AUTH: u32 = 1 << 19;
    pub const DEPRECATE_EOF: u32 = 1 << 24;
}

/// Bytes of a packet's header: its length and its number.
const HEADER: usize = 4;

/// What 0xfe begins is an EOF if it is shorter than this.
const EOF_LEN: usize = 9;

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session {
            limits,
            orig: Pending::default(),
            resp: Pending::default(),
            phase: Phase::Login,
            version: 0,
            sequence: 0,
            expected: Expected::Answer(Kind::Status),
            columns: 0,
            columns_left: 0,
            deprecate_eof: false,
            authenticates: false,
        }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.len() + self.resp.len()
    }

    /// Whether what comes is TLS.
    pub fn is_tls(&self) -> bool {
        self.phase == Phase::Tls
    }

    /// Bytes are missing: nothing more can be read, of either direction.
    pub fn gap(&mut self) {
        if self.phase != Phase::Tls {
            self.phase = Phase::Lost;
        }
        (self.orig, self.resp) = Default::default();
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        match self.phase {
            Phase::Lost => return,
            Phase::Tls => return handler.tls_data(is_orig, bytes),
            Phase::Login | Phase::Commands => {}
        }
        let mut pending = std::mem::take(self.side(is_orig));
        pending.feed(bytes, |rest| self.packet(is_orig, rest, handler));
        if self.phase != Phase::Lost {
            *self.side(is_orig) = pending;
        }
    }

    /// A connection whose login is over.
    #[cfg(test)]
    pub(super) fn phase_for_test(&mut self) {
        self.phase = Phase::Commands;
    }

    fn side(&mut self, is_orig: bool) -> &mut Pending {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    fn packet(&mut self, is_orig: bool, rest: &[u8], handler: &mut impl Handler) -> Step {
        if self.phase == Phase::Tls {
            handler.tls_data(is_orig, rest);
            return Step::Took(rest.len() as u64);
        }
        let Some(&[a, b, c, sequence]) = rest.first_chunk() else { return Step::NeedMore };
        let len = u32::from_le_bytes([a, b, c, 0]) as usize;
        let read = len.min(self.limits.packet);
        let Some(payload) = rest.get(HEADER..HEADER + read) else { return Step::NeedMore };
        if read < len {
            handler.cut();
        }
        let done = match is_orig {
            true => self.client(payload, handler),
            // A row that is not whole is not one.
            false if read < len && self.expected == Expected::Row => Ok(()),
            false => self.server(sequence, payload, handler),
        };
        match done {
            Ok(()) => Step::Took((HEADER + len) as u64),
            Err(broken) => {
                handler.violation(&broken.to_string());
                Step::Discard
            }
        }
    }

    fn client(&mut self, payload: &[u8], handler: &mut impl Handler) -> Result<()> {
        if self.phase == Phase::Login {
            if self.authenticates {
                handler.auth_more_data(true, payload);
            }
            return match self.version {
                10 => self.login10(payload, handler),
                9 => login9(payload, handler),
                other => Err(Broken::Case { what: "Handshake_Response_Packet", index: i64::from(other) }),
            };
        }
        let mut r = Cursor::new(payload);
        let code = r.u8("Command_Request_Packet:command")?;
        let arg = r.rest();
        self.expected = Expected::Answer(Kind::of(code));
        handler.command(code, arg);
        if code == CHANGE_USER {
            tell_change_of_user(r, handler);
        }
        Ok(())
    }

    fn login10(&mut self, payload: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut r = Cursor::new(payload);
        r.need(4 + 4 + 1 + 23, "Handshake_Response_Packet_v10:pad")?;
        let flags = r.u32_le("Handshake_Response_Packet_v10:cap_flags")?;
        r.take(4 + 1 + 23, "Handshake_Response_Packet_v10:pad")?;
        let username = match r.is_empty() {
            true => None,
            false => Some(packet::text(&mut r, "Handshake_Credentials_v10:username")?),
        };
        self.deprecate_eof = flags & capability::DEPRECATE_EOF != 0;
        handler.confirmed();
        let Some(username) = username else {
            if flags & capability::SSL != 0 {
                self.phase = Phase::Tls;
                handler.tls();
            }
            return Ok(());
        };
        handler.login(username);
        self.authenticates = true;
        if flags & capability::PLUGIN_AUTH != 0
            && let Some((name, data)) = client_plugin(r, flags)
        {
            handler.auth_plugin(true, name, data);
        }
        Ok(())
    }

    fn server(&mut self, sequence: u8, payload: &[u8], handler: &mut impl Handler) -> Result<()> {
        if sequence == 0 && self.sequence != u8::MAX {
            self.greeting(payload, handler)?;
        } else {
            self.answer(payload, handler)?;
        }
        self.sequence = sequence;
        Ok(())
    }

    fn greeting(&mut self, payload: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut r = Cursor::new(payload);
        let version = r.u8("Initial_Handshake_Packet:version")?;
        match version {
            10 => {
                let name = packet::text(&mut r, "Handshake_v10:server_version")?;
                r.need(4 + 8 + 1 + 2 + 1 + 2 + 2 + 1, "Handshake_v10:auth_plugin_data_len")?;
                let mut rest = r;
                r.take(4 + 8 + 1 + 2 + 1 + 2 + 2 + 1, "Handshake_v10:auth_plugin_data_len")?;
                packet::text(&mut r, "Handshake_v10:auth_plugin_name")?;
                self.version = version;
                handler.server_version(name);
                if let Ok(Some((name, data))) = server_plugin(&mut rest) {
                    handler.auth_plugin(false, name, &data);
                }
            }
            9 => {
                let name = packet::text(&mut r, "Handshake_v9:server_version")?;
                r.u32_le("Handshake_v9:connection_id")?;
                packet::text(&mut r, "Handshake_v9:scramble")?;
                self.version = version;
                handler.server_version(name);
            }
            _ => {
                self.error(r, handler)?;
                self.version = version;
            }
        }
        Ok(())
    }

    fn answer(&mut self, payload: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut r = Cursor::new(payload);
        match self.expected {
            Expected::Answer(Kind::Text | Kind::Unread) => Ok(()),
            Expected::Answer(Kind::Status) => match r.u8("Command_Response_Status:pkt_type")? {
                0x00 => self.ok(r, handler),
                0xfe => {
                    if self.phase == Phase::Login {
                        tell_switch(r, handler);
                    }
                    self.eof(r, false, handler)
                }
                0xff => self.error(r, handler),
                0x01 if self.phase == Phase::Login => {
                    handler.auth_more_data(false, r.rest());
                    Ok(())
                }
                _ => Ok(()),
            },
            Expected::Answer(Kind::AuthSwitch) => {
                let status = r.u8("AuthSwitchRequest:status")?;
                let rest = r;
                packet::text(&mut r, "AuthSwitchRequest:name")?;
                if status == 0xfe {
                    tell_switch(rest, handler);
                }
                Ok(())
            }
            Expected::Answer(Kind::Result) => match r.u8("ColumnCountMeta:byte")? {
                0x00 => self.ok(r, handler),
                0xff => self.error(r, handler),
                first => {
                    // As many as are left in 32 bits, as Zeek counts.
                    self.columns = packet::integer(&mut r, first)? as u32;
                    self.columns_left = self.columns;
                    self.expected = Expected::Column;
                    Ok(())
                }
            },
            Expected::Answer(Kind::Columns) => {
                let marker = r.u8("ColumnDefinitionOrEOF:marker")?;
                match marker == 0xfe && payload.len() < EOF_LEN {
                    true => self.end(r, handler),
                    false => packet::column(&mut r, marker),
                }
            }
            Expected::Column => {
                let first = r.u8("ColumnDefinition:dummy")?;
                packet::column(&mut r, first)?;
                self.columns_left = self.columns_left.wrapping_sub(1);
                self.expected = if self.columns_left > 0 { Expected::Column } else { Expected::Rows };
                Ok(())
            }
            Expected::Rows if self.deprecate_eof => {
                self.row(payload, handler)?;
                self.expected = Expected::Row;
                Ok(())
            }
            Expected::Rows => {
                r.u8("EOF_Packet_With_Marker:marker")?;
                self.eof(r, true, handler)?;
                self.phase = Phase::Commands;
                self.expected = Expected::Row;
                Ok(())
            }
            Expected::Row => self.row(payload, handler),
        }
    }

    fn row(&mut self, payload: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut r = Cursor::new(payload);
        if r.u8("Resultset:marker")? == 0xfe && payload.len() < EOF_LEN {
            self.end(r, handler)?;
            self.expected = Expected::Answer(Kind::Unread);
            return Ok(());
        }
        let row = Row::parse(payload, self.columns)?;
        self.expected = Expected::Row;
        handler.row(&row);
        Ok(())
    }

    /// A result is over.
    fn end(&mut self, r: Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        match self.deprecate_eof {
            true => self.ok(r, handler),
            false => self.eof(r, false, handler),
        }
    }

    fn ok(&mut self, mut r: Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        let first = r.u8("LengthEncodedInteger:length")?;
        // 32 bits of it, as Zeek counts.
        let rows = packet::integer(&mut r, first)? as u32;
        self.phase = Phase::Commands;
        handler.ok(rows);
        Ok(())
    }

    fn eof(&mut self, mut r: Cursor<'_>, is_intermediate: bool, handler: &mut impl Handler) -> Result<()> {
        r.take(4, "EOF_Packet:status")?;
        handler.eof(is_intermediate);
        Ok(())
    }

    fn error(&mut self, mut r: Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        let code = r.u16_le("ERR_Packet:code")?;
        r.take(6, "ERR_Packet:state")?;
        self.phase = Phase::Commands;
        handler.error(code, r.rest());
        Ok(())
    }
}

fn login9(payload: &[u8], handler: &mut impl Handler) -> Result<()> {
    let mut r = Cursor::new(payload);
    let flags = r.u16_le("Handshake_Response_Packet_v9:cap_flags")?;
    r.u24_le("Handshake_Response_Packet_v9:max_pkt_size")?;
    let username = packet::text(&mut r, "Handshake_Response_Packet_v9:username")?;
    packet::text(&mut r, "Handshake_Response_Packet_v9:auth_response")?;
    if u32::from(flags) & capability::CONNECT_WITH_DB != 0 {
        packet::text(&mut r, "Handshake_Response_Packet_v9:database")?;
    }
    handler.confirmed();
    handler.login(username);
    Ok(())
}

/// How the server wants a client to be authenticated, and both parts of the data for it.
fn server_plugin<'a>(r: &mut Cursor<'a>) -> Result<Option<(&'a [u8], Vec<u8>)>> {
    r.take(4, "connection_id")?;
    let first = r.take(8, "auth_plugin_data_part_1")?;
    r.take(1 + 2 + 1 + 2, "status_flags")?;
    let flags = u32::from(r.u16_le("capability_flags_2")?) << 16;
    let len = usize::from(r.u8("auth_plugin_data_len")?);
    r.take(10, "reserved")?;
    let second = r.take(len.saturating_sub(8).max(13), "auth_plugin_data_part_2")?;
    if flags & capability::PLUGIN_AUTH == 0 {
        return Ok(None);
    }
    Ok(r.text().map(|name| (name, [first, second].concat())))
}

/// How a client authenticates, and with what; `r` stands behind its name.
fn client_plugin<'a>(mut r: Cursor<'a>, flags: u32) -> Option<(&'a [u8], &'a [u8])> {
    let data = packet::string(&mut r).ok()?;
    if flags & capability::CONNECT_WITH_DB != 0 {
        r.text()?;
    }
    Some((r.text().unwrap_or_default(), data))
}

fn tell_change_of_user(mut r: Cursor<'_>, handler: &mut impl Handler) {
    let Some(username) = r.text() else { return };
    handler.change_user(username);
    let data = r.u8("auth_plugin_data_len").and_then(|len| r.take(usize::from(len), "auth_plugin_data"));
    if let Ok(data) = data {
        let name = r.text().and_then(|_| r.take(2, "charset").ok()).and_then(|_| r.text());
        handler.auth_plugin(true, name.unwrap_or_default(), data);
    }
}

fn tell_switch(mut r: Cursor<'_>, handler: &mut impl Handler) {
    if let Some(name) = r.text() {
        handler.auth_switch(name, r.rest());
    }
}
