//! The account of memory that script values hold on this thread, and a way to drop deep structures without deep
//! recursion.

use super::Value;
use std::cell::{Cell, RefCell};

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static GRAVEYARD: RefCell<Vec<Vec<Value>>> = const { RefCell::new(Vec::new()) };
    /// By capacity: room that records which are gone have left.
    static SPARE: RefCell<Vec<Vec<Vec<Value>>>> = const { RefCell::new(Vec::new()) };
}

/// Wider records leave nothing.
const MAX_SPARE_WIDTH: usize = 96;
/// So much room of each width is kept.
const MAX_SPARE: usize = 256;

/// Room for a record of so many fields, and a few more.
pub(super) fn spare(width: usize) -> Vec<Value> {
    let width = width.next_multiple_of(4);
    let left = SPARE.try_with(|spare| spare.borrow_mut().get_mut(width).and_then(Vec::pop));
    left.ok().flatten().unwrap_or_else(|| Vec::with_capacity(width))
}

/// Keeps the room of a record that is gone, empty, for another one.
fn keep(values: Vec<Value>) {
    let width = values.capacity();
    if width == 0 || width > MAX_SPARE_WIDTH || !values.is_empty() {
        return;
    }
    let _ = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        if spare.len() <= width {
            spare.resize_with(width + 1, Vec::new);
        }
        if spare[width].len() < MAX_SPARE {
            spare[width].push(values);
        }
    });
}

/// Drops nested this deep are put off until the outermost one is done.
const DROP_DEPTH: u32 = 32;

pub fn charge(bytes: usize) {
    LIVE.with(|l| l.set(l.get().saturating_add(bytes)));
}

pub fn release(bytes: usize) {
    let _ = LIVE.try_with(|l| l.set(l.get().saturating_sub(bytes)));
}

/// Bytes held by tables, vectors and records of this thread (their own storage, not the allocator's overhead).
pub fn live_bytes() -> usize {
    LIVE.with(Cell::get)
}

pub fn reset_live_bytes() {
    LIVE.with(|l| l.set(0));
}

/// Drops values; a list of a million linked records must not recurse a million times.
pub fn bury(mut values: Vec<Value>) {
    if values.is_empty() {
        return;
    }
    let Ok(depth) = DEPTH.try_with(Cell::get) else { return };
    if depth >= DROP_DEPTH {
        GRAVEYARD.with(|g| g.borrow_mut().push(values));
        return;
    }
    DEPTH.with(|d| d.set(depth + 1));
    values.clear();
    if depth == 0 {
        while let Some(v) = GRAVEYARD.with(|g| g.borrow_mut().pop()) {
            drop(v);
        }
    }
    keep(values);
    DEPTH.with(|d| d.set(depth));
}
