//! A static of a program that has one thread.

use core::cell::RefCell;

pub(crate) struct Local<T>(RefCell<Option<T>>);

// A program of rsd has one thread: lib.rs refuses to be built for more.
unsafe impl<T> Sync for Local<T> {}

impl<T: Default> Local<T> {
    pub(crate) const fn new() -> Self {
        Local(RefCell::new(None))
    }

    /// Nothing that `f` calls or drops may come back here: code of the program (wakers, futures, messages) is left
    /// to the caller, in what `f` returns.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(self.0.borrow_mut().get_or_insert_with(T::default))
    }
}
