//! Which fields of which records the scripts look at or change: hosts fill in only those. And which functions may be
//! called once all has begun.

use crate::types::{Type, TypeId, Types};
use std::collections::{HashMap, HashSet};

/// What the compiler saw of all code, whether it will run or not.
#[derive(Default)]
pub struct Uses {
    /// By type: a flag for each field.
    fields: HashMap<TypeId, Vec<Use>>,
    /// Handed to something that may look at every part: `fmt`, `print`, a native function, `any`.
    whole: HashSet<TypeId>,
    /// Written to a log: the fields with `&log`.
    logged: HashSet<TypeId>,
    /// By global, of functions, events and hooks.
    bodies: HashMap<u32, Body>,
    /// Globals by who names them.
    named: HashSet<(Namer, u32)>,
    /// The global whose body is compiled.
    inside: Option<u32>,
    /// It is within a function without a name, or waits for something: nobody knows when it runs.
    later: bool,
    /// Globals that some code does more with than to look up what is in them: who holds a table may change it.
    held: HashSet<u32>,
    /// Scripts that do not ship with the language or the host are compiled, or such that somebody asked for.
    by_users: bool,
    /// What of `named` is theirs.
    named_by_users: HashSet<(Namer, u32)>,
}

/// What the bodies of a function name.
#[derive(Default)]
struct Body {
    read: HashSet<(TypeId, usize)>,
    globals: HashSet<u32>,
}

/// What code names a global.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Namer {
    /// Statements outside functions.
    Beginning,
    /// A function, hook or event, of this global, calls it.
    Body(u32),
    /// Nobody knows when it is called: it is used as a value, or in a function without a name.
    Whoever,
}

#[derive(Clone, Copy, Default)]
struct Use {
    read: bool,
    written: bool,
    /// Another value is put there, rather than what is there changed.
    assigned: bool,
}

impl Uses {
    fn field(&mut self, ty: TypeId, at: usize) -> &mut Use {
        let fields = self.fields.entry(ty).or_default();
        if fields.len() <= at {
            fields.resize(at + 1, Use::default());
        }
        &mut fields[at]
    }

    /// What follows is in bodies of this global; returns what the bodies before are of.
    pub(crate) fn enter(&mut self, global: Option<u32>) -> Option<u32> {
        std::mem::replace(&mut self.inside, global)
    }

    fn body(&mut self) -> Option<&mut Body> {
        Some(self.bodies.entry(self.inside?).or_default())
    }

    /// Whether nobody knows when the code that follows runs; returns what was so of the code before.
    pub(crate) fn later(&mut self, later: bool) -> bool {
        std::mem::replace(&mut self.later, later)
    }

    /// What follows is what users ask for.
    pub(crate) fn users_begin(&mut self) {
        self.by_users = true;
    }

    /// A global is named for more than to look up what is in it.
    pub(crate) fn hold(&mut self, global: u32) {
        self.held.insert(global);
    }

    /// Whether some code may change what is in a table that is a global.
    pub fn holds(&self, global: u32) -> bool {
        self.held.contains(&global)
    }

    /// Whether users' code names a global, other than in what `beginning` does.
    pub fn users_name(&self, global: u32, beginning: &[u32]) -> bool {
        let before = |namer: &Namer| match namer {
            Namer::Beginning => true,
            Namer::Body(body) => beginning.contains(body),
            Namer::Whoever => false,
        };
        self.named_by_users.iter().any(|(namer, named)| *named == global && !before(namer))
    }

    /// A global is named, and called there if it is a function.
    pub(crate) fn name(&mut self, global: u32, called: bool) {
        if let Some(body) = self.body() {
            body.globals.insert(global);
        }
        let namer = match self.inside {
            _ if !called || self.later => Namer::Whoever,
            None => Namer::Beginning,
            Some(body) => Namer::Body(body),
        };
        self.named.insert((namer, global));
        if self.by_users {
            self.named_by_users.insert((namer, global));
        }
    }

    /// A field is read. One that holds others may be changed through what was read.
    pub(crate) fn read(&mut self, types: &Types, ty: TypeId, at: usize, of: TypeId) {
        if let Some(body) = self.body() {
            body.read.insert((ty, at));
        }
        let field = self.field(ty, at);
        field.read = true;
        field.written |= types.is_aggregate(of);
    }

    pub(crate) fn write(&mut self, ty: TypeId, at: usize) {
        let field = self.field(ty, at);
        *field = Use { read: true, written: true, assigned: true };
    }

    /// Whether one of these functions may be called by others than `beginning`, and what only they call. `answers` says
    /// of a global that it is an event or hook.
    pub fn calls_beside(
        &self,
        functions: impl Iterator<Item = u32>,
        beginning: &[u32],
        answers: impl Fn(u32) -> bool,
    ) -> bool {
        let mut open: Vec<u32> = functions.collect();
        let mut seen: HashSet<u32> = open.iter().copied().collect();
        while let Some(callee) = open.pop() {
            for (namer, _) in self.named.iter().filter(|(_, global)| *global == callee) {
                match namer {
                    Namer::Beginning => {}
                    Namer::Whoever => return true,
                    Namer::Body(caller) if beginning.contains(caller) => {}
                    Namer::Body(caller) if answers(*caller) => return true,
                    Namer::Body(caller) => {
                        if seen.insert(*caller) {
                            open.push(*caller);
                        }
                    }
                }
            }
        }
        false
    }

    pub(crate) fn whole(&mut self, ty: TypeId) {
        self.whole.insert(ty);
    }

    pub(crate) fn logged(&mut self, ty: TypeId) {
        self.logged.insert(ty);
    }

    /// Follows what is in what, once all is compiled.
    pub(crate) fn close(&mut self, types: &Types) {
        for ty in types.all() {
            if let Type::Table(index, _) | Type::Set(index) = types.get(ty) {
                self.whole.extend(index.iter().filter(|part| types.as_record(**part).is_some()));
            }
        }
        let mut open: Vec<TypeId> = self.logged.iter().copied().collect();
        while let Some(ty) = open.pop() {
            let Some(record) = types.as_record(ty) else { continue };
            for (at, field) in record.fields.iter().enumerate().filter(|(_, field)| field.log) {
                self.field(ty, at).read = true;
                if self.logged.insert(field.ty) {
                    open.push(field.ty);
                }
            }
        }
        let mut open: Vec<TypeId> = self.whole.iter().copied().collect();
        while let Some(ty) = open.pop() {
            for part in parts(types, ty) {
                if self.whole.insert(part) {
                    open.push(part);
                }
            }
        }
    }

    /// Whether some code may look at the field.
    pub fn reads(&self, ty: TypeId, at: usize) -> bool {
        self.whole.contains(&ty) || self.get(ty, at).read
    }

    /// Whether bodies of this global name the field, or those of functions that they name.
    pub fn reaches(&self, global: u32, ty: TypeId, at: usize) -> bool {
        let (mut open, mut seen) = (vec![global], HashSet::from([global]));
        while let Some(body) = open.pop() {
            let Some(body) = self.bodies.get(&body) else { continue };
            if body.read.contains(&(ty, at)) {
                return true;
            }
            open.extend(body.globals.iter().filter(|global| seen.insert(**global)));
        }
        false
    }

    /// Whether some code may change the field.
    pub fn writes(&self, ty: TypeId, at: usize) -> bool {
        self.get(ty, at).written
    }

    /// Whether some code may put another value there.
    pub fn assigns(&self, ty: TypeId, at: usize) -> bool {
        self.get(ty, at).assigned
    }

    fn get(&self, ty: TypeId, at: usize) -> Use {
        self.fields.get(&ty).and_then(|fields| fields.get(at)).copied().unwrap_or_default()
    }
}

/// The types of what a value of this type holds.
fn parts(types: &Types, ty: TypeId) -> Vec<TypeId> {
    match types.get(ty) {
        Type::Record(record) => record.fields.iter().map(|field| field.ty).collect(),
        Type::Table(index, of) => index.iter().chain([of]).copied().collect(),
        Type::Set(index) | Type::List(index) => index.clone(),
        Type::Vector(of) => vec![*of],
        _ => Vec::new(),
    }
}
