//! What is under way: messages that wait for their answers, what is kept for want of room, messages and news for
//! those who handle interfaces. Here the next delivery is taken and given to whom it belongs.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::rc::{Rc, Weak};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::mem;
use core::task::Waker;

use crate::executor::any_ready;
use crate::handler::Message;
use crate::interfaces::interface;
use crate::local::Local;
use crate::outgoing::{Outgoing, Reply};
use crate::sys::{self, kind, Head};
use crate::{Interface, Status};

const BUFFER_BYTES: usize = 4096;
const BUFFER_KEEP_BYTES: usize = 64 * 1024; // a longer body takes the buffer with it
const FLUSH_AFTER: u32 = 32; // deliveries: room is told of when nothing else comes
const RETRY_NS: i64 = 1_000_000; // while messages are not taken, and something else may come that is not listed

/// Where something goes: what goes to one place stays in its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Interface(Interface),
    Client(u64),
}

/// What somebody takes one after the other.
pub(crate) struct Queue<T> {
    pub items: VecDeque<T>,
    pub waker: Option<Waker>,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Queue<T> {
        Queue { items: VecDeque::new(), waker: None }
    }

    fn push(&mut self, item: T) -> Option<Waker> {
        self.items.push_back(item);
        self.waker.take()
    }
}

/// A message that the program has and did not answer.
#[derive(Default)]
pub(crate) struct Asked {
    pub cancelled: bool,
    pub waker: Option<Waker>,
}

#[derive(Default)]
pub(crate) struct Exchange {
    pub replies: BTreeMap<u64, Rc<Reply>>, // by the id of the message
    pub kept: BTreeMap<To, VecDeque<Outgoing>>,
    pub kept_bytes: usize, // of what nobody waits for
    pub handlers: BTreeMap<Interface, Queue<Message>>,
    pub asked: BTreeMap<u64, Asked>,
    pub gone: Vec<Weak<RefCell<Queue<u64>>>>,
    pub backlog: usize, // messages in all queues
    pub backlog_bytes: usize,
    pub stopping: bool,
    pub stop_wakers: Vec<Waker>,
    pub flush_wakers: Vec<Waker>, // who waits until nothing is kept
    buffer: Vec<u8>,
    polled: u64, // the last id of the last poll list
    since_flush: u32,
}

pub(crate) static EXCHANGE: Local<Exchange> = Local::new();

impl Exchange {
    fn is_full(&self) -> bool {
        self.backlog >= sys::BACKLOG_MESSAGES || self.backlog_bytes >= sys::BACKLOG_BYTES
    }

    /// Who is to be woken because nothing is kept any more.
    fn flushed(&mut self) -> Vec<Waker> {
        if self.kept.is_empty() {
            return mem::take(&mut self.flush_wakers);
        }
        Vec::new()
    }

    /// Whose answers are wanted when no messages are: as many ids as a list may have, others the next time.
    fn poll_list(&mut self) -> Vec<u64> {
        let after = self.replies.range(self.polled + 1..);
        let list: Vec<u64> =
            after.chain(self.replies.range(..=self.polled)).map(|(id, _)| *id).take(sys::POLL_MAX).collect();
        self.polled = list.last().copied().unwrap_or(0);
        list
    }
}

/// Takes one delivery, and waits for it if nobody has anything to do.
pub(crate) fn turn(wait: bool) {
    let (mut list, flushes, retries) = EXCHANGE.with(|x| {
        let (kept, full) = (!x.kept.is_empty(), x.is_full());
        let list = if full { x.poll_list() } else { Vec::new() };

        x.since_flush += 1;
        (list, kept && (full || x.since_flush > FLUSH_AFTER), full && (kept || x.replies.len() > sys::POLL_MAX))
    });
    if flushes {
        flush();
    }
    let timeout_ns = match wait && !(flushes && any_ready()) {
        false => 0,
        true if retries => RETRY_NS,
        true => sys::FOREVER,
    };
    if let Some(bytes) = take(&mut list, timeout_ns) {
        deliver(Head::read(&bytes), bytes);
    }
}

/// The bytes of the next delivery, the head included.
fn take(list: &mut Vec<u64>, timeout_ns: i64) -> Option<Vec<u8>> {
    let mut buffer = EXCHANGE.with(|x| mem::take(&mut x.buffer));
    if buffer.is_empty() {
        buffer = vec![0; BUFFER_BYTES];
    }
    let bytes = loop {
        match sys::next_message(list, &mut buffer, timeout_ns) {
            Ok(Some(bytes)) if bytes > buffer.len() => buffer = vec![0; bytes],
            Ok(bytes) => break bytes,
            // what it wants may lie behind what it does not want
            Err(_) if !list.is_empty() => list.clear(),
            Err(status) => panic!("waiting for a message: {}", status),
        }
    };
    let taken = bytes.map(|bytes| {
        if bytes > BUFFER_KEEP_BYTES {
            buffer.truncate(bytes);
            return mem::take(&mut buffer);
        }
        buffer[..bytes].to_vec()
    });
    EXCHANGE.with(|x| x.buffer = buffer);
    taken
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn deliver(head: Head, bytes: Vec<u8>) {
    match head.kind {
        kind::ANSWER => on_answer(head, bytes),
        kind::MESSAGE => on_message(head, bytes),
        kind::CANCELLED_BY => on_cancelled(head),
        kind::PROCESS_GONE => on_gone(head),
        kind::NOTICE if head.status == sys::NOTICE_STOP => on_stop(),
        kind::NOTICE if head.status == sys::NOTICE_ROOM => flush(),
        _ => (),
    }
}

/// One whose future was dropped is nobody's.
fn on_answer(head: Head, mut bytes: Vec<u8>) {
    if let Some(reply) = EXCHANGE.with(|x| x.replies.remove(&head.id)) {
        bytes.drain(..sys::HEAD_BYTES);
        reply.complete(Status(head.status), bytes);
    }
}

/// One that nobody handles, any more, is dropped, which answers it. There is no room for more only when there was
/// nothing else to wait for.
fn on_message(head: Head, bytes: Vec<u8>) {
    let (refused, waker) = EXCHANGE.with(|x| {
        if head.id != 0 {
            x.asked.insert(head.id, Asked::default());
        }
        let message = Message::new(head, bytes);
        let full = x.is_full();
        match x.handlers.get_mut(&head.interface) {
            None => (Some((message, Status::HANDLER_GONE)), None),
            Some(_) if full => (Some((message, Status::BUSY)), None),
            Some(queue) => {
                x.backlog += 1;
                x.backlog_bytes += message.body().len();
                (None, queue.push(message))
            }
        }
    });
    if let Some((message, status)) = refused {
        message.refuse(status);
    }
    wake(waker);
}

fn on_cancelled(head: Head) {
    let waker = EXCHANGE.with(|x| {
        x.asked.get_mut(&head.id).and_then(|asked| {
            asked.cancelled = true;
            asked.waker.take()
        })
    });
    wake(waker);
}

fn on_gone(head: Head) {
    let watchers: Vec<_> = EXCHANGE.with(|x| {
        x.gone.retain(|queue| queue.strong_count() > 0);
        x.gone.iter().filter_map(Weak::upgrade).collect()
    });
    for queue in watchers {
        let waker = queue.borrow_mut().push(head.process);
        wake(waker);
    }
}

fn on_stop() {
    let wakers: Vec<_> = EXCHANGE.with(|x| {
        x.stopping = true;
        let handlers = x.handlers.values_mut().filter_map(|queue| queue.waker.take());
        handlers.chain(x.stop_wakers.drain(..)).collect()
    });
    wakers.into_iter().for_each(Waker::wake);
}

// ---- what goes ----

/// Sends it, or keeps it if there is no room now or others to the same place are kept already.
pub(crate) fn put(to: To, outgoing: Outgoing, body: &[&[u8]]) {
    let behind = EXCHANGE.with(|x| x.kept.contains_key(&to));

    match if behind { Err(Status::BUSY) } else { outgoing.go(&to, body) } {
        Err(Status::BUSY) => keep(to, outgoing, body),
        result => outgoing.went(result),
    }
}

/// What somebody waits for is the program's own, and cancels are as few as messages; of the rest there may be so much
/// and no more.
fn is_counted(to: &To, outgoing: &Outgoing) -> bool {
    !outgoing.is_awaited() && *to != To::Interface(interface::INTERFACE)
}

fn keep(to: To, mut outgoing: Outgoing, body: &[&[u8]]) {
    EXCHANGE.with(|x| {
        if is_counted(&to, &outgoing) {
            let bytes: usize = body.iter().map(|piece| piece.len()).sum();

            if x.kept_bytes + bytes > sys::KEPT_BYTES {
                return outgoing.keep_without_body(to, x);
            }
            x.kept_bytes += bytes;
        }
        outgoing.body = body.concat();
        x.kept.entry(to).or_default().push_back(outgoing);
    });
}

fn flush() {
    let mut kept = EXCHANGE.with(|x| {
        x.since_flush = 0;
        mem::take(&mut x.kept)
    });
    let mut went = Vec::new();
    let mut bytes = 0;
    for (to, queue) in kept.iter_mut() {
        while let Some(first) = queue.front() {
            let result = first.go(to, &[&first.body]);
            if result == Err(Status::BUSY) {
                break;
            }
            if is_counted(to, first) {
                bytes += first.body.len();
            }
            went.extend(queue.pop_front().map(|first| (first, result)));
        }
    }
    let wakers = EXCHANGE.with(|x| {
        x.kept_bytes -= bytes;
        kept.retain(|_, queue| !queue.is_empty());
        x.kept = kept;
        x.flushed()
    });
    wakers.into_iter().for_each(Waker::wake);
    for (outgoing, result) in went {
        outgoing.went(result);
    }
}

/// Takes out what was kept for this reply.
pub(crate) fn forget(to: &To, reply: &Rc<Reply>) {
    let wakers = EXCHANGE.with(|x| {
        if let Some(queue) = x.kept.get_mut(to) {
            queue.retain(|outgoing| !outgoing.is_for(reply));
            if queue.is_empty() {
                x.kept.remove(to);
            }
        }
        x.flushed()
    });
    wakers.into_iter().for_each(Waker::wake);
}
