//! Node-API as this addon uses it: a few calls with their preconditions, and nothing that decides.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

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

/// Text of up to this size is read without an allocation.
const ON_STACK: usize = 1024;

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

    /// A string of UTF-8 text.
    pub(crate) fn text(self, text: &str) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        let (data, length) = (text.as_ptr().cast(), text.len().cast_signed());
        if text.is_ascii() {
            // One byte a character, which the engine copies without looking at it.
            call!(napi_create_string_latin1(self.env, data, length, &mut value))?;
        } else {
            call!(napi_create_string_utf8(self.env, data, length, &mut value))?;
        }
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

    /// What `String(value)` gives.
    pub(crate) fn to_text(self, value: Value) -> JsResult<Value> {
        let mut text = ptr::null_mut();
        call!(napi_coerce_to_string(self.env, value, &mut text))?;
        Ok(text)
    }

    /// Shows the UTF-8 of a string to `read`; `None` if the value is no string.
    ///
    /// What is not well-formed UTF-16 comes with U+FFFD in its place: see [`Js::is_well_formed`].
    pub(crate) fn with_text<T>(self, value: Value, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let mut stack = [const { MaybeUninit::<u8>::uninit() }; ON_STACK];
        let mut length = 0;
        call!(napi_get_value_string_utf8(self.env, value, stack.as_mut_ptr().cast(), ON_STACK, &mut length))
            .ok()?;
        // A character has at most four bytes, and one byte is for the NUL: below that nothing was cut off.
        if length < ON_STACK - 4 {
            // SAFETY: the engine has written `length` bytes, which are within the array.
            return Some(read(unsafe { std::slice::from_raw_parts(stack.as_ptr().cast(), length) }));
        }
        call!(napi_get_value_string_utf8(self.env, value, ptr::null_mut(), 0, &mut length)).ok()?;
        let mut heap = vec![0_u8; length + 1];
        call!(napi_get_value_string_utf8(self.env, value, heap.as_mut_ptr().cast(), heap.len(), &mut length))
            .ok()?;
        heap.truncate(length);
        Some(read(&heap))
    }

    /// Whether a string has no lone surrogates, which UTF-8 cannot express.
    pub(crate) fn is_well_formed(self, value: Value) -> JsResult<bool> {
        let mut length = 0;
        call!(napi_get_value_string_utf16(self.env, value, ptr::null_mut(), 0, &mut length))?;
        let mut units = vec![0_u16; length + 1];
        call!(napi_get_value_string_utf16(self.env, value, units.as_mut_ptr(), units.len(), &mut length))?;
        units.truncate(length);
        Ok(char::decode_utf16(units).all(|unit| unit.is_ok()))
    }

    /// Shows the bytes of a `Uint8Array` (a `Buffer` is one) to `read`; `None` if the value is none.
    pub(crate) fn with_bytes<T>(self, value: Value, read: impl FnOnce(&[u8]) -> T) -> JsResult<Option<T>> {
        let mut is_typed_array = false;
        call!(napi_is_typedarray(self.env, value, &mut is_typed_array))?;
        if !is_typed_array {
            return Ok(None);
        }
        let (mut kind, mut length, mut data) = (0, 0, ptr::null_mut());
        call!(napi_get_typedarray_info(
            self.env,
            value,
            &mut kind,
            &mut length,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut()
        ))?;
        if kind != sys::TypedarrayType::uint8_array {
            return Ok(None);
        }
        if length == 0 || data.is_null() {
            return Ok(Some(read(&[])));
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
        let result = work();
        call!(napi_close_handle_scope(self.env, scope))?;
        result
    }

    /// Something that callbacks of the event loop itself come from.
    pub(crate) fn origin(self, name: &str) -> JsResult<Origin> {
        let mut context = ptr::null_mut();
        let name = self.text(name)?;
        call!(napi_async_init(self.env, ptr::null_mut(), name, &mut context))?;
        Ok(Origin(context))
    }

    /// Runs `work` in a callback of the event loop itself, as Node.js runs its own: what was made is reclaimed, and
    /// promises that were settled tell those who wait for them.
    pub(crate) fn in_callback(self, origin: &Origin, work: impl FnOnce()) -> JsResult<()> {
        self.in_scope(|| {
            let (mut scope, resource) = (ptr::null_mut(), self.undefined()?);
            call!(napi_open_callback_scope(self.env, resource, origin.0, &mut scope))?;
            work();
            call!(napi_close_callback_scope(self.env, scope))
        })
    }

    /// Keeps `value` from being collected, for as long as the environment lives.
    pub(crate) fn keep(self, value: Value) -> JsResult<Kept> {
        let mut reference = ptr::null_mut();
        call!(napi_create_reference(self.env, value, 1, &mut reference))?;
        Ok(Kept(reference))
    }

    pub(crate) fn kept(self, kept: &Kept) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_get_reference_value(self.env, kept.0, &mut value))?;
        Ok(value)
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

/// Where callbacks of the event loop itself come from, for those who trace such things.
#[derive(Debug)]
pub(crate) struct Origin(sys::napi_async_context);

/// A value that the engine does not collect.
#[derive(Debug)]
pub(crate) struct Kept(sys::napi_ref);

/// A function that the engine calls.
pub(crate) type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Value;

unsafe extern "C" fn release<T>(_env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: `functions` made the pointer with `Rc::into_raw`, once for this finalizer, which runs once.
    let released =
        catch_unwind(AssertUnwindSafe(|| drop(unsafe { std::rc::Rc::from_raw(data.cast::<T>()) })));
    // A panic in a destructor must not reach the engine.
    drop(released);
}

/// Runs the body of a callback made by [`Js::functions`]: reads up to `N` arguments, hands out the data, and keeps
/// panics away from the engine.
///
/// # Safety
/// Must be called from such a callback with its arguments, and `T` must be the type of its data.
pub(crate) unsafe fn callback<T, const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(Js, &T, [Value; N]) -> JsResult<Value>,
    report: impl FnOnce(Js, &T),
) -> Value {
    let js = Js { env };
    let mut arguments = [ptr::null_mut(); N];
    let (mut count, mut data) = (N, ptr::null_mut());
    let read =
        call!(napi_get_cb_info(env, info, &mut count, arguments.as_mut_ptr(), ptr::null_mut(), &mut data));
    if read.is_err() || data.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the caller promises the type; the function that is running keeps the data alive.
    let data = unsafe { &*data.cast::<T>() };
    let result = catch_unwind(AssertUnwindSafe(|| body(js, data, arguments)));
    match result {
        Ok(Ok(value)) => value,
        Ok(Err(Pending)) => ptr::null_mut(),
        Err(_panic) => {
            // Reporting may not panic either, or the process ends.
            let _ = catch_unwind(AssertUnwindSafe(|| report(js, data)));
            ptr::null_mut()
        }
    }
}
