//! postgresql.log: a row for every login, query and end, as Zeek 7.1 writes it.

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A login, a query, or the end of both.
    pub struct PostgresqlRow<'a> in "postgresql" of conn {
        /// When it began.
        ts,
        /// Who has logged in, or wants to.
        user: Option<&'a [u8]> = "user",
        /// To which database.
        database: Option<&'a [u8]> = "database",
        /// What the client calls itself.
        application_name: Option<&'a [u8]> = "application_name",
        /// What the client sent: startup, ssl_request, simple_query or terminate.
        frontend: Option<&'a str> = "frontend",
        /// The query.
        frontend_arg: Option<&'a [u8]> = "frontend_arg",
        /// What the server answered: auth_request, auth_ok, ssl_reply, error.
        backend: Option<&'a str> = "backend",
        /// How it wants to authenticate, what it says to TLS, the parts of errors and notices.
        backend_arg: Option<&'a [u8]> = "backend_arg",
        /// Whether it succeeded.
        success: Option<bool> = "success",
        /// Rows of the result.
        rows: Option<u64> = "rows",
    }
}

/// What is known of a connection.
#[derive(Default)]
pub(super) struct Known {
    pub user: Option<Box<[u8]>>,
    pub database: Option<Box<[u8]>>,
    pub application_name: Option<Box<[u8]>>,
    /// Parts of the error at hand.
    pub errors: Vec<u8>,
    pub rows: Option<u64>,
    pub exchange: Option<Box<Exchange>>,
    /// How many there were.
    pub exchanges: u64,
}

/// What is under way.
pub(super) struct Exchange {
    pub ts: Time,
    pub frontend: Option<&'static str>,
    pub frontend_arg: Option<Box<[u8]>>,
    pub backend: Option<String>,
    pub backend_arg: Option<Vec<u8>>,
    pub success: Option<bool>,
    pub rows: Option<u64>,
}

/// Bytes of what a server says that a row has. Stops notices that never end.
pub(super) const MAX_TEXT: usize = 64 << 10;

/// Adds to a list with commas; false where there is no room.
pub(super) fn append(list: &mut Option<Vec<u8>>, text: &[u8]) -> bool {
    let Some(list) = list else {
        *list = Some(text.get(..MAX_TEXT).unwrap_or(text).to_vec());
        return text.len() <= MAX_TEXT;
    };
    if list.len() + text.len() >= MAX_TEXT {
        return false;
    }
    list.push(b',');
    list.extend_from_slice(text);
    true
}

impl Known {
    /// The exchange at hand, which begins if there is none.
    pub fn exchange(&mut self, now: Time) -> &mut Exchange {
        if self.exchange.is_none() {
            self.exchanges += 1;
        }
        self.exchange.get_or_insert_with(|| {
            Box::new(Exchange {
                ts: now,
                frontend: None,
                frontend_arg: None,
                backend: None,
                backend_arg: None,
                success: None,
                rows: None,
            })
        })
    }

    pub fn row<'a>(&'a self, exchange: &'a Exchange, flow: &mut Flow) -> PostgresqlRow<'a> {
        PostgresqlRow {
            conn: flow.columns(exchange.ts),
            user: self.user.as_deref(),
            database: self.database.as_deref(),
            application_name: self.application_name.as_deref(),
            frontend: exchange.frontend,
            frontend_arg: exchange.frontend_arg.as_deref(),
            backend: exchange.backend.as_deref(),
            backend_arg: exchange.backend_arg.as_deref(),
            success: exchange.success,
            rows: exchange.rows,
        }
    }
}
