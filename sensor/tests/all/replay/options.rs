//! Options: a script, the command line, the configuration file and a change at run time set the same thing, and scripts
//! and the engine see the same.

use std::collections::BTreeMap;
use std::path::Path;

use nightjar::config::Config;
use nightjar::config::options::{Form, Kind, OptionDef, Role, Value, all};
use nightjar::script_host::Scripts;
use nightjar::service::settings::Sensor;
use nightjar::time::Interval;
use nightjar_script::{ScriptOptions, StdHost};

use super::{capture, complaint, logs, nightjar};

fn default_of(option: &OptionDef) -> Option<Value> {
    match option.role {
        Role::Engine { get, .. } => Some(get(&Config::default())),
        Role::Scripts { .. } if option.ty == "interval" => Some(Value::Interval(Interval::ZERO)),
        Role::Scripts { .. } | Role::Ignored { .. } => None,
    }
}

/// Another value than the default: as a script writes it, as it calls a function with it, and as the file has it.
struct Other {
    literal: String,
    argument: String,
    file: Option<String>,
}

/// A value that is not the default of an option that is one of several names.
fn other_name(option: &OptionDef) -> &'static str {
    if option.ty == "Host" { "NO_HOSTS" } else { "JSON::TS_MILLIS" }
}

fn other(option: &OptionDef) -> Other {
    let seconds = |value: f64| format!("{value} s");
    let (literal, argument, file) = match default_of(option).unwrap() {
        Value::Bool(on) => {
            let literal = if on { "F" } else { "T" };
            (literal.to_owned(), literal.to_owned(), (!on).to_string())
        }
        Value::Int(n) => ((n + 1).to_string(), (n + 1).to_string(), (n + 1).to_string()),
        Value::Count(n) => ((n + 1).to_string(), (n + 1).to_string(), (n + 1).to_string()),
        Value::Double(d) => {
            let d = if d < 1.0 { 0.25 } else { d / 2.0 };
            (format!("{d:?}"), format!("{d:?}"), d.to_string())
        }
        Value::Interval(time) => {
            let time = time.as_secs_f64() + 1.0;
            (format!("{time} secs"), format!("{time} secs"), format!("\"{}\"", seconds(time)))
        }
        // What is to be read has to be there.
        Value::Text(_) if option.name.ends_with("_file") => {
            ("\"/dev/null\"".to_owned(), "\"/dev/null\"".to_owned(), "\"/dev/null\"".to_owned())
        }
        Value::Text(_) => ("\"tcp\"".to_owned(), "\"tcp\"".to_owned(), "\"tcp\"".to_owned()),
        Value::Enum(_) => {
            let name = other_name(option);
            (name.to_owned(), name.to_owned(), String::new())
        }
        Value::Nets(_) => (
            "{198.51.100.0/24}".to_owned(),
            "set(198.51.100.0/24)".to_owned(),
            "[\"198.51.100.0/24\"]".to_owned(),
        ),
        Value::Ports(_) => ("{7/tcp}".to_owned(), "set(7/tcp)".to_owned(), "[\"7/tcp\"]".to_owned()),
        Value::PortTimes(_) => {
            ("{[7/tcp] = 7 secs}".to_owned(), "table([7/tcp] = 7 secs)".to_owned(), String::new())
        }
        Value::Texts(_) => ("{\"md5\"}".to_owned(), "set(\"md5\")".to_owned(), "[\"md5\"]".to_owned()),
        Value::Enums(_) => {
            let name = "SMB::FILE_READ";
            (format!("{{{name}}}"), format!("set({name})"), format!("[{name:?}]"))
        }
        Value::Table(_) => {
            ("{[\"a\"] = \"tcp\"}".to_owned(), "table([\"a\"] = \"tcp\")".to_owned(), String::new())
        }
        Value::Sets(_) => (
            "{[\"a\"] = set(\"tcp\")}".to_owned(),
            "table([\"a\"] = set(\"tcp\"))".to_owned(),
            "{ a = [\"tcp\"] }".to_owned(),
        ),
    };
    let file = option.key.map(|key| match key.form {
        Form::Plain | Form::Number(..) | Form::Percent => file.clone(),
        Form::Size(_) => format!("\"{file} B\""),
        Form::Share => (file.parse::<f64>().unwrap() * 100.0).to_string(),
        Form::Words(words) => {
            format!("\"{}\"", words.iter().find(|(_, value)| *value == literal).unwrap().0)
        }
    });
    Other { literal, argument, file }
}

/// Each option of the engine with another value, in a file.
fn file() -> String {
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    for option in all() {
        if let Some(key) = option.key {
            let value = other(option).file.unwrap();
            sections.entry(key.section).or_default().push_str(&format!("{} = {value}\n", key.name));
        }
    }
    sections.iter().map(|(name, keys)| format!("[{name}]\n{keys}")).collect()
}

/// The same, each by its name.
fn file_by_name() -> String {
    let value = |option: &OptionDef| match default_of(option).unwrap() {
        Value::Enum(_) => format!("{:?}", other_name(option)),
        Value::PortTimes(_) => "{ \"7/tcp\" = \"7 s\" }".to_owned(),
        Value::Table(_) => "{ a = \"tcp\" }".to_owned(),
        Value::Sets(_) => "{ a = [\"tcp\"] }".to_owned(),
        Value::Bool(on) => (!on).to_string(),
        Value::Count(n) => (n + 1).to_string(),
        Value::Double(_) => other(option).literal,
        Value::Interval(time) => format!("\"{} s\"", time.as_secs_f64() + 1.0),
        Value::Int(_) | Value::Text(_) => other(option).literal,
        Value::Nets(_) => "[\"198.51.100.0/24\"]".to_owned(),
        Value::Ports(_) => "[\"7/tcp\"]".to_owned(),
        Value::Texts(_) => "[\"md5\"]".to_owned(),
        Value::Enums(_) => "[\"SMB::FILE_READ\"]".to_owned(),
    };
    let lines = of_engine().map(|option| format!("\"{}\" = {}\n", option.name, value(option)));
    format!("[options]\n{}", lines.collect::<String>())
}

fn of_engine() -> impl Iterator<Item = &'static OptionDef> {
    all().filter(|option| matches!(option.role, Role::Engine { .. }))
}

/// What the engine has, and what a script sees of each option.
type Seen = BTreeMap<&'static str, (String, String)>;

/// With these settings of a file, scripts and command line.
fn seen(settings: Vec<String>, code: &str, overrides: Vec<String>) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let prints: String =
        of_engine().map(|option| format!("print out, \"{0}\"; print out, {0};", option.name)).collect();
    let output = folder.path().join("seen");
    let script = format!(
        "{code}\nevent zeek_init() &priority=-20 {{ local out = open(\"{}\"); {prints} close(out); }}",
        output.display()
    );
    let host = StdHost::default();
    let options = ScriptOptions { code: vec![script], settings, overrides, ..ScriptOptions::default() };
    let mut scripts = Scripts::compile(host, &options).expect("it compiles");
    let config = scripts.begin(Config::default(), false);
    let text = std::fs::read_to_string(output).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let value = |name: &str| {
        let at =
            lines.iter().position(|line| *line == name).unwrap_or_else(|| panic!("{name} is not printed"));
        // Sets print over several lines, in an order of their own.
        let until = lines[at + 1..].iter().position(|line| all().any(|option| option.name == *line));
        let mut value = lines[at + 1..at + 1 + until.unwrap_or(lines.len() - at - 1)].to_vec();
        value.iter_mut().for_each(|line| *line = line.trim_end_matches(','));
        value.sort_unstable();
        value.join(" ")
    };
    let engine = |option: &OptionDef| match option.role {
        Role::Engine { get, .. } => get(&config).literal(),
        _ => String::new(),
    };
    of_engine().map(|option| (option.name, (engine(option), value(option.name)))).collect()
}

#[test]
fn every_option_has_the_same_value_through_each_door() {
    let defaults = seen(Vec::new(), "", Vec::new());
    let words = |option: &OptionDef| format!("{}={}", option.name, other(option).literal);
    let redefs: String = of_engine().map(|option| format!("redef {};\n", words(option))).collect();
    let by_script = seen(Vec::new(), &redefs, Vec::new());
    let by_command_line = seen(Vec::new(), "", of_engine().map(words).collect());
    let sensor = Sensor::parse(&file()).unwrap_or_else(|wrong| panic!("{wrong:?}\n{}", file()));
    let by_file = seen(Scripts::settings_of(&sensor.given), "", Vec::new());
    let sensor_by_name = Sensor::parse(&file_by_name()).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let by_name = seen(Scripts::settings_of(&sensor_by_name.given), "", Vec::new());
    let changes: String = of_engine()
        .filter(|option| option.kind == Kind::Option)
        .map(|option| format!("Config::set_value(\"{}\", {});\n", option.name, other(option).argument))
        .collect();
    let at_run_time = seen(Vec::new(), &format!("event zeek_init() {{ {changes} }}"), Vec::new());
    for option in of_engine() {
        let name = option.name;
        let expected = &by_script[name];
        assert_ne!(*expected, defaults[name], "redef {name} does nothing");
        assert_ne!(expected.0, defaults[name].0, "the engine does not obey redef {name}");
        assert_ne!(expected.1, defaults[name].1, "scripts do not see redef {name}");
        assert_eq!(by_command_line[name], *expected, "{name} on the command line");
        // Private address space is part of it, which is another one here.
        let alone = !name.starts_with("Site::");
        if let Some(key) = option.key {
            let doors = [&by_file[name].0, &by_file[name].1, &expected.0, &expected.1];
            if alone {
                assert_eq!(by_file[name], *expected, "{}.{} in the file", key.section, key.name);
            } else {
                assert!(doors[0] != &defaults[name].0 && doors[1] != &defaults[name].1, "{name} in the file");
            }
        }
        if alone {
            assert_eq!(by_name[name], *expected, "{name} by its name in the file");
        }
        if option.kind == Kind::Option {
            if alone {
                assert_eq!(at_run_time[name], *expected, "{name} at run time");
            } else {
                assert!(at_run_time[name].0.contains("198.51.100.0/24"), "{name} at run time");
            }
        }
    }
    // What the file says without scripts is what it says with them.
    for option in of_engine().filter(|option| option.key.is_some() && !option.name.starts_with("Site::")) {
        let Role::Engine { get, .. } = option.role else { continue };
        assert_eq!(get(&sensor.config).literal(), by_file[option.name].0, "{}", option.name);
    }
}

#[test]
fn options_that_cannot_be_are_told_with_their_line() {
    let wrong = |text: &str| {
        let problems = Sensor::parse(text).err().unwrap_or_default();
        problems.iter().map(|p| format!("{}: {}", p.line, p.message)).collect::<Vec<_>>().join("\n")
    };
    for (text, told) in [
        (
            "[options]\n\"HTTP::http_metods\" = [\"GET\"]\n",
            "2: there is no option 'HTTP::http_metods'; did you mean",
        ),
        ("[options]\n\"frob nicate\" = 7\n", "2: there is no option 'frob nicate'; docs/options.md"),
        (
            "[options]\n\"Notice::mail_dest\" = { a = 1 }\n",
            "2: Notice::mail_dest is text as on the command line, or a list of such, not table",
        ),
        ("[options]\nskip_http_data = true\n", "2: skip_http_data cannot be obeyed: "),
        ("[options]\ndpd_buffer_size = \"much\"\n", "2: dpd_buffer_size is a whole number"),
        (
            "[options]\n\"Conn::port_inactivity_timeouts\" = 7\n",
            "2: Conn::port_inactivity_timeouts is a table such as",
        ),
        (
            "[analysis]\nignore_checksums = true\n[options]\nignore_checksums = false\n",
            "4: ignore_checksums is set as analysis.ignore_checksums too",
        ),
    ] {
        assert!(wrong(text).starts_with(told), "{text}: {}", wrong(text));
    }
    assert_eq!(wrong("[options]\nskip_http_data = false\n\"Pcap::bufsize\" = 7\n"), "");
}

#[test]
fn how_often_logs_are_rotated_is_one_setting() {
    let every = |file: Option<&str>, code: &[&str], words: &[&str]| {
        let given = file.map(|text| Sensor::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}")).given);
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let settings = Scripts::settings_of(&given.unwrap_or_default());
        let options = ScriptOptions {
            code: owned(code),
            overrides: owned(words),
            settings,
            ..ScriptOptions::default()
        };
        let mut scripts = Scripts::compile(StdHost::default(), &options).expect("it compiles");
        let config = scripts.begin(Config::default(), false);
        (config.rotate_every.as_secs_f64(), config.rotate_from.as_secs_f64())
    };
    let (file, redef) =
        ("[logs]\nrotate_every = \"7 min\"\n", "redef Log::default_rotation_interval = 8min;");
    assert_eq!(every(None, &[], &[]), (0.0, 0.0));
    assert_eq!(every(Some(""), &[], &[]), (3600.0, 0.0));
    assert_eq!(every(Some(file), &[], &[]), (420.0, 0.0));
    assert_eq!(every(Some(file), &[redef], &[]), (480.0, 0.0));
    let words = ["Log::default_rotation_interval=9min", "log_rotate_base_time=00:30"];
    assert_eq!(every(Some(file), &[redef], &words), (540.0, 1800.0));
}

/// Runs a replay with these arguments, and gives what was said and the logs.
fn replay(args: &[&str], script: &str, config: &str) -> (String, String, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.zeek"), script).unwrap();
    std::fs::write(folder.path().join("c.toml"), config).unwrap();
    let output = nightjar(folder.path()).arg("--quiet").args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", complaint(&output));
    (String::from_utf8(output.stdout.clone()).unwrap(), complaint(&output), logs(folder.path()))
}

fn tcp() -> String {
    capture("tcp").to_str().unwrap().to_owned()
}

#[test]
fn the_command_line_counts_before_scripts_and_scripts_before_the_file() {
    let config =
        "[timeouts]\ntcp_inactivity = \"7 min\"\nudp_inactivity = \"7 min\"\nicmp_inactivity = \"7 min\"\n";
    let script = "redef udp_inactivity_timeout = 8 min; redef icmp_inactivity_timeout = 8 min;
                  event zeek_init() { print tcp_inactivity_timeout, udp_inactivity_timeout, icmp_inactivity_timeout; }";
    let tcp = tcp();
    let args = ["-r", &tcp, "icmp_inactivity_timeout=9min", "s.zeek", "--config", "c.toml"];
    assert_eq!(replay(&args, script, config).0, "7.0 mins, 8.0 mins, 9.0 mins\n");
}

#[test]
fn options_that_scripts_declare_are_set_in_the_file_too() {
    let config = "[options]\n\"Notice::mail_dest\" = \"ops@example.com\"\n\"SSH::guessing_timeout\" = \"10min\"\n\
                  \"Notice::ignored_types\" = [\"Weird::Activity\"]\n\"Weird::sampling_whitelist\" = [\"a_b\", \"c\"]\n\
                  \"SSH::password_guesses_limit\" = 7.5\npeer_description = \"nest\"\n\"Weird::sampling_rate\" = 7\n\
                  \"Notice::force_email_summaries\" = true\n";
    let script = "@load protocols/ssh/detect-bruteforcing
        redef SSH::guessing_timeout = 11min;
        event zeek_init() { print Notice::mail_dest, SSH::guessing_timeout, Weird::Activity in Notice::ignored_types,
            Weird::sampling_whitelist == set(\"a_b\", \"c\"), SSH::password_guesses_limit, peer_description,
            Weird::sampling_rate, Notice::force_email_summaries; }";
    let tcp = tcp();
    let args = ["-r", &tcp, "Weird::sampling_rate=9", "s.zeek", "--config", "c.toml"];
    let (printed, said, _) = replay(&args, script, config);
    assert_eq!(printed, "ops@example.com, 11.0 mins, T, T, 7.5, nest, 9, T\n", "{said}");
    // Where no script is loaded that declares it, or with another type, nothing runs.
    for (config, told) in [
        ("[options]\n\"SSH::guessing_timeout\" = \"10min\"\n", "sets SSH::guessing_timeout, which no script"),
        ("[options]\nfrobnicate = 7\n", "sets frobnicate, which no script"),
        ("[options]\n\"Weird::sampling_rate\" = \"much\"\n", "much"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("c.toml"), config).unwrap();
        let output =
            nightjar(folder.path()).args(["--quiet", "-r", &tcp, "--config", "c.toml"]).output().unwrap();
        assert!(!output.status.success() && complaint(&output).contains(told), "{}", complaint(&output));
        let check = std::process::Command::new(env!("CARGO_BIN_EXE_nightjar"))
            .current_dir(folder.path())
            .args(["check", "--config", "c.toml"])
            .output()
            .unwrap();
        assert!(!check.status.success() && complaint(&check).contains(told), "{}", complaint(&check));
        assert!(!String::from_utf8_lossy(&check.stdout).contains(": read;"), "{check:?}");
    }
}

#[test]
fn the_order_of_options_changes_nothing_and_blanks_are_allowed() {
    let script = "event zeek_init() { print Site::is_local_addr(8.8.8.8), Site::is_local_addr(9.9.9.9),
                      Site::is_local_addr(7.7.7.7), Site::private_address_space_is_local; }";
    let words = [
        "Site::local_nets += { 8.0.0.0/8 }",
        "Site::local_nets={9.0.0.0/8,7.0.0.0/8}",
        " Site::local_nets -= { 7.0.0.0/8 }",
        "Site::private_address_space_is_local = F",
    ];
    let tcp = tcp();
    for turn in 0..words.len() {
        let mut turned = words.to_vec();
        turned.rotate_left(turn);
        turned.insert(turn, "s.zeek");
        let args = [&["-r", &tcp][..], &turned].concat();
        let (out, said, _) = replay(&args, script, "");
        assert_eq!((&out[..], &said[..]), ("T, T, F, F\n", ""), "{turned:?}");
    }
}

#[test]
fn logs_are_written_as_any_door_says() {
    let tcp = tcp();
    let script = "redef LogAscii::unset_field = \"NULL\"; redef LogAscii::include_meta = F;";
    let json = "redef LogAscii::use_json = T;";
    for (args, script, config) in [
        (&["LogAscii::use_json=T"][..], "", ""),
        (&["s.zeek"], json, ""),
        (&["policy/tuning/json-logs"], "", ""),
        (&["--config", "c.toml"], "", "[logs]\nformat = \"json\"\n"),
        (&["--config", "c.toml", "s.zeek"], "event zeek_init() { }", "[logs]\nformat = \"json\"\n"),
    ] {
        let (_, said, logs) = replay(&[&["-r", &tcp], args].concat(), script, config);
        assert!(logs["conn"].lines().all(|line| line.starts_with("{\"ts\":")), "{args:?}: {}", logs["conn"]);
        assert_eq!(said, "", "{args:?}");
    }
    for (args, script) in
        [(&["s.zeek"][..], script), (&["LogAscii::unset_field=NULL", "LogAscii::include_meta=F"], "")]
    {
        let (_, _, logs) = replay(&[&["-r", &tcp], args].concat(), script, "");
        let rows: Vec<&str> = logs["conn"].lines().collect();
        assert!(rows.len() == 7 && rows.iter().all(|row| row.ends_with("\tNULL")), "{args:?}: {rows:?}");
    }
}

#[test]
fn a_filter_that_scripts_get_names_its_path() {
    let script = "event zeek_init() &priority=-10 {
                      local f = Log::get_filter(Conn::LOG, \"default\");
                      print f?$path, f?$path_func, f$path;
                      f$name = \"more\"; f$path = cat(f$path, \"-more\");
                      Log::add_filter(Conn::LOG, f); }";
    let (out, said, logs) = replay(&["-r", &tcp(), "s.zeek"], script, "");
    assert_eq!((&out[..], &said[..]), ("T, F, conn\n", ""));
    assert_eq!(logs["conn"].lines().count(), logs["conn-more"].lines().count());
}

#[test]
fn packet_filters_of_scripts_choose_packets() {
    let dns = capture("dns").to_str().unwrap().to_owned();
    let rows = |args: &[&str], script: &str| {
        let (_, _, logs) = replay(&[&["-r", &dns], args].concat(), script, "");
        let conn = logs.get("conn").map_or("", |log| log);
        let rows = conn.lines().filter(|line| !line.starts_with('#'));
        rows.map(|row| row.split('\t').nth(6).unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let all = rows(&[], "");
    assert!(all.contains("udp") && all.contains("tcp"), "{all}");
    assert_eq!(rows(&["s.zeek"], "redef restrict_filters += { [\"a\"] = \"tcp\" };"), "tcp tcp tcp");
    assert_eq!(
        rows(&["s.zeek"], "redef capture_filters = { [\"a\"] = \"tcp\", [\"b\"] = \"icmp\" };"),
        "tcp tcp tcp icmp"
    );
    assert_eq!(rows(&["PacketFilter::default_capture_filter=tcp"], ""), "tcp tcp tcp");
    assert_eq!(
        rows(
            &["PacketFilter::unrestricted_filter=udp", "s.zeek"],
            "redef restrict_filters += { [\"a\"] = \"tcp\" };"
        ),
        all.trim_end_matches(" icmp")
    );
    // As in Zeek, -f takes the place of all of them.
    assert_eq!(rows(&["-f", "ip", "s.zeek"], "redef restrict_filters += { [\"a\"] = \"tcp\" };"), all);
}

#[test]
fn a_change_at_run_time_holds_from_the_next_packet_on_for_any_number_of_workers() {
    // Of seven connections, one after the other, some are over before the third begins.
    let script = "global n = 0;
                  event new_connection(c: connection) {
                      if ( ++n == 3 ) Config::set_value(\"Site::local_nets\", set(10.98.0.2/32)); }
                  event zeek_done() { print n; }
                  redef Site::private_address_space_is_local = F;";
    let local = |workers: &str| {
        let args = ["-r", &tcp(), "--workers", workers, "tcp_close_delay=10msec", "s.zeek"];
        let (out, said, logs) = replay(&args, script, "");
        assert_eq!((&out[..], &said[..]), ("7\n", ""));
        logs["conn"].clone()
    };
    let one = local("1");
    let known: Vec<bool> = one
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|row| row.split('\t').nth(13).unwrap() != "-")
        .collect();
    assert!(known.contains(&true) && known.contains(&false), "{one}");
    assert_eq!(one, local("4"));
}

#[test]
fn what_changes_nothing_is_said_once_and_ends_nothing() {
    let script = "redef tcp_match_undelivered = F;
                  redef tcp_content_deliver_all_orig = F;
                  redef table_expire_delay = 1sec;
                  redef capture_filters = { };
                  @load misc/stats
                  event zeek_init() { print tcp_match_undelivered, dpd_buffer_size; }";
    let (out, said, _) = replay(&["-r", &tcp(), "s.zeek", "Pcap::bufsize=100"], script, "");
    assert_eq!(out, "F, 1024\n");
    for told in [
        "tcp_match_undelivered has no effect: content shows",
        "table_expire_delay has no effect: this engine works otherwise",
        "misc/stats loads nothing: a sensor writes its log by itself",
        "Pcap::bufsize has no effect",
    ] {
        assert_eq!(said.matches(told).count(), 1, "{told}: {said}");
    }
    // What is as it was need not be told of.
    assert!(!said.contains("tcp_content_deliver_all_orig") && said.lines().count() == 4, "{said}");
}

#[test]
fn values_that_cannot_be_are_errors() {
    let tcp = tcp();
    for (args, script, code, told) in [
        (&["tcp_SYN_timeout=0sec"][..], "", 2, "tcp_SYN_timeout is more than 0"),
        (&["udp_inactivity_timeout=-1sec"], "", 2, "udp_inactivity_timeout is not negative"),
        (&["Files::hash={md5,sha3}"], "", 2, "'sha3', which is none of"),
        (&["ignore_checksums=T", "ignore_checksums=F"], "", 2, "ignore_checksums is set twice"),
        (&["s.zeek"], "redef tcp_SYN_timeout = 0 sec;", 1, "tcp_SYN_timeout is more than 0"),
        (&["s.zeek"], "redef ignore_checksums = 7;", 1, "type clash"),
        (&["s.zeek"], "redef tcp_inactivty_timeout = 7 sec;", 1, "tcp_inactivty_timeout"),
        (&["s.zeek"], "redef signature_files += \"mine.sig\";", 1, "failed to find file associated with"),
        (&["s.zeek"], "redef skip_http_data = T;", 1, "skip_http_data cannot be obeyed"),
        (&["skip_http_data=T"], "", 2, "skip_http_data cannot be obeyed"),
        (&["Pcap::snaplen=100"], "", 2, "Pcap::snaplen cannot be obeyed: interfaces and their rings"),
        (&["s.zeek"], "redef restrict_filters = { [\"a\"] = \"nonsense here\" };", 2, "nonsense here"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("s.zeek"), script).unwrap();
        let output = nightjar(folder.path()).args(["-r", &tcp]).args(args).output().unwrap();
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?} {script}: {said}");
        assert!(said.contains(told), "{args:?} {script}: {said}");
    }
}

#[test]
fn http_log_shows_what_options_say() {
    let http = capture("http-proxy").to_str().unwrap().to_owned();
    let shown = |args: &[&str], script: &str, column: usize| {
        let (_, _, logs) = replay(&[&["-r", &http, "LogAscii::use_json=F"], args].concat(), script, "");
        let rows = logs["http"].lines().filter(|line| !line.starts_with('#'));
        let mut values: Vec<String> =
            rows.map(|row| row.split('\t').nth(column).unwrap().to_owned()).collect();
        values.sort();
        values.dedup();
        values
    };
    let proxied = 23;
    let usual = shown(&[], "", proxied).join(" ");
    assert!(usual.contains("PROXY-CONNECTION -> "), "{usual}");
    for (args, script) in [
        (&["HTTP::proxy_headers={user-agent,ACCEPT}"][..], ""),
        (&["s.zeek"], "redef HTTP::proxy_headers = { \"USER-AGENT\", \"ACCEPT\" };"),
        (&["s.zeek"], "event zeek_init() { Config::set_value(\"HTTP::proxy_headers\", set(\"ACCEPT\")); }"),
    ] {
        let others = shown(args, script, proxied).join(" ");
        assert!(others.contains("ACCEPT -> ") && !others.contains("PROXY-CONNECTION"), "{others}");
    }
}

#[test]
fn checksums_may_be_wrong_where_an_option_says_so() {
    let bytes = std::fs::read(capture("tcp")).unwrap();
    let mut wrong = bytes[..24].to_vec();
    let mut at = 24;
    while at < bytes.len() {
        let len = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
        let mut record = bytes[at..at + 16 + len].to_vec();
        // The TCP checksum, behind Ethernet and IPv4 without options.
        record[16 + 14 + 20 + 16] ^= 0x55;
        wrong.extend_from_slice(&record);
        at += 16 + len;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.pcap");
    std::fs::write(&path, wrong).unwrap();
    let conn = |path: &Path, args: &[&str], script: &str, config: &str| {
        replay(&[&["-r", path.to_str().unwrap()], args].concat(), script, config).2["conn"].clone()
    };
    let right = conn(&capture("tcp"), &[], "", "");
    assert_ne!(conn(&path, &[], "", ""), right);
    for (args, script, config) in [
        (&["-C"][..], "", ""),
        (&["-C", "s.zeek"], "event zeek_init() { print ignore_checksums; }", ""),
        (&["ignore_checksums=T"], "", ""),
        (&["s.zeek"], "redef ignore_checksums = T;", ""),
        (&["--config", "c.toml"], "", "[analysis]\nignore_checksums = true\n"),
        (&["ignore_checksums_nets={10.98.0.0/24}"], "", ""),
        (&["s.zeek"], "redef ignore_checksums_nets += { 10.98.0.0/24 };", ""),
        (
            &["s.zeek"],
            "event zeek_init() { Config::set_value(\"ignore_checksums_nets\", set(10.98.0.0/24)); }",
            "",
        ),
        (&["--config", "c.toml"], "", "[analysis]\nignore_checksums_nets = [\"10.98.0.0/24\"]\n"),
    ] {
        assert_eq!(conn(&path, args, script, config), right, "{args:?} {script} {config}");
    }
    assert_ne!(conn(&path, &["ignore_checksums_nets={192.0.2.0/24}"], "", ""), right);
}
