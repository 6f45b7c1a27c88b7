//! Calls in both directions, and the scopes around them.

#[cfg(unix)]
use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::rc::Rc;

use napi::sys;

use super::js::{Js, JsResult, Pending, Value};

/// A function that the engine calls.
pub(crate) type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Value;

/// Where callbacks of the event loop itself come from, for those who trace such things.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(crate) struct Origin(Cell<sys::napi_async_context>);

impl Js {
    /// Calls a function without a receiver.
    pub(crate) fn call(self, function: Value, arguments: &[Value]) -> JsResult<Value> {
        let mut result = ptr::null_mut();
        let receiver = self.undefined()?;
        let (count, values) = (arguments.len(), arguments.as_ptr());
        call!(napi_call_function(self.env, receiver, function, count, values, &mut result))?;
        Ok(result)
    }

    /// An `Error`, made by the engine itself: no code of anybody runs.
    pub(crate) fn bare_error(self, message: &str) -> JsResult<Value> {
        let mut error = ptr::null_mut();
        call!(napi_create_error(self.env, ptr::null_mut(), self.text(message)?, &mut error))?;
        Ok(error)
    }

    pub(crate) fn throw(self, error: Value) -> Pending {
        // When even that fails an exception is pending already.
        let _ = call!(napi_throw(self.env, error));
        Pending
    }

    /// Forgets a pending exception, so that later calls work again.
    pub(crate) fn clear_exception(self) {
        let mut exception = ptr::null_mut();
        let _ = call!(napi_get_and_clear_last_exception(self.env, &mut exception));
    }

    /// Runs `work`, and gives back what it made for the engine to reclaim.
    pub(crate) fn in_scope<T>(self, work: impl FnOnce() -> JsResult<T>) -> JsResult<T> {
        let mut scope = ptr::null_mut();
        call!(napi_open_handle_scope(self.env, &mut scope))?;
        // The engine ends the process over a scope that is left open.
        let result = catch_unwind(AssertUnwindSafe(work));
        let closed = call!(napi_close_handle_scope(self.env, scope));
        let result = result.unwrap_or_else(|panic| resume_unwind(panic))?;
        closed.map(|()| result)
    }

    /// Makes `origin` something that callbacks of the event loop itself can come from.
    #[cfg(unix)]
    pub(crate) fn begin_origin(self, origin: &Origin, name: &str) -> JsResult<()> {
        let mut context = ptr::null_mut();
        let name = self.text(name)?;
        call!(napi_async_init(self.env, ptr::null_mut(), name, &mut context))?;
        origin.0.set(context);
        Ok(())
    }

    /// Gives up what [`Js::begin_origin`] took.
    #[cfg(unix)]
    pub(crate) fn end_origin(self, origin: &Origin) {
        let context = origin.0.replace(ptr::null_mut());
        if !context.is_null() {
            // It only fails for what is no context.
            let _ = call!(napi_async_destroy(self.env, context));
        }
    }

    /// Runs `work` in a callback of the event loop itself, as Node.js runs its own: what was made is reclaimed, and
    /// those who wait for promises that were settled run.
    #[cfg(unix)]
    pub(crate) fn in_callback(self, origin: &Origin, work: impl FnOnce()) -> JsResult<()> {
        self.in_scope(|| {
            let (mut scope, resource) = (ptr::null_mut(), self.undefined()?);
            call!(napi_open_callback_scope(self.env, resource, origin.0.get(), &mut scope))?;
            let worked = catch_unwind(AssertUnwindSafe(work));
            let closed = call!(napi_close_callback_scope(self.env, scope));
            worked.unwrap_or_else(|panic| resume_unwind(panic));
            closed
        })
    }

    /// Reads as many arguments of a call as there is room for, and answers how many there are, and the data of the
    /// function.
    pub(crate) fn read_call(
        self,
        info: sys::napi_callback_info,
        room: &mut [Value],
    ) -> JsResult<(usize, *mut c_void)> {
        let (mut count, mut data) = (room.len(), ptr::null_mut());
        call!(napi_get_cb_info(self.env, info, &mut count, room.as_mut_ptr(), ptr::null_mut(), &mut data))?;
        if data.is_null() { Err(Pending) } else { Ok((count, data)) }
    }

    /// An object with functions that are called with `data`, which lives as long as any of them.
    pub(crate) fn functions<T: 'static>(
        self,
        data: &Rc<T>,
        functions: &[(&'static str, Callback)],
    ) -> JsResult<Value> {
        let mut object = ptr::null_mut();
        call!(napi_create_object(self.env, &mut object))?;
        for (name, callback) in functions {
            let (text, length) = (name.as_ptr().cast(), name.len().cast_signed());
            let pointer = Rc::into_raw(data.clone()).cast_mut().cast::<c_void>();
            let mut function = ptr::null_mut();
            call!(napi_create_function(self.env, text, length, Some(*callback), pointer, &mut function))?;
            call!(napi_add_finalizer(
                self.env,
                function,
                pointer,
                Some(release::<T>),
                ptr::null_mut(),
                ptr::null_mut()
            ))?;
            let key = self.text(name)?;
            call!(napi_set_property(self.env, object, key, function))?;
        }
        Ok(object)
    }
}

unsafe extern "C" fn release<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `functions` made the pointer with `Rc::into_raw`, once for this finalizer, which runs once.
    let released = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Rc::from_raw(data.cast::<T>()) })));
    // A panic in a destructor must not reach the engine.
    drop(released);
}
