//! hello_rust.rs: hello.c once more, in Rust with its standard library.

use std::{env, process};

fn main() {
    let mut words: Vec<String> = env::args().skip(1).collect();
    let mut status = 0;

    if words.len() > 1 && words[0] == "--exit" {
        status = words[1].parse().unwrap_or(0);
        words.drain(..2);
    }
    println!("{}", env::var("GREETING").unwrap_or("Hello from a locked process!".into()));
    for (i, word) in words.iter().enumerate() {
        println!("argument {}: {}", i + 1, word);
    }
    if status != 0 {
        eprintln!("ending with status {}, as asked", status);
    }
    process::exit(status);
}
