//! Things found by hash, in order of when they were last seen.

use hashbrown::HashTable;

/// What is looked for and kept in order at the same cost however much there is. Hashes are the owner's.
#[derive(Clone)]
pub(super) struct Recent<T> {
    nodes: Vec<Option<Node<T>>>,
    free: Vec<u32>,
    index: HashTable<u32>,
    newest: u32,
    oldest: u32,
}

#[derive(Clone)]
struct Node<T> {
    value: T,
    hash: u64,
    newer: u32,
    older: u32,
}

const NONE: u32 = u32::MAX;

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Recent { nodes: Vec::new(), free: Vec::new(), index: HashTable::new(), newest: NONE, oldest: NONE }
    }
}

impl<T> Recent<T> {
    /// Bytes that each costs, with its places in the index and on the free list.
    pub const PLACE: usize = size_of::<Option<Node<T>>>() + 10;

    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Where it is, until it is taken out.
    #[inline]
    pub fn find(&self, hash: u64, is: impl Fn(&T) -> bool) -> Option<u32> {
        let is = |at: &u32| self.node(*at).is_some_and(|node| node.hash == hash && is(&node.value));
        self.index.find(hash, is).copied()
    }

    fn node(&self, at: u32) -> Option<&Node<T>> {
        self.nodes.get(at as usize)?.as_ref()
    }

    fn node_mut(&mut self, at: u32) -> Option<&mut Node<T>> {
        self.nodes.get_mut(at as usize)?.as_mut()
    }

    pub fn get(&self, at: u32) -> Option<&T> {
        self.node(at).map(|node| &node.value)
    }

    pub fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.node_mut(at).map(|node| &mut node.value)
    }

    /// Adds one that is not there, as the one seen last.
    pub fn insert(&mut self, hash: u64, value: T) -> u32 {
        let node = Some(Node { value, hash, newer: NONE, older: NONE });
        let at = match self.free.pop() {
            Some(at) => {
                self.nodes[at as usize] = node;
                at
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        };
        let nodes = &self.nodes;
        let rehash = |at: &u32| nodes.get(*at as usize).and_then(Option::as_ref).map_or(0, |node| node.hash);
        self.index.insert_unique(hash, at, rehash);
        self.link(at);
        at
    }

    /// It is seen again.
    #[inline]
    pub fn renew(&mut self, at: u32) {
        // Often the same is seen again and again.
        if self.newest != at {
            self.unlink(at);
            self.link(at);
        }
    }

    fn link(&mut self, at: u32) {
        let before = std::mem::replace(&mut self.newest, at);
        if let Some(node) = self.node_mut(at) {
            (node.newer, node.older) = (NONE, before);
        }
        match self.node_mut(before) {
            Some(node) => node.newer = at,
            None => self.oldest = at,
        }
    }

    fn unlink(&mut self, at: u32) {
        let Some((newer, older)) = self.node(at).map(|node| (node.newer, node.older)) else { return };
        match self.node_mut(newer) {
            Some(node) => node.older = older,
            None => self.newest = older,
        }
        match self.node_mut(older) {
            Some(node) => node.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// Where the one is that was seen least recently.
    pub fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub fn remove(&mut self, at: u32) -> Option<T> {
        let hash = self.node(at)?.hash;
        self.unlink(at);
        if let Ok(found) = self.index.find_entry(hash, |found| *found == at) {
            found.remove();
        }
        self.free.push(at);
        self.nodes.get_mut(at as usize)?.take().map(|node| node.value)
    }

    /// From the one seen least recently on.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let node = self.node(next)?;
            next = node.newer;
            Some(&node.value)
        })
    }

    /// Where each is, in no particular order.
    pub fn places(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.nodes).filter_map(|(at, node)| Some((at, &node.as_ref()?.value)))
    }

    /// All, in no particular order.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        self.nodes.into_iter().flatten().map(|node| node.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_again_is_the_newest_and_what_is_taken_out_is_gone() {
        let mut recent = Recent::default();
        // Of equal hashes in part.
        let places: Vec<u32> = (0..9u64).map(|n| recent.insert(n % 3, n)).collect();
        let order = |recent: &Recent<u64>| recent.iter().copied().collect::<Vec<u64>>();
        assert_eq!(recent.find(4 % 3, |n| *n == 4), Some(places[4]));
        recent.renew(places[0]);
        recent.renew(places[4]);
        recent.renew(places[4]);
        assert_eq!(order(&recent), [1, 2, 3, 5, 6, 7, 8, 0, 4]);
        assert_eq!([4, 1, 6].map(|n| recent.remove(places[n])), [Some(4), Some(1), Some(6)]);
        assert_eq!((recent.remove(places[1]), recent.find(1, |n| *n == 1)), (None, None));
        assert_eq!((order(&recent), recent.oldest()), (vec![2, 3, 5, 7, 8, 0], Some(places[2])));
        let again = recent.insert(7, 7);
        assert!([4, 1, 6].map(|n| places[n]).contains(&again), "places are used again");
        assert_eq!((recent.len(), recent.get(again), recent.iter().last()), (7, Some(&7), Some(&7)));
        for at in recent.places().map(|(at, _)| at).collect::<Vec<u32>>() {
            recent.remove(at);
        }
        assert_eq!((recent.len(), recent.oldest(), recent.iter().next()), (0, None, None));
    }
}
