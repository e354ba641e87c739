//! Signatures of users, in Zeek's language: what packets' headers, streams and messages hold, and what follows from it.
//!
//! What is here is compiled once and shared. What connections have matched of it is kept by
//! [`analyze`](crate::analyze).

mod automaton;
mod language;
mod scan;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

pub use automaton::{Automaton, Cache, Piece, Position};
pub use language::{Draft, Named, Names, Wrong, parse};

use automaton::Source;

/// What patterns are looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A stream, or a datagram.
    Payload,
    /// The decoded URI of a request.
    HttpRequest,
    /// `NAME: value` of each header.
    HttpRequestHeader,
    HttpReplyHeader,
    /// The content of entities.
    HttpRequestBody,
    HttpReplyBody,
    /// Command lines.
    Ftp,
    Finger,
    /// What files begin with.
    FileMagic,
}

impl Kind {
    pub const COUNT: usize = 9;

    /// By the word of the language.
    fn of(word: &str) -> Option<Kind> {
        Some(match word {
            "payload" => Kind::Payload,
            "http" | "http-request" => Kind::HttpRequest,
            "http-request-header" => Kind::HttpRequestHeader,
            "http-reply-header" => Kind::HttpReplyHeader,
            "http-request-body" => Kind::HttpRequestBody,
            "http-body" | "http-reply-body" => Kind::HttpReplyBody,
            "ftp" => Kind::Ftp,
            "finger" => Kind::Finger,
            "file-magic" => Kind::FileMagic,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Not,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
}

impl Comparison {
    /// Whether a value stands so to any of these; for [`Comparison::Not`] to none of them.
    fn holds<'v, V: PartialOrd + 'v>(self, values: impl Iterator<Item = (V, &'v V)>) -> bool {
        let mut values = values;
        match self {
            Comparison::Equal => values.any(|(of, to)| of == *to),
            Comparison::Not => values.all(|(of, to)| of != *to),
            Comparison::Less => values.any(|(of, to)| of < *to),
            Comparison::LessOrEqual => values.any(|(of, to)| of <= *to),
            Comparison::More => values.any(|(of, to)| of > *to),
            Comparison::MoreOrEqual => values.any(|(of, to)| of >= *to),
        }
    }

    fn compares(self, of: u64, to: u64) -> bool {
        self.holds([(of, &to)].into_iter())
    }
}

/// What a number is compared with, after a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Masked {
    pub value: u32,
    pub mask: u32,
}

/// Part of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Ip4,
    Ip6,
    /// Of TCP, UDP or ICMP, whichever it is.
    Transport,
}

/// What has to hold of the header of a direction's first packet.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Field { layer: Layer, offset: usize, size: usize, how: Comparison, values: Vec<Masked> },
    Protocol { how: Comparison, values: Vec<Masked> },
    Source { how: Comparison, nets: Vec<(u128, u8)> },
    Destination { how: Comparison, nets: Vec<(u128, u8)> },
}

/// The header of a direction's first packet, as far as signatures look at it.
#[derive(Debug)]
pub struct Header {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub protocol: u8,
    /// The first bytes of the IP header, where signatures look at them.
    pub ip: Box<[u8]>,
    /// The first bytes of what follows.
    pub transport: smallvec::SmallVec<[u8; 16]>,
}

/// An address as a number; IPv4 is within IPv6.
pub fn number_of(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => u128::from(addr.to_ipv6_mapped()),
        IpAddr::V6(addr) => u128::from(addr),
    }
}

fn masked(addr: u128, len: u8) -> u128 {
    let shift = 128 - u32::from(len.min(128));
    addr.checked_shr(shift).unwrap_or(0).checked_shl(shift).unwrap_or(0)
}

impl Test {
    pub fn holds(&self, header: &Header) -> bool {
        match self {
            Test::Field { layer, offset, size, how, values } => {
                let bytes = match (layer, header.src.is_ipv4()) {
                    (Layer::Transport, _) => &header.transport[..],
                    (Layer::Ip4, true) | (Layer::Ip6, false) => &header.ip,
                    _ => return false,
                };
                let Some(field) = offset.checked_add(*size).and_then(|end| bytes.get(*offset..end)) else {
                    return false;
                };
                let number = field.iter().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
                numbers(*how, number, values)
            }
            Test::Protocol { how, values } => numbers(*how, u32::from(header.protocol), values),
            Test::Source { how, nets } => within(*how, header.src, nets),
            Test::Destination { how, nets } => within(*how, header.dst, nets),
        }
    }
}

fn numbers(how: Comparison, number: u32, values: &[Masked]) -> bool {
    how.holds(values.iter().map(|to| (number & to.mask, &to.value)))
}

fn within(how: Comparison, addr: IpAddr, nets: &[(u128, u8)]) -> bool {
    let addr = number_of(addr);
    how.holds(nets.iter().map(|(net, len)| (masked(addr, *len), net)))
}

/// What has to hold beside patterns.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Of the first payload that is not empty.
    PayloadSize(Comparison, u64),
    TcpState(States),
    UdpState(States),
    SameIp,
    /// Never holds, as in Zeek.
    IpOptions,
}

/// States that conditions name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States {
    pub established: bool,
    pub originator: bool,
    pub responder: bool,
    pub stateless: bool,
}

impl Condition {
    pub fn compares_size(how: Comparison, size: u64, to: u64) -> bool {
        how.compares(size, to)
    }
}

/// Another signature that has to match before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub rule: u32,
    /// In the other direction.
    pub reverse: bool,
    /// It must not have matched, which the end of the connection decides.
    pub not: bool,
}

/// What follows from a match.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// An event; `signature_match` where none is named.
    Event { name: Option<String>, message: Option<String> },
    /// Sets an analyzer on the connection.
    Enable(String),
    /// Zeek takes an analyzer off the connection for it.
    Disable(String),
    /// Names the type of a file, with its strength.
    Mime(String, i64),
}

/// A pattern of a signature.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub kind: Kind,
    /// Translated.
    pub regex: String,
    /// It may begin anywhere.
    pub floats: bool,
    /// How much of a piece it may reach to.
    pub depth: u64,
}

/// A signature.
#[derive(Debug)]
pub struct Rule {
    pub id: String,
    pub tests: Vec<Test>,
    /// The places of its patterns.
    pub patterns: Vec<u32>,
    pub conditions: Vec<Condition>,
    pub requires: Vec<Requirement>,
    /// Those that require it.
    pub dependents: Vec<u32>,
    /// Functions of scripts that decide.
    pub evals: Vec<String>,
    pub actions: Vec<Action>,
    /// The ordered stage decides, or makes the events.
    pub in_order: bool,
}

/// Where a pattern is.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    pub rule: u32,
    pub depth: u64,
}

/// All signatures of a run.
pub struct Signatures {
    /// Tells readings apart.
    pub version: u64,
    pub rules: Vec<Rule>,
    /// By kind: the automaton, and the pattern that each of its patterns is.
    pub kinds: [Option<(Automaton, Vec<u32>)>; Kind::COUNT],
    pub patterns: Vec<Of>,
    /// Those without patterns, in the order in which they are tried.
    pub pure: Vec<u32>,
    /// How many bytes of the IP header are looked at, and of the transport header.
    pub depths: (usize, usize),
    /// Some set analyzers on connections.
    pub enables: bool,
    by_id: HashMap<String, u32>,
}

impl std::fmt::Debug for Signatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} signatures", self.rules.len())
    }
}

static VERSION: AtomicU64 = AtomicU64::new(1);

impl Signatures {
    /// Compiles what was read. What is wrong with them together is told in Zeek's words.
    pub fn new(drafts: Vec<Draft>) -> Result<Signatures, Vec<String>> {
        let places = (0u32..).zip(&drafts).map(|(at, draft)| (draft.id.clone(), at));
        let by_id: HashMap<String, u32> = places.collect();
        let mut wrong = Vec::new();
        let (mut rules, mut patterns, mut sources): (Vec<Rule>, Vec<Of>, Vec<Pattern>) = Default::default();
        for (at, draft) in (0u32..).zip(drafts) {
            let mut own = Vec::new();
            for pattern in draft.patterns {
                own.push(patterns.len() as u32);
                patterns.push(Of { rule: at, depth: pattern.depth });
                sources.push(pattern);
            }
            let mut requires = Vec::new();
            for (id, reverse, not) in draft.requires {
                match by_id.get(&id) {
                    Some(rule) => requires.push(Requirement { rule: *rule, reverse, not }),
                    None => wrong.push(format!(
                        "Error in signature {} ({}): unknown rule referenced",
                        draft.id, draft.place
                    )),
                }
            }
            let named = |action: &Action| matches!(action, Action::Event { name: Some(_), .. });
            rules.push(Rule {
                in_order: !draft.evals.is_empty() || draft.actions.iter().any(named),
                id: draft.id,
                tests: draft.tests,
                patterns: own,
                conditions: draft.conditions,
                requires,
                dependents: Vec::new(),
                evals: draft.evals,
                actions: draft.actions,
            });
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        for at in 0..rules.len() {
            let requires: Vec<u32> = rules[at].requires.iter().map(|required| required.rule).collect();
            for required in requires {
                rules[required as usize].dependents.push(at as u32);
            }
        }
        // What waits for one that the ordered stage decides waits there, too.
        let mut grows = true;
        while std::mem::take(&mut grows) {
            for at in 0..rules.len() {
                let evaluated = |rule: &Rule| rule.in_order && !rule.evals.is_empty();
                let waits = rules[at].requires.iter().any(|required| {
                    rules
                        .get(required.rule as usize)
                        .is_some_and(|rule| evaluated(rule) || rule.in_order && !rule.requires.is_empty())
                });
                if waits && !rules[at].in_order {
                    rules[at].in_order = true;
                    grows = true;
                }
            }
        }
        let mut kinds: [Option<(Automaton, Vec<u32>)>; Kind::COUNT] = Default::default();
        for (nth, place) in kinds.iter_mut().enumerate() {
            let of: Vec<u32> = (0u32..)
                .zip(&sources)
                .filter(|(_, source)| source.kind as usize == nth)
                .map(|(at, _)| at)
                .collect();
            if of.is_empty() {
                continue;
            }
            let texts = of.iter().filter_map(|at| sources.get(*at as usize));
            let texts: Vec<Source<'_>> =
                texts.map(|source| Source { regex: &source.regex, floats: source.floats }).collect();
            match Automaton::new(&texts) {
                Ok(automaton) => *place = Some((automaton, of)),
                Err(error) => return Err(vec![format!("signatures cannot be compiled: {error}")]),
            }
        }
        // Zeek tries those with fewer header conditions first, and of these the last first.
        let mut pure: Vec<u32> =
            (0u32..).zip(&rules).filter(|(_, rule)| rule.patterns.is_empty()).map(|(at, _)| at).collect();
        pure.reverse();
        pure.sort_by_key(|at| rules[*at as usize].tests.len());
        let enables =
            rules.iter().flat_map(|rule| &rule.actions).any(|action| matches!(action, Action::Enable(_)));
        let depths = depths(rules.iter().flat_map(|rule| &rule.tests));
        let version = VERSION.fetch_add(1, Ordering::Relaxed);
        Ok(Signatures { version, rules, kinds, patterns, pure, depths, enables, by_id })
    }

    /// The signature of this name, and its place.
    pub fn find(&self, id: &[u8]) -> Option<(u32, &Rule)> {
        let at = *self.by_id.get(std::str::from_utf8(id).ok()?)?;
        Some((at, self.rules.get(at as usize)?))
    }

    /// There are some that are not of files alone.
    pub fn match_traffic(&self) -> bool {
        let of_files = |rule: &Rule| {
            let kinds = |at: &u32| self.kind_of(*at) == Some(Kind::FileMagic as usize);
            !rule.patterns.is_empty() && rule.patterns.iter().all(kinds)
        };
        !self.rules.iter().all(of_files)
    }

    fn kind_of(&self, pattern: u32) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.as_ref().is_some_and(|(_, of)| of.contains(&pattern)))
    }

    /// Some of what they tell is made in the ordered stage.
    pub fn any_in_order(&self) -> bool {
        self.rules.iter().any(|rule| rule.in_order)
    }
}

/// How much of headers tests look at.
fn depths<'t>(tests: impl Iterator<Item = &'t Test>) -> (usize, usize) {
    let mut depths = (0, 0);
    for test in tests {
        if let Test::Field { layer, offset, size, .. } = test {
            let depth = if *layer == Layer::Transport { &mut depths.1 } else { &mut depths.0 };
            *depth = (*depth).max(offset.saturating_add(*size));
        }
    }
    depths
}
