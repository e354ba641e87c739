//! The account of memory that script values hold on this thread, and a way to drop deep structures without deep
//! recursion.

use super::Value;
use std::cell::{Cell, RefCell};

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static GRAVEYARD: RefCell<Vec<Vec<Value>>> = const { RefCell::new(Vec::new()) };
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

pub fn record_size(fields: usize) -> usize {
    size_of::<super::RecordVal>() + fields * size_of::<Value>()
}

/// Drops values; a list of a million linked records must not recurse a million times.
pub fn bury(values: Vec<Value>) {
    if values.is_empty() {
        return;
    }
    let Ok(depth) = DEPTH.try_with(Cell::get) else { return };
    if depth >= DROP_DEPTH {
        GRAVEYARD.with(|g| g.borrow_mut().push(values));
        return;
    }
    DEPTH.with(|d| d.set(depth + 1));
    drop(values);
    if depth == 0 {
        while let Some(v) = GRAVEYARD.with(|g| g.borrow_mut().pop()) {
            drop(v);
        }
    }
    DEPTH.with(|d| d.set(depth));
}
