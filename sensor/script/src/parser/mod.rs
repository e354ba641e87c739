//! Tokens to syntax trees, one declaration at a time: like Zeek's, the language decides what the next text means
//! by what has been declared so far (`@if`, `@ifdef`), so the caller compiles each declaration before asking for
//! the next one.

mod decl;
mod expr;
mod stmt;
mod types;

use crate::ast::*;
use crate::lexer::Lexer;
use crate::source::Span;
use crate::token::{Directive, Kw, Tok, Token};
use std::rc::Rc;

/// How deep expressions, statements and types may nest: a mutated script must not overflow the stack.
pub const MAX_NESTING: u32 = 120;
/// How deep `@load`s may nest.
pub const MAX_LOAD_DEPTH: usize = 64;

/// A syntax error; it has been reported when this is returned.
#[derive(Debug)]
pub struct Bail;

pub type Parse<T> = Result<T, Bail>;

/// What the parser must ask of the compiler while it reads.
pub trait Driver {
    /// Compiles a declaration.
    fn declare(&mut self, d: &Decl);
    /// A syntax or other error in the text.
    fn error(&mut self, span: Span, text: String);
    fn warning(&mut self, span: Span, text: String);
    /// `@if ( e )`.
    fn condition(&mut self, e: &ExprRef) -> bool;
    /// `@ifdef ( id )`.
    fn defined(&mut self, name: &str) -> bool;
    /// `@load`: the texts to read now, each once a run.
    fn load(&mut self, what: &str, span: Span) -> Vec<(Rc<str>, u32)>;
    fn unload(&mut self, what: &str, span: Span);
    /// `@load-sigs`.
    fn load_signatures(&mut self, what: &str, span: Span);
    fn prefixes(&mut self, what: &str);
    /// A file named with `@deprecated` was loaded.
    fn deprecated_file(&mut self, why: Option<&str>, span: Span);
    /// `@pragma push ignore-deprecations` and its end.
    fn ignore_deprecations(&mut self, ignore: bool);
    /// A text begins or ends; the module in force belongs to the text.
    fn enter_file(&mut self, file: u32);
    fn leave_file(&mut self, file: u32);
    /// `@DIR` and `@FILENAME` of a text.
    fn file_constant(&self, word: &str, file: u32) -> String;
}

struct Open {
    lexer: Lexer,
    /// `@if` branches open in this text, with where they began.
    conds: Vec<Span>,
    /// `@pragma push` in force, with where they stand.
    pragmas: Vec<(Rc<str>, Span)>,
}

impl Open {
    fn new(text: Rc<str>, file: u32) -> Open {
        Open { lexer: Lexer::new(text, file), conds: Vec::new(), pragmas: Vec::new() }
    }
}

/// `@pragma push` in force at once; stops a script that pushes without end.
const MAX_PRAGMAS: usize = 1000;
/// The pragma there is.
const IGNORE_DEPRECATIONS: &str = "ignore-deprecations";

/// A parser over a stack of texts.
pub struct Parser<'d> {
    pub driver: &'d mut dyn Driver,
    stack: Vec<Open>,
    tok: Token,
    /// One further token, when the grammar needs it.
    ahead: Option<Token>,
    prev: Span,
    depth: u32,
    /// Inside `| … |`: a bar may end the expression.
    in_size: u32,
    pending: Vec<(Rc<str>, u32)>,
    /// The token in hand is used up: a declaration must be compiled before what follows it is looked at, because
    /// an `@if` there may ask about it.
    stale: bool,
}

impl<'d> Parser<'d> {
    pub fn new(driver: &'d mut dyn Driver, text: Rc<str>, file: u32) -> Parser<'d> {
        driver.enter_file(file);
        let mut p = Parser {
            driver,
            stack: vec![Open::new(text, file)],
            tok: Token { tok: Tok::Eof, span: Span { file, lo: 0, hi: 0 } },
            ahead: None,
            prev: Span { file, lo: 0, hi: 0 },
            depth: 0,
            in_size: 0,
            pending: Vec::new(),
            stale: false,
        };
        p.tok = p.fetch();
        p
    }

    /// Reads everything, compiling as it goes. A syntax error ends it.
    pub fn run(&mut self) {
        while let Ok(Some(d)) = self.next_decl() {
            self.driver.declare(&d);
        }
        let open: Vec<u32> = self.stack.drain(..).rev().map(|o| o.lexer.file()).collect();
        for file in open {
            self.driver.leave_file(file);
        }
    }

    fn raw(&mut self) -> Token {
        match self.stack.last_mut() {
            Some(open) => open.lexer.next(),
            None => Token { tok: Tok::Eof, span: self.prev },
        }
    }

    /// The next token that means something to the grammar: directives are acted on here.
    fn fetch(&mut self) -> Token {
        loop {
            let t = self.raw();
            match t.tok {
                Tok::Directive(d) => self.directive(d, t.span),
                Tok::Ident(ref w) if w.starts_with('@') => {
                    let text = self.driver.file_constant(w, t.span.file);
                    return Token { tok: Tok::Str(text.as_bytes().into()), span: t.span };
                }
                Tok::Bad(ref why) => {
                    let (why, span) = (why.to_string(), t.span);
                    self.driver.error(span, why);
                    continue;
                }
                Tok::Eof if self.stack.len() > 1 => {
                    self.close_file(t.span);
                }
                Tok::Eof => {
                    self.unbalanced_pragma();
                    if let Some(open) = self.stack.last_mut()
                        && let Some(span) = open.conds.pop()
                    {
                        open.conds.clear();
                        self.driver.error(span, "unmatched @if...".into());
                    }
                    return t;
                }
                _ => return t,
            }
        }
    }

    fn close_file(&mut self, at: Span) {
        self.unbalanced_pragma();
        if let Some(open) = self.stack.pop() {
            if let Some(span) = open.conds.first() {
                self.driver.error(*span, "unmatched @if...".into());
            }
            self.driver.leave_file(at.file);
        }
        self.open_pending();
    }

    fn open_pending(&mut self) {
        if let Some((text, file)) = self.pending.pop() {
            self.driver.enter_file(file);
            self.stack.push(Open::new(text, file));
        }
    }

    /// Ends what is pushed still where a text ends.
    fn unbalanced_pragma(&mut self) {
        let Some(open) = self.stack.last_mut() else { return };
        let left = std::mem::take(&mut open.pragmas);
        if let Some((_, at)) = left.first() {
            self.driver.error(*at, "@pragma push without pop".into());
            self.driver.ignore_deprecations(false);
        }
    }

    fn pragma(&mut self, what: &str, span: Span) {
        let mut words = what.split_whitespace();
        let (word, value) = (words.next(), words.next());
        let Some(open) = self.stack.last_mut() else { return };
        match (word, value) {
            (None, _) => self.driver.error(span, "@pragma without value".into()),
            (Some("push"), None) => self.driver.error(span, "@pragma push without value".into()),
            (Some("push"), Some(value)) => {
                if value != IGNORE_DEPRECATIONS {
                    self.driver.warning(span, format!("@pragma push for unknown {value}"));
                }
                if open.pragmas.len() < MAX_PRAGMAS {
                    open.pragmas.push((value.into(), span));
                }
                self.say_pragmas();
            }
            (Some("pop"), value) => {
                match (open.pragmas.pop(), value) {
                    (None, _) => self.driver.error(span, "@pragma pop without push".into()),
                    (Some((pushed, _)), Some(value)) if *pushed != *value => {
                        self.driver.error(span, format!("@pragma pop for {value}, but {pushed} was pushed"));
                    }
                    (Some(_), _) => {}
                }
                self.say_pragmas();
            }
            (Some(other), _) => self.driver.warning(span, format!("unknown @pragma {other}")),
        }
    }

    fn say_pragmas(&mut self) {
        let ignore = self
            .stack
            .last()
            .is_some_and(|open| open.pragmas.iter().any(|(pragma, _)| &**pragma == IGNORE_DEPRECATIONS));
        self.driver.ignore_deprecations(ignore);
    }

    fn directive(&mut self, d: Directive, span: Span) {
        match d {
            Directive::Load(what) => {
                if self.stack.len() >= MAX_LOAD_DEPTH {
                    self.driver.error(span, "@load nesting too deep".into());
                    return;
                }
                let mut texts = self.driver.load(&what, span);
                texts.reverse();
                self.pending.extend(texts);
                self.open_pending();
            }
            Directive::LoadSigs(what) => self.driver.load_signatures(&what, span),
            Directive::LoadPlugin(what) => {
                let why = "plugins are machine code for Zeek, which nothing else can run";
                self.driver.error(span, format!("@load-plugin {what}: {why}"));
            }
            Directive::Unload(what) => self.driver.unload(&what, span),
            Directive::Prefixes(what) => self.driver.prefixes(&what),
            Directive::Pragma(what) => self.pragma(&what, span),
            Directive::Deprecated(why) => self.driver.deprecated_file(why.as_deref(), span),
            Directive::If | Directive::IfAnalyze | Directive::Ifdef | Directive::Ifndef => {
                self.conditional(&d, span)
            }
            // Reached the other branch of a condition that held: pass over it.
            Directive::Else => {
                if self.stack.last().is_none_or(|o| o.conds.is_empty()) {
                    self.driver.error(span, "@else without @if...".into());
                    return;
                }
                self.skip_to_end();
            }
            Directive::Endif => {
                let popped = self.stack.last_mut().and_then(|o| o.conds.pop());
                if popped.is_none() {
                    self.driver.error(span, "unbalanced @if... @endif".into());
                }
            }
        }
    }

    /// Passes over everything up to the `@endif`.
    fn skip_to_end(&mut self) {
        loop {
            match self.stack.last_mut().and_then(|o| o.lexer.skip_branch()) {
                Some(Directive::Else) => continue,
                Some(_) => {
                    if let Some(o) = self.stack.last_mut() {
                        o.conds.pop();
                    }
                    return;
                }
                None => return,
            }
        }
    }

    /// `@if ( … )` and its kin: reads the condition with a parser state of its own.
    fn conditional(&mut self, d: &Directive, span: Span) {
        let held = self.condition_holds(d, span);
        if let Some(o) = self.stack.last_mut() {
            o.conds.push(span);
        }
        if held {
            return;
        }
        match self.stack.last_mut().and_then(|o| o.lexer.skip_branch()) {
            // The other branch is in force.
            Some(Directive::Else) => {}
            Some(_) => {
                if let Some(o) = self.stack.last_mut() {
                    o.conds.pop();
                }
            }
            None => {}
        }
    }

    fn condition_holds(&mut self, d: &Directive, span: Span) -> bool {
        let saved = (self.tok.clone(), self.ahead.take(), self.prev, self.in_size, self.depth);
        self.in_size = 0;
        self.tok = self.raw_plain();
        let held = match d {
            Directive::If | Directive::IfAnalyze => {
                // The closing parenthesis must be the last token taken: nothing behind it may be fetched yet.
                match self.parenthesised_condition() {
                    Ok(e) => self.driver.condition(&e),
                    Err(Bail) => false,
                }
            }
            _ => {
                let mut known = false;
                if self.tok.tok == Tok::P("(") {
                    self.tok = self.raw_plain();
                    let name = match &self.tok.tok {
                        Tok::Ident(n) => Some(n.clone()),
                        Tok::Kw(_) => None,
                        _ => {
                            self.driver.error(span, "syntax error, at or near \"@ifdef\"".into());
                            None
                        }
                    };
                    known = name.is_none_or(|n| self.driver.defined(&n));
                    self.tok = self.raw_plain();
                }
                if matches!(d, Directive::Ifdef) { known } else { !known }
            }
        };
        (self.tok, self.ahead, self.prev, self.in_size, self.depth) = saved;
        held
    }

    /// A token for a condition: files do not end inside one.
    fn raw_plain(&mut self) -> Token {
        let t = self.raw();
        match &t.tok {
            Tok::Ident(w) if w.starts_with('@') => {
                let text = self.driver.file_constant(w, t.span.file);
                Token { tok: Tok::Str(text.as_bytes().into()), span: t.span }
            }
            _ => t,
        }
    }

    fn parenthesised_condition(&mut self) -> Parse<ExprRef> {
        if self.tok.tok != Tok::P("(") {
            return self.unexpected();
        }
        self.bump();
        let e = self.expr()?;
        if self.tok.tok != Tok::P(")") {
            return self.unexpected();
        }
        Ok(e)
    }

    // ---- the token in hand ----

    fn bump(&mut self) -> Token {
        if self.depth == 0 && self.ahead.is_none() && matches!(self.tok.tok, Tok::P(";" | "}")) {
            self.stale = true;
            self.prev = self.tok.span;
            return self.tok.clone();
        }
        let next = match self.ahead.take() {
            Some(t) => t,
            None => self.fetch(),
        };
        self.prev = self.tok.span;
        std::mem::replace(&mut self.tok, next)
    }

    fn peek(&mut self) -> &Tok {
        if self.ahead.is_none() {
            let t = self.fetch();
            self.ahead = Some(t);
        }
        match &self.ahead {
            Some(t) => &t.tok,
            None => &Tok::Eof,
        }
    }

    fn is(&self, p: &'static str) -> bool {
        self.tok.tok == Tok::P(p)
    }

    fn is_kw(&self, k: Kw) -> bool {
        self.tok.tok == Tok::Kw(k)
    }

    fn eat(&mut self, p: &'static str) -> bool {
        let yes = self.is(p);
        if yes {
            self.bump();
        }
        yes
    }

    fn eat_kw(&mut self, k: Kw) -> bool {
        let yes = self.is_kw(k);
        if yes {
            self.bump();
        }
        yes
    }

    fn expect(&mut self, p: &'static str) -> Parse<Span> {
        if self.is(p) { Ok(self.bump().span) } else { self.unexpected() }
    }

    fn expect_kw(&mut self, k: Kw) -> Parse<Span> {
        if self.is_kw(k) { Ok(self.bump().span) } else { self.unexpected() }
    }

    fn ident(&mut self) -> Parse<(Name, Span)> {
        match &self.tok.tok {
            Tok::Ident(n) => {
                let n = n.clone();
                let t = self.bump();
                Ok((n, t.span))
            }
            _ => self.unexpected(),
        }
    }

    /// Field names may be words that are reserved elsewhere.
    fn field_name(&mut self) -> Parse<(Name, Span)> {
        match &self.tok.tok {
            Tok::Ident(n) => {
                let n = n.clone();
                let t = self.bump();
                Ok((n, t.span))
            }
            Tok::Kw(k) if !matches!(k, Kw::True | Kw::False) => {
                let n: Name = k.text().into();
                let t = self.bump();
                Ok((n, t.span))
            }
            _ => self.unexpected(),
        }
    }

    /// Zeek's words: `syntax error, at or near "x"`.
    fn unexpected<T>(&mut self) -> Parse<T> {
        let (span, text) = match &self.tok.tok {
            Tok::Eof => {
                let name = self.driver.file_constant("", self.tok.span.file);
                (Span::default(), format!("syntax error, at end of file {name}"))
            }
            _ => (self.tok.span, format!("syntax error, at or near \"{}\"", self.token_text())),
        };
        self.driver.error(span, text);
        Err(Bail)
    }

    fn token_text(&self) -> String {
        match &self.tok.tok {
            Tok::Ident(n) => n.to_string(),
            Tok::Kw(k) => k.text().to_string(),
            Tok::P(p) => (*p).to_string(),
            Tok::Attr(a) => format!("&{a}"),
            _ => match self.stack.last() {
                Some(o) => o.lexer.slice(self.tok.span).to_string(),
                None => String::new(),
            },
        }
    }

    /// Guards every recursive rule.
    fn deeper<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_NESTING {
            let span = self.tok.span;
            self.driver.error(span, format!("nested too deeply (limit {MAX_NESTING})"));
            return Err(Bail);
        }
        self.depth += 1;
        let r = rule(self);
        self.depth -= 1;
        r
    }
}
