//! The syntax tree. Expressions are shared (`Rc`), because run-time errors print them.

use crate::source::Span;
use crate::value::{Addr, Modifiers, Port};
use std::rc::Rc;

pub type Name = Rc<str>;
pub type ExprRef = Rc<Expr>;

#[derive(Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
    /// Written in parentheses.
    pub paren: bool,
}

#[derive(Debug)]
pub enum ExprKind {
    Name(Name),
    Bool(bool),
    Count(u64),
    Double(f64),
    Interval(f64),
    Port(Port),
    Addr(Addr),
    Subnet(Addr, u8),
    Str(Rc<[u8]>),
    Host(Name),
    Pattern(Rc<[u8]>, Modifiers),
    Unary(UnOp, ExprRef),
    Binary(BinOp, ExprRef, ExprRef),
    Cond(ExprRef, ExprRef, ExprRef),
    Assign(ExprRef, ExprRef),
    AddTo(ExprRef, ExprRef),
    RemoveFrom(ExprRef, ExprRef),
    Index(ExprRef, Vec<ExprRef>),
    Slice(ExprRef, Option<ExprRef>, Option<ExprRef>),
    Field(ExprRef, Name),
    HasField(ExprRef, Name),
    /// `$f = e` inside a constructor.
    FieldAssign(Name, ExprRef),
    In(ExprRef, ExprRef),
    Size(ExprRef),
    /// `[a, b]`: a record constructor when every member is a field assignment.
    List(Vec<ExprRef>),
    /// `{ … }` as an initialiser.
    Braces(Vec<ExprRef>),
    RecordCtor(Vec<ExprRef>),
    TableCtor(Vec<ExprRef>, Vec<Attr>),
    SetCtor(Vec<ExprRef>, Vec<Attr>),
    VectorCtor(Vec<ExprRef>),
    Call(ExprRef, Vec<ExprRef>),
    Hook(ExprRef),
    Copy(ExprRef),
    Lambda(Rc<Lambda>),
    Schedule(ExprRef, Name, Vec<ExprRef>),
    /// A type where a value may stand (`type_name(string)` is not Zeek, but `type` values are).
    Local(Name, ExprRef, Span),
    As(ExprRef, Rc<TypeExpr>),
    Is(ExprRef, Rc<TypeExpr>),
    /// `add t[i]` and `delete t[i]`, which are expressions since Zeek 7.1.
    Add(ExprRef),
    Delete(ExprRef),
    /// `event x(…)` as an expression (in initialisers of older scripts).
    Event(Name, Vec<ExprRef>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnOp {
    Not,
    Neg,
    Pos,
    Complement,
    Incr,
    Decr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl BinOp {
    pub fn text(self) -> &'static str {
        use BinOp::*;
        match self {
            Add => "+",
            Sub => "-",
            Mul => "*",
            Div => "/",
            Mod => "%",
            And => "&&",
            Or => "||",
            BitAnd => "&",
            BitOr => "|",
            BitXor => "^",
            Shl => "<<",
            Shr => ">>",
            Eq => "==",
            Ne => "!=",
            Lt => "<",
            Le => "<=",
            Gt => ">",
            Ge => ">=",
        }
    }
}

/// A function body with its header, named or not.
#[derive(Debug)]
pub struct Lambda {
    pub params: Vec<Param>,
    pub ret: Option<Rc<TypeExpr>>,
    pub captures: Option<Vec<Capture>>,
    pub body: Rc<Stmt>,
    pub span: Span,
    /// `$f(args) = { … }` gives its result type by what it returns.
    pub infer_ret: bool,
}

#[derive(Debug, Clone)]
pub struct Capture {
    pub name: Name,
    pub copy: bool,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct Param {
    pub name: Name,
    pub ty: Rc<TypeExpr>,
    pub attrs: Vec<Attr>,
    pub span: Span,
}

#[derive(Debug)]
pub struct TypeExpr {
    pub kind: TypeKind,
    pub span: Span,
}

#[derive(Debug)]
pub enum TypeKind {
    /// `count`, `string`, …
    Base(&'static str),
    Name(Name),
    Table(Vec<Rc<TypeExpr>>, Rc<TypeExpr>),
    Set(Vec<Rc<TypeExpr>>),
    Vector(Rc<TypeExpr>),
    List(Rc<TypeExpr>),
    Record(Vec<FieldDecl>),
    Enum(Vec<EnumElem>),
    Func(FuncTypeExpr),
    File(Option<Rc<TypeExpr>>),
    Opaque(Name),
}

#[derive(Debug, Clone)]
pub struct FuncTypeExpr {
    pub flavor: Flavor,
    pub params: Vec<Param>,
    pub ret: Option<Rc<TypeExpr>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavor {
    Function,
    Event,
    Hook,
}

impl Flavor {
    pub fn word(self) -> &'static str {
        match self {
            Flavor::Function => "function",
            Flavor::Event => "event",
            Flavor::Hook => "hook",
        }
    }
}

#[derive(Debug, Clone)]
pub struct FieldDecl {
    pub name: Name,
    pub ty: Rc<TypeExpr>,
    pub attrs: Vec<Attr>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct EnumElem {
    pub name: Name,
    pub value: Option<EnumValue>,
    pub deprecated: Option<Option<Rc<[u8]>>>,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum EnumValue {
    Const(i64),
    Name(Name),
    Bad,
}

#[derive(Debug, Clone)]
pub struct Attr {
    pub kind: AttrKind,
    pub expr: Option<ExprRef>,
    pub span: Span,
}

macro_rules! attrs {
    ($($variant:ident $text:literal $arg:literal),* $(,)?) => {
        /// Attributes. The number says whether one takes `=expr`: 0 no, 1 yes, 2 maybe.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AttrKind { $($variant),* }

        impl AttrKind {
            pub fn lookup(word: &str) -> Option<AttrKind> {
                match word { $($text => Some(AttrKind::$variant),)* _ => None }
            }

            pub fn text(self) -> &'static str {
                match self { $(AttrKind::$variant => concat!("&", $text)),* }
            }

            pub fn argument(self) -> u8 {
                match self { $(AttrKind::$variant => $arg),* }
            }
        }
    };
}

attrs! {
    Redef "redef" 0, Optional "optional" 0, Default "default" 1, DefaultInsert "default_insert" 1, Log "log" 0,
    Priority "priority" 1, CreateExpire "create_expire" 1, ReadExpire "read_expire" 1,
    WriteExpire "write_expire" 1, ExpireFunc "expire_func" 1, OnChange "on_change" 1, AddFunc "add_func" 1,
    DelFunc "delete_func" 1, Ordered "ordered" 0, IsUsed "is_used" 0, IsAssigned "is_assigned" 0,
    Deprecated "deprecated" 2, RawOutput "raw_output" 0, Group "group" 1, ErrorHandler "error_handler" 0,
    TypeColumn "type_column" 1, Backend "backend" 1, BrokerStore "broker_store" 1,
    BrokerAllowComplex "broker_allow_complex_type" 0, Tracked "tracked" 0, Synchronized "synchronized" 0,
    Persistent "persistent" 0, Encrypt "encrypt" 2, Mergeable "mergeable" 0, RotateInterval "rotate_interval" 1,
    RotateSize "rotate_size" 1, NoZamOpt "no_ZAM_opt" 0, NoCppOpt "no_CPP_opt" 0, Transient "transient" 0,
}

#[derive(Debug)]
pub struct Stmt {
    pub kind: StmtKind,
    pub span: Span,
}

pub type StmtRef = Rc<Stmt>;

#[derive(Debug)]
pub enum StmtKind {
    Block(Vec<StmtRef>),
    Expr(ExprRef),
    Print(Vec<ExprRef>),
    Event(Name, Vec<ExprRef>),
    If(ExprRef, StmtRef, Option<StmtRef>),
    Switch(ExprRef, Vec<Case>),
    For(ForHead, StmtRef),
    While(ExprRef, StmtRef),
    Next,
    Break,
    Fallthrough,
    Return(Option<ExprRef>),
    ReturnWhen(Rc<When>),
    Add(ExprRef),
    Delete(ExprRef),
    Local {
        names: Vec<(Name, Span)>,
        ty: Option<Rc<TypeExpr>>,
        init: Option<Init>,
        attrs: Vec<Attr>,
        constant: bool,
    },
    When(Rc<When>),
    Assert(ExprRef, Option<ExprRef>),
    Null,
}

#[derive(Debug)]
pub struct When {
    pub cond: ExprRef,
    pub body: StmtRef,
    pub timeout: Option<(ExprRef, StmtRef)>,
    pub captures: Option<Vec<Capture>>,
    pub span: Span,
}

#[derive(Debug)]
pub struct ForHead {
    /// One name for a plain loop, several for `[a, b]`; `_` skips.
    pub keys: Vec<(Name, Span)>,
    /// Written with brackets.
    pub multi: bool,
    pub value: Option<(Name, Span)>,
    pub over: ExprRef,
}

/// `type T as name`.
pub type CaseType = (Rc<TypeExpr>, Option<(Name, Span)>);

#[derive(Debug)]
pub struct Case {
    pub exprs: Vec<ExprRef>,
    pub types: Vec<CaseType>,
    pub default: bool,
    pub body: Vec<StmtRef>,
    pub span: Span,
}

/// `= e`, `+= e`, `-= e` after a declared name.
#[derive(Debug, Clone)]
pub struct Init {
    pub class: InitClass,
    pub expr: ExprRef,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitClass {
    Set,
    Add,
    Remove,
}

#[derive(Debug)]
pub struct Decl {
    pub kind: DeclKind,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VarKind {
    Global,
    Const,
    Option,
    Redef,
}

#[derive(Debug)]
pub enum DeclKind {
    Module(Name),
    ExportStart,
    ExportEnd,
    Var {
        kind: VarKind,
        name: Name,
        name_span: Span,
        ty: Option<Rc<TypeExpr>>,
        init: Option<Init>,
        attrs: Vec<Attr>,
    },
    Type {
        name: Name,
        name_span: Span,
        ty: Rc<TypeExpr>,
        attrs: Vec<Attr>,
    },
    RedefEnum {
        name: Name,
        elems: Vec<EnumElem>,
        name_span: Span,
    },
    RedefRecord {
        name: Name,
        fields: Vec<FieldDecl>,
        attrs: Vec<Attr>,
        name_span: Span,
    },
    RedefRecordField {
        name: Name,
        field: Name,
        add: bool,
        attrs: Vec<Attr>,
        name_span: Span,
    },
    Func {
        flavor: Flavor,
        name: Name,
        name_span: Span,
        attrs: Vec<Attr>,
        lambda: Rc<Lambda>,
        redef: bool,
    },
    Stmt(StmtRef),
}
