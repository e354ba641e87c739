//! Each construct of the language with what it prints.

use crate::common::{init, options, prints, refused, run, run_with, script_prints};
use nightjar_script::{ScriptOptions, TestHost};

#[test]
fn literals_of_every_type() {
    prints("print T, F, 7, -7, 2.5, 3.0, .5, 1e3, 0xff;", "T, F, 7, -7, 2.5, 3.0, 0.5, 1000.0, 255\n");
    prints(
        "print 1sec, 2 min, 1.5hr, 3days, 1msec;",
        "1.0 sec, 2.0 mins, 1.0 hr 30.0 mins, 3.0 days, 1.0 msec\n",
    );
    prints("print 80/tcp, 53/udp, 8/icmp, 0/unknown;", "80/tcp, 53/udp, 8/icmp, 0/unknown\n");
    prints(
        "print 10.0.0.1, [2001:db8::1], 10.0.0.0/8, [2001:db8::]/32;",
        "10.0.0.1, 2001:db8::1, 10.0.0.0/8, 2001:db8::/32\n",
    );
    prints(r#"print "a\x41\101\"\\";"#, "aAA\"\\\n");
    prints(r"print /a|b/, /x/i;", "/^?(a|b)$?/, /(?i:^?(x)$?)/\n");
}

#[test]
fn print_hides_control_characters_of_strings() {
    prints(r#"print "a\nb\x00\xff";"#, "a\\x0ab\\x00\\xff\n");
}

#[test]
fn arithmetic_promotes() {
    prints("print 7 / 2, 7 % 3, 7 / 2.0, -7 / 2, 1 + 2 * 3;", "3, 1, 3.5, -3, 7\n");
    prints("local i: int = 3; local d: double = 3; print i, d, i - 5;", "3, 3.0, -2\n");
    prints("print 5 & 3, 5 | 3, 5 ^ 3, ~0 - 1, 1 << 4, 256 >> 2;", "1, 7, 6, 18446744073709551614, 16, 64\n");
    prints("local c = 3; ++c; c += 2; c -= 1; --c; print c;", "4\n");
}

#[test]
fn time_and_interval_arithmetic() {
    prints(
        "print 5min + 30sec, 10min / 2, 10min / 5min, 2 * 3sec;",
        "5.0 mins 30.0 secs, 5.0 mins, 2.0, 6.0 secs\n",
    );
    prints("print double_to_time(5.0) - double_to_time(2.0), double_to_time(1.0) + 1sec;", "3.0 secs, 2.0\n");
}

#[test]
fn precedence() {
    prints("print 2 + 3 == 5 && ! F || F, 1 + 2 in set(3), |\"abc\"| + 1;", "T, T, 4\n");
    prints("local x = T ? 1 : F ? 2 : 3; print x;", "1\n");
}

#[test]
fn sizes() {
    prints(
        "print |\"abc\"|, |vector(1, 2)|, |set(1)|, |-4|, |10.0.0.1|, |10.0.0.0/8|;",
        "3, 2, 1, 4, 32, 16777216.0\n",
    );
}

#[test]
fn membership() {
    prints(
        "print 1 in set(1), 2 !in set(1), \"b\" in \"abc\", /b+/ in \"abbc\", 10.1.2.3 in 10.0.0.0/8, 1 in vector(5);",
        "T, T, T, T, T, F\n",
    );
    prints("local s: set[string, count]; add s[\"a\", 1]; print [\"a\", 1] in s, [\"a\", 2] in s;", "T, F\n");
    prints(
        "local t: table[subnet] of string = { [10.0.0.0/8] = \"x\" }; print 10.9.9.9 in t, t[10.9.9.9];",
        "T, x\n",
    );
}

#[test]
fn longest_prefix_wins() {
    prints(
        "local t: table[subnet] of string = { [10.0.0.0/8] = \"wide\", [10.1.0.0/16] = \"near\" };
         print t[10.1.1.1], t[10.2.1.1];",
        "near, wide\n",
    );
}

#[test]
fn strings_slice_and_compare() {
    prints(
        "print \"hello\"[1], \"hello\"[1:3], \"hello\"[-2:], \"a\" < \"b\", \"a\" + \"b\";",
        "e, el, lo, T, ab\n",
    );
}

#[test]
fn patterns_match_as_flex_does() {
    prints(r#"print /foo/ in "xfoox", /foo/ == "xfoox", "foo" == /fo+/, /FOO/i == "foo";"#, "T, F, T, T\n");
    prints(
        r#"print /a"b.c"d/ == "ab.cd", /a"b.c"d/ == "abxcd", /x{2,3}/ == "xxx", /[[:digit:]]+/ in "a1";"#,
        "T, F, T, T\n",
    );
    prints(r#"print (/a/ | /b/) == "b", (/a/ & /b/) == "ab", /\d/ == "d", /^a/ in "ba";"#, "T, T, T, F\n");
}

#[test]
fn records() {
    script_prints(
        "type R: record { a: count; b: string &optional; c: count &default=9; v: vector of count; };
         event zeek_init() {
            local r = R($a=1);
            print r, r?$b, r$c;
            r$b = \"x\"; print r$b; delete r$b; print r?$b;
            local s: R = [$a=2, $b=\"y\"]; print s$a, s$b;
         }",
        "[a=1, b=<uninitialized>, c=9, v=[]], F, 9\nx\nF\n2, y\n",
    );
}

#[test]
fn record_fields_hold_functions() {
    script_prints(
        "type R: record { f: function(x: count): count; };
         event zeek_init() { local r = R($f(x: count) = { return x + 1; }); print r$f(4); }",
        "5\n",
    );
}

#[test]
fn tables() {
    prints(
        "local t: table[string] of count = { [\"a\"] = 1 }; t[\"b\"] = 2; delete t[\"a\"]; print t;",
        "{\n[b] = 2\n}\n",
    );
    prints("local t: table[count] of string &default=\"d\"; print t[1], 1 in t;", "d, F\n");
    prints(
        "local t: table[count] of string = table() &default=function(n: count): string { return fmt(\"<%d>\", n); }; print t[3];",
        "<3>\n",
    );
    prints("local t: table[string] of count &default_insert=7; print t[\"x\"], \"x\" in t;", "7, T\n");
    prints("local t: table[string] of count &default=0; ++t[\"x\"]; t[\"x\"] += 4; print t[\"x\"];", "5\n");
    prints("local t: table[addr, port] of bool; t[1.2.3.4, 80/tcp] = T; print t[1.2.3.4, 80/tcp];", "T\n");
    prints("local t = table([3] = \"c\", [1] = \"a\") &ordered; print t;", "{\n[3] = c,\n[1] = a\n}\n");
}

#[test]
fn sets() {
    prints("local s = set(1); add s[1]; add s[2]; delete s[1]; print s;", "{\n2\n}\n");
    prints("print |set(1, 2) | set(2, 3)|, |set(1, 2) & set(2, 3)|, |set(1, 2) - set(2)|;", "3, 1, 1\n");
    prints("print set(1) <= set(1, 2), set(1, 2) < set(1, 2), set(1) == set(1);", "T, F, T\n");
    prints(
        "local s: set[string] = {}; print |s|; s += { \"a\", \"b\" }; s -= { \"a\" }; print s;",
        "0\n{\nb\n}\n",
    );
}

#[test]
fn nested_tables_print_nested() {
    prints("print table([1] = table([\"a\"] = T));", "{\n[1] = {\n[a] = T\n}\n}\n");
    prints("print cat(set(1));", "{\\x0a\\x091\\x0a}\n");
    prints("local s: set[count]; print cat(s);", "{\\x0a\\x0a}\n");
}

#[test]
fn vectors() {
    prints(
        "local v = vector(1, 2, 3); v += 4; v[|v|] = 5; print v, v[-1], v[1:3];",
        "[1, 2, 3, 4, 5], 5, [2, 3]\n",
    );
    prints("local v: vector of string; v[3] = \"x\"; print v, |v|, 0 in v;", "[, , , x], 4, F\n");
    prints("local v = vector(1, 2, 3, 4); v[1:3] = vector(9); print v;", "[1, 9, 4]\n");
    prints("print vector(1, 2) + vector(3, 4), vector(T, F) && vector(T, T);", "[4, 6], [T, F]\n");
    prints("local v = vector(5, 6, 7); print v[vector(0, 2)], v[vector(T, F, T)];", "[5, 7], [5, 7]\n");
}

#[test]
fn key_products_expand() {
    script_prints(
        "global t: table[string, count] of bool = { [[\"a\", \"b\"], 1] = T };
         event zeek_init() { print [\"a\", 1] in t, [\"b\", 1] in t, |t|; }",
        "T, T, 2\n",
    );
}

#[test]
fn loops() {
    prints("for ( i in vector(5, 6) ) print i;", "0\n1\n");
    prints("for ( i, v in vector(5, 6) ) print i, v;", "0, 5\n1, 6\n");
    prints("for ( _, v in vector(5) ) print v;", "5\n");
    prints("for ( c in \"ab\" ) print c;", "a\nb\n");
    prints(
        "local t: table[string, count] of bool = { [\"a\", 1] = T }; for ( [s, n], b in t ) print s, n, b;",
        "a, 1, T\n",
    );
    prints("local i = 0; while ( T ) { ++i; if ( i == 2 ) next; if ( i > 3 ) break; print i; }", "1\n3\n");
}

#[test]
fn loop_may_change_its_table() {
    prints("local t = set(1, 2, 3); for ( i in t ) { delete t[i]; add t[i + 10]; } print |t|;", "3\n");
}

#[test]
fn switch_by_value_and_type() {
    let f = |x: &str| {
        format!(
            "switch {x} {{ case 1, 2: print \"few\"; break; case 3: print \"three\"; fallthrough; case 4: print \"four\"; break; default: print \"many\"; break; }}"
        )
    };
    prints(&f("2"), "few\n");
    prints(&f("3"), "three\nfour\n");
    prints(&f("9"), "many\n");
    prints(
        "local x: any = \"s\"; switch x { case type count as c: print \"count\", c; break; case type string as s: print \"string\", s; break; }",
        "string, s\n",
    );
}

#[test]
fn functions_defaults_and_recursion() {
    script_prints(
        "function f(a: count, b: string &default=\"d\"): string { return fmt(\"%d%s\", a, b); }
         function fib(n: count): count { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
         event zeek_init() { print f(1), f(2, \"x\"), fib(15); }",
        "1d, 2x, 610\n",
    );
}

#[test]
fn closures_keep_what_they_capture() {
    script_prints(
        "function counter(): function(): count { local n = 0; return function[n](): count { ++n; return n; }; }
         event zeek_init() {
            local a = counter(); local b = counter();
            print a(), a(), b();
            local v = vector(1);
            local f = function[v]() { v += 2; };
            local g = function[copy v](): count { return |v|; };
            f(); print v, g();
         }",
        "1, 2, 1\n[1, 2], 1\n",
    );
}

#[test]
fn events_run_by_priority() {
    script_prints(
        "global e: event(n: count);
         event e(n: count) { print \"middle\", n; }
         event e(n: count) &priority=5 { print \"first\", n; }
         event e(n: count) &priority=-5 { print \"last\", n; }
         event zeek_init() { event e(1); print \"posted\"; }",
        "posted\nfirst, 1\nmiddle, 1\nlast, 1\n",
    );
}

#[test]
fn handlers_bind_by_name() {
    script_prints(
        "global e: event(a: count, b: string, c: bool);
         global e: event(c: bool);
         event e(c: bool) { print \"short\", c; }
         event e(a: count, b: string, c: bool) { print \"long\", a, b, c; }
         event zeek_init() { event e(1, \"x\", T); }",
        "short, T\nlong, 1, x, T\n",
    );
}

#[test]
fn hooks_stop_at_break() {
    script_prints(
        "global h: hook(n: count);
         hook h(n: count) &priority=1 { print \"a\"; if ( n > 1 ) break; }
         hook h(n: count) { print \"b\"; }
         event zeek_init() { print hook h(1); print hook h(2); }",
        "a\nb\nT\na\nF\n",
    );
}

#[test]
fn scheduled_events_run_at_the_end() {
    script_prints(
        "global e: event(s: string);
         event e(s: string) { print s; }
         event zeek_init() { schedule 2sec { e(\"second\") }; schedule 1sec { e(\"first\") }; print \"init\"; }
         event zeek_done() { print \"done\"; }",
        "init\ndone\nfirst\nsecond\n",
    );
}

#[test]
fn when_waits_for_a_change() {
    script_prints(
        "global x = 0;
         global bump: event();
         event bump() { x = 5; }
         event zeek_init() { when ( x == 5 ) { print \"now\"; } event bump(); print \"waiting\"; }",
        "waiting\nnow\n",
    );
    script_prints(
        "event zeek_init() { local y = 3; when [y] ( y == 4 ) { print \"never\"; } timeout 1sec { print \"gave up\", y; } }",
        "gave up, 3\n",
    );
}

#[test]
fn modules_and_exports() {
    script_prints(
        "module A;
         export { global x = 1; type R: record { n: count; }; global f: function(): count; }
         function f(): count { return x; }
         module B;
         event zeek_init() { A::x = 7; print A::x, A::f(), A::R($n=2), ::A::x; }",
        "7, 7, [n=2], 7\n",
    );
}

#[test]
fn redefinitions() {
    script_prints(
        "const c = 1 &redef; redef c = 2;
         const s: set[count] = { 1 } &redef; redef s += { 2 }; redef s -= { 1 };
         type E: enum { A }; redef enum E += { B = 7 };
         type R: record { a: count; }; redef record R += { b: string &default=\"d\"; };
         option o = \"x\"; redef o = \"y\";
         event zeek_init() { print c, s, B, enum_to_int(B), R($a=1), o; }",
        "2, {\n2\n}, B, 7, [a=1, b=d], y\n",
    );
}

#[test]
fn conditions_choose_text() {
    script_prints(
        "const on = T;
         @if ( on ) global a = \"if\"; @else global a = \"else\"; @endif
         @ifdef ( on ) global b = 1; @endif
         @ifndef ( off ) global c = 2; @endif
         @if ( F ) this is not even Zeek @else @if ( T ) global d = 3; @endif @endif
         event zeek_init() { print a, b, c, d; @if ( F ) print \"no\"; @endif }"
            .replace(" @", "\n@")
            .as_str(),
        "if, 1, 2, 3\n",
    );
}

#[test]
fn any_is_cast_and_tested() {
    prints("local a: any = \"s\"; print a is string, a is count, (a as string) + \"!\";", "T, F, s!\n");
}

#[test]
fn local_declaration_as_condition() {
    prints("if ( T && (local x = 5) ) print x;", "5\n");
}

#[test]
fn bro_spellings() {
    let ran = run(
        "event bro_init() { print \"hi\"; print split1(\"a=b=c\", /=/)[2]; print join_string_array(\",\", split(\"x y\", / /)); }
         event bro_done() { print \"bye\"; }",
    );
    assert_eq!(ran.out, "hi\nb=c\nx,y\nbye\n");
    assert_eq!(
        ran.err,
        "warning in x.zeek, line 1: bro_init is now called zeek_init\n\
         warning in x.zeek, line 2: bro_done is now called zeek_done\n"
    );
}

#[test]
fn loads_find_files_and_bundled_scripts() {
    let host = TestHost::default();
    host.add_script("lib/__load__.zeek", "@load ./inner\nglobal outer = inner + 1;");
    host.add_script("lib/inner.zeek", "global inner = 41;");
    host.add_script("main.zeek", "@load lib\n@load base/utils/site\n@load base/frameworks/notice\n@load lib\nevent zeek_init() { print outer, Site::is_local_addr(10.0.0.1); }");
    let opts = ScriptOptions { scripts: vec!["main.zeek".into()], code: Vec::new(), ..options("") };
    let r = run_with(&opts, host);
    assert_eq!((r.err.as_str(), r.out.as_str()), ("", "42, T\n"));
}

#[test]
fn missing_load_is_fatal() {
    refused("@load ./nowhere", &["fatal error in x.zeek, line 1: can't find ./nowhere"]);
}

#[test]
fn options_on_the_command_line() {
    let opts = ScriptOptions {
        overrides: vec!["M::x=9".into()],
        ..options("module M; export { const x = 1 &redef; } event zeek_init() { print x; }")
    };
    assert_eq!(run_with(&opts, TestHost::default()).out, "9\n");
}

#[test]
fn default_mode_has_the_utilities() {
    let opts = ScriptOptions {
        bare: false,
        ..options("event zeek_init() { print bare_mode(), extract_count(\"a 12 b\"); }")
    };
    let r = run_with(&opts, TestHost::default());
    assert_eq!((r.err.as_str(), r.out.as_str()), ("", "F, 12\n"));
}

#[test]
fn statements_outside_functions_run_first() {
    script_prints("event zeek_init() { print \"init\"; }\nlocal n = 2;\nprint n + 1;", "3\ninit\n");
}

#[test]
fn on_change_and_deletion() {
    script_prints(
        "function changed(t: table[string] of count, tpe: TableChange, k: string, v: count) { print tpe, k, v; }
         global t: table[string] of count = {} &on_change=changed;
         event zeek_init() { t[\"a\"] = 1; t[\"a\"] = 2; delete t[\"a\"]; }",
        "TABLE_ELEMENT_NEW, a, 1\nTABLE_ELEMENT_CHANGED, a, 1\nTABLE_ELEMENT_REMOVED, a, 2\n",
    );
}

#[test]
fn expiry_follows_packet_time() {
    let host = TestHost::default();
    let out = host.output();
    let code = "const table_expire_interval = 1sec &redef;
        function gone(t: table[string] of count, k: string): interval { print \"gone\", k; return 0sec; }
        global t: table[string] of count &create_expire=5sec &expire_func=gone;
        global tick: event();
        event tick() { t[\"a\"] = 1; }";
    let code =
        code.replace("const table_expire_interval = 1sec &redef;", "redef table_expire_interval = 1sec;");
    let mut s = nightjar_script::Script::compile(Box::new(host), &options(&code)).unwrap();
    s.init();
    s.vm.advance(100.0);
    s.vm.fire("tick");
    s.vm.advance(103.0);
    assert_eq!(out.stdout(), "");
    s.vm.advance(110.0);
    assert_eq!(out.stdout(), "gone, a\n");
}

#[test]
fn files_are_written() {
    let host = TestHost::default();
    let out = host.output();
    let opts = options("event zeek_init() { local f = open(\"o.txt\"); print f, \"line\", 1; close(f); }");
    let r = run_with(&opts, host);
    assert_eq!(r.err, "");
    assert_eq!(out.file("o.txt").as_deref(), Some("line, 1\n"));
}

#[test]
fn functions_print_their_text() {
    script_prints("function f() { print \"x\"; }\nevent zeek_init() { print f; }", "f\n{ \nprint x;\n}\n");
}

#[test]
fn asserts() {
    prints("assert 1 == 1; print \"on\";", "on\n");
    let r = init("local x = 2; assert x == 1, fmt(\"x is %d\", x); print \"not reached\";");
    assert_eq!(r.err, "error in x.zeek, line 1: assertion failure: 1 == x (x is 2)\n");
    assert_eq!(r.out, "");
}

#[test]
fn cycles_print() {
    script_prints(
        "type N: record { v: count; n: N &optional; };
         event zeek_init() { local a = N($v=1); a$n = a; print a; local b = copy(a); print b$n$n$v; }",
        "[v=1, n=<cycle>]\n1\n",
    );
}

#[test]
fn same_seed_same_order() {
    let order = || {
        run("event zeek_init() { local s: set[count]; local i = 0; while ( i < 50 ) { add s[i]; ++i; } print s; }").out
    };
    assert_eq!(order(), order());
}

#[test]
fn zeeks_order_with_zeeks_seed() {
    let keys = nightjar_script::value::HashKeys::from_seed_file(
        "2983378351 1299727368 0 310447 0 1409073626 3975311262 34130240 1450515018 1466150520 1342286698
         1193956778 2188527278 3361989254 3912865238 3596260151 517973768 3606168384 119014752 1013039866 2458585167",
    );
    let opts = ScriptOptions {
        hash_keys: keys,
        ..options(
            "event zeek_init() { local t: table[count] of string; t[1] = \"a\"; t[55] = \"b\"; for ( k in t ) print k; }",
        )
    };
    assert_eq!(run_with(&opts, TestHost::default()).out, "55\n1\n");
}

/// The order Zeek prints a table of strings in, after insertions and a removal, with its test suite's seed.
#[test]
fn zeeks_order_of_strings() {
    let keys = nightjar_script::value::HashKeys::from_seed_file(
        "2983378351 1299727368 0 310447 0 1409073626 3975311262 34130240 1450515018 1466150520 1342286698
         1193956778 2188527278 3361989254 3912865238 3596260151 517973768 3606168384 119014752 1013039866 2458585167",
    );
    let code = "const t: table[string] of double &redef;
        redef t = { [\"abc\"] = 42.0 };
        redef t += { [\"def\"] = -42.0, [\"ghi\"] = 7.0 };
        redef t -= { [\"ghi\"] = 0.0 };
        redef t += table([\"cool\"] = 5.0, [\"neat\"] = 1.0);
        event zeek_init() { for ( k in t ) print k; }";
    let opts = ScriptOptions { hash_keys: keys, ..options(code) };
    assert_eq!(run_with(&opts, TestHost::default()).out, "abc\nneat\ncool\ndef\n");
}

#[test]
fn raw_files_hold_what_is_printed() {
    let host = TestHost::default();
    let out = host.output();
    let opts = options(
        "global f = open(\"r\") &raw_output; event zeek_init() { print f, \"a\\x00\", 1; close(f); }",
    );
    assert_eq!(run_with(&opts, host).err, "");
    assert_eq!(out.file("r").as_deref(), Some("a\x001"));
}

#[test]
fn assertion_hooks_see_the_call_chain() {
    let r = run(
        "hook assertion_failure(cond: string, msg: string, bt: Backtrace) { print cond, msg; for ( _, e in bt ) print e$function_name; break; }
         function f() { assert to_count(\"5\") == 4, \"not four\"; }
         event zeek_init() { f(); print \"not reached\"; }",
    );
    assert_eq!(
        (r.out.as_str(), r.err.as_str()),
        ("to_count(\"5\") == 4, not four\nassert\nf\nzeek_init\n", "")
    );
}

#[test]
fn backtraces_print() {
    script_prints(
        "@load base/utils/backtrace
         function f(a: count) { print_backtrace(T, F); }
         event zeek_init() { f(5); }"
            .replace(
                "print_backtrace(T, F)",
                "for ( _, e in backtrace() ) print e$function_name, |e$function_args|",
            )
            .as_str(),
        "f, 1\nzeek_init, 0\n",
    );
}

#[test]
fn blank_names_take_anything() {
    prints("local _ = 1; local _ = \"two\"; for ( _ in set(1) ) print \"once\";", "once\n");
}

#[test]
fn untyped_vectors_hold_anything() {
    prints("local v = vector(); v[0] = 5; v[1] = \"Hi\"; v += T; print v;", "[5, Hi, T]\n");
}

#[test]
fn functions_that_wait_answer_later() {
    script_prints(
        "global ready = F;
         function later(n: count): count { return when [n] ( ready ) { return n + 1; } timeout 1min { return 0; } }
         global go: event();
         event go() { ready = T; }
         event zeek_init() { when ( local n = later(41) ) { print n; } event go(); print \"asked\"; }",
        "asked\n42\n",
    );
}

#[test]
fn table_attributes_may_name_locals() {
    prints(
        "local n = 3; local t: table[count] of string = table() &default=function[n](i: count): string { return fmt(\"%d-%d\", i, n += 1); }; print t[1], t[2];",
        "1-4, 2-5\n",
    );
}

#[test]
fn types_are_values() {
    script_prints(
        "type R: record { a: count; }; type E: enum { A };
         event zeek_init() { local t: any = R; print type_name(R), type_name(A), |record_fields(R)|, enum_names(E); }",
        "record { a:count; }, enum E, 1, {\nA\n}\n",
    );
}

/// Each utility script brings what it needs itself, so a bare script may load one alone.
#[test]
fn bundled_scripts_load_alone() {
    for path in [
        "addrs",
        "backtrace",
        "conn-ids",
        "directions-and-hosts",
        "email",
        "files",
        "hash_hrw",
        "json",
        "numbers",
        "paths",
        "patterns",
        "queue",
        "site",
        "strings",
        "thresholds",
        "time",
        "urls",
    ] {
        let code = format!("@load base/utils/{path}\nevent zeek_init() {{ print \"ok\"; }}");
        let host = TestHost::default();
        let out = run_with(&options(&code), host);
        assert_eq!((out.out.as_str(), out.err.as_str()), ("ok\n", ""), "{path}");
    }
}

#[test]
fn a_uri_comes_apart() {
    let code = r#"@load base/utils/urls
        event zeek_init()
            {
            for ( _, s in vector("ftp://h:21/d/e.tar.gz?a=1&b", "[::1]/x/", "h:80") )
                {
                local u = decompose_uri(s);
                print u?$scheme, u$netlocation, u?$portnum ? u$portnum : 0, u$path,
                      u?$file_base ? u$file_base : "-", u?$file_ext ? u$file_ext : "-",
                      u?$params ? |u$params| : 0;
                }
            }"#;
    let out = run_with(&options(code), TestHost::default());
    assert_eq!(out.err, "");
    assert_eq!(
        out.out,
        "T, h, 21, /d/e.tar.gz, e.tar, gz, 1\nF, [::1], 0, /x/, -, -, 0\nF, h, 80, /, -, -, 0\n"
    );
}

#[test]
fn locals_are_known_to_the_end_of_their_function() {
    prints(
        "if ( T ) { local x = 5; } print x; for ( i in set(7) ) { local y = i; } print i, y;",
        "5\n7, 7\n",
    );
    prints(
        "if ( T ) { local x = 5; } else { local x = \"a\"; print x; } if ( F ) { local z = 1; } z = 2; print z;",
        "2\n",
    );
}

#[test]
fn sets_stand_for_their_members_in_constructors() {
    script_prints(
        "const a: set[port] = { 21/tcp, 22/tcp } &redef; const b: set[port] = { 23/tcp, a };
         const two: set[string, count] = { [\"x\", 1] };
         redef a += { b };
         const t: table[port] of count = { [[21/tcp, 22/tcp]] = 1, [b] = 2 };
         const all: set[string, count] = { two, [\"y\", 2] };
         event zeek_init() { print |b|, |a|, |t|, t[21/tcp], |all|; local s: set[count]; s += { 4, 5 }; print |s|; }",
        "3, 3, 3, 2, 2\n2\n",
    );
}

#[test]
fn a_time_may_be_compared_with_zero() {
    prints("local t: time = double_to_time(0.0); print t == 0, 0 == t, t != 0.0;", "T, T, F\n");
}

#[test]
fn tables_of_patterns_answer_with_all_that_match() {
    script_prints(
        "event zeek_init() { local t: table[pattern] of count; t[/foo/] = 1; t[/f.*/] = 2; t[/b/] = 3;
             print sort(t[\"foo\"]), t[\"fx\"], |t[\"q\"]|, \"b\" in t, \"q\" in t, t[/b/]; }",
        "[1, 2], [2], 0, T, F, 3\n",
    );
}

#[test]
fn vectors_of_times_and_intervals_have_arithmetic() {
    prints(
        "local v = vector(1sec, 2sec); print v * 2.0, v - 1sec, v / v; local w: vector of count; w[0] = 1; w[2] = 3; print w + w;",
        "[2.0 secs, 4.0 secs], [0 secs, 1.0 sec], [1.0, 1.0]\n[2, , 6]\n",
    );
}

#[test]
fn sets_and_vectors_are_cast_to_each_other() {
    prints("print |set(1, 2) as vector of count|, vector(3, 3) as set[count];", "2, {\n3\n}\n");
}

#[test]
fn pragmas_are_balanced() {
    script_prints(
        "@pragma push ignore-deprecations\nfunction f() &deprecated=\"x\" { print 1; }\nevent zeek_init() { f(); }\n@pragma pop\n",
        "1\n",
    );
}
