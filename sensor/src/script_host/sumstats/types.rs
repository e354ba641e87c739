//! Where the fields of SumStats' records are, looked up once.

use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{Addr, RecordVal, TableVal, Value, VectorVal};
use nightjar_script::{Vm, topk_value};
use std::rc::Rc;

use crate::sumstats::{Key, Obs, Topk};

/// The fields of a result that are read from the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Begin,
    End,
    Num,
    Average,
    HllUnique,
    /// The cardinality itself: the engine's own, which scripts cannot read.
    Card,
    HllError,
    HllConfidence,
    LastElements,
    Max,
    Min,
    Samples,
    SampleElements,
    NumSamples,
    Variance,
    PrevAvg,
    VarS,
    StdDev,
    Sum,
    Topk,
    Unique,
    UniqueMax,
    UniqueVals,
}

const FIELDS: [(&str, Field); 23] = [
    ("begin", Field::Begin),
    ("end", Field::End),
    ("num", Field::Num),
    ("average", Field::Average),
    ("hll_unique", Field::HllUnique),
    ("card", Field::Card),
    ("hll_error_margin", Field::HllError),
    ("hll_confidence", Field::HllConfidence),
    ("last_elements", Field::LastElements),
    ("max", Field::Max),
    ("min", Field::Min),
    ("samples", Field::Samples),
    ("sample_elements", Field::SampleElements),
    ("num_samples", Field::NumSamples),
    ("variance", Field::Variance),
    ("prev_avg", Field::PrevAvg),
    ("var_s", Field::VarS),
    ("std_dev", Field::StdDev),
    ("sum", Field::Sum),
    ("topk", Field::Topk),
    ("unique", Field::Unique),
    ("unique_max", Field::UniqueMax),
    ("unique_vals", Field::UniqueVals),
];

/// A record type with places of its fields.
struct Places<const N: usize> {
    ty: TypeId,
    width: usize,
    at: [usize; N],
}

impl<const N: usize> Places<N> {
    fn find(vm: &Vm, ty: TypeId, names: [&str; N]) -> Option<Self> {
        let record = vm.types.as_record(ty)?;
        let mut at = [0; N];
        for (place, name) in at.iter_mut().zip(names) {
            *place = *record.index.get(name)?;
        }
        Some(Places { ty, width: record.fields.len(), at })
    }

    fn make(&self, values: [Value; N]) -> Rc<RecordVal> {
        let mut fields = vec![Value::Unset; self.width];
        for (place, value) in self.at.into_iter().zip(values) {
            fields[place] = value;
        }
        RecordVal::new(self.ty, fields)
    }
}

pub(super) struct Types {
    key: Places<2>,
    obs: Places<3>,
    queue: Places<6>,
    queue_vals: TypeId,
    queue_settings: Places<1>,
    obs_vector: TypeId,
    obs_set: TypeId,
    /// `table[string] of ResultVal`.
    pub result: TypeId,
    pub val: TypeId,
    /// What each field of a `ResultVal` is; others are scripts' own.
    pub fields: Vec<Option<Field>>,
}

impl Types {
    /// `None`: SumStats are not declared as they should be.
    pub fn find(vm: &Vm) -> Option<Types> {
        let named = |name: &str| vm.named_type(name);
        let field =
            |ty: TypeId, name: &str| Some(vm.types.as_record(ty)?.fields[vm.types.field(ty, name)?].ty);
        let val = named("SumStats::ResultVal")?;
        let queue = named("Queue::Queue")?;
        let own = |name: &str| FIELDS.iter().find(|(own, _)| *own == name).map(|(_, field)| *field);
        Some(Types {
            key: Places::find(vm, named("SumStats::Key")?, ["str", "host"])?,
            obs: Places::find(vm, named("SumStats::Observation")?, ["num", "dbl", "str"])?,
            queue: Places::find(vm, queue, ["initialized", "vals", "settings", "top", "bottom", "size"])?,
            queue_vals: field(queue, "vals")?,
            queue_settings: Places::find(vm, field(queue, "settings")?, ["max_len"])?,
            obs_vector: field(val, "samples")?,
            obs_set: field(val, "unique_vals")?,
            result: named("SumStats::Result").filter(|ty| matches!(vm.types.get(*ty), Type::Table(..)))?,
            val,
            fields: vm.types.field_names(val).iter().map(|name| own(name)).collect(),
        })
    }

    pub fn key(&self, value: &Value) -> Key {
        let Value::Record(record) = value else { return Key::default() };
        let [text, host] = self.key.at;
        Key {
            host: match record.get(host) {
                Value::Addr(addr) => Some(addr.0),
                _ => None,
            },
            text: match record.get(text) {
                Value::Str(text) => Some(text),
                _ => None,
            },
        }
    }

    pub fn key_value(&self, key: &Key) -> Value {
        let text = key.text.clone().map_or(Value::Unset, Value::Str);
        let host = key.host.map_or(Value::Unset, |host| Value::Addr(Addr(host)));
        Value::Record(self.key.make([text, host]))
    }

    pub fn obs(&self, value: &Value) -> Obs {
        let Value::Record(record) = value else { return Obs::default() };
        let [num, dbl, text] = self.obs.at;
        let number = |value: Value| Some(value).filter(Value::is_set);
        Obs {
            num: number(record.get(num)).map(|num| num.as_count()),
            dbl: number(record.get(dbl)).map(|dbl| dbl.as_double()),
            text: match record.get(text) {
                Value::Str(text) => Some(text),
                _ => None,
            },
        }
    }

    pub fn obs_value(&self, obs: &Obs) -> Value {
        let num = obs.num.map_or(Value::Unset, Value::Count);
        let dbl = obs.dbl.map_or(Value::Unset, Value::Double);
        let text = obs.text.clone().map_or(Value::Unset, Value::Str);
        Value::Record(self.obs.make([num, dbl, text]))
    }

    pub fn vector<'o>(&self, all: impl Iterator<Item = &'o Obs>) -> Value {
        Value::Vector(VectorVal::new(self.obs_vector, all.map(|obs| self.obs_value(obs)).collect()))
    }

    pub fn set<'o>(&self, all: impl Iterator<Item = &'o Obs>) -> Value {
        let set = TableVal::new(self.obs_set, true, false);
        for obs in all {
            set.dict.borrow_mut().insert(self.obs_value(obs), Value::Unset, 0.0);
        }
        Value::Table(Rc::new(set))
    }

    /// A queue as `base/utils/queue` keeps it.
    pub fn queue<'o>(&self, all: impl Iterator<Item = &'o Obs>, ceiling: usize) -> Value {
        let vals = TableVal::new(self.queue_vals, false, false);
        let mut len = 0;
        for obs in all {
            vals.dict.borrow_mut().insert(Value::Count(len), self.obs_value(obs), 0.0);
            len += 1;
        }
        let settings = self.queue_settings.make([Value::Count(ceiling as u64)]);
        Value::Record(self.queue.make([
            Value::Bool(true),
            Value::Table(Rc::new(vals)),
            Value::Record(settings),
            Value::Count(len),
            Value::Count(0),
            Value::Count(0),
        ]))
    }

    pub fn topk(&self, topk: &Topk) -> Value {
        let elements =
            topk.elements().map(|(count, element)| (self.obs_value(&element.obs), count, element.epsilon));
        topk_value(self.obs.ty, topk.size(), elements)
    }
}
