//! Files of options: a name and a value on each line.

use std::collections::{HashMap, HashSet};

use super::cell::{Cell, Field, shown};
use super::file::{Stamp, Whole, whole};
use super::{Follow, Item, Mode, OptionType, Out, Settings, Stop};

pub struct Reader {
    settings: Settings,
    path: String,
    mode: Mode,
    max_size: u64,
    known: Option<Stamp>,
    /// What the file said last: only changes are told.
    values: HashMap<Vec<u8>, Vec<u8>>,
}

impl Reader {
    pub fn new(settings: Settings, path: String, mode: Mode, max_size: u64) -> Self {
        Reader { settings, path, mode, max_size, known: None, values: HashMap::new() }
    }

    fn line(&mut self, line: &[u8], seen: &mut HashSet<Vec<u8>>, out: &mut Out) -> Result<(), Stop> {
        let text = shown(line);
        let end = line.iter().position(u8::is_ascii_whitespace);
        let Some(end) = end.filter(|end| *end > 0) else {
            return out.warn(format!("Could not parse '{text}'; line has invalid format. Ignoring line."));
        };
        let (name, value) = (&line[..end], line[end..].trim_ascii());
        let name_text = shown(name);
        let (ty, member) = match self.settings.options.get(&name_text) {
            Some(OptionType::Readable { ty, member }) => (*ty, *member),
            Some(OptionType::Other(ty)) => {
                return out.warn(format!(
                    "Option '{name_text}' has type '{ty}', which is not supported for file input. Ignoring line."
                ));
            }
            None => return out.warn(format!("Option '{name_text}' does not exist. Ignoring line.")),
        };
        let field = Field { name: name_text.clone(), protocol: None, ty, member, optional: false };
        let mut complaints = Vec::new();
        let cell = self.settings.notation.read(value, &field, &mut |text| complaints.push(text));
        for complaint in complaints {
            out.warn(complaint)?;
        }
        let Ok(cell) = cell else {
            return out.warn(format!("Could not convert line '{text}' to value. Ignoring line."));
        };
        seen.insert(name.to_vec());
        if self.values.get(name).is_some_and(|known| known == value) {
            return Ok(());
        }
        self.values.insert(name.to_vec(), value.to_vec());
        let cells = vec![Cell::Text(name.to_vec()), Cell::Text(value.to_vec())];
        out.put(Item::Row { line: 0, cells }, line.len())?;
        out.put(Item::Option { name: name_text, value: cell }, line.len())
    }
}

impl Follow for Reader {
    fn update(&mut self, out: &mut Out) -> Result<(), Stop> {
        let known = if self.mode == Mode::Manual { None } else { self.known };
        let fatal = self.settings.fail_on_file_problem;
        let (content, stamp) = match whole(&self.path, known, self.max_size) {
            Whole::Content(content, stamp) => (content, stamp),
            Whole::Unchanged | Whole::Unsettled => return Ok(()),
            Whole::Missing if self.known.is_none() => {
                return out.incident(fatal, format!("Init: cannot open {}", self.path));
            }
            Whole::Missing => return out.incident(fatal, format!("Could not get stat for {}", self.path)),
            Whole::TooLarge => {
                let text = format!("{} is larger than Input::max_file_size and is not read", self.path);
                return out.incident(fatal, text);
            }
        };
        out.quiet = false;
        self.known = Some(stamp);
        let mut seen = HashSet::new();
        for line in content.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() && line[0] != b'#' {
                self.line(line, &mut seen, out)?;
            }
        }
        // An option that is gone from the file and comes back is told again.
        self.values.retain(|name, _| seen.contains(name));
        match self.mode {
            Mode::Stream => Ok(()),
            Mode::Manual | Mode::Reread => out.put(Item::End, 0),
        }
    }
}
