//! HTML, XML and what is built on them: told by the first tag, which comments and an XML declaration may
//! precede.
//!
//! Zeek's signatures allow, in this order: a byte order mark, blanks and comments, one XML declaration,
//! blanks and comments, the tag. A comment and a declaration end at *any* later `-->` or `?>`, not only the
//! first, so every place behind one of those is where the tag may stand. All of them are found in one pass
//! here, however many tags are known.

use memchr::memmem;

use super::pattern::{Class, Elem, match_at};
use super::text::{BLANK, after_bom, skip};
use super::{SNIFF_LEN, Verdict};
use Elem::{Any, In, Lit, Maybe, NoCase, OneOf, Run};

/// A tag and what a file that opens with it is.
struct Tag {
    verdict: Verdict,
    /// Whether a byte order mark, and whether an XML declaration, may stand before it.
    mark: bool,
    xml: bool,
    pattern: &'static [Elem],
}

const fn tag(strength: i16, mime: &'static str, pattern: &'static [Elem]) -> Tag {
    Tag { verdict: Verdict { strength, mime }, mark: true, xml: true, pattern }
}

impl Tag {
    const fn without_mark(mut self) -> Tag {
        self.mark = false;
        self
    }

    const fn without_xml(mut self) -> Tag {
        self.xml = false;
        self
    }
}

const IN_TAG: Class = Class::of(b">").not();
const QUOTE: Class = Class::of(b"\"'");
/// Zeek's `{1,}` between the words of a tag is spaces alone.
const GAP: Elem = Run(&Class::of(b" "), 1, SNIFF_LEN);
/// In UTF-16 every other byte of ASCII is NUL.
const NUL: Elem = Maybe(&[Lit(b"\0")]);

/// Best first.
static TAGS: [Tag; 16] = [
    tag(100, "text/atom", &[Lit(b"<"), NoCase(b"rss"), Run(&IN_TAG, 0, SNIFF_LEN), Lit(b"xmlns:atom")]),
    tag(
        100,
        "text/atom",
        &[
            Lit(b"<"),
            NoCase(b"feed"),
            Run(&IN_TAG, 0, SNIFF_LEN),
            Lit(b"xmlns="),
            Maybe(&[In(&QUOTE)]),
            Lit(b"http://www"),
            Any(1),
            Lit(b"w3"),
            Any(1),
            Lit(b"org/2005/Atom"),
        ],
    ),
    tag(100, "text/html", &[NoCase(b"<!doctype"), GAP, NoCase(b"html")]),
    tag(100, "text/html", &[NoCase(b"<html")]),
    tag(100, "text/html", &[NoCase(b"<meta"), GAP, NoCase(b"http-equiv")]),
    tag(90, "text/rss", &[NoCase(b"<rss")]),
    tag(
        49,
        "application/f4m",
        &[NoCase(b"<manifest"), Run(&BLANK, 1, SNIFF_LEN), Lit(b"xmlns=\"http://ns.adobe.com/f4m/")],
    ),
    tag(49, "application/soap+xml", &[NoCase(b"<soap"), Maybe(&[NoCase(b"-env")]), NoCase(b":envelope")]),
    tag(49, "application/xml-rpc", &[NoCase(b"<methodresponse>")]),
    tag(49, "text/x-cross-domain-policy", &[NoCase(b"<!doctype"), GAP, NoCase(b"cross-domain-policy")])
        .without_mark(),
    tag(49, "text/x-cross-domain-policy", &[NoCase(b"<cross-domain-policy")]).without_mark(),
    tag(20, "magnus-internal/cold-fusion", &[Lit(b"<CF"), OneOf(&[b"PARAM", b"SET", b"IF"])])
        .without_mark()
        .without_xml(),
    tag(20, "text/html", &[NoCase(b"<head")]),
    tag(20, "text/html", &[NoCase(b"<title")]),
    tag(20, "text/html", &[NoCase(b"<body")]),
    tag(
        10,
        "application/xml",
        &[NUL, Lit(b"<"), NUL, Lit(b"?"), NUL, Lit(b"x"), NUL, Lit(b"m"), NUL, Lit(b"l"), NUL, Lit(b" ")],
    )
    .without_xml(),
];

/// Whether markup can begin with this byte: a tag, a blank, a byte order mark or half a UTF-16 character.
pub(super) fn can_start_with(first: u8) -> bool {
    const FIRST: Class = Class::of(b"<\r\n \t\0\xef\xff\xfe");
    FIRST.has(first)
}

/// The best verdict any tag gives.
pub(super) fn strongest(data: &[u8]) -> Option<Verdict> {
    let body = after_bom(data);
    let mut scan = Scan { data: body, mark: body.len() < data.len(), ..Scan::default() };
    scan.consider(0, false);
    if scan.comment.is_some() || scan.xml.is_some() {
        scan.closers();
    }
    scan.best
}

/// The search for places where a tag may stand. Positions are where the end of what was opened may begin.
#[derive(Default)]
struct Scan<'a> {
    data: &'a [u8],
    mark: bool,
    /// A comment with no XML declaration before it; one with.
    comment: Option<usize>,
    comment_after_xml: Option<usize>,
    xml: Option<usize>,
    best: Option<Verdict>,
}

impl Scan<'_> {
    /// Looks at what follows the blanks at `pos`, which is reached only through an XML declaration or not.
    fn consider(&mut self, pos: usize, after_xml: bool) {
        let Some(rest) = self.data.get(pos..) else { return };
        let here = skip(rest, &BLANK);
        let pos = self.data.len() - here.len();
        if !matches!(here.first(), Some(b'<' | 0)) {
            return;
        }
        if here.starts_with(b"<!--") {
            let open = if after_xml { &mut self.comment_after_xml } else { &mut self.comment };
            open.get_or_insert(pos + 4);
            return;
        }
        if here.starts_with(b"<?xml ") && !after_xml {
            self.xml.get_or_insert(pos + 6);
        }
        let found = TAGS
            .iter()
            .take_while(|tag| self.best.is_none_or(|best| tag.verdict.cmp_rank(&best).is_lt()))
            .filter(|tag| (tag.mark || !self.mark) && (tag.xml || !after_xml))
            .find(|tag| match_at(tag.pattern, here, 0).is_some());
        self.best = found.map(|tag| tag.verdict).or(self.best);
    }

    /// Considers every place behind the end of an opened comment or declaration.
    fn closers(&mut self) {
        let mut comment_ends = Ends::new(b"-->");
        let mut xml_ends = Ends::new(b"?>");
        let mut from = 0;
        loop {
            let comment = [self.comment, self.comment_after_xml].into_iter().flatten().min();
            let comment = comment.and_then(|open| comment_ends.next(self.data, open.max(from)));
            let xml = self.xml.and_then(|open| xml_ends.next(self.data, open.max(from)));
            match (comment, xml) {
                (Some(end), xml) if xml.is_none_or(|xml| end < xml) => {
                    from = end + 1;
                    self.consider(end + 3, self.comment.is_none_or(|open| end < open));
                }
                (_, Some(end)) => {
                    from = end + 1;
                    self.consider(end + 2, true);
                }
                _ => return,
            }
        }
    }
}

/// The places where a closing token stands, each looked for once.
struct Ends {
    token: memmem::Finder<'static>,
    /// The last place found, or the end of the data.
    found: Option<usize>,
}

impl Ends {
    fn new(token: &'static [u8]) -> Ends {
        Ends { token: memmem::Finder::new(token), found: None }
    }

    fn next(&mut self, data: &[u8], from: usize) -> Option<usize> {
        if self.found.is_none_or(|found| found < from) {
            let next = data.get(from..).and_then(|rest| self.token.find(rest));
            self.found = Some(next.map_or(data.len(), |at| from + at));
        }
        self.found.filter(|found| *found < data.len())
    }
}
