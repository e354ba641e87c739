//! Where the tests are, and what each says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::file::{self, Section, Setting};

/// A test as it was found; an error says, in lines, what is wrong with its description.
#[derive(Debug)]
pub struct Found {
    pub name: String,
    pub test: Result<Test, Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct Test {
    /// Where it stands, from the root.
    pub folder: PathBuf,
    pub capture: Option<PathBuf>,
    pub scripts: Vec<PathBuf>,
    /// As on the command line.
    pub options: Vec<String>,
    /// Copied to where it runs: what scripts read.
    pub files: Vec<PathBuf>,
    pub exit_code: u8,
    pub time_limit: Option<Duration>,
    pub logs: Vec<Log>,
    /// The folder with what is expected.
    pub expected: PathBuf,
}

/// A log that is compared.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub name: String,
    /// Those that are compared; none is all.
    pub columns: Vec<String>,
}

impl Log {
    pub fn file(&self) -> String {
        format!("{}.log", self.name)
    }
}

/// The description of a test that takes a folder.
const DESCRIPTION: &str = "test.toml";
/// What is expected stands in the folder `expect`, or in `NAME.expect` beside `NAME.zeek`.
const EXPECT: &str = "expect";
/// What captures end in, then perhaps one of [`PACKED`].
const CAPTURES: &[&str] = &["pcap", "pcapng", "cap", "trace"];
const PACKED: &[&str] = &["gz", "zst"];

#[derive(Default)]
struct Description {
    capture: Option<String>,
    scripts: Option<Vec<String>>,
    options: Vec<String>,
    files: Vec<String>,
    exit_code: u8,
    time_limit: Option<Duration>,
    logs: Vec<Log>,
}

const TEST: Section<Description> = Section {
    name: "test",
    begin: None,
    option: None,
    of_scripts: None,
    settings: &[
        Setting {
            name: "capture",
            set: |test, value| {
                test.capture = Some(value.text()?.to_owned());
                Ok(())
            },
        },
        Setting {
            name: "scripts",
            set: |test, value| {
                test.scripts = Some(value.list(|one| Ok(one.text()?.to_owned()))?);
                Ok(())
            },
        },
        Setting {
            name: "options",
            set: |test, value| {
                test.options = value.list(|one| Ok(one.text()?.to_owned()))?;
                Ok(())
            },
        },
        Setting {
            name: "files",
            set: |test, value| {
                test.files = value.list(|one| Ok(one.text()?.to_owned()))?;
                Ok(())
            },
        },
        Setting {
            name: "exit_code",
            set: |test, value| {
                test.exit_code = u8::try_from(value.number(0, 255)?).unwrap_or(u8::MAX);
                Ok(())
            },
        },
        Setting {
            name: "time_limit",
            set: |test, value| {
                test.time_limit = Some(value.duration()?);
                Ok(())
            },
        },
    ],
};

const LOG: Section<Description> = Section {
    name: "log",
    begin: Some(|test| test.logs.push(Log::default())),
    option: None,
    of_scripts: None,
    settings: &[
        Setting {
            name: "name",
            set: |test, value| {
                let name = value.text()?;
                let name = name.strip_suffix(".log").unwrap_or(name);
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                if name.is_empty() || !name.chars().all(plain) {
                    return Err("is the name of a log, such as \"notice\"".to_owned());
                }
                if let Some(log) = test.logs.last_mut() {
                    log.name = name.to_owned();
                }
                Ok(())
            },
        },
        Setting {
            name: "columns",
            set: |test, value| {
                if let Some(log) = test.logs.last_mut() {
                    log.columns = value.list(|one| Ok(one.text()?.to_owned()))?;
                }
                Ok(())
            },
        },
    ],
};

/// The tests below folders, and those that files describe. An error is a path that cannot be read or has none.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        let unreadable = |error| format!("{}: {error}", path.display());
        if fs::metadata(path).map_err(unreadable)?.is_dir() {
            walk(path, &mut found)?;
        } else {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let all = in_folder(folder)?.0;
            // The script, the capture and the description of a test all name it.
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let named = folder.join(stem(&name));
            let whole = name == DESCRIPTION;
            let is_it = |test: &Found| whole || test.name == named.to_string_lossy();
            found.extend(all.into_iter().filter(is_it));
        }
        if found.len() == before {
            return Err(format!(
                "no test in {}: a test is a NAME.zeek with its NAME.pcap beside it, or a folder with a \
                 {DESCRIPTION} (see nightjar test --help)",
                path.display()
            ));
        }
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<Found>) -> Result<(), String> {
    let (tests, folders) = in_folder(folder)?;
    found.extend(tests);
    folders.iter().try_for_each(|folder| walk(folder, found))
}

/// The tests of a folder, and the folders in it, in the order of their names.
fn in_folder(folder: &Path) -> Result<(Vec<Found>, Vec<PathBuf>), String> {
    let unreadable = |error| format!("{}: {error}", folder.display());
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        // Not behind links, which may lead back here.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            folders.push(name);
        } else {
            files.push(name);
        }
    }
    files.sort_unstable();
    folders.sort_unstable();
    let tests = if files.iter().any(|name| name == DESCRIPTION) {
        let test = described(folder, &files);
        vec![Found { name: folder.to_string_lossy().into_owned(), test }]
    } else {
        pairs(folder, &files, &folders)
    };
    let expectation = |name: &String| name == EXPECT || name.ends_with(".expect");
    let folders = folders.iter().filter(|name| !expectation(name)).map(|name| folder.join(name)).collect();
    Ok((tests, folders))
}

/// A file's name without what tells its kind.
fn stem(name: &str) -> &str {
    capture_stem(name)
        .or_else(|| name.strip_suffix(".zeek"))
        .or_else(|| name.strip_suffix(".expect"))
        .unwrap_or(name)
}

/// A capture's name without its endings; none where the file is no capture.
fn capture_stem(name: &str) -> Option<&str> {
    let ending = |name: &str, of: &[&str]| {
        name.rsplit_once('.').filter(|(_, ending)| of.contains(ending)).map(|(stem, _)| stem.len())
    };
    let plain = ending(name, PACKED).map_or(name, |len| &name[..len]);
    ending(plain, CAPTURES).map(|len| &name[..len])
}

/// Scripts with captures of the same name, and whatever has a folder of what is expected.
fn pairs(folder: &Path, files: &[String], folders: &[String]) -> Vec<Found> {
    #[derive(Default)]
    struct Pair<'a> {
        script: bool,
        captures: Vec<&'a str>,
        expected: bool,
    }
    let mut pairs: BTreeMap<&str, Pair<'_>> = BTreeMap::new();
    for name in files {
        if let Some(stem) = capture_stem(name) {
            pairs.entry(stem).or_default().captures.push(name);
        } else if let Some(stem) = name.strip_suffix(".zeek") {
            pairs.entry(stem).or_default().script = true;
        }
    }
    for stem in folders.iter().filter_map(|name| name.strip_suffix(".expect")) {
        pairs.entry(stem).or_default().expected = true;
    }
    let pair = |name: &str, pair: Pair<'_>| {
        let root = from_root(folder)?;
        let capture = match &pair.captures[..] {
            [capture] => root.join(capture),
            [] => return Err(vec![format!("there is no capture {name}.pcap beside {name}.expect")]),
            several => return Err(vec![format!("which capture of {}?", several.join(", "))]),
        };
        let script = root.join(format!("{name}.zeek"));
        let expected = root.join(format!("{name}.expect"));
        let scripts = if pair.script { vec![script] } else { Vec::new() };
        Ok(test(root, Some(capture), scripts, Description::default(), expected))
    };
    let mut found = Vec::new();
    for (name, parts) in pairs {
        // Other scripts are parts of some, and other captures are used by some.
        if parts.expected || parts.script && !parts.captures.is_empty() {
            let full = folder.join(name).to_string_lossy().into_owned();
            found.push(Found { name: full, test: pair(name, parts) });
        }
    }
    found
}

/// A test in a folder, from the root.
fn test(
    folder: PathBuf,
    capture: Option<PathBuf>,
    scripts: Vec<PathBuf>,
    described: Description,
    expected: PathBuf,
) -> Test {
    let Description { options, files, exit_code, time_limit, logs, .. } = described;
    let files = files.iter().map(|name| folder.join(name)).collect();
    Test { folder, capture, scripts, options, files, exit_code, time_limit, logs, expected }
}

/// As scripts and captures are named to a run elsewhere.
fn from_root(folder: &Path) -> Result<PathBuf, Vec<String>> {
    fs::canonicalize(folder).map_err(|error| vec![format!("{}: {error}", folder.display())])
}

/// The test that a description makes of a folder.
fn described(folder: &Path, files: &[String]) -> Result<Test, Vec<String>> {
    let root = from_root(folder)?;
    let path = folder.join(DESCRIPTION);
    let text = fs::read_to_string(&path).map_err(|error| vec![format!("{}: {error}", path.display())])?;
    let mut said = Description::default();
    let mut wrong: Vec<String> = file::read(&text, &[&TEST, &LOG], &[], &mut said)
        .iter()
        .map(|problem| format!("{}:{}:{}: {}", path.display(), problem.line, problem.column, problem.message))
        .collect();
    if said.logs.iter().any(|log| log.name.is_empty()) {
        wrong.push(format!("{}: a [[log]] has no name", path.display()));
    }
    let captures: Vec<&String> = files.iter().filter(|name| capture_stem(name).is_some()).collect();
    let capture = match (&said.capture, &captures[..]) {
        (Some(named), _) => Some(root.join(named)),
        (None, []) => None,
        (None, [capture]) => Some(root.join(capture)),
        (None, _) => {
            wrong.push(format!("{}: which capture? name one: capture = \"…\"", path.display()));
            None
        }
    };
    let in_folder = || files.iter().filter(|name| name.ends_with(".zeek")).cloned().collect();
    let scripts: Vec<String> = said.scripts.take().unwrap_or_else(in_folder);
    if capture.is_none() && scripts.is_empty() && wrong.is_empty() {
        wrong.push(format!("{}: there is neither a capture nor a script", path.display()));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let scripts = scripts.iter().map(|name| root.join(name)).collect();
    let expected = root.join(EXPECT);
    Ok(test(root, capture, scripts, said, expected))
}
