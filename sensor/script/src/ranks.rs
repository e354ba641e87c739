//! Elements in order of counts that mostly grow by one: what the space-saving algorithm keeps (Metwally, Agrawal,
//! El Abbadi 2005, the "stream summary").
//!
//! Elements of equal count stand in one bucket, and buckets in order of their counts, so that raising an element
//! by one, putting one in among the least and taking the least out cost the same however many there are.

/// Elements by count; among equals the one that came to its count last stands last.
#[derive(Clone)]
pub struct Ranks<T> {
    places: Vec<Option<Place<T>>>,
    buckets: Vec<Bucket>,
    free_places: Vec<u32>,
    free_buckets: Vec<u32>,
    /// The ends of the list of buckets.
    least: u32,
    most: u32,
    /// Buckets that were passed by on the way to another.
    #[cfg(test)]
    passed: u64,
}

#[derive(Clone)]
struct Place<T> {
    element: T,
    bucket: u32,
    before: u32,
    after: u32,
}

#[derive(Clone, Copy)]
struct Bucket {
    count: u64,
    first: u32,
    last: u32,
    lower: u32,
    higher: u32,
}

const NONE: u32 = u32::MAX;

impl<T> Default for Ranks<T> {
    fn default() -> Self {
        Ranks {
            places: Vec::new(),
            buckets: Vec::new(),
            free_places: Vec::new(),
            free_buckets: Vec::new(),
            least: NONE,
            most: NONE,
            #[cfg(test)]
            passed: 0,
        }
    }
}

impl<T> Ranks<T> {
    pub fn len(&self) -> usize {
        self.places.len() - self.free_places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.least == NONE
    }

    /// Puts an element in after its equals. Where it is stays the same until it is taken out.
    pub fn insert(&mut self, count: u64, element: T) -> u32 {
        let place = Place { element, bucket: NONE, before: NONE, after: NONE };
        let at = match self.free_places.pop() {
            Some(at) => {
                self.places[at as usize] = Some(place);
                at
            }
            None => {
                self.places.push(Some(place));
                (self.places.len() - 1) as u32
            }
        };
        // From the end that is nearer for what comes in order.
        let below = match self.bucket(self.most) {
            Some(most) if most.count <= count => self.most,
            _ => NONE,
        };
        self.append(at, below, count);
        at
    }

    /// An element with its count.
    pub fn get(&self, at: u32) -> Option<(u64, &T)> {
        let place = self.place(at)?;
        Some((self.bucket(place.bucket)?.count, &place.element))
    }

    pub fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.places.get_mut(at as usize)?.as_mut().map(|place| &mut place.element)
    }

    /// Adds to an element's count.
    pub fn raise(&mut self, at: u32, by: u64) {
        let Some(bucket) = self.place(at).map(|place| place.bucket) else { return };
        let Some(count) = self.bucket(bucket).map(|bucket| bucket.count) else { return };
        let lower = self.detach(at);
        self.append(at, lower, count.saturating_add(by));
    }

    /// Adds to the counts of many, each of which is there once: the same as one after the other, in one walk.
    pub fn raise_all(&mut self, raised: &[(u32, u64)]) {
        let mut moved = Vec::with_capacity(raised.len());
        for (at, by) in raised {
            let Some((count, _)) = self.get(*at) else { continue };
            self.detach(*at);
            moved.push((count.saturating_add(*by), *at));
        }
        moved.sort_by_key(|(count, _)| *count);
        let mut below = NONE;
        for (count, at) in moved {
            self.append(at, below, count);
            below = self.place(at).map_or(NONE, |place| place.bucket);
        }
    }

    /// Takes out the element of the least count that came to it first.
    pub fn pop_least(&mut self) -> Option<(u64, T)> {
        let Bucket { count, first, .. } = *self.bucket(self.least)?;
        self.detach(first);
        let place = self.places.get_mut(first as usize)?.take()?;
        self.free_places.push(first);
        Some((count, place.element))
    }

    /// The elements with their counts, the least first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let up = |at: u32| self.bucket(at).map(|bucket| bucket.higher);
        std::iter::successors(Some(self.least), move |at| up(*at)).flat_map(|at| self.equals(at))
    }

    /// Groups of equal count, the most frequent group first.
    pub fn groups(&self) -> impl Iterator<Item = impl Iterator<Item = (u64, &T)>> {
        let down = |at: u32| self.bucket(at).map(|bucket| bucket.lower);
        let buckets = std::iter::successors(Some(self.most), move |at| down(*at));
        buckets.take_while(|at| *at != NONE).map(|at| self.equals(at))
    }

    fn equals(&self, bucket: u32) -> impl Iterator<Item = (u64, &T)> {
        let (count, first) = self.bucket(bucket).map_or((0, NONE), |bucket| (bucket.count, bucket.first));
        std::iter::successors(self.place(first), |place| self.place(place.after))
            .map(move |place| (count, &place.element))
    }

    fn place(&self, at: u32) -> Option<&Place<T>> {
        self.places.get(at as usize)?.as_ref()
    }

    fn place_mut(&mut self, at: u32) -> Option<&mut Place<T>> {
        self.places.get_mut(at as usize)?.as_mut()
    }

    fn bucket(&self, at: u32) -> Option<&Bucket> {
        self.buckets.get(at as usize)
    }

    fn bucket_mut(&mut self, at: u32) -> Option<&mut Bucket> {
        self.buckets.get_mut(at as usize)
    }

    /// Takes a place out of its bucket, and that out of the list when nothing is left in it. Returns a bucket of
    /// no higher count, or [`NONE`].
    fn detach(&mut self, at: u32) -> u32 {
        let Some(place) = self.place_mut(at) else { return NONE };
        let (bucket, before, after) = (place.bucket, place.before, place.after);
        (place.bucket, place.before, place.after) = (NONE, NONE, NONE);
        if let Some(place) = self.place_mut(before) {
            place.after = after;
        }
        if let Some(place) = self.place_mut(after) {
            place.before = before;
        }
        let Some(of) = self.bucket_mut(bucket) else { return NONE };
        if of.first == at {
            of.first = after;
        }
        if of.last == at {
            of.last = before;
        }
        if of.first != NONE {
            return bucket;
        }
        let (lower, higher) = (of.lower, of.higher);
        match self.bucket_mut(lower) {
            Some(of) => of.higher = higher,
            None => self.least = higher,
        }
        match self.bucket_mut(higher) {
            Some(of) => of.lower = lower,
            None => self.most = lower,
        }
        self.free_buckets.push(bucket);
        lower
    }

    /// Puts a place at the end of the bucket of this count, which is `below` or higher.
    fn append(&mut self, at: u32, mut below: u32, count: u64) {
        loop {
            let next = self.bucket(below).map_or(self.least, |bucket| bucket.higher);
            match self.bucket(next) {
                Some(bucket) if bucket.count <= count => below = next,
                _ => break,
            }
            #[cfg(test)]
            {
                self.passed += 1;
            }
        }
        let bucket = match self.bucket(below) {
            Some(bucket) if bucket.count == count => below,
            _ => self.new_bucket(below, count),
        };
        let Some(of) = self.bucket_mut(bucket) else { return };
        let before = std::mem::replace(&mut of.last, at);
        if of.first == NONE {
            of.first = at;
        }
        if let Some(place) = self.place_mut(before) {
            place.after = at;
        }
        if let Some(place) = self.place_mut(at) {
            (place.bucket, place.before) = (bucket, before);
        }
    }

    fn new_bucket(&mut self, lower: u32, count: u64) -> u32 {
        let higher = self.bucket(lower).map_or(self.least, |bucket| bucket.higher);
        let bucket = Bucket { count, first: NONE, last: NONE, lower, higher };
        let at = match self.free_buckets.pop() {
            Some(at) => {
                self.buckets[at as usize] = bucket;
                at
            }
            None => {
                self.buckets.push(bucket);
                (self.buckets.len() - 1) as u32
            }
        };
        match self.bucket_mut(lower) {
            Some(of) => of.higher = at,
            None => self.least = at,
        }
        match self.bucket_mut(higher) {
            Some(of) => of.lower = at,
            None => self.most = at,
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(ranks: &Ranks<u64>) -> Vec<(u64, u64)> {
        ranks.iter().map(|(count, element)| (count, *element)).collect()
    }

    #[test]
    fn equals_stand_in_the_order_in_which_they_came_to_their_count() {
        let mut ranks = Ranks::default();
        let at: Vec<u32> = (0..4).map(|n| ranks.insert(1, n)).collect();
        ranks.raise(at[2], 1);
        ranks.raise(at[0], 1);
        assert_eq!(all(&ranks), [(1, 1), (1, 3), (2, 2), (2, 0)]);
        ranks.raise(at[0], 5);
        ranks.insert(3, 9);
        assert_eq!(all(&ranks), [(1, 1), (1, 3), (2, 2), (3, 9), (7, 0)]);
        assert_eq!(ranks.groups().map(Iterator::count).collect::<Vec<_>>(), [1, 1, 1, 2]);
        assert_eq!(ranks.pop_least(), Some((1, 1)));
        assert_eq!((ranks.len(), ranks.get(at[2])), (4, Some((2, &2))));
    }

    #[test]
    fn it_agrees_with_a_list_that_is_sorted_each_time() {
        let (mut ranks, mut places, mut list) = (Ranks::default(), Vec::new(), Vec::new());
        let (mut seed, mut clock) = (1u64, 0u64);
        for element in 0..4000u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let dice = seed >> 33;
            clock += 1;
            match dice % 4 {
                0 => {
                    let count = dice / 4 % 9 + 1;
                    places.push((element, ranks.insert(count, element)));
                    list.push((count, clock, element));
                }
                1 if list.len() > 50 => {
                    list.sort_unstable();
                    let (count, _, gone) = list.remove(0);
                    assert_eq!(ranks.pop_least(), Some((count, gone)));
                    places.retain(|(element, _)| *element != gone);
                }
                _ => {
                    let Some(&(which, at)) = places.get(dice as usize / 4 % places.len().max(1)) else {
                        continue;
                    };
                    let by = dice / 64 % 3 + 1;
                    ranks.raise(at, by);
                    if let Some(place) = list.iter_mut().find(|place| place.2 == which) {
                        (place.0, place.1) = (place.0 + by, clock);
                    }
                }
            }
            list.sort_unstable();
            let sorted: Vec<(u64, u64)> = list.iter().map(|(count, _, element)| (*count, *element)).collect();
            assert_eq!(all(&ranks), sorted);
        }
        assert!(ranks.places.len() < 2000 && ranks.buckets.len() <= ranks.places.len());
    }

    #[test]
    fn many_are_raised_as_one_after_the_other() {
        let mut ranks = Ranks::default();
        let at: Vec<u32> = (0..1000).map(|n| ranks.insert(n * n, n)).collect();
        let raised: Vec<(u32, u64)> =
            at.iter().rev().step_by(3).zip((0..7).cycle()).map(|(at, by)| (*at, by * 99_999)).collect();
        let mut singly = ranks.clone();
        raised.iter().for_each(|(at, by)| singly.raise(*at, *by));
        ranks.raise_all(&raised);
        assert_eq!(all(&ranks), all(&singly));
        assert!(ranks.passed <= 3000 && singly.passed > 50_000, "{} {}", ranks.passed, singly.passed);
    }

    /// However many there are, nothing goes past more than two buckets.
    #[test]
    fn work_does_not_grow_with_the_number_of_elements() {
        for size in [100u64, 10_000] {
            let mut ranks = Ranks::default();
            let mut steps = size;
            let at: Vec<u32> = (0..size).map(|n| ranks.insert(1, n)).collect();
            for (n, at) in at.iter().enumerate() {
                for _ in 0..n % 50 {
                    ranks.raise(*at, 1);
                    steps += 1;
                }
            }
            for n in 0..size {
                let (least, _) = ranks.pop_least().unwrap();
                ranks.insert(least + 1, n);
                steps += 1;
            }
            assert!(ranks.passed <= 2 * steps, "{} for {steps}", ranks.passed);
            // In order, as a summary is read back.
            let mut read = Ranks::default();
            ranks.iter().for_each(|(count, element)| {
                read.insert(count, *element);
            });
            assert_eq!((read.passed, all(&read)), (0, all(&ranks)));
        }
    }
}
