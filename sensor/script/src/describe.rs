//! Expressions and statements as Zeek prints them: in error messages, and when a function is printed.

use crate::ast::*;
use crate::value::text;
use crate::vm::Vm;

pub fn expr(e: &Expr, vm: &Vm) -> String {
    let mut s = String::new();
    write(e, vm, &mut s);
    s
}

pub fn list(l: &[ExprRef], vm: &Vm) -> String {
    l.iter().map(|e| expr(e, vm)).collect::<Vec<_>>().join(", ")
}

fn write(e: &Expr, vm: &Vm, s: &mut String) {
    if e.paren {
        s.push('(');
    }
    inner(e, vm, s);
    if e.paren {
        s.push(')');
    }
}

fn join(l: &[ExprRef], vm: &Vm, s: &mut String) {
    for (i, e) in l.iter().enumerate() {
        if i > 0 {
            s.push_str(", ");
        }
        write(e, vm, s);
    }
}

fn pair(a: &Expr, op: &str, b: &Expr, vm: &Vm, s: &mut String) {
    write(a, vm, s);
    s.push(' ');
    s.push_str(op);
    s.push(' ');
    write(b, vm, s);
}

fn inner(e: &Expr, vm: &Vm, s: &mut String) {
    use ExprKind::*;
    match &e.kind {
        Name(n) => s.push_str(vm.shown_names.get(&(e.span.file, e.span.lo)).unwrap_or(n)),
        Bool(b) => s.push(if *b { 'T' } else { 'F' }),
        Count(n) => s.push_str(&n.to_string()),
        Double(d) => s.push_str(&text::double(*d)),
        Interval(d) => s.push_str(&text::interval(*d)),
        Port(p) => s.push_str(&format!("{}/{}", p.num, p.proto.name())),
        Addr(a) => s.push_str(&a.to_string()),
        Subnet(a, n) => s.push_str(&text::subnet(a, *n)),
        Str(b) => s.push_str(&String::from_utf8_lossy(b)),
        Host(h) => s.push_str(h),
        Pattern(p, mods) => {
            let mut p = format!("^?({})$?", String::from_utf8_lossy(p));
            for (on, letter) in [(mods.insensitive, 'i'), (mods.single_line, 's')] {
                if on {
                    p = format!("(?{letter}:{p})");
                }
            }
            s.push_str(&format!("/{p}/"));
        }
        Unary(op, x) => {
            s.push_str(match op {
                UnOp::Not => "!",
                UnOp::Neg => "-",
                UnOp::Pos => "+",
                UnOp::Complement => "~",
                UnOp::Incr => "++",
                UnOp::Decr => "--",
            });
            write(x, vm, s);
        }
        // Zeek keeps only `<` and `<=`.
        Binary(BinOp::Gt, a, b) => pair(b, "<", a, vm, s),
        Binary(BinOp::Ge, a, b) => pair(b, "<=", a, vm, s),
        Binary(op @ (BinOp::Eq | BinOp::Ne), a, b) if rank(b) > rank(a) => pair(b, op.text(), a, vm, s),
        Binary(op, a, b) => pair(a, op.text(), b, vm, s),
        Cond(c, a, b) => {
            s.push('(');
            write(c, vm, s);
            s.push_str(") ? ");
            write(a, vm, s);
            s.push_str(" : ");
            write(b, vm, s);
        }
        Assign(a, b) => pair(a, "=", b, vm, s),
        AddTo(a, b) => pair(a, "+=", b, vm, s),
        RemoveFrom(a, b) => pair(a, "-=", b, vm, s),
        Index(a, l) => {
            write(a, vm, s);
            s.push('[');
            join(l, vm, s);
            s.push(']');
        }
        Slice(a, lo, hi) => {
            write(a, vm, s);
            s.push('[');
            match lo {
                Some(x) => write(x, vm, s),
                None => s.push('0'),
            }
            s.push(':');
            match hi {
                Some(x) => write(x, vm, s),
                None => {
                    s.push('|');
                    write(a, vm, s);
                    s.push('|');
                }
            }
            s.push(']');
        }
        Field(a, f) => {
            write(a, vm, s);
            s.push('$');
            s.push_str(f);
        }
        HasField(a, f) => {
            write(a, vm, s);
            s.push_str("?$");
            s.push_str(f);
        }
        FieldAssign(f, x) => {
            s.push('$');
            s.push_str(f);
            s.push('=');
            write(x, vm, s);
        }
        In(a, b) => pair(a, "in", b, vm, s),
        Size(x) => {
            s.push('|');
            write(x, vm, s);
            s.push('|');
        }
        List(l) => join(l, vm, s),
        Braces(l) => {
            join(l, vm, s);
        }
        RecordCtor(l) => {
            s.push('[');
            join(l, vm, s);
            s.push(']');
        }
        TableCtor(l, _) => ctor("table", l, vm, s),
        SetCtor(l, _) => ctor("set", l, vm, s),
        VectorCtor(l) => ctor("vector", l, vm, s),
        Call(f, l) => {
            write(f, vm, s);
            s.push('(');
            join(l, vm, s);
            s.push(')');
        }
        Hook(x) => {
            s.push_str("hook ");
            write(x, vm, s);
        }
        Copy(x) => {
            s.push_str("copy(");
            write(x, vm, s);
            s.push(')');
        }
        Lambda(_) => s.push_str("function()"),
        Schedule(t, n, l) => {
            s.push_str("schedule ");
            write(t, vm, s);
            s.push_str(&format!(" {{ {n}("));
            join(l, vm, s);
            s.push_str(") }");
        }
        Local(n, x, _) => {
            s.push_str(&format!("local {n} = "));
            write(x, vm, s);
        }
        As(x, t) => {
            write(x, vm, s);
            s.push_str(" as ");
            s.push_str(&type_text(t));
        }
        Is(x, t) => {
            write(x, vm, s);
            s.push_str(" is ");
            s.push_str(&type_text(t));
        }
        Add(x) => {
            s.push_str("add ");
            write(x, vm, s);
        }
        Delete(x) => {
            s.push_str("delete ");
            write(x, vm, s);
        }
        Event(n, l) => {
            s.push_str(n);
            s.push('(');
            join(l, vm, s);
            s.push(')');
        }
    }
}

/// Zeek puts the operand of the higher kind of expression first in `==` and `!=`.
fn rank(e: &Expr) -> u8 {
    use ExprKind::*;
    match &e.kind {
        Name(_) => 0,
        Bool(_) | Count(_) | Double(_) | Interval(_) | Port(_) | Addr(_) | Subnet(..) | Str(_) | Host(_)
        | Pattern(..) => 1,
        Unary(..) => 5,
        Binary(BinOp::Add | BinOp::Sub, ..) => 9,
        Binary(BinOp::Mul | BinOp::Div | BinOp::Mod, ..) => 13,
        Binary(..) => 20,
        Cond(..) => 27,
        Assign(..) | AddTo(..) | RemoveFrom(..) => 29,
        Index(..) | Slice(..) => 30,
        Field(..) => 31,
        HasField(..) => 32,
        RecordCtor(_) => 33,
        TableCtor(..) => 34,
        SetCtor(..) => 35,
        VectorCtor(_) => 36,
        FieldAssign(..) => 37,
        In(..) => 38,
        List(_) | Braces(_) => 39,
        Call(..) | Copy(_) | Hook(_) => 40,
        Lambda(_) | Event(..) | Schedule(..) | Local(..) | Add(_) | Delete(_) => 41,
        Size(_) => 50,
        As(..) | Is(..) => 51,
    }
}

fn ctor(word: &str, l: &[ExprRef], vm: &Vm, s: &mut String) {
    s.push_str(word);
    s.push('(');
    join(l, vm, s);
    s.push(')');
}

/// A type as it was written.
pub fn type_text(t: &TypeExpr) -> String {
    let list = |l: &[std::rc::Rc<TypeExpr>]| l.iter().map(|t| type_text(t)).collect::<Vec<_>>().join(",");
    match &t.kind {
        TypeKind::Base(b) => (*b).to_string(),
        TypeKind::Name(n) => n.to_string(),
        TypeKind::Table(i, y) => format!("table[{}] of {}", list(i), type_text(y)),
        TypeKind::Set(i) => format!("set[{}]", list(i)),
        TypeKind::Vector(e) => format!("vector of {}", type_text(e)),
        TypeKind::List(e) => format!("list of {}", type_text(e)),
        TypeKind::Record(f) => {
            let f: String = f.iter().map(|f| format!("{}:{}; ", f.name, type_text(&f.ty))).collect();
            format!("record {{ {f}}}")
        }
        TypeKind::Enum(_) => "enum".to_string(),
        TypeKind::Func(f) => f.flavor.word().to_string(),
        TypeKind::File(_) => "file".to_string(),
        TypeKind::Opaque(n) => format!("opaque of {n}"),
    }
}

/// A body as `print some_function` shows it.
pub fn body(s: &Stmt, vm: &Vm) -> String {
    let mut out = String::new();
    stmt(s, vm, 0, &mut out);
    out
}

fn newline(depth: usize, out: &mut String) {
    out.push('\n');
    (0..depth).for_each(|_| out.push('\t'));
}

fn block(l: &[StmtRef], vm: &Vm, depth: usize, out: &mut String) {
    out.push_str("{ ");
    for s in l {
        newline(depth, out);
        stmt(s, vm, depth, out);
    }
    newline(depth, out);
    out.push('}');
}

fn stmt(s: &Stmt, vm: &Vm, depth: usize, out: &mut String) {
    let e = |x: &ExprRef| expr(x, vm);
    match &s.kind {
        StmtKind::Block(l) if l.is_empty() => out.push_str("{ }"),
        StmtKind::Block(l) => block(l, vm, depth, out),
        StmtKind::Expr(x) => out.push_str(&format!("{};", e(x))),
        StmtKind::Print(l) => out.push_str(&format!("print {};", list(l, vm))),
        StmtKind::Event(n, l) => out.push_str(&format!("event {n}({});", list(l, vm))),
        StmtKind::If(c, a, b) => {
            out.push_str(&format!("if ({}) ", e(c)));
            newline(depth + 1, out);
            stmt(a, vm, depth + 1, out);
            if let Some(b) = b {
                newline(depth, out);
                out.push_str("else");
                newline(depth + 1, out);
                stmt(b, vm, depth + 1, out);
            }
        }
        StmtKind::For(h, b) => {
            let keys = h.keys.iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>().join(",");
            let keys = if h.multi { format!("[{keys}]") } else { keys };
            let value = h.value.as_ref().map(|(n, _)| format!(", {n}")).unwrap_or_default();
            out.push_str(&format!("for ({keys}{value} in {}) ", e(&h.over)));
            newline(depth + 1, out);
            stmt(b, vm, depth + 1, out);
        }
        StmtKind::While(c, b) => {
            out.push_str(&format!("while ({}) ", e(c)));
            newline(depth + 1, out);
            stmt(b, vm, depth + 1, out);
        }
        StmtKind::Switch(x, _) => out.push_str(&format!("switch ({}) {{ }}", e(x))),
        StmtKind::Next => out.push_str("next;"),
        StmtKind::Break => out.push_str("break;"),
        StmtKind::Fallthrough => out.push_str("fallthrough;"),
        StmtKind::Return(None) => out.push_str("return;"),
        StmtKind::Return(Some(x)) => out.push_str(&format!("return ({});", e(x))),
        StmtKind::Add(x) => out.push_str(&format!("add {};", e(x))),
        StmtKind::Delete(x) => out.push_str(&format!("delete {};", e(x))),
        StmtKind::Local { names, init, .. } => match init {
            Some(i) => out.push_str(&format!("{} = {};", names[0].0, e(&i.expr))),
            None => {
                let n = names.iter().map(|(n, _)| n.to_string()).collect::<Vec<_>>().join(", ");
                out.push_str(&format!("init {n};"));
            }
        },
        StmtKind::When(w) | StmtKind::ReturnWhen(w) => out.push_str(&format!("when ({}) {{ }}", e(&w.cond))),
        StmtKind::Assert(c, m) => match m {
            Some(m) => out.push_str(&format!("assert {}, {};", e(c), e(m))),
            None => out.push_str(&format!("assert {};", e(c))),
        },
        StmtKind::Null => out.push(';'),
    }
}
