//! Statements.

use super::{Bail, Parse, Parser};
use crate::ast::*;
use crate::source::Span;
use crate::token::{Kw, Tok};
use std::rc::Rc;

impl Parser<'_> {
    fn st(&self, kind: StmtKind, span: Span) -> StmtRef {
        Rc::new(Stmt { kind, span })
    }

    /// `{ … }` of a function.
    pub(super) fn body(&mut self) -> Parse<StmtRef> {
        if !self.is("{") {
            return self.unexpected();
        }
        let saved = std::mem::take(&mut self.in_size);
        let r = self.block();
        self.in_size = saved;
        r
    }

    fn block(&mut self) -> Parse<StmtRef> {
        let start = self.expect("{")?;
        let mut v = Vec::new();
        let r = self.deeper(|p| {
            while !p.is("}") {
                v.push(p.stmt()?);
            }
            Ok(())
        });
        r?;
        let end = self.expect("}")?;
        Ok(self.st(StmtKind::Block(v), start.to(end)))
    }

    pub(super) fn stmt(&mut self) -> Parse<StmtRef> {
        self.deeper(|p| p.stmt_inner())
    }

    fn stmt_inner(&mut self) -> Parse<StmtRef> {
        let start = self.tok.span;
        match self.tok.tok {
            Tok::P("{") => self.block(),
            Tok::P(";") => {
                self.bump();
                Ok(self.st(StmtKind::Null, start))
            }
            Tok::Kw(k) => self.kw_stmt(k, start),
            _ => self.expr_stmt(start),
        }
    }

    fn expr_stmt(&mut self, start: Span) -> Parse<StmtRef> {
        let e = self.expr()?;
        let end = self.expect(";")?;
        Ok(self.st(StmtKind::Expr(e), start.to(end)))
    }

    fn kw_stmt(&mut self, k: Kw, start: Span) -> Parse<StmtRef> {
        let kind = match k {
            Kw::Print => {
                self.bump();
                let list = self.expr_list(";")?;
                StmtKind::Print(list)
            }
            Kw::Event => {
                self.bump();
                let (name, args) = self.event_call()?;
                StmtKind::Event(name, args)
            }
            Kw::If => return self.if_stmt(),
            Kw::For => return self.for_stmt(),
            Kw::While => {
                self.bump();
                self.expect("(")?;
                let c = self.expr()?;
                self.expect(")")?;
                let b = self.stmt()?;
                return Ok(self.st(StmtKind::While(c, b), start.to(self.prev)));
            }
            Kw::Switch => return self.switch_stmt(),
            Kw::When => {
                let w = self.when()?;
                return Ok(self.st(StmtKind::When(Rc::new(w)), start.to(self.prev)));
            }
            Kw::Next => {
                self.bump();
                StmtKind::Next
            }
            Kw::Break => {
                self.bump();
                StmtKind::Break
            }
            Kw::Fallthrough => {
                self.bump();
                StmtKind::Fallthrough
            }
            Kw::Return => {
                self.bump();
                if self.is_kw(Kw::When) {
                    let w = self.when()?;
                    return Ok(self.st(StmtKind::ReturnWhen(Rc::new(w)), start.to(self.prev)));
                }
                let e = if self.is(";") { None } else { Some(self.expr()?) };
                StmtKind::Return(e)
            }
            Kw::Add => {
                self.bump();
                StmtKind::Add(self.expr()?)
            }
            Kw::Delete => {
                self.bump();
                StmtKind::Delete(self.expr()?)
            }
            Kw::Local | Kw::Const => return self.local_stmt(k == Kw::Const),
            Kw::Assert => {
                self.bump();
                let c = self.expr()?;
                let msg = if self.eat(",") { Some(self.expr()?) } else { None };
                StmtKind::Assert(c, msg)
            }
            _ => return self.expr_stmt(start),
        };
        let end = self.expect(";")?;
        // Zeek gives simple statements the span without their semicolon.
        let span = Span { hi: end.lo, ..start.to(end) };
        Ok(self.st(kind, span))
    }

    fn if_stmt(&mut self) -> Parse<StmtRef> {
        let start = self.bump().span;
        self.expect("(")?;
        let c = self.expr()?;
        self.expect(")")?;
        let yes = self.stmt()?;
        let no = if self.eat_kw(Kw::Else) { Some(self.stmt()?) } else { None };
        Ok(self.st(StmtKind::If(c, yes, no), start.to(self.prev)))
    }

    fn loop_name(&mut self) -> Parse<(Name, Span)> {
        self.ident()
    }

    fn for_stmt(&mut self) -> Parse<StmtRef> {
        let start = self.bump().span;
        self.expect("(")?;
        let mut keys = Vec::new();
        let multi = self.eat("[");
        keys.push(self.loop_name()?);
        if multi {
            while self.eat(",") {
                keys.push(self.loop_name()?);
            }
            self.expect("]")?;
        }
        let value = if self.eat(",") { Some(self.loop_name()?) } else { None };
        self.expect_kw(Kw::In)?;
        let over = self.expr()?;
        self.expect(")")?;
        let body = self.stmt()?;
        Ok(self.st(StmtKind::For(ForHead { keys, multi, value, over }, body), start.to(self.prev)))
    }

    fn switch_stmt(&mut self) -> Parse<StmtRef> {
        let start = self.bump().span;
        let e = self.expr()?;
        self.expect("{")?;
        let mut cases = Vec::new();
        while !self.is("}") {
            cases.push(self.case()?);
        }
        let end = self.expect("}")?;
        Ok(self.st(StmtKind::Switch(e, cases), start.to(end)))
    }

    fn case(&mut self) -> Parse<Case> {
        let start = self.tok.span;
        let mut case =
            Case { exprs: Vec::new(), types: Vec::new(), default: false, body: Vec::new(), span: start };
        if self.eat_kw(Kw::Default) {
            case.default = true;
        } else {
            self.expect_kw(Kw::Case)?;
            loop {
                if self.eat_kw(Kw::Type) {
                    let t = self.ty()?;
                    let name = if self.eat_kw(Kw::As) { Some(self.ident()?) } else { None };
                    case.types.push((t, name));
                } else {
                    case.exprs.push(self.expr()?);
                }
                if !self.eat(",") {
                    break;
                }
            }
        }
        self.expect(":")?;
        self.deeper(|p| {
            while !(p.is("}") || p.is_kw(Kw::Case) || p.is_kw(Kw::Default)) {
                case.body.push(p.stmt()?);
            }
            Ok(())
        })?;
        case.span = start.to(self.prev);
        Ok(case)
    }

    fn when(&mut self) -> Parse<When> {
        let start = self.bump().span;
        let captures = if self.is("[") { Some(self.captures()?) } else { None };
        self.expect("(")?;
        let cond = self.expr()?;
        self.expect(")")?;
        let body = self.stmt()?;
        let timeout = if self.eat_kw(Kw::Timeout) {
            let t = self.expr()?;
            let b = self.block()?;
            Some((t, b))
        } else {
            None
        };
        Ok(When { cond, body, timeout, captures, span: start.to(self.prev) })
    }

    fn local_stmt(&mut self, constant: bool) -> Parse<StmtRef> {
        let start = self.bump().span;
        let mut names = vec![self.ident()?];
        while self.eat(",") {
            names.push(self.ident()?);
        }
        let ty = if self.eat(":") { Some(self.ty()?) } else { None };
        let init = self.init()?;
        let attrs = self.attrs()?;
        if names.len() > 1 && init.is_some() {
            self.driver.error(start, "only one name can be initialized in a local declaration".into());
            return Err(Bail);
        }
        let end = self.expect(";")?;
        let span = Span { hi: end.lo, ..start.to(end) };
        Ok(self.st(StmtKind::Local { names, ty, init, attrs, constant }, span))
    }

    pub(super) fn init(&mut self) -> Parse<Option<Init>> {
        let class = match self.tok.tok {
            Tok::P("=") => InitClass::Set,
            Tok::P("+=") => InitClass::Add,
            Tok::P("-=") => InitClass::Remove,
            // Members may follow the type without a sign.
            Tok::P("{") => return Ok(Some(Init { class: InitClass::Set, expr: self.init_expr()? })),
            _ => return Ok(None),
        };
        self.bump();
        Ok(Some(Init { class, expr: self.init_expr()? }))
    }
}
