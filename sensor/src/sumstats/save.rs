//! Results as bytes, to go on with after a restart or in a new policy.
//!
//! A header with version and checksum, then each SumStat with its keys. Numbers are little-endian. What a script
//! keeps in results of its own is not saved.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use super::key::{Key, Obs};
use super::sketch::{Element, Hll, HllHeld, Topk};
use super::spec::Spec;
use super::table::{Entry, Held};
use super::tally::{More, Tally};
use super::window::{Cell, Slice, Window};
use super::{Engine, Stat, StatId};
use crate::time::{Interval, Time};

const MAGIC: &[u8; 8] = b"NJSUMS\x00\x02";

/// What was saved is not what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    /// It is something else, or of another version.
    Unknown,
    /// It is cut short or changed.
    Checksum,
    /// The checksum holds, but the content makes no sense.
    Content,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Damaged::Unknown => "not a state of SumStats, or one of another version",
            Damaged::Checksum => "cut short or changed (the checksum is wrong)",
            Damaged::Content => "its content makes no sense",
        })
    }
}

/// Saved results that wait for the SumStats they belong to.
#[derive(Default)]
pub struct Saved {
    stats: HashMap<String, SavedStat>,
}

struct SavedStat {
    signature: String,
    threshold: Option<f64>,
    series: Vec<f64>,
    due: Option<Time>,
    keys: Vec<SavedKey>,
}

struct SavedKey {
    key: Key,
    seen: Time,
    crossed: u32,
    crossed_at: Time,
    held: Vec<Option<Held>>,
}

impl Saved {
    pub fn read(bytes: &[u8]) -> Result<Saved, Damaged> {
        let mut input = Input(bytes);
        if input.take(MAGIC.len()) != Some(&MAGIC[..]) {
            return Err(Damaged::Unknown);
        }
        let sum = input.u32().ok_or(Damaged::Checksum)?;
        if crc32fast::hash(input.0) != sum {
            return Err(Damaged::Checksum);
        }
        let mut saved = Saved::default();
        let stats = input.list(|input| Some((input.string()?, SavedStat::read(input)?)));
        saved.stats = stats.filter(|_| input.0.is_empty()).ok_or(Damaged::Content)?.into_iter().collect();
        Ok(saved)
    }
}

impl Engine {
    /// All results; `due` tells when each SumStat's epoch ends.
    pub fn save(&self, due: impl Fn(StatId) -> Option<Time>) -> Vec<u8> {
        let mut out = Output(Vec::new());
        let live: Vec<(StatId, &Stat)> =
            self.stats.iter().enumerate().filter_map(|(i, stat)| Some((i, stat.as_ref()?))).collect();
        out.list(live.into_iter(), |out, (id, stat)| {
            out.head(&stat.spec, due(id));
            out.u64(stat.table.len() as u64);
            stat.table.by_age().for_each(|entry| out.entry(entry));
        });
        let mut whole = MAGIC.to_vec();
        whole.extend(crc32fast::hash(&out.0).to_le_bytes());
        whole.extend(out.0);
        whole
    }

    /// What a SumStat is, for [`Saved::add_stat`]; `due` tells when its epoch ends.
    pub fn save_stat(&self, id: StatId, due: Option<Time>) -> Option<Vec<u8>> {
        let mut out = Output(Vec::new());
        out.head(self.spec(id)?, due);
        Some(out.0)
    }

    /// A key's results, for [`Saved::add_key`]; `None` where there are none.
    pub fn save_key(&self, id: StatId, key: &Key) -> Option<Vec<u8>> {
        let entry = self.entry(self.find(id, key)?)?;
        let mut out = Output(Vec::new());
        out.entry(entry);
        Some(out.0)
    }

    /// Puts back what was saved of a SumStat of this name with the same reducers. Says when its epoch ends.
    pub fn adopt(&mut self, id: StatId, saved: &mut Saved) -> Option<Option<Time>> {
        let spec = self.spec(id)?;
        let fits = saved.stats.get(&spec.name).is_some_and(|found| found.signature == spec.signature());
        let found = saved.stats.remove(&spec.name).filter(|_| fits)?;
        // A crossing of another threshold says nothing about this one.
        let same = found.threshold == spec.threshold && found.series == spec.series;
        let streams = spec.streams.len();
        for key in found.keys {
            self.put(id, streams, key, same);
        }
        Some(found.due)
    }

    fn put(&mut self, id: StatId, streams: usize, key: SavedKey, same: bool) {
        let Some(stat) = self.stats.get_mut(id).and_then(Option::as_mut) else { return };
        let known = stat.table.len();
        let Some((place, entry)) = stat.table.touch(&key.key, streams, key.seen) else { return };
        (entry.crossed, entry.crossed_at) =
            if same { (key.crossed, key.crossed_at) } else { (0, Time::default()) };
        entry.held = key.held.into_iter().take(streams).collect();
        entry.held.resize_with(streams, || None);
        entry.bytes += entry.held.iter().flatten().map(Held::bytes).sum::<usize>();
        let bytes = entry.bytes;
        stat.bytes += bytes;
        self.bytes += bytes;
        self.keys += stat.table.len() - known;
        self.make_room(id, place);
    }
}

impl Saved {
    /// Takes what [`Engine::save_stat`] gave. `None`: it makes no sense.
    pub fn add_stat(&mut self, bytes: &[u8]) -> Option<()> {
        let mut input = Input(bytes);
        let name = input.string()?;
        let fresh = SavedStat::read_head(&mut input).filter(|_| input.0.is_empty())?;
        match self.stats.get_mut(&name) {
            Some(known) => *known = SavedStat { keys: std::mem::take(&mut known.keys), ..fresh },
            None => drop(self.stats.insert(name, fresh)),
        }
        Some(())
    }

    /// Takes what [`Engine::save_key`] gave of a SumStat that was added. `None`: it makes no sense.
    pub fn add_key(&mut self, stat: &str, bytes: &[u8]) -> Option<()> {
        let mut input = Input(bytes);
        let key = SavedKey::read(&mut input).filter(|_| input.0.is_empty())?;
        self.stats.get_mut(stat)?.keys.push(key);
        Some(())
    }

    /// Puts keys that were added one by one in the order in which they were last seen.
    pub fn settle(&mut self) {
        self.stats.values_mut().for_each(|stat| stat.keys.sort_by_key(|key| key.seen));
    }
}

impl SavedKey {
    fn read(input: &mut Input) -> Option<SavedKey> {
        Some(SavedKey {
            key: Key { host: input.option(Input::host)?, text: input.option(Input::text)? },
            seen: input.time()?,
            crossed: input.u32()?,
            crossed_at: input.time()?,
            held: input.list(|input| input.option(Input::held))?,
        })
    }
}

impl SavedStat {
    fn read(input: &mut Input) -> Option<SavedStat> {
        let head = SavedStat::read_head(input)?;
        Some(SavedStat { keys: input.list(SavedKey::read)?, ..head })
    }

    fn read_head(input: &mut Input) -> Option<SavedStat> {
        Some(SavedStat {
            signature: input.string()?,
            threshold: input.option(Input::f64)?,
            series: input.list(Input::f64)?,
            due: input.option(Input::time)?,
            keys: Vec::new(),
        })
    }
}

impl Key {
    /// The same bytes for the same key, in any process.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut to = Output(std::mem::take(out));
        to.option(self.host, |to, host| to.0.extend(host));
        to.option(self.text.as_ref(), |to, text| to.bytes(text));
        *out = to.0;
    }
}

struct Output(Vec<u8>);

impl Output {
    /// What a SumStat is.
    fn head(&mut self, spec: &Spec, due: Option<Time>) {
        self.string(&spec.name);
        self.string(&spec.signature());
        self.option(spec.threshold, Output::f64);
        self.list(spec.series.iter(), |out, step| out.f64(*step));
        self.option(due, Output::time);
    }

    fn entry(&mut self, entry: &Entry) {
        entry.key.write(&mut self.0);
        self.time(entry.seen);
        self.u32(entry.crossed);
        self.time(entry.crossed_at);
        self.list(entry.held.iter(), |out, held| out.option(held.as_ref(), Output::held));
    }

    fn u32(&mut self, n: u32) {
        self.0.extend(n.to_le_bytes());
    }

    fn u64(&mut self, n: u64) {
        self.0.extend(n.to_le_bytes());
    }

    fn f64(&mut self, n: f64) {
        self.u64(n.to_bits());
    }

    fn time(&mut self, time: Time) {
        self.u64(time.nanos() as u64);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn string(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Output, T)) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Output, T)) {
        self.u64(items.len() as u64);
        items.for_each(|item| write(self, item));
    }

    fn obs(&mut self, obs: &Obs) {
        self.option(obs.num, Output::u64);
        self.option(obs.dbl, Output::f64);
        self.option(obs.text.as_ref(), |to, text| to.bytes(text));
    }

    fn hll(&mut self, hll: &Hll) {
        self.0.push(hll.bits);
        match &hll.held {
            HllHeld::Few(few) => {
                self.0.push(0);
                let mut hashes: Vec<&u64> = few.iter().collect();
                hashes.sort_unstable();
                self.list(hashes.into_iter(), |to, hash| to.u64(*hash));
            }
            HllHeld::Registers(registers) => {
                self.0.push(1);
                self.bytes(registers);
            }
        }
    }

    fn topk(&mut self, topk: &Topk) {
        self.u64(topk.size() as u64);
        let all: Vec<(u64, &Element)> = topk.elements().collect();
        self.list(all.into_iter(), |to, (count, element)| {
            to.u64(count);
            to.u64(element.epsilon);
            to.obs(&element.obs);
        });
    }

    fn held(&mut self, held: &Held) {
        match held {
            Held::Epoch(tally) => {
                self.0.push(0);
                self.tally(tally);
            }
            Held::Window(window) => {
                self.0.push(1);
                self.window(window);
            }
        }
    }

    fn tally(&mut self, tally: &Tally) {
        self.time(tally.begin);
        self.time(tally.end);
        self.u64(tally.num);
        self.f64(tally.sum);
        self.option(tally.more(), |to, more| {
            for number in [more.average, more.max, more.min, more.variance, more.prev_avg] {
                to.option(number, Output::f64);
            }
            to.f64(more.var_s);
            to.f64(more.std_dev);
            to.list(more.last.iter(), Output::obs);
            to.list(more.samples.iter(), Output::obs);
            to.u64(more.sample_elements);
            to.list(more.unique_values().into_iter(), Output::obs);
            to.option(more.hll.as_ref(), Output::hll);
            to.option(more.topk.as_ref(), Output::topk);
        });
    }

    fn window(&mut self, window: &Window) {
        self.u64(window.span.nanos() as u64);
        self.time(window.end);
        self.list(window.cells.iter(), |to, cell| {
            to.time(cell.time);
            to.u64(cell.num);
            [cell.sum, cell.max, cell.min, cell.squares].into_iter().for_each(|n| to.f64(n));
        });
        self.option(window.values.as_ref(), |to, values| {
            to.list(values.last.iter(), |to, (time, obs)| {
                to.time(*time);
                to.obs(obs);
            });
            let distinct: Vec<(Time, &Obs)> = window.distinct_values().collect();
            to.list(distinct.into_iter(), |to, (time, obs)| {
                to.time(time);
                to.obs(obs);
            });
            to.list(values.slices.iter(), |to, slice| {
                to.u64(slice.number as u64);
                to.u64(slice.seen);
                to.list(slice.samples.iter(), |to, (priority, obs)| {
                    to.u64(*priority);
                    to.obs(obs);
                });
                to.option(slice.hll.as_ref(), Output::hll);
                to.option(slice.topk.as_ref(), Output::topk);
            });
        });
    }
}

/// What is left to read. Every method answers `None` where there is not enough, or it makes no sense.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn f64(&mut self) -> Option<f64> {
        self.u64().map(f64::from_bits)
    }

    fn time(&mut self) -> Option<Time> {
        self.u64().map(|nanos| Time::from_nanos(nanos as i64))
    }

    fn host(&mut self) -> Option<[u8; 16]> {
        self.array()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.u64()?;
        self.take(usize::try_from(len).ok()?)
    }

    fn text(&mut self) -> Option<Rc<[u8]>> {
        self.bytes().map(Rc::from)
    }

    fn string(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    /// `None` where it cannot be read, `Some(None)` where nothing was saved.
    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.u8()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let len = self.u64()?;
        // Grown as it is read: the length may be anything.
        let mut all = Vec::new();
        for _ in 0..len {
            all.push(read(self)?);
        }
        Some(all)
    }

    fn obs(&mut self) -> Option<Obs> {
        Some(Obs {
            num: self.option(Input::u64)?,
            dbl: self.option(Input::f64)?,
            text: self.option(Input::text)?,
        })
    }

    fn hll(&mut self) -> Option<Hll> {
        let bits = self.u8().filter(|bits| (4..=16).contains(bits))?;
        let held = match self.u8()? {
            0 => HllHeld::Few(self.list(Input::u64)?.into_iter().collect::<HashSet<_, _>>()),
            1 => HllHeld::Registers(self.bytes().filter(|held| held.len() == 1 << bits)?.into()),
            _ => return None,
        };
        Some(Hll { bits, held })
    }

    fn topk(&mut self) -> Option<Topk> {
        let mut topk = Topk::new(usize::try_from(self.u64()?).ok()?);
        for (count, element) in self.list(|input| {
            let (count, epsilon) = (input.u64()?, input.u64()?);
            Some((count, Element { epsilon, obs: input.obs()? }))
        })? {
            topk.put(count, element);
        }
        Some(topk)
    }

    fn held(&mut self) -> Option<Held> {
        match self.u8()? {
            0 => self.tally().map(Held::Epoch),
            1 => self.window().map(|window| Held::Window(Box::new(window))),
            _ => None,
        }
    }

    fn tally(&mut self) -> Option<Tally> {
        let (begin, end, num, sum) = (self.time()?, self.time()?, self.u64()?, self.f64()?);
        let more = self.option(|input| {
            Some(More {
                average: input.option(Input::f64)?,
                max: input.option(Input::f64)?,
                min: input.option(Input::f64)?,
                variance: input.option(Input::f64)?,
                prev_avg: input.option(Input::f64)?,
                var_s: input.f64()?,
                std_dev: input.f64()?,
                last: input.list(Input::obs)?.into(),
                samples: input.list(Input::obs)?,
                sample_elements: input.u64()?,
                unique: input.list(Input::obs)?.into_iter().collect(),
                hll: input.option(Input::hll)?,
                topk: input.option(Input::topk)?,
            })
        })?;
        Some(Tally { begin, end, num, sum, more: more.map(Box::new) })
    }

    fn window(&mut self) -> Option<Window> {
        let span = Interval::from_nanos(self.u64()? as i64);
        let mut window = Window::new(span, self.time()?);
        window.put(self.list(|input| {
            Some(Cell {
                time: input.time()?,
                num: input.u64()?,
                sum: input.f64()?,
                max: input.f64()?,
                min: input.f64()?,
                squares: input.f64()?,
            })
        })?);
        if self.u8()? == 1 {
            let values = window.values.get_or_insert_default();
            values.last = self.list(|input| Some((input.time()?, input.obs()?)))?.into();
            for (time, obs) in self.list(|input| Some((input.time()?, input.obs()?)))? {
                values.put(obs, time);
            }
            values.slices = self
                .list(|input| {
                    Some(Slice {
                        number: input.u64()? as i64,
                        seen: input.u64()?,
                        samples: input
                            .list(|input| Some((input.u64()?, input.obs()?)))?
                            .into_iter()
                            .collect::<BTreeMap<_, _>>(),
                        hll: input.option(Input::hll)?,
                        topk: input.option(Input::topk)?,
                    })
                })?
                .into();
        }
        Some(window)
    }
}
