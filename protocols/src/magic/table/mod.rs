//! The files told by bytes at fixed places.
//!
//! A row reads: strength, MIME type, what stands at the start, and for [`anywhere`] rows what must follow
//! somewhere behind it. Strengths and types are those of Zeek 7.0's signatures, as every log reader expects.
//!
//! `Within(n - 1, n)` at the start of a row stands where a Zeek signature begins with `n` wildcards but no
//! `^`: its wildcard also matches the mark its matcher puts before the first byte.

mod data;
mod media;
mod office;
mod text;

use super::pattern::{Class, Elem};
use super::text::{self as formats, BLANK, DIGIT, SPACE};
use super::{Rule, SNIFF_LEN, Test, Verdict};
use Elem::{Any, In, Lit, Maybe, NoCase, OneOf, Run, Within};

/// All rows, by kind of file. The order means nothing.
pub(super) static RULES: [&[Rule]; 11] = [
    text::TEXT,
    text::SCRIPTS,
    text::MAIL_AND_KEYS,
    office::DOCUMENTS,
    office::OFFICE,
    office::ARCHIVES,
    data::EXECUTABLES,
    data::DATA,
    media::IMAGES,
    media::AUDIO,
    media::VIDEO,
];

const fn row(strength: i16, mime: &'static str, start: &'static [Elem]) -> Rule {
    anywhere(strength, mime, start, &[])
}

const fn anywhere(
    strength: i16,
    mime: &'static str,
    start: &'static [Elem],
    later: &'static [&'static [Elem]],
) -> Rule {
    Rule { verdict: Verdict { strength, mime }, test: Test::Pattern { start, later } }
}

const fn function(strength: i16, mime: &'static str, first: &'static Class, test: fn(&[u8]) -> bool) -> Rule {
    Rule { verdict: Verdict { strength, mime }, test: Test::Function { first, test } }
}

const MAX: usize = SNIFF_LEN;
const NO_NEWLINE: Class = Class::of(b"\n").not();
const BLANKS: Elem = Run(&BLANK, 0, MAX);
const QUOTE: Class = Class::of(b"\"'");
const NOT_NUL: Class = Class::of(b"\0").not();
