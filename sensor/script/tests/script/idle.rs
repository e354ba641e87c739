//! Handlers that do nothing for some arguments.

use crate::common;

use nightjar_script::idle::Argument;
use nightjar_script::{Script, TestHost};

/// Whether it is known that a handler with this body does nothing, for arguments `c`, `code` and `is_orig`.
fn is_idle(body: &str, code: u64, is_orig: bool) -> bool {
    let text = format!(
        "type R: record {{ n: count &optional; }};
         global seen = 0;
         function check(): bool {{ return T; }}
         event x(c: R, code: count, is_orig: bool) {body}"
    );
    let script = Script::compile(Box::new(TestHost::default()), &common::options(&text)).unwrap();
    let tests = script.vm.idle(script.vm.event("x").unwrap());
    let argument = |at: usize| match at {
        1 => Argument::Count(code),
        2 => Argument::Bool(is_orig),
        _ => Argument::Other,
    };
    !tests.is_empty() && tests.iter().all(|test| test.holds(&argument) == Some(true))
}

#[test]
fn a_handler_that_returns_at_once_is_known_to_do_nothing() {
    for (body, idle_for) in [
        ("{ if ( ! is_orig ) return; ++seen; }", [false, false, true, true]),
        ("{ if ( is_orig ) ++seen; }", [false, false, true, true]),
        ("{ if ( code < 400 || ! c?$n ) return; ++seen; }", [true, false, true, false]),
        ("{ if ( ! c?$n || ( code != 401 && code >= 300 ) ) return; ++seen; }", [false, true, false, true]),
        ("{ if ( code >= 400 && is_orig ) { ++seen; } }", [true, false, true, true]),
        // What is called, or may fail, must be.
        ("{ if ( check() || ! is_orig ) return; ++seen; }", [false; 4]),
        ("{ if ( c$n > 3 || ! is_orig ) return; ++seen; }", [false; 4]),
        ("{ if ( ! is_orig || check() ) return; ++seen; }", [false, false, true, true]),
        ("{ ++seen; if ( ! is_orig ) return; }", [false; 4]),
        ("{ if ( ! is_orig ) return; else ++seen; }", [false, false, true, true]),
        ("{ if ( is_orig ) ++seen; ++seen; }", [false; 4]),
    ] {
        let cases = [(200, true), (404, true), (200, false), (404, false)];
        let found = cases.map(|(code, is_orig)| is_idle(body, code, is_orig));
        assert_eq!(found, idle_for, "{body}");
    }
}
