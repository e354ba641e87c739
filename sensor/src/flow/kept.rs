//! What analyzers keep of a connection: whichever of them began it, and whether or not that is still there.

use std::any::Any;

use smallvec::SmallVec;

use crate::flow::{Cx, Flow};

/// A state of a connection that several analyzers have in common, by its type.
pub trait Kept: Any + Send {
    /// The connection is over; its analyzers are told afterwards.
    fn over(self: Box<Self>, cx: &mut Cx<'_>, flow: &mut Flow);
}

type States = SmallVec<[Box<dyn Kept>; 1]>;

/// Those of one connection; most have none.
#[derive(Default)]
pub(in crate::flow) struct AllKept(Option<Box<States>>);

impl Flow {
    /// Takes what is kept under this type, which whoever takes it [keeps](Self::keep) again.
    pub fn take_kept<T: Kept>(&mut self) -> Option<Box<T>> {
        let all = self.kept.0.as_mut()?;
        let at = all.iter().position(|kept| (&**kept as &dyn Any).is::<T>())?;
        (all.remove(at) as Box<dyn Any>).downcast().ok()
    }

    /// Keeps this until the connection is over.
    pub fn keep<T: Kept>(&mut self, kept: Box<T>) {
        self.kept.0.get_or_insert_default().push(kept);
    }

    /// The connection is over: all that is kept is told so.
    pub fn end_kept(&mut self, cx: &mut Cx<'_>) {
        if let Some(all) = self.kept.0.take() {
            all.into_iter().for_each(|kept| kept.over(cx, self));
        }
    }
}
