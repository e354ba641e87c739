//! Source texts and positions in them.
//!
//! A [`Span`] is a file number and two byte offsets; lines and columns are found when a message is printed.

use std::rc::Rc;

/// A stretch of one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub file: u32,
    pub lo: u32,
    pub hi: u32,
}

impl Span {
    /// From the start of `self` to the end of `end`; a span never crosses files.
    pub fn to(self, end: Span) -> Span {
        if self.file == end.file {
            Span { file: self.file, lo: self.lo, hi: end.hi.max(self.hi) }
        } else {
            self
        }
    }

    /// The last byte only: where the parser stood when it gave up.
    pub fn end(self) -> Span {
        Span { lo: self.hi.saturating_sub(1).max(self.lo), ..self }
    }
}

/// One text: a file, `-e` code, or a bundled script.
pub struct SourceFile {
    /// As it is shown in messages and by `@FILENAME`.
    pub name: String,
    /// As it was opened; relative `@load`s start at its directory.
    pub path: String,
    pub text: Rc<str>,
    lines: Vec<u32>,
}

impl SourceFile {
    pub fn line_col(&self, at: u32) -> (u32, u32) {
        let line = self.lines.partition_point(|&start| start <= at).max(1) - 1;
        let start = self.lines.get(line).copied().unwrap_or(0);
        (line as u32 + 1, at.saturating_sub(start) + 1)
    }

    /// The text of a 1-based line, without its end.
    pub fn line(&self, number: u32) -> &str {
        let from = self.lines.get(number.saturating_sub(1) as usize).copied().unwrap_or(0) as usize;
        let rest = self.text.get(from..).unwrap_or("");
        rest.split('\n').next().unwrap_or("").trim_end_matches('\r')
    }
}

/// Every text of a run. File 0 is empty: positions of things no script wrote.
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Default for Sources {
    fn default() -> Self {
        let mut s = Sources { files: Vec::new() };
        s.add("<no location>", "", "");
        s
    }
}

impl Sources {
    pub fn add(&mut self, name: &str, path: &str, text: &str) -> u32 {
        let mut lines = vec![0];
        lines.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
        self.files.push(SourceFile {
            name: name.to_string(),
            path: path.to_string(),
            text: text.into(),
            lines,
        });
        self.files.len() as u32 - 1
    }

    pub fn get(&self, file: u32) -> &SourceFile {
        self.files.get(file as usize).unwrap_or(&self.files[0])
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.len() <= 1
    }

    /// First and last line of a span.
    pub fn lines(&self, span: Span) -> (u32, u32) {
        let f = self.get(span.file);
        (f.line_col(span.lo).0, f.line_col(span.hi.saturating_sub(1).max(span.lo)).0)
    }

    /// `x.zeek, line 3` or `x.zeek, lines 3-5`, as Zeek writes a position.
    pub fn zeek_location(&self, span: Span) -> String {
        if span.file == 0 {
            return "<no location>".to_string();
        }
        let (a, b) = self.lines(span);
        let name = &self.get(span.file).name;
        if a == b { format!("{name}, line {a}") } else { format!("{name}, lines {a}-{b}") }
    }
}
