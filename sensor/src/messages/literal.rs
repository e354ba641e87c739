//! What a message must have in it for a pattern to match.
//!
//! A thousand patterns are not tried one by one: each is tried only where a text stands that all its matches have, and one
//! automaton looks for all of those.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Texts of which one must be there, in lower case; the best that a pattern has. None where it has no such text.
pub(super) fn required(pattern: &Hir) -> Option<Vec<Vec<u8>>> {
    let mut best = None;
    walk(pattern, &mut best);
    best.map(|best| best.texts)
}

/// More alternatives are no help.
const MAX_ALTERNATIVES: usize = 32;

#[derive(Clone)]
struct Choice {
    texts: Vec<Vec<u8>>,
    /// The longer the shortest of them, the rarer.
    shortest: usize,
}

fn keep(best: &mut Option<Choice>, texts: Vec<Vec<u8>>) {
    let shortest = texts.iter().map(Vec::len).min().unwrap_or(0);
    let better = |old: &Choice| (shortest, old.texts.len()) > (old.shortest, texts.len());
    if shortest > 0 && texts.len() <= MAX_ALTERNATIVES && best.as_ref().is_none_or(better) {
        *best = Some(Choice { texts, shortest });
    }
}

fn walk(hir: &Hir, best: &mut Option<Choice>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(_) | HirKind::Class(_) => {
            if let Some(text) = exact(hir) {
                keep(best, vec![text]);
            }
        }
        HirKind::Capture(capture) => walk(&capture.sub, best),
        HirKind::Repetition(repetition) => {
            if repetition.min > 0 {
                walk(&repetition.sub, best);
            }
        }
        HirKind::Concat(parts) => {
            // Letters in either case are classes, between which nothing stands.
            let mut run = Vec::new();
            for part in parts {
                match exact(part) {
                    Some(text) => run.extend(text),
                    None => {
                        keep(best, vec![std::mem::take(&mut run)]);
                        walk(part, best);
                    }
                }
            }
            keep(best, vec![run]);
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                let Some(texts) = required(branch) else { return };
                all.extend(texts);
            }
            keep(best, all);
        }
    }
}

/// The one text that this matches, but for case.
fn exact(hir: &Hir) -> Option<Vec<u8>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_ascii_lowercase()),
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            let first = bytes.next()?.to_ascii_lowercase();
            bytes.all(|byte| byte.to_ascii_lowercase() == first).then(|| vec![first])
        }
        HirKind::Capture(capture) => exact(&capture.sub),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::rules::syntax;

    #[test]
    fn the_longest_text_that_must_be_there_is_found() {
        for (pattern, expected) in [
            (r"Invalid user (?P<user>.*) from (?P<ip>[0-9.]+)", Some(vec!["invalid user "])),
            (r"(?i:FAILED) x", Some(vec!["failed x"])),
            (r"a+bc?def", Some(vec!["def"])),
            (r"(?:foo|quux) [0-9]", Some(vec!["foo", "quux"])),
            (r"(?:foo|[0-9]+)", None),
            (r".*", None),
            (r"(?:ab)?", None),
            (r"(?:ab){2,}", Some(vec!["abab"])),
        ] {
            let hir = syntax().build().parse(pattern).unwrap();
            let found = required(&hir).map(|texts| {
                texts.into_iter().map(|text| String::from_utf8(text).unwrap()).collect::<Vec<_>>()
            });
            let expected = expected.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            // `(ab){2,}` may be kept as a repetition; then the text of one round does.
            let rounds =
                expected.as_deref() == Some(&["abab".to_owned()]) && found == Some(vec!["ab".into()]);
            assert!(found == expected || rounds, "{pattern}: {found:?}");
        }
    }
}
