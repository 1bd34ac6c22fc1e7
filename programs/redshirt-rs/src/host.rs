//! The interfaces that rsd itself handles.

use alloc::vec::Vec;
use core::time::Duration;

use crate::outgoing::{post, send, send_pieces};
use crate::{interface, Interface, Result, Status};

pub(crate) const INTERFACE: Interface = interface("redshirt:interface");
const LOG: Interface = interface("redshirt:log");
const TIME: Interface = interface("redshirt:time");
const RANDOM: Interface = interface("redshirt:random");

const LOG_WRITE: u32 = 0;
const LOG_BYTES_MAX: usize = 8 * 1024; // of one message
const TIME_NOW: u32 = 0;
const TIME_WAIT_UNTIL: u32 = 1;
const TIME_WAIT_FOR: u32 = 2;
const RANDOM_GENERATE: u32 = 0;
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
        post(&LOG, &[&LOG_WRITE.to_le_bytes(), &(level as u32).to_le_bytes(), part]);
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
    let body = send(&TIME, &TIME_NOW.to_le_bytes()).await?;
    let body: [u8; 16] = body.try_into().map_err(|_| Status::MALFORMED)?;
    let word = |at: usize| Duration::from_nanos(u64::from_le_bytes(body[at..at + 8].try_into().unwrap()));

    Ok(Now { monotonic: word(0), realtime: word(8) })
}

async fn wait(request: u32, time: Duration) -> Result<()> {
    let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);

    send_pieces(&TIME, &[&request.to_le_bytes(), &[0; 4], &ns.to_le_bytes()], 0).await.map(drop)
}

/// Waits so long. Errors: [`Status::LIMIT`], there are a thousand timers already.
pub async fn sleep(time: Duration) -> Result<()> {
    wait(TIME_WAIT_FOR, time).await
}

/// Waits until the monotonic clock says so.
pub async fn sleep_until(monotonic: Duration) -> Result<()> {
    wait(TIME_WAIT_UNTIL, monotonic).await
}

/// Fills it with random bytes that nobody can guess.
pub async fn random(bytes: &mut [u8]) -> Result<()> {
    for part in bytes.chunks_mut(RANDOM_BYTES_MAX) {
        let want = (part.len() as u32).to_le_bytes();
        let body: Vec<u8> = send_pieces(&RANDOM, &[&RANDOM_GENERATE.to_le_bytes(), &want], 0).await?;
        if body.len() != part.len() {
            return Err(Status::MALFORMED.into());
        }
        part.copy_from_slice(&body);
    }
    Ok(())
}
