//! Declarations: the top level of a script.

use super::types::flavor_of;
use super::{Bail, Parse, Parser};
use crate::ast::*;
use crate::source::Span;
use crate::token::{Kw, Tok};
use std::rc::Rc;

impl Parser<'_> {
    /// The next declaration; `None` at the end of the last text. After a syntax error the rest is given up, as
    /// Zeek's parser does.
    pub fn next_decl(&mut self) -> Parse<Option<Decl>> {
        if std::mem::take(&mut self.stale) {
            self.tok = self.fetch();
        }
        let start = self.tok.span;
        let kind = match self.tok.tok {
            Tok::Eof => return Ok(None),
            Tok::P("}") => {
                self.bump();
                DeclKind::ExportEnd
            }
            Tok::Kw(k) => match self.kw_decl(k)? {
                Some(kind) => kind,
                None => DeclKind::Stmt(self.stmt()?),
            },
            _ => DeclKind::Stmt(self.stmt()?),
        };
        Ok(Some(Decl { kind, span: start.to(self.prev) }))
    }

    fn kw_decl(&mut self, k: Kw) -> Parse<Option<DeclKind>> {
        Ok(Some(match k {
            Kw::Module => {
                self.bump();
                let (name, _) = self.ident()?;
                self.end_of_module()?;
                DeclKind::Module(name)
            }
            Kw::Export => {
                self.bump();
                self.expect("{")?;
                DeclKind::ExportStart
            }
            Kw::Global | Kw::Const | Kw::Option => {
                self.bump();
                let kind = match k {
                    Kw::Global => VarKind::Global,
                    Kw::Const => VarKind::Const,
                    _ => VarKind::Option,
                };
                self.var(kind)?
            }
            Kw::Redef => self.redef()?,
            Kw::Type => {
                self.bump();
                let (name, name_span) = self.ident()?;
                self.expect(":")?;
                let ty = self.ty()?;
                let attrs = self.attrs()?;
                self.expect(";")?;
                DeclKind::Type { name, name_span, ty, attrs }
            }
            Kw::Function | Kw::Hook => {
                // A statement may begin with `hook f(x);`; a definition has a body.
                return self.func(k, false);
            }
            Kw::Event => return self.func(k, false),
            _ => return Ok(None),
        }))
    }

    /// `module X;`: the name must be in force before the next token is looked at.
    fn end_of_module(&mut self) -> Parse<()> {
        self.expect(";").map(|_| ())
    }

    fn var(&mut self, kind: VarKind) -> Parse<DeclKind> {
        let (name, name_span) = self.ident()?;
        let ty = if self.eat(":") { Some(self.ty()?) } else { None };
        let init = self.init()?;
        let mut attrs = self.attrs()?;
        // After a constructor, `&redef` reads as one of the constructor's attributes, but is the variable's.
        if let Some(ExprKind::TableCtor(_, own) | ExprKind::SetCtor(_, own)) =
            init.as_ref().map(|init| &init.expr.kind)
        {
            attrs.extend(own.iter().filter(|attr| attr.kind == AttrKind::Redef).cloned());
        }
        self.expect(";")?;
        Ok(DeclKind::Var { kind, name, name_span, ty, init, attrs })
    }

    fn redef(&mut self) -> Parse<DeclKind> {
        self.bump();
        match self.tok.tok {
            Tok::Kw(Kw::Enum) => {
                self.bump();
                let (name, name_span) = self.ident()?;
                self.expect("+=")?;
                let elems = self.deeper(|p| {
                    p.expect("{")?;
                    let elems = p.enum_elems()?;
                    p.expect("}")?;
                    Ok(elems)
                })?;
                self.expect(";")?;
                Ok(DeclKind::RedefEnum { name, elems, name_span })
            }
            Tok::Kw(Kw::Record) => self.redef_record(),
            Tok::Kw(k @ (Kw::Event | Kw::Function | Kw::Hook)) => match self.func(k, true)? {
                Some(d) => Ok(d),
                None => self.unexpected(),
            },
            _ => self.var(VarKind::Redef),
        }
    }

    fn redef_record(&mut self) -> Parse<DeclKind> {
        self.bump();
        let (name, name_span) = self.ident()?;
        if self.eat("$") {
            let (field, _) = self.field_name()?;
            let add = match self.tok.tok {
                Tok::P("+=") => true,
                Tok::P("-=") => false,
                _ => return self.unexpected(),
            };
            self.bump();
            let attrs = self.attrs()?;
            self.expect(";")?;
            return Ok(DeclKind::RedefRecordField { name, field, add, attrs, name_span });
        }
        self.expect("+=")?;
        let (fields, attrs) = self.deeper(|p| {
            p.expect("{")?;
            let fields = p.fields()?;
            p.expect("}")?;
            Ok((fields, p.attrs()?))
        })?;
        self.expect(";")?;
        Ok(DeclKind::RedefRecord { name, fields, attrs, name_span })
    }

    /// A function, event or hook with its body; `None` when it turns out to be a statement.
    fn func(&mut self, k: Kw, redef: bool) -> Parse<Option<DeclKind>> {
        let flavor = flavor_of(k);
        let start = self.tok.span;
        if flavor != Flavor::Function && !redef {
            // `event f(x);` at top level posts, `hook f(x);` calls: decided after the closing parenthesis.
            if let Some(stmt) = self.call_statement(start)? {
                return Ok(Some(DeclKind::Stmt(stmt)));
            }
        } else {
            self.bump();
        }
        let (name, name_span) = self.ident()?;
        self.expect("(")?;
        let params = self.deeper(|p| p.params())?;
        self.expect(")")?;
        let ret = if self.eat(":") { Some(self.ty()?) } else { None };
        let attrs = self.attrs()?;
        let head = start.to(self.prev);
        let body = match self.body() {
            Ok(b) => b,
            Err(Bail) => return Err(Bail),
        };
        let lambda = Lambda { params, ret, captures: None, body, span: head, infer_ret: false };
        Ok(Some(DeclKind::Func { flavor, name, name_span, attrs, lambda: Rc::new(lambda), redef }))
    }

    /// At `event` or `hook`: an argument list that is not a parameter list makes a statement.
    fn call_statement(&mut self, start: Span) -> Parse<Option<StmtRef>> {
        let looks_like_params = match self.stack.last() {
            Some(open) => open.lexer.params_follow(start),
            None => true,
        };
        if looks_like_params {
            self.bump();
            return Ok(None);
        }
        self.stmt().map(Some)
    }
}
