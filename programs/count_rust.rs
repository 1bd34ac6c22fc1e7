//! count_rust.rs: asks what counter.c handles: sends all its numbers at once and prints the largest sum. The messages
//! are bytes to the crate; here they are so small that they are made by hand, otherwise prost or another crate does it.

mod counter; // written by rs-ifgen from counter.proto

use std::env;

use redshirt::sys::ALLOW_DELAY;
use redshirt::{call, join_all, say, Result, Status};

redshirt::manifest!(uses counter, "to have its arguments counted");
redshirt::main!(run);

/// AddRequest: the field 1 is a varint.
fn add_request(mut number: u32) -> Vec<u8> {
    let mut bytes = vec![1 << 3];

    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// Total: so is its field; zero is left out.
fn sum(total: &[u8]) -> Option<u64> {
    match total {
        [] => Some(0),
        [8, digits @ .., last] if *last < 0x80 && digits.len() < 10 => {
            Some(digits.iter().rev().fold(u64::from(*last), |sum, byte| sum << 7 | u64::from(byte & 0x7f)))
        }
        _ => None,
    }
}

async fn run() -> Result<()> {
    let numbers = env::args().skip(1).filter_map(|word| word.parse().ok());
    let answers = numbers.map(|number| call(&counter::INTERFACE, counter::ADD, &add_request(number), ALLOW_DELAY));
    let mut largest = 0;

    for answer in join_all(answers.collect::<Vec<_>>()).await {
        largest = sum(&answer?).ok_or(Status::MALFORMED)?.max(largest);
    }
    say!("{}", largest);
    Ok(())
}
