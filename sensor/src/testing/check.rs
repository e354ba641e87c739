//! Comparing what came with what is expected, and telling how they differ.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::testing::Test;
use crate::testing::diff::{Change, Row, changes};
use crate::testing::run::Ran;
use crate::testing::table::{Table, missing, shown, text_of};

/// Differences of a file that are shown.
const MAX_SHOWN: usize = 10;

/// The files that are expected.
pub(super) fn expected(test: &Test) -> Result<BTreeSet<String>, String> {
    let mut names: BTreeSet<String> = test.logs.iter().map(|log| log.file()).collect();
    files(&test.expected, "", &mut names).map_err(|error| format!("{}: {error}", test.expected.display()))?;
    Ok(names)
}

fn files(folder: &Path, within: &str, names: &mut BTreeSet<String>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let full = format!("{within}{name}");
        if entry.file_type()?.is_dir() {
            files(&entry.path(), &format!("{full}/"), names)?;
        } else {
            names.insert(full);
        }
    }
    Ok(())
}

/// All that differs, in lines.
pub(super) fn compare(test: &Test, ran: &Ran) -> Vec<String> {
    let names = match expected(test) {
        Ok(names) => names,
        Err(error) => return vec![error],
    };
    if names.is_empty() {
        let folder = test.expected.file_name().unwrap_or_default().to_string_lossy();
        return vec![format!("nothing is expected: there are no files in {folder}; --update writes them")];
    }
    names.iter().flat_map(|name| file(test, ran, name)).collect()
}

fn file(test: &Test, ran: &Ran, name: &str) -> Vec<String> {
    let expected = match fs::read(test.expected.join(name)) {
        Ok(bytes) => text_of(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![format!("{name}: what is expected is not there; --update writes it")];
        }
        Err(error) => return vec![format!("{name}: what is expected cannot be read: {error}")],
    };
    let came = match ran.file(name) {
        Ok(bytes) => text_of(&bytes.unwrap_or_default()),
        Err(error) => return vec![format!("{name}: cannot be read: {error}")],
    };
    if !name.ends_with(".log") {
        return text(name, &expected, &came);
    }
    let log = test.logs.iter().find(|log| log.file() == name);
    let columns = log.map_or(&[][..], |log| &log.columns);
    match (Table::parse(&expected), Table::parse(&came)) {
        (Ok(expected), Ok(came)) => table(name, &expected, &came, columns),
        (Err(wrong), _) => vec![format!("{name}: what is expected is no log: {wrong}")],
        // A file of this name that a script wrote in a form of its own.
        (_, Err(_)) => text(name, &expected, &came),
    }
}

fn text(name: &str, expected: &str, came: &str) -> Vec<String> {
    fn rows(text: &str) -> Vec<Row<'_>> {
        text.lines().map(|line| vec![Some(line)]).collect()
    }
    let (expected, came) = (rows(expected), rows(came));
    let found = changes(&expected, &came);
    let line = |change: &Change| {
        let line = |sign: &str, rows: &[Row<'_>], at: usize| {
            let text = rows[at].first().copied().flatten().unwrap_or_default();
            format!("    line {}: {sign} {}", at + 1, shown(text))
        };
        match *change {
            Change::Missing(a) => vec![line("-", &expected, a)],
            Change::Extra(b) => vec![line("+", &came, b)],
            Change::Changed(a, b) => vec![line("-", &expected, a), line("+", &came, b)],
        }
    };
    told(name, "line", &found, line)
}

fn table(name: &str, expected: &Table, came: &Table, wanted: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    if expected.json != came.json && !expected.rows.is_empty() && !came.rows.is_empty() {
        let form = |table: &Table| if table.json { "JSON" } else { "TSV" };
        return vec![format!("{name}: expected as {} and written as {}", form(expected), form(came))];
    }
    // Where there are no rows nothing need be said of columns.
    let comparable = !expected.columns.is_empty() && !came.columns.is_empty();
    let columns: Vec<&str> = if wanted.is_empty() {
        if comparable && !came.json {
            wrong.extend(columns_differ(expected, came).into_iter().map(|line| format!("{name}: {line}")));
        }
        let mut columns: Vec<&str> = expected.columns.iter().map(|column| &column.name[..]).collect();
        if came.json || columns.is_empty() {
            let more = came.columns.iter().map(|column| &column.name[..]);
            columns.extend(more.filter(|name| !expected.has(name)).collect::<Vec<_>>());
        } else if comparable {
            columns.retain(|name| came.has(name));
        }
        columns
    } else {
        wanted.iter().map(String::as_str).collect()
    };
    if !wanted.is_empty() && !came.json {
        for (table, whose) in [(expected, "among those expected "), (came, "")] {
            if !table.columns.is_empty() && columns.iter().any(|column| !table.has(column)) {
                return vec![format!("{name}: {whose}{}", missing(&columns, table))];
            }
        }
    }
    let (expected, came) = (expected.select(&columns), came.select(&columns));
    let found = changes(&expected, &came);
    wrong.extend(told(name, "row", &found, |change| match *change {
        Change::Changed(a, b) => changed(&columns, a, &expected[a], &came[b]),
        Change::Missing(a) => whole(&format!("row {} is missing", a + 1), &columns, &expected[a]),
        Change::Extra(b) => whole(&format!("row {} is not expected", b + 1), &columns, &came[b]),
    }));
    wrong
}

fn columns_differ(expected: &Table, came: &Table) -> Vec<String> {
    let mut wrong = Vec::new();
    for column in &expected.columns {
        match came.columns.iter().find(|other| other.name == column.name) {
            None => wrong.push(format!("column {} is missing", column.name)),
            Some(other) if other.ty != column.ty && !column.ty.is_empty() => {
                wrong
                    .push(format!("column {} is expected as {} and is {}", column.name, column.ty, other.ty));
            }
            Some(_) => {}
        }
    }
    let new = came.columns.iter().filter(|column| !expected.has(&column.name));
    wrong.extend(new.map(|column| format!("column {} is not expected", column.name)));
    let names = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    if wrong.is_empty() && names(expected) != names(came) {
        wrong.push("the columns are in another order".to_owned());
    }
    wrong
}

/// The values in which a row differs, after what tells which row it is.
fn changed(columns: &[&str], at: usize, expected: &Row<'_>, came: &Row<'_>) -> Vec<String> {
    let all = || columns.iter().zip(expected.iter().zip(came));
    let same: Vec<String> = all()
        .filter(|(_, (a, b))| a == b && a.is_some_and(|value| value != "-"))
        .take(2)
        .map(|(name, (value, _))| format!("{name} {}", shown(value.unwrap_or_default())))
        .collect();
    let mut lines = vec![format!("    row {} differs ({})", at + 1, same.join(", "))];
    let differ: Vec<_> = all().filter(|(_, (a, b))| a != b).collect();
    let width = differ.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, (a, b)) in differ {
        let value = |value: &Option<&str>| value.map_or("(nothing)".to_owned(), shown);
        lines.push(format!("      {name:width$}  expected {}", value(a)));
        lines.push(format!("      {:width$}  came     {}", "", value(b)));
    }
    lines
}

/// All that a row says.
fn whole(what: &str, columns: &[&str], row: &Row<'_>) -> Vec<String> {
    let mut lines = vec![format!("    {what}")];
    let said: Vec<_> = columns
        .iter()
        .zip(row)
        .filter_map(|(name, value)| Some((name, value.filter(|value| *value != "-")?)))
        .collect();
    let width = said.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines.extend(said.iter().map(|(name, value)| format!("      {name:width$}  {}", shown(value))));
    lines
}

/// The changes of a file under a line that counts them.
fn told(name: &str, one: &str, found: &[Change], describe: impl Fn(&Change) -> Vec<String>) -> Vec<String> {
    if found.is_empty() {
        return Vec::new();
    }
    let count = |is: fn(&Change) -> bool| found.iter().filter(|change| is(change)).count();
    let counts = [
        (count(|change| matches!(change, Change::Changed(..))), "changed"),
        (count(|change| matches!(change, Change::Missing(_))), "missing"),
        (count(|change| matches!(change, Change::Extra(_))), "not expected"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| {
        let plural = if *count == 1 { "" } else { "s" };
        format!("{count} {one}{plural} {what}")
    });
    let mut lines = vec![format!("{name}: {}", counts.collect::<Vec<_>>().join(", "))];
    lines.extend(found.iter().take(MAX_SHOWN).flat_map(describe));
    if found.len() > MAX_SHOWN {
        lines.push(format!("    and {} more", found.len() - MAX_SHOWN));
    }
    lines
}
