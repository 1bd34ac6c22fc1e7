//! Programs for `rsd` in Rust: send a message to an interface, answer one, wait for one; as futures.
//!
//! ```ignore
//! use redshirt::{handle, interface, Interface};
//!
//! const ECHO: Interface = interface("example:echo");
//!
//! redshirt::main!(run);
//! async fn run() -> redshirt::Result<()> {
//!     let mut messages = handle(&ECHO).await?;
//!     while let Some(message) = messages.next().await {
//!         let body = message.body().to_vec();
//!         message.answer(&body);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The crate depends on nothing and is built for `wasm32-wasi` and `wasm32-unknown-unknown`. It needs `alloc` only:
//! programs that link `std`, which both targets have, get allocator and panic handler from there, and others bring
//! their own.
//!
//! What it promises:
//!
//! * A message that wants an answer completes exactly once. Dropping the future of [`send()`] lets go of the message.
//! * Nothing is ever [busy](Status::BUSY) for the program: what cannot go yet is kept and sent as soon as it can, what
//!   goes to one interface in its order.
//! * What others can make it remember is bounded: it takes no more messages while [`sys::BACKLOG_MESSAGES`] of them
//!   wait to be handled (and refuses them as busy when it waits for nothing else), and keeps no more than
//!   [`sys::KEPT_BYTES`] of answers for clients that do not take them: then they hear only that it was too much.
//! * A [`Message`] that is dropped without an answer is answered: [`Status::HANDLER_GONE`].
//!
//! A program has one thread and one executor, which begins with [`main!`] or [`block_on()`].

#![no_std]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(any(feature = "std", doc))]
extern crate std;

#[cfg(target_feature = "atomics")]
compile_error!("a program of rsd has one thread");

mod combine;
mod exchange;
mod executor;
mod handler;
mod host;
mod interfaces;
mod local;
mod outgoing;
mod status;
pub mod sys;
mod wire;

pub use combine::{join, join_all, select, timeout, Either};
pub use executor::{block_on, spawn, yield_now, Task};
pub use handler::{gone, handle, handle_with_limit, stopping, Gone, Message, Messages};
pub use host::{log, now, random, sleep, sleep_until, Level, Now};
pub use outgoing::{call, flushed, send, send_pieces, tell, tell_rpc, Answer, Sent};
pub use status::{Error, Result, Status};

/// The name of an interface: the hash of its definition, or a readable constant.
pub type Interface = [u8; 32];

/// An interface that is named by up to 32 bytes of text.
pub const fn interface(name: &str) -> Interface {
    let name = name.as_bytes();
    let mut interface = [0; 32];
    let mut i = 0;
    while i < name.len() {
        interface[i] = name[i];
        i += 1;
    }
    interface
}

/// Makes `async fn NAME() -> redshirt::Result<()>` the program. If it fails, the error is logged and the program ends
/// with status 1 (without WASI: with a trap).
#[macro_export]
macro_rules! main {
    ($run:path) => {
        fn main() {
            let result = $crate::block_on($run());
            if let Err(error) = &result {
                $crate::log($crate::Level::Error, &::std::format!("{}\n", error));
            }
            $crate::block_on($crate::timeout(::core::time::Duration::from_secs(1), $crate::flushed()));
            if result.is_err() {
                #[cfg(target_os = "wasi")]
                ::std::process::exit(1);
                #[cfg(not(target_os = "wasi"))]
                ::std::process::abort();
            }
        }

        /// Where a program begins that has no WASI; there nobody else would show what a panic says.
        #[cfg(all(target_arch = "wasm32", not(target_os = "wasi")))]
        #[no_mangle]
        extern "C" fn _start() {
            ::std::panic::set_hook(::std::boxed::Box::new(|panic| {
                $crate::log($crate::Level::Error, &::std::format!("{}\n", panic))
            }));
            main()
        }
    };
}

/// A record of the manifest: what the program says it uses or handles, and why.
///
/// ```ignore
/// mod counter; // written by rs-ifgen from counter.proto
///
/// redshirt::manifest!(uses counter, "to count your visitors");
/// redshirt::manifest!(registers counter, "to count for others");
/// redshirt::manifest!(uses (interface("example:echo"), "echo"), "to hear itself");
/// ```
///
/// The reason is one line of at most 200 bytes. People read it when they are to decide, and a program that has a
/// manifest may do no more than it says. What every program may use (log, time, random, console, interface) need not be
/// named.
#[macro_export]
macro_rules! manifest {
    (uses $($what:tt)+) => { $crate::manifest!(@ 1, $($what)+); };
    (registers $($what:tt)+) => { $crate::manifest!(@ 2, $($what)+); };
    (@ $right:literal, ($interface:expr, $name:expr), $reason:expr) => {
        const _: () = {
            const BYTES: usize = $crate::manifest_record_bytes($name, $reason);
            #[used]
            #[cfg_attr(target_arch = "wasm32", link_section = "redshirt.manifest")]
            static RECORD: [u8; BYTES] = $crate::manifest_record($right, &$interface, $name, $reason);
        };
    };
    (@ $right:literal, $($module:ident)::+, $reason:expr) => {
        $crate::manifest!(@ $right, ($($module)::+::INTERFACE, $($module)::+::NAME), $reason);
    };
}

#[doc(hidden)]
pub const fn manifest_record_bytes(name: &str, reason: &str) -> usize {
    assert!(name.len() <= 64 && reason.len() <= 200, "a name has at most 64 bytes, a reason 200");
    34 + name.len() + 1 + reason.len() + 1
}

const fn put<const N: usize>(mut to: [u8; N], at: usize, bytes: &[u8]) -> [u8; N] {
    let mut i = 0;

    while i < bytes.len() {
        to[at + i] = bytes[i];
        i += 1;
    }
    to
}

/// Version 1, right, interface, name, reason.
#[doc(hidden)]
pub const fn manifest_record<const N: usize>(right: u8, interface: &Interface, name: &str, reason: &str) -> [u8; N] {
    let record = put(put([0; N], 0, &[1, right]), 2, interface);

    put(put(record, 34, name.as_bytes()), 35 + name.len(), reason.as_bytes())
}

/// Prints a line on the program's standard output, with and without WASI.
#[macro_export]
macro_rules! say {
    ($($format:tt)*) => {
        $crate::log($crate::Level::Stdout, &::std::format!("{}\n", ::std::format_args!($($format)*)))
    };
}
