//! Reports a panic, here or in a library, as an error to the callers that wait for what panicked, and to nobody else.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::error::{Error, ErrorKind, Outcome, Result};

thread_local! {
    /// What the last panic of this thread said, and where; known where [`note`] is told of panics.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Whether the next panic of this thread becomes an error that somebody is told of.
    static IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Returns the output of `future`, or the error for its panic.
pub async fn caught<T>(future: impl Future<Output = T>) -> Result<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let before = IS_TOLD.replace(true);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        IS_TOLD.set(before);
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(error_of(&*panic))),
        }
    })
    .await
}

/// Returns the result of `work`, or the error for its panic.
pub fn caught_now<T>(work: impl FnOnce() -> T) -> Result<T> {
    let before = IS_TOLD.replace(true);
    let worked = catch_unwind(AssertUnwindSafe(work));
    IS_TOLD.set(before);
    worked.map_err(|panic| error_of(&*panic))
}

/// Why something that is being dropped did not come to its end: the panic that drops it, or else what `otherwise` says.
pub fn lost(otherwise: impl FnOnce() -> Error) -> Error {
    dropping().unwrap_or_else(otherwise)
}

/// The panic that drops what is being dropped, if one does.
pub fn dropping() -> Option<Error> {
    std::thread::panicking().then(|| defect(LAST.with_borrow(Option::clone)))
}

/// For a hook of panics: notes what the panic says, and answers whether that becomes an error of a caller, so that it
/// needs no other word.
pub fn note(info: &PanicHookInfo<'_>) -> bool {
    let message = text_of(info.payload()).unwrap_or("no message");
    let noted = info.location().map_or_else(
        || message.to_owned(),
        |place| format!("{message}, at {}:{}", within_its_crate(place.file()), place.line()),
    );
    // A thread that is ending has no such variables any more.
    LAST.try_with(|last| *last.borrow_mut() = Some(noted)).ok();
    IS_TOLD.try_with(Cell::get).unwrap_or(false)
}

/// The path of a file of a library, without the folder where it was when this was built.
fn within_its_crate(path: &str) -> &str {
    let of_a_library = path.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    of_a_library.map_or(path, |(_, path)| path)
}

/// The error for a panic of this thread that was caught just now.
pub fn error_of(panic: &(dyn Any + Send)) -> Error {
    let noted = LAST.with_borrow_mut(Option::take);
    defect(noted.or_else(|| text_of(panic).map(str::to_owned)))
}

fn defect(message: Option<String>) -> Error {
    let message = message.map(|text| format!(": {text}")).unwrap_or_default();
    Error::new(ErrorKind::Internal, format!("a defect of RedKV, or of a library in it{message}"))
        .outcome(Outcome::Unknown)
}

/// What a panic says, but for the text that it happened upon: that may be a value.
fn text_of(panic: &(dyn Any + Send)) -> Option<&str> {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.split(" of `").next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_what_happened() {
        let error = caught(async { panic!("no {}", "luck") }).await.map(|(): ()| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains(": no luck"), "{error}");
        assert!(error.may_have_applied());
    }

    #[tokio::test]
    async fn what_does_not_panic_is_as_it_is() {
        assert!(caught(tokio::task::yield_now()).await.is_ok());
    }

    #[tokio::test]
    async fn a_panic_about_a_text_does_not_repeat_it() {
        let value = String::from("sécret");
        let error = caught(async { value[..2].len() }).await.unwrap_err();
        assert!(!error.message().contains("cret"), "{error}");
    }

    #[tokio::test]
    async fn what_a_panic_drops_tells_of_the_panic() {
        struct Dropped<'a>(&'a Cell<Option<ErrorKind>>);
        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.set(Some(lost(Error::closed).kind()));
            }
        }
        let told = Cell::new(None);
        drop(Dropped(&told));
        assert_eq!(told.get(), Some(ErrorKind::Closed));
        let panicking = async {
            let _dropped = Dropped(&told);
            panic!("on purpose");
        };
        caught(panicking).await.map(|(): ()| ()).unwrap_err();
        assert_eq!(told.get(), Some(ErrorKind::Internal));
    }
}
