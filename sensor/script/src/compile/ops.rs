//! Operators.

use super::{Compiler, Te};
use crate::ast::*;
use crate::types::{Type, TypeId};
use crate::value::{Addr, TableVal, Value, VectorVal};
use crate::vm::{Code, Res, Vm, expr_fault};
use std::cmp::Ordering;
use std::rc::Rc;

impl Compiler {
    pub(super) fn unary(&mut self, e: &ExprRef, op: UnOp, x: &ExprRef) -> Te {
        if matches!(op, UnOp::Incr | UnOp::Decr) {
            return self.incr(e, x, op == UnOp::Incr);
        }
        let te = self.expr(x);
        if te.is_err() {
            return Te::error(e);
        }
        let elem = self.vm.types.elem(te.ty).unwrap_or(te.ty);
        let number =
            matches!(elem, TypeId::Int | TypeId::Count | TypeId::Double | TypeId::Interval | TypeId::Any);
        let (ok, out, text) = match op {
            UnOp::Not => (
                matches!(elem, TypeId::Bool | TypeId::Int | TypeId::Count | TypeId::Any),
                TypeId::Bool,
                "requires an integral or boolean operand",
            ),
            UnOp::Complement => {
                (matches!(elem, TypeId::Count | TypeId::Any), TypeId::Count, "requires \"count\" operand")
            }
            _ => (
                number,
                if elem == TypeId::Count { TypeId::Int } else { elem },
                "requires an integral or double operand",
            ),
        };
        if !ok {
            return self.expr_err(e, text);
        }
        let ty = if elem == te.ty { out } else { self.vm.types.vector(out) };
        let code = match te.code {
            Code::Const(v) if elem == te.ty => Code::Const(unary_value(op, &v)),
            code if op == UnOp::Not && te.ty == TypeId::Bool => {
                Code::test(move |vm, fr| Ok(!vm.test(&code, fr)?))
            }
            code => Code::op(move |vm, fr| {
                let v = vm.eval(&code, fr)?;
                Ok(match &v {
                    Value::Vector(items) => {
                        let out = items.items().iter().map(|x| unary_value(op, x)).collect();
                        Value::Vector(VectorVal::new(ty, out))
                    }
                    v => unary_value(op, v),
                })
            }),
        };
        Te { ty, code, e: e.clone() }
    }

    pub(super) fn binary(&mut self, e: &ExprRef, op: BinOp, a: &ExprRef, b: &ExprRef) -> Te {
        let (ta, tb) = (self.expr(a), self.expr(b));
        if ta.is_err() || tb.is_err() {
            return Te::error(e);
        }
        let (mut ta, mut tb) = (self.keepable(ta), self.keepable(tb));
        if matches!(op, BinOp::Eq | BinOp::Ne) {
            // A time may be compared with a zero that is written out, and with no other number.
            match (ta.ty, tb.ty) {
                (TypeId::Time, _) if is_zero(&tb) => tb.ty = TypeId::Time,
                (_, TypeId::Time) if is_zero(&ta) => ta.ty = TypeId::Time,
                _ => {}
            }
        }
        let (va, vb) = (self.vm.types.elem(ta.ty), self.vm.types.elem(tb.ty));
        let (ea, eb) = (va.unwrap_or(ta.ty), vb.unwrap_or(tb.ty));
        let vector = va.is_some() || vb.is_some();
        let out = match self.result_type(op, ea, eb) {
            Ok(t) => t,
            Err(text) => return self.expr_err(e, text),
        };
        if vector {
            if !matches!(op, BinOp::And | BinOp::Or)
                && va.is_some() != vb.is_some()
                && !self.scalar_ok(ea, eb)
            {
                return self.expr_err(e, "can't mix vector and scalar operands");
            }
            let ty = self.vm.types.vector(out);
            let (x, y, at) = (ta.code, tb.code, e.clone());
            let code = Code::op(move |vm, fr| {
                let (x, y) = (vm.eval(&x, fr)?, vm.eval(&y, fr)?);
                vector_op(vm, op, &x, &y, ty, out, &at)
            });
            return Te { ty, code, e: e.clone() };
        }
        self.scalar(e, op, ta, tb, out)
    }

    fn scalar_ok(&self, a: TypeId, b: TypeId) -> bool {
        self.vm.types.is_arith(a) && self.vm.types.is_arith(b)
            || a == b
            || matches!((a, b), (TypeId::Time | TypeId::Interval, _) | (_, TypeId::Interval))
            || a == TypeId::Any
            || b == TypeId::Any
    }

    /// The type of `a op b`, or Zeek's complaint.
    fn result_type(&self, op: BinOp, a: TypeId, b: TypeId) -> Result<TypeId, &'static str> {
        use BinOp::*;
        use TypeId as T;
        let t = &self.vm.types;
        let arith = t.is_arith(a) && t.is_arith(b);
        let any = a == T::Any || b == T::Any;
        let max = || match (a, b) {
            (T::Double, _) | (_, T::Double) => T::Double,
            (T::Int, _) | (_, T::Int) => T::Int,
            _ => T::Count,
        };
        let sets = t.is_set(a) && t.is_set(b);
        Ok(match op {
            Add => match (a, b) {
                _ if arith => max(),
                (T::String, T::String) => T::String,
                (T::Interval, T::Interval) => T::Interval,
                (T::Time, T::Interval) | (T::Interval, T::Time) => T::Time,
                _ if any => {
                    if a == T::Any {
                        b
                    } else {
                        a
                    }
                }
                _ => return Err("requires arithmetic operands"),
            },
            Sub => match (a, b) {
                _ if arith => max(),
                (T::Time, T::Time) | (T::Interval, T::Interval) => T::Interval,
                (T::Time, T::Interval) => T::Time,
                _ if sets => {
                    if !t.same(a, b) {
                        return Err("incompatible \"set\" operands");
                    }
                    a
                }
                _ if any => {
                    if a == T::Any {
                        b
                    } else {
                        a
                    }
                }
                _ => return Err("requires arithmetic operands"),
            },
            Mul => match (a, b) {
                _ if arith => max(),
                (T::Interval, x) | (x, T::Interval) if t.is_arith(x) => T::Interval,
                _ if any => {
                    if a == T::Any {
                        b
                    } else {
                        a
                    }
                }
                _ => return Err("requires arithmetic operands"),
            },
            Div => match (a, b) {
                _ if arith => max(),
                (T::Interval, T::Interval) => T::Double,
                (T::Interval, x) if t.is_arith(x) => T::Interval,
                (T::Addr, T::Count | T::Int) => T::Subnet,
                _ if any => {
                    if a == T::Any {
                        b
                    } else {
                        a
                    }
                }
                _ => return Err("requires arithmetic operands"),
            },
            Mod => match (a, b) {
                (T::Count | T::Int, T::Count | T::Int) => max(),
                _ if any => T::Count,
                _ => return Err("requires integral operands"),
            },
            And | Or => match (a, b) {
                (T::Bool | T::Any, T::Bool | T::Any) => T::Bool,
                _ => return Err("requires boolean operands"),
            },
            BitAnd | BitOr => match (a, b) {
                (T::Pattern, T::Pattern) => T::Pattern,
                (T::Count | T::Any, T::Count | T::Any) => T::Count,
                _ if sets => {
                    if !t.same(a, b) {
                        return Err("incompatible \"set\" operands");
                    }
                    a
                }
                (x, y) if t.is_arith(x) && t.is_arith(y) => {
                    return Err("requires \"count\" or compatible \"set\" operands");
                }
                _ => return Err("requires \"count\" or compatible \"set\" operands"),
            },
            BitXor => match (a, b) {
                (T::Count | T::Any, T::Count | T::Any) => T::Count,
                _ => return Err("requires \"count\" operands"),
            },
            Shl | Shr => match (a, b) {
                (T::Count | T::Int, T::Count | T::Int) => a,
                _ if any => T::Count,
                _ => return Err("requires integral operands"),
            },
            Eq | Ne => {
                let pattern = (a == T::Pattern && b == T::String) || (a == T::String && b == T::Pattern);
                if !(arith || pattern || any || t.same(a, b)) {
                    return Err("type clash in comparison");
                }
                if a == T::Pattern && b == T::Pattern {
                    return Err("illegal comparison");
                }
                T::Bool
            }
            Lt | Le | Gt | Ge => {
                let ordered = |x: TypeId| {
                    matches!(x, T::Time | T::Interval | T::Port | T::Addr | T::String)
                        || matches!(t.get(x), Type::Enum(_))
                };
                let same = a == b && ordered(a);
                if !(arith || same || any || (sets && t.same(a, b))) {
                    return Err("illegal comparison");
                }
                T::Bool
            }
        })
    }

    fn scalar(&mut self, e: &ExprRef, op: BinOp, a: Te, b: Te, out: TypeId) -> Te {
        use BinOp::*;
        let (ta, tb) = (a.ty, b.ty);
        let done = |ty, code| Te { ty, code, e: e.clone() };
        if matches!(op, And | Or) {
            let (x, y) = (a.code, b.code);
            return done(
                TypeId::Bool,
                if op == And {
                    Code::test(move |vm, fr| Ok(vm.test(&x, fr)? && vm.test(&y, fr)?))
                } else {
                    Code::test(move |vm, fr| Ok(vm.test(&x, fr)? || vm.test(&y, fr)?))
                },
            );
        }
        let both_const = a.code.is_const() && b.code.is_const();
        let (x, y) = (a.code, b.code);
        // The hot pairs have closures of their own.
        let (x, y) = match local_against_const(op, ta, x, y) {
            Ok(code) => return done(out, code),
            Err(pair) => pair,
        };
        if both_const || ta != tb {
            return done(out, general(op, x, y, out, e));
        }
        match fast(op, ta, x, y) {
            Ok(code) => done(out, code),
            Err((x, y)) => done(out, general(op, x, y, out, e)),
        }
    }
}

type Pair = (Code, Code);

/// A number that is zero, known when the script is read.
fn is_zero(te: &Te) -> bool {
    matches!(te.code, Code::Const(Value::Count(0) | Value::Int(0)))
        || matches!(te.code, Code::Const(Value::Double(d)) if d == 0.0)
}

/// Bytes moved or looked at that count as one step of the instruction budget.
pub const BYTES_PER_STEP: usize = 64;

/// A count in a local against a constant: loops are full of it.
fn local_against_const(op: BinOp, ty: TypeId, x: Code, y: Code) -> Result<Code, Pair> {
    use BinOp::*;
    let (&Code::Local(slot, _), &Code::Const(Value::Count(n)), TypeId::Count) = (&x, &y, ty) else {
        return Err((x, y));
    };
    let test: fn(u64, u64) -> bool = match op {
        Lt => |a, b| a < b,
        Le => |a, b| a <= b,
        Gt => |a, b| a > b,
        Ge => |a, b| a >= b,
        Eq => |a, b| a == b,
        Ne => |a, b| a != b,
        _ => return Err((x, y)),
    };
    Ok(Code::test(move |vm, fr| match &vm.stack[fr.base + slot as usize] {
        Value::Count(a) => Ok(test(*a, n)),
        _ => {
            // Unset, or an `any`: the usual way.
            let p = vm.eval(&x, fr)?;
            Ok(fold(op, &p, &Value::Count(n), TypeId::Bool).unwrap_or_default().as_bool())
        }
    }))
}

/// Specialised closures; the operands come back when there is none.
fn fast(op: BinOp, ty: TypeId, x: Code, y: Code) -> Result<Code, Pair> {
    use BinOp::*;
    macro_rules! on {
        ($variant:ident, $out:ident, |$a:ident, $b:ident| $body:expr) => {
            Code::op(move |vm, fr| match (vm.eval(&x, fr)?, vm.eval(&y, fr)?) {
                (Value::$variant($a), Value::$variant($b)) => Ok(Value::$out($body)),
                (p, q) => Ok(fold(op, &p, &q, TypeId::Void).unwrap_or_default()),
            })
        };
        ($variant:ident, |$a:ident, $b:ident| $body:expr) => {
            Code::test(move |vm, fr| match (vm.eval(&x, fr)?, vm.eval(&y, fr)?) {
                (Value::$variant($a), Value::$variant($b)) => Ok($body),
                (p, q) => Ok(fold(op, &p, &q, TypeId::Void).unwrap_or_default().as_bool()),
            })
        };
    }
    Ok(match (op, ty) {
        (Add, TypeId::Count) => on!(Count, Count, |a, b| a.wrapping_add(b)),
        (Add, TypeId::Int) => on!(Int, Int, |a, b| a.wrapping_add(b)),
        (Add, TypeId::Double) => on!(Double, Double, |a, b| a + b),
        (Eq, TypeId::Count) => on!(Count, |a, b| a == b),
        (Ne, TypeId::Count) => on!(Count, |a, b| a != b),
        (Lt, TypeId::Count) => on!(Count, |a, b| a < b),
        (Le, TypeId::Count) => on!(Count, |a, b| a <= b),
        (Gt, TypeId::Count) => on!(Count, |a, b| a > b),
        (Ge, TypeId::Count) => on!(Count, |a, b| a >= b),
        (Lt, TypeId::Int) => on!(Int, |a, b| a < b),
        (Gt, TypeId::Int) => on!(Int, |a, b| a > b),
        (Eq, TypeId::String) => on!(Str, |a, b| a == b),
        (Ne, TypeId::String) => on!(Str, |a, b| a != b),
        (Eq, TypeId::Addr) => on!(Addr, |a, b| a == b),
        (Eq, TypeId::Port) => on!(Port, |a, b| a == b),
        _ => return Err((x, y)),
    })
}

fn general(op: BinOp, x: Code, y: Code, out: TypeId, e: &ExprRef) -> Code {
    let at = e.clone();
    Code::op(move |vm, fr| {
        let (p, q) = (vm.eval(&x, fr)?, vm.eval(&y, fr)?);
        binary_value(vm, op, &p, &q, out, &at)
    })
}

/// One operation with its run-time errors.
pub(super) fn binary_value(vm: &mut Vm, op: BinOp, p: &Value, q: &Value, out: TypeId, at: &ExprRef) -> Res {
    if let (BinOp::Sub, Value::Count(a), Value::Count(b)) = (op, p, q)
        && a < b
    {
        let shown = crate::describe::expr(at, vm);
        vm.warn(at.span, format!("count underflow ({shown})"));
    }
    if let (BinOp::Add, Value::Str(a), Value::Str(b)) = (op, p, q)
        && a.len() + b.len() > vm.limits.string
    {
        return Err(vm.budget(at.span, format!("string longer than {} bytes", vm.limits.string)));
    }
    fold(op, p, q, out).map_err(|text| match p {
        Value::Addr(a) if op == BinOp::Div => {
            let family = if a.is_v4() { 4 } else { 6 };
            expr_fault(at, format!("bad IPv{family} subnet prefix length: {}", q.as_count()))
        }
        _ => expr_fault(at, text),
    })
}

fn vector_op(vm: &mut Vm, op: BinOp, x: &Value, y: &Value, ty: TypeId, out: TypeId, at: &ExprRef) -> Res {
    let n = match (x, y) {
        (Value::Vector(a), Value::Vector(b)) if a.len() != b.len() => {
            return Err(expr_fault(at, "vector operands are of different sizes"));
        }
        (Value::Vector(a), _) => a.len(),
        (_, Value::Vector(b)) => b.len(),
        _ => return binary_value(vm, op, x, y, out, at),
    };
    vm.charge_work(at.span, n as u64)?;
    let pick = |v: &Value, i: usize| match v {
        Value::Vector(items) => items.get(i),
        v => v.clone(),
    };
    let mut items = Vec::with_capacity(n);
    for i in 0..n {
        let (p, q) = (pick(x, i), pick(y, i));
        items.push(if p.is_unset() || q.is_unset() {
            Value::Unset
        } else {
            fold(op, &p, &q, out).map_err(|text| expr_fault(at, text))?
        });
    }
    Ok(Value::Vector(VectorVal::new(ty, items)))
}

fn unary_value(op: UnOp, v: &Value) -> Value {
    match (op, v) {
        (UnOp::Not, v) => Value::Bool(!v.as_bool()),
        (UnOp::Complement, v) => Value::Count(!v.as_count()),
        (UnOp::Neg, Value::Double(d)) => Value::Double(-d),
        (UnOp::Neg, Value::Interval(d)) => Value::Interval(-d),
        (UnOp::Neg, v) => Value::Int(v.as_int().wrapping_neg()),
        (_, Value::Count(n)) => Value::Int(*n as i64),
        (_, v) => v.clone(),
    }
}

/// `a op b` on plain values; `out` is the checked result type where it decides.
pub fn fold(op: BinOp, p: &Value, q: &Value, out: TypeId) -> Result<Value, &'static str> {
    use BinOp::*;
    use Value as V;
    Ok(match op {
        Eq | Ne => {
            let eq = match (p, q) {
                (V::Pattern(r), V::Str(s)) | (V::Str(s), V::Pattern(r)) => r.matches(s),
                (a, b) => match compare(a, b) {
                    Some(o) => o.is_eq(),
                    None => a.same(b),
                },
            };
            V::Bool(eq == (op == Eq))
        }
        Lt | Le | Gt | Ge => {
            if let (V::Table(a), V::Table(b)) = (p, q) {
                return Ok(V::Bool(subset(op, a, b)));
            }
            let o = compare(p, q);
            V::Bool(match op {
                Lt => o == Some(Ordering::Less),
                Le => matches!(o, Some(Ordering::Less | Ordering::Equal)),
                Gt => o == Some(Ordering::Greater),
                _ => matches!(o, Some(Ordering::Greater | Ordering::Equal)),
            })
        }
        And => V::Bool(p.as_bool() && q.as_bool()),
        Or => V::Bool(p.as_bool() || q.as_bool()),
        _ => return arith(op, p, q, out),
    })
}

fn arith(op: BinOp, p: &Value, q: &Value, out: TypeId) -> Result<Value, &'static str> {
    use BinOp::*;
    use Value as V;
    Ok(match (op, p, q) {
        (Add, V::Str(a), V::Str(b)) => {
            let mut s = Vec::with_capacity(a.len() + b.len());
            s.extend_from_slice(a);
            s.extend_from_slice(b);
            V::Str(s.into())
        }
        (BitAnd, V::Pattern(a), V::Pattern(b)) => V::Pattern(Rc::new(a.and(b))),
        (BitOr, V::Pattern(a), V::Pattern(b)) => V::Pattern(Rc::new(a.or(b))),
        (BitAnd | BitOr | Sub, V::Table(a), V::Table(b)) => V::Table(set_op(op, a, b)),
        (Div, V::Addr(a), n) => {
            let width = n.as_count();
            if width > if a.is_v4() { 32 } else { 128 } {
                return Err("bad subnet prefix length");
            }
            let bits = if a.is_v4() { width as u8 + 96 } else { width as u8 };
            V::Subnet(mask(a, bits), bits)
        }
        (_, V::Double(_) | V::Time(_) | V::Interval(_), _)
        | (_, _, V::Double(_) | V::Time(_) | V::Interval(_)) => {
            return float(op, p, q, out);
        }
        (Shl | Shr, a, b) => return shift(op, a, b),
        (_, V::Int(_), _) | (_, _, V::Int(_)) => V::Int(int(op, p.as_int(), q.as_int())?),
        (_, V::Count(a), V::Count(b)) => V::Count(count(op, *a, *b)?),
        _ => return Err("bad operand types"),
    })
}

fn mask(a: &Addr, bits: u8) -> Addr {
    a.mask(bits)
}

fn float(op: BinOp, p: &Value, q: &Value, out: TypeId) -> Result<Value, &'static str> {
    use BinOp::*;
    let (a, b) = (p.as_double(), q.as_double());
    let d = match op {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        Div if b == 0.0 => return Err("division by zero"),
        Div => a / b,
        _ => return Err("bad operand types"),
    };
    let kind = |v: &Value| match v {
        Value::Time(_) => 2,
        Value::Interval(_) => 1,
        _ => 0,
    };
    Ok(match out {
        TypeId::Time => Value::Time(d),
        TypeId::Interval => Value::Interval(d),
        TypeId::Double => Value::Double(d),
        // Operands of type any: by what they are.
        _ => match (op, kind(p), kind(q)) {
            (_, 0, 0) | (Div, 1, 1) => Value::Double(d),
            (Sub, 2, 2) => Value::Interval(d),
            (_, 2, _) | (_, _, 2) => Value::Time(d),
            _ => Value::Interval(d),
        },
    })
}

fn shift(op: BinOp, p: &Value, q: &Value) -> Result<Value, &'static str> {
    let n = match q {
        Value::Int(n) if *n < 0 => return Err("left shifting a negative number is undefined"),
        q => q.as_count(),
    };
    Ok(match p {
        Value::Int(a) => {
            if op == BinOp::Shl && *a < 0 {
                return Err("left shifting a negative number is undefined");
            }
            let n = n.min(63) as u32;
            Value::Int(if op == BinOp::Shl { a.wrapping_shl(n) } else { a >> n })
        }
        p => {
            let a = p.as_count();
            if n > 63 {
                Value::Count(0)
            } else {
                Value::Count(if op == BinOp::Shl { a << n } else { a >> n })
            }
        }
    })
}

fn int(op: BinOp, a: i64, b: i64) -> Result<i64, &'static str> {
    use BinOp::*;
    Ok(match op {
        Add => a.wrapping_add(b),
        Sub => a.wrapping_sub(b),
        Mul => a.wrapping_mul(b),
        Div if b == 0 => return Err("division by zero"),
        Div => a.wrapping_div(b),
        Mod if b == 0 => return Err("modulo by zero"),
        Mod => a.wrapping_rem(b),
        BitAnd => a & b,
        BitOr => a | b,
        BitXor => a ^ b,
        _ => return Err("bad operand types"),
    })
}

fn count(op: BinOp, a: u64, b: u64) -> Result<u64, &'static str> {
    use BinOp::*;
    Ok(match op {
        Add => a.wrapping_add(b),
        Sub => a.wrapping_sub(b),
        Mul => a.wrapping_mul(b),
        Div if b == 0 => return Err("division by zero"),
        Div => a / b,
        Mod if b == 0 => return Err("modulo by zero"),
        Mod => a % b,
        BitAnd => a & b,
        BitOr => a | b,
        BitXor => a ^ b,
        _ => return Err("bad operand types"),
    })
}

/// The order of two scalars.
pub fn compare(p: &Value, q: &Value) -> Option<Ordering> {
    use Value as V;
    Some(match (p, q) {
        (V::Count(a), V::Count(b)) => a.cmp(b),
        (V::Int(a), V::Int(b)) => a.cmp(b),
        (V::Bool(a), V::Bool(b)) => a.cmp(b),
        (V::Count(a), V::Int(b)) => i128::from(*a).cmp(&i128::from(*b)),
        (V::Int(a), V::Count(b)) => i128::from(*a).cmp(&i128::from(*b)),
        (V::Str(a), V::Str(b)) => a.cmp(b),
        (V::Addr(a), V::Addr(b)) => a.cmp(b),
        (V::Port(a), V::Port(b)) => a.packed().cmp(&b.packed()),
        (V::Enum(_, a), V::Enum(_, b)) => a.cmp(b),
        (V::Subnet(a, n), V::Subnet(b, m)) => a.cmp(b).then(n.cmp(m)),
        (
            V::Double(_) | V::Time(_) | V::Interval(_) | V::Count(_) | V::Int(_),
            V::Double(_) | V::Time(_) | V::Interval(_) | V::Count(_) | V::Int(_),
        ) => return p.as_double().partial_cmp(&q.as_double()),
        _ => return None,
    })
}

fn subset(op: BinOp, a: &Rc<TableVal>, b: &Rc<TableVal>) -> bool {
    let inside = |x: &TableVal, y: &TableVal| {
        let (x, y) = (x.dict.borrow(), y.dict.borrow());
        x.len() <= y.len() && x.iter().all(|e| y.contains(&e.key))
    };
    match op {
        BinOp::Le => inside(a, b),
        BinOp::Lt => a.len() < b.len() && inside(a, b),
        BinOp::Ge => inside(b, a),
        _ => b.len() < a.len() && inside(b, a),
    }
}

fn set_op(op: BinOp, a: &Rc<TableVal>, b: &Rc<TableVal>) -> Rc<TableVal> {
    let ordered = a.dict.borrow().is_ordered();
    let out = TableVal::new(a.ty, true, ordered);
    {
        let (x, y) = (a.dict.borrow(), b.dict.borrow());
        let mut d = out.dict.borrow_mut();
        match op {
            BinOp::BitOr => {
                x.iter().chain(y.iter()).for_each(|e| {
                    d.insert(e.key.clone(), Value::Unset, 0.0);
                });
            }
            BinOp::BitAnd => {
                // Zeek walks the smaller set.
                let (walk, look) = if x.len() >= y.len() { (&y, &x) } else { (&x, &y) };
                walk.iter().filter(|e| look.contains(&e.key)).for_each(|e| {
                    d.insert(e.key.clone(), Value::Unset, 0.0);
                });
            }
            _ => {
                x.iter().for_each(|e| {
                    d.insert(e.key.clone(), Value::Unset, 0.0);
                });
                y.iter().for_each(|e| {
                    d.remove(&e.key);
                });
            }
        }
    }
    Rc::new(out)
}
