//! Messages about scripts: worded and laid out as Zeek's, with a caret picture beside them for people.

use crate::source::{Sources, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    Warning,
    Error,
    /// An error in an expression that was being evaluated; ends the handler.
    ExprError,
    Internal,
    Fatal,
    Info,
}

impl Severity {
    /// The word Zeek prints first.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::ExprError => "expression error",
            Severity::Internal => "internal error",
            Severity::Fatal => "fatal error",
            // Zeek prints the place only.
            Severity::Info => "",
        }
    }

    pub fn is_error(self) -> bool {
        !matches!(self, Severity::Warning | Severity::Info)
    }
}

/// One message.
#[derive(Clone, Debug)]
pub struct Diag {
    pub severity: Severity,
    pub span: Span,
    /// What stands where the place is printed, when that is more than the span ("… and string").
    pub place: Option<String>,
    pub text: String,
    /// Text from the runtime budgets and other places Zeek has no wording for.
    pub ours: bool,
}

impl Diag {
    pub fn new(severity: Severity, span: Span, text: impl Into<String>) -> Diag {
        Diag { severity, span, place: None, text: text.into(), ours: false }
    }

    /// One line, exactly as Zeek would print it: `error in ./x.zeek, line 3: text`.
    pub fn zeek_line(&self, sources: &Sources) -> String {
        let place = match &self.place {
            Some(place) => place.clone(),
            None if self.span.file == 0 => String::new(),
            None => sources.zeek_location(self.span),
        };
        let start = match (self.severity.word(), &place[..]) {
            ("", "") => String::new(),
            ("", place) => format!("{place}: "),
            (word, "") => format!("{word}: "),
            (word, place) => format!("{word} in {place}: "),
        };
        start + &self.text
    }

    /// `file:line:col`, the source line and a caret under the place.
    pub fn picture(&self, sources: &Sources) -> String {
        if self.span.file == 0 {
            return String::new();
        }
        let file = sources.get(self.span.file);
        let (line, col) = file.line_col(self.span.lo);
        let text = file.line(line);
        let gutter = line.to_string();
        let pad = " ".repeat(gutter.len());
        let lead: String =
            text.chars().take(col as usize - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let room = text.chars().count().saturating_sub(col as usize - 1).max(1);
        let width = ((self.span.hi.saturating_sub(self.span.lo)) as usize).clamp(1, room);
        format!(
            "{pad} --> {}:{line}:{col}\n{pad} |\n{gutter} | {text}\n{pad} | {lead}{}\n",
            file.name,
            "^".repeat(width)
        )
    }
}
