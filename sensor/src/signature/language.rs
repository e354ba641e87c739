//! The language of signatures: what a file says.

use std::net::{IpAddr, Ipv4Addr};

use crate::signature::scan::{Scanner, Token};
use crate::signature::{
    Action, Comparison, Condition, Kind, Layer, Masked, Pattern, States, Test, masked, number_of,
};

/// A signature as it was read.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub id: String,
    /// File and line.
    pub place: String,
    pub tests: Vec<Test>,
    pub patterns: Vec<Pattern>,
    pub conditions: Vec<Condition>,
    /// Name, whether of the other direction, and whether it must not match.
    pub requires: Vec<(String, bool, bool)>,
    pub evals: Vec<String>,
    pub actions: Vec<Action>,
    inactive: bool,
}

/// A number or network that a script's variable holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Named {
    Number(u32),
    Net(IpAddr, u8),
}

/// What stands in scripts. Errors are what is said of them.
pub trait Names {
    /// What a variable holds, or the members of a set.
    fn values(&self, name: &str) -> Result<Vec<Named>, String>;
    /// A variable's text, where it is one.
    fn text(&self, name: &str) -> Result<String, String>;
    /// Whether signatures may raise an event; `message`: they give it one.
    fn event(&mut self, name: &str, message: bool) -> Result<(), Wrong>;
    /// Whether a function may decide.
    fn eval(&mut self, name: &str) -> Result<(), Wrong>;
    /// Whether there is an analyzer of this name; if not that is told as a warning.
    fn analyzer(&mut self, name: &str) -> bool;
    /// A pattern, translated.
    fn pattern(&self, text: &[u8], insensitive: bool) -> Result<String, String>;
    /// Something that changes nothing.
    fn warn(&mut self, text: String);
}

/// Why something cannot be used.
pub enum Wrong {
    /// At the place in the signature.
    Here(String),
    /// All of what is to be said, whatever the place.
    Apart(String),
}

/// How many values a signature's range may stand for.
const MAX_RANGE: u32 = 65_536;

/// Reads the text of a file. What is wrong is added to `errors`, in Zeek's words.
pub fn parse(
    file: &str,
    text: &[u8],
    names: &mut dyn Names,
    drafts: &mut Vec<Draft>,
    errors: &mut Vec<String>,
) {
    let mut scanner = Scanner::new(text);
    let next = scanner.next();
    let mut parser = Parser { line: scanner.line, next, scanner, file, names, errors };
    while parser.next != Token::End {
        match parser.signature() {
            Some(draft) if draft.inactive => {}
            Some(draft) if drafts.iter().any(|known| known.id == draft.id) => {
                parser.error("rule defined twice")
            }
            Some(draft) => drafts.push(draft),
            None => return,
        }
    }
}

struct Parser<'p, 't> {
    scanner: Scanner<'t>,
    next: Token,
    /// The line of `next`.
    line: usize,
    file: &'p str,
    names: &'p mut dyn Names,
    errors: &'p mut Vec<String>,
}

impl Parser<'_, '_> {
    fn error(&mut self, what: &str) {
        self.errors.push(format!("Error in signature ({}:{}): {what}", self.file, self.line));
    }

    /// What cannot be read: nothing behind it is.
    fn syntax<T>(&mut self) -> Option<T> {
        match &self.next {
            Token::Bad(text) => {
                let what = format!("unrecognized character in input ({text})");
                self.error(&what);
            }
            _ => self.error("syntax error"),
        }
        None
    }

    fn advance(&mut self) -> Token {
        let next = self.scanner.next();
        self.line = self.scanner.line;
        std::mem::replace(&mut self.next, next)
    }

    fn sign(&mut self, sign: u8) -> Option<()> {
        if self.next == Token::Sign(sign) {
            self.advance();
            return Some(());
        }
        self.syntax()
    }

    fn accept(&mut self, sign: u8) -> bool {
        let found = self.next == Token::Sign(sign);
        if found {
            self.advance();
        }
        found
    }

    fn word(&mut self) -> Option<String> {
        match &self.next {
            Token::Word(_) => match self.advance() {
                Token::Word(word) => Some(word),
                _ => None,
            },
            _ => self.syntax(),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Token::Compare(how) = self.next else { return self.syntax() };
        self.advance();
        Some(how)
    }

    fn signature(&mut self) -> Option<Draft> {
        if self.next != Token::Word("signature".to_owned()) {
            return self.syntax();
        }
        self.advance();
        let line = self.line;
        let id = self.word()?;
        let mut draft = Draft { place: format!("{}:{line}", self.file), id, ..Draft::default() };
        self.sign(b'{')?;
        while !self.accept(b'}') {
            self.attribute(&mut draft)?;
        }
        Some(draft)
    }

    fn attribute(&mut self, draft: &mut Draft) -> Option<()> {
        let word = self.word()?;
        if let Some(kind) = Kind::of(&word) {
            return self.pattern(kind, draft);
        }
        match &word[..] {
            "dst-ip" | "src-ip" => {
                let how = self.comparison()?;
                let nets = self.nets()?;
                draft.tests.push(match &word[..] {
                    "dst-ip" => Test::Destination { how, nets },
                    _ => Test::Source { how, nets },
                });
            }
            "dst-port" | "src-port" => {
                let how = self.comparison()?;
                let values = self.values()?;
                let offset = if word == "dst-port" { 2 } else { 0 };
                draft.tests.push(Test::Field { layer: Layer::Transport, offset, size: 2, how, values });
            }
            "ip-proto" => self.protocol(draft)?,
            "header" => self.header(draft)?,
            "ip-options" => {
                loop {
                    if !matches!(&self.word()?[..], "lsrr" | "lsrre" | "rr" | "ssrr") {
                        return self.syntax();
                    }
                    if !self.accept(b',') {
                        break;
                    }
                }
                draft.conditions.push(Condition::IpOptions);
            }
            "payload-size" => {
                let how = self.comparison()?;
                let size = self.integer()?;
                draft.conditions.push(Condition::PayloadSize(how, u64::from(size)));
            }
            "same-ip" => draft.conditions.push(Condition::SameIp),
            "tcp-state" => {
                let states = self.states()?;
                draft.conditions.push(Condition::TcpState(states));
            }
            "udp-state" => {
                let states = self.states()?;
                if states.established {
                    self.error("'established' is not a valid 'udp-state'");
                }
                draft.conditions.push(Condition::UdpState(states));
            }
            "requires-signature" | "requires-reverse-signature" => {
                let not = self.accept(b'!');
                let of = self.word()?;
                draft.requires.push((of, word == "requires-reverse-signature", not));
            }
            "active" => match &self.word()?[..] {
                "true" => draft.inactive = false,
                "false" => draft.inactive = true,
                _ => return self.syntax(),
            },
            "eval" => {
                // As it stands here: Zeek looks no further before it says what is wrong.
                let line = self.line;
                let function = self.word()?;
                if let Err(wrong) = self.names.eval(&function) {
                    let after = std::mem::replace(&mut self.line, line);
                    self.wrong(wrong);
                    self.line = after;
                }
                draft.evals.push(function);
            }
            "event" => self.event(draft)?,
            "enable" | "disable" => self.analyzer(&word, draft)?,
            "file-mime" => {
                let mime = self.text()?;
                let mut strength = 0;
                if self.accept(b',') {
                    let negative = self.accept(b'-');
                    let number = i64::from(self.integer()?);
                    strength = if negative { -number } else { number };
                }
                draft.actions.push(Action::Mime(mime, strength));
            }
            _ => return self.syntax(),
        }
        Some(())
    }

    fn wrong(&mut self, wrong: Wrong) {
        match wrong {
            Wrong::Here(what) => self.error(&what),
            Wrong::Apart(all) => self.errors.push(all),
        }
    }

    fn event(&mut self, draft: &mut Draft) -> Option<()> {
        if matches!(self.next, Token::Text(_)) {
            let message = Some(self.text()?);
            draft.actions.push(Action::Event { name: None, message });
            return Some(());
        }
        let name = self.word()?;
        let message = match self.next {
            Token::Text(_) => Some(self.text()?),
            // The message itself may be in a variable.
            _ => match self.names.text(&name) {
                Ok(message) => {
                    draft.actions.push(Action::Event { name: None, message: Some(message) });
                    return Some(());
                }
                Err(_) => None,
            },
        };
        if let Err(wrong) = self.names.event(&name, message.is_some()) {
            self.wrong(wrong);
        }
        draft.actions.push(Action::Event { name: Some(name), message });
        Some(())
    }

    fn analyzer(&mut self, word: &str, draft: &mut Draft) -> Option<()> {
        let name = match self.advance() {
            Token::Text(name) => name,
            _ => return self.syntax(),
        };
        let (of, inner) = name.split_once(':').map_or((&name[..], None), |(of, inner)| (of, Some(inner)));
        let known =
            [Some(of), inner].into_iter().flatten().filter(|name| !self.names.analyzer(name)).count() == 0;
        if known {
            let name = inner.unwrap_or(of).to_uppercase().replace('-', "_");
            draft.actions.push(if word == "enable" { Action::Enable(name) } else { Action::Disable(name) });
        }
        Some(())
    }

    fn pattern(&mut self, kind: Kind, draft: &mut Draft) -> Option<()> {
        let mut depth = u64::MAX;
        if self.accept(b'[') {
            let offset = if self.next == Token::Sign(b':') { 0 } else { self.integer()? };
            depth = 1;
            if self.accept(b':') {
                depth = if self.next == Token::Sign(b']') { u64::MAX } else { u64::from(self.integer()?) };
            }
            self.sign(b']')?;
            if offset > 0 {
                self.names.warn("Offsets are currently ignored for patterns".to_owned());
            }
        }
        let (text, insensitive) = match self.next.clone() {
            Token::Pattern(text, insensitive) => {
                self.advance();
                (text, insensitive)
            }
            Token::Word(name) => {
                self.advance();
                match self.names.text(&name) {
                    Ok(text) => (text.into_bytes(), false),
                    Err(wrong) => {
                        self.error(&wrong);
                        return Some(());
                    }
                }
            }
            _ => return self.syntax(),
        };
        let (floats, rest) = split_floating(&text);
        match self.names.pattern(rest, insensitive) {
            Ok(regex) => draft.patterns.push(Pattern { kind, regex, floats, depth }),
            Err(wrong) => {
                let what = format!("{wrong} ({})", String::from_utf8_lossy(&text));
                self.error(&what);
            }
        }
        Some(())
    }

    fn protocol(&mut self, draft: &mut Draft) -> Option<()> {
        let how = self.comparison()?;
        let number = match &self.next {
            Token::Word(word) => match &word[..] {
                "icmp" => Some(1),
                "icmp6" => Some(58),
                "tcp" => Some(6),
                "udp" => Some(17),
                // Of what is around the packet there is nothing to tell.
                "ip" | "ip6" => {
                    self.advance();
                    return Some(());
                }
                _ => None,
            },
            _ => None,
        };
        let values = match number {
            Some(value) => {
                self.advance();
                vec![Masked { value, mask: u32::MAX }]
            }
            None => self.values()?,
        };
        draft.tests.push(Test::Protocol { how, values });
        Some(())
    }

    fn header(&mut self, draft: &mut Draft) -> Option<()> {
        let layer = match &self.word()?[..] {
            "ip" => Layer::Ip4,
            "ip6" => Layer::Ip6,
            "tcp" | "udp" | "icmp" | "icmp6" => Layer::Transport,
            _ => return self.syntax(),
        };
        self.sign(b'[')?;
        let offset = self.integer()? as usize;
        let size = if self.accept(b':') { self.integer()? as usize } else { 1 };
        self.sign(b']')?;
        if !matches!(size, 1 | 2 | 4) {
            self.error("illegal HdrTest size");
        }
        let mask = if self.accept(b'&') { Some(self.integer()?) } else { None };
        let how = self.comparison()?;
        let mut values = self.values()?;
        if let Some(mask) = mask {
            values.iter_mut().for_each(|value| value.mask = mask);
        }
        draft.tests.push(Test::Field { layer, offset, size, how, values });
        Some(())
    }

    fn states(&mut self) -> Option<States> {
        let mut states = States::default();
        loop {
            match &self.word()?[..] {
                "established" => states.established = true,
                "originator" => states.originator = true,
                "responder" => states.responder = true,
                "stateless" => states.stateless = true,
                _ => return self.syntax(),
            }
            if !self.accept(b',') {
                return Some(states);
            }
        }
    }

    fn text(&mut self) -> Option<String> {
        match self.next.clone() {
            Token::Text(text) => {
                self.advance();
                Some(text)
            }
            Token::Word(name) => {
                self.advance();
                let text = self.names.text(&name);
                Some(text.unwrap_or_else(|wrong| {
                    self.error(&wrong);
                    String::new()
                }))
            }
            _ => self.syntax(),
        }
    }

    fn integer(&mut self) -> Option<u32> {
        match self.next.clone() {
            Token::Number(number) => {
                self.advance();
                Some(number)
            }
            Token::Word(name) => {
                self.advance();
                match self.names.values(&name).as_deref() {
                    Ok([Named::Number(number)]) => return Some(*number),
                    Ok(_) => self.error("Identifier must refer to integer"),
                    Err(wrong) => self.error(wrong),
                }
                Some(0)
            }
            _ => self.syntax(),
        }
    }

    /// Numbers, ranges, addresses and variables that hold them.
    fn values(&mut self) -> Option<Vec<Masked>> {
        let mut values = Vec::new();
        let whole = |value| Masked { value, mask: u32::MAX };
        loop {
            match self.next.clone() {
                Token::Number(from) => {
                    self.advance();
                    let to = if self.accept(b'-') { self.integer()? } else { from };
                    values.extend((from..=to.min(from.saturating_add(MAX_RANGE))).map(whole));
                }
                Token::Ip4(value, len) => {
                    self.advance();
                    let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
                    values.push(Masked { value, mask });
                }
                Token::Word(name) => {
                    self.advance();
                    match self.names.values(&name) {
                        Ok(found) => values.extend(found.iter().map(|found| match *found {
                            Named::Number(value) => whole(value),
                            Named::Net(IpAddr::V4(addr), len) => {
                                let mask = u32::MAX.checked_shl(32 - u32::from(len.min(32))).unwrap_or(0);
                                Masked { value: u32::from(addr) & mask, mask }
                            }
                            Named::Net(IpAddr::V6(_), _) => Masked { value: 1, mask: 0 },
                        })),
                        Err(wrong) => self.error(&wrong),
                    }
                }
                _ => return self.syntax(),
            }
            if !self.accept(b',') {
                return Some(values);
            }
        }
    }

    /// Networks and variables that hold them, as prefixes of 128 bits.
    fn nets(&mut self) -> Option<Vec<(u128, u8)>> {
        let mut nets = Vec::new();
        loop {
            match self.next.clone() {
                Token::Ip4(addr, len) => {
                    self.advance();
                    nets.push((number_of(IpAddr::V4(Ipv4Addr::from(addr))), len + 96));
                }
                Token::Ip6(addr, len) => {
                    self.advance();
                    nets.push((addr, len));
                }
                Token::Word(name) => {
                    self.advance();
                    match self.names.values(&name) {
                        Ok(found) => nets.extend(found.iter().filter_map(|found| match *found {
                            Named::Net(addr, len) => {
                                let len = if addr.is_ipv4() { len.saturating_add(96) } else { len };
                                Some((masked(number_of(addr), len), len))
                            }
                            Named::Number(_) => None,
                        })),
                        Err(wrong) => self.error(&wrong),
                    }
                }
                _ => return self.syntax(),
            }
            if !self.accept(b',') {
                return Some(nets);
            }
        }
    }
}

/// What is left of a pattern that may begin anywhere, and whether it is one: `.*` and something that is no alternative
/// to it.
fn split_floating(text: &[u8]) -> (bool, &[u8]) {
    let text_after = text.strip_prefix(b"^").unwrap_or(text);
    let Some(rest) = text_after.strip_prefix(b".*") else { return (false, text) };
    if rest.is_empty() || matches!(rest.first(), Some(b'*' | b'+' | b'?' | b'{')) {
        return (false, text);
    }
    let (mut depth, mut escaped, mut quoted, mut in_class) = (0usize, false, false, false);
    for byte in rest {
        match byte {
            _ if std::mem::take(&mut escaped) => {}
            b'\\' => escaped = true,
            b'"' if !in_class => quoted = !quoted,
            _ if quoted => {}
            b']' => in_class = false,
            _ if in_class => {}
            b'[' => in_class = true,
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'|' if depth == 0 => return (false, text),
            _ => {}
        }
    }
    (true, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Signatures;

    #[derive(Default)]
    struct Known(Vec<String>);

    impl Names for Known {
        fn values(&self, name: &str) -> Result<Vec<Named>, String> {
            match name {
                "mynets" => Ok(vec![Named::Net(IpAddr::from([10, 0, 0, 0]), 8)]),
                "seventeen" => Ok(vec![Named::Number(17)]),
                _ => Err(format!("unknown script-level identifier ({name})")),
            }
        }

        fn text(&self, name: &str) -> Result<String, String> {
            (name == "words")
                .then(|| "w".to_owned())
                .ok_or_else(|| "Identifier must refer to string".to_owned())
        }

        fn event(&mut self, name: &str, _: bool) -> Result<(), Wrong> {
            (name == "known")
                .then_some(())
                .ok_or_else(|| Wrong::Here(format!("identifier is not an event ({name})")))
        }

        fn eval(&mut self, _: &str) -> Result<(), Wrong> {
            Ok(())
        }

        fn analyzer(&mut self, name: &str) -> bool {
            name == "ftp"
        }

        fn pattern(&self, text: &[u8], _: bool) -> Result<String, String> {
            Ok(String::from_utf8_lossy(text).into_owned())
        }

        fn warn(&mut self, text: String) {
            self.0.push(text);
        }
    }

    fn read(text: &str) -> (Vec<Draft>, Vec<String>) {
        let (mut drafts, mut errors) = (Vec::new(), Vec::new());
        parse("x.sig", text.as_bytes(), &mut Known::default(), &mut drafts, &mut errors);
        (drafts, errors)
    }

    #[test]
    fn all_of_the_language_is_read() {
        let text = r#"
            # A comment
            signature a-b {
              ip-proto == tcp   dst-port = 80, 90-92, seventeen
              src-ip != 10.1.2.3/8, [2001:db8::]/32, mynets
              header ip[16:4] == 127.0.0.0/24   header udp[2:1] & 0x0f == 0x02
              payload /.*a\/b|"x"/i   payload[:10] /c/   http-request-header /h/
              payload-size > 5  same-ip  tcp-state established,originator
              requires-signature !c  requires-reverse-signature c
              event "message"   enable "ftp"   eval Some::function
              file-mime "a/b", -7
            }
            signature c { udp-state stateless event known  event known "m"  event words active true }
            signature d { active false }"#;
        let (drafts, errors) = read(text);
        assert_eq!(errors, [""; 0]);
        let [a, c] = &drafts[..] else { panic!("{drafts:?}") };
        assert_eq!((a.tests.len(), a.patterns.len(), a.conditions.len()), (5, 3, 3));
        let Test::Field { values, .. } = &a.tests[1] else { panic!("{:?}", a.tests) };
        assert_eq!(values.iter().map(|value| value.value).collect::<Vec<_>>(), [80, 90, 91, 92, 17]);
        let Test::Source { nets, .. } = &a.tests[2] else { panic!("{:?}", a.tests) };
        assert_eq!(nets.iter().map(|(_, len)| *len).collect::<Vec<_>>(), [104, 32, 104]);
        assert!(!a.patterns[0].floats, "there is an alternative to it");
        assert_eq!(a.patterns[1].depth, 10);
        assert_eq!(a.requires, [("c".to_owned(), false, true), ("c".to_owned(), true, false)]);
        assert_eq!(a.actions.len(), 3);
        assert_eq!(c.actions.len(), 3);
        let all = Signatures::new(drafts).unwrap();
        assert_eq!(all.rules[1].dependents, [0, 0]);
        assert_eq!(all.pure, [1]);
        assert_eq!(all.depths, (20, 4));
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        assert_eq!(
            read("signature a {\n}\nsignature a {\n}\n").1,
            ["Error in signature (x.sig:5): rule defined twice"]
        );
        assert_eq!(read("signature a {\n frob 1 }").1, ["Error in signature (x.sig:2): syntax error"]);
        assert_eq!(
            read("signature a {\n event nobody\n}").1,
            ["Error in signature (x.sig:3): identifier is not an event (nobody)"]
        );
        assert_eq!(
            read("signature a {\n udp-state established\n}").1,
            ["Error in signature (x.sig:3): 'established' is not a valid 'udp-state'"]
        );
        assert_eq!(
            read("signature a { dst-ip == nothing }").1,
            ["Error in signature (x.sig:1): unknown script-level identifier (nothing)"]
        );
        let (drafts, _) = read("signature a {\nrequires-signature b }");
        assert_eq!(
            Signatures::new(drafts).unwrap_err(),
            ["Error in signature a (x.sig:1): unknown rule referenced"]
        );
        for text in [
            "signature",
            "signature a",
            "signature a {",
            "signature a { payload /x }",
            "}",
            "\"",
            "signature a { event \"x }",
        ] {
            assert_eq!(read(text).1.len(), 1, "{text}");
        }
    }

    #[test]
    fn what_begins_anywhere_is_found_out() {
        for (text, floats) in [
            (".*a", true),
            ("^.*a", true),
            (".*", false),
            (".*a|b", false),
            (".*(a|b)", true),
            (".*?a", false),
            (r".*\|[|]", true),
            ("a.*", false),
            (".*\"|\"", true),
        ] {
            assert_eq!(split_floating(text.as_bytes()).0, floats, "{text}");
        }
    }
}
