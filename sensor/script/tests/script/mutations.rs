//! A thousand damaged scripts: no panic, no hang, no unbounded memory.

use nightjar_script::{Limits, Script, ScriptOptions, TestHost};

/// Texts with every construct, to be damaged.
const SEEDS: &[&str] = &[
    include_str!("language.rs"),
    "module M; export { type R: record { a: count &log; b: string &optional; v: vector of set[addr]; }; option o: set[port] = { 80/tcp } &redef; }
     redef record R += { c: double &default=1.5; };
     type E: enum { A, B = 5 }; redef enum E += { C };
     global t: table[addr, port] of R &create_expire=5min &default=R($a=1);
     function f(x: count, y: string &default=\"d\"): string { if ( x > 3 ) return fmt(\"%5.2f|%s\", x + 0.5, y); else return y[1:]; }
     hook h(r: R) &priority=5 { r$a += 1; if ( r?$b ) break; }
     event e(n: count) { for ( [k, p], r in t ) { next; } while ( n > 0 ) { --n; break; } }
     event zeek_init() {
        local r: R = [$a=3, $v=vector(set(1.2.3.4))]; t[1.2.3.4, 80/tcp] = r;
        switch r$a { case 1, 2: print \"x\"; fallthrough; default: print hook h(r); }
        local g = function[r](z: count): count { return z * r$a; };
        print g(2), |r$v|, /a+(b|c)*/ in \"xaab\", [fe80::1] in [fe80::]/10, r is R, 5 as count;
        schedule 1min { e(3) }; when [r] ( r$a == 5 ) { print \"now\"; } timeout 1sec { print \"late\"; }
        local v = vector(1, 2, 3); v += 4; v[1:2] = vector(7, 8); print v[-1], sort(v), to_json(r);
        delete t[1.2.3.4, 80/tcp]; add o[53/udp]; print from_json(\"{}\", R), copy(r), topk_init(4);
        @if ( T ) print \"on\"; @else print \"off\"; @endif
     }",
];

/// xorshift; the run is the same every time.
struct Rng(u64);

impl Rng {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

fn boundary(s: &str, mut i: usize) -> usize {
    while !s.is_char_boundary(i) {
        i += 1;
    }
    i
}

fn mutate(rng: &mut Rng, seed: &str) -> String {
    const TOKENS: &[&str] = &[
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ";",
        "$",
        "?$",
        "=",
        "+=",
        "|",
        "/",
        "\"",
        "@if ( T )",
        "@endif",
        "event",
        "function",
        "record { ",
        "table[",
        "vector of ",
        "&default=",
        "&redef",
        "when (",
        "-9223372036854775808",
        "18446744073709551615",
        "1e308",
        "local x = ",
        "function[x]() { ",
        "set(",
        "\\",
        "in",
        "!",
        "-",
        "::",
        "hook ",
        "for ( ",
        "[$a=",
        "copy(",
    ];
    let lines: Vec<&str> = seed.lines().collect();
    let from = rng.below(lines.len());
    let mut s = lines[from..(from + 12 + rng.below(30)).min(lines.len())].join("\n");
    for _ in 0..1 + rng.below(6) {
        let at = boundary(&s, rng.below(s.len() + 1));
        match rng.below(5) {
            0 => s.insert_str(at, TOKENS[rng.below(TOKENS.len())]),
            1 => {
                let end = boundary(&s, (at + rng.below(12)).min(s.len()));
                s.replace_range(at..end, "");
            }
            2 => {
                let end = boundary(&s, (at + rng.below(60)).min(s.len()));
                let piece = s[at..end].to_string();
                let to = boundary(&s, rng.below(s.len() + 1));
                s.insert_str(to, &piece);
            }
            3 => s.insert(at, char::from(rng.below(128) as u8)),
            _ => {
                let piece = TOKENS[rng.below(TOKENS.len())].repeat(1 + rng.below(300));
                s.insert_str(at, &piece);
            }
        }
    }
    s
}

#[test]
fn a_thousand_mutated_scripts() {
    // What a parser and the machine nest is bounded for this much stack.
    let t = std::thread::Builder::new().stack_size(16 << 20).spawn(|| {
        // More of them, with other damage: NIGHTJAR_MUTATIONS=100000 NIGHTJAR_SEED=7 cargo test --test mutations
        let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
        let mut rng = Rng(number("NIGHTJAR_SEED").unwrap_or(0x5eed));
        for i in 0..number("NIGHTJAR_MUTATIONS").unwrap_or(1000) {
            let seed = SEEDS[rng.below(SEEDS.len())];
            let code = mutate(&mut rng, seed);
            let limits = Limits {
                fuel: 20_000,
                depth: 60,
                memory: 32 << 20,
                string: 1 << 16,
                queue: 100,
                scheduled: 100,
            };
            let opts = ScriptOptions { code: vec![code], bare: true, limits, ..ScriptOptions::default() };
            let before = std::time::Instant::now();
            if let Ok(mut s) = Script::compile(Box::new(TestHost::default()), &opts) {
                s.run();
            }
            let took = before.elapsed();
            assert!(took.as_secs() < 10, "script {i} took {took:?}:\n{}", opts.code[0]);
        }
    });
    t.unwrap().join().unwrap();
}
