//! Tells the program which commit it is built of.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=NIGHTJAR_COMMIT");
    let given = env::var("NIGHTJAR_COMMIT").ok().filter(|commit| !commit.is_empty());
    // Builds of developers would be made anew with each commit for it.
    let released = || env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| released().then(commit).flatten());
    println!("cargo:rustc-env=NIGHTJAR_COMMIT={}", commit.unwrap_or_else(|| "unknown".to_owned()));
}

/// Its short name, with a mark where files differ from it; none where there is no repository.
fn commit() -> Option<String> {
    for watched in ["HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", watched]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
