//! The words of the language of signatures.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::signature::Comparison;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword or a name.
    Word(String),
    Number(u32),
    /// An IPv4 address, with the length of its prefix.
    Ip4(u32, u8),
    Ip6(u128, u8),
    Text(String),
    /// A pattern, and whether letters match in either case.
    Pattern(Vec<u8>, bool),
    Compare(Comparison),
    Sign(u8),
    /// None of these.
    Bad(String),
    End,
}

/// Reads words one at a time.
pub(super) struct Scanner<'t> {
    rest: &'t [u8],
    /// The line of the word that was read last, from 1.
    pub line: usize,
}

impl<'t> Scanner<'t> {
    pub fn new(text: &'t [u8]) -> Scanner<'t> {
        Scanner { rest: text, line: 1 }
    }

    fn peek(&self, at: usize) -> u8 {
        self.rest.get(at).copied().unwrap_or(0)
    }

    /// Takes as many bytes as fit.
    fn while_(&mut self, fits: impl Fn(u8) -> bool) -> &'t [u8] {
        let len = self.rest.iter().take_while(|byte| fits(**byte)).count();
        self.take(len)
    }

    fn take(&mut self, len: usize) -> &'t [u8] {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.line += taken.iter().filter(|byte| **byte == b'\n').count();
        self.rest = rest;
        taken
    }

    fn skip(&mut self) {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\r' | b'\n' => _ = self.take(1),
                // Comments, and words of Snort that nobody obeys.
                b'#' | b'.' => _ = self.while_(|byte| byte != b'\n'),
                _ => return,
            }
        }
    }

    pub fn next(&mut self) -> Token {
        self.skip();
        let (first, second) = (self.peek(0), self.peek(1));
        let comparison = |how| Token::Compare(how);
        match (first, second) {
            _ if self.rest.is_empty() => Token::End,
            (b'<', b'=') => self.sign(2, comparison(Comparison::LessOrEqual)),
            (b'>', b'=') => self.sign(2, comparison(Comparison::MoreOrEqual)),
            (b'=', b'=') => self.sign(2, comparison(Comparison::Equal)),
            (b'!', b'=') => self.sign(2, comparison(Comparison::Not)),
            (b'<', _) => self.sign(1, comparison(Comparison::Less)),
            (b'>', _) => self.sign(1, comparison(Comparison::More)),
            (b'=', _) => self.sign(1, comparison(Comparison::Equal)),
            (b'[', _) => self.ip6().unwrap_or_else(|| self.sign(1, Token::Sign(b'['))),
            (b'!' | b']' | b'{' | b'}' | b'&' | b':' | b',' | b'-', _) => self.sign(1, Token::Sign(first)),
            (b'"', _) => self.text(),
            (b'/', _) => self.pattern(),
            _ if first.is_ascii_digit() => self.number(),
            _ if first.is_ascii_alphabetic() || first == b'_' => self.word(),
            _ => Token::Bad(String::from_utf8_lossy(self.take(1)).into_owned()),
        }
    }

    fn sign(&mut self, len: usize, token: Token) -> Token {
        self.take(len);
        token
    }

    fn word(&mut self) -> Token {
        let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let mut word = String::from_utf8_lossy(self.while_(part)).into_owned();
        while self.peek(0) == b':' && self.peek(1) == b':' {
            self.take(2);
            word.push_str("::");
            word.push_str(&String::from_utf8_lossy(self.while_(part)));
        }
        Token::Word(word)
    }

    fn text(&mut self) -> Token {
        let inside = self.rest.get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = inside.iter().position(|byte| match byte {
            b'"' if !escaped => true,
            b'\n' => true,
            byte => {
                escaped = *byte == b'\\' && !escaped;
                false
            }
        });
        match end.and_then(|end| Some((end, inside.get(..end)?, inside.get(end)?))) {
            Some((end, text, b'"')) => {
                let text = String::from_utf8_lossy(text).into_owned();
                self.sign(end + 2, Token::Text(text))
            }
            _ => self.sign(1, Token::Bad("\"".to_owned())),
        }
    }

    fn pattern(&mut self) -> Token {
        let inside = self.rest.get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = inside.iter().position(|byte| {
            let ends = *byte == b'/' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        let Some((end, text)) = end.and_then(|end| Some((end, inside.get(..end)?))) else {
            return self.sign(1, Token::Bad("/".to_owned()));
        };
        let insensitive = inside.get(end + 1) == Some(&b'i');
        self.sign(end + 2 + usize::from(insensitive), Token::Pattern(text.to_vec(), insensitive))
    }

    fn number(&mut self) -> Token {
        if self.peek(0) == b'0' && self.peek(1) == b'x' && self.peek(2).is_ascii_hexdigit() {
            self.take(2);
            let digits = String::from_utf8_lossy(self.while_(|byte| byte.is_ascii_hexdigit())).into_owned();
            return u64::from_str_radix(&digits, 16)
                .ok()
                .and_then(|number| u32::try_from(number).ok())
                .map_or(Token::Bad(format!("0x{digits}")), Token::Number);
        }
        let digits = String::from_utf8_lossy(self.while_(|byte| byte.is_ascii_digit() || byte == b'.'));
        let text = digits.into_owned();
        if !text.contains('.') {
            return text.parse().map_or(Token::Bad(text), Token::Number);
        }
        let Ok(addr) = text.parse::<Ipv4Addr>() else { return Token::Bad(text) };
        let len = self.prefix(32);
        let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
        Token::Ip4(u32::from(addr) & mask, len)
    }

    /// `/LEN` behind an address.
    fn prefix(&mut self, most: u8) -> u8 {
        let blanks = |rest: &[u8]| rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let slash = blanks(self.rest);
        if self.peek(slash) != b'/' {
            return most;
        }
        let after = slash + 1 + blanks(self.rest.get(slash + 1..).unwrap_or_default());
        if !self.peek(after).is_ascii_digit() {
            return most;
        }
        self.take(after);
        let digits = String::from_utf8_lossy(self.while_(|byte| byte.is_ascii_digit())).into_owned();
        digits.parse::<u8>().map_or(most, |len| len.min(most))
    }

    fn ip6(&mut self) -> Option<Token> {
        let inside = self.rest.get(1..)?;
        let end = inside.iter().position(|byte| *byte == b']')?;
        let text = std::str::from_utf8(inside.get(..end)?).ok()?;
        let text = text.strip_prefix("0x").unwrap_or(text);
        let addr: Ipv6Addr = text.parse().ok()?;
        self.take(end + 2);
        let len = self.prefix(128);
        Some(Token::Ip6(super::masked(u128::from(addr), len), len))
    }
}
