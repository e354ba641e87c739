//! What a host gives scripts: events, records of its own, functions.

use crate::common;

use nightjar_script::diag::Diag;
use nightjar_script::source::Sources;
use nightjar_script::value::{NativeRecord, RecordVal, Value};
use nightjar_script::vm::NativeFn;
use nightjar_script::{Args, Host, Script, ScriptOptions, TestHost};
use std::cell::Cell;
use std::rc::Rc;

/// An HTTP transaction of the sensor's, say.
struct Http {
    status: Cell<u64>,
    reads: Cell<u32>,
}

impl NativeRecord for Http {
    fn get(&self, field: usize) -> Value {
        self.reads.set(self.reads.get() + 1);
        match field {
            0 => Value::Count(self.status.get()),
            1 => Value::str("example.org"),
            _ => Value::Unset,
        }
    }

    fn set(&self, field: usize, v: &Value) -> bool {
        if field == 0 {
            self.status.set(v.as_count());
        }
        field == 0
    }
}

#[test]
fn native_records_are_read_when_asked() {
    let host = TestHost::default();
    let out = host.output();
    let opts = common::options(
        "module HTTP; export { type Info: record { status: count; host: string &optional; tag: string &optional; }; global done: event(h: Info); }
         event HTTP::done(h: Info) { h$status += 1; h$tag = \"seen\"; print h$status, h?$host, h$tag; }",
    );
    let mut s = Script::compile(Box::new(host), &opts).unwrap();
    let native = Rc::new(Http { status: Cell::new(404), reads: Cell::new(0) });
    let ty = s.vm.named_type("HTTP::Info").unwrap();
    let id = s.vm.event("HTTP::done").unwrap();
    assert!(s.vm.is_handled(id));
    let record = RecordVal::native(ty, 3, native.clone());
    assert_eq!(native.reads.get(), 0);
    let mut args = Args::new();
    args.push(Value::Record(record));
    s.vm.dispatch(id, args);
    assert_eq!(out.stdout(), "405, T, seen\n");
    assert_eq!(native.status.get(), 405);
}

/// A host with a function and declarations of its own.
struct WithFunctions(TestHost);

impl Host for WithFunctions {
    fn stdout(&mut self, b: &[u8]) {
        self.0.stdout(b);
    }
    fn stderr(&mut self, b: &[u8]) {
        self.0.stderr(b);
    }
    fn report(&mut self, d: &Diag, line: &str, s: &Sources) {
        self.0.report(d, line, s);
    }
    fn now(&mut self) -> f64 {
        1.0
    }
    fn open(&mut self, n: &str, a: bool) -> std::io::Result<()> {
        self.0.open(n, a)
    }
    fn write(&mut self, n: &str, b: &[u8]) -> std::io::Result<()> {
        self.0.write(n, b)
    }
    fn close(&mut self, n: &str) -> bool {
        self.0.close(n)
    }
    fn read_script(&mut self, _: &str) -> Option<String> {
        None
    }
    fn is_dir(&mut self, _: &str) -> bool {
        false
    }
    fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let twice: NativeFn = Rc::new(|_, _, a| Ok(Value::Count(a[0].as_count() * 2)));
        vec![("Sensor::twice", twice)]
    }
    fn prelude(&self) -> Vec<(&'static str, &'static str)> {
        vec![("sensor.zeek", "global Sensor::twice: function(n: count): count;")]
    }
}

#[test]
fn hosts_add_functions() {
    let inner = TestHost::default();
    let out = inner.output();
    let opts = ScriptOptions {
        code: vec!["event zeek_init() { print Sensor::twice(21); }".into()],
        bare: true,
        ..ScriptOptions::default()
    };
    Script::compile(Box::new(WithFunctions(inner)), &opts).unwrap().run();
    assert_eq!(out.stdout(), "42\n");
}

#[test]
fn time_drives_schedules() {
    let host = TestHost::default();
    let out = host.output();
    let opts = common::options(
        "global late: event(); event late() { print network_time(); }
         global start: event(); event start() { schedule 5sec { late() }; }",
    );
    let mut s = Script::compile(Box::new(host), &opts).unwrap();
    s.init();
    s.vm.advance(100.0);
    s.vm.fire("start");
    s.vm.advance(104.0);
    assert_eq!(out.stdout(), "");
    s.vm.advance(106.0);
    assert_eq!(out.stdout(), "106.0\n");
}

#[test]
fn unhandled_events_cost_nothing() {
    let opts = common::options("global e: event();");
    let s = Script::compile(Box::new(TestHost::default()), &opts).unwrap();
    assert!(!s.vm.is_handled(s.vm.event("e").unwrap()));
}

#[test]
fn hosts_make_records_and_call_back() {
    let host = TestHost::default();
    let out = host.output();
    let opts = common::options(
        "type Key: record { host: addr &optional; str: string &optional; n: count &default=3; };
         global hosts: table[subnet] of string = { [10.0.0.0/8] = \"inside\" };
         global done: function(k: Key): string = function(k: Key): string { print k; return \"answer\"; };
         global bad: function(k: Key): string = function(k: Key): string { return k$str; };",
    );
    let mut s = Script::compile(Box::new(host), &opts).unwrap();
    let key = s.vm.new_record("Key").unwrap();
    let addr = Value::Addr(nightjar_script::value::Addr::v4([10, 0, 0, 1]));
    assert!(s.vm.set_field(&key, "host", addr.clone()));
    assert_eq!(s.vm.field(&key, "n"), Value::Count(3));
    let mut call = |name: &str| {
        let Some(Value::Func(f)) = s.vm.global_value(name).cloned() else { panic!("{name} is a function") };
        let mut args = Args::new();
        args.push(Value::Record(key.clone()));
        s.vm.invoke(&f, args)
    };
    assert_eq!(call("done"), Some(Value::str("answer")));
    assert_eq!(call("bad"), None);
    assert_eq!(out.stdout(), "[host=10.0.0.1, str=<uninitialized>, n=3]\n");
    assert!(out.stderr().contains("field value missing (k$str)"), "{}", out.stderr());
    let Some(Value::Table(t)) = s.vm.global_value("hosts").cloned() else { panic!("hosts is a table") };
    assert_eq!(s.vm.table_get(&t, &addr), Some(Value::str("inside")));
    s.vm.table_insert(
        &t,
        Value::Subnet(nightjar_script::value::Addr::v4([10, 0, 0, 0]), 120),
        Value::str("nearer"),
    );
    assert_eq!(s.vm.table_get(&t, &addr), Some(Value::str("nearer")));
}
