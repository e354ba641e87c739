//! Two network namespaces joined by a veth pair, and what runs in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// One test at a time: they measure time.
static ONE: Mutex<()> = Mutex::new(());
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A client with `vc` (10.9.0.1) and a server with `vs` (10.9.0.2), where the sensor listens.
pub struct Net {
    client: String,
    server: String,
    pub folder: tempfile::TempDir,
    children: Vec<Child>,
    _one: MutexGuard<'static, ()>,
}

/// None, and why, where the tests cannot be run.
pub fn net() -> Option<Net> {
    if !nix::unistd::Uid::effective().is_root() {
        eprintln!("skipped: network namespaces need root");
        return None;
    }
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let name = |side| format!("nj{}-{}{side}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let net = Net {
        client: name("c"),
        server: name("s"),
        folder: tempfile::tempdir().unwrap(),
        children: Vec::new(),
        _one: one,
    };
    let made = Command::new("ip").args(["netns", "add", &net.client]).output();
    if !made.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: root may make no network namespaces here");
        return None;
    }
    run("ip", &["netns", "add", &net.server]);
    for space in [&net.client, &net.server] {
        // Neighbour discovery comes when it likes.
        let off = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6";
        run("ip", &["netns", "exec", space, "sh", "-c", off]);
        run("ip", &["-n", space, "link", "set", "lo", "up"]);
    }
    net.add_link();
    Some(net)
}

fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Net {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The pair that joins them, anew where it was removed.
    pub fn add_link(&self) {
        let pair =
            ["link", "add", "vc", "netns", &self.client, "type", "veth", "peer", "name", "vs", "netns"];
        run("ip", &[&pair[..], &[&self.server]].concat());
        let ends = [(&self.client, "vc", "10.9.0.1"), (&self.server, "vs", "10.9.0.2")];
        for (space, interface, address) in ends {
            run("ip", &["-n", space, "addr", "add", &format!("{address}/24"), "dev", interface]);
            run("ip", &["-n", space, "link", "set", interface, "up"]);
        }
    }

    fn within(space: &str, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", space, program]).args(args);
        command
    }

    pub fn on_client(&self, program: &str, args: &[&str]) -> Command {
        Net::within(&self.client, program, args)
    }

    pub fn on_server(&self, program: &str, args: &[&str]) -> Command {
        Net::within(&self.server, program, args)
    }

    pub fn client_does(&self, program: &str, args: &[&str]) -> String {
        let output = self.on_client(program, args).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn server_does(&self, program: &str, args: &[&str]) {
        let output = self.on_server(program, args).output().unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Does something in a thread whose network is the server's.
    pub fn as_server<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let space = fs::File::open(Path::new("/run/netns").join(&self.server)).unwrap();
        thread::scope(|scope| {
            let acting = scope.spawn(|| {
                nix::sched::setns(space, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
                act()
            });
            acting.join().unwrap()
        })
    }

    /// Moves an interface from the client to the server.
    pub fn give_to_server(&self, interface: &str) {
        self.client_does("ip", &["link", "set", interface, "netns", &self.server]);
    }

    /// Starts something on the server that ends with the test.
    pub fn serve(&mut self, program: &str, args: &[&str]) {
        let child =
            self.on_server(program, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.children.push(child);
    }

    /// Starts something on the client that ends with the test.
    pub fn ask(&mut self, program: &str, args: &[&str]) {
        let child =
            self.on_client(program, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.children.push(child);
    }

    /// An nginx with a few files, and an unbound that knows a few names.
    pub fn start_servers(&mut self) {
        let www = self.path("www");
        fs::create_dir_all(&www).unwrap();
        fs::write(www.join("small.html"), "<html><body>hello</body></html>\n").unwrap();
        fs::write(www.join("large.bin"), vec![7; 300_000]).unwrap();
        let folder = self.folder.path().display();
        let nginx = format!(
            "daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err; user root; worker_processes 1;\n\
             events {{}}\nhttp {{ access_log off; types {{ text/html html; }} client_body_temp_path {folder}/b;\n\
             proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;\n\
             scgi_temp_path {folder}/s; server {{ listen 80; root {folder}/www; }} }}\n"
        );
        fs::write(self.path("nginx.conf"), nginx).unwrap();
        let unbound = format!(
            "server:\n interface: 10.9.0.2\n access-control: 10.0.0.0/8 allow\n do-daemonize: no\n username: \"\"\n\
             chroot: \"\"\n directory: \"{folder}\"\n pidfile: \"{folder}/unbound.pid\"\n use-syslog: no\n\
             logfile: \"{folder}/unbound.log\"\n local-zone: \"example.test.\" static\n\
             local-data: \"www.example.test. 300 A 192.0.2.7\"\n local-data: \"www.example.test. 300 AAAA \
             2001:db8::7\"\n local-data: \"example.test. 300 MX 10 mail.example.test.\"\n"
        );
        fs::write(self.path("unbound.conf"), unbound).unwrap();
        let (nginx, unbound) = (self.path("nginx.conf"), self.path("unbound.conf"));
        self.serve("nginx", &["-e", "stderr", "-c", nginx.to_str().unwrap()]);
        self.serve("unbound", &["-c", unbound.to_str().unwrap()]);
        let web = || self.on_client("curl", &["-s", "-m", "1", "http://10.9.0.2/small.html"]);
        until("nginx answers", || web().output().is_ok_and(|output| output.status.success()));
        let dns = || self.on_client("dig", &["+time=1", "+tries=1", "@10.9.0.2", "www.example.test"]);
        until("unbound answers", || dns().output().is_ok_and(|output| output.status.success()));
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for child in &mut self.children {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
        for space in [&self.client, &self.server] {
            // nginx has children of its own.
            let pids = Command::new("ip").args(["netns", "pids", space]).output();
            for pid in String::from_utf8_lossy(&pids.map(|output| output.stdout).unwrap_or_default()).lines()
            {
                let _ = Command::new("kill").args(["-9", pid]).output();
            }
            let _ = Command::new("ip").args(["netns", "del", space]).output();
        }
    }
}

/// Waits for something to come true.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < give_up, "waited too long until {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// How many packets tcpreplay says that it has sent.
pub fn packets_sent(told: &str) -> u64 {
    assert!(told.contains("Failed packets:            0\n"), "{told}");
    let line = told.lines().find_map(|line| line.trim().strip_prefix("Successful packets:"));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or_else(|| panic!("{told}"))
}

/// tcpdump, on the server's interface if none is said.
pub struct Tcpdump(Child);

impl Tcpdump {
    pub fn start(net: &Net, file: &Path) -> Tcpdump {
        Tcpdump::run(net, &net.server, "vs", file)
    }

    pub fn at_client(net: &Net, interface: &str, file: &Path) -> Tcpdump {
        Tcpdump::run(net, &net.client, interface, file)
    }

    fn run(net: &Net, space: &str, interface: &str, file: &Path) -> Tcpdump {
        let told = net.path("tcpdump.err");
        // In this mode its buffer holds few packets: each has room for the longest.
        let mode = ["-s", "0", "--immediate-mode", "-B", "131072", "-U"];
        let args = [&["-i", interface][..], &mode, &["-w", file.to_str().unwrap()]].concat();
        let stderr = fs::File::create(&told).unwrap();
        let child = Net::within(space, "tcpdump", &args).stderr(stderr).spawn().unwrap();
        until("tcpdump listens", || fs::read_to_string(&told).unwrap().contains("listening on"));
        Tcpdump(child)
    }

    pub fn stop(mut self) {
        signal(&self.0, "TERM");
        assert!(self.0.wait().unwrap().success());
    }
}

pub fn signal(child: &Child, signal: &str) {
    run("kill", &[&format!("-{signal}"), &child.id().to_string()]);
}
