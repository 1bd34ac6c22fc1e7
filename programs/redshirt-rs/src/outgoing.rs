//! What the program sends: messages that want an answer, messages that do not, answers.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use crate::exchange::{self, Exchange, To, EXCHANGE};
use crate::executor::poll_fn;
use crate::interfaces::interface;
use crate::sys;
use crate::wire;
use crate::{Error, Interface, Result, Status};

enum State {
    Kept,
    Sent(u64),
    Done(Status, Vec<u8>),
    Taken,
}

/// What a message comes to. Shared by its future and whoever brings the answer.
pub(crate) struct Reply {
    state: RefCell<(State, Option<Waker>)>,
}

impl Reply {
    fn new() -> Rc<Reply> {
        Rc::new(Reply { state: RefCell::new((State::Kept, None)) })
    }

    fn sent(&self, id: u64) {
        self.state.borrow_mut().0 = State::Sent(id);
    }

    pub(crate) fn complete(&self, status: Status, body: Vec<u8>) {
        let waker = {
            let mut state = self.state.borrow_mut();
            state.0 = State::Done(status, body);
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Result<Vec<u8>>> {
        let mut state = self.state.borrow_mut();
        match mem::replace(&mut state.0, State::Taken) {
            State::Done(Status::OK, body) => Poll::Ready(Ok(body)),
            State::Done(status, body) => Poll::Ready(Err(Error { status, body })),
            State::Taken => panic!("awaited again after it was done"),
            other => {
                *state = (other, Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }

    /// Its future is dropped: nobody wants to know.
    fn let_go(self: &Rc<Reply>, to: &To) {
        let id = match self.state.borrow().0 {
            State::Sent(id) => id,
            State::Kept => {
                exchange::forget(to, self);
                return;
            }
            _ => return,
        };
        EXCHANGE.with(|x| x.replies.remove(&id));
        cancel(id);
    }
}

/// `interface`: CANCEL. It completes with CANCELLED, which nobody waits for.
fn cancel(id: u64) {
    post(&interface::INTERFACE, &[&interface::CANCEL.to_le_bytes(), &wire::fixed64(1, id)]);
}

/// Something on its way.
pub(crate) struct Outgoing {
    what: What,
    pub body: Vec<u8>, // when it is kept
}

enum What {
    Message { flags: u64, reply: Option<Rc<Reply>> },
    Answer { id: u64, status: Status },
}

impl Outgoing {
    /// What the call says; the id of a message.
    pub(crate) fn go(&self, to: &To, body: &[&[u8]]) -> core::result::Result<u64, Status> {
        match (&self.what, to) {
            (What::Message { flags, .. }, To::Interface(interface)) => sys::emit_message(interface, body, *flags),
            (What::Answer { id, status }, _) => sys::emit_answer(*id, body, *status).map(|()| 0),
            (What::Message { .. }, To::Client(_)) => Err(Status::BAD_ARGUMENT),
        }
    }

    /// It is sent or refused, and not busy.
    pub(crate) fn went(self, result: core::result::Result<u64, Status>) {
        let reply = match self.what {
            What::Message { reply: Some(reply), .. } => reply,
            _ => return,
        };
        match result {
            Ok(0) => reply.complete(Status::OK, Vec::new()),
            Ok(id) => {
                reply.sent(id);
                EXCHANGE.with(|x| x.replies.insert(id, reply));
            }
            Err(status) => reply.complete(status, Vec::new()),
        }
    }

    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self.what, What::Message { reply: Some(_), .. })
    }

    pub(crate) fn is_for(&self, reply: &Rc<Reply>) -> bool {
        matches!(&self.what, What::Message { reply: Some(own), .. } if Rc::ptr_eq(own, reply))
    }

    /// There is no room left for bodies. Somebody waits for an answer, so word that it was too much still goes; of a
    /// log line nothing would be left.
    pub(crate) fn keep_without_body(mut self, to: To, exchange: &mut Exchange) {
        match &mut self.what {
            What::Answer { status, .. } => *status = Status::BUSY,
            What::Message { .. } => return,
        }
        exchange.kept.entry(to).or_default().push_back(self);
    }
}

/// Sends without an answer, and without anybody who waits for it to go.
pub(crate) fn post(interface: &Interface, body: &[&[u8]]) {
    let what = What::Message { flags: 0, reply: None };

    exchange::put(To::Interface(*interface), Outgoing { what, body: Vec::new() }, body);
}

pub(crate) fn post_answer(client: u64, id: u64, status: Status, body: &[u8]) {
    let what = What::Answer { id, status };

    exchange::put(To::Client(client), Outgoing { what, body: Vec::new() }, &[body]);
}

/// Completes when all answers and log lines went that found no room before. [`main!`](crate::main!) waits a moment for
/// it when the program ends.
pub fn flushed() -> impl Future<Output = ()> {
    poll_fn(|context| {
        EXCHANGE.with(|x| {
            if x.kept.is_empty() {
                return Poll::Ready(());
            }
            x.flush_wakers.push(context.waker().clone());
            Poll::Pending
        })
    })
}

fn put(interface: &Interface, body: &[&[u8]], flags: u64) -> (To, Rc<Reply>) {
    let (to, reply) = (To::Interface(*interface), Reply::new());
    let what = What::Message { flags, reply: Some(reply.clone()) };

    exchange::put(to, Outgoing { what, body: Vec::new() }, body);
    (to, reply)
}

/// The answer to a message on its way: await it. Dropping it before lets go of the message, which is cancelled.
#[must_use = "dropping it cancels the message"]
pub struct Answer {
    to: To,
    reply: Rc<Reply>,
}

/// Sends a message, now; awaiting it gives the body of the answer, or why there is none.
///
/// The message is on its way when this returns: several may be, and be awaited in any order.
pub fn send(interface: &Interface, body: &[u8]) -> Answer {
    send_pieces(interface, &[body], 0)
}

/// The same, with a body that is the concatenation of pieces, and flags: [`sys::ALLOW_DELAY`] waits for somebody to
/// handle the interface.
pub fn send_pieces(interface: &Interface, body: &[&[u8]], flags: u64) -> Answer {
    let (to, reply) = put(interface, body, flags | sys::NEEDS_ANSWER);

    Answer { to, reply }
}

/// Sends the message of an rpc: its number and the bytes of its request, as a definition says; awaiting it gives those
/// of its answer. rs-ifgen writes a module with the names for them:
///
/// ```ignore
/// let total = call(&counter::INTERFACE, counter::ADD, &request.encode_to_vec(), 0).await?;
/// ```
pub fn call(interface: &Interface, rpc: u32, request: &[u8], flags: u64) -> Answer {
    send_pieces(interface, &[&rpc.to_le_bytes(), request], flags)
}

/// The same for an rpc that has no answer.
pub fn tell_rpc(interface: &Interface, rpc: u32, request: &[u8]) -> Sent {
    let (to, reply) = put(interface, &[&rpc.to_le_bytes(), request], 0);

    Sent { to, reply }
}

impl Future for Answer {
    type Output = Result<Vec<u8>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.reply.poll(context)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.reply.let_go(&self.to);
    }
}

/// A message without an answer on its way; awaiting it says when it went. Dropping it before, it does not go.
#[must_use = "dropping it may keep the message from going"]
pub struct Sent {
    to: To,
    reply: Rc<Reply>,
}

/// Sends a message that wants no answer; awaiting it says that it went, which is at once but when there is no room.
pub fn tell(interface: &Interface, body: &[u8]) -> Sent {
    let (to, reply) = put(interface, &[body], 0);

    Sent { to, reply }
}

impl Future for Sent {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.reply.poll(context).map_ok(drop)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.reply.let_go(&self.to);
    }
}
