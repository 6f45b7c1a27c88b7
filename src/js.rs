//! Node-API as this addon uses it: a few calls with their preconditions, and nothing that decides.

use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

use napi::sys;

/// A JavaScript value, valid until the callback that received it returns.
pub(crate) type Value = sys::napi_value;

/// A JavaScript exception is pending, or the engine is going down: nothing is left to do but to return.
#[derive(Debug)]
pub(crate) struct Pending;

pub(crate) type JsResult<T> = Result<T, Pending>;

/// The kinds of values that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Undefined,
    Null,
    String,
    Number,
    Object,
    Other(&'static str),
}

/// The JavaScript engine of the current thread, within a callback from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Js {
    env: sys::napi_env,
}

macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {
        // SAFETY: `Js` exists only within a callback from the engine, on its thread, so `env` and the values in its
        // hands are valid; the pointers are to locals that outlive the call.
        match unsafe { sys::$function($($argument),*) } {
            sys::Status::napi_ok => Ok(()),
            _ => Err(Pending),
        }
    };
}

impl Js {
    /// The engine behind `env`.
    ///
    /// # Safety
    /// `env` must be the environment of the callback that is running on this thread.
    pub(crate) unsafe fn new(env: sys::napi_env) -> Self {
        Self { env }
    }

    pub(crate) fn raw(self) -> sys::napi_env {
        self.env
    }

    pub(crate) fn undefined(self) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_get_undefined(self.env, &mut value))?;
        Ok(value)
    }

    pub(crate) fn null(self) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_get_null(self.env, &mut value))?;
        Ok(value)
    }

    pub(crate) fn boolean(self, boolean: bool) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_get_boolean(self.env, boolean, &mut value))?;
        Ok(value)
    }

    pub(crate) fn number(self, number: u32) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_create_uint32(self.env, number, &mut value))?;
        Ok(value)
    }

    pub(crate) fn integer(self, number: i32) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_create_int32(self.env, number, &mut value))?;
        Ok(value)
    }

    pub(crate) fn double(self, number: f64) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_create_double(self.env, number, &mut value))?;
        Ok(value)
    }

    /// A string of UTF-8 text.
    pub(crate) fn text(self, text: &str) -> JsResult<Value> {
        if text.is_ascii() {
            return self.ascii(text.as_bytes());
        }
        let mut value = ptr::null_mut();
        let (data, length) = (text.as_ptr().cast(), text.len().cast_signed());
        call!(napi_create_string_utf8(self.env, data, length, &mut value))?;
        Ok(value)
    }

    /// A string of ASCII text, which the engine copies without looking at it.
    pub(crate) fn ascii(self, text: &[u8]) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        let (data, length) = (text.as_ptr().cast(), text.len().cast_signed());
        call!(napi_create_string_latin1(self.env, data, length, &mut value))?;
        Ok(value)
    }

    /// A `Buffer` with a copy of `bytes`.
    pub(crate) fn buffer(self, bytes: &[u8]) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        let data = bytes.as_ptr().cast();
        call!(napi_create_buffer_copy(self.env, bytes.len(), data, ptr::null_mut(), &mut value))?;
        Ok(value)
    }

    pub(crate) fn array(self, items: &[Value]) -> JsResult<Value> {
        let mut array = ptr::null_mut();
        call!(napi_create_array_with_length(self.env, items.len(), &mut array))?;
        for (index, item) in (0..).zip(items) {
            call!(napi_set_element(self.env, array, index, *item))?;
        }
        Ok(array)
    }

    /// The length of an array, or `None` if it is none.
    pub(crate) fn array_length(self, value: Value) -> JsResult<Option<u32>> {
        let mut is_array = false;
        call!(napi_is_array(self.env, value, &mut is_array))?;
        if !is_array {
            return Ok(None);
        }
        let mut length = 0;
        call!(napi_get_array_length(self.env, value, &mut length))?;
        Ok(Some(length))
    }

    pub(crate) fn element(self, array: Value, index: u32) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_get_element(self.env, array, index, &mut value))?;
        Ok(value)
    }

    pub(crate) fn type_of(self, value: Value) -> JsResult<Type> {
        let mut kind = 0;
        call!(napi_typeof(self.env, value, &mut kind))?;
        Ok(match kind {
            sys::ValueType::napi_undefined => Type::Undefined,
            sys::ValueType::napi_null => Type::Null,
            sys::ValueType::napi_string => Type::String,
            sys::ValueType::napi_number => Type::Number,
            sys::ValueType::napi_object => Type::Object,
            sys::ValueType::napi_boolean => Type::Other("a boolean"),
            sys::ValueType::napi_symbol => Type::Other("a symbol"),
            sys::ValueType::napi_function => Type::Other("a function"),
            sys::ValueType::napi_bigint => Type::Other("a bigint"),
            _ => Type::Other("something else"),
        })
    }

    pub(crate) fn float(self, value: Value) -> JsResult<f64> {
        let mut number = 0.0;
        call!(napi_get_value_double(self.env, value, &mut number))?;
        Ok(number)
    }

    /// Whether a boolean is `true`.
    pub(crate) fn truth(self, value: Value) -> JsResult<bool> {
        let mut truth = false;
        call!(napi_get_value_bool(self.env, value, &mut truth))?;
        Ok(truth)
    }

    /// What `String(value)` gives.
    pub(crate) fn to_text(self, value: Value) -> JsResult<Value> {
        let mut text = ptr::null_mut();
        call!(napi_coerce_to_string(self.env, value, &mut text))?;
        Ok(text)
    }

    /// Reads the UTF-16 units of a string, as many as there is `room` for but one, and answers how many these are;
    /// `None` if the value is no string.
    pub(crate) fn units(self, value: Value, room: &mut [MaybeUninit<u16>]) -> Option<usize> {
        let mut length = 0;
        call!(napi_get_value_string_utf16(
            self.env,
            value,
            room.as_mut_ptr().cast(),
            room.len(),
            &mut length
        ))
        .ok()?;
        Some(length)
    }

    /// How many UTF-16 units a string has; `None` if the value is no string.
    pub(crate) fn units_length(self, value: Value) -> Option<usize> {
        let mut length = 0;
        call!(napi_get_value_string_utf16(self.env, value, ptr::null_mut(), 0, &mut length)).ok()?;
        Some(length)
    }

    /// The text of a string, with U+FFFD for what is not well-formed; `None` if the value is no string.
    pub(crate) fn string(self, value: Value) -> Option<String> {
        let mut units = vec![0; self.units_length(value)? + 1];
        let mut length = 0;
        call!(napi_get_value_string_utf16(self.env, value, units.as_mut_ptr(), units.len(), &mut length))
            .ok()?;
        Some(String::from_utf16_lossy(&units[..length]))
    }

    /// Shows the bytes of a `Uint8Array` (a `Buffer` is one) to `read`; `None` if the value is none, or has none any more.
    pub(crate) fn with_bytes<T>(self, value: Value, read: impl FnOnce(&[u8]) -> T) -> JsResult<Option<T>> {
        let mut is_typed_array = false;
        call!(napi_is_typedarray(self.env, value, &mut is_typed_array))?;
        if !is_typed_array {
            return Ok(None);
        }
        let (mut kind, mut length, mut data, mut buffer) = (0, 0, ptr::null_mut(), ptr::null_mut());
        call!(napi_get_typedarray_info(
            self.env,
            value,
            &mut kind,
            &mut length,
            &mut data,
            &mut buffer,
            ptr::null_mut()
        ))?;
        if kind != sys::TypedarrayType::uint8_array {
            return Ok(None);
        }
        if length == 0 || data.is_null() {
            // What was transferred to somewhere else looks as if it were empty.
            let mut is_detached = false;
            call!(napi_is_detached_arraybuffer(self.env, buffer, &mut is_detached))?;
            return Ok((!is_detached).then(|| read(&[])));
        }
        let mut is_own = false;
        call!(napi_is_arraybuffer(self.env, buffer, &mut is_own))?;
        if !is_own {
            // Of a `SharedArrayBuffer`: another thread may be writing there.
            // SAFETY: the engine says that `length` bytes are there.
            return Ok(Some(read(&unsafe { copy_of_shared(data.cast(), length) })));
        }
        // SAFETY: the engine says that `length` bytes are there; no JavaScript runs while `read` looks at them.
        Ok(Some(read(unsafe { std::slice::from_raw_parts(data.cast(), length) })))
    }

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
    /// promises that were settled tell those who wait for them.
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

    /// Keeps `value` from being collected until it is [let go](Self::let_go).
    pub(crate) fn keep(self, value: Value) -> JsResult<Kept> {
        let mut reference = ptr::null_mut();
        call!(napi_create_reference(self.env, value, 1, &mut reference))?;
        Ok(Kept(Cell::new(reference)))
    }

    /// Whether values are kept from being collected; else they are there as long as something else has them.
    pub(crate) fn hold_all<const N: usize>(self, kept: [&Kept; N], holds: bool) {
        let change = if holds { sys::napi_reference_ref } else { sys::napi_reference_unref };
        for kept in kept {
            let mut count = 0;
            // SAFETY: within a callback, and it only fails for what is no reference.
            unsafe { change(self.env, kept.0.get(), &mut count) };
        }
    }

    /// From here on the value is not there any more.
    pub(crate) fn let_go(self, kept: &Kept) {
        let reference = kept.0.replace(ptr::null_mut());
        if !reference.is_null() {
            // It only fails for what is no reference.
            let _ = call!(napi_delete_reference(self.env, reference));
        }
    }

    pub(crate) fn kept(self, kept: &Kept) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_get_reference_value(self.env, kept.0.get(), &mut value))?;
        Ok(value)
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
        data: &std::rc::Rc<T>,
        functions: &[(&'static str, Callback)],
    ) -> JsResult<Value> {
        let mut object = ptr::null_mut();
        call!(napi_create_object(self.env, &mut object))?;
        for (name, callback) in functions {
            let (text, length) = (name.as_ptr().cast(), name.len().cast_signed());
            let pointer = std::rc::Rc::into_raw(data.clone()).cast_mut().cast::<c_void>();
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

/// A copy of bytes that other threads may change meanwhile.
///
/// # Safety
/// `length` bytes must be there.
unsafe fn copy_of_shared(data: *mut u8, length: usize) -> Vec<u8> {
    // SAFETY: by the contract above; whoever else writes there does so as JavaScript does, byte by byte.
    (0..length).map(|at| unsafe { AtomicU8::from_ptr(data.add(at)) }.load(Ordering::Relaxed)).collect()
}

/// Where callbacks of the event loop itself come from, for those who trace such things.
#[cfg(unix)]
#[derive(Debug, Default)]
pub(crate) struct Origin(Cell<sys::napi_async_context>);

/// A value that the engine does not collect.
#[derive(Debug)]
pub(crate) struct Kept(Cell<sys::napi_ref>);

/// A function that the engine calls.
pub(crate) type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Value;

unsafe extern "C" fn release<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `functions` made the pointer with `Rc::into_raw`, once for this finalizer, which runs once.
    let released =
        catch_unwind(AssertUnwindSafe(|| drop(unsafe { std::rc::Rc::from_raw(data.cast::<T>()) })));
    // A panic in a destructor must not reach the engine.
    drop(released);
}
