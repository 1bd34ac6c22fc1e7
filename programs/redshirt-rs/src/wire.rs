//! As much of the protobuf wire format as the interfaces of rsd need.

use alloc::vec::Vec;

use crate::{Result, Status};

/// A field of eight bytes.
pub fn fixed64(field: u8, value: u64) -> [u8; 9] {
    let mut bytes = [field << 3 | 1; 9];
    bytes[1..].copy_from_slice(&value.to_le_bytes());
    bytes
}

/// A field of four bytes.
pub fn fixed32(field: u8, value: u32) -> [u8; 5] {
    let mut bytes = [field << 3 | 5; 5];
    bytes[1..].copy_from_slice(&value.to_le_bytes());
    bytes
}

fn put(tag: u8, mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::from([tag]);
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field that is a number.
pub fn varint(field: u8, value: u64) -> Vec<u8> {
    put(field << 3, value)
}

/// What stands before the bytes of a field.
pub fn bytes_head(field: u8, bytes: &[u8]) -> Vec<u8> {
    put(field << 3 | 2, bytes.len() as u64)
}

/// The value of a field.
pub enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn take<'a>(message: &mut &'a [u8], len: u64) -> Result<&'a [u8]> {
    if len > message.len() as u64 {
        return Err(Status::MALFORMED.into());
    }
    let (taken, rest) = message.split_at(len as usize);
    *message = rest;
    Ok(taken)
}

fn take_varint(message: &mut &[u8]) -> Result<u64> {
    let mut value = 0;
    for i in 0..10 {
        let byte = take(message, 1)?[0];
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Status::MALFORMED.into())
}

fn take_fixed(message: &mut &[u8], len: u64) -> Result<u64> {
    Ok(take(message, len)?.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// Calls `each` for every field of a message.
pub fn read<'a>(mut message: &'a [u8], mut each: impl FnMut(u64, Value<'a>)) -> Result<()> {
    while !message.is_empty() {
        let tag = take_varint(&mut message)?;
        let value = match tag & 7 {
            0 => Value::Number(take_varint(&mut message)?),
            1 => Value::Number(take_fixed(&mut message, 8)?),
            2 => {
                let len = take_varint(&mut message)?;
                Value::Bytes(take(&mut message, len)?)
            }
            5 => Value::Number(take_fixed(&mut message, 4)?),
            _ => return Err(Status::MALFORMED.into()),
        };
        each(tag >> 3, value);
    }
    Ok(())
}
