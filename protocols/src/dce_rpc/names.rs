//! Names of interfaces and operations, as Microsoft's specifications and whoever took them apart give them, and as Zeek
//! writes them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Uuid;

/// An interface's identifier and name, and in the lines below it, which begin with a blank, its operations in their
/// order. A number with `=` before it is that of the next; `_` is one that is not used.
const TABLE: &str = include_str!("names.txt");

/// An interface.
#[derive(Clone, Debug)]
pub struct Named {
    /// Zeek's name.
    pub name: &'static str,
    /// By their numbers.
    pub operations: BTreeMap<u16, Cow<'static, str>>,
}

static NAMES: LazyLock<BTreeMap<Uuid, Named>> = LazyLock::new(|| {
    let mut all: BTreeMap<Uuid, Named> = BTreeMap::new();
    let (mut at, mut next) = (Uuid::default(), 0_u16);
    for line in TABLE.lines() {
        if let Some(operations) = line.strip_prefix(' ') {
            let Some(named) = all.get_mut(&at) else { continue };
            for word in operations.split_ascii_whitespace() {
                if let Some(number) = word.strip_prefix('=') {
                    next = number.parse().unwrap_or(next);
                    continue;
                }
                let unused = || format!("Opnum{next}NotUsedOnWire").into();
                named.operations.insert(next, if word == "_" { unused() } else { Cow::Borrowed(word) });
                next = next.saturating_add(1);
            }
        } else if let Some((uuid, name)) = line.split_once(' ')
            && let Some(uuid) = parse(uuid)
        {
            (at, next) = (uuid, 0);
            all.insert(at, Named { name, operations: BTreeMap::new() });
        }
    }
    all
});

/// An identifier that is written as text.
pub fn parse(text: &str) -> Option<Uuid> {
    let digits: String = text.chars().filter(|digit| *digit != '-').collect();
    let number = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32)?;
    let [d, c, b, a, f, e, h, g, rest @ ..] = number.to_be_bytes();
    let mut uuid = Uuid::default();
    let bytes = [a, b, c, d, e, f, g, h].into_iter().chain(rest);
    uuid.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
    Some(uuid)
}

/// The name of an interface.
pub fn endpoint(uuid: &Uuid) -> Option<&'static str> {
    NAMES.get(uuid).map(|named| named.name)
}

/// The name of an interface's operation.
pub fn operation(uuid: &Uuid, number: u16) -> Option<&'static str> {
    NAMES.get(uuid)?.operations.get(&number).map(|name| &**name)
}

/// All interfaces.
pub fn all() -> impl Iterator<Item = (&'static Uuid, &'static Named)> {
    NAMES.iter()
}
