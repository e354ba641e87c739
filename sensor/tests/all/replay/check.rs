//! `nightjar check --config`: all that is wrong at once, with file and line.

use std::process::Command;

use super::nightjar;

fn check(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a-file"), "").unwrap();
    std::fs::create_dir(folder.path().join("closed")).unwrap();
    let closed = Command::new("chmod").arg("0755").arg(folder.path().join("closed")).status().unwrap();
    assert!(closed.success());
    std::fs::write(folder.path().join("sensor.toml"), text).unwrap();
    let output =
        nightjar(folder.path()).args(["check", "--offline", "--config", "sensor.toml"]).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

#[test]
fn a_configuration_that_would_not_start_is_told_of_whole() {
    let text = "[[interface]]\nname = \"lo\"\nfilter = \"tcp prt 80\"\n\
                [[interface]]\nname = \"not-there\"\nfilter = \"udp port 53\"\n\
                [logs]\nfolder = \"a-file/logs\"\narchive = \"a-file\"\nrotate_every = \"0 parsecs\"\n\
                [service]\nstatus_socket = \"a-file/x/status.sock\"\n";
    let (code, told) = check(text);
    assert_eq!(code, Some(2), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    let expected = [
        "sensor.toml:3:10: filter does not compile: ",
        "sensor.toml:8:10: folder a-file/logs cannot be made: ./a-file is no folder",
        "sensor.toml:9:11: archive a-file is no folder",
        "sensor.toml:10:16: rotate_every is a time with its unit",
        "sensor.toml:12:17: status_socket a-file/x cannot be made: ./a-file is no folder",
    ];
    assert_eq!(lines.len(), expected.len(), "{told}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{told}");
    }
    let (code, told) = check("[[interface]]\nname = \"lo\"\n[service]\nuser = \"no-such-user\"\n");
    assert_eq!((code, &told[..]), (Some(2), "sensor.toml:4:8: there is no user 'no-such-user'\n"));
}

#[test]
fn options_that_choose_packets_have_to_compile() {
    let (code, told) = check("[options]\nrestrict_filters = { a = \"tcp prt 80\" }\n");
    let expected = "sensor.toml:2:20: filter ((tcp prt 80)) does not compile: ";
    assert!(code == Some(2) && told.starts_with(expected), "{told}");
    let (code, told) = check("[options]\nrestrict_filters = { a = \"tcp port 80\" }\n");
    assert_eq!((code, &told[..]), (Some(0), "sensor.toml: read; 0 interfaces\n"));
}

#[test]
fn folders_are_looked_at_for_the_user_who_will_write_there() {
    let of = |user: &str, folder: &str| {
        check(&format!(
            "[[interface]]\nname = \"lo\"\n[logs]\nfolder = \"{folder}\"\n[service]\nuser = \"{user}\"\nstatus_socket = \"\"\n"
        ))
    };
    let (code, told) = of("nobody", "closed");
    assert_eq!(
        (code, &told[..]),
        (Some(2), "sensor.toml:4:10: folder closed cannot be written by user 'nobody'\n")
    );
    for folder in ["/proc/logs", "/sys/kernel"] {
        let (code, told) = of("root", folder);
        assert_eq!(
            (code, told.contains("lies where the kernel shows its own files")),
            (Some(2), true),
            "{told}"
        );
    }
    // One that is not there is made, and theirs.
    let (code, told) = of("nobody", "closed/logs");
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = check("[[interface]]\nname = \"lo\"\nfilter = \"udp\"\n[logs]\nfolder = \"closed\"\n");
    assert_eq!(code, Some(0), "{told}");
}
