//! The interfaces that rsd itself handles.

use alloc::vec::Vec;
use core::time::Duration;

use crate::interfaces::{log as log_interface, random as random_interface, time as time_interface};
use crate::outgoing::{post, send, send_pieces};
use crate::wire::{self, Value};
use crate::{Result, Status};

const LOG_BYTES_MAX: usize = 8 * 1024; // of one message
const RANDOM_BYTES_MAX: usize = 4096; // of one message

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Level {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
    /// Something happened.
    Info,
    /// For who looks for a mistake.
    Debug,
}

/// Writes text, which should end its lines. It goes at once or as soon as there is room; text is lost when
/// [`crate::sys::KEPT_BYTES`] wait already.
pub fn log(level: Level, text: &str) {
    for part in text.as_bytes().chunks(LOG_BYTES_MAX) {
        let level = wire::varint(1, level as u64);
        let head = wire::bytes_head(2, part);
        post(&log_interface::INTERFACE, &[&log_interface::WRITE.to_le_bytes(), &level, &head, part]);
    }
}

/// The clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since some moment; never goes back.
    pub monotonic: Duration,
    /// Since 1970.
    pub realtime: Duration,
}

/// What time it is.
pub async fn now() -> Result<Now> {
    let body = send(&time_interface::INTERFACE, &time_interface::NOW.to_le_bytes()).await?;
    let mut now = Now { monotonic: Duration::ZERO, realtime: Duration::ZERO };

    wire::read(&body, |field, value| match (field, value) {
        (1, Value::Number(ns)) => now.monotonic = Duration::from_nanos(ns),
        (2, Value::Number(ns)) => now.realtime = Duration::from_nanos(ns),
        _ => (),
    })?;
    Ok(now)
}

/// Of both waits: the only field is a moment or a time.
async fn wait(rpc: u32, time: Duration) -> Result<()> {
    let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);

    send_pieces(&time_interface::INTERFACE, &[&rpc.to_le_bytes(), &wire::fixed64(1, ns)], 0).await.map(drop)
}

/// Waits so long. Errors: [`Status::LIMIT`], there are a thousand timers already.
pub async fn sleep(time: Duration) -> Result<()> {
    wait(time_interface::WAIT_FOR, time).await
}

/// Waits until the monotonic clock says so.
pub async fn sleep_until(monotonic: Duration) -> Result<()> {
    wait(time_interface::WAIT_UNTIL, monotonic).await
}

/// Fills it with random bytes that nobody can guess.
pub async fn random(bytes: &mut [u8]) -> Result<()> {
    for part in bytes.chunks_mut(RANDOM_BYTES_MAX) {
        let rpc = random_interface::GENERATE.to_le_bytes();
        let want = wire::fixed32(1, part.len() as u32);
        let body: Vec<u8> = send_pieces(&random_interface::INTERFACE, &[&rpc, &want], 0).await?;
        let mut got = &[][..];

        wire::read(&body, |field, value| match (field, value) {
            (1, Value::Bytes(bytes)) => got = bytes,
            _ => (),
        })?;
        if got.len() != part.len() {
            return Err(Status::MALFORMED.into());
        }
        part.copy_from_slice(got);
    }
    Ok(())
}
