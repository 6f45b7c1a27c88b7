//! Node-API as this addon uses it: a few calls with their preconditions, and nothing that decides.

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

use napi::sys;

/// A JavaScript value, valid until the callback that received it returns.
pub(crate) type Value = sys::napi_value;

/// A JavaScript exception is pending, or the engine is going down: nothing is left to do but to return.
#[derive(Debug)]
pub(crate) struct Pending;

pub(crate) type JsResult<T> = Result<T, Pending>;

/// The kinds of values that are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Undefined,
    Null,
    String,
    Number,
    BigInt,
    Object,
    Other(&'static str),
}

/// The JavaScript engine of the current thread, within a callback from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Js {
    pub(super) env: sys::napi_env,
}

impl Js {
    /// Returns the engine of `env`.
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

    /// A bigint.
    pub(crate) fn big_integer(self, number: i64) -> JsResult<Value> {
        let mut value = ptr::null_mut();
        call!(napi_create_bigint_int64(self.env, number, &mut value))?;
        Ok(value)
    }

    /// The integer that a bigint is; `None` if it has more than 64 bits.
    pub(crate) fn bigint(self, value: Value) -> JsResult<Option<i64>> {
        let (mut number, mut is_lossless) = (0, false);
        call!(napi_get_value_bigint_int64(self.env, value, &mut number, &mut is_lossless))?;
        Ok(is_lossless.then_some(number))
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
            sys::ValueType::napi_bigint => Type::BigInt,
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
}

/// A copy of bytes that other threads may change meanwhile.
///
/// # Safety
/// `length` bytes must be there.
unsafe fn copy_of_shared(data: *mut u8, length: usize) -> Vec<u8> {
    // SAFETY: by the contract above; whoever else writes there does so as JavaScript does, byte by byte.
    (0..length).map(|at| unsafe { AtomicU8::from_ptr(data.add(at)) }.load(Ordering::Relaxed)).collect()
}
