//! Patterns: flex's syntax translated for regex-automata, which runs them as DFAs over bytes.

use super::search::{self, Automata, Automaton};
use regex_automata::meta;
use regex_automata::util::syntax;
use std::cell::OnceCell;

/// Ceiling for one compiled pattern.
pub(super) const NFA_LIMIT: usize = 16 << 20;
pub(super) const DFA_CACHE_LIMIT: usize = 4 << 20;

/// Shorter texts take little time however bad they are.
pub(crate) const LONG_TEXT: usize = 4096;

/// What stands behind the closing slash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// `i`: letters match in either case, except inside double quotes.
    pub insensitive: bool,
    /// `s`: a dot matches line ends too.
    pub single_line: bool,
}

/// A compiled pattern. Matchers are built when first used.
pub struct Pattern {
    /// As Zeek prints it, without the outer slashes: `^?(foo)$?`.
    shown: String,
    /// Translated, without anchors.
    regex: String,
    exact: OnceCell<Option<meta::Regex>>,
    search: OnceCell<Option<meta::Regex>>,
    /// The same for long texts.
    exact_long: OnceCell<Option<Automaton>>,
    search_long: OnceCell<Option<Automaton>>,
    /// For finding places.
    automata: OnceCell<Option<Box<Automata>>>,
}

impl Pattern {
    /// A pattern from the text between the slashes.
    pub fn new(text: &[u8], mods: Modifiers) -> Result<Pattern, String> {
        let shown_text = String::from_utf8_lossy(text);
        let mut shown = format!("^?({shown_text})$?");
        let mut regex = format!("(?:{})", translate(text, mods.insensitive)?);
        for (on, letter) in [(mods.insensitive, 'i'), (mods.single_line, 's')] {
            if on {
                shown = format!("(?{letter}:{shown})");
                regex = format!("(?{letter}:{regex})");
            }
        }
        let p = Pattern::merged(shown, regex);
        build(&p.regex)?;
        Ok(p)
    }

    fn merged(shown: String, regex: String) -> Pattern {
        Pattern {
            shown,
            regex,
            exact: OnceCell::new(),
            search: OnceCell::new(),
            exact_long: OnceCell::new(),
            search_long: OnceCell::new(),
            automata: OnceCell::new(),
        }
    }

    /// `a | b`.
    pub fn or(&self, other: &Pattern) -> Pattern {
        Pattern::merged(
            format!("({})|({})", self.shown, other.shown),
            format!("(?:{}|{})", self.regex, other.regex),
        )
    }

    /// `a & b`: first one, then the other.
    pub fn and(&self, other: &Pattern) -> Pattern {
        Pattern::merged(
            format!("({})({})", self.shown, other.shown),
            format!("(?:{}{})", self.regex, other.regex),
        )
    }

    /// Translated for regex-automata.
    pub fn regex(&self) -> &str {
        &self.regex
    }

    pub fn source(&self) -> &str {
        &self.shown
    }

    /// What finds it anywhere in a text.
    pub(crate) fn searcher(&self) -> Option<&meta::Regex> {
        self.search.get_or_init(|| build(&self.regex).ok()).as_ref()
    }

    /// What finds it as all of a text.
    pub(crate) fn whole(&self) -> Option<&meta::Regex> {
        self.exact.get_or_init(|| build(&whole(&self.regex)).ok()).as_ref()
    }

    /// `==`: all of the text.
    pub fn matches(&self, text: &[u8]) -> bool {
        is_match(self.whole(), &self.exact_long, || Automaton::new(&whole(&self.regex)), text)
    }

    /// `in`: anywhere.
    pub fn found_in(&self, text: &[u8]) -> bool {
        is_match(self.searcher(), &self.search_long, || Automaton::new(&self.regex), text)
    }

    /// The first match: start and length. Zeek reports the longest match at the leftmost place.
    pub fn find(&self, text: &[u8]) -> Option<(usize, usize)> {
        if search::is_too_much() {
            return None;
        }
        let start = self.automata()?.first_start(text)?;
        Some((start, self.longest_at(text, start).unwrap_or(0)))
    }

    /// Length of the longest match that begins at `at`.
    pub fn longest_at(&self, text: &[u8], at: usize) -> Option<usize> {
        if search::is_too_much() {
            return None;
        }
        Some(self.automata()?.longest_end(text, at)? - at)
    }

    fn automata(&self) -> Option<&Automata> {
        self.automata.get_or_init(|| Automata::new(&self.regex).map(Box::new)).as_deref()
    }
}

/// What a match of all of a text is.
fn whole(regex: &str) -> String {
    format!("\\A(?:{regex})\\z")
}

/// Whether a text matches. Long ones are gone through in a way that counts what that takes.
fn is_match(
    regex: Option<&meta::Regex>,
    long: &OnceCell<Option<Automaton>>,
    make: impl FnOnce() -> Option<Automaton>,
    text: &[u8],
) -> bool {
    if text.len() < LONG_TEXT {
        search::looked_at(text.len());
        return regex.is_some_and(|regex| regex.is_match(text));
    }
    !search::is_too_much() && long.get_or_init(make).as_ref().is_some_and(|long| long.is_match(text))
}

pub(super) fn syntax_config() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(false).nest_limit(100)
}

fn build(regex: &str) -> Result<meta::Regex, String> {
    meta::Regex::builder()
        .configure(
            meta::Regex::config()
                .utf8_empty(false)
                .nfa_size_limit(Some(NFA_LIMIT))
                .hybrid_cache_capacity(DFA_CACHE_LIMIT),
        )
        .syntax(syntax_config())
        .build(regex)
        .map_err(|e| match e.syntax_error() {
            Some(s) => s.to_string().lines().last().unwrap_or("bad pattern").trim().to_string(),
            None => "pattern is too large".to_string(),
        })
}

/// Flex to regex-automata: quoted literals, flex's escapes, classes; everything else is alike.
fn translate(text: &[u8], insensitive: bool) -> Result<String, String> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut i = 0;
    while let Some(&c) = text.get(i) {
        i += 1;
        match c {
            b'"' => {
                if insensitive {
                    out.push_str("(?-i:");
                }
                while let Some(&q) = text.get(i) {
                    i += 1;
                    match q {
                        b'"' => break,
                        b'\\' => i += escape(text, i, &mut out),
                        _ => literal(q, &mut out),
                    }
                }
                if insensitive {
                    out.push(')');
                }
            }
            b'\\' => i += escape(text, i, &mut out),
            b'[' => i = class(text, i, &mut out),
            // Anchors are those of the whole text.
            b'^' => out.push_str("\\A"),
            b'$' => out.push_str("\\z"),
            b'{' => i = braces(text, i, &mut out),
            b'}' => out.push_str("\\}"),
            b'.' | b'(' | b')' | b'|' | b'*' | b'+' | b'?' => {
                if matches!(c, b'*' | b'+' | b'?') {
                    // `a*?` is two operators in flex, not a lazy one: close the group before the second.
                    repeat(&mut out, c);
                } else if c == b'(' && text.get(i) == Some(&b'?') {
                    i = flags(text, i, &mut out);
                } else if c == b'(' {
                    out.push_str("(?:");
                } else {
                    out.push(c as char);
                }
            }
            _ => literal(c, &mut out),
        }
    }
    Ok(out)
}

/// A repetition after a repetition: `x*?` becomes `(?:x*)?`.
fn repeat(out: &mut String, op: u8) {
    if !out.ends_with(['*', '+', '?', '}'])
        || out.ends_with("\\*")
        || out.ends_with("\\+")
        || out.ends_with("\\?")
        || out.ends_with("\\}")
    {
        out.push(op as char);
        return;
    }
    // `x*` with any further `*`, `+` or `?` matches what `x*` does; `x+?` what `x*` does; `x?+`, `x?*` too.
    let last = out.pop().unwrap_or('*');
    match (last, op) {
        ('}', _) => {
            out.push('}');
            let start = atom_start(out);
            out.insert_str(start, "(?:");
            out.push(')');
            out.push(op as char);
        }
        ('+', b'+') => out.push('+'),
        ('?', b'?') => out.push('?'),
        _ => out.push('*'),
    }
}

/// Where the atom before a trailing `{n,m}` begins.
fn atom_start(out: &str) -> usize {
    let b = out.as_bytes();
    let open = out.rfind('{').unwrap_or(0);
    let mut depth = 0usize;
    let mut i = open;
    while i > 0 {
        i -= 1;
        match b[i] {
            b')' | b']' => depth += 1,
            b'(' | b'[' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return i;
                }
            }
            _ if depth == 0 => return if i > 0 && b[i - 1] == b'\\' { i - 1 } else { i },
            _ => {}
        }
    }
    0
}

/// `(?i:` is kept, `(?s:` and mixtures too, and the names of groups: `(?<name>`.
fn flags(text: &[u8], mut i: usize, out: &mut String) -> usize {
    let from = i;
    i += 1;
    if let Some(name) = text.get(i..).and_then(|rest| rest.strip_prefix(b"<")) {
        let len = name.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
        if len > 0 && name.get(len) == Some(&b'>') {
            out.push_str("(?P<");
            out.push_str(&String::from_utf8_lossy(name.get(..len).unwrap_or(&[])));
            out.push('>');
            return i + len + 2;
        }
    }
    while text.get(i).is_some_and(|c| c.is_ascii_alphabetic() || *c == b'-') {
        i += 1;
    }
    if text.get(i) == Some(&b':') {
        out.push('(');
        out.push_str(&String::from_utf8_lossy(text.get(from..=i).unwrap_or(&[])));
        i + 1
    } else {
        out.push_str("(?:");
        from
    }
}

fn braces(text: &[u8], i: usize, out: &mut String) -> usize {
    let close = text.get(i..).and_then(|r| r.iter().position(|c| *c == b'}'));
    if let Some(n) = close {
        let inner = text.get(i..i + n).unwrap_or(&[]);
        if !inner.is_empty() && inner.iter().all(|c| c.is_ascii_digit() || *c == b',') {
            let inner = String::from_utf8_lossy(inner);
            // flex has no `{,m}`.
            let inner = if inner.starts_with(',') { format!("0{inner}") } else { inner.into_owned() };
            out.push('{');
            out.push_str(&inner);
            out.push('}');
            return i + n + 1;
        }
    }
    out.push_str("\\{");
    i
}

fn literal(c: u8, out: &mut String) {
    if c.is_ascii_alphanumeric()
        || matches!(
            c,
            b' ' | b'_' | b'/' | b'<' | b'>' | b'\'' | b'"' | b'%' | b'!' | b'@' | b',' | b';' | b':' | b'='
        )
    {
        out.push(c as char);
    } else {
        use std::fmt::Write;
        let _ = write!(out, "\\x{c:02x}");
    }
}

/// An escape, `i` just behind the backslash; returns how many bytes it took.
/// flex knows no `\\d`: any letter without a meaning stands for itself.
fn escape(text: &[u8], i: usize, out: &mut String) -> usize {
    if i >= text.len() {
        out.push_str("\\\\");
        return 0;
    }
    let (byte, took) = escaped_byte(text, i);
    literal(byte, out);
    took
}

fn escaped_byte(text: &[u8], i: usize) -> (u8, usize) {
    let c = text.get(i).copied().unwrap_or(b'\\');
    match c {
        b'n' => (b'\n', 1),
        b't' => (b'\t', 1),
        b'r' => (b'\r', 1),
        b'f' => (12, 1),
        b'v' => (11, 1),
        b'a' => (7, 1),
        b'b' => (8, 1),
        b'x' => {
            let digits: Vec<u32> =
                text.iter().skip(i + 1).take(2).map_while(|d| (*d as char).to_digit(16)).collect();
            (digits.iter().fold(0, |n, d| n * 16 + d) as u8, 1 + digits.len())
        }
        b'0'..=b'7' => {
            let digits: Vec<u32> =
                text.iter().skip(i).take(3).map_while(|d| (*d as char).to_digit(8)).collect();
            (digits.iter().fold(0, |n, d| n * 8 + d) as u8, digits.len())
        }
        other => (other, 1),
    }
}

fn class(text: &[u8], mut i: usize, out: &mut String) -> usize {
    out.push('[');
    if text.get(i) == Some(&b'^') {
        out.push('^');
        i += 1;
    }
    let mut first = true;
    while let Some(&c) = text.get(i) {
        i += 1;
        match c {
            b']' if !first => {
                out.push(']');
                return i;
            }
            b'[' if text.get(i) == Some(&b':') => {
                let rest = text.get(i..).unwrap_or(&[]);
                match rest.windows(2).position(|w| w == b":]") {
                    Some(n) => {
                        out.push('[');
                        out.push_str(&String::from_utf8_lossy(rest.get(..n + 2).unwrap_or(&[])));
                        i += n + 2;
                    }
                    None => out.push_str("\\["),
                }
            }
            b'\\' => i += escape(text, i, out),
            b'-' => {
                let ends = first || text.get(i) == Some(&b']');
                out.push_str(if ends { "\\-" } else { "-" });
            }
            _ => literal(c, out),
        }
        first = false;
    }
    i
}

impl Pattern {
    /// The same pattern as another object.
    pub fn duplicate(&self) -> Pattern {
        Pattern::merged(self.shown.clone(), self.regex.clone())
    }
}
