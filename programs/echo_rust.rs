//! echo_rust.rs: echo.c with futures: answers every message to "example:echo" with its own bytes, until it is told to
//! stop. Built with and without WASI.

use redshirt::{handle, interface, Interface, Result};

const ECHO: Interface = interface("example:echo");

redshirt::manifest!(registers (ECHO, "example:echo"), "to answer with the same bytes");
redshirt::main!(run);

async fn run() -> Result<()> {
    let mut messages = handle(&ECHO).await?;

    while let Some(message) = messages.next().await {
        let body = message.body().to_vec();
        message.answer(&body);
    }
    Ok(())
}
