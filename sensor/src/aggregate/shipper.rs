//! A sensor's observations on their way to those who count for all.

use std::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher13;

use crate::aggregate::batch::{Filling, Origin};
use crate::export;
use crate::log::Outlet;
use crate::sink::{Account, AlarmKind};
use crate::sumstats::{Key, Obs, StatId};
use crate::time::{Interval, Time};

/// The parts that keys are dealt into. Each is a key of Kafka's, and so all of it is in one partition.
pub const SLICES: u8 = 64;
/// The stream that the account and the records' headers name.
pub const STREAM: &str = "observations";
/// A batch is sent when it has so many bytes, …
const FULL: usize = 16 * 1024;
/// … or what is in it has waited for so long.
const ROUND: Duration = Duration::from_millis(200);
/// Where nothing was observed, this often it is told how far time is.
const TELL: Duration = Duration::from_secs(1);
/// How often the clock is looked at, in calls.
const LOOK: u32 = 64;
/// Live, workers may say something of a time shortly before the clock's.
const BEHIND: Interval = Interval::from_secs(1);

/// Whether those who count can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Up,
    CutOff,
}

pub struct Shipper {
    sensor: String,
    slices: Vec<Slice>,
    outlet: Box<dyn Outlet>,
    account: Arc<Mutex<Account>>,
    cut_off_after: Duration,
    link: Link,
    /// What was said of the link was taken.
    told: Link,
    calls: u32,
    round: Option<Instant>,
    /// Packet time, as far as it is known.
    now: Option<Time>,
    shipped: u64,
    row: Vec<u8>,
    batch: Vec<u8>,
}

#[derive(Default)]
struct Slice {
    filling: Filling,
    /// When something was last said of it, and of which time.
    said: Option<(Instant, Time)>,
}

impl Shipper {
    pub fn new(
        sensor: String,
        cut_off_after: Duration,
        outlet: Box<dyn Outlet>,
        account: Arc<Mutex<Account>>,
    ) -> Shipper {
        Shipper {
            sensor,
            slices: (0..SLICES).map(|_| Slice::default()).collect(),
            outlet,
            account,
            cut_off_after,
            link: Link::Up,
            told: Link::Up,
            calls: 0,
            round: None,
            now: None,
            shipped: 0,
            row: Vec::new(),
            batch: Vec::new(),
        }
    }

    /// Takes an observation.
    pub fn take(
        &mut self,
        stat: (StatId, &str),
        reducer: usize,
        at: Time,
        (key, obs): (&Key, &Obs),
        origin: Option<&Origin>,
    ) {
        // Time is told before what happened then.
        self.reach(at);
        let slice = slice_of(stat.1, key);
        let Some(filling) = self.slices.get_mut(usize::from(slice)).map(|slice| &mut slice.filling) else {
            return;
        };
        match origin {
            Some(origin) => filling.add_from(stat, reducer, at, (key, obs), origin),
            None => filling.add(stat, reducer, at, key, obs),
        }
        self.shipped += 1;
        if filling.bytes() >= FULL {
            self.send(slice, at, false);
        }
    }

    /// Packet time is this. The first that is heard of it is said at once.
    pub fn reach(&mut self, now: Time) {
        let first = self.now.is_none();
        self.now = self.now.max(Some(now));
        self.calls += 1;
        if first || self.calls >= LOOK {
            self.calls = 0;
            self.look();
        }
    }

    /// The clock is this, where no packet says more.
    pub fn tick(&mut self, clock: Time) {
        if self.now.is_some() {
            let behind = Time::from_nanos(clock.nanos().saturating_sub(BEHIND.nanos()));
            self.now = self.now.max(Some(behind));
        }
        self.look();
    }

    fn look(&mut self) {
        let at = Instant::now();
        let Some(now) = self.now.filter(|_| self.round.is_none_or(|round| at - round >= ROUND)) else {
            return;
        };
        self.round = Some(at);
        for slice in 0..SLICES {
            let due = self.slices.get(usize::from(slice)).is_some_and(|slice| {
                let silent = slice.said.is_none_or(|(said, upto)| at - said >= TELL && upto < now);
                silent || !slice.filling.is_empty()
            });
            if due {
                self.send(slice, now, false);
            }
        }
        self.link = self.look_at_link();
    }

    /// Those who count are cut off when brokers take nothing for a while.
    fn look_at_link(&self) -> Link {
        let account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let lasts = account.alarms.iter().any(|alarm| {
            matches!(alarm.kind, AlarmKind::Receiver | AlarmKind::Refused)
                && alarm.since.elapsed() >= self.cut_off_after
        });
        if lasts { Link::CutOff } else { Link::Up }
    }

    pub fn link(&self) -> Link {
        self.link
    }

    /// What the link has become, where that is new.
    pub fn news(&mut self) -> Option<Link> {
        (std::mem::replace(&mut self.told, self.link) != self.link).then_some(self.link)
    }

    pub fn shipped(&self) -> u64 {
        self.shipped
    }

    /// Nothing more comes.
    pub fn finish(&mut self) {
        if let Some(now) = self.now {
            (0..SLICES).for_each(|slice| self.send(slice, now, true));
        }
    }

    fn send(&mut self, slice: u8, mark: Time, last: bool) {
        let Some(of) = self.slices.get_mut(usize::from(slice)) else { return };
        of.said = Some((Instant::now(), mark));
        self.batch.clear();
        of.filling.finish(&self.sensor, slice, mark, last, &mut self.batch);
        self.row.clear();
        let digits = [b'0' + slice / 10, b'0' + slice % 10];
        export::write_row(mark, STREAM, &digits, &self.batch, &mut self.row);
        self.outlet.row(&self.row);
    }
}

/// The slice of a key: the same in all sensors.
pub fn slice_of(name: &str, key: &Key) -> u8 {
    let mut hasher = SipHasher13::new_with_keys(0x6f62_7365_7276_6174, 0x696f_6e73_2062_7900);
    hasher.write(name.as_bytes());
    hasher.write_u8(0xff);
    key.host.iter().for_each(|host| hasher.write(host));
    hasher.write_u8(0xff);
    key.text.iter().for_each(|text| hasher.write(text));
    (hasher.finish() % u64::from(SLICES)) as u8
}
