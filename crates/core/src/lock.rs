//! Locks that ignore poisoning: no code here panics while it holds one and leaves a half-made change.

use std::sync::{self, MutexGuard, PoisonError, RwLockReadGuard, RwLockWriteGuard, TryLockError};

/// A mutual exclusion lock whose holder may have panicked.
#[derive(Debug, Default)]
pub struct Lock<T>(sync::Mutex<T>);

impl<T> Lock<T> {
    /// Returns an unlocked lock that holds `value`.
    pub const fn new(value: T) -> Self {
        Self(sync::Mutex::new(value))
    }

    /// Waits for the lock and returns its guard.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the value.
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lock for many readers or one writer, any of which may have panicked.
#[derive(Debug, Default)]
pub struct SharedLock<T>(sync::RwLock<T>);

impl<T> SharedLock<T> {
    /// Returns an unlocked lock that holds `value`.
    pub const fn new(value: T) -> Self {
        Self(sync::RwLock::new(value))
    }

    /// Waits until nobody writes and returns a guard for reading.
    #[inline]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether somebody reads or writes at this moment.
    pub fn is_held(&self) -> bool {
        matches!(self.0.try_write(), Err(TryLockError::WouldBlock))
    }

    /// Waits until nobody reads or writes and returns a guard for writing.
    #[inline]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_panic_of_a_holder_does_not_make_the_value_unusable() {
        let (lock, shared) = (Lock::new(1), SharedLock::new(1));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _guards = (lock.lock(), shared.write());
            panic!("while the locks are held");
        }));
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 1);
        assert_eq!(lock.into_inner(), 1);
        assert_eq!(*shared.read(), 1);
        assert_eq!(*shared.write(), 1);
    }
}
