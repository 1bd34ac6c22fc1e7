//! What a call, a message or an answer comes to.

use alloc::vec::Vec;
use core::fmt;

/// Results of the calls and statuses of answers: one list. Programs may use [`Status::PROGRAM`] and above freely.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl Status {
            $(#[doc = $text] pub const $name: Status = Status($number);)*
            /// The first status that is a program's own.
            pub const PROGRAM: Status = Status(0x10000);

            /// What it means, in a few words.
            pub fn text(self) -> &'static str {
                match self {
                    $(Status::$name => $text,)*
                    _ => "a status of the handler",
                }
            }
        }
    };
}

statuses! {
    OK = 0, "ok";
    NO_HANDLER = 1, "nobody handles the interface";
    DENIED = 2, "denied";
    BUSY = 3, "busy";
    TOO_BIG = 4, "too big";
    LIMIT = 5, "a limit is reached";
    BAD_ARGUMENT = 6, "bad argument";
    HANDLER_GONE = 7, "the handler is gone";
    CANCELLED = 8, "cancelled";
    TIMED_OUT = 9, "timed out";
    MALFORMED = 10, "malformed";
    TAKEN = 11, "another process handles it";
    UNSUPPORTED = 12, "unknown request";
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.text())
    }
}

/// A message that was not answered with [`Status::OK`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Why: the handler's word, or why the message did not get to it.
    pub status: Status,
    /// What the handler had to say beside it; mostly nothing.
    pub body: Vec<u8>,
}

/// What becomes of a message.
pub type Result<T> = core::result::Result<T, Error>;

impl From<Status> for Error {
    fn from(status: Status) -> Error {
        Error { status, body: Vec::new() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

#[cfg(feature = "std")]
impl std::error::Error for Error {}
