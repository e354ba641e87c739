//! What is refused, and how it is told; what ends a handler, and only that.

use crate::common::{self, fails, init, refused, run};

#[test]
fn syntax() {
    refused("event zeek_init() { print 1 }", &["error in x.zeek, line 1: syntax error, at or near \"}\""]);
    refused("global x = ;", &["error in x.zeek, line 1: syntax error, at or near \";\""]);
    refused(
        "event zeek_init() {",
        &["error: syntax error, at end of file <command line>".replace("<command line>", "x.zeek").as_str()],
    );
}

#[test]
fn unknown_names() {
    refused(
        "event zeek_init() { print nope; }",
        &["error in x.zeek, line 1: unknown identifier nope, at or near \"nope\""],
    );
    refused(
        "redef nope = 1;",
        &["error in x.zeek, line 1: \"redef\" used but not previously defined (nope)"],
    );
}

#[test]
fn assignments() {
    refused(
        "event zeek_init() { local x: string = 5; }",
        &["error in x.zeek, line 1: type clash in assignment (x = 5)"],
    );
    refused(
        "event zeek_init() { local x: count = \"a\"; }",
        &["error in x.zeek, line 1: assignment of non-arithmetic value to arithmetic (count/string) (x = a)"],
    );
    refused(
        "const c = 1; event zeek_init() { c = 2; }",
        &["error in x.zeek, line 1: const is not a modifiable lvalue (c)"],
    );
    refused(
        "option o = 1; event zeek_init() { o = 2; }",
        &["error in x.zeek, line 1: option is not a modifiable lvalue (o)"],
    );
}

#[test]
fn operators() {
    refused(
        "event zeek_init() { print 1 + \"a\"; }",
        &["error in x.zeek, line 1: requires arithmetic operands (1 + a)"],
    );
    refused(
        "event zeek_init() { print 1 == \"a\"; }",
        &["error in x.zeek, line 1: type clash in comparison (1 == a)"],
    );
    refused(
        "event zeek_init() { if ( 5 ) print 1; }",
        &["error in x.zeek, line 1: conditional in test must be boolean (5)"],
    );
}

#[test]
fn calls() {
    refused(
        "function f(a: count) { } event zeek_init() { f(\"x\"); }",
        &[
            "error in count and x.zeek, line 1: arithmetic mixed with non-arithmetic (count and x)",
            "error in x.zeek, line 1 and count: type mismatch (x and count)",
            "error in x.zeek, line 1: argument type mismatch in function call (f(x))",
        ],
    );
    refused(
        "global h: hook(); event zeek_init() { h(); }",
        &["error in x.zeek, line 1: hook cannot be called directly, use hook operator (h())"],
    );
}

#[test]
fn records() {
    refused(
        "type R: record { a: count; }; event zeek_init() { local r = R(); }",
        &["error in x.zeek, line 1: non-optional field \"a\" missing ((coerce [] to R))"],
    );
    refused(
        "type R: record { a: port; }; event zeek_init() { local r = R($a=0); }",
        &["error in x.zeek, line 1 and count: type clash for field \"a\" ((coerce [$a=0] to R) and count)"],
    );
    refused(
        "type R: record { a: count; }; event zeek_init() { local r: R; print r$b; }",
        &["error in x.zeek, line 1: no such field in record (r$b)"],
    );
}

#[test]
fn twice_defined() {
    refused(
        "global x = 1;\nglobal x = 2;",
        &["error in x.zeek, line 1 and x.zeek, line 2: already defined (x)"],
    );
}

#[test]
fn containers() {
    refused(
        "type S: set[port]; global s = S(0);",
        &[
            "error in port and x.zeek, line 1: arithmetic mixed with non-arithmetic (port and 0)",
            "error in x.zeek, line 1 and port: type mismatch (0 and port)",
            "error in x.zeek, line 1: inconsistent type in set constructor (set(0))",
        ],
    );
    refused(
        "event zeek_init() { print 5[1]; }",
        &["error in x.zeek, line 1: expression with type 'count' is not a type that can be indexed (5[1])"],
    );
}

#[test]
fn all_errors_are_shown() {
    let r = run("event zeek_init() { print a1; print 1 + \"x\"; }\nfunction f(): count { return \"s\"; }");
    assert_eq!(r.err.lines().count(), 3, "{}", r.err);
}

#[test]
fn errors_have_a_caret() {
    let host = nightjar_script::TestHost::default();
    let kept = host.output();
    let opts = common::options("event zeek_init()\n\t{\n\tprint 1 + \"a\";\n\t}");
    assert!(nightjar_script::Script::compile(Box::new(host), &opts).is_err());
    assert_eq!(
        kept.pictures(),
        "  --> <command line>:3:8\n  |\n3 | \tprint 1 + \"a\";\n  | \t      ^^^^^^^\n"
    );
}

#[test]
fn lambdas_name_their_captures() {
    refused(
        "event zeek_init() { local a = 1; local f = function() { print a; }; }",
        &["error in x.zeek, line 1: a is used inside lambda but not captured"],
    );
}

#[test]
fn run_time_errors_end_the_handler_only() {
    fails(
        "print \"a\"; local t: table[string] of count; print t[\"x\"]; print \"b\";",
        "a\n",
        "expression error in x.zeek, line 1: no such index (t[x])",
    );
    fails(
        "local v: vector of count; print v[3];",
        "",
        "expression error in x.zeek, line 1: no such index (v[3])",
    );
    fails("local z = 0; print 1 / z;", "", "expression error in x.zeek, line 1: division by zero (1 / z)");
    fails("local z = 0; print 1 % z;", "", "expression error in x.zeek, line 1: modulo by zero (1 % z)");
    fails("local c: count; print c;", "", "expression error in x.zeek, line 1: value used but not set (c)");
    fails(
        "local a: any = 5; print a as string;",
        "",
        "expression error in x.zeek, line 1: invalid cast of value with type 'count' to type 'string' (a as string)",
    );
    fails(
        "print 1.2.3.4 / 33;",
        "",
        "expression error in x.zeek, line 1: bad IPv4 subnet prefix length: 33 (1.2.3.4 / 33)",
    );
    let r = run(
        "type R: record { a: count &optional; };\nevent zeek_init() { local r: R; print r$a; }\nevent zeek_init() { print \"next\"; }",
    );
    assert_eq!(
        (r.err.as_str(), r.out.as_str()),
        ("expression error in x.zeek, line 2: field value missing (r$a)\n", "next\n")
    );
}

#[test]
fn conversions_complain_and_go_on() {
    fails(
        "print to_count(\"x\"), to_addr(\"junk\");",
        "0, ::\n",
        "error in x.zeek, line 1: bad conversion to count (to_count(x) and x)\nerror in x.zeek, line 1: failed converting string to IP address (to_addr(junk) and junk)",
    );
}

#[test]
fn runtime_errors_are_counted() {
    let host = nightjar_script::TestHost::default();
    let mut s = nightjar_script::Script::compile(
        Box::new(host),
        &common::options("event zeek_init() { print vector(1)[4]; } event zeek_init() { print 1; }"),
    )
    .unwrap();
    s.run();
    assert_eq!(s.vm.counters.runtime_errors, 1);
}

#[test]
fn deprecation_warns() {
    let r = run(
        "global old: function() &deprecated=\"use new\";\nfunction old() { }\nevent zeek_init() { old(); }",
    );
    assert_eq!(r.err, "warning in x.zeek, line 3: deprecated (old): use new\n");
    assert_eq!(r.code, 0);
}

#[test]
fn count_underflow_warns() {
    let r = init("local c = 0; --c; print c;");
    assert_eq!(r.out, "18446744073709551615\n");
    assert_eq!(r.err, "warning in x.zeek, line 1: count underflow (--c)\n");
}

#[test]
fn cases_say_where_to_go_on() {
    let end = "error in x.zeek, line 1: case block must end in break/fallthrough/return statement";
    refused("event zeek_init() { switch 1 { case 1: print 1; } }", &[end]);
    refused("event zeek_init() { switch 1 { default: if ( T ) break; } }", &[end]);
    let through = "error in x.zeek, line 1: invalid 'fallthrough' in type-casting 'case' block";
    refused(
        "event zeek_init() { local x: any = 1; switch x { case type count as c: if ( T ) fallthrough; break; default: break; } }",
        &[through],
    );
}

#[test]
fn what_a_when_uses_is_listed() {
    refused(
        "event zeek_init() { local a = 1; when ( a == 1 ) { print 2; } }",
        &["error in x.zeek, line 1: a is used inside lambda but not captured"],
    );
    refused(
        "event zeek_init() { local a = 1; when [a] ( T ) { print 2; } }",
        &["error in x.zeek, line 1: a is captured but not used inside \"when\" statement"],
    );
}

#[test]
fn names_are_declared_once() {
    refused(
        "global x = 1; event zeek_init() { local x = 2; }",
        &["error in x.zeek, line 1: already a global identifier (x)"],
    );
    refused(
        "type R: record { a: count; }; global r = R($a=1, $a=2);",
        &["error in x.zeek, line 1: duplicate field name in record constructor: a (R($a=1, $a=2))"],
    );
    refused(
        "global x = 1 &create_expire=1sec;",
        &["error in x.zeek, line 1: &create_expire only applicable to sets/tables (x)"],
    );
}

#[test]
fn pragmas_without_their_other_half_are_refused() {
    refused("@pragma push ignore-deprecations\n", &["error in x.zeek, line 1: @pragma push without pop"]);
    refused("@pragma pop\n", &["error in x.zeek, line 1: @pragma pop without push"]);
    refused("@pragma\n", &["error in x.zeek, line 1: @pragma without value"]);
    refused(
        "@pragma push ignore-deprecations\n@pragma pop other\n",
        &["error in x.zeek, line 2: @pragma pop for other, but ignore-deprecations was pushed"],
    );
}
