//! Counters, each declared once: with its documentation, and with what all who tell of it need to know.
//!
//! `/metrics`, `nightjar status`, `stats.log`, the summary at exit and `docs/metrics.md` go through the declarations
//! ([`CounterSet`]), so that a new counter shows in all of them and none can be left out of one.

use std::fmt;

/// What is told of a counter.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in `/metrics`, behind `nightjar_`. Several counters may share one, told apart by a label.
    pub family: &'static str,
    pub kind: Kind,
    /// The label's name, and its value for each number that the counter consists of; none where only the numbers
    /// themselves tell which there are.
    pub label: Option<&'static str>,
    pub values: &'static [&'static str],
    /// What it counts; of a shared family the family's own text.
    help: &'static str,
    /// What the summary says behind the number where it is not zero: the counter tells of something not analysed,
    /// cut off or given up.
    pub lost: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// How much there is now.
    Gauge,
}

impl Kind {
    /// As Prometheus names it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        }
    }
}

/// Something that only grows; its name ends in `_total`.
pub const fn counter(family: &'static str) -> Metric {
    Metric { family, kind: Kind::Counter, label: None, values: &[""], help: "", lost: None }
}

/// Something that there is now more and now less of.
pub const fn gauge(family: &'static str) -> Metric {
    Metric { kind: Kind::Gauge, ..counter(family) }
}

impl Metric {
    /// Sets the label that tells its numbers apart, and tells them from those of others in the same family.
    pub const fn by(self, label: &'static str, values: &'static [&'static str]) -> Metric {
        Metric { label: Some(label), values, ..self }
    }

    /// Says what the family counts that the counter is a part of.
    pub const fn of_family(self, help: &'static str) -> Metric {
        Metric { help, ..self }
    }

    /// Says how the summary tells of it: the words behind the number.
    pub const fn lost(self, what: &'static str) -> Metric {
        Metric { lost: Some(what), ..self }
    }

    /// Takes the counter's documentation for what it counts, unless its family has a text of its own.
    pub const fn documented(self, help: &'static str) -> Metric {
        if self.help.is_empty() { Metric { help, ..self } } else { self }
    }

    pub fn help(&self) -> &'static str {
        self.help.trim()
    }

    /// How `nightjar status` and `stats.log` call one of its numbers: the family, and the label's value.
    pub fn key(&self, value: &str) -> String {
        if value.is_empty() { self.family.to_owned() } else { format!("{}.{value}", self.family) }
    }
}

/// One number of a counter: what it is, its label's value, which is empty where there is no label, and how much.
pub type Sample<'a> = (&'static Metric, &'a str, u64);

/// Counters that belong together. [`counters!`] implements it.
pub trait CounterSet: Default {
    /// What is counted, in the order of declaration.
    fn metrics(each: &mut dyn FnMut(&'static Metric));

    /// The numbers, in the same order.
    fn samples(&self, each: &mut dyn FnMut(Sample<'_>));

    /// Adds what another has counted.
    fn merge(&mut self, other: &Self);

    /// The numbers by [`Metric::key`].
    fn by_key(&self) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        self.samples(&mut |(metric, value, number)| found.push((metric.key(value), number)));
        found
    }

    /// Sets to nothing what there is no more of.
    fn forget_gauges(&mut self);

    /// What was lost, as far as it was anything.
    fn losses(&self) -> Vec<Loss> {
        let mut found: Vec<Loss> = Vec::new();
        self.samples(&mut |(metric, value, number)| {
            let Some(what) = metric.lost.filter(|_| number > 0) else { return };
            if found.last().is_none_or(|last| last.what != what) {
                found.push(Loss { count: 0, what, parts: Vec::new() });
            }
            if let Some(loss) = found.last_mut() {
                loss.count += number;
                if metric.values.is_empty() {
                    loss.parts.push((value.to_owned(), number));
                }
            }
        });
        found
    }
}

/// Nothing is counted.
impl CounterSet for () {
    fn metrics(_: &mut dyn FnMut(&'static Metric)) {}

    fn samples(&self, _: &mut dyn FnMut(Sample<'_>)) {}

    fn merge(&mut self, _: &()) {}

    fn forget_gauges(&mut self) {}
}

/// Something that was not analysed, was cut off or given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub count: u64,
    pub what: &'static str,
    /// What it consists of, where that is not known beforehand.
    pub parts: Vec<(String, u64)>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.count, self.what)?;
        for (nth, (part, count)) in self.parts.iter().enumerate() {
            write!(f, "{} {part} {count}", if nth == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// What one counter consists of: a number, or several that a label tells apart.
pub trait Numbers {
    fn samples(&self, metric: &'static Metric, each: &mut dyn FnMut(Sample<'_>));
    fn merge(&mut self, other: &Self);
}

impl Numbers for u64 {
    fn samples(&self, metric: &'static Metric, each: &mut dyn FnMut(Sample<'_>)) {
        each((metric, metric.values.first().copied().unwrap_or_default(), *self));
    }

    fn merge(&mut self, other: &u64) {
        *self += other;
    }
}

impl<const N: usize> Numbers for [u64; N] {
    fn samples(&self, metric: &'static Metric, each: &mut dyn FnMut(Sample<'_>)) {
        self.iter().zip(metric.values).for_each(|(number, value)| each((metric, value, *number)));
    }

    fn merge(&mut self, other: &[u64; N]) {
        self.iter_mut().zip(other).for_each(|(number, more)| *number += more);
    }
}

/// Declares a set of counters. A field either is a counter, and says after `=` what is told of it, or a set of its
/// own, and says nothing:
///
/// ```ignore
/// counters! {
///     /// What one worker's flow table did.
///     pub struct FlowStats {
///         /// Flows ended early because the table was full.
///         pub evicted: u64 = counter("flows_evicted_total").lost("connections ended early"),
///         pub fragments: fragment::Counters,
///     }
/// }
/// ```
///
/// That becomes the struct itself, plain numbers that whoever counts adds to, with `Default` and `Copy`, and
///
/// ```ignore
/// impl CounterSet for FlowStats {
///     fn metrics(each: &mut dyn FnMut(&'static Metric)) {
///         const METRIC: &Metric = &counter("flows_evicted_total").lost("…").documented("Flows ended …");
///         each(METRIC);
///         fragment::Counters::metrics(each);
///     }
///     fn samples(&self, each: &mut dyn FnMut(Sample<'_>)) {
///         Numbers::samples(&self.evicted, METRIC, each);
///         CounterSet::samples(&self.fragments, each);
///     }
///     fn merge(&mut self, other: &FlowStats) { /* likewise, field by field */ }
///     fn forget_gauges(&mut self) { /* likewise, of those that are gauges */ }
/// }
/// ```
macro_rules! counters {
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $doc:literal])* $field_vis:vis $field:ident : $ty:ty $(= $metric:expr)?, )+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        $vis struct $name {
            $( $(#[doc = $doc])* $field_vis $field: $ty, )+
        }

        impl $crate::counters::CounterSet for $name {
            fn metrics(each: &mut dyn FnMut(&'static $crate::counters::Metric)) {
                $( $crate::counters::counters!(@metrics each, $ty, [$($doc)*] $($metric)?); )+
            }

            fn samples(&self, each: &mut dyn FnMut($crate::counters::Sample<'_>)) {
                $( $crate::counters::counters!(@samples each, &self.$field, [$($doc)*] $($metric)?); )+
            }

            fn merge(&mut self, other: &Self) {
                $( $crate::counters::counters!(@merge (&mut self.$field, &other.$field) $($metric)?); )+
            }

            fn forget_gauges(&mut self) {
                $( $crate::counters::counters!(@forget (&mut self.$field) $($metric)?); )+
            }
        }
    };
    (@metrics $each:ident, $ty:ty, [$($doc:literal)*]) => {
        <$ty as $crate::counters::CounterSet>::metrics($each);
    };
    (@metrics $each:ident, $ty:ty, [$($doc:literal)*] $metric:expr) => {{
        const METRIC: &$crate::counters::Metric = &$metric.documented(concat!($($doc),*));
        $each(METRIC);
    }};
    (@samples $each:ident, $of:expr, [$($doc:literal)*]) => {
        $crate::counters::CounterSet::samples($of, $each);
    };
    (@samples $each:ident, $of:expr, [$($doc:literal)*] $metric:expr) => {{
        const METRIC: &$crate::counters::Metric = &$metric.documented(concat!($($doc),*));
        $crate::counters::Numbers::samples($of, METRIC, $each);
    }};
    (@forget ($of:expr)) => {
        $crate::counters::CounterSet::forget_gauges($of);
    };
    (@forget ($of:expr) $metric:expr) => {
        if $metric.kind == $crate::counters::Kind::Gauge {
            *$of = Default::default();
        }
    };
    (@merge ($to:expr, $from:expr)) => {
        $crate::counters::CounterSet::merge($to, $from);
    };
    (@merge ($to:expr, $from:expr) $metric:expr) => {
        $crate::counters::Numbers::merge($to, $from);
    };
}

pub(crate) use counters;

#[cfg(test)]
mod tests {
    use super::*;

    counters! {
        /// What an inn did.
        struct Inn {
            /// Guests who
            /// came.
            guests: u64 = counter("guests_total"),
            /// By day and by night.
            visits: [u64; 2] = counter("visits_total").by("time", &["day", "night"]).lost("visits in vain"),
            kitchen: Kitchen,
        }
    }

    counters! {
        struct Kitchen {
            /// Meals that were burnt.
            burnt: u64 = counter("meals_total").by("fate", &["burnt"]).of_family("Meals.").lost("meals burnt"),
            /// Fires that burn.
            fires: u64 = gauge("fires"),
        }
    }

    #[test]
    fn a_declaration_is_all_that_telling_needs() {
        let mut inn = Inn { guests: 3, visits: [1, 2], kitchen: Kitchen { burnt: 5, fires: 1 } };
        inn.merge(&Inn { guests: 1, visits: [0, 4], kitchen: Kitchen { burnt: 1, fires: 1 } });
        let told: Vec<String> = inn.by_key().iter().map(|(key, number)| format!("{key}={number}")).collect();
        assert_eq!(
            told,
            [
                "guests_total=4",
                "visits_total.day=1",
                "visits_total.night=6",
                "meals_total.burnt=6",
                "fires=2"
            ]
        );
        let lost: Vec<String> = inn.losses().iter().map(Loss::to_string).collect();
        assert_eq!(lost, ["7 visits in vain", "6 meals burnt"]);
        assert_eq!(Inn::default().losses(), []);
        inn.forget_gauges();
        assert_eq!((inn.guests, inn.kitchen), (4, Kitchen { burnt: 6, fires: 0 }));
        let mut helps = Vec::new();
        Inn::metrics(&mut |metric| {
            helps.push(format!("{} {}: {}", metric.kind.name(), metric.family, metric.help()))
        });
        assert_eq!(
            helps,
            [
                "counter guests_total: Guests who came.",
                "counter visits_total: By day and by night.",
                "counter meals_total: Meals.",
                "gauge fires: Fires that burn."
            ]
        );
    }
}
