//! Keeps parts of redb from being dropped while a panic unwinds: a second panic there would end the process.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::thread;

/// Something that is leaked where a panic would drop it.
pub(crate) struct Held<T>(Option<T>);

impl<T> Held<T> {
    pub(crate) fn new(held: T) -> Self {
        Self(Some(held))
    }

    /// What is held, for the one call that uses it up.
    pub(crate) fn take_out(&mut self) -> Option<T> {
        self.0.take()
    }

    /// Never drops it.
    pub(crate) fn leak(&mut self) {
        mem::forget(self.0.take());
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.leak();
        }
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().unwrap_or_else(|| unreachable!("it is there until it is taken or leaked"))
    }
}

impl<T> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().unwrap_or_else(|| unreachable!("it is there until it is taken or leaked"))
    }
}
