//! A script that would never end, or take all memory, is stopped; the rest goes on.

use crate::common::{self, options, run_with};
use nightjar_script::{Limits, ScriptOptions, TestHost};

fn limited(code: &str, limits: Limits) -> (String, String) {
    let code = format!("{code}\nevent zeek_done() {{ print \"alive\"; }}");
    let r = run_with(&ScriptOptions { limits, ..options(&code) }, TestHost::default());
    (r.out, r.err)
}

fn small() -> Limits {
    Limits { fuel: 100_000, depth: 60, memory: 8 << 20, string: 1 << 20, queue: 100, scheduled: 100 }
}

#[test]
fn endless_loop() {
    let (out, err) = limited("event zeek_init() { local i = 0;\nwhile ( T ) ++i; }", small());
    assert_eq!(out, "alive\n");
    assert_eq!(err, "error in x.zeek, line 2: instruction budget of 100000 used up\n");
}

#[test]
fn endless_recursion() {
    let (out, err) =
        limited("function f(n: count): count { return f(n + 1); }\nevent zeek_init() { f(0); }", small());
    assert_eq!(out, "alive\n");
    assert_eq!(err, "error in x.zeek, line 1: recursion budget of 60 nested calls used up\n");
}

#[test]
fn table_that_grows() {
    let limits = Limits { fuel: 50_000_000, ..small() };
    let (out, err) = limited(
        "global t: table[count] of count;\nevent zeek_init() { local i = 0; while ( T ) { t[i] = i; ++i; } }",
        limits,
    );
    assert_eq!(out, "alive\n");
    assert_eq!(err, "error in x.zeek, line 2: memory budget of 8388608 bytes used up\n");
}

#[test]
fn vector_that_grows() {
    let limits = Limits { fuel: 50_000_000, ..small() };
    let (out, err) = limited("event zeek_init() { local v: vector of count; while ( T ) v += 1; }", limits);
    assert_eq!(out, "alive\n");
    assert!(err.contains("memory budget"), "{err}");
}

#[test]
fn string_that_doubles() {
    let (out, err) = limited("event zeek_init() { local s = \"xxxxxxxx\"; while ( T ) s = s + s; }", small());
    assert_eq!(out, "alive\n");
    assert!(err.contains("string longer than 1048576 bytes"), "{err}");
}

#[test]
fn far_vector_index() {
    let (out, err) =
        limited("event zeek_init() { local v: vector of count; v[1000000000000] = 1; }", small());
    assert_eq!(out, "alive\n");
    assert!(err.contains("vector grown"), "{err}");
}

#[test]
fn events_that_post_events_without_end() {
    for endless in ["event e();", "event e(); event e();"] {
        let limits = Limits { queue: 10, ..small() };
        let code = format!(
            "global e: event(); event e() {{ {endless} }}\nevent zeek_init() {{ event e(); schedule 1sec {{ e() }}; }}"
        );
        let (out, err) = limited(&code, limits);
        assert_eq!(out, "alive\n");
        assert_eq!(err, "warning in x.zeek, line 1: events queue events without end (e)\n");
    }
    // Many are not too many.
    let code = "global n = 0; event e() { if ( ++n < 15000 ) event e(); else print n; }\nevent zeek_init() { event e(); }";
    let limits = Limits { queue: 10_000, ..small() };
    assert_eq!(limited(code, limits), ("15000\nalive\n".to_owned(), String::new()));
}

#[test]
fn long_list_is_dropped_without_deep_recursion() {
    let code = "type N: record { v: count; next_: N &optional; };\nevent zeek_init() { local head = N($v=0); local i = 0; while ( i < 200000 ) { local n = N($v=i); n$next_ = head; head = n; ++i; } print \"built\"; }";
    let (out, err) = limited(code, Limits { fuel: 10_000_000, memory: 1 << 30, ..small() });
    assert_eq!((out.as_str(), err.as_str()), ("built\nalive\n", ""));
}

#[test]
fn deep_values_print_and_copy_within_bounds() {
    let code = "type N: record { v: count; next_: N &optional; };\nevent zeek_init() { local head = N($v=0); local i = 0; while ( i < 5000 ) { local n = N($v=i); n$next_ = head; head = n; ++i; } print |cat(head)| > 100; local c = copy(head); }";
    let (out, err) = limited(code, Limits { fuel: 10_000_000, memory: 1 << 30, ..small() });
    assert_eq!(out, "T\nalive\n");
    assert!(err.contains("nested too deeply to copy"), "{err}");
}

#[test]
fn nesting_of_source_is_bounded() {
    for text in ["(".repeat(5000), "[".repeat(5000), "!".repeat(5000), "{".repeat(5000)] {
        let r = run_with(&options(&format!("event zeek_init() {{ print {text}; }}")), TestHost::default());
        assert_eq!(r.code, 1);
        assert!(r.err.contains("nested too deeply") || r.err.contains("syntax error"), "{}", r.err);
    }
    let types = "vector of ".repeat(5000);
    let r = run_with(&options(&format!("global x: {types} count;")), TestHost::default());
    assert!(r.err.contains("nested too deeply"), "{}", r.err);
}

#[test]
fn widths_of_fmt_are_bounded() {
    let r = common::init("print |fmt(\"%999999999d\", 1)| < 10000;");
    assert_eq!(r.out, "T\n");
}

#[test]
fn the_default_depth_fits_a_small_stack() {
    // Worker threads have 2 MiB unless told otherwise; calls through several statements and operators are the
    // deepest a script's call gets.
    let t = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        let code = "function f(n: count): count { local v = vector(n); for ( i, x in v ) { switch x { default: if ( x >= 0 ) { return 1 + (T ? (0 + (0 + f(n + 1))) : 0); } break; } } return 0; }\nevent zeek_init() { f(0); }";
        let opts = ScriptOptions { limits: Limits::default(), ..options(code) };
        run_with(&opts, TestHost::default()).err
    });
    let err = t.unwrap().join().unwrap();
    assert!(err.contains("recursion budget of 300"), "{err}");
}

#[test]
fn values_that_share_parts_do_not_explode() {
    // Forty doublings: printed in full they would be a terabyte.
    let code = "event zeek_init() { local v: vector of any = vector(1); local i = 0; while ( i < 40 ) { local w: vector of any = vector(v, v); v = w; ++i; } local s: set[any]; print |cat(v)| > 1000; print |to_json(v)| >= 0; local w2 = copy(v); print |v| == |w2|; print value_footprint(v, T) > 1000; }";
    let limits = Limits { fuel: 50_000_000, string: 1 << 20, memory: 1 << 30, ..small() };
    let before = std::time::Instant::now();
    let (out, err) = limited(&code.replace("local s: set[any]; ", ""), limits);
    assert!(before.elapsed().as_secs() < 60, "{:?}", before.elapsed());
    assert!(out.ends_with("alive\n"), "{out} {err}");
    assert!(err.contains("string longer than"), "{err}");
}

/// What patterns do is work, too: matches that each look at all of a long text, and texts for which an automaton has
/// ever more states.
#[test]
fn patterns_on_texts_that_make_them_slow() {
    let text = "local s = \"ab\"; while ( |s| < 60000 ) s = s + s;";
    let limits = Limits { fuel: 3_000_000, string: 1 << 20, ..small() };
    for use_it in ["gsub(s, /a.*z|a/, \"\")", "split_string(s, /a.*z|a/)", "find_last(s, /a.*z/)"] {
        let (out, err) = limited(&format!("event zeek_init() {{ {text}\nprint |{use_it}|; }}"), limits);
        assert_eq!(out, "alive\n", "{use_it}");
        assert_eq!(err, "error in x.zeek, line 2: instruction budget of 3000000 used up\n", "{use_it}");
    }
    // Pure luck what comes, and no automaton remembers forty of it.
    let random = "local s = \"\"; local i = 0; while ( ++i < 60000 ) s += rand(2) == 0 ? \"a\" : \"b\";";
    let code = format!("event zeek_init() {{ {random}\nif ( /a[ab]{{300}}z/ in s ) print \"no\"; }}");
    let (out, err) = limited(&code, limits);
    assert_eq!(out, "alive\n");
    assert!(err.contains("instruction budget of 3000000 used up\n"), "{err}");
    // What is usual is done with little of it.
    let code = format!("event zeek_init() {{ {text}\nprint |gsub(s, /b+/, \"\")|, /ba.*b$/ in s; }}");
    assert_eq!(limited(&code, limits), ("32768, T\nalive\n".to_owned(), String::new()));
}
