//! What tests of several parsers do.

/// Gives a fuzz target's check its seeds: whole, cut at every byte, and with every bit turned.
pub(crate) fn over_seeds(target: &str, check: impl Fn(&[u8])) {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for seed in std::fs::read_dir(folder).unwrap() {
        let seed = std::fs::read(seed.unwrap().path()).unwrap();
        for at in 0..seed.len() {
            check(&seed[..at]);
            for bit in 0..8 {
                let mut damaged = seed.clone();
                damaged[at] ^= 1 << bit;
                check(&damaged);
            }
        }
        check(&seed);
        seen += 1;
    }
    assert!(seen > 0, "no seeds of {target}");
}
