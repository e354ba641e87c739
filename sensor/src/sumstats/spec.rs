//! What a SumStat is to do, as far as counting goes.

use crate::time::Interval;

/// The calculations that are done here; scripts may add others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calc {
    Average,
    HllUnique,
    Last,
    Max,
    Min,
    Sample,
    StdDev,
    Sum,
    Topk,
    Unique,
    Variance,
}

impl Calc {
    /// With the names that scripts know them by.
    pub const ALL: [(Calc, &str); 11] = [
        (Calc::Average, "AVERAGE"),
        (Calc::HllUnique, "HLL_UNIQUE"),
        (Calc::Last, "LAST"),
        (Calc::Max, "MAX"),
        (Calc::Min, "MIN"),
        (Calc::Sample, "SAMPLE"),
        (Calc::StdDev, "STD_DEV"),
        (Calc::Sum, "SUM"),
        (Calc::Topk, "TOPK"),
        (Calc::Unique, "UNIQUE"),
        (Calc::Variance, "VARIANCE"),
    ];

    /// Whether its result is one number, as a threshold needs.
    pub fn is_number(self) -> bool {
        !matches!(self, Calc::Last | Calc::Sample | Calc::Topk)
    }
}

/// A set of calculations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calcs(u16);

impl Calcs {
    /// Adds a calculation and those it is computed from.
    pub fn add(&mut self, calc: Calc) {
        self.0 |= 1 << calc as u16;
        match calc {
            Calc::StdDev => self.add(Calc::Variance),
            Calc::Variance => self.add(Calc::Average),
            _ => {}
        }
    }

    pub fn has(self, calc: Calc) -> bool {
        self.0 & (1 << calc as u16) != 0
    }

    pub fn union(self, other: Calcs) -> Calcs {
        Calcs(self.0 | other.0)
    }

    /// Whether values themselves are kept, and not only numbers.
    pub fn keep_values(self) -> bool {
        let values = [Calc::Last, Calc::Unique, Calc::Sample, Calc::HllUnique, Calc::Topk];
        values.into_iter().any(|calc| self.has(calc))
    }

    /// Whether a sum alone is not enough.
    pub(super) fn needs_more(self) -> bool {
        self.0 & !(1 << Calc::Sum as u16) != 0
    }
}

/// One stream's calculations.
#[derive(Clone, Debug, PartialEq)]
pub struct Reducer {
    /// Which of the SumStat's streams it takes from.
    pub stream: usize,
    pub calcs: Calcs,
    /// How many values LAST keeps.
    pub last: usize,
    pub samples: usize,
    pub topk: usize,
    pub unique_max: Option<u64>,
    pub hll_error: f64,
    pub hll_confidence: f64,
}

/// A SumStat.
#[derive(Clone, Debug)]
pub struct Spec {
    pub name: String,
    /// Names of the streams, each once.
    pub streams: Vec<Vec<u8>>,
    pub reducers: Vec<Reducer>,
    /// Count over this much time back from each observation, and not from an epoch's beginning.
    pub window: Option<Interval>,
    /// Over a window, while the value stays at a threshold it has crossed: the crossing is told of again after this.
    pub remind: Option<Interval>,
    pub threshold: Option<f64>,
    pub series: Vec<f64>,
    /// Whether anybody is told of crossings: only then are they remembered.
    pub crossings: bool,
    /// Whether anybody reads results at an epoch's end.
    pub results: bool,
}

impl Spec {
    pub fn has_threshold(&self) -> bool {
        self.threshold.is_some() || !self.series.is_empty()
    }

    /// What must be the same for saved results to go on in this SumStat.
    pub(super) fn signature(&self) -> String {
        format!("{:?} {:?} {:?}", self.window, self.streams, self.reducers)
    }

    /// The value from which on crossing number `index` is made.
    pub(super) fn step(&self, index: usize) -> Option<f64> {
        let single = self.threshold.filter(|_| index == 0);
        match (single, self.series.get(index).copied()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Nothing more can come of counting for a key that has crossed this many thresholds. As Zeek decides it: a
    /// series that is through ends the counting even where results are read.
    pub(super) fn is_through(&self, crossed: u32) -> bool {
        if self.window.is_some() || crossed == 0 {
            return false;
        }
        (!self.results && self.threshold.is_some())
            || (!self.series.is_empty() && crossed as usize == self.series.len())
    }
}
