//! What handlers would do, found out without running them.

use crate::common;

use std::cell::RefCell;

use nightjar_script::pushdown::{Host, Path, Plan, SeenValue, Stage};
use nightjar_script::{Script, TestHost};

/// What the bodies here can look at, beside their arguments.
const BEFORE: &str =
    "type Inner: record { n: count &optional; name: string &optional; who: addr &optional; };
    type Tag: enum { NEW, OLD };
    type R: record { n: count &optional; inner: Inner &optional; tags: set[Tag] &optional; };
    global seen = 0;
    const limit = 400;
    const codes: set[count] = { 404, 500 };
    const nobody: set[subnet] = {};
    const nets: set[subnet] = { 10.0.0.0/8 };
    const added: set[count] = { 1 };
    const shared: set[count] = { 1 };
    const expiring: set[count] = { 404 } &create_expire=1min;
    const pairs: table[addr, string] of count = {};
    option bots = /bot|crawler/;
    option wanted = T;
    global names: set[string] = { \"a\" };
    function is_error(code: count): bool { return code >= limit; }
    function tells(code: count): bool { ++seen; return code >= limit; }
    function count_in(c: R): count { return c?$n ? c$n : 0; }
    event zeek_init() { add added[2]; local s = shared; add s[2]; }\n";

fn compiled(more: &str) -> Script {
    Script::compile(Box::new(TestHost::default()), &common::options(&format!("{BEFORE}{more}"))).unwrap()
}

/// Places by what they are called in scripts that name their parameters `c`, `code` and `is_orig`.
fn plan(script: &Script, name: &str) -> Option<Plan<String>> {
    script.vm.plan(script.vm.event(name).unwrap(), &|path: &Path| named(script, path))
}

/// Sees to calls of `rename`, and adds to sets.
struct Effects<'s>(&'s Script);

impl Host<String> for Effects<'_> {
    fn place(&self, path: &Path) -> Option<String> {
        named(self.0, path)
    }

    fn is_set(&self, place: &String) -> Option<bool> {
        (place == "c$inner").then_some(true)
    }

    fn calls(&self, function: &str) -> Option<String> {
        (function == "rename").then(|| function.to_owned())
    }

    fn takes(&self, _: &String, argument: usize, field: Option<&str>) -> Option<String> {
        Some(format!("{argument}{}", field.unwrap_or_default()))
    }

    fn adds_to(&self, set: &Path) -> Option<String> {
        named(self.0, set)
    }
}

/// What bodies would do, one thing after the other.
struct Told {
    code: u64,
    told: RefCell<String>,
}

impl Told {
    fn tell(&self, text: &str) -> bool {
        self.told.borrow_mut().push_str(text);
        true
    }
}

impl<'s> Stage<'s, String> for Told {
    fn look(&self, place: &'s String) -> Option<SeenValue<'s>> {
        look(place, self.code, true)
    }

    fn call(&self, function: &'s String) -> bool {
        self.tell(function)
    }

    fn give(&self, argument: &'s String, value: &SeenValue<'s>) -> bool {
        self.tell(&match value {
            SeenValue::Text(text) => format!(" {argument}={}", String::from_utf8_lossy(text)),
            SeenValue::Addr(addr) => format!(" {argument}={addr}"),
            SeenValue::Printed(printed) => format!(" {argument}=\"{printed}\""),
            other => format!(" {argument}={other:?}"),
        })
    }

    fn add(&self, place: &'s String, element: &'s str) -> bool {
        self.tell(&format!("{place} {element}"))
    }
}

fn named(script: &Script, path: &Path) -> Option<String> {
    let types = &script.vm.types;
    let fields =
        path.fields.iter().map(|(ty, at)| types.as_record(*ty).unwrap().fields[*at].name.to_string());
    let fields: String = fields.map(|name| format!("${name}")).collect();
    Some(format!("{}{fields}", ["c", "code", "is_orig"][path.parameter]))
}

/// A connection of which the sensor says this.
fn look<'s>(place: &str, code: u64, is_orig: bool) -> Option<SeenValue<'s>> {
    Some(match place {
        "code" => SeenValue::Count(code),
        "is_orig" => SeenValue::Bool(is_orig),
        "c$n" => SeenValue::Count(7),
        "c$inner" => SeenValue::Set,
        "c$inner$n" => SeenValue::Unset,
        "c$inner$name" => SeenValue::Text(b"crawler/1.0"),
        "c$inner$who" => SeenValue::Addr(nightjar_script::value::Addr::v4([10, 1, 2, 3])),
        _ => return None,
    })
}

#[test]
fn a_handler_that_would_do_nothing_is_known() {
    let cases = [(200, true), (404, true), (200, false), (404, false)];
    for (body, idle_for) in [
        ("if ( ! is_orig ) return; ++seen;", [false, false, true, true]),
        ("if ( is_orig ) ++seen;", [false, false, true, true]),
        ("if ( is_orig ) ++seen; ++seen;", [false; 4]),
        ("if ( ! is_orig ) return; else ++seen;", [false, false, true, true]),
        ("++seen; if ( ! is_orig ) return;", [false; 4]),
        // Constants, and what is in them.
        ("if ( code < limit || ! c?$n ) return; ++seen;", [true, false, true, false]),
        ("if ( code in codes ) ++seen;", [true, false, true, false]),
        ("if ( c$inner$who in nobody ) ++seen;", [true; 4]),
        ("if ( |nobody| > 0 && tells(code) ) ++seen;", [true; 4]),
        ("if ( c$inner$who in nets && is_orig ) ++seen;", [false, false, true, true]),
        ("if ( [c$inner$who, c$inner$name] in pairs ) ++seen;", [true; 4]),
        ("if ( [c$inner$who, cat(code)] in pairs ) ++seen;", [false; 4]),
        // What may change is not known.
        ("if ( code in added ) ++seen;", [false; 4]),
        ("if ( code in shared ) ++seen;", [false; 4]),
        ("if ( code in expiring ) ++seen;", [false; 4]),
        ("if ( c$inner$name in names ) ++seen;", [false; 4]),
        ("if ( seen == 0 ) return;", [false; 4]),
        // Options are not set here.
        ("if ( bots in c$inner$name ) return; ++seen;", [true; 4]),
        ("if ( bots == c$inner$name ) return; ++seen;", [false; 4]),
        ("if ( /crawler.*/ != c$inner$name ) ++seen;", [true; 4]),
        ("if ( wanted ) return; ++seen;", [true; 4]),
        // Fields, and what fails because there are none.
        ("if ( c?$inner && c$inner?$n ) ++seen;", [true; 4]),
        ("if ( c$inner$n > 3 ) ++seen;", [false; 4]),
        ("local i = c$inner; if ( i?$n || ! is_orig ) return; ++seen;", [false, false, true, true]),
        ("local n = c$inner$n; if ( is_orig ) ++seen;", [false; 4]),
        ("c$n = 3;", [false; 4]),
        // Functions.
        ("if ( is_error(code) ) ++seen;", [true, false, true, false]),
        ("if ( tells(code) ) return;", [false; 4]),
        ("if ( ! is_orig || tells(code) ) return;", [false, false, true, true]),
        ("if ( count_in(c) == 7 ) return; ++seen;", [true; 4]),
        ("local n = count_in(c); if ( n != 7 ) ++seen;", [true; 4]),
        ("for ( x in codes ) ++seen;", [false; 4]),
        ("while ( T ) break;", [false; 4]),
    ] {
        let script = compiled(&format!("event x(c: R, code: count, is_orig: bool) {{ {body} }}"));
        let known = plan(&script, "x");
        let found = cases.map(|(code, is_orig)| {
            known.as_ref().is_some_and(|known| known.is_idle(&|place| look(place, code, is_orig)))
        });
        assert_eq!(found, idle_for, "{body}");
    }
}

#[test]
fn all_handlers_of_an_event_must_do_nothing() {
    let script = compiled(
        "event x(c: R, code: count, is_orig: bool) { if ( code < 400 ) return; ++seen; }
         event x(c: R, code: count, is_orig: bool) { if ( is_orig ) ++seen; }",
    );
    let known = plan(&script, "x").unwrap();
    let idle = |code, is_orig| known.is_idle(&|place| look(place, code, is_orig));
    assert!(idle(200, false) && !idle(200, true) && !idle(404, false));
}

#[test]
fn options_that_scripts_set_later_are_not_known() {
    for (more, is_known) in [
        ("event zeek_init() { Option::set(\"wanted\", F); }", true),
        ("event y() { Option::set(\"wanted\", F); }", false),
        ("function set_it() { Option::set(\"wanted\", F); } event zeek_init() { set_it(); }", false),
    ] {
        let body = "event x(c: R, code: count, is_orig: bool) { if ( wanted ) return; ++seen; }\n";
        let script = compiled(&format!("{body}{more}"));
        let idle = plan(&script, "x").is_some_and(|known| known.is_idle(&|place| look(place, 200, true)));
        assert_eq!(idle, is_known, "{more}");
    }
}

#[test]
fn what_a_function_returns_is_known_if_it_does_nothing_else() {
    for (body, returned) in [
        ("return code < 500 ? \"usual\" : \"other\";", Some(&b"usual"[..])),
        ("if ( is_orig ) return \"orig\"; return \"resp\";", Some(b"orig")),
        ("++seen; return \"usual\";", None),
        ("return cat(code);", None),
    ] {
        let text = format!("function x(c: R, code: count, is_orig: bool): string {{ {body} }}");
        let script = compiled(&text);
        let known = plan(&script, "x");
        let found = known.as_ref().and_then(|known| known.returned(&|place| look(place, 404, true)));
        assert_eq!(found, returned.map(SeenValue::Text), "{body}");
    }
}

#[test]
fn a_hook_that_refuses_does_something() {
    let script = compiled("hook x(c: R, code: count, is_orig: bool) { if ( code < 400 ) break; }");
    let known = plan(&script, "x").unwrap();
    let idle = |code| known.is_idle(&|place| look(place, code, true));
    assert!(idle(404) && !idle(200));
}

#[test]
fn effects_are_had_for_handlers() {
    let many_names: String =
        (0..20).map(|nth| format!("local a{nth} = ran(); rename(a{nth}, \"\");")).collect();
    for (body, told) in [
        ("rename(\"x\", cat(c$inner$who));", Some("rename 0=x 1=\"10.1.2.3\"")),
        ("add c$tags[OLD];", Some("c$tags OLD")),
        ("if ( code < 400 ) return; add c$tags[NEW]; add c$tags[OLD];", Some("c$tags NEWc$tags OLD")),
        ("if ( code > 404 ) rename(\"x\", \"y\");", Some("")),
        (
            "local a = subnet_to_addr(mask_addr(c$inner$who, is_v4_addr(c$inner$who) ? 24 : 48)); \
             rename(cat(a), c$inner$name);",
            Some("rename 0=\"10.1.2.0\" 1=crawler/1.0"),
        ),
        ("run(c$inner$name);", Some("rename 0=crawler/1.0 1=")),
        ("if ( c?$inner ) run(\"there\"); else ++seen;", Some("rename 0=there 1=")),
        ("local a = ran(); rename(a, a);", Some("rename 0=ran 1=rename 0=z 1=z")),
        ("rename(ran(), ran());", Some("rename 0=ran 1=rename 0=ran 1=rename 0=z 1=z")),
        ("if ( code in pairs_of ) return; rename(\"x\", \"y\");", Some("rename 0=x 1=y")),
        // What is not there is an error, also where it is not looked at.
        ("if ( c$inner$n in pairs_of ) return; rename(\"x\", \"y\");", None),
        ("pass(c$inner$n);", None),
        ("pass(c$n);", Some("rename 0=passed 1=")),
        // More than effects, or what is not known.
        ("rename(\"x\", \"y\"); ++seen;", None),
        ("rename(\"x\", fmt(\"%s\", code));", None),
        ("rename(\"x\", c$inner$n == 1 ? \"y\" : \"z\");", None),
        ("local a = mask_addr(c$inner$who, 33); rename(\"x\", \"y\");", None),
        ("add c$tags[c$inner$n > 3 ? NEW : OLD];", None),
        ("local f = rename; f(\"x\", \"y\");", None),
        (&many_names, None),
    ] {
        let run = "function run(what: string) { rename(what, \"\"); }\n\
            function ran(): string { run(\"ran\"); return \"z\"; }\n\
            function pass(n: count) { run(\"passed\"); }\n\
            const pairs_of: set[count] = {};\n";
        let script = compiled(&format!("{run}event x(c: R, code: count, is_orig: bool) {{ {body} }}"));
        let known = script.vm.plan(script.vm.event("x").unwrap(), &Effects(&script));
        let stage = Told { code: 404, told: RefCell::default() };
        let settled = known.is_some_and(|known| known.settles(0, &stage));
        assert_eq!(settled.then(|| stage.told.into_inner()).as_deref(), told, "{body}");
    }
}
