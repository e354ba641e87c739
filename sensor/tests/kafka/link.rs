//! A link that can be cut, between two network namespaces of its own: no address of this machine is touched.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use nix::sched::{CloneFlags, setns};

/// Where the broker is, as seen through the link.
pub const HERE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// Two namespaces with a link: the sensor's, and one in which connections are passed on to the broker. They are
/// removed when it goes out of scope.
pub struct Link {
    sensor: String,
    broker: String,
}

fn ip(args: &str) -> bool {
    Command::new("ip").args(args.split(' ')).output().is_ok_and(|output| output.status.success())
}

impl Link {
    /// `None` where that is not allowed.
    pub fn new() -> Option<Link> {
        let id = std::process::id();
        let link = Link { sensor: format!("nj{id}s"), broker: format!("nj{id}b") };
        let Link { sensor, broker } = &link;
        let made = [
            format!("netns add {sensor}"),
            format!("netns add {broker}"),
            format!("-n {broker} link add here type veth peer name away netns {sensor}"),
            format!("-n {broker} addr add {HERE}/24 dev here"),
            format!("-n {broker} link set here up"),
            format!("-n {sensor} addr add 10.77.0.2/24 dev away"),
            format!("-n {sensor} link set away up"),
        ]
        .iter()
        .all(|args| ip(args));
        made.then_some(link)
    }

    /// Passes connections on to the same port of this machine.
    pub fn pass_on(&self, port: u16) {
        let path = format!("/run/netns/{}", self.broker);
        // A socket stays in the namespace that its thread was in when it was made.
        let listener = thread::spawn(move || {
            setns(File::open(path).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
            TcpListener::bind((HERE, port)).unwrap()
        });
        let listener = listener.join().unwrap();
        thread::spawn(move || {
            for from in listener.incoming().flatten() {
                let Ok(to) = TcpStream::connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)) else {
                    continue;
                };
                for (mut from, mut to) in
                    [(from.try_clone().unwrap(), to.try_clone().unwrap()), (to.try_clone().unwrap(), from)]
                {
                    thread::spawn(move || {
                        let _ = copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
    }

    /// A command that runs at the other end.
    pub fn inside(&self, program: &str) -> Command {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.sensor, program]);
        inside
    }

    pub fn cut(&self) {
        assert!(ip(&format!("-n {} link set here down", self.broker)));
    }

    pub fn mend(&self) {
        assert!(ip(&format!("-n {} link set here up", self.broker)));
    }
}

fn copy(from: &mut TcpStream, to: &mut TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            length => to.write_all(&buffer[..length])?,
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for namespace in [&self.sensor, &self.broker] {
            ip(&format!("netns del {namespace}"));
        }
    }
}
