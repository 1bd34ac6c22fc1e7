// The Rust of tests/interfaces/greeter.proto, with the three calls made up: run natively.
mod greeter;

use std::sync::Mutex;

static SENT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

unsafe fn joined(pieces: *const greeter::Piece, count: u32) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in std::slice::from_raw_parts(pieces, count as usize) {
        all.extend_from_slice(std::slice::from_raw_parts(piece.pointer, piece.bytes));
    }
    all
}

#[no_mangle]
unsafe extern "C" fn emit_message(
    interface: *const u8,
    pieces: *const greeter::Piece,
    count: u32,
    flags: u64,
    id: *mut u64,
) -> u32 {
    assert_eq!(std::slice::from_raw_parts(interface, 32), greeter::INTERFACE);
    SENT.lock().unwrap().push(joined(pieces, count));
    *id = 7;
    flags as u32
}

#[no_mangle]
unsafe extern "C" fn emit_answer(id: *const u64, pieces: *const greeter::Piece, count: u32, status: u32) -> u32 {
    assert_eq!((*id, status), (7, 2));
    SENT.lock().unwrap().push(joined(pieces, count));
    0
}

#[no_mangle]
unsafe extern "C" fn next_message(_: *mut u64, _: u32, out: *mut u8, out_bytes: u32, timeout_ns: i64) -> i64 {
    *out = 1;
    if timeout_ns < 0 { out_bytes as i64 } else { -9 }
}

fn main() {
    let mut out = [0; 100];

    assert_eq!((greeter::GREET, greeter::FORGET), (0, 1));
    assert_eq!(greeter::NAME, "tests.greeter.Greeter");
    assert_eq!(greeter::send_greet(b"abc", 0), Ok(7));
    assert_eq!(greeter::send_forget(b"", 0), Ok(7));
    assert_eq!(greeter::send(greeter::FORGET, b"x", 3), Err(3));
    assert_eq!(greeter::answer(7, 2, b"yes"), Ok(()));
    assert_eq!(greeter::wait(&mut out, -1), Ok(100));
    assert_eq!(greeter::wait(&mut out, 5), Err(9));
    assert_eq!(greeter::split(b"\x01\0\0\0rest"), Some((1, &b"rest"[..])));
    assert_eq!(greeter::split(b"\x01\0\0"), None);
    let sent = SENT.lock().unwrap();
    assert_eq!(sent[0], b"\0\0\0\0abc");
    assert_eq!(sent[1], b"\x01\0\0\0");
    assert_eq!(sent[3], b"yes");
    println!("ok");
}
