//! Expressions, by precedence climbing over Zeek's table.

use super::{Bail, Parse, Parser};
use crate::ast::*;
use crate::source::Span;
use crate::token::{Kw, Tok};
use std::rc::Rc;

const P_ASSIGN: u8 = 2;
const P_COND: u8 = 3;
const P_REL: u8 = 7;
const P_IN: u8 = 8;
const P_BITOR: u8 = 9;
const P_UNARY: u8 = 15;

fn binary(p: &str) -> Option<(BinOp, u8)> {
    Some(match p {
        "||" => (BinOp::Or, 4),
        "&&" => (BinOp::And, 5),
        "<" => (BinOp::Lt, P_REL),
        ">" => (BinOp::Gt, P_REL),
        "<=" => (BinOp::Le, P_REL),
        ">=" => (BinOp::Ge, P_REL),
        "==" => (BinOp::Eq, P_REL),
        "!=" => (BinOp::Ne, P_REL),
        "|" => (BinOp::BitOr, P_BITOR),
        "^" => (BinOp::BitXor, 10),
        "&" => (BinOp::BitAnd, 11),
        "<<" => (BinOp::Shl, 12),
        ">>" => (BinOp::Shr, 12),
        "+" => (BinOp::Add, 13),
        "-" => (BinOp::Sub, 13),
        "*" => (BinOp::Mul, 14),
        "/" => (BinOp::Div, 14),
        "%" => (BinOp::Mod, 14),
        _ => return None,
    })
}

impl Parser<'_> {
    pub(super) fn mk(&self, kind: ExprKind, span: Span) -> ExprRef {
        Rc::new(Expr { kind, span, paren: false })
    }

    pub(super) fn expr(&mut self) -> Parse<ExprRef> {
        self.expr_at(0)
    }

    /// An attribute's value: stops before the next attribute, so plain expression rules do.
    pub(super) fn attr_expr(&mut self) -> Parse<ExprRef> {
        self.init_expr_at(P_COND)
    }

    /// What may stand after `=` in a declaration: also `{ … }`.
    pub(super) fn init_expr(&mut self) -> Parse<ExprRef> {
        self.init_expr_at(0)
    }

    fn init_expr_at(&mut self, min: u8) -> Parse<ExprRef> {
        if !self.is("{") {
            return self.expr_at(min);
        }
        let saved = std::mem::take(&mut self.in_size);
        let r = self.deeper(|p| {
            let start = p.bump().span;
            let mut v = Vec::new();
            while !p.is("}") {
                v.push(p.init_member()?);
                if !p.eat(",") {
                    break;
                }
            }
            let end = p.expect("}")?;
            Ok(p.mk(ExprKind::Braces(v), start.to(end)))
        });
        self.in_size = saved;
        r
    }

    fn init_member(&mut self) -> Parse<ExprRef> {
        if self.is("{") { self.init_expr() } else { self.assign_with_braces() }
    }

    /// `[k] = { … }` inside an initialiser.
    fn assign_with_braces(&mut self) -> Parse<ExprRef> {
        let left = self.expr_at(P_COND)?;
        if !self.is("=") {
            return Ok(left);
        }
        self.bump();
        let right = self.init_member()?;
        let span = left.span.to(right.span);
        Ok(self.mk(ExprKind::Assign(left, right), span))
    }

    pub(super) fn expr_list(&mut self, end: &'static str) -> Parse<Vec<ExprRef>> {
        let saved = std::mem::take(&mut self.in_size);
        let mut v = Vec::new();
        while !self.is(end) {
            v.push(self.expr()?);
            if !self.eat(",") {
                break;
            }
        }
        self.in_size = saved;
        Ok(v)
    }

    fn expr_at(&mut self, min: u8) -> Parse<ExprRef> {
        self.deeper(|p| p.expr_at_inner(min))
    }

    fn expr_at_inner(&mut self, min: u8) -> Parse<ExprRef> {
        let mut left = self.prefix()?;
        let mut rel_done = false;
        loop {
            let (prec, op) = match &self.tok.tok {
                Tok::P("=") => (P_ASSIGN, None),
                Tok::P("+=" | "-=") => (P_ASSIGN, None),
                Tok::P("?") => (P_COND, None),
                Tok::Kw(Kw::In) => (P_IN, None),
                Tok::P("!") => {
                    // `!in`, written apart or together.
                    if !matches!(self.peek(), Tok::Kw(Kw::In)) {
                        break;
                    }
                    (P_IN, None)
                }
                Tok::P("|") if self.in_size > 0 => {
                    if !self.starts_operand() {
                        break;
                    }
                    (P_BITOR, Some(BinOp::BitOr))
                }
                Tok::P(p) => match binary(p) {
                    Some((op, prec)) => (prec, Some(op)),
                    None => break,
                },
                _ => break,
            };
            if prec < min {
                break;
            }
            if prec == P_REL {
                if rel_done {
                    return self.unexpected();
                }
                rel_done = true;
            }
            left = self.infix(left, prec, op)?;
        }
        Ok(left)
    }

    /// Inside `|…|`, a bar goes on only when a plain operand follows it.
    fn starts_operand(&mut self) -> bool {
        matches!(
            self.peek(),
            Tok::Ident(_)
                | Tok::Count(_)
                | Tok::Double(_)
                | Tok::Str(_)
                | Tok::Addr(_)
                | Tok::Subnet(..)
                | Tok::Port(_)
                | Tok::Interval(_)
                | Tok::Kw(Kw::Set | Kw::Table | Kw::Vector | Kw::Record | Kw::Copy | Kw::True | Kw::False)
        )
    }

    fn infix(&mut self, left: ExprRef, prec: u8, op: Option<BinOp>) -> Parse<ExprRef> {
        let start = left.span;
        if let Some(op) = op {
            self.bump();
            let right = self.expr_at(prec + 1)?;
            let span = start.to(right.span);
            // `/a/ | /b/` are one pattern only when typed so; the checker sees two patterns.
            return Ok(self.mk(ExprKind::Binary(op, left, right), span));
        }
        match self.bump().tok {
            Tok::P("=") => {
                let right = self.init_expr_at(P_ASSIGN)?;
                let span = start.to(right.span);
                Ok(self.mk(ExprKind::Assign(left, right), span))
            }
            Tok::P("+=") => {
                let right = self.init_expr_at(P_ASSIGN)?;
                let span = start.to(right.span);
                Ok(self.mk(ExprKind::AddTo(left, right), span))
            }
            Tok::P("-=") => {
                let right = self.init_expr_at(P_ASSIGN)?;
                let span = start.to(right.span);
                Ok(self.mk(ExprKind::RemoveFrom(left, right), span))
            }
            Tok::P("?") => {
                let saved = std::mem::take(&mut self.in_size);
                let yes = self.expr_at(P_COND);
                self.in_size = saved;
                let yes = yes?;
                self.expect(":")?;
                let no = self.expr_at(P_COND)?;
                let span = start.to(no.span);
                Ok(self.mk(ExprKind::Cond(left, yes, no), span))
            }
            Tok::Kw(Kw::In) => {
                let right = self.expr_at(P_IN + 1)?;
                let span = start.to(right.span);
                Ok(self.mk(ExprKind::In(left, right), span))
            }
            _ => {
                // `! in`
                self.expect_kw(Kw::In)?;
                let right = self.expr_at(P_IN + 1)?;
                let span = start.to(right.span);
                let inside = self.mk(ExprKind::In(left, right), span);
                Ok(self.mk(ExprKind::Unary(UnOp::Not, inside), span))
            }
        }
    }

    fn unary(&mut self, op: UnOp) -> Parse<ExprRef> {
        let start = self.bump().span;
        let e = self.expr_at(P_UNARY)?;
        let span = start.to(e.span);
        Ok(self.mk(ExprKind::Unary(op, e), span))
    }

    fn prefix(&mut self) -> Parse<ExprRef> {
        let e = match &self.tok.tok {
            Tok::P("!") => return self.unary(UnOp::Not),
            Tok::P("-") => return self.unary(UnOp::Neg),
            Tok::P("+") => return self.unary(UnOp::Pos),
            Tok::P("~") => return self.unary(UnOp::Complement),
            Tok::P("++") => return self.unary(UnOp::Incr),
            Tok::P("--") => return self.unary(UnOp::Decr),
            _ => self.primary()?,
        };
        self.postfix(e)
    }

    fn postfix(&mut self, mut e: ExprRef) -> Parse<ExprRef> {
        loop {
            let start = e.span;
            match &self.tok.tok {
                Tok::P("$") => {
                    self.bump();
                    let (f, s) = self.field_name()?;
                    e = self.mk(ExprKind::Field(e, f), start.to(s));
                }
                Tok::P("?$") => {
                    self.bump();
                    let (f, s) = self.field_name()?;
                    e = self.mk(ExprKind::HasField(e, f), start.to(s));
                }
                Tok::P("[") => e = self.index(e)?,
                Tok::P("(") => {
                    self.bump();
                    let args = self.ctor_list(")")?;
                    let end = self.expect(")")?;
                    e = self.mk(ExprKind::Call(e, args), start.to(end));
                }
                Tok::Kw(Kw::As) => {
                    self.bump();
                    let t = self.ty()?;
                    let span = start.to(t.span);
                    e = self.mk(ExprKind::As(e, t), span);
                }
                Tok::Kw(Kw::Is) => {
                    self.bump();
                    let t = self.ty()?;
                    let span = start.to(t.span);
                    e = self.mk(ExprKind::Is(e, t), span);
                }
                _ => return Ok(e),
            }
        }
    }

    fn index(&mut self, e: ExprRef) -> Parse<ExprRef> {
        let start = e.span;
        self.bump();
        let saved = std::mem::take(&mut self.in_size);
        let r = self.index_inside(e, start);
        self.in_size = saved;
        r
    }

    fn index_inside(&mut self, e: ExprRef, start: Span) -> Parse<ExprRef> {
        if self.eat(":") {
            let high = if self.is("]") { None } else { Some(self.expr()?) };
            let end = self.expect("]")?;
            return Ok(self.mk(ExprKind::Slice(e, None, high), start.to(end)));
        }
        let first = self.expr()?;
        if self.eat(":") {
            let high = if self.is("]") { None } else { Some(self.expr()?) };
            let end = self.expect("]")?;
            return Ok(self.mk(ExprKind::Slice(e, Some(first), high), start.to(end)));
        }
        let mut list = vec![first];
        while self.eat(",") {
            list.push(self.expr()?);
        }
        let end = self.expect("]")?;
        Ok(self.mk(ExprKind::Index(e, list), start.to(end)))
    }

    /// The inside of `f( … )`, `table( … )`: members may be `$f=e`, `[k]=v` and, in types' constructors, braces.
    fn ctor_list(&mut self, end: &'static str) -> Parse<Vec<ExprRef>> {
        let saved = std::mem::take(&mut self.in_size);
        let r = self.ctor_members(end);
        self.in_size = saved;
        r
    }

    fn ctor_members(&mut self, end: &'static str) -> Parse<Vec<ExprRef>> {
        let mut v = Vec::new();
        while !self.is(end) {
            v.push(if self.is("{") { self.init_expr()? } else { self.expr()? });
            if !self.eat(",") {
                break;
            }
        }
        Ok(v)
    }

    fn primary(&mut self) -> Parse<ExprRef> {
        let start = self.tok.span;
        let simple = match &self.tok.tok {
            Tok::Count(n) => ExprKind::Count(*n),
            Tok::Double(d) => ExprKind::Double(*d),
            Tok::Interval(d) => ExprKind::Interval(*d),
            Tok::Port(p) => ExprKind::Port(*p),
            Tok::Addr(a) => ExprKind::Addr(*a),
            Tok::Subnet(a, n) => ExprKind::Subnet(*a, *n),
            Tok::Str(s) => ExprKind::Str(s.clone()),
            Tok::Host(h) => ExprKind::Host(h.clone()),
            Tok::Ident(n) => ExprKind::Name(n.clone()),
            Tok::Kw(Kw::True) => ExprKind::Bool(true),
            Tok::Kw(Kw::False) => ExprKind::Bool(false),
            Tok::P("/" | "/=") => return self.pattern(),
            Tok::P("(") => return self.parenthesised(),
            Tok::P("|") => return self.size(),
            Tok::P("[") => return self.bracket(),
            Tok::P("$") => return self.field_assign(),
            Tok::Kw(k) => {
                let k = *k;
                return self.kw_primary(k);
            }
            _ => return self.unexpected(),
        };
        self.bump();
        Ok(self.mk(simple, start))
    }

    fn parenthesised(&mut self) -> Parse<ExprRef> {
        let start = self.bump().span;
        let saved = std::mem::take(&mut self.in_size);
        let e = self.expr();
        self.in_size = saved;
        let e = e?;
        let end = self.expect(")")?;
        let span = start.to(end);
        Ok(match Rc::try_unwrap(e) {
            Ok(inner) => Rc::new(Expr { kind: inner.kind, span, paren: true }),
            Err(shared) => shared,
        })
    }

    fn size(&mut self) -> Parse<ExprRef> {
        let start = self.bump().span;
        let saved = self.in_size;
        self.in_size = saved + 1;
        let e = self.expr();
        self.in_size = saved;
        let e = e?;
        let end = self.expect("|")?;
        Ok(self.mk(ExprKind::Size(e), start.to(end)))
    }

    fn bracket(&mut self) -> Parse<ExprRef> {
        let start = self.bump().span;
        let list = self.expr_list("]")?;
        let end = self.expect("]")?;
        let span = start.to(end);
        let record = list.iter().all(|e| matches!(e.kind, ExprKind::FieldAssign(..)));
        Ok(self.mk(if record { ExprKind::RecordCtor(list) } else { ExprKind::List(list) }, span))
    }

    fn field_assign(&mut self) -> Parse<ExprRef> {
        let start = self.bump().span;
        let (name, _) = self.field_name()?;
        // `$f(args) = { … }`: a function value; its result type is inferred unless written.
        if self.is("(") || self.is("[") {
            let captures = if self.is("[") { Some(self.captures()?) } else { None };
            self.expect("(")?;
            let params = self.params()?;
            self.expect(")")?;
            let ret = if self.eat(":") { Some(self.ty()?) } else { None };
            let attrs = self.attrs()?;
            let _ = attrs;
            self.expect("=")?;
            let body = self.body()?;
            let span = start.to(self.prev);
            let infer_ret = ret.is_none();
            let f = Lambda { params, ret, captures, body, span, infer_ret };
            let l = self.mk(ExprKind::Lambda(Rc::new(f)), span);
            return Ok(self.mk(ExprKind::FieldAssign(name, l), span));
        }
        self.expect("=")?;
        let e = if self.is("{") { self.init_expr()? } else { self.expr_at(P_ASSIGN)? };
        let span = start.to(e.span);
        Ok(self.mk(ExprKind::FieldAssign(name, e), span))
    }

    pub(super) fn captures(&mut self) -> Parse<Vec<Capture>> {
        self.expect("[")?;
        let mut v = Vec::new();
        while !self.is("]") {
            let copy = self.eat_kw(Kw::Copy);
            let (name, span) = self.ident()?;
            v.push(Capture { name, copy, span });
            if !self.eat(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(v)
    }

    fn pattern(&mut self) -> Parse<ExprRef> {
        let slash = self.tok.span;
        // Nothing may have been read beyond the slash: the pattern's text is not tokens.
        self.ahead = None;
        let read = match self.stack.last_mut() {
            Some(open) => open.lexer.pattern(slash),
            None => Err(slash),
        };
        match read {
            Ok((text, mods, span)) => {
                self.tok.span = span;
                self.bump();
                self.prev = span;
                Ok(self.mk(ExprKind::Pattern(text, mods), span))
            }
            Err(span) => {
                self.driver.error(span, "pattern not terminated before end of line".into());
                self.bump();
                Err(Bail)
            }
        }
    }

    fn kw_primary(&mut self, k: Kw) -> Parse<ExprRef> {
        let start = self.tok.span;
        match k {
            Kw::Copy => {
                self.bump();
                self.expect("(")?;
                let saved = std::mem::take(&mut self.in_size);
                let e = self.expr();
                self.in_size = saved;
                let e = e?;
                let end = self.expect(")")?;
                Ok(self.mk(ExprKind::Copy(e), start.to(end)))
            }
            Kw::Record | Kw::Table | Kw::Set | Kw::Vector => self.keyword_ctor(k),
            Kw::Function | Kw::Event | Kw::Hook => self.function_word(k),
            Kw::Schedule => {
                self.bump();
                let when = self.expr()?;
                self.expect("{")?;
                let (name, args) = self.event_call()?;
                let end = self.expect("}")?;
                Ok(self.mk(ExprKind::Schedule(when, name, args), start.to(end)))
            }
            Kw::Local => {
                self.bump();
                let (name, span) = self.ident()?;
                self.expect("=")?;
                let e = self.expr_at(P_ASSIGN)?;
                let whole = start.to(e.span);
                Ok(self.mk(ExprKind::Local(name, e, span), whole))
            }
            Kw::Add | Kw::Delete => {
                self.bump();
                let e = self.expr_at(P_UNARY)?;
                let span = start.to(e.span);
                Ok(self.mk(if k == Kw::Add { ExprKind::Add(e) } else { ExprKind::Delete(e) }, span))
            }
            _ => self.unexpected(),
        }
    }

    fn keyword_ctor(&mut self, k: Kw) -> Parse<ExprRef> {
        let start = self.bump().span;
        self.expect("(")?;
        let list = self.ctor_list(")")?;
        let end = self.expect(")")?;
        let kind = match k {
            Kw::Record => ExprKind::RecordCtor(list),
            Kw::Vector => ExprKind::VectorCtor(list),
            Kw::Table => ExprKind::TableCtor(list, self.attrs()?),
            _ => ExprKind::SetCtor(list, self.attrs()?),
        };
        Ok(self.mk(kind, start.to(end)))
    }

    /// `function(…) { … }`, `hook f(…)`, `event f(…)`.
    fn function_word(&mut self, k: Kw) -> Parse<ExprRef> {
        let start = self.bump().span;
        if k == Kw::Hook && !self.is("(") {
            let e = self.expr_at(P_UNARY)?;
            let span = start.to(e.span);
            if !matches!(e.kind, ExprKind::Call(..)) {
                self.driver.error(span, "not a valid hook call expression".into());
                return Err(Bail);
            }
            return Ok(self.mk(ExprKind::Hook(e), span));
        }
        if k == Kw::Event {
            let (name, args) = self.event_call()?;
            return Ok(self.mk(ExprKind::Event(name, args), start.to(self.prev)));
        }
        let captures = if self.is("[") { Some(self.captures()?) } else { None };
        self.expect("(")?;
        let params = self.params()?;
        self.expect(")")?;
        let ret = if self.eat(":") { Some(self.ty()?) } else { None };
        let body = self.body()?;
        let span = start.to(self.prev);
        let f = Lambda { params, ret, captures, body, span, infer_ret: false };
        Ok(self.mk(ExprKind::Lambda(Rc::new(f)), span))
    }

    pub(super) fn event_call(&mut self) -> Parse<(Name, Vec<ExprRef>)> {
        let (name, _) = self.ident()?;
        self.expect("(")?;
        let args = self.expr_list(")")?;
        self.expect(")")?;
        Ok((name, args))
    }
}
