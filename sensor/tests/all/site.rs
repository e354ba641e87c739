//! `local`, as Zeek's users type it: what ships, or what the site has instead.

use std::process::Command;

use crate::detect::each::detect;
use crate::replay::capture;

#[test]
fn local_loads_what_ships_and_writes_the_same_for_any_number_of_workers() {
    for name in ["http", "dns", "ssh", "tls", "detect-errors"] {
        let run = detect("../misc/loaded-scripts", name, &["local"]);
        let scripts = run.rows("loaded_scripts");
        assert!(scripts.iter().any(|row| row["name"].ends_with("policy/misc/scan.zeek")), "{name}");
    }
}

#[test]
fn a_sites_own_local_is_loaded_instead() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("local.zeek"), "event zeek_init() { print \"ours\"; }")
        .expect("written");
    let nightjar = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nightjar"));
        let run =
            command.current_dir(folder.path()).args(["--quiet", "-C", "-r"]).arg(capture("tcp")).args(args);
        String::from_utf8(run.output().expect("nightjar runs").stdout).expect("text")
    };
    assert_eq!(nightjar(&["local"]), "ours\n");
    std::fs::remove_file(folder.path().join("local.zeek")).expect("removed");
    assert_eq!(nightjar(&["local"]), "");
    assert!(folder.path().join("loaded_scripts.log").exists());
}
