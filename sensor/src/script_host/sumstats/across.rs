//! SumStats that several sensors count together: a sensor's observations leave, and an aggregator's come in.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use nightjar_script::Vm;

use crate::aggregate::{Link, Origin, Shipper};
use crate::script_host::sumstats::{Inner, Rule, SumStats, Tapped};
use crate::sumstats::{Key, Obs, Saved, Spec, StatId};
use crate::time::{Interval, Time};

/// What has changed of SumStats, for whoever keeps them elsewhere.
#[derive(Default)]
pub struct Changes {
    /// What each SumStat is, by its name.
    pub stats: Vec<(Rc<str>, Vec<u8>)>,
    /// Keys of SumStats, each with its results; `None`: there are no more.
    pub keys: Vec<(Rc<str>, Key, Option<Vec<u8>>)>,
}

/// What became of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Yes,
    /// It came later than its SumStat allows.
    TooLate,
    /// There is no such SumStat here.
    Unknown,
}

/// What becomes of SumStats that are shared.
#[derive(Default)]
pub(super) enum Role {
    /// They are counted and decided here.
    #[default]
    Alone,
    /// They are counted here too, and decided elsewhere, unless that is cut off.
    Sensor(Box<Shipper>),
}

impl SumStats {
    /// From here on observations leave by this way.
    pub fn ship_by(&self, shipper: Shipper) {
        *self.0.role.borrow_mut() = Role::Sensor(Box::new(shipper));
    }

    /// The role goes on with other scripts.
    pub fn succeed(&self, before: &SumStats) {
        *self.0.role.borrow_mut() = std::mem::take(&mut *before.0.role.borrow_mut());
        self.0.left.set(before.0.left.get());
    }

    /// Packet time is this. Says what has become of the link to those who count, where that is new.
    pub fn reach(&self, now: Time) -> Option<Link> {
        self.0.shipping(|shipper| {
            shipper.reach(now);
            shipper.news()
        })?
    }

    /// The same with what the clock says.
    pub fn tick(&self, clock: Time) -> Option<Link> {
        self.0.shipping(|shipper| {
            shipper.tick(clock);
            shipper.news()
        })?
    }

    /// Nothing more is observed.
    pub fn finish_shipping(&self) {
        self.0.shipping(Shipper::finish);
    }

    /// Goes on with what another process has counted, and notes from here on what changes. To be called before
    /// SumStats are created.
    pub fn go_on_with(&self, saved: Saved) {
        *self.0.saved.borrow_mut() = saved;
        self.0.engine.borrow_mut().track();
        // Whoever counts on ends the epochs.
        self.0.handed_on.set(true);
    }

    /// What has changed since the last call.
    pub fn take_changes(&self) -> Changes {
        let mut changes = Changes::default();
        let taken = self.0.engine.borrow_mut().take_changes();
        let engine = self.0.engine.borrow();
        let mut seen = std::collections::HashSet::new();
        for (id, key) in taken {
            let Some(rule) = self.0.rule(id).filter(|rule| rule.shared) else { continue };
            if seen.insert((id, key.clone())) {
                let held = engine.save_key(id, &key);
                changes.keys.push((rule.name.clone(), key, held));
            }
        }
        for rule in self.0.rules.borrow().iter().flatten().filter(|rule| rule.shared) {
            let stat = engine.save_stat(rule.id, rule.due.get());
            changes.stats.extend(stat.map(|stat| (rule.name.clone(), stat)));
        }
        changes
    }

    /// Counts what a sensor observed; `own` is when, where others' time is past that.
    pub fn observe_theirs(
        &self,
        vm: &mut Vm,
        stat: (&[u8], usize),
        (key, obs, origin): (&Key, &Obs, Option<Origin>),
        own: Option<Time>,
    ) -> Counted {
        self.set_origin(origin);
        self.0.observe_theirs(vm, stat, (key, obs), own)
    }
}

impl Inner {
    fn shipping<T>(&self, what: impl FnOnce(&mut Shipper) -> T) -> Option<T> {
        match &mut *self.role.borrow_mut() {
            Role::Sensor(shipper) => Some(what(shipper)),
            Role::Alone => None,
        }
    }

    pub(super) fn ship<'o>(
        &self,
        rule: &Rule,
        reducer: usize,
        key: &Key,
        obs: impl FnOnce() -> Cow<'o, Obs>,
        now: Time,
    ) {
        self.shipping(|shipper| {
            let origin = self.origin.get();
            shipper.take((rule.id, &rule.name), reducer, now, (key, &obs()), origin.as_ref());
        });
    }

    /// Whether what comes of a SumStat is decided here.
    pub(super) fn decides(&self, rule: &Rule) -> bool {
        match &*self.role.borrow() {
            Role::Sensor(shipper) => !rule.shared || shipper.link() == Link::CutOff,
            Role::Alone => true,
        }
    }

    pub(super) fn shipped(&self) -> u64 {
        self.shipping(|shipper| shipper.shipped()).unwrap_or(0)
    }

    /// What counts observations that windows or epochs have left behind: over a window, in their own time. Only where
    /// they come from others.
    pub(super) fn late_spec(&self, spec: &Spec, epoch: f64) -> Option<Spec> {
        let window = spec.window.or(Some(Interval::from_secs_f64(epoch)).filter(|epoch| epoch.nanos() > 0))?;
        let name = format!("{} (late)", spec.name);
        let late = Spec { name, window: Some(window), results: false, ..spec.clone() };
        self.engine.borrow().tracks().then_some(late)
    }

    pub(super) fn add_late(&self, spec: Spec, of: &Rule) -> Rule {
        let mut engine = self.engine.borrow_mut();
        let name = Rc::from(&spec.name[..]);
        let id = engine.add(spec);
        engine.adopt(id, &mut self.saved.borrow_mut());
        of.behind(id, name)
    }

    pub(super) fn name_of(&self, id: StatId) -> Rc<str> {
        self.engine.borrow().spec(id).map_or_else(|| Rc::from(""), |spec| Rc::from(&spec.name[..]))
    }
}

impl Rule {
    /// The same rule for what it left behind.
    fn behind(&self, id: StatId, name: Rc<str>) -> Rule {
        let tapped = |source: &Tapped| Tapped {
            record: source.record.clone(),
            stream: source.stream,
            pred: None,
            normalize: None,
            plugins: source.plugins.clone(),
            is_number: source.is_number,
        };
        Rule {
            id,
            name,
            shared: true,
            lateness: self.lateness,
            late: RefCell::default(),
            record: self.record.clone(),
            epoch: 0.0,
            reducers: self.reducers.iter().map(tapped).collect(),
            streams: self.streams.clone(),
            watched: self.watched.clone(),
            crossed: self.crossed.clone(),
            result: None,
            finished: None,
            full: false,
            shown: RefCell::default(),
            pending: RefCell::default(),
            over: Cell::default(),
            began: Cell::default(),
            due: Cell::default(),
        }
    }
}
