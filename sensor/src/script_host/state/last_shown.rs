//! What the sensor last said of columns that scripts may change.

use smallvec::SmallVec;

use crate::event::{Arena, Part};

/// By column. Where the sensor says nothing new, what is in the record now is the scripts'.
#[derive(Default)]
pub(super) struct LastShown(SmallVec<[(u8, Noted); 1]>);

/// A value in a form that can be kept and compared.
type Noted = SmallVec<[u8; 24]>;

impl LastShown {
    /// Whether the sensor says another thing of a column than before.
    pub fn is_news(&mut self, at: u8, part: Part, arena: &Arena) -> bool {
        let mut now = Noted::new();
        note(part, arena, &mut now);
        match self.0.iter_mut().find(|(column, _)| *column == at) {
            Some((_, last_shown)) if *last_shown == now => false,
            Some((_, last_shown)) => {
                *last_shown = now;
                true
            }
            None => {
                self.0.push((at, now));
                !is_nothing(part, arena)
            }
        }
    }
}

fn note(part: Part, arena: &Arena, out: &mut Noted) {
    let mut add = |kind: u8, bytes: &[u8]| {
        out.push(kind);
        out.extend_from_slice(&bytes.len().to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match part {
        Part::Unset | Part::Conn | Part::File => add(0, &[]),
        Part::Bool(b) => add(1, &[u8::from(b)]),
        Part::Count(n) => add(2, &n.to_le_bytes()),
        Part::Int(n) => add(3, &n.to_le_bytes()),
        Part::Double(d) => add(4, &d.to_le_bytes()),
        Part::Time(t) => add(5, &t.nanos().to_le_bytes()),
        Part::Interval(i) => add(6, &i.nanos().to_le_bytes()),
        Part::Text(_) | Part::Name(_) => add(7, arena.text_of(part).unwrap_or_default()),
        Part::Addr(std::net::IpAddr::V4(addr)) => add(8, &addr.octets()),
        Part::Addr(std::net::IpAddr::V6(addr)) => add(8, &addr.octets()),
        Part::Port(port) => add(9, &port.to_le_bytes()),
        Part::List(items) | Part::Record(items) => {
            let items = arena.parts_of(items);
            add(10, &items.len().to_le_bytes());
            items.iter().for_each(|item| note(*item, arena, out));
        }
    }
}

/// What a fresh record holds anyway.
fn is_nothing(part: Part, arena: &Arena) -> bool {
    match part {
        Part::Unset => true,
        Part::List(items) => arena.parts_of(items).is_empty(),
        _ => false,
    }
}
