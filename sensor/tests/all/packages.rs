//! Packages of scripts, and what is taken over of a Zeek.

use std::path::Path;
use std::process::{Command, Stdio};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    /// What is printed, what is said, and the exit code.
    fn run(&self, args: &[&str]) -> (String, String, i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        command
            .current_dir(self.path())
            .env("NIGHTJAR_PACKAGES", self.path().join("all"))
            .stdin(Stdio::null());
        let run = command.args(args).output().expect("nightjar runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&run.stdout), text(&run.stderr), run.status.code().expect("a code"))
    }
}

#[test]
fn packages_are_installed_loaded_tested_and_removed() {
    let place = Place::new();
    place.write("foo/zkg.meta", "[package]\nscript_dir = scripts\ndepends =\n  zeek >=4.0\ntest_command = test \"$(zeek -e 'print 1;')\" = 1\n");
    place.write("foo/scripts/__load__.zeek", "@load ./more");
    place.write("foo/scripts/more.zeek", "module Foo; export { global x = 3; }");
    place.write("bar/zkg.meta", "[package]\ndepends = https://example.org/someone/foo *\n");
    place.write("bar/__load__.zeek", "event zeek_init() { print \"bar\", Foo::x; }");
    let (_, said, code) = place.run(&["pkg", "install", "bar"]);
    assert!(
        code == 1 && said.contains("it needs https://example.org/someone/foo: install that first"),
        "{said}"
    );
    assert_eq!(place.run(&["pkg", "install", "foo"]).2, 0);
    assert_eq!(place.run(&["pkg", "test", "foo"]).2, 0);
    let (_, said, code) = place.run(&["pkg", "install", "bar"]);
    // Its scripts use what is loaded with all packages.
    assert_eq!((said.contains("unknown identifier Foo::x"), code), (true, 1), "{said}");
    place.write("bar/__load__.zeek", "@load packages/foo\nevent zeek_init() { print \"bar\", Foo::x; }");
    assert_eq!(place.run(&["pkg", "install", "./bar"]).2, 0);
    assert_eq!(place.run(&["-e", "@load packages"]).0, "bar, 3\n");
    let (_, said, code) = place.run(&["pkg", "remove", "foo"]);
    assert!(code == 1 && said.contains("foo is needed by bar"), "{said}");
    assert_eq!(place.run(&["pkg", "list"]).0.lines().count(), 2);
    assert_eq!((place.run(&["pkg", "remove", "bar"]).2, place.run(&["pkg", "remove", "foo"]).2), (0, 0));
    assert_eq!(place.run(&["pkg", "list"]).0, "");
    assert_eq!(place.run(&["-e", "@load packages"]), (String::new(), String::new(), 0));
}

#[test]
fn what_cannot_run_here_is_not_installed() {
    let place = Place::new();
    place.write("plug/zkg.meta", "[package]\nbuild_command = ./configure && make\n");
    place.write("new/zkg.meta", "[package]\ndepends = zeek >=99.1\n");
    place.write("wrong/zkg.meta", "[package]\nscript_dir = ../plug\n");
    place.write("broken/zkg.meta", "[package]\n");
    place.write("broken/__load__.zeek", "redef nope = 1;");
    place.write("none/readme", "");
    for (package, why) in [
        ("plug", "it is a compiled plug-in (build_command = ./configure && make)"),
        ("new", "it needs Zeek >=99.1"),
        ("wrong", "script_dir = ../plug is no folder of the package"),
        ("broken", "its scripts do not compile here"),
        ("none", "it has no zkg.meta"),
        ("nosuch", "neither a folder nor the address of a repository"),
    ] {
        let (_, said, code) = place.run(&["pkg", "install", package]);
        assert!(code == 1 && said.contains(why), "{package}: {said}");
    }
    assert_eq!(place.run(&["pkg", "list"]).0, "");
    let left = std::fs::read_dir(place.path().join("all/sources")).expect("a folder").count();
    assert_eq!(left, 0);
}

#[test]
fn what_becomes_of_a_zeek_is_told_line_by_line() {
    let place = Place::new();
    place.write("local.zeek", "# ours\n@load misc/loaded-scripts\n@load frameworks/management/agent\nredef Site::local_nets += { 10.0.0.0/8 };\nredef nosuch::x = 3;\n");
    place.write("node.cfg", "[manager]\ntype=manager\nhost=localhost\n\n[w1]\ntype=worker\nhost=localhost\ninterface=af_packet::eth0\nlb_procs=4\npin_cpus=2,3,4,5\n[w2]\ntype=worker\nhost=10.0.0.3\ninterface=eth1\n");
    place.write("networks.cfg", "10.0.0.0/8 private\n192.168.1.7\nfoo\n");
    place.write(
        "zeekctl.cfg",
        "LogRotationInterval = 600\nLogExpireInterval = 7 day\nLogDir = /logs\nMailTo = a@b\nOdd = 1\n",
    );
    let (out, _, code) = place.run(&["migrate", "local.zeek", "node.cfg", "networks.cfg", "zeekctl.cfg"]);
    for line in [
        "local.zeek:2: @load misc/loaded-scripts: as it is",
        "local.zeek:3: @load frameworks/management/agent: NOT HERE: frameworks/management/agent is no script that is here",
        "local.zeek:4: redef Site::local_nets += { 10.0.0.0/8 }: as it is",
        "local.zeek:5: redef nosuch::x = 3: NOT HERE: \"redef\" used but not previously defined (nosuch::x)",
        "node.cfg:5: [w1], worker: [[interface]] eth0",
        "node.cfg:11: [w2] on eth1: run a sensor of its own on 10.0.0.3, with this interface",
        "networks.cfg:3: foo: NOT HERE: this is no network",
        "zeekctl.cfg:2: LogExpireInterval = 7 day: logs.keep = \"168 h\"",
        "zeekctl.cfg:5: Odd = 1: NOT HERE: no setting here does this",
    ] {
        assert!(out.lines().any(|told| told == line), "{line}\n{out}");
    }
    assert_eq!(code, 1);
    let made = std::fs::read_to_string(place.path().join("sensor.toml")).expect("a configuration");
    for line in [
        "name = \"eth0\"",
        "workers = 4",
        "cores = [2, 3, 4, 5]",
        "local_networks = [\"10.0.0.0/8\", \"192.168.1.7/32\"]",
        "rotate_every = \"600 s\"",
        "archive = \"/logs\"",
    ] {
        assert!(made.lines().any(|made| made == line), "{line}\n{made}");
    }
    assert!(!made.contains("eth1"));
    // It is not written over.
    assert_eq!(place.run(&["migrate", "networks.cfg"]).2, 2);
    assert_eq!(place.run(&["migrate", "--force", "networks.cfg"]).2, 1);
}
