//! What detections cost the ordered stage, which there is one of: counted, and so the same on any machine.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use nightjar::config::Config;
use nightjar::log::Target;
use nightjar::pipeline::{HANG_AFTER, ReplayOptions, WorkerStats, replay};
use nightjar::policy::Events;
use nightjar::script_host::Scripts;
use nightjar_script::{ScriptOptions, StdHost};

/// Captures of ordinary traffic, of attacks, and of connections without any content.
const CAPTURES: [&str; 6] = ["attacks", "detect-auth", "detect-errors", "dns", "http", "knocks"];

/// The columns of the file: what is told for scripts, and the memory that all takes on its way.
const HEAD: &str = "# capture events effects rows bytes\n";

/// What workers tell the ordered stage of a capture.
fn crossed(capture: &str, scripts: &[&str]) -> [u64; 4] {
    let folder = tempfile::tempdir().unwrap();
    let scripts = scripts.iter().map(|script| (*script).to_owned()).collect();
    let options = ScriptOptions { scripts, ..ScriptOptions::default() };
    let mut scripts = Scripts::compile(StdHost::default(), &options).expect("they compile");
    scripts.keep_logs_in(folder.path());
    let mut config = Config::default();
    scripts.configure(&mut config);
    let config = scripts.begin(config, false);
    let options = ReplayOptions {
        asked_logs: None,
        capture: Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../pcaps/{capture}.pcap")),
        filter: None,
        write: None,
        workers: 1,
        target: Target::Folder(folder.path().to_owned()),
        stop: Arc::default(),
        in_step: false,
        hang_after: HANG_AFTER,
    };
    let scripts: Option<&mut dyn Events> = Some(&mut scripts);
    let summary = replay(options, config, Vec::new(), scripts, |_| {}).expect("a replay");
    let WorkerStats { script_events, script_effects, script_rows, told_bytes, .. } = summary.workers[0];
    [script_events, script_effects, script_rows, told_bytes]
}

/// No more than was committed. Less is welcome: with NIGHTJAR_BLESS=1 in the environment what is now becomes what is
/// allowed.
#[test]
fn detections_tell_the_ordered_stage_no_more_than_is_known() {
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/detect/crossing.txt");
    let mut found = HEAD.to_owned();
    let all = CAPTURES.map(|capture| (capture, crossed(capture, &["policy/detect"])));
    for (capture, [events, effects, rows, bytes]) in all {
        let _ = writeln!(found, "{capture} {events} {effects} {rows} {bytes}");
    }
    if std::env::var_os("NIGHTJAR_BLESS").is_some() {
        return std::fs::write(known, found).unwrap();
    }
    let known = std::fs::read_to_string(known).expect("crossing.txt");
    let allowed = known.lines().filter(|line| !line.starts_with('#'));
    for ((capture, now), line) in all.iter().zip(allowed) {
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some(*capture));
        let allowed: Vec<u64> = words.map(|word| word.parse().unwrap()).collect();
        // Rows may become longer by a column.
        let [.., bytes] = allowed[..] else { panic!("{line}") };
        let within = now.iter().zip(&allowed[..3]).all(|(now, allowed)| now <= allowed);
        let within = within && now[3] <= bytes + bytes / 10;
        assert!(within && allowed.len() == now.len(), "{capture}: {now:?} is told, {allowed:?} was");
    }
    assert_eq!(known.lines().count(), CAPTURES.len() + 1, "all are there");
}

#[test]
fn nothing_is_told_for_scripts_that_ask_for_nothing() {
    let [events, effects, rows, bytes] = crossed("http", &[]);
    assert_eq!([events, effects, rows], [0; 3]);
    assert!(bytes > 0);
}
