//! Types and attributes.

use super::{Parse, Parser};
use crate::ast::*;
use crate::token::{Kw, Tok};
use std::rc::Rc;

impl Parser<'_> {
    pub(super) fn ty(&mut self) -> Parse<Rc<TypeExpr>> {
        self.deeper(|p| p.ty_inner())
    }

    fn ty_inner(&mut self) -> Parse<Rc<TypeExpr>> {
        let start = self.tok.span;
        let kind = match self.tok.tok.clone() {
            Tok::Ident(n) => {
                self.bump();
                TypeKind::Name(n)
            }
            Tok::Kw(k) => self.kw_type(k)?,
            _ => return self.unexpected(),
        };
        Ok(Rc::new(TypeExpr { kind, span: start.to(self.prev) }))
    }

    fn kw_type(&mut self, k: Kw) -> Parse<TypeKind> {
        let base = match k {
            Kw::Bool
            | Kw::Int
            | Kw::CountT
            | Kw::DoubleT
            | Kw::Time
            | Kw::IntervalT
            | Kw::StringT
            | Kw::Pattern
            | Kw::AddrT
            | Kw::SubnetT
            | Kw::PortT
            | Kw::Any => Some(k.text()),
            _ => None,
        };
        if let Some(b) = base {
            self.bump();
            return Ok(TypeKind::Base(b));
        }
        Ok(match k {
            Kw::Table => {
                self.bump();
                self.expect("[")?;
                let index = self.type_list("]")?;
                self.expect("]")?;
                self.expect_kw(Kw::Of)?;
                TypeKind::Table(index, self.ty()?)
            }
            Kw::Set => {
                self.bump();
                self.expect("[")?;
                let index = self.type_list("]")?;
                self.expect("]")?;
                TypeKind::Set(index)
            }
            Kw::Vector => {
                self.bump();
                self.expect_kw(Kw::Of)?;
                TypeKind::Vector(self.ty()?)
            }
            Kw::List => {
                self.bump();
                self.expect_kw(Kw::Of)?;
                TypeKind::List(self.ty()?)
            }
            Kw::Record => {
                self.bump();
                self.expect("{")?;
                let fields = self.fields()?;
                self.expect("}")?;
                TypeKind::Record(fields)
            }
            Kw::Enum => {
                self.bump();
                self.expect("{")?;
                let elems = self.enum_elems()?;
                self.expect("}")?;
                TypeKind::Enum(elems)
            }
            Kw::Function | Kw::Event | Kw::Hook => {
                self.bump();
                let flavor = flavor_of(k);
                self.expect("(")?;
                let params = self.params()?;
                self.expect(")")?;
                let ret = if flavor != Flavor::Event && self.eat(":") { Some(self.ty()?) } else { None };
                TypeKind::Func(FuncTypeExpr { flavor, params, ret })
            }
            Kw::File => {
                self.bump();
                let of = if self.eat_kw(Kw::Of) { Some(self.ty()?) } else { None };
                TypeKind::File(of)
            }
            Kw::Opaque => {
                self.bump();
                self.expect_kw(Kw::Of)?;
                TypeKind::Opaque(self.field_name()?.0)
            }
            _ => return self.unexpected(),
        })
    }

    fn type_list(&mut self, end: &'static str) -> Parse<Vec<Rc<TypeExpr>>> {
        let mut v = vec![self.ty()?];
        while self.eat(",") {
            if self.is(end) {
                break;
            }
            v.push(self.ty()?);
        }
        Ok(v)
    }

    pub(super) fn fields(&mut self) -> Parse<Vec<FieldDecl>> {
        let mut v = Vec::new();
        while !self.is("}") {
            let (name, span) = self.field_name()?;
            self.expect(":")?;
            let ty = self.ty()?;
            let attrs = self.attrs()?;
            self.expect(";")?;
            v.push(FieldDecl { name, ty, attrs, span: span.to(self.prev) });
        }
        Ok(v)
    }

    pub(super) fn enum_elems(&mut self) -> Parse<Vec<EnumElem>> {
        let mut v = Vec::new();
        while !self.is("}") {
            let (name, span) = match self.tok.tok {
                Tok::Kw(_) => self.field_name()?,
                _ => self.ident()?,
            };
            let value = if self.eat("=") {
                let neg = self.eat("-");
                match self.tok.tok.clone() {
                    Tok::Count(n) if !neg => {
                        self.bump();
                        Some(EnumValue::Const(n as i64))
                    }
                    Tok::Ident(n) if !neg => {
                        self.bump();
                        Some(EnumValue::Name(n))
                    }
                    Tok::Count(_)
                    | Tok::Double(_)
                    | Tok::Str(_)
                    | Tok::Interval(_)
                    | Tok::Addr(_)
                    | Tok::Port(_)
                    | Tok::Subnet(..)
                    | Tok::Kw(Kw::True | Kw::False) => {
                        self.bump();
                        Some(EnumValue::Bad)
                    }
                    _ => return self.unexpected(),
                }
            } else {
                None
            };
            let attrs = self.attrs()?;
            let deprecated = attrs.iter().find(|a| a.kind == AttrKind::Deprecated).map(|a| {
                a.expr.as_ref().and_then(|e| match &e.kind {
                    ExprKind::Str(s) => Some(s.clone()),
                    _ => None,
                })
            });
            v.push(EnumElem { name, value, deprecated, span: span.to(self.prev) });
            if !self.eat(",") {
                break;
            }
        }
        Ok(v)
    }

    /// Formal arguments; `;` and `,` both separate.
    pub(super) fn params(&mut self) -> Parse<Vec<Param>> {
        let mut v = Vec::new();
        while !self.is(")") {
            let (name, span) = self.field_name()?;
            self.expect(":")?;
            let ty = self.ty()?;
            let attrs = self.attrs()?;
            v.push(Param { name, ty, attrs, span: span.to(self.prev) });
            if !(self.eat(",") || self.eat(";")) {
                break;
            }
        }
        Ok(v)
    }

    pub(super) fn attrs(&mut self) -> Parse<Vec<Attr>> {
        let mut v = Vec::new();
        while let Tok::Attr(word) = &self.tok.tok {
            let Some(kind) = AttrKind::lookup(word) else { return self.unexpected() };
            let start = self.bump().span;
            let takes = kind.argument();
            let expr = if takes > 0 && self.is("=") {
                self.bump();
                Some(self.attr_expr()?)
            } else if takes == 1 {
                return self.unexpected();
            } else {
                None
            };
            v.push(Attr { kind, expr, span: start.to(self.prev) });
        }
        Ok(v)
    }
}

pub(super) fn flavor_of(k: Kw) -> Flavor {
    match k {
        Kw::Event => Flavor::Event,
        Kw::Hook => Flavor::Hook,
        _ => Flavor::Function,
    }
}
