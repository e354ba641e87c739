//! Runs a script and gives back what it printed and what was reported.

use nightjar_script::{Limits, Script, ScriptOptions, TestHost};

pub struct Ran {
    pub out: String,
    pub err: String,
    pub code: i32,
}

pub fn options(code: &str) -> ScriptOptions {
    // Two megabytes of stack in a test thread hold fewer nested calls than the default allows.
    ScriptOptions {
        code: vec![code.into()],
        bare: true,
        limits: Limits { depth: 100, ..Limits::default() },
        ..ScriptOptions::default()
    }
}

pub fn run_with(opts: &ScriptOptions, host: TestHost) -> Ran {
    let kept = host.output();
    let code = match Script::compile(Box::new(host), opts) {
        Ok(mut s) => s.run(),
        Err(_) => 1,
    };
    Ran { out: kept.stdout(), err: kept.stderr().replace("<command line>", "x.zeek"), code }
}

pub fn run(code: &str) -> Ran {
    run_with(&options(code), TestHost::default())
}

/// Statements inside `zeek_init`.
pub fn init(body: &str) -> Ran {
    run(&format!("event zeek_init() {{ {body} }}"))
}

#[track_caller]
pub fn prints(body: &str, expected: &str) {
    let r = init(body);
    assert_eq!(r.err, "", "{body}");
    assert_eq!(r.out, expected, "{body}");
}

/// The whole text prints this and reports nothing.
#[track_caller]
pub fn script_prints(code: &str, expected: &str) {
    let r = run(code);
    assert_eq!(r.err, "", "{code}");
    assert_eq!(r.out, expected, "{code}");
}

/// The text is refused with exactly these messages.
#[track_caller]
pub fn refused(code: &str, expected: &[&str]) {
    let r = run(code);
    assert_eq!(r.err.lines().collect::<Vec<_>>(), expected, "{code}");
    assert_eq!(r.code, 1, "{code}");
    assert_eq!(r.out, "", "{code}");
}

/// The handler ends with this message, after having printed `out`.
#[track_caller]
pub fn fails(body: &str, out: &str, message: &str) {
    let r = init(body);
    assert_eq!(r.err.trim_end(), message, "{body}");
    assert_eq!(r.out, out, "{body}");
}
