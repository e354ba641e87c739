//! Values of the language: 24 bytes each, heap parts shared by reference count. One VM runs on one thread, so
//! nothing here is atomic.

mod dict;
mod key;
mod memory;
mod pattern;
mod search;
mod template;
pub mod text;

pub use dict::{Dict, Entry};
pub use key::{HashKeys, hash_value, siphash24};
pub use memory::{live_bytes, reset_live_bytes};
pub(crate) use pattern::LONG_TEXT;
pub use pattern::{Modifiers, Pattern};
pub use search::take_work;
pub use template::{Empty, Template};

use crate::types::TypeId;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// An address: IPv4 is kept as IPv4-mapped IPv6.
// Where enums put it at an odd place, processors wait at every copy of these.
#[repr(align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Addr(pub [u8; 16]);

const _: () = assert!(size_of::<Value>() == 24);

const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

impl Addr {
    pub fn v4(o: [u8; 4]) -> Addr {
        Addr((0xffff_u128 << 32 | u128::from(u32::from_be_bytes(o))).to_be_bytes())
    }

    pub fn from_v6(a: std::net::Ipv6Addr) -> Addr {
        Addr(a.octets())
    }

    pub fn from_ip(a: std::net::IpAddr) -> Addr {
        match a {
            std::net::IpAddr::V4(v) => Addr::v4(v.octets()),
            std::net::IpAddr::V6(v) => Addr(v.octets()),
        }
    }

    pub fn to_ip(self) -> std::net::IpAddr {
        match self.is_v4() {
            true => self.octets4().into(),
            false => self.0.into(),
        }
    }

    pub fn is_v4(&self) -> bool {
        self.0[..12] == MAPPED
    }

    pub fn octets4(&self) -> [u8; 4] {
        [self.0[12], self.0[13], self.0[14], self.0[15]]
    }

    /// Keeps the first `bits` of the 128.
    pub fn mask(&self, bits: u8) -> Addr {
        let n = u128::from_be_bytes(self.0);
        let kept = match bits {
            0 => 0,
            b if b >= 128 => n,
            b => n & (u128::MAX << (128 - u32::from(b))),
        };
        Addr(kept.to_be_bytes())
    }

    pub fn parse(s: &str) -> Option<Addr> {
        if let Ok(v4) = s.parse::<std::net::Ipv4Addr>() {
            return Some(Addr::v4(v4.octets()));
        }
        // Leading zeros in octets are read as decimal, as Zeek's own parser does.
        let parts: Vec<&str> = s.split('.').collect();
        if parts.len() == 4 && parts.iter().all(|p| !p.is_empty() && p.len() <= 3) {
            let mut o = [0u8; 4];
            for (slot, p) in o.iter_mut().zip(&parts) {
                *slot = p.parse().ok()?;
            }
            return Some(Addr::v4(o));
        }
        s.parse::<std::net::Ipv6Addr>().ok().map(Addr::from_v6)
    }
}

impl std::fmt::Display for Addr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_v4() {
            let mut text = DottedQuad::default();
            f.write_str(text.of(self.octets4()))
        } else {
            write!(f, "{}", std::net::Ipv6Addr::from(self.0))
        }
    }
}

/// Room for the text of an IPv4 address, which scripts make of every other one.
#[derive(Default)]
struct DottedQuad([u8; 15]);

impl DottedQuad {
    fn of(&mut self, octets: [u8; 4]) -> &str {
        let mut end = 0;
        let mut add = |byte: u8| {
            self.0[end] = byte;
            end += 1;
        };
        for (nth, octet) in octets.into_iter().enumerate() {
            if nth > 0 {
                add(b'.');
            }
            if octet >= 100 {
                add(b'0' + octet / 100);
            }
            if octet >= 10 {
                add(b'0' + octet / 10 % 10);
            }
            add(b'0' + octet % 10);
        }
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Proto {
    Unknown = 0,
    Tcp = 1,
    Udp = 2,
    Icmp = 3,
}

impl Proto {
    pub fn name(self) -> &'static str {
        match self {
            Proto::Unknown => "unknown",
            Proto::Tcp => "tcp",
            Proto::Udp => "udp",
            Proto::Icmp => "icmp",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Port {
    pub num: u16,
    pub proto: Proto,
}

impl Port {
    /// The number Zeek keeps: the protocol above the low 16 bits. Ports are ordered by it.
    pub fn packed(self) -> u64 {
        u64::from(self.num) | ((self.proto as u64) << 16)
    }
}

pub type Str = Rc<[u8]>;

/// One value. `Unset` is an unset field, a hole in a vector, or no value at all.
#[derive(Clone, Default)]
pub enum Value {
    #[default]
    Unset,
    /// A field still in its native record.
    Lazy,
    Bool(bool),
    Int(i64),
    Count(u64),
    Double(f64),
    Time(f64),
    Interval(f64),
    Str(Str),
    Pattern(Rc<Pattern>),
    Addr(Addr),
    Subnet(Addr, u8),
    Port(Port),
    Enum(TypeId, i64),
    Record(Rc<RecordVal>),
    Table(Rc<TableVal>),
    Vector(Rc<VectorVal>),
    Func(Rc<FuncVal>),
    File(Rc<FileVal>),
    Opaque(Rc<dyn Opaque>),
    Type(TypeId),
    List(Rc<[Value]>),
}

/// A record of the host's, read field by field when a script asks.
pub trait NativeRecord {
    /// The value of field number `field` of the record type the host named, or `Unset`.
    fn get(&self, field: usize) -> Value;
    /// Whether the field is set.
    fn has(&self, field: usize) -> bool {
        self.get(field).is_set()
    }
    /// A field of the record in a field, where that is to be had without making that record.
    fn within(&self, _field: usize, _inner: usize) -> Option<Value> {
        None
    }
    /// Whether the record keeps containers and records that it was given, so that what is done to them lasts.
    fn keeps(&self) -> bool {
        false
    }
    /// A script assigned the field. `false`: the host does not keep it, the script's record does.
    fn set(&self, _field: usize, _value: &Value) -> bool {
        false
    }
}

pub struct RecordVal {
    pub ty: TypeId,
    /// How many fields its type had when it was made.
    width: u32,
    fields: RefCell<Fields>,
    origin: Origin,
}

/// The fields that are in a record itself.
enum Fields {
    /// Those up to the last that was ever set or kept.
    All(Vec<Value>),
    /// Of a record of the host's, which holds few.
    Some(Vec<(u32, Value)>),
}

impl Fields {
    #[inline]
    fn get(&self, i: usize) -> Option<&Value> {
        match self {
            Fields::All(fields) => fields.get(i).filter(|value| !matches!(value, Value::Lazy)),
            Fields::Some(fields) => fields.iter().find(|(at, _)| *at == i as u32).map(|(_, value)| value),
        }
    }

    /// How many fields there are at least.
    fn width(&self) -> usize {
        match self {
            Fields::All(fields) => fields.len(),
            Fields::Some(fields) => fields.iter().map(|(at, _)| *at as usize + 1).max().unwrap_or(0),
        }
    }

    fn size(&self) -> usize {
        match self {
            Fields::All(fields) => fields.len() * size_of::<Value>(),
            Fields::Some(fields) => fields.len() * size_of::<(u32, Value)>(),
        }
    }
}

/// Where fields that are [`Value::Lazy`] come from.
enum Origin {
    Nowhere,
    /// Made when they are first looked at, and kept then.
    Template(Rc<Template>),
    /// Asked for each time.
    Native(Rc<dyn NativeRecord>),
}

impl RecordVal {
    pub fn new(ty: TypeId, fields: Vec<Value>) -> Rc<RecordVal> {
        RecordVal::begun(ty, fields.len(), fields, Origin::Nowhere)
    }

    fn begun(ty: TypeId, width: usize, fields: Vec<Value>, origin: Origin) -> Rc<RecordVal> {
        let fields = match origin {
            Origin::Native(_) => Fields::Some(Vec::new()),
            _ => Fields::All(fields),
        };
        memory::charge(size_of::<RecordVal>() + fields.size());
        Rc::new(RecordVal { ty, width: width as u32, fields: RefCell::new(fields), origin })
    }

    /// A record whose fields are read from the host when first asked for.
    pub fn native(ty: TypeId, width: usize, native: Rc<dyn NativeRecord>) -> Rc<RecordVal> {
        RecordVal::begun(ty, width, Vec::new(), Origin::Native(native))
    }

    /// How many fields it has, set or not. One that `redef` has added to the type since is beyond, until it is set.
    pub fn width(&self) -> usize {
        (self.width as usize).max(self.fields.borrow().width())
    }

    /// Calls `with` with a field that is in the record itself.
    pub fn peek<T>(&self, i: usize, with: impl FnOnce(&Value) -> T) -> Option<T> {
        self.fields.borrow().get(i).map(with)
    }

    /// A field, `Unset` when it is not set.
    #[inline]
    pub fn get(&self, i: usize) -> Value {
        if let Some(value) = self.fields.borrow().get(i) {
            return value.clone();
        }
        self.original(i)
    }

    /// A field of the record in a field, if that is set and nothing has to be made for it.
    pub fn within(&self, i: usize, inner: usize) -> Option<Value> {
        if let Some(value) = self.fields.borrow().get(i) {
            return match value {
                Value::Record(record) => Some(record.get(inner)).filter(Value::is_set),
                _ => None,
            };
        }
        match &self.origin {
            Origin::Native(native) => native.within(i, inner).filter(Value::is_set),
            Origin::Nowhere | Origin::Template(_) => None,
        }
    }

    /// Whether a field of the record in a field is set, if that record is in this one itself.
    pub fn has_within(&self, i: usize, inner: usize) -> Option<bool> {
        match self.fields.borrow().get(i)? {
            Value::Record(record) => Some(record.has(inner)),
            _ => None,
        }
    }

    /// A field as it comes from elsewhere.
    fn original(&self, i: usize) -> Value {
        let (v, keep) = match &self.origin {
            Origin::Nowhere => return Value::Unset,
            Origin::Native(native) => (native.get(i), native.keeps()),
            Origin::Template(template) => (template.get(i), template.keeps()),
        };
        // What others may change through the value must be the same the next time.
        let shared = matches!(v, Value::Table(_) | Value::Vector(_) | Value::Record(_));
        if keep && shared {
            self.put(i, v.clone());
        }
        v
    }

    /// Whether a field is set.
    pub fn has(&self, i: usize) -> bool {
        if let Some(value) = self.fields.borrow().get(i) {
            return value.is_set();
        }
        match &self.origin {
            Origin::Nowhere => false,
            Origin::Native(native) => native.has(i),
            Origin::Template(template) => template.has(i),
        }
    }

    pub fn set(&self, i: usize, v: Value) {
        if let Origin::Native(native) = &self.origin
            && native.set(i, &v)
        {
            return;
        }
        drop(self.put(i, v));
    }

    /// Empties a record of the host's that nobody else holds, so that it can be another one of its type. `take` is
    /// given what it held itself.
    pub fn recycle(&mut self, mut take: impl FnMut(usize, Value)) {
        let Fields::Some(fields) = self.fields.get_mut() else { return };
        memory::release(fields.len() * size_of::<(u32, Value)>());
        fields.drain(..).for_each(|(at, value)| take(at as usize, value));
    }

    /// A record as it was when it was made, if nobody else holds it.
    pub(crate) fn emptied(mut record: Rc<RecordVal>) -> Option<Rc<RecordVal>> {
        let Fields::All(fields) = Rc::get_mut(&mut record)?.fields.get_mut() else { return None };
        memory::release(fields.len() * size_of::<Value>());
        fields.clear();
        Some(record)
    }

    /// Puts a value into the record itself. What was there before is dropped by the caller: that may run into
    /// this record again.
    fn put(&self, i: usize, v: Value) -> Value {
        let mut fields = self.fields.borrow_mut();
        let fields = match &mut *fields {
            Fields::All(fields) => fields,
            Fields::Some(fields) => {
                if let Some((_, known)) = fields.iter_mut().find(|(at, _)| *at == i as u32) {
                    return std::mem::replace(known, v);
                }
                memory::charge(size_of::<(u32, Value)>());
                fields.push((i as u32, v));
                return Value::Unset;
            }
        };
        if i >= fields.len() {
            let (filler, room) = match &self.origin {
                Origin::Template(template) => (Value::Lazy, template.room(i + 1)),
                _ if v.is_unset() => return Value::Unset,
                _ => (Value::Unset, i + 1),
            };
            memory::charge((i + 1 - fields.len()) * size_of::<Value>());
            if fields.capacity() <= i {
                let mut wider = memory::spare(room);
                wider.append(fields);
                *fields = wider;
            }
            fields.resize(i + 1, filler);
        }
        std::mem::replace(&mut fields[i], v)
    }
}

impl Drop for RecordVal {
    fn drop(&mut self) {
        memory::release(size_of::<RecordVal>() + self.fields.get_mut().size());
        match self.fields.get_mut() {
            Fields::All(fields) => memory::bury(std::mem::take(fields)),
            Fields::Some(fields) => memory::bury(fields.drain(..).map(|(_, value)| value).collect()),
        }
    }
}

/// What a table carries beside its members.
#[derive(Default)]
pub struct TableAttrs {
    pub default: Option<crate::vm::Code>,
    pub default_insert: bool,
    pub create_expire: Option<crate::vm::Code>,
    pub read_expire: Option<crate::vm::Code>,
    pub write_expire: Option<crate::vm::Code>,
    pub expire_func: Option<crate::vm::Code>,
    pub on_change: Option<crate::vm::Code>,
}

impl TableAttrs {
    pub fn expires(&self) -> bool {
        self.create_expire.is_some() || self.read_expire.is_some() || self.write_expire.is_some()
    }
}

pub struct TableVal {
    pub ty: TypeId,
    pub is_set: bool,
    pub dict: RefCell<Dict>,
    pub attrs: RefCell<Option<Rc<TableAttrs>>>,
    /// An `&on_change` function is running: its own changes do not call it again.
    pub in_change: Cell<bool>,
    pub expiry_registered: Cell<bool>,
}

impl TableVal {
    pub fn new(ty: TypeId, is_set: bool, ordered: bool) -> TableVal {
        memory::charge(size_of::<TableVal>());
        TableVal {
            ty,
            is_set,
            dict: RefCell::new(Dict::new(ordered)),
            attrs: RefCell::new(None),
            in_change: Cell::new(false),
            expiry_registered: Cell::new(false),
        }
    }

    pub fn len(&self) -> usize {
        self.dict.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Members in iteration order, cheap copies: loops run over this, so a body may change the table.
    pub fn snapshot(&self) -> Vec<(Value, Value)> {
        self.dict.borrow().iter().map(|e| (e.key.clone(), e.value.clone())).collect()
    }
}

impl Drop for TableVal {
    fn drop(&mut self) {
        memory::release(size_of::<TableVal>());
        memory::bury(self.dict.get_mut().take_values());
    }
}

pub struct VectorVal {
    pub ty: TypeId,
    items: RefCell<Vec<Value>>,
    charged: Cell<usize>,
}

impl VectorVal {
    pub fn new(ty: TypeId, items: Vec<Value>) -> Rc<VectorVal> {
        let v = VectorVal { ty, items: RefCell::new(items), charged: Cell::new(0) };
        v.recharge();
        Rc::new(v)
    }

    /// Keeps the VM's account of memory in step with the vector's size.
    fn recharge(&self) {
        let items = self.items.borrow();
        let now = size_of::<VectorVal>() + items.capacity() * size_of::<Value>();
        let was = self.charged.replace(now);
        memory::charge(now);
        memory::release(was);
    }

    pub fn items(&self) -> std::cell::Ref<'_, Vec<Value>> {
        self.items.borrow()
    }

    /// Changes the members; do not call script code inside `f`.
    pub fn update<T>(&self, f: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        let mut items = self.items.borrow_mut();
        let cap = items.capacity();
        let r = f(&mut items);
        let changed = items.capacity() != cap;
        drop(items);
        if changed {
            self.recharge();
        }
        r
    }

    pub fn get(&self, i: usize) -> Value {
        self.items.borrow().get(i).cloned().unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.borrow().is_empty()
    }
}

impl Drop for VectorVal {
    fn drop(&mut self) {
        memory::release(self.charged.get());
        memory::bury(std::mem::take(self.items.get_mut()));
    }
}

/// A function, event or hook as a value; lambdas carry what they captured.
pub struct FuncVal {
    pub id: crate::vm::FuncId,
    pub captures: RefCell<Vec<Value>>,
}

/// A file that scripts write to, or one of the standard streams.
pub struct FileVal {
    pub name: String,
    pub kind: FileKind,
    pub open: Cell<bool>,
    pub raw: Cell<bool>,
    /// Bytes written so far.
    pub written: Cell<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    Stdout,
    Stderr,
    Named,
}

/// Values whose inside a script does not see (`opaque of topk`, …).
pub trait Opaque: Any {
    fn type_name(&self) -> &'static str;
    fn copy(&self) -> Option<Rc<dyn Opaque>>;
    fn as_any(&self) -> &dyn Any;
}

/// A table the VM must look at for expiry; does not keep it alive.
pub type WeakTable = Weak<TableVal>;

impl Value {
    pub fn str(s: impl AsRef<[u8]>) -> Value {
        Value::Str(s.as_ref().into())
    }

    pub fn is_unset(&self) -> bool {
        matches!(self, Value::Unset)
    }

    pub fn is_set(&self) -> bool {
        !matches!(self, Value::Unset)
    }

    pub fn as_bool(&self) -> bool {
        match self {
            Value::Bool(b) => *b,
            Value::Count(n) => *n != 0,
            Value::Int(n) => *n != 0,
            _ => false,
        }
    }

    pub fn as_count(&self) -> u64 {
        match self {
            Value::Count(n) => *n,
            Value::Int(n) | Value::Enum(_, n) => *n as u64,
            Value::Bool(b) => u64::from(*b),
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => *d as u64,
            Value::Port(p) => u64::from(p.num),
            _ => 0,
        }
    }

    pub fn as_int(&self) -> i64 {
        match self {
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => *d as i64,
            other => other.as_count() as i64,
        }
    }

    pub fn as_double(&self) -> f64 {
        match self {
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => *d,
            Value::Int(n) => *n as f64,
            other => other.as_count() as f64,
        }
    }

    /// The bytes of a string; nothing for other values.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Value::Str(s) => s,
            _ => &[],
        }
    }

    pub fn as_addr(&self) -> Addr {
        match self {
            Value::Addr(a) | Value::Subnet(a, _) => *a,
            _ => Addr([0; 16]),
        }
    }
}

/// How deep `==`, copying and printing follow nested values before they give up.
pub const MAX_VALUE_DEPTH: u32 = 200;

/// Members one comparison looks at: values that share parts can be exponentially larger than they look.
const MAX_COMPARISONS: u32 = 10_000_000;

impl Value {
    /// Equality as table keys and `==` see it.
    pub fn same(&self, other: &Value) -> bool {
        same_at(self, other, 0, &mut MAX_COMPARISONS.clone())
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.same(other)
    }
}

fn same_at(a: &Value, b: &Value, depth: u32, left: &mut u32) -> bool {
    use Value::*;
    if depth > MAX_VALUE_DEPTH || *left == 0 {
        return false;
    }
    *left -= 1;
    match (a, b) {
        (Unset, Unset) => true,
        (Bool(x), Bool(y)) => x == y,
        (Int(x), Int(y)) => x == y,
        (Count(x), Count(y)) => x == y,
        (Int(x), Count(y)) | (Count(y), Int(x)) => *x >= 0 && *x as u64 == *y,
        (Double(x) | Time(x) | Interval(x), Double(y) | Time(y) | Interval(y)) => x == y,
        (Str(x), Str(y)) => x == y,
        (Pattern(x), Pattern(y)) => x.source() == y.source(),
        (Addr(x), Addr(y)) => x == y,
        (Subnet(x, n), Subnet(y, m)) => x == y && n == m,
        (Port(x), Port(y)) => x == y,
        (Enum(_, x), Enum(_, y)) => x == y,
        (Func(x), Func(y)) => Rc::ptr_eq(x, y) || (x.id == y.id && x.captures.borrow().is_empty()),
        (File(x), File(y)) => Rc::ptr_eq(x, y),
        (Opaque(x), Opaque(y)) => Rc::ptr_eq(x, y),
        (Type(x), Type(y)) => x == y,
        (List(x), List(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|(p, q)| same_at(p, q, depth + 1, left))
        }
        (Record(x), Record(y)) => {
            let width = x.width().max(y.width());
            Rc::ptr_eq(x, y) || (0..width).all(|i| same_at(&x.get(i), &y.get(i), depth + 1, left))
        }
        (Vector(x), Vector(y)) => {
            Rc::ptr_eq(x, y)
                || (x.len() == y.len()
                    && x.items().iter().zip(y.items().iter()).all(|(p, q)| same_at(p, q, depth + 1, left)))
        }
        (Table(x), Table(y)) => {
            if Rc::ptr_eq(x, y) {
                return true;
            }
            let (p, q) = (x.dict.borrow(), y.dict.borrow());
            p.len() == q.len()
                && p.iter()
                    .all(|e| q.get(&e.key).is_some_and(|o| same_at(&e.value, &o.value, depth + 1, left)))
        }
        _ => false,
    }
}
