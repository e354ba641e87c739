//! The small pattern language of the table: what must stand at the start of a file.

use memchr::memmem;

/// A set of byte values, one bit each.
#[derive(Clone)]
pub(super) struct Class([u64; 4]);

impl Class {
    pub(super) const fn of(mut bytes: &[u8]) -> Class {
        let mut set = Class([0; 4]);
        while let [byte, rest @ ..] = bytes {
            set = set.and(*byte, *byte);
            bytes = rest;
        }
        set
    }

    /// Adds every value from `first` up to and with `last`.
    #[expect(clippy::indexing_slicing, reason = "a quarter of a byte is below four")]
    pub(super) const fn and(mut self, first: u8, last: u8) -> Class {
        let mut b = first;
        while b <= last {
            self.0[(b >> 6) as usize] |= 1 << (b & 63);
            if b == u8::MAX {
                break;
            }
            b += 1;
        }
        self
    }

    pub(super) const fn not(self) -> Class {
        let [a, b, c, d] = self.0;
        Class([!a, !b, !c, !d])
    }

    #[expect(clippy::indexing_slicing, reason = "a quarter of a byte is below four")]
    pub(super) const fn has(&self, byte: u8) -> bool {
        self.0[(byte >> 6) as usize] >> (byte & 63) & 1 == 1
    }

    fn join(&mut self, other: &Class) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }
}

/// One step of a pattern.
pub(super) enum Elem {
    /// These bytes.
    Lit(&'static [u8]),
    /// These letters in either case; written in lower case here.
    NoCase(&'static [u8]),
    /// This many bytes of any value.
    Any(usize),
    /// From the first to the second number of bytes of any value.
    Within(usize, usize),
    /// One byte of the class.
    In(&'static Class),
    /// From the first to the second number of bytes of the class.
    Run(&'static Class, usize, usize),
    /// One of these byte strings.
    OneOf(&'static [&'static [u8]]),
    /// These steps or none of them.
    Maybe(&'static [Elem]),
}

/// Where `pattern` ends when it starts at `pos`, if it does.
pub(super) fn match_at(pattern: &[Elem], data: &[u8], pos: usize) -> Option<usize> {
    let Some((step, rest)) = pattern.split_first() else { return Some(pos) };
    let tail = data.get(pos..)?;
    match step {
        Elem::Lit(lit) if tail.starts_with(lit) => match_at(rest, data, pos + lit.len()),
        Elem::NoCase(lit) if tail.get(..lit.len())?.eq_ignore_ascii_case(lit) => {
            match_at(rest, data, pos + lit.len())
        }
        Elem::Any(n) if tail.len() >= *n => match_at(rest, data, pos + n),
        Elem::Within(min, max) => match rest.split_first() {
            Some((Elem::Lit(lit), after)) => {
                let window = tail.get(*min..tail.len().min(max + lit.len()))?;
                memmem::find_iter(window, lit).find_map(|n| match_at(after, data, pos + min + n + lit.len()))
            }
            _ => (*min..=tail.len().min(*max)).find_map(|n| match_at(rest, data, pos + n)),
        },
        Elem::In(class) if class.has(*tail.first()?) => match_at(rest, data, pos + 1),
        Elem::Run(class, min, max) => {
            let most = tail.iter().take(*max).take_while(|b| class.has(**b)).count();
            (*min..=most).rev().find_map(|n| match_at(rest, data, pos + n))
        }
        Elem::OneOf(options) => options
            .iter()
            .filter(|lit| tail.starts_with(lit))
            .find_map(|lit| match_at(rest, data, pos + lit.len())),
        Elem::Maybe(steps) => match_at(steps, data, pos)
            .and_then(|end| match_at(rest, data, end))
            .or_else(|| match_at(rest, data, pos)),
        _ => None,
    }
}

/// A cheap test that every file matching a pattern passes: one of the bytes from `first` to `last` is of the
/// class. It looks behind the first byte, which chose the pattern already.
#[derive(Clone)]
pub(super) struct Probe {
    first: usize,
    last: usize,
    class: Class,
}

impl Probe {
    pub(super) fn passes(&self, data: &[u8]) -> bool {
        match data.get(self.first) {
            Some(b) if self.class.has(*b) => true,
            Some(_) if self.last > self.first => {
                data.iter().take(self.last + 1).skip(self.first + 1).any(|b| self.class.has(*b))
            }
            _ => false,
        }
    }

    /// The probe of a pattern, if it has a byte to test: one at a known place behind the first.
    pub(super) fn of(pattern: &[Elem]) -> Option<Probe> {
        let (mut first, mut last) = (0, 0);
        for step in pattern {
            // Which byte of this step to test: the first byte of the file is known to be right.
            let at = usize::from(last == 0);
            let class = match step {
                Elem::Any(n) => {
                    (first, last) = (first + n, last + n);
                    continue;
                }
                Elem::Within(min, max) => {
                    (first, last) = (first + min, last + max);
                    continue;
                }
                Elem::In(_) | Elem::Lit([_]) if last == 0 => {
                    (first, last) = (1, 1);
                    continue;
                }
                Elem::Lit(lit) => Class::of(lit.get(at..=at)?),
                Elem::NoCase(lit) => {
                    let b = *lit.get(at)?;
                    Class::of(&[b.to_ascii_lowercase(), b.to_ascii_uppercase()])
                }
                Elem::In(class) => (*class).clone(),
                Elem::OneOf(options) => {
                    let mut class = Class::of(&[]);
                    for lit in *options {
                        class.join(&Class::of(lit.get(at..=at)?));
                    }
                    class
                }
                Elem::Run(..) | Elem::Maybe(_) => return None,
            };
            return Some(Probe { first: first + at, last: last + at, class });
        }
        None
    }
}

/// A search for a pattern that may start anywhere. It begins with a [`Elem::Lit`], which is what is looked for.
pub(super) struct Search {
    literal: memmem::Finder<'static>,
    rest: &'static [Elem],
}

impl Search {
    pub(super) fn new(pattern: &'static [Elem]) -> Option<Search> {
        let (Elem::Lit(literal), rest) = pattern.split_first()? else { return None };
        Some(Search { literal: memmem::Finder::new(literal), rest })
    }

    /// Where the first occurrence at or after `from` ends.
    pub(super) fn end_from(&self, data: &[u8], from: usize) -> Option<usize> {
        let behind = from + self.literal.needle().len();
        self.literal.find_iter(data.get(from..)?).find_map(|at| match_at(self.rest, data, behind + at))
    }
}

/// The values the first byte of a matching file can have.
pub(super) fn first_bytes(pattern: &[Elem]) -> Class {
    let any = || Class::of(&[]).not();
    let Some((step, rest)) = pattern.split_first() else { return any() };
    let mut first = Class::of(&[]);
    let mut skippable = false;
    match step {
        Elem::Lit(lit) => first = Class::of(lit.get(..1).unwrap_or_default()),
        Elem::NoCase(lit) => {
            for b in lit.iter().take(1) {
                first = Class::of(&[b.to_ascii_lowercase(), b.to_ascii_uppercase()]);
            }
        }
        Elem::Any(_) | Elem::Within(..) => first = any(),
        Elem::In(class) => first.join(class),
        Elem::Run(class, min, _) => {
            first.join(class);
            skippable = *min == 0;
        }
        Elem::OneOf(options) => {
            for lit in *options {
                first.join(&Class::of(lit.get(..1).unwrap_or_default()));
            }
        }
        Elem::Maybe(steps) => {
            first = first_bytes(steps);
            skippable = true;
        }
    }
    if skippable {
        first.join(&first_bytes(rest));
    }
    first
}
