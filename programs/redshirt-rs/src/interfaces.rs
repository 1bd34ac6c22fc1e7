//! The interfaces that rsd itself handles: what rs-ifgen writes for them, put here when the crate is installed. Of it
//! only the hashes and the numbers of the rpcs are used.

pub mod interface;
pub mod log;
pub mod random;
pub mod time;
