//! Handling an interface: its messages one after the other, each with the means to answer it.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::Future;
use core::mem;
use core::task::Poll;

use crate::exchange::{Queue, EXCHANGE};
use crate::executor::poll_fn;
use crate::outgoing::{post, post_answer, send_pieces};
use crate::interfaces::interface as registry;
use crate::sys::{Head, HEAD_BYTES};
use crate::wire;
use crate::{Interface, Result, Status};

/// The messages of an interface that this program handles. Dropping it lets go of the interface: what was not
/// answered, and what waits here, completes with [`Status::HANDLER_GONE`]; another process may handle it.
pub struct Messages {
    interface: Interface,
}

/// Becomes the handler of an interface. Errors: [`Status::TAKEN`], [`Status::DENIED`], [`Status::LIMIT`].
///
/// ```ignore
/// let mut messages = redshirt::handle(&ECHO).await?;
/// ```
pub async fn handle(interface: &Interface) -> Result<Messages> {
    handle_with_limit(interface, 0).await
}

/// The same; who sends a body of more bytes hears [`Status::TOO_BIG`].
pub async fn handle_with_limit(interface: &Interface, body_bytes_max: u64) -> Result<Messages> {
    let rpc = registry::REGISTER.to_le_bytes();
    let head = wire::bytes_head(1, interface);
    let limit = wire::varint(2, body_bytes_max);
    let is_new = EXCHANGE.with(|x| {
        let is_new = !x.handlers.contains_key(interface);
        if is_new {
            x.handlers.insert(*interface, Queue::new());
        }
        is_new
    });
    if !is_new {
        return Err(Status::TAKEN.into());
    }
    let messages = Messages { interface: *interface }; // dropped if nobody waits for the answer
    let answer = send_pieces(&registry::INTERFACE, &[&rpc, &head, interface, &limit], 0).await;
    match answer {
        Ok(_) => Ok(messages),
        Err(error) => {
            messages.forget();
            mem::forget(messages);
            Err(error)
        }
    }
}

impl Messages {
    /// The next message. `None`: the process is told to end, and there is none left here.
    pub async fn next(&mut self) -> Option<Message> {
        poll_fn(|context| {
            EXCHANGE.with(|x| {
                let queue = x.handlers.get_mut(&self.interface).expect("it is there until it is dropped");

                match queue.items.pop_front() {
                    Some(message) => {
                        x.backlog -= 1;
                        x.backlog_bytes -= message.body().len();
                        Poll::Ready(Some(message))
                    }
                    None if x.stopping => Poll::Ready(None),
                    None => {
                        queue.waker = Some(context.waker().clone());
                        Poll::Pending
                    }
                }
            })
        })
        .await
    }

    /// What waits here is dropped, and thereby answered.
    fn forget(&self) {
        let queue = EXCHANGE.with(|x| {
            let queue = x.handlers.remove(&self.interface)?;
            x.backlog -= queue.items.len();
            x.backlog_bytes -= queue.items.iter().map(|message| message.body().len()).sum::<usize>();
            Some(queue)
        });
        drop(queue);
    }

    /// Lets go of the interface, and waits until another may handle it.
    pub async fn release(self) -> Result<()> {
        let interface = self.interface;

        self.forget();
        mem::forget(self);
        let rpc = registry::UNREGISTER.to_le_bytes();
        let head = wire::bytes_head(1, &interface);
        send_pieces(&registry::INTERFACE, &[&rpc, &head, &interface], 0).await.map(drop)
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.forget();
        let rpc = registry::UNREGISTER.to_le_bytes();
        post(&registry::INTERFACE, &[&rpc, &wire::bytes_head(1, &self.interface), &self.interface]);
    }
}

/// A message of another program. It may be kept and answered at any time; dropped without an answer it is answered
/// with [`Status::HANDLER_GONE`].
pub struct Message {
    head: Head,
    bytes: Vec<u8>, // the head's as well
    owed: bool,
}

impl Message {
    pub(crate) fn new(head: Head, bytes: Vec<u8>) -> Message {
        Message { head, bytes, owed: head.id != 0 }
    }

    /// What it says.
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEAD_BYTES..]
    }

    /// Which rpc it is of, and the bytes of its request, as a definition says. `None`: it is too short.
    pub fn rpc(&self) -> Option<(u32, &[u8])> {
        let body = self.body();

        Some((u32::from_le_bytes(body.get(..4)?.try_into().ok()?), &body[4..]))
    }

    /// The process that sent it.
    pub fn sender(&self) -> u64 {
        self.head.process
    }

    /// To which interface it was sent.
    pub fn interface(&self) -> &Interface {
        &self.head.interface
    }

    /// Whether an answer does anything.
    pub fn wants_answer(&self) -> bool {
        self.head.id != 0
    }

    /// Answers it. The answer of one that takes no answers is kept, up to [`crate::sys::KEPT_BYTES`].
    pub fn answer(self, body: &[u8]) {
        self.answer_with(Status::OK, body);
    }

    /// Answers that it cannot be done.
    pub fn refuse(self, status: Status) {
        self.answer_with(status, &[]);
    }

    /// Answers with a status and a body.
    pub fn answer_with(mut self, status: Status, body: &[u8]) {
        self.settle(status, body);
    }

    /// The sender does not wait for it any more. It may be answered or dropped all the same.
    pub fn is_cancelled(&self) -> bool {
        EXCHANGE.with(|x| x.asked.get(&self.head.id).map_or(false, |asked| asked.cancelled))
    }

    /// Completes when the sender lets go of it; never, if it wants no answer.
    pub async fn cancelled(&self) {
        poll_fn(|context| {
            EXCHANGE.with(|x| match x.asked.get_mut(&self.head.id) {
                Some(asked) if asked.cancelled => Poll::Ready(()),
                asked => {
                    if let Some(asked) = asked {
                        asked.waker = Some(context.waker().clone());
                    }
                    Poll::Pending
                }
            })
        })
        .await
    }

    fn settle(&mut self, status: Status, body: &[u8]) {
        if mem::replace(&mut self.owed, false) {
            let asked = EXCHANGE.with(|x| x.asked.remove(&self.head.id));
            drop(asked);
            post_answer(self.head.process, self.head.id, status, body);
        }
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.settle(Status::HANDLER_GONE, &[]);
    }
}

/// The clients that end; from [`gone()`].
pub struct Gone(Rc<RefCell<Queue<u64>>>);

/// Tells of every client that ends, once, after its last message; from now on.
pub fn gone() -> Gone {
    let queue = Rc::new(RefCell::new(Queue::new()));

    EXCHANGE.with(|x| x.gone.push(Rc::downgrade(&queue)));
    Gone(queue)
}

impl Gone {
    /// The next process that ended.
    pub async fn next(&mut self) -> u64 {
        poll_fn(|context| {
            let mut queue = self.0.borrow_mut();
            match queue.items.pop_front() {
                Some(process) => Poll::Ready(process),
                None => {
                    queue.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// Completes when the process is told to end; it has a few seconds then. [`Messages::next()`] says so as well.
pub fn stopping() -> impl Future<Output = ()> {
    poll_fn(|context| {
        EXCHANGE.with(|x| {
            if x.stopping {
                return Poll::Ready(());
            }
            x.stop_wakers.push(context.waker().clone());
            Poll::Pending
        })
    })
}
