//! What operations of scripts cost: `cargo bench -p nightjar-script`. Each figure is the time of one event (or one
//! round of the loop inside), the median of several runs.

use nightjar_script::value::{RecordVal, Value};
use nightjar_script::{Args, Limits, Script, ScriptOptions, TestHost};
use std::hint::black_box;
use std::time::Instant;

const CODE: &str = r#"
type Id: record { orig_h: addr; resp_h: addr; resp_p: port; };
type Conn: record { id: Id; service: string; n: count; };
global seen: table[addr] of count &default=0;
global pairs: table[addr, port] of count;
global names: set[string];
global total = 0;

global empty: event(c: Conn);
event empty(c: Conn) { }

global three_fields: event(c: Conn);
event three_fields(c: Conn)
	{
	if ( c$service == "http" && c$n > 0 && c$id$orig_h in seen )
		++seen[c$id$orig_h];
	}

global three_and_bump: event(c: Conn);
event three_and_bump(c: Conn)
	{
	if ( c$n > 100 && c$service == "dns" )
		return;
	++seen[c$id$orig_h];
	}

global two_keys: event(c: Conn);
event two_keys(c: Conn) { pairs[c$id$orig_h, c$id$resp_p] = c$n; }

global strings: event(c: Conn);
event strings(c: Conn) { add names[to_lower(c$service + "X")]; }

global format: event(c: Conn);
event format(c: Conn) { total += |fmt("%s:%d", c$service, c$n)|; }

global patterns: event(c: Conn);
event patterns(c: Conn) { if ( /ht+p/ in c$service ) ++total; }

function inc(n: count): count { return n + 1; }
global calls: event(c: Conn);
event calls(c: Conn) { total = inc(total); }

global make_record: event(c: Conn);
event make_record(c: Conn) { local x = Conn($id=c$id, $service=c$service, $n=1); total += x$n; }

global loop1000: event(c: Conn);
event loop1000(c: Conn) { local i = 0; while ( i < 1000 ) ++i; }
"#;

fn main() {
    let opts = ScriptOptions {
        code: vec![CODE.into()],
        bare: true,
        limits: Limits::default(),
        ..ScriptOptions::default()
    };
    let Ok(mut s) = Script::compile(Box::new(TestHost::default()), &opts) else {
        eprintln!("the benchmark script does not compile");
        std::process::exit(1);
    };
    s.init();
    let (id, conn) = (s.vm.named_type("Id"), s.vm.named_type("Conn"));
    let (Some(id), Some(conn)) = (id, conn) else { return };
    let addr = Value::Addr(nightjar_script::value::Addr::v4([10, 0, 0, 1]));
    let port =
        Value::Port(nightjar_script::value::Port { num: 80, proto: nightjar_script::value::Proto::Tcp });
    let id = RecordVal::new(id, vec![addr.clone(), addr, port]);
    let c = RecordVal::new(conn, vec![Value::Record(id), Value::str("http"), Value::Count(5)]);
    println!("{:<16} {:>10}", "event", "ns");
    for name in [
        "empty",
        "three_fields",
        "three_and_bump",
        "two_keys",
        "strings",
        "format",
        "patterns",
        "calls",
        "make_record",
        "loop1000",
    ] {
        let Some(event) = s.vm.event(name) else { continue };
        let rounds = if name == "loop1000" { 2_000 } else { 200_000u32 };
        let mut runs: Vec<f64> = (0..7)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..rounds {
                    let mut args = Args::new();
                    args.push(Value::Record(black_box(c.clone())));
                    s.vm.dispatch(event, args);
                }
                start.elapsed().as_nanos() as f64 / f64::from(rounds)
            })
            .collect();
        runs.sort_by(f64::total_cmp);
        println!("{name:<16} {:>10.1}", runs[3]);
    }
}
