//! counter_rust.rs: handles programs/counter.proto with the crate: of it, Add. Says "register: ok".

mod counter;

use redshirt::{handle, say, Result, Status};

redshirt::manifest!(registers counter, "to count in Rust");
redshirt::main!(run);

/// Of a small number the message is two bytes.
async fn run() -> Result<()> {
    let mut messages = handle(&counter::INTERFACE).await?;
    let mut sum = 0u8;

    say!("register: ok");
    while let Some(message) = messages.next().await {
        match message.rpc() {
            Some((counter::ADD, [8, number])) => {
                sum += number;
                message.answer(&[8, sum]);
            }
            Some((counter::ADD, _)) | None => message.refuse(Status::MALFORMED),
            Some(_) => message.refuse(Status::UNSUPPORTED),
        }
    }
    Ok(())
}
