//! Configuration files: TOML, read by tables of settings.
//!
//! A table names its settings and what each value does ([`Section`], [`Setting`]). Everything that is
//! wrong with a file is found in one go, each with its line, and a name that is nearly right gets a
//! suggestion. Durations and sizes are text with their unit, so that no number can be misread.

use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::options::{self, OptionDef};
use crate::time::Interval;

/// A table of the file.
pub struct Section<T: 'static> {
    pub name: &'static str,
    /// `[[name]]`: called each time one begins. None where there is only one.
    pub begin: Option<fn(&mut T)>,
    pub settings: &'static [Setting<T>],
    /// Takes what the table says of options that are declared to have a key in it.
    pub option: Option<fn(&mut T, &'static OptionDef, options::Value)>,
    /// Takes what it says of those that scripts declare: the name, and the value as on the command line.
    pub of_scripts: Option<fn(&mut T, String, String)>,
}

/// A key of a table, and what its value does. An error says what the value has to be.
pub struct Setting<T> {
    pub name: &'static str,
    pub set: fn(&mut T, &Value<'_>) -> Result<(), String>,
}

/// Something wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl Problem {
    /// Something wrong at a byte of the text.
    pub fn at(text: &str, at: usize, message: String) -> Problem {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        Problem { line, column, message }
    }
}

/// Reads a file into `target`, and tells all that is wrong with it. Tables named in `others` are read by
/// somebody else.
pub fn read<T>(
    text: &str,
    sections: &[&Section<T>],
    others: &[&'static str],
    target: &mut T,
) -> Vec<Problem> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut problems = Problems { text, found: Vec::new() };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        problems.add(at, error.message().to_owned());
    }
    for (name, value) in root.get_ref() {
        if others.contains(&&name.get_ref()[..]) {
            continue;
        }
        let Some(section) = sections.iter().find(|section| section.name == &name.get_ref()[..]) else {
            let known = sections.iter().map(|section| section.name).chain(others.iter().copied());
            problems.add(name.span().start, unknown("table", name.get_ref(), known));
            continue;
        };
        match (value.get_ref(), section.begin) {
            (DeValue::Table(table), None) => settings(table, section, target, &mut problems),
            (DeValue::Array(tables), Some(begin)) => {
                for value in tables {
                    let Some(table) = value.get_ref().as_table() else {
                        problems.add(value.span().start, format!("is written as [[{}]]", section.name));
                        continue;
                    };
                    begin(target);
                    settings(table, section, target, &mut problems);
                }
            }
            (_, begin) => {
                let name = section.name;
                let form = if begin.is_some() { format!("[[{name}]]") } else { format!("[{name}]") };
                problems.add(value.span().start, format!("'{name}' is a table, written as {form}"));
            }
        }
    }
    problems.found.sort_by_key(|problem| (problem.line, problem.column));
    problems.found
}

/// At which byte the value of a setting stands, in the table of that name, or the `nth` of several.
pub fn place(text: &str, section: &str, nth: usize, name: &str) -> Option<usize> {
    let (root, _) = DeTable::parse_recoverable(text);
    let table = match root.get_ref().get(section)?.get_ref() {
        DeValue::Table(table) => table,
        DeValue::Array(tables) => tables.get(nth)?.get_ref().as_table()?,
        _ => return None,
    };
    Some(table.get(name)?.span().start)
}

/// At which byte something stands that is reached by these keys, or places in arrays: what of it is there.
pub fn nearest(text: &str, keys: &[String]) -> usize {
    let (root, _) = DeTable::parse_recoverable(text);
    let mut at = 0;
    let Some((first, rest)) = keys.split_first() else { return at };
    let Some((name, mut value)) = root.get_ref().get_key_value(&first[..]) else { return at };
    at = name.span().start;
    for key in rest {
        value = match value.get_ref() {
            DeValue::Table(table) => {
                let Some((name, value)) = table.get_key_value(&key[..]) else { return at };
                at = name.span().start;
                value
            }
            DeValue::Array(values) => {
                let Some(value) = key.parse().ok().and_then(|nth: usize| values.get(nth)) else { return at };
                at = value.span().start;
                value
            }
            _ => return at,
        };
    }
    at
}

fn settings<T>(table: &DeTable<'_>, section: &Section<T>, target: &mut T, problems: &mut Problems<'_>) {
    let options = || {
        section.option.into_iter().flat_map(|take| options::section(section.name).map(move |of| (take, of)))
    };
    for (name, value) in table {
        let written = &name.get_ref()[..];
        let result = if let Some(setting) = section.settings.iter().find(|setting| setting.name == written) {
            (setting.set)(target, &Value(value))
        } else if let Some((take, (option, _))) = options().find(|(_, (_, key))| key.name == written) {
            option.read(&Value(value)).map(|value| take(target, option, value))
        } else if let (true, Some(take)) = (section.name == options::BY_NAME, section.option) {
            match (options::find(written), section.of_scripts) {
                (Some(option), _) => {
                    option.read_by_name(&Value(value)).map(|value| take(target, option, value))
                }
                (None, Some(take)) if is_name(written) && misspelt(written).is_none() => {
                    Value(value).as_on_command_line().map(|value| take(target, written.to_owned(), value))
                }
                (None, _) => {
                    problems.add(name.span().start, unknown_option(written));
                    continue;
                }
            }
        } else {
            let own = section.settings.iter().map(|setting| setting.name);
            let known = own.chain(options().map(|(_, (_, key))| key.name));
            let kind = format!("setting of [{}]", section.name);
            problems.add(name.span().start, unknown(&kind, written, known));
            continue;
        };
        if let Err(why) = result {
            problems.add(value.span().start, format!("{written} {why}"));
        }
    }
}

fn unknown(kind: &str, name: &str, known: impl Iterator<Item = &'static str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = known.iter().map(|known| (strsim::damerau_levenshtein(known, name), *known)).min();
    match nearest {
        Some((distance, known)) if distance <= 1 + known.len() / 4 => {
            format!("there is no {kind} '{name}'; did you mean '{known}'?")
        }
        _ => format!("there is no {kind} '{name}'; there are {}", known.join(", ")),
    }
}

fn unknown_option(name: &str) -> String {
    match misspelt(name) {
        Some(known) => format!("there is no option '{name}'; did you mean '{known}'?"),
        None => format!("there is no option '{name}'; docs/options.md names those that there are"),
    }
}

/// The option that was probably meant. Options of scripts are often named alike.
fn misspelt(name: &str) -> Option<&'static str> {
    let distance = |known: &str| strsim::damerau_levenshtein(known, name);
    let nearest = options::all().map(|known| (distance(known.name), known.name)).min();
    nearest.filter(|(distance, _)| *distance <= 2).map(|(_, known)| known)
}

/// Whether scripts may declare something of this name.
fn is_name(name: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && !word.starts_with(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    name.split("::").all(word)
}

struct Problems<'a> {
    text: &'a str,
    found: Vec<Problem>,
}

impl Problems<'_> {
    fn add(&mut self, at: usize, message: String) {
        self.found.push(Problem::at(self.text, at, message));
    }
}

/// A value as the file gives it.
pub struct Value<'a>(&'a Spanned<DeValue<'a>>);

impl Value<'_> {
    fn kind(&self) -> &'static str {
        self.0.get_ref().type_str()
    }

    pub fn text(&self) -> Result<&str, String> {
        self.0.get_ref().as_str().ok_or_else(|| format!("is text in quotes, not {}", self.kind()))
    }

    pub fn boolean(&self) -> Result<bool, String> {
        self.0.get_ref().as_bool().ok_or_else(|| format!("is true or false, not {}", self.kind()))
    }

    /// A whole number between these, both included.
    pub fn number(&self, least: u64, most: u64) -> Result<u64, String> {
        let number = self.0.get_ref().as_integer().filter(|number| number.radix() == 10);
        let number = number.and_then(|number| number.as_str().replace('_', "").parse::<u64>().ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("is a whole number from {least} to {most}, without quotes or unit"))
    }

    /// A whole number that may be negative.
    pub fn integer(&self) -> Result<i64, String> {
        let number = self.0.get_ref().as_integer().filter(|number| number.radix() == 10);
        number
            .and_then(|number| number.as_str().replace('_', "").parse().ok())
            .ok_or_else(|| "is a whole number, without quotes or unit".to_owned())
    }

    pub fn float(&self) -> Result<f64, String> {
        let value = self.0.get_ref();
        let text =
            value.as_float().map(|float| float.as_str()).or(value.as_integer().map(|int| int.as_str()));
        let number = text.and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
        number.ok_or_else(|| "is a number, without quotes or unit".to_owned())
    }

    /// As a word on the command line has it, whatever its type: `T`, `5min`, `{ a, b }`.
    pub fn as_on_command_line(&self) -> Result<String, String> {
        let wrong = || format!("is text as on the command line, or a list of such, not {}", self.kind());
        match self.0.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Boolean(yes) => Ok((if *yes { "T" } else { "F" }).to_owned()),
            DeValue::Integer(number) => Ok(number.as_str().replace('_', "")),
            DeValue::Float(number) => Ok(number.as_str().replace('_', "")),
            DeValue::Array(members) => {
                let members: Result<Vec<String>, String> =
                    members.iter().map(|member| Value(member).as_on_command_line()).collect();
                Ok(format!("{{ {} }}", members?.join(", ")))
            }
            DeValue::Datetime(_) | DeValue::Table(_) => Err(wrong()),
        }
    }

    /// The entries of a table, such as `{ "22/tcp" = "1 h" }`; none where it is something else.
    pub fn table<E>(
        &self,
        entry: impl Fn(&str, &Value<'_>) -> Result<E, String>,
    ) -> Option<Result<Vec<E>, String>> {
        let table = self.0.get_ref().as_table()?;
        Some(table.iter().map(|(name, value)| entry(name.get_ref(), &Value(value))).collect())
    }

    /// A share in per cent, with or without a fraction.
    pub fn percent(&self) -> Result<f64, String> {
        let value = self.0.get_ref();
        let text =
            value.as_float().map(|float| float.as_str()).or(value.as_integer().map(|int| int.as_str()));
        let number = text.and_then(|text| text.parse::<f64>().ok());
        number
            .filter(|number| (0.0..=100.0).contains(number))
            .ok_or_else(|| "is a number of per cent from 0 to 100, without quotes or unit".to_owned())
    }

    /// One of these words.
    pub fn one_of<W: Copy>(&self, words: &[(&'static str, W)]) -> Result<W, String> {
        let all = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let text = self.0.get_ref().as_str();
        let found = words.iter().find(|(word, _)| Some(*word) == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| format!("is one of {}", all()))
    }

    /// A time such as `"5 min"`: text, with its unit. `"0"` needs none.
    pub fn duration(&self) -> Result<Duration, String> {
        let error = "is a time with its unit in quotes, such as \"200 ms\", \"10 s\", \"5 min\", \"1 h\" or \
                     \"30 days\"";
        // The words of scripts as well, in which defaults of protocols' options are written.
        const UNITS: &[(&str, f64)] = &[
            ("us", 1e-6),
            ("usec", 1e-6),
            ("usecs", 1e-6),
            ("ms", 1e-3),
            ("msec", 1e-3),
            ("msecs", 1e-3),
            ("s", 1.0),
            ("sec", 1.0),
            ("secs", 1.0),
            ("min", 60.0),
            ("mins", 60.0),
            ("h", 3600.0),
            ("hr", 3600.0),
            ("hrs", 3600.0),
            ("day", 86400.0),
            ("days", 86400.0),
        ];
        let seconds = self.with_unit(UNITS).ok_or(error)?;
        Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|time| time.as_secs() <= 1 << 32)
            .ok_or(error.to_owned())
    }

    pub fn interval(&self) -> Result<Interval, String> {
        let nanos = i64::try_from(self.duration()?.as_nanos()).unwrap_or(i64::MAX);
        Ok(Interval::from_nanos(nanos))
    }

    /// A number of bytes such as `"64 MiB"`: text, with its unit. `"0"` needs none.
    pub fn bytes(&self) -> Result<u64, String> {
        const UNITS: &[(&str, f64)] = &[
            ("B", 1.0),
            ("KiB", 1024.0),
            ("MiB", 1048576.0),
            ("GiB", 1073741824.0),
            ("TiB", 1099511627776.0),
        ];
        let bytes = self.with_unit(UNITS).filter(|bytes| *bytes <= 1e18);
        bytes.map(|bytes| bytes as u64).ok_or_else(|| {
            "is a size with its unit in quotes, such as \"512 KiB\", \"64 MiB\" or \"2 GiB\"".to_owned()
        })
    }

    fn with_unit(&self, units: &[(&str, f64)]) -> Option<f64> {
        let text = self.0.get_ref().as_str()?.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: f64 = number.parse().ok()?;
        if unit.is_empty() {
            return (number == 0.0).then_some(0.0);
        }
        units.iter().find(|(name, _)| *name == unit.trim()).map(|(_, factor)| number * factor)
    }

    /// The elements of a list.
    pub fn list<E>(&self, element: impl Fn(&Value<'_>) -> Result<E, String>) -> Result<Vec<E>, String> {
        let elements =
            self.0.get_ref().as_array().ok_or_else(|| format!("is a list in [], not {}", self.kind()))?;
        let one = |value| element(&Value(value)).map_err(|why| format!("has an element that {why}"));
        elements.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Debug, PartialEq)]
    struct Target {
        wait: Duration,
        size: u64,
        names: Vec<String>,
        share: f64,
    }

    const MAIN: Section<Target> = Section {
        name: "main",
        begin: None,
        option: None,
        of_scripts: None,
        settings: &[
            Setting {
                name: "wait",
                set: |target, value| {
                    target.wait = value.duration()?;
                    Ok(())
                },
            },
            Setting {
                name: "size",
                set: |target, value| {
                    target.size = value.bytes()?;
                    Ok(())
                },
            },
            Setting {
                name: "share",
                set: |target, value| {
                    target.share = value.percent()?;
                    Ok(())
                },
            },
        ],
    };

    const NAMED: Section<Target> = Section {
        name: "named",
        begin: Some(|target| target.names.push(String::new())),
        option: None,
        of_scripts: None,
        settings: &[Setting {
            name: "name",
            set: |target, value| {
                if let Some(last) = target.names.last_mut() {
                    *last = value.text()?.to_owned();
                }
                Ok(())
            },
        }],
    };

    fn of(text: &str) -> (Target, Vec<String>) {
        let mut target = Target::default();
        let problems = read(text, &[&MAIN, &NAMED], &[], &mut target);
        let told = problems.iter().map(|p| format!("{}:{}: {}", p.line, p.column, p.message)).collect();
        (target, told)
    }

    #[test]
    fn values_carry_their_units_and_comments_are_comments() {
        let (target, problems) = of("[main]\nwait = \"1.5 min\" # really\nsize = \"2 KiB\"\nshare = 2.5\n\
                                     [[named]]\nname = \"a # b\"\n[[named]]\nname = 'c'\n");
        assert!(problems.is_empty(), "{problems:?}");
        let names = vec!["a # b".to_owned(), "c".to_owned()];
        assert_eq!(target, Target { wait: Duration::from_secs(90), size: 2048, names, share: 2.5 });
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let (_, problems) = of("[main]\nwiat = \"1 s\"\nsize = 64\nwait = \"5 parsecs\"\nshare = 101\n\
                                [named]\nname = \"x\"\n[nmaed]\n");
        assert_eq!(
            problems,
            [
                "2:1: there is no setting of [main] 'wiat'; did you mean 'wait'?",
                "3:8: size is a size with its unit in quotes, such as \"512 KiB\", \"64 MiB\" or \"2 GiB\"",
                "4:8: wait is a time with its unit in quotes, such as \"200 ms\", \"10 s\", \"5 min\", \
                 \"1 h\" or \"30 days\"",
                "5:9: share is a number of per cent from 0 to 100, without quotes or unit",
                "6:1: 'named' is a table, written as [[named]]",
                "8:2: there is no table 'nmaed'; did you mean 'named'?",
            ]
        );
    }

    #[test]
    fn broken_syntax_is_told_with_its_place() {
        let (_, problems) = of("[main]\nwait = 1 s\n");
        assert!(problems.iter().any(|problem| problem.starts_with("2:")), "{problems:?}");
    }
}
