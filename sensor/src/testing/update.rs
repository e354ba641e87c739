//! Making what came what is expected.

use std::fs;
use std::path::Path;

use crate::testing::Test;
use crate::testing::check;
use crate::testing::run::Ran;
use crate::testing::table::{text_of, to_keep};

/// Writes the files that are expected, and of a new test those that its scripts wrote. Returns those that
/// are not what they were.
pub(super) fn update(test: &Test, ran: &Ran, own_logs: &[&str]) -> Result<Vec<String>, String> {
    let mut names = check::expected(test)?;
    if names.is_empty() {
        names.extend(of_scripts(ran, own_logs));
        if names.is_empty() {
            // That a detection stays silent is expected too.
            names.insert("notice.log".to_owned());
        }
    }
    let mut written = Vec::new();
    for name in names {
        let path = test.expected.join(&name);
        let wrong = |error| format!("{}: {error}", path.display());
        let came = ran.file(&name).map_err(wrong)?.unwrap_or_default();
        let columns = test.logs.iter().find(|log| log.file() == name).map_or(&[][..], |log| &log.columns);
        let text = text_of(&came);
        let kept = if name.ends_with(".log") && (text.starts_with('#') || text.starts_with('{')) {
            to_keep(&text, columns).map_err(|error| format!("{name}: {error}"))?.into_bytes()
        } else {
            came
        };
        if fs::read(&path).is_ok_and(|before| before == kept) {
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, kept)).map_err(wrong)?;
        written.push(name);
    }
    Ok(written)
}

/// What a test's scripts wrote: notices, logs of their own, what they printed.
fn of_scripts(ran: &Ran, own_logs: &[&str]) -> Vec<String> {
    let entries = fs::read_dir(ran.folder.path()).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let log = |name: &String| name.strip_suffix(".log").is_some_and(|log| !own_logs.contains(&log));
    let mut names: Vec<String> = names.filter(log).collect();
    if !ran.stdout.is_empty() {
        names.push("stdout".to_owned());
    }
    names
}
