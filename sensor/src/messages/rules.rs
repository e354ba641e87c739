//! Many patterns, each of which may take a message.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};
use regex_automata::PatternID;
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_syntax::ParserBuilder;

use crate::messages::{Message, literal};

/// What takes messages.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// Translated for regex-automata, with its groups.
    pub regex: String,
    /// Only of these; those that say not which they are of are looked at too. All, where there are none.
    pub programs: HashSet<Box<[u8]>, foldhash::fast::RandomState>,
    pub hosts: HashSet<Box<[u8]>, foldhash::fast::RandomState>,
}

/// Ceilings for a compiled pattern: one that is larger is refused.
const MAX_COMPILED: usize = 4 << 20;
const MAX_CACHE: usize = 1 << 20;

/// Many patterns, compiled.
#[derive(Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Texts without which no pattern matches, each with its rule.
    texts: Vec<(Vec<u8>, u32)>,
    /// What finds them; made when it is first needed after a rule was added.
    finder: Option<AhoCorasick>,
    /// Rules that may match anything.
    always: Vec<u32>,
    /// Those that the message at hand may match.
    candidates: Vec<u32>,
    message: u64,
}

struct Rule {
    pattern: Pattern,
    regex: Regex,
    captures: Captures,
    /// The last message that it may have matched.
    seen: u64,
}

/// A rule that takes a message.
#[derive(Clone, Copy)]
pub struct Found<'r> {
    pub rule: usize,
    captures: &'r Captures,
}

impl Found<'_> {
    /// Where in the text this group stands; none where it is not part of the match.
    pub fn group(&self, index: usize) -> Option<std::ops::Range<usize>> {
        self.captures.get_group(index).map(|span| span.range())
    }
}

/// As Zeek reads patterns: bytes, and a dot is no line's end.
pub(super) fn syntax() -> ParserBuilder {
    let mut builder = ParserBuilder::new();
    builder.unicode(false).utf8(false).dot_matches_new_line(false).nest_limit(100);
    builder
}

impl Rules {
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Compiles a pattern. The names of its groups are returned, of which the first is the whole match.
    pub fn add(&mut self, pattern: Pattern) -> Result<Vec<Option<String>>, String> {
        let last = |text: String| text.lines().last().unwrap_or("bad pattern").trim().to_owned();
        let hir = syntax().build().parse(&pattern.regex).map_err(|error| last(error.to_string()))?;
        let config = Regex::config()
            .utf8_empty(false)
            .nfa_size_limit(Some(MAX_COMPILED))
            .hybrid_cache_capacity(MAX_CACHE);
        let regex = Regex::builder().configure(config).build_from_hir(&hir);
        let regex = regex.map_err(|_| "the pattern is too large".to_owned())?;
        let names = regex.group_info().pattern_names(PatternID::ZERO);
        let names = names.map(|name| name.map(str::to_owned)).collect();
        let rule = u32::try_from(self.rules.len()).map_err(|_| "too many patterns".to_owned())?;
        match literal::required(&hir) {
            Some(texts) => {
                self.finder = None;
                self.texts.extend(texts.into_iter().map(|text| (text, rule)));
            }
            None => self.always.push(rule),
        }
        let captures = regex.create_captures();
        self.rules.push(Rule { pattern, regex, captures, seen: 0 });
        Ok(names)
    }

    /// Calls `each` with every rule that takes this message, in the order in which they were added.
    pub fn each_match(&mut self, message: &Message<'_>, mut each: impl FnMut(Found<'_>)) {
        self.message += 1;
        let Rules { rules, texts, finder, always, candidates, message: number } = self;
        candidates.clear();
        candidates.extend_from_slice(always);
        if finder.is_none() && !texts.is_empty() {
            let builder = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                .build(texts.iter().map(|(text, _)| text));
            match builder {
                Ok(built) => *finder = Some(built),
                // More than there can be states: all are tried.
                Err(_) => always.extend(texts.drain(..).map(|(_, rule)| rule)),
            }
        }
        if let Some(finder) = finder {
            for found in finder.find_overlapping_iter(message.text) {
                let Some((_, owner)) = texts.get(found.pattern().as_usize()) else { continue };
                let Some(rule) = rules.get_mut(*owner as usize) else { continue };
                if rule.seen != *number {
                    rule.seen = *number;
                    candidates.push(*owner);
                }
            }
        }
        candidates.sort_unstable();
        for at in candidates.iter() {
            let at = *at as usize;
            let Some(Rule { pattern, regex, captures, .. }) = rules.get_mut(at) else { continue };
            if !pattern.concerns(message) {
                continue;
            }
            regex.captures(message.text, captures);
            if captures.is_match() {
                each(Found { rule: at, captures });
            }
        }
    }
}

impl Pattern {
    fn concerns(&self, message: &Message<'_>) -> bool {
        let among = |wanted: &HashSet<Box<[u8]>, foldhash::fast::RandomState>, is: Option<&[u8]>| {
            wanted.is_empty() || is.is_none_or(|is| wanted.contains(is))
        };
        among(&self.programs, message.program) && among(&self.hosts, message.host)
    }
}
