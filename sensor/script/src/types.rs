//! Types: an arena of descriptions, named by number. Structural types are interned, so equal types mostly have
//! equal numbers; records and enums are themselves wherever they are named, as in Zeek.

use crate::ast::Flavor;
use crate::vm::Code;
use std::collections::HashMap;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TypeId(pub u32);

macro_rules! base_types {
    ($($name:ident $text:literal),* $(,)?) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Base { $($name),* }

        impl Base {
            pub const ALL: &'static [Base] = &[$(Base::$name),*];

            pub fn text(self) -> &'static str {
                match self { $(Base::$name => $text),* }
            }
        }

        /// The numbers of the base types, in the arena's first places.
        #[allow(non_upper_case_globals)]
        impl TypeId { $(pub const $name: TypeId = TypeId(Base::$name as u32);)* }
    };
}

base_types! {
    Error "error", Void "void", Any "any", Bool "bool", Int "int", Count "count", Double "double", Time "time",
    Interval "interval", String "string", Pattern "pattern", Addr "addr", Subnet "subnet", Port "port",
}

#[derive(Clone)]
pub enum Type {
    Base(Base),
    Enum(Rc<EnumType>),
    Record(Rc<RecordType>),
    Table(Vec<TypeId>, TypeId),
    Set(Vec<TypeId>),
    Vector(TypeId),
    List(Vec<TypeId>),
    Func(Rc<FuncType>),
    File(TypeId),
    Opaque(Rc<str>),
    Type(TypeId),
}

#[derive(Clone, Default)]
pub struct EnumType {
    /// With its module, as Zeek shows it.
    pub name: String,
    pub values: Vec<(String, i64)>,
    pub next: i64,
}

#[derive(Clone)]
pub struct Field {
    pub name: Rc<str>,
    pub ty: TypeId,
    pub optional: bool,
    pub log: bool,
    pub default: Option<Rc<Code>>,
    /// `&default` given with a literal empty container and the like: made anew for each record.
    pub deprecated: Option<Option<Rc<str>>>,
    /// Attributes for containers in this field (`&default`, `&create_expire`, `&ordered`).
    pub table_attrs: Option<Rc<crate::value::TableAttrs>>,
    pub ordered: bool,
    /// `&type_column`: where a reader of files finds the protocol of a port.
    pub type_column: Option<Rc<str>>,
    pub span: crate::source::Span,
}

#[derive(Clone, Default)]
pub struct RecordType {
    /// With its module; empty for anonymous records.
    pub name: String,
    pub fields: Vec<Field>,
    pub index: HashMap<Rc<str>, usize, foldhash::fast::FixedState>,
}

#[derive(Clone)]
pub struct FuncType {
    pub flavor: Flavor,
    pub params: Vec<ParamType>,
    pub ret: TypeId,
    /// Takes any arguments (`va_args: any`).
    pub variadic: bool,
}

#[derive(Clone)]
pub struct ParamType {
    pub name: Rc<str>,
    pub ty: TypeId,
    pub default: Option<Rc<Code>>,
    pub deprecated: bool,
}

#[derive(PartialEq, Eq, Hash)]
enum Shape {
    Table(Vec<TypeId>, TypeId),
    Set(Vec<TypeId>),
    Vector(TypeId),
    List(Vec<TypeId>),
    File(TypeId),
    Opaque(Rc<str>),
    Type(TypeId),
}

/// The arena.
pub struct Types {
    all: Vec<Type>,
    shapes: HashMap<Shape, TypeId>,
    /// `type` aliases that gave a type its (first) name.
    names: HashMap<TypeId, String>,
}

impl Default for Types {
    fn default() -> Self {
        Types {
            all: Base::ALL.iter().map(|b| Type::Base(*b)).collect(),
            shapes: HashMap::new(),
            names: HashMap::new(),
        }
    }
}

/// How deep type texts and comparisons follow records that hold records.
const MAX_TYPE_DEPTH: u32 = 40;

/// A type with a longer name is told in a shorter form.
const MAX_TOLD: usize = 160;

/// Zeek's type that has the tags of all kinds of analyzers: what is of one kind's `Tag` is also of this.
const ALL_TAGS: &str = "AllAnalyzers::Tag";

/// Whether both are tags of analyzers, and one of them those of all kinds.
fn are_tags(a: &str, b: &str) -> bool {
    [a, b].contains(&ALL_TAGS) && a.ends_with("::Tag") && b.ends_with("::Tag")
}

impl Types {
    pub fn get(&self, t: TypeId) -> &Type {
        self.all.get(t.0 as usize).unwrap_or(&Type::Base(Base::Error))
    }

    /// Every type there is.
    pub fn all(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..self.all.len() as u32).map(TypeId)
    }

    fn push(&mut self, t: Type) -> TypeId {
        self.all.push(t);
        TypeId(self.all.len() as u32 - 1)
    }

    fn intern(&mut self, shape: Shape, t: Type) -> TypeId {
        if let Some(id) = self.shapes.get(&shape) {
            return *id;
        }
        let id = self.push(t);
        self.shapes.insert(shape, id);
        id
    }

    pub fn base(&self, name: &str) -> Option<TypeId> {
        Base::ALL.iter().position(|b| b.text() == name).map(|i| TypeId(i as u32))
    }

    pub fn table(&mut self, index: Vec<TypeId>, of: TypeId) -> TypeId {
        self.intern(Shape::Table(index.clone(), of), Type::Table(index, of))
    }

    pub fn set(&mut self, index: Vec<TypeId>) -> TypeId {
        self.intern(Shape::Set(index.clone()), Type::Set(index))
    }

    pub fn vector(&mut self, of: TypeId) -> TypeId {
        self.intern(Shape::Vector(of), Type::Vector(of))
    }

    pub fn list(&mut self, of: Vec<TypeId>) -> TypeId {
        self.intern(Shape::List(of.clone()), Type::List(of))
    }

    pub fn file(&mut self, of: TypeId) -> TypeId {
        self.intern(Shape::File(of), Type::File(of))
    }

    pub fn opaque(&mut self, name: Rc<str>) -> TypeId {
        self.intern(Shape::Opaque(name.clone()), Type::Opaque(name))
    }

    pub fn type_type(&mut self, of: TypeId) -> TypeId {
        self.intern(Shape::Type(of), Type::Type(of))
    }

    pub fn func(&mut self, f: FuncType) -> TypeId {
        self.push(Type::Func(Rc::new(f)))
    }

    pub fn record(&mut self, r: RecordType) -> TypeId {
        self.push(Type::Record(Rc::new(r)))
    }

    pub fn enum_type(&mut self, e: EnumType) -> TypeId {
        self.push(Type::Enum(Rc::new(e)))
    }

    /// Changes a record type in place (`redef record`); shared copies are not touched.
    pub fn record_mut(&mut self, t: TypeId) -> Option<&mut RecordType> {
        match self.all.get_mut(t.0 as usize) {
            Some(Type::Record(r)) => Some(Rc::make_mut(r)),
            _ => None,
        }
    }

    pub fn enum_mut(&mut self, t: TypeId) -> Option<&mut EnumType> {
        match self.all.get_mut(t.0 as usize) {
            Some(Type::Enum(e)) => Some(Rc::make_mut(e)),
            _ => None,
        }
    }

    pub fn set_name(&mut self, t: TypeId, name: &str) {
        self.names.entry(t).or_insert_with(|| name.to_string());
        if let Some(r) = self.record_mut(t)
            && r.name.is_empty()
        {
            r.name = name.to_string();
        }
    }

    /// The first `type` name given to this very type.
    pub fn alias(&self, t: TypeId) -> Option<&str> {
        self.names.get(&t).map(String::as_str)
    }

    pub fn as_record(&self, t: TypeId) -> Option<Rc<RecordType>> {
        match self.get(t) {
            Type::Record(r) => Some(r.clone()),
            _ => None,
        }
    }

    pub fn as_func(&self, t: TypeId) -> Option<Rc<FuncType>> {
        match self.get(t) {
            Type::Func(f) => Some(f.clone()),
            _ => None,
        }
    }

    pub fn as_enum(&self, t: TypeId) -> Option<Rc<EnumType>> {
        match self.get(t) {
            Type::Enum(e) => Some(e.clone()),
            _ => None,
        }
    }

    pub fn field(&self, t: TypeId, name: &str) -> Option<usize> {
        match self.get(t) {
            Type::Record(r) => r.index.get(name).copied(),
            _ => None,
        }
    }

    pub fn field_names(&self, t: TypeId) -> Vec<Rc<str>> {
        match self.get(t) {
            Type::Record(r) => r.fields.iter().map(|f| f.name.clone()).collect(),
            _ => Vec::new(),
        }
    }

    pub fn enum_name(&self, t: TypeId, n: i64) -> Option<String> {
        match self.get(t) {
            Type::Enum(e) => e.values.iter().find(|(_, v)| *v == n).map(|(s, _)| s.clone()),
            _ => None,
        }
    }

    pub fn is_set(&self, t: TypeId) -> bool {
        matches!(self.get(t), Type::Set(_))
    }

    pub fn is_table(&self, t: TypeId) -> bool {
        matches!(self.get(t), Type::Table(..))
    }

    pub fn is_arith(&self, t: TypeId) -> bool {
        matches!(t, TypeId::Int | TypeId::Count | TypeId::Double)
    }

    pub fn elem(&self, t: TypeId) -> Option<TypeId> {
        match self.get(t) {
            Type::Vector(e) => Some(*e),
            _ => None,
        }
    }

    /// Index types of a table or set.
    pub fn index_of(&self, t: TypeId) -> Option<Vec<TypeId>> {
        match self.get(t) {
            Type::Table(i, _) | Type::Set(i) => Some(i.clone()),
            _ => None,
        }
    }

    pub fn yield_of(&self, t: TypeId) -> Option<TypeId> {
        match self.get(t) {
            Type::Table(_, y) => Some(*y),
            Type::Vector(e) => Some(*e),
            _ => None,
        }
    }

    /// Zeek's `same_type`: `any` matches everything, containers by their parts, records field by field, enums by
    /// name.
    pub fn same(&self, a: TypeId, b: TypeId) -> bool {
        self.same_at(a, b, true, 0)
    }

    /// Equality without `any` matching everything.
    pub fn identical(&self, a: TypeId, b: TypeId) -> bool {
        self.same_at(a, b, false, 0)
    }

    fn same_at(&self, a: TypeId, b: TypeId, any: bool, depth: u32) -> bool {
        if a == b || (any && (a == TypeId::Any || b == TypeId::Any)) {
            return true;
        }
        if depth > MAX_TYPE_DEPTH {
            return true;
        }
        let d = depth + 1;
        let lists = |x: &[TypeId], y: &[TypeId]| {
            x.len() == y.len() && x.iter().zip(y).all(|(p, q)| self.same_at(*p, *q, any, d))
        };
        match (self.get(a), self.get(b)) {
            (Type::Table(i, x), Type::Table(j, y)) => lists(i, j) && self.same_at(*x, *y, any, d),
            (Type::Set(i), Type::Set(j)) => lists(i, j),
            (Type::Vector(x), Type::Vector(y)) | (Type::File(x), Type::File(y)) => {
                self.same_at(*x, *y, any, d)
            }
            (Type::List(x), Type::List(y)) => lists(x, y),
            (Type::Type(x), Type::Type(y)) => self.same_at(*x, *y, any, d),
            (Type::Enum(x), Type::Enum(y)) => x.name == y.name || are_tags(&x.name, &y.name),
            (Type::Func(x), Type::Func(y)) => {
                x.flavor == y.flavor
                    && x.params.len() == y.params.len()
                    && self.same_at(x.ret, y.ret, any, d)
                    && x.params.iter().zip(&y.params).all(|(p, q)| self.same_at(p.ty, q.ty, any, d))
            }
            (Type::Record(x), Type::Record(y)) => {
                x.fields.len() == y.fields.len()
                    && x.fields
                        .iter()
                        .zip(&y.fields)
                        .all(|(p, q)| p.name == q.name && self.same_at(p.ty, q.ty, any, d))
            }
            _ => false,
        }
    }

    /// Whether a record of type `from` may become one of `to`: every field given must exist and fit, every
    /// required field must be given.
    pub fn promotable(&self, from: TypeId, to: TypeId) -> bool {
        let (Some(f), Some(t)) = (self.as_record(from), self.as_record(to)) else { return false };
        f.fields.iter().all(|ff| {
            t.index.get(&ff.name).is_some_and(|i| {
                let want = t.fields[*i].ty;
                self.same(ff.ty, want)
                    || self.promotable(ff.ty, want)
                    || (self.is_arith(ff.ty) && self.is_arith(want))
            })
        }) && t.fields.iter().all(|tf| {
            tf.optional || tf.default.is_some() || f.index.contains_key(&tf.name) || self.is_aggregate(tf.ty)
        })
    }

    pub fn is_aggregate(&self, t: TypeId) -> bool {
        matches!(self.get(t), Type::Record(_) | Type::Table(..) | Type::Set(_) | Type::Vector(_))
    }

    /// Whether values of a type hold no others, and nothing that ends with the last that holds it.
    pub fn is_scalar(&self, t: TypeId) -> bool {
        use TypeId as T;
        matches!(self.get(t), Type::Enum(_))
            || matches!(
                t,
                T::Bool
                    | T::Int
                    | T::Count
                    | T::Double
                    | T::Time
                    | T::Interval
                    | T::String
                    | T::Addr
                    | T::Subnet
                    | T::Port
            )
    }

    /// The text of a type as messages and `type_name` give it.
    pub fn name(&self, t: TypeId) -> String {
        let mut s = String::new();
        self.write(t, false, &mut s, &mut Vec::new());
        s
    }

    /// As messages name a type: in full, as Zeek does, unless that is longer than anybody reads; then records in it are
    /// called by their names.
    pub fn told(&self, t: TypeId) -> String {
        let full = self.name(t);
        if full.len() <= MAX_TOLD {
            return full;
        }
        let mut s = String::new();
        self.write(t, true, &mut s, &mut Vec::new());
        s
    }

    /// A type printed as a value: its name if it has one.
    pub fn name_of_value(&self, t: TypeId) -> String {
        match self.get(t) {
            Type::Record(r) if !r.name.is_empty() => r.name.clone(),
            _ => self.alias(t).map_or_else(|| self.name(t), str::to_string),
        }
    }

    /// As messages about coercions name a type: records by name.
    pub fn short_name(&self, t: TypeId) -> String {
        self.name_of_value(t)
    }

    fn write_list(&self, l: &[TypeId], brief: bool, s: &mut String, path: &mut Vec<TypeId>) {
        for (i, t) in l.iter().enumerate() {
            if i > 0 {
                s.push(',');
            }
            self.write(*t, brief, s, path);
        }
    }

    /// `brief`: records that have a name by that.
    fn write(&self, t: TypeId, brief: bool, s: &mut String, path: &mut Vec<TypeId>) {
        if path.len() as u32 > MAX_TYPE_DEPTH {
            s.push_str("...");
            return;
        }
        let d = path;
        match self.get(t) {
            Type::Base(b) => s.push_str(b.text()),
            Type::Enum(e) => {
                s.push_str("enum ");
                s.push_str(&e.name);
            }
            Type::Record(r) => {
                // A record may hold itself (by an optional field or in a container): name it then.
                if d.contains(&t) || brief && !r.name.is_empty() {
                    s.push_str(&r.name);
                    return;
                }
                d.push(t);
                s.push_str("record { ");
                for f in &r.fields {
                    s.push_str(&f.name);
                    s.push(':');
                    self.write(f.ty, brief, s, d);
                    s.push_str("; ");
                }
                s.push('}');
                d.pop();
            }
            Type::Table(i, y) => {
                s.push_str("table[");
                self.write_list(i, brief, s, d);
                s.push_str("] of ");
                self.write(*y, brief, s, d);
            }
            Type::Set(i) => {
                s.push_str("set[");
                self.write_list(i, brief, s, d);
                s.push(']');
            }
            Type::Vector(e) => {
                s.push_str("vector of ");
                self.write(*e, brief, s, d);
            }
            Type::List(l) => {
                s.push_str("list of ");
                self.write_list(l, brief, s, d);
            }
            Type::Func(f) => {
                s.push_str(f.flavor.word());
                s.push('(');
                for p in &f.params {
                    s.push_str(&p.name);
                    s.push(':');
                    self.write(p.ty, brief, s, d);
                    s.push(';');
                    s.push(' ');
                }
                if s.ends_with(' ') {
                    s.pop();
                }
                s.push(')');
                if f.flavor == Flavor::Function && f.ret != TypeId::Void {
                    s.push_str(" : ");
                    self.write(f.ret, brief, s, d);
                } else if f.flavor == Flavor::Hook {
                    s.push_str(" : bool");
                }
            }
            Type::File(e) => {
                s.push_str("file");
                if *e != TypeId::Any {
                    s.push_str(" of ");
                    self.write(*e, brief, s, d);
                }
            }
            Type::Opaque(n) => {
                s.push_str("opaque of ");
                s.push_str(n);
            }
            Type::Type(t) => {
                s.push_str("type ");
                self.write(*t, brief, s, d);
            }
        }
    }
}
