//! `zeekscript [-b] [-c] [-e code] [Module::option=value] script.zeek …`: runs scripts without a capture.

use nightjar_script::value::HashKeys;
use nightjar_script::{Script, ScriptOptions, StdHost};
use std::io::IsTerminal;

fn main() {
    // Nested calls of scripts are nested calls here: the depth budget assumes this much stack.
    let run = std::thread::Builder::new().stack_size(64 << 20).spawn(real_main);
    let code = match run.map(|t| t.join()) {
        Ok(Ok(code)) => code,
        _ => 2,
    };
    std::process::exit(code);
}

fn real_main() -> i32 {
    let mut opts = ScriptOptions::default();
    let mut check = false;
    let mut args = std::env::args().skip(1);
    while let Some(a) = args.next() {
        match a.as_str() {
            "-b" => opts.bare = true,
            "-c" => check = true,
            "-D" => opts.hash_keys = Some(HashKeys(0, 0)),
            "-C" => {}
            "-e" => opts.code.extend(args.next()),
            _ if a.contains('=') && !a.contains('/') => opts.overrides.push(a),
            _ => opts.scripts.push(a),
        }
    }
    if let Ok(path) = std::env::var("ZEEKPATH") {
        opts.path = path.split(':').filter(|p| !p.is_empty()).map(str::to_string).collect();
        if !opts.path.iter().any(|p| p == ".") {
            opts.path.insert(0, ".".into());
        }
    }
    if let (None, Ok(seed)) = (opts.hash_keys, std::env::var("ZEEK_SEED_FILE"))
        && let Ok(text) = std::fs::read_to_string(seed)
    {
        opts.hash_keys = HashKeys::from_seed_file(&text);
        opts.random_seed = text.lines().next().and_then(|l| l.trim().parse().ok()).unwrap_or(1);
    }
    let mut host = StdHost::default();
    host.carets = std::io::stderr().is_terminal();
    match Script::compile(Box::new(host), &opts) {
        Err(_) => 1,
        Ok(_) if check => 0,
        Ok(mut s) => s.run(),
    }
}
