//! What answers from outside: HTTP, and the status socket, on one thread that waits for all who ask at once.
//!
//! Who asks is not trusted. Nobody waits for somebody else who is slow: every connection has its deadlines and
//! little room, and where too many are open, the one that has lasted longest is ended and counted.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, UnixListener, UnixSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::service::health::Latest;
use crate::service::http::{self, Site};
use crate::service::status::{self, Reloaded};

/// What listens, and does not answer yet.
pub struct Server {
    runtime: Runtime,
    http: Option<TcpListener>,
    status: Option<UnixListener>,
}

/// How a reload is asked for; what came of it is sent.
pub type AskReload = Arc<dyn Fn(oneshot::Sender<Reloaded>) + Send + Sync>;

/// Connections served at a time. Each has a descriptor, of which a process often has no more than 1024.
const MAX_HTTP: usize = 256;
const MAX_STATUS: usize = 32;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// After connections cannot be accepted, for want of descriptors for one, it is tried again.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

impl Server {
    /// To be made before privileges are given up; no thread starts here.
    pub fn new() -> io::Result<Server> {
        // Reloads read files, which may take their time, on a thread of their own.
        let runtime =
            Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(1).build()?;
        Ok(Server { runtime, http: None, status: None })
    }

    /// Listens for HTTP; returns the address, with the port that it became.
    pub fn listen_http(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let _inside = self.runtime.enter();
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        self.http = Some(listener);
        Ok(address)
    }

    /// Listens at a Unix socket, made in place of one that a dead sensor left.
    pub fn listen_status(&mut self, path: &Path) -> io::Result<()> {
        let _inside = self.runtime.enter();
        status::make_way(path)?;
        let socket = UnixSocket::new_stream()?;
        socket.bind(path)?;
        self.status = Some(socket.listen(BACKLOG)?);
        status::set_permissions(path)
    }

    /// Answers from now on, if anything listens.
    pub fn serve(self, latest: Latest, reload: AskReload) -> io::Result<()> {
        let Server { runtime, http, status } = self;
        if http.is_none() && status.is_none() {
            return Ok(());
        }
        let serve = move || {
            runtime.block_on(async {
                let cut = Arc::new(AtomicU64::new(0));
                if let Some(listener) = http {
                    let site = Site { latest: latest.clone(), cut: cut.clone() };
                    tokio::spawn(accept_http(listener, site));
                }
                if let Some(listener) = status {
                    tokio::spawn(accept_status(listener, latest, reload));
                }
                // As long as the process.
                std::future::pending::<()>().await;
            });
        };
        thread::Builder::new().name("service".to_owned()).spawn(serve).map(drop)
    }
}

async fn accept_http(listener: TcpListener, site: Site) {
    let mut crowd = Crowd::new(MAX_HTTP, site.cut.clone());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => crowd.admit(http::serve(stream, site.clone())),
            Err(_) => sleep(ACCEPT_AGAIN).await,
        }
    }
}

async fn accept_status(listener: UnixListener, latest: Latest, reload: AskReload) {
    let mut crowd = Crowd::new(MAX_STATUS, Arc::default());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => crowd.admit(status::serve(stream, latest.clone(), reload.clone())),
            Err(_) => sleep(ACCEPT_AGAIN).await,
        }
    }
}

/// The connections being served.
struct Crowd {
    /// The one that has lasted longest first.
    open: VecDeque<AbortHandle>,
    most: usize,
    cut: Arc<AtomicU64>,
}

impl Crowd {
    fn new(most: usize, cut: Arc<AtomicU64>) -> Self {
        Crowd { open: VecDeque::new(), most, cut }
    }

    /// Serves one more. Honest clients are done at once, so where there is no room, it is not one of them that goes.
    fn admit(&mut self, serving: impl Future<Output = ()> + Send + 'static) {
        if self.open.len() >= self.most {
            self.open.retain(|one| !one.is_finished());
        }
        if self.open.len() >= self.most
            && let Some(longest) = self.open.pop_front()
        {
            longest.abort();
            self.cut.fetch_add(1, Ordering::Relaxed);
        }
        self.open.push_back(tokio::spawn(serving).abort_handle());
    }
}

#[cfg(test)]
mod tests;
