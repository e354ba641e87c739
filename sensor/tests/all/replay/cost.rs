//! What scripts cost that ask for nothing: what is said of time and of what has ended, and nothing else.

use std::path::Path;
use std::sync::Arc;

use nightjar::config::Config;
use nightjar::log::Target;
use nightjar::pipeline::{HANG_AFTER, ReplayOptions, Summary, replay};
use nightjar::script_host::Scripts;
use nightjar_script::{ScriptOptions, StdHost};

use super::capture;

/// Scripts that look at nothing of what is captured.
const IDLE: [&str; 3] = [
    "global n = 1;",
    "event zeek_init() { local n = 1 + 1; }",
    "redef record connection += { mine: count &optional; }; function f(c: connection): count { return c$mine; }",
];

fn compiled(code: &str) -> Scripts {
    let options = ScriptOptions { code: vec![code.to_owned()], ..ScriptOptions::default() };
    Scripts::compile(StdHost::default(), &options).expect("it compiles")
}

fn replayed(capture: &Path, scripts: Option<&mut Scripts>) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    let options = ReplayOptions {
        asked_logs: None,
        capture: capture.to_owned(),
        filter: None,
        write: None,
        workers: 1,
        target: Target::Folder(folder.path().to_owned()),
        stop: Arc::default(),
        in_step: false,
        hang_after: HANG_AFTER,
    };
    let config = Config { ignore_checksums: true, ..Config::default() };
    match scripts {
        None => replay(options, config, Vec::new(), None, |_| {}),
        Some(scripts) => {
            let config = scripts.begin(config, false);
            replay(options, config, Vec::new(), Some(scripts), |_| {})
        }
    }
    .expect("a replay")
}

#[test]
fn to_a_script_that_asks_for_nothing_no_contents_come() {
    // 3 connections and 14 files within 18 ms, in 139 packets.
    let ends_and_time = 3 + 14 + 18 + 1;
    let files = capture("http-files");
    let alone = replayed(&files, None);
    let emitted = |summary: &Summary| summary.workers.iter().map(|worker| worker.emitted).sum::<u64>();
    let contents = replayed(&files, Some(&mut compiled("const asks = Files::ANALYZER_DATA_EVENT;")));
    assert!(emitted(&contents) > emitted(&alone) + ends_and_time, "{}", emitted(&contents));
    for code in IDLE {
        let beside = replayed(&files, Some(&mut compiled(code)));
        let more = emitted(&beside) - emitted(&alone);
        assert!(more <= ends_and_time, "{more} more with {code}");
        assert_eq!(beside.rows, alone.rows, "{code}");
    }
}
