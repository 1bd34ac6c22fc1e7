//! ask_rust.rs: ask.c with futures: sends all its arguments to "example:echo" at once and prints the answers as they
//! come. What is not answered in time is cancelled.
//!
//!     ask_rust MILLISECONDS WORD...

use std::{env, time::Duration};

use redshirt::sys::ALLOW_DELAY;
use redshirt::{interface, log, say, send_pieces, spawn, timeout, Answer, Interface, Level, Result, Status};

const ECHO: Interface = interface("example:echo");

redshirt::main!(run);

async fn print(word: String, answer: Answer, limit: Duration) -> Result<()> {
    let result = timeout(limit, answer).await.unwrap_or(Err(Status::CANCELLED.into()));

    match &result {
        Ok(body) => say!("{}", String::from_utf8_lossy(body)),
        Err(error) => log(Level::Stderr, &format!("ask_rust: {}: {}\n", word, error)),
    }
    result.map(drop)
}

async fn run() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let limit = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let mut words: Vec<String> = arguments.collect();
    let mut result = Ok(());

    if words.is_empty() {
        words = ["is", "anybody", "there?"].map(String::from).into();
    }
    let tasks: Vec<_> = words
        .into_iter()
        .map(|word| {
            let answer = send_pieces(&ECHO, &[word.as_bytes()], ALLOW_DELAY);
            spawn(print(word, answer, Duration::from_millis(limit)))
        })
        .collect();
    for task in tasks {
        result = task.await.and(result);
    }
    result
}
