//! The three calls themselves, and the numbers of the wire. All else is made of these; they may be used beside it, but
//! what [`next_message`] takes here the executor never sees.

use crate::{Interface, Status};

/// An id is given; exactly one completion comes for it.
pub const NEEDS_ANSWER: u64 = 1;
/// Nobody handles the interface yet: keep the message until somebody does.
pub const ALLOW_DELAY: u64 = 2;
/// Another call follows at once, the bell may wait for it.
pub const MORE: u64 = 4;

/// Kinds of deliveries.
#[allow(missing_docs)]
pub mod kind {
    pub const MESSAGE: u32 = 1;
    pub const ANSWER: u32 = 2;
    pub const PROCESS_GONE: u32 = 3;
    pub const CANCELLED_BY: u32 = 4;
    pub const NOTICE: u32 = 5;
}

/// Status of a notice: end soon; the body is a `u64`, the milliseconds that are left.
pub const NOTICE_STOP: u32 = 1;
/// Status of a notice: what was busy may be tried again.
pub const NOTICE_ROOM: u32 = 2;

/// Pieces of one body.
pub const PIECES_MAX: usize = 64;
/// Ids in one poll list.
pub const POLL_MAX: usize = 512;
/// For ever, as a timeout.
pub const FOREVER: i64 = -1;

/// Messages that wait to be handled before no more are taken.
pub const BACKLOG_MESSAGES: usize = 256;
/// The same in bytes of their bodies.
pub const BACKLOG_BYTES: usize = 1 << 20;
/// Bodies of answers and log lines that are kept for want of room. Beyond it an answer becomes [`Status::BUSY`], and
/// a log line is lost.
pub const KEPT_BYTES: usize = 1 << 20;

/// Bytes before every body that comes.
pub const HEAD_BYTES: usize = 64;

/// What stands before a body.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// One of [`kind`].
    pub kind: u32,
    /// Of an answer or notice.
    pub status: u32,
    /// Of a message: answer with it (0: none is wanted). Of an answer: what [`emit_message`] gave.
    pub id: u64,
    /// Who sent the message, or who is gone.
    pub process: u64,
    /// Of a message.
    pub interface: Interface,
    /// How many follow.
    pub body_bytes: u64,
}

impl Head {
    /// Reads it from the first [`HEAD_BYTES`]; fewer are a mistake of the caller.
    pub fn read(bytes: &[u8]) -> Head {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());

        Head {
            kind: word(0),
            status: word(4),
            id: long(8),
            process: long(16),
            interface: bytes[24..56].try_into().unwrap(),
            body_bytes: long(56),
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Piece {
    pointer: *const u8,
    bytes: usize,
}

mod import {
    use super::Piece;

    #[cfg_attr(target_arch = "wasm32", link(wasm_import_module = "redshirt"))]
    extern "C" {
        pub(super) fn emit_message(interface: *const u8, pieces: *const Piece, count: u32, flags: u64, id: *mut u64) -> u32;
        pub(super) fn emit_answer(id: *const u64, pieces: *const Piece, count: u32, status: u32) -> u32;
        pub(super) fn next_message(poll: *mut u64, count: u32, out: *mut u8, out_bytes: u32, timeout_ns: i64) -> i64;
    }
}

fn pieces(body: &[&[u8]]) -> Result<[Piece; PIECES_MAX], Status> {
    let mut pieces = [Piece { pointer: core::ptr::null(), bytes: 0 }; PIECES_MAX];

    if body.len() > PIECES_MAX {
        return Err(Status::BAD_ARGUMENT);
    }
    for (piece, bytes) in pieces.iter_mut().zip(body) {
        *piece = Piece { pointer: bytes.as_ptr(), bytes: bytes.len() };
    }
    Ok(pieces)
}

fn result(status: u32) -> Result<(), Status> {
    match Status(status) {
        Status::OK => Ok(()),
        status => Err(status),
    }
}

/// Sends the pieces as one message to whoever handles the interface. What its answer will carry; 0 when none is wanted.
pub fn emit_message(interface: &Interface, body: &[&[u8]], flags: u64) -> Result<u64, Status> {
    let pieces = pieces(body)?;
    let mut id = 0;

    // SAFETY: all pointers are of this program's memory and valid during the call.
    let status = unsafe {
        import::emit_message(interface.as_ptr(), pieces.as_ptr(), body.len() as u32, flags, &mut id)
    };
    result(status).map(|()| id)
}

/// Answers a message that asked for it, once.
pub fn emit_answer(id: u64, body: &[&[u8]], status: Status) -> Result<(), Status> {
    let pieces = pieces(body)?;

    // SAFETY: as above.
    result(unsafe { import::emit_answer(&id, pieces.as_ptr(), body.len() as u32, status.0) })
}

/// Waits for the next delivery and writes it, [`Head`] first, to `out`: how many bytes it has. More than `out` has:
/// it was kept, come again with that much room. `None`: nothing came in time. `poll`: empty for anything; else only
/// answers to these ids, and (id 0) all that is no answer.
pub fn next_message(poll: &mut [u64], out: &mut [u8], timeout_ns: i64) -> Result<Option<usize>, Status> {
    // SAFETY: as above; both slices are ours alone during the call.
    let bytes = unsafe {
        import::next_message(poll.as_mut_ptr(), poll.len() as u32, out.as_mut_ptr(), out.len() as u32, timeout_ns)
    };
    match bytes {
        0 => Ok(None),
        bytes if bytes < 0 => Err(Status(-bytes as u32)),
        bytes => Ok(Some(bytes as usize)),
    }
}
