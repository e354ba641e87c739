//! Text to tokens. Directives that choose text (`@if` and its kin) come out as tokens; the parser decides and
//! then tells the lexer to skip.

use crate::source::Span;
use crate::token::{Directive, Kw, Tok, Token};
use crate::value::{Addr, Modifiers, Port, Proto};
use std::rc::Rc;

/// Longest first, so that the first match is the right one.
const PUNCT: &[&str] = &[
    "::", "?$", "+=", "-=", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "!", "%", "^", "*",
    "/", "+", "-", ",", ":", ";", ">", "<", "?", "|", "[", "]", "(", ")", "{", "}", "$", "=", "~", "&", ".",
];

/// A lexer over one text.
pub struct Lexer {
    text: Rc<str>,
    pos: usize,
    file: u32,
}

impl Lexer {
    pub fn new(text: Rc<str>, file: u32) -> Lexer {
        let pos = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Lexer { text, pos, file }
    }

    pub fn file(&self) -> u32 {
        self.file
    }

    fn rest(&self) -> &str {
        self.text.get(self.pos..).unwrap_or("")
    }

    fn bytes(&self) -> &[u8] {
        self.text.as_bytes().get(self.pos..).unwrap_or(&[])
    }

    fn at(&self, n: usize) -> u8 {
        self.text.as_bytes().get(self.pos + n).copied().unwrap_or(0)
    }

    fn span(&self, lo: usize) -> Span {
        Span { file: self.file, lo: lo as u32, hi: self.pos as u32 }
    }

    fn skip_blank(&mut self) {
        loop {
            match self.at(0) {
                b' ' | b'\t' | b'\r' | b'\n' | 0x0c => self.pos += 1,
                b'#' => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let n = self.rest().find('\n').unwrap_or(self.rest().len());
        self.pos += n;
    }

    /// The rest of the line, trimmed, without a comment.
    fn line_arg(&mut self) -> Rc<str> {
        let n = self.rest().find('\n').unwrap_or(self.rest().len());
        let line = self.rest().get(..n).unwrap_or("");
        let line = line.split('#').next().unwrap_or("").trim().trim_end_matches(';').trim();
        let arg: Rc<str> = line.into();
        self.pos += n;
        arg
    }

    pub fn next(&mut self) -> Token {
        self.skip_blank();
        let lo = self.pos;
        let tok = self.scan();
        Token { tok, span: self.span(lo) }
    }

    fn scan(&mut self) -> Tok {
        let Some(&c) = self.bytes().first() else { return Tok::Eof };
        match c {
            b'"' => self.string(),
            b'@' => self.directive(),
            b'0'..=b'9' => self.number(),
            b'.' if self.at(1).is_ascii_digit() => self.number(),
            b'[' => match self.ipv6() {
                Some(t) => t,
                None => self.punct(),
            },
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b':' if self.at(1) == b':' && (self.at(2).is_ascii_alphabetic() || self.at(2) == b'_') => {
                // `::name`: the global name space, said outright.
                self.pos += 2;
                let id = self.ident_text();
                Tok::Ident(format!("GLOBAL::{id}").into())
            }
            b'&' if self.at(1).is_ascii_lowercase() => self.attr(),
            _ => self.punct(),
        }
    }

    fn punct(&mut self) -> Tok {
        let (first, second) = (self.at(0), self.at(1));
        let fits = |p: &&&str| match p.as_bytes() {
            [one] => *one == first,
            [one, two] => (*one, *two) == (first, second),
            _ => false,
        };
        if let Some(p) = PUNCT.iter().find(fits) {
            self.pos += p.len();
            return Tok::P(p);
        }
        let c = self.rest().chars().next().unwrap_or(' ');
        self.pos += c.len_utf8();
        Tok::Bad(format!("unrecognized character - {}", c.escape_default()).into())
    }

    fn attr(&mut self) -> Tok {
        let n = 1 + self.bytes().iter().skip(1).take_while(|c| c.is_ascii_lowercase() || **c == b'_').count();
        let name = self.rest().get(1..n).unwrap_or("").to_string();
        // `a&b` with names is a bitwise and: only known attribute names are attributes.
        if crate::ast::AttrKind::lookup(&name).is_some() {
            self.pos += n;
            Tok::Attr(name.into())
        } else {
            self.punct()
        }
    }

    fn ident_text(&mut self) -> Rc<str> {
        let lo = self.pos;
        loop {
            while self.at(0).is_ascii_alphanumeric() || self.at(0) == b'_' {
                self.pos += 1;
            }
            let double = self.at(0) == b':' && self.at(1) == b':';
            if double && (self.at(2).is_ascii_alphabetic() || self.at(2) == b'_') {
                self.pos += 2;
            } else {
                break;
            }
        }
        self.text.get(lo..self.pos).unwrap_or("").into()
    }

    fn word(&mut self) -> Tok {
        if let Some(host) = self.host_name() {
            return host;
        }
        let id = self.ident_text();
        match Kw::lookup(&id) {
            Some(k) => Tok::Kw(k),
            None => Tok::Ident(id),
        }
    }

    /// `www.example.org`: at least one dot between labels; names never hold dots otherwise.
    fn host_name(&mut self) -> Option<Tok> {
        let n =
            self.bytes().iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.')).count();
        let word = self.rest().get(..n)?.trim_end_matches('.');
        let (first, last) = (word.split('.').next()?, word.rsplit('.').next()?);
        if !word.contains('.')
            || first.is_empty()
            || last.is_empty()
            || !last.as_bytes()[0].is_ascii_alphabetic()
        {
            return None;
        }
        let host: Rc<str> = word.into();
        self.pos += word.len();
        Some(Tok::Host(host))
    }

    fn ipv6(&mut self) -> Option<Tok> {
        let close = self.bytes().iter().take(64).position(|c| *c == b']')?;
        let inner = self.rest().get(1..close)?;
        if !inner.contains(':') || !inner.bytes().all(|c| c.is_ascii_hexdigit() || matches!(c, b':' | b'.')) {
            return None;
        }
        let addr: std::net::Ipv6Addr = inner.parse().ok()?;
        self.pos += close + 1;
        Some(self.maybe_prefix(Addr::from_v6(addr), 128))
    }

    /// An address just read: `/len` after it makes it a subnet.
    fn maybe_prefix(&mut self, addr: Addr, max: u32) -> Tok {
        if self.at(0) == b'/' && self.at(1).is_ascii_digit() {
            let n = self.bytes().iter().skip(1).take_while(|c| c.is_ascii_digit()).count();
            let len: u32 = self.rest().get(1..=n).and_then(|d| d.parse().ok()).unwrap_or(u32::MAX);
            self.pos += 1 + n;
            if len > max {
                return Tok::Bad("invalid prefix length".into());
            }
            let len = if max == 32 { len + 96 } else { len };
            return Tok::Subnet(addr.mask(len as u8), len as u8);
        }
        Tok::Addr(addr)
    }

    fn number(&mut self) -> Tok {
        let lo = self.pos;
        if self.at(0) == b'0' && matches!(self.at(1), b'x' | b'X') && self.at(2).is_ascii_hexdigit() {
            self.pos += 2;
            let from = self.pos;
            while self.at(0).is_ascii_hexdigit() {
                self.pos += 1;
            }
            let digits = self.text.get(from..self.pos).unwrap_or("");
            return match u64::from_str_radix(digits, 16) {
                Ok(n) => Tok::Count(n),
                Err(_) => Tok::Count(u64::MAX),
            };
        }
        if let Some(t) = self.dotted_quad() {
            return t;
        }
        if let Some(t) = self.digit_host() {
            return t;
        }
        let digits = |s: &mut Self| {
            while s.at(0).is_ascii_digit() {
                s.pos += 1;
            }
        };
        digits(self);
        let mut is_float = false;
        if self.at(0) == b'.' && (self.at(1).is_ascii_digit() || self.pos > lo) && self.at(1) != b'.' {
            is_float = true;
            self.pos += 1;
            digits(self);
        }
        if matches!(self.at(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.at(1), b'+' | b'-'));
            if self.at(1 + sign).is_ascii_digit() {
                is_float = true;
                self.pos += 1 + sign;
                digits(self);
            }
        }
        let text = self.text.get(lo..self.pos).unwrap_or("").to_string();
        if !is_float && self.at(0) == b'/' {
            for proto in [Proto::Tcp, Proto::Udp, Proto::Icmp, Proto::Unknown] {
                let word = proto.name();
                let after = self.at(1 + word.len());
                if self.rest().get(1..).is_some_and(|r| r.starts_with(word))
                    && !(after.is_ascii_alphanumeric() || after == b'_')
                {
                    self.pos += 1 + word.len();
                    return match text.parse::<u32>() {
                        Ok(n) if n <= 65535 => Tok::Port(Port { num: n as u16, proto }),
                        _ => Tok::Bad(format!("bad port number - {text}").into()),
                    };
                }
            }
        }
        if let Some(secs) = self.unit() {
            let n: f64 = text.parse().unwrap_or(0.0);
            return Tok::Interval(n * secs);
        }
        if is_float {
            Tok::Double(text.parse().unwrap_or(0.0))
        } else {
            text.parse().map(Tok::Count).unwrap_or(Tok::Count(u64::MAX))
        }
    }

    /// An interval's unit after its number, with or without a blank between.
    fn unit(&mut self) -> Option<f64> {
        const UNITS: &[(&str, f64)] = &[
            ("day", 86400.0),
            ("hr", 3600.0),
            ("min", 60.0),
            ("sec", 1.0),
            ("msec", 0.001),
            ("usec", 0.000_001),
        ];
        let blanks = self.bytes().iter().take_while(|c| matches!(c, b' ' | b'\t')).count();
        let rest = self.rest().get(blanks..)?;
        let n = rest.bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count();
        let word = rest.get(..n)?;
        let (_, secs) = UNITS.iter().find(|(u, _)| word == *u || word.strip_suffix('s') == Some(u))?;
        self.pos += blanks + n;
        Some(*secs)
    }

    fn dotted_quad(&mut self) -> Option<Tok> {
        let n = self.bytes().iter().take_while(|c| c.is_ascii_digit() || **c == b'.').count();
        let word = self.rest().get(..n)?;
        if word.matches('.').count() != 3 {
            return None;
        }
        let next = self.at(n);
        if next.is_ascii_alphabetic() {
            return None;
        }
        let mut octets = [0u8; 4];
        for (slot, part) in octets.iter_mut().zip(word.split('.')) {
            *slot = part.parse().ok()?;
        }
        self.pos += n;
        Some(self.maybe_prefix(Addr::v4(octets), 32))
    }

    /// A host name may start with digits: `1st.example.org`.
    fn digit_host(&mut self) -> Option<Tok> {
        let n =
            self.bytes().iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.')).count();
        let word = self.rest().get(..n)?.trim_end_matches('.');
        let labels: Vec<&str> = word.split('.').collect();
        let last = labels.last()?;
        let plain = labels.len() >= 2
            && labels.iter().all(|l| !l.is_empty())
            && last.len() >= 2
            && last.bytes().all(|c| c.is_ascii_alphabetic())
            && labels[0].bytes().any(|c| c.is_ascii_alphabetic());
        if !plain {
            return None;
        }
        let host: Rc<str> = word.into();
        self.pos += word.len();
        Some(Tok::Host(host))
    }

    fn string(&mut self) -> Tok {
        let bytes = self.bytes();
        let mut n = 1;
        loop {
            match bytes.get(n) {
                None | Some(b'\n') => {
                    self.pos += n;
                    return Tok::Bad("unterminated string".into());
                }
                Some(b'"') => break,
                Some(b'\\') => n += 2,
                Some(_) => n += 1,
            }
        }
        let raw = bytes.get(1..n).unwrap_or(&[]);
        let out = unescape(raw);
        self.pos += n + 1;
        match out {
            Ok(s) => Tok::Str(s.into()),
            Err(e) => Tok::Bad(e.into()),
        }
    }

    /// The text between the slashes of a pattern; called with the lexer just past the opening slash.
    pub fn pattern(&mut self, after_slash: Span) -> Result<(Rc<[u8]>, Modifiers, Span), Span> {
        self.pos = after_slash.hi as usize;
        let bytes = self.bytes();
        let mut n = 0;
        let mut quoted = false;
        let mut class = false;
        loop {
            match bytes.get(n) {
                None | Some(b'\n') => {
                    self.pos += n;
                    return Err(self.span(after_slash.lo as usize));
                }
                Some(b'\\') => n += 1,
                Some(b'"') if !class => quoted = !quoted,
                Some(b'/') => break,
                Some(b'[') if !quoted => class = true,
                Some(b']') if !quoted => class = false,
                _ => {}
            }
            n += 1;
        }
        let text: Rc<[u8]> = bytes.get(..n).unwrap_or(&[]).into();
        self.pos += n + 1;
        let mut mods = Modifiers::default();
        while matches!(self.at(0), b'i' | b's') && !(self.at(1).is_ascii_alphanumeric() && self.at(1) != b's')
        {
            mods.insensitive |= self.at(0) == b'i';
            mods.single_line |= self.at(0) == b's';
            self.pos += 1;
        }
        Ok((text, mods, self.span(after_slash.lo as usize)))
    }

    fn directive(&mut self) -> Tok {
        let n =
            1 + self.bytes().iter().skip(1).take_while(|c| c.is_ascii_alphabetic() || **c == b'-').count();
        let mut word = self.rest().get(..n).unwrap_or("").to_string();
        if self.rest().get(n..).is_some_and(|r| r.starts_with("_so") || r.starts_with("_zeek")) {
            word = "@DEBUG".into();
        }
        let d = match word.as_str() {
            "@load" => {
                self.pos += n;
                Directive::Load(self.line_arg())
            }
            "@load-sigs" => {
                self.pos += n;
                Directive::LoadSigs(self.line_arg())
            }
            "@load-plugin" => {
                self.pos += n;
                Directive::LoadPlugin(self.line_arg())
            }
            "@unload" => {
                self.pos += n;
                Directive::Unload(self.line_arg())
            }
            "@prefixes" => {
                self.pos += n;
                Directive::Prefixes(self.line_arg())
            }
            "@deprecated" | "@DEPRECATED" => {
                self.pos += n;
                let arg = self.line_arg();
                Directive::Deprecated(if arg.is_empty() { None } else { Some(arg) })
            }
            "@pragma" => {
                self.pos += n;
                Directive::Pragma(self.line_arg())
            }
            "@DIR" | "@FILENAME" => {
                self.pos += n;
                return Tok::Ident(word.into());
            }
            "@if" => self.word_directive(n, Directive::If),
            "@activate-if" | "@if-analyze" => self.word_directive(n, Directive::IfAnalyze),
            "@ifdef" => self.word_directive(n, Directive::Ifdef),
            "@ifndef" => self.word_directive(n, Directive::Ifndef),
            "@else" => self.word_directive(n, Directive::Else),
            "@endif" => self.word_directive(n, Directive::Endif),
            _ => {
                self.pos += n;
                return Tok::Bad(format!("unknown directive {word}").into());
            }
        };
        Tok::Directive(d)
    }

    fn word_directive(&mut self, n: usize, d: Directive) -> Directive {
        self.pos += n;
        d
    }

    /// Passes over text until the `@else` or `@endif` that ends this branch. Returns which, or `None` at the end
    /// of the text. Strings and patterns are not looked into: as in Zeek a directive is the first word of a line.
    pub fn skip_branch(&mut self) -> Option<Directive> {
        let mut depth = 0u32;
        loop {
            while matches!(self.at(0), b' ' | b'\t' | b'\r' | b'\n') {
                self.pos += 1;
            }
            if self.pos >= self.text.len() {
                return None;
            }
            if self.at(0) == b'@' {
                let n = 1 + self
                    .bytes()
                    .iter()
                    .skip(1)
                    .take_while(|c| c.is_ascii_alphabetic() || **c == b'-')
                    .count();
                let word = self.rest().get(..n).unwrap_or("").to_string();
                match word.as_str() {
                    "@if" | "@ifdef" | "@ifndef" | "@activate-if" | "@if-analyze" => depth += 1,
                    "@endif" => {
                        if depth == 0 {
                            self.pos += n;
                            return Some(Directive::Endif);
                        }
                        depth -= 1;
                    }
                    "@else" if depth == 0 => {
                        self.pos += n;
                        return Some(Directive::Else);
                    }
                    // A condition behind a nested `@else` on the same line nests once more.
                    "@else" => {
                        self.pos += n;
                        while matches!(self.at(0), b' ' | b'\t') {
                            self.pos += 1;
                        }
                        if self.rest().starts_with("@if") {
                            depth += 1;
                        }
                    }
                    _ => {}
                }
            }
            self.skip_line();
        }
    }
}

/// The bytes of a string literal's inside.
pub fn unescape(raw: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(raw.len());
    let mut i = 0;
    while let Some(&c) = raw.get(i) {
        i += 1;
        if c != b'\\' {
            out.push(c);
            continue;
        }
        let Some(&e) = raw.get(i) else { break };
        i += 1;
        match e {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'a' => out.push(7),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                let mut n = u32::from(e - b'0');
                let mut k = 1;
                while k < 3 {
                    match raw.get(i) {
                        Some(d @ b'0'..=b'7') => n = n * 8 + u32::from(d - b'0'),
                        _ => break,
                    }
                    i += 1;
                    k += 1;
                }
                out.push(n as u8);
            }
            b'x' => {
                let mut n = 0u32;
                let mut k = 0;
                while k < 2 {
                    match raw.get(i).and_then(|d| (*d as char).to_digit(16)) {
                        Some(d) => n = n * 16 + d,
                        None => break,
                    }
                    i += 1;
                    k += 1;
                }
                if k == 0 {
                    return Err("bad hexadecimal escape".into());
                }
                out.push(n as u8);
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

impl Lexer {
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.lo as usize..span.hi as usize).unwrap_or("")
    }
}

impl Lexer {
    /// From `event` or `hook` at `word`: whether `name ( id :` or `name ( )` and a body follow, i.e. a definition.
    pub fn params_follow(&self, word: Span) -> bool {
        let mut probe = Lexer { text: self.text.clone(), pos: word.hi as usize, file: self.file };
        if !matches!(probe.next().tok, Tok::Ident(_)) || probe.next().tok != Tok::P("(") {
            return true;
        }
        match probe.next().tok {
            Tok::P(")") => probe.next().tok != Tok::P(";"),
            Tok::Ident(_) | Tok::Kw(_) => probe.next().tok == Tok::P(":"),
            Tok::Directive(_) => true,
            _ => false,
        }
    }
}
