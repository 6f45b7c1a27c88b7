//! The one error of the engine. A kind exists where a caller would act differently.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::operation::Operation;

/// The result of anything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, as far as a caller would act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller passed something that can never work; [`Error::field`] names it.
    Argument,
    /// The store cannot do what was asked, now or later.
    Unsupported,
    /// The store cannot be reached, or the connection broke.
    Connection,
    /// The deadline of the operation passed before the store answered.
    Timeout,
    /// The store returned an error.
    Store,
    /// What is stored cannot be read as what was asked for.
    Value,
    /// The key has another kind of data than the operation is for.
    Type,
    /// Others wrote the same keys at the same time, again and again; nothing was written.
    Conflict,
    /// There is a record already.
    Exists,
    /// The record has another version, or is gone.
    Modified,
    /// There is no such record.
    NotFound,
    /// More is in flight than may be at a time.
    Overload,
    /// The instance was closed.
    Closed,
    /// A read needs at least one store.
    NoStores,
    /// A defect of RedKV.
    Internal,
}

impl ErrorKind {
    /// Returns the stable code that callers compare, such as `ERR_REDKV_TIMEOUT`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Argument => "ERR_REDKV_ARGUMENT",
            Self::Unsupported => "ERR_REDKV_UNSUPPORTED",
            Self::Connection => "ERR_REDKV_CONNECTION",
            Self::Timeout => "ERR_REDKV_TIMEOUT",
            Self::Store => "ERR_REDKV_STORE",
            Self::Value => "ERR_REDKV_VALUE",
            Self::Type => "ERR_REDKV_TYPE",
            Self::Conflict => "ERR_REDKV_CONFLICT",
            Self::Exists => "ERR_REDKV_EXISTS",
            Self::Modified => "ERR_REDKV_MODIFIED",
            Self::NotFound => "ERR_REDKV_NOT_FOUND",
            Self::Overload => "ERR_REDKV_OVERLOAD",
            Self::Closed => "ERR_REDKV_CLOSED",
            Self::NoStores => "ERR_REDKV_NO_STORES",
            Self::Internal => "ERR_REDKV_INTERNAL",
        }
    }
}

/// Whether a write that failed may have been made all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The store has not made the change.
    NotApplied,
    /// It is unknown: the request left, the answer did not come.
    Unknown,
}

/// An error, cheap to clone because one failure answers every key of a batch.
///
/// Messages never hold values or credentials.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    store: Option<Arc<str>>,
    operation: Option<Operation>,
    field: Option<String>,
    place: Option<usize>,
    retryable: bool,
    outcome: Outcome,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    detail: Option<Arc<dyn Any + Send + Sync>>,
}

impl Error {
    /// Creates an error of `kind`. Connection failures and timeouts start out retryable with an unknown outcome,
    /// everything else as final and not applied.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let transient = matches!(kind, ErrorKind::Connection | ErrorKind::Timeout);
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            store: None,
            operation: None,
            field: None,
            place: None,
            retryable: transient,
            outcome: if transient { Outcome::Unknown } else { Outcome::NotApplied },
            source: None,
            detail: None,
        }))
    }

    /// Creates the error of an argument or option called `field` that cannot work.
    pub fn argument(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, message).about(field)
    }

    /// Creates the error of a store that cannot do what was asked.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Creates the error of an instance that was closed.
    pub fn closed() -> Self {
        Self::new(ErrorKind::Closed, "this instance was closed")
    }

    /// Creates the error of an instance without stores.
    pub fn no_stores() -> Self {
        Self::new(ErrorKind::NoStores, "no store was added to this instance")
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Sets the store that failed, unless it is known already.
    #[must_use]
    pub fn in_store(self, store: &Arc<str>) -> Self {
        if self.0.store.is_some() {
            return self;
        }
        self.with(|inner| inner.store = Some(store.clone()))
    }

    /// Sets the operation that failed, unless it is known already.
    #[must_use]
    pub fn with_operation_if_unset(self, operation: Operation) -> Self {
        if self.0.operation.is_some() {
            return self;
        }
        self.with(|inner| inner.operation = Some(operation))
    }

    /// Sets the operation that failed.
    #[must_use]
    pub fn with_operation(self, operation: Operation) -> Self {
        self.with(|inner| inner.operation = Some(operation))
    }

    /// Appends `note` to the message.
    #[must_use]
    pub fn noting(self, note: &str) -> Self {
        self.with(|inner| inner.message.push_str(note))
    }

    /// Sets the argument or option that it is about.
    #[must_use]
    pub fn about(self, field: impl Into<String>) -> Self {
        self.with(|inner| inner.field = Some(field.into()))
    }

    /// Sets which it is about of what was asked for together, from 0 on.
    #[must_use]
    pub fn at_place(self, place: usize) -> Self {
        self.with(|inner| inner.place = Some(place))
    }

    /// Sets whether the same call may succeed when it is made again.
    #[must_use]
    pub fn retryable(self, retryable: bool) -> Self {
        self.with(|inner| inner.retryable = retryable)
    }

    /// Sets whether a write that failed this way may have been made.
    #[must_use]
    pub fn outcome(self, outcome: Outcome) -> Self {
        self.with(|inner| inner.outcome = outcome)
    }

    /// Sets the error that caused it.
    #[must_use]
    pub fn caused_by(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.source = Some(Arc::new(source)))
    }

    /// Attaches a detail of any type. [`Error::told`] returns it to a caller that asks for this type.
    #[must_use]
    pub fn telling<T: Any + Send + Sync>(self, detail: T) -> Self {
        self.with(|inner| inner.detail = Some(Arc::new(detail)))
    }

    /// Returns the attached detail, if there is one and it is a `T`.
    pub fn told<T: Any>(&self) -> Option<&T> {
        self.0.detail.as_deref()?.downcast_ref()
    }

    /// Returns whether it equals `other` in every respect but the attached detail.
    pub fn is_like(&self, other: &Self) -> bool {
        let (one, two) = (&*self.0, &*other.0);
        let have_one_source = match (&one.source, &two.source) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        };
        have_one_source
            && (one.kind, one.operation, one.retryable, one.outcome)
                == (two.kind, two.operation, two.retryable, two.outcome)
            && (&one.store, &one.field, one.place) == (&two.store, &two.field, two.place)
            && one.message == two.message
    }

    /// Returns what went wrong, as far as a caller would act on it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns one sentence for a person.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the name of the store that failed.
    pub fn store(&self) -> Option<&str> {
        self.0.store.as_deref()
    }

    /// Returns the operation that failed.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// Returns the argument or option that is wrong.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// Returns which it is about of what was asked for together.
    pub fn place(&self) -> Option<usize> {
        self.0.place
    }

    /// Returns whether the same call may succeed when it is made again.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns whether a write that failed this way may have been made.
    pub fn may_have_applied(&self) -> bool {
        self.0.outcome == Outcome::Unknown
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(store) = &self.0.store {
            write!(f, "{store}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("store", &self.0.store)
            .field("operation", &self.0.operation)
            .field("field", &self.0.field)
            .field("retryable", &self.0.retryable)
            .field("outcome", &self.0.outcome)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
