//! Logs as tables: what they say, whatever the form they are written in.

use serde_json::Value;

/// A log's rows. A value that a row does not have is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Option<String>>>,
    pub json: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    /// Empty where the log does not say.
    pub ty: String,
}

/// Lines about when a log was written, not what it says.
const OF_THE_RUN: &[&str] = &["#open", "#close"];
/// Longest value that is shown whole.
const MAX_SHOWN: usize = 300;

impl Table {
    /// Reads a log, TSV or JSON. No text is no rows.
    pub fn parse(text: &str) -> Result<Table, String> {
        let mut table = Table::default();
        for (at, line) in text.lines().enumerate() {
            if line.is_empty() || table.header(line) {
                continue;
            }
            let row = if line.starts_with('{') { table.json(line) } else { table.tsv(line) };
            table.rows.push(row.map_err(|wrong| format!("line {}: {wrong}", at + 1))?);
        }
        let columns = table.columns.len();
        table.rows.iter_mut().for_each(|row| row.resize(columns, None));
        Ok(table)
    }

    fn header(&mut self, line: &str) -> bool {
        if let Some(names) = line.strip_prefix("#fields\t") {
            let column = |name: &str| Column { name: name.to_owned(), ty: String::new() };
            self.columns = names.split('\t').map(column).collect();
        } else if let Some(types) = line.strip_prefix("#types\t") {
            self.columns.iter_mut().zip(types.split('\t')).for_each(|(column, ty)| column.ty = ty.to_owned());
        }
        line.starts_with('#')
    }

    fn tsv(&self, line: &str) -> Result<Vec<Option<String>>, String> {
        let row: Vec<_> = line.split('\t').map(|value| Some(value.to_owned())).collect();
        match (self.columns.len(), row.len()) {
            (0, _) => Err("a row without a line #fields before it".to_owned()),
            (columns, values) if columns != values => Err(format!("{values} values for {columns} columns")),
            _ => Ok(row),
        }
    }

    fn json(&mut self, line: &str) -> Result<Vec<Option<String>>, String> {
        self.json = true;
        let Ok(Value::Object(fields)) = serde_json::from_str(line) else {
            return Err("no JSON object".to_owned());
        };
        let mut row = vec![None; self.columns.len()];
        for (name, value) in fields {
            let at = self.columns.iter().position(|column| column.name == name).unwrap_or_else(|| {
                self.columns.push(Column { name, ty: String::new() });
                row.push(None);
                row.len() - 1
            });
            if let Some(place) = row.get_mut(at) {
                *place = Some(value.to_string());
            }
        }
        Ok(row)
    }

    /// Each row's values of these columns.
    pub fn select<'t>(&'t self, columns: &[&str]) -> Vec<Vec<Option<&'t str>>> {
        let place = |name: &&str| self.columns.iter().position(|column| column.name == *name);
        let places: Vec<Option<usize>> = columns.iter().map(place).collect();
        let value = |row: &'t Vec<Option<String>>, at: &Option<usize>| row.get((*at)?)?.as_deref();
        self.rows.iter().map(|row| places.iter().map(|at| value(row, at)).collect()).collect()
    }

    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.name == column)
    }
}

/// A log as a test keeps it: without what differs from run to run, and with some columns only if any are named.
pub(super) fn to_keep(text: &str, columns: &[String]) -> Result<String, String> {
    let of_the_run = |line: &&str| OF_THE_RUN.iter().any(|start| line.starts_with(start));
    if columns.is_empty() {
        return Ok(text.lines().filter(|line| !of_the_run(line)).map(|line| format!("{line}\n")).collect());
    }
    let table = Table::parse(text)?;
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    if table.json {
        let object = |row: Vec<Option<&str>>| {
            let some = names.iter().zip(row).filter_map(|(name, value)| Some((name, value?)));
            let some: Vec<String> =
                some.map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
            format!("{{{}}}\n", some.join(","))
        };
        return Ok(table.select(&names).into_iter().map(object).collect());
    }
    if table.columns.is_empty() {
        return Ok(String::new());
    }
    let ty =
        |name: &&str| table.columns.iter().find(|column| column.name == *name).map(|found| &found.ty[..]);
    let types: Option<Vec<&str>> = names.iter().map(ty).collect();
    let types = types.ok_or_else(|| missing(&names, &table))?;
    let mut kept = format!("#fields\t{}\n#types\t{}\n", names.join("\t"), types.join("\t"));
    for row in table.select(&names) {
        let row: Vec<&str> = row.into_iter().map(Option::unwrap_or_default).collect();
        kept.push_str(&row.join("\t"));
        kept.push('\n');
    }
    Ok(kept)
}

/// Says which of the columns that are to be compared there are not.
pub(super) fn missing(wanted: &[&str], table: &Table) -> String {
    let unknown: Vec<&str> = wanted.iter().copied().filter(|name| !table.has(name)).collect();
    let known: Vec<&str> = table.columns.iter().map(|column| &column.name[..]).collect();
    format!("there is no column {}; there are {}", unknown.join(", "), known.join(", "))
}

/// Bytes as text; those that are none are written as `\xNN`, so that different bytes stay different.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

/// A value as a terminal can show it: traffic may have sent anything.
pub(super) fn shown(value: &str) -> String {
    let mut shown = String::new();
    for c in value.chars().take(MAX_SHOWN) {
        match c {
            c if c.is_control() && c != '\t' => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    let more = value.chars().count().saturating_sub(MAX_SHOWN);
    if more > 0 {
        shown.push_str(&format!("… and {more} characters more"));
    }
    shown
}
