//! Polls a descriptor in the event loop of JavaScript.
//!
//! The loop belongs to libuv, whose functions every Node.js exports. They are looked up when they are first needed: an
//! addon that asked for them by name would not load where they are missing.

use std::alloc::{Layout, alloc, dealloc};
use std::ffi::{CStr, c_int, c_void};
use std::os::fd::RawFd;
use std::ptr;

use napi::sys;

use crate::node_api::{Js, JsResult, Pending};

/// What runs on the JavaScript thread when the descriptor is readable.
pub(crate) type Ready = unsafe fn(Js, *mut c_void);

/// A `uv_poll_t`: only libuv looks inside.
type Handle = c_void;

macro_rules! libuv {
    ($($field:ident = $name:literal: $type:ty;)*) => {
        /// The functions of libuv that are used here.
        #[derive(Clone, Copy)]
        struct Libuv {
            $($field: $type,)*
        }

        impl Libuv {
            /// The functions, if the process has them all.
            fn find() -> Option<Self> {
                // SAFETY: functions of libuv's stable interface, with the types that its headers give them.
                Some(Self { $($field: unsafe { std::mem::transmute::<*mut c_void, $type>(symbol($name)?) },)* })
            }
        }
    };
}

libuv! {
    handle_size = c"uv_handle_size": unsafe extern "C" fn(c_int) -> usize;
    poll_init = c"uv_poll_init": unsafe extern "C" fn(*mut sys::uv_loop_s, *mut Handle, c_int) -> c_int;
    poll_start = c"uv_poll_start": unsafe extern "C" fn(*mut Handle, c_int, Readable) -> c_int;
    unref = c"uv_unref": unsafe extern "C" fn(*mut Handle);
    close = c"uv_close": unsafe extern "C" fn(*mut Handle, Option<unsafe extern "C" fn(*mut Handle)>);
    set_data = c"uv_handle_set_data": unsafe extern "C" fn(*mut Handle, *mut c_void);
}

/// A `uv_poll_cb`.
type Readable = unsafe extern "C" fn(*mut Handle, c_int, c_int);

/// `UV_POLL` among the kinds of handles.
const POLL: c_int = 8;
/// `UV_READABLE` among the events.
const READABLE: c_int = 1;

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: a look-up among the symbols of the process, by a name that ends in NUL.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!symbol.is_null()).then_some(symbol)
}

/// What a handle carries.
struct Watch {
    libuv: Libuv,
    handle: *mut Handle,
    layout: Layout,
    env: sys::napi_env,
    ready: Ready,
    data: *mut c_void,
    /// There while the environment has not released the handle.
    hook: sys::napi_async_cleanup_hook_handle,
    /// Whether libuv is closing the handle.
    is_closing: bool,
}

/// A descriptor that is being looked at.
#[derive(Debug)]
pub(crate) struct UvPoll(*mut Watch);

impl UvPoll {
    /// Ends the looking: the descriptor may be closed, and nothing is called any more.
    ///
    /// # Safety
    /// On the JavaScript thread, and not after the environment has run its cleanup hooks.
    pub(crate) unsafe fn end(self) {
        // SAFETY: the `Watch` lives until `closed`, which only this and the cleanup hook lead to.
        unsafe { close(self.0) };
    }
}

/// Runs `ready` with `data` on this thread whenever `descriptor` is readable, until the [end](UvPoll::end) of that or
/// of the environment. That alone does not keep the process alive.
///
/// # Safety
/// `descriptor` and `data` must stay valid until then, or until cleanup hooks run that were added to the environment
/// before.
pub(crate) unsafe fn watch(js: Js, descriptor: RawFd, ready: Ready, data: *mut c_void) -> JsResult<UvPoll> {
    let libuv = Libuv::find().ok_or(Pending)?;
    let mut event_loop = ptr::null_mut();
    // SAFETY: within a callback of this environment.
    if unsafe { sys::napi_get_uv_event_loop(js.raw(), &mut event_loop) } != sys::Status::napi_ok {
        return Err(Pending);
    }
    // SAFETY: `POLL` is a kind of handle.
    let size = unsafe { (libuv.handle_size)(POLL) };
    let layout = Layout::from_size_align(size, 16).map_err(|_| Pending)?;
    if size == 0 {
        return Err(Pending);
    }
    // SAFETY: the size is not zero.
    let handle: *mut Handle = unsafe { alloc(layout) }.cast();
    if handle.is_null() {
        return Err(Pending);
    }
    // SAFETY: memory of the size that libuv asked for, the loop of this thread, and an open descriptor.
    if unsafe { (libuv.poll_init)(event_loop, handle, descriptor) } != 0 {
        // SAFETY: allocated above with this layout; libuv has not kept it.
        unsafe { dealloc(handle.cast(), layout) };
        return Err(Pending);
    }
    let hook = ptr::null_mut();
    let watch = Watch { libuv, handle, layout, env: js.raw(), ready, data, hook, is_closing: false };
    let watch = Box::into_raw(Box::new(watch));
    // SAFETY: an initialised handle; `closed` frees it and what it carries, once, after the last call of `readable`.
    unsafe {
        (libuv.set_data)(handle, watch.cast());
        let added =
            sys::napi_add_async_cleanup_hook(js.raw(), Some(end), watch.cast(), &raw mut (*watch).hook);
        let started = (libuv.poll_start)(handle, READABLE, readable);
        if added != sys::Status::napi_ok || started != 0 {
            close(watch);
            return Err(Pending);
        }
        (libuv.unref)(handle);
    }
    Ok(UvPoll(watch))
}

/// Closes the handle, once.
///
/// # Safety
/// `watch` must be one that [`watch`] made and that was not given back by [`closed`], on its thread.
unsafe fn close(watch: *mut Watch) {
    // SAFETY: by the contract above.
    unsafe {
        if !std::mem::replace(&mut (*watch).is_closing, true) {
            ((*watch).libuv.close)((*watch).handle, Some(closed));
        }
    }
}

/// Runs on the JavaScript thread when the descriptor is readable.
unsafe extern "C" fn readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    // A panic must not reach the event loop.
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: `watch` gave the handle a `Watch`, which lives until `closed`; no reference to it is kept over the
        // call, in which the environment might end.
        let (ready, env, data) = unsafe {
            let watch = data_of(handle);
            ((*watch).ready, (*watch).env, (*watch).data)
        };
        // SAFETY: the thread of the environment, which has not ended: `end` would have stopped these calls.
        unsafe { ready(Js::new(env), data) };
    });
}

/// # Safety
/// `handle` must be one that [`watch`] made and that was not closed.
unsafe fn data_of(handle: *mut Handle) -> *mut Watch {
    // The first member of every handle is its data.
    // SAFETY: by the contract above.
    unsafe { *handle.cast::<*mut Watch>() }
}

/// Runs when the environment ends.
unsafe extern "C" fn end(_hook: sys::napi_async_cleanup_hook_handle, watch: *mut c_void) {
    // SAFETY: `watch` added this hook with a `Watch` that lives until `closed`, which removes the hook.
    unsafe { close(watch.cast()) };
}

/// Runs on the JavaScript thread when libuv has closed a handle.
unsafe extern "C" fn closed(handle: *mut Handle) {
    // SAFETY: called once for each handle; from here on nobody knows it or what it carries.
    unsafe {
        let watch = Box::from_raw(data_of(handle));
        if !watch.hook.is_null() {
            sys::napi_remove_async_cleanup_hook(watch.hook);
        }
        dealloc(handle.cast(), watch.layout);
    }
}
