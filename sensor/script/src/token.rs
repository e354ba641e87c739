//! Tokens of the language.

use crate::source::Span;
use crate::value::{Addr, Port};
use std::rc::Rc;

#[derive(Clone, Debug, PartialEq)]
pub enum Tok {
    Eof,
    Ident(Rc<str>),
    Kw(Kw),
    /// Punctuation, as written.
    P(&'static str),
    /// `&name`.
    Attr(Rc<str>),
    Count(u64),
    Double(f64),
    Interval(f64),
    Port(Port),
    Addr(Addr),
    Subnet(Addr, u8),
    Str(Rc<[u8]>),
    /// A literal host name, which Zeek would look up.
    Host(Rc<str>),
    Directive(Directive),
    Bad(Rc<str>),
}

/// `@` lines that the parser acts on between declarations.
#[derive(Clone, Debug, PartialEq)]
pub enum Directive {
    Load(Rc<str>),
    LoadSigs(Rc<str>),
    LoadPlugin(Rc<str>),
    Unload(Rc<str>),
    Prefixes(Rc<str>),
    Deprecated(Option<Rc<str>>),
    Pragma(Rc<str>),
    If,
    IfAnalyze,
    Ifdef,
    Ifndef,
    Else,
    Endif,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub tok: Tok,
    pub span: Span,
}

macro_rules! keywords {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// Reserved words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kw { $($variant),* }

        impl Kw {
            pub fn lookup(word: &str) -> Option<Kw> {
                match word { $($text => Some(Kw::$variant),)* _ => None }
            }

            pub fn text(self) -> &'static str {
                match self { $(Kw::$variant => $text),* }
            }
        }
    };
}

keywords! {
    Add "add", AddrT "addr", Any "any", As "as", Assert "assert", Bool "bool", Break "break", Case "case",
    Option "option", Const "const", Copy "copy", CountT "count", Default "default", Delete "delete",
    DoubleT "double", Else "else", Enum "enum", Event "event", Export "export", Fallthrough "fallthrough",
    File "file", For "for", Function "function", Global "global", Hook "hook", If "if", In "in", Is "is",
    Int "int", IntervalT "interval", List "list", Local "local", Module "module", Next "next", Of "of",
    Opaque "opaque", Pattern "pattern", PortT "port", Print "print", Record "record", Redef "redef",
    Return "return", Schedule "schedule", Set "set", StringT "string", SubnetT "subnet", Switch "switch",
    Table "table", Time "time", Timeout "timeout", Type "type", Vector "vector", When "when", While "while",
    True "T", False "F",
}
