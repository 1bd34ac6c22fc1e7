//! Several futures at once.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::executor::poll_fn;
use crate::host::sleep;

/// A future that may be done already.
enum Part<F: Future> {
    Pending(Pin<Box<F>>),
    Done(Option<F::Output>),
}

impl<F: Future> Part<F> {
    fn new(future: F) -> Part<F> {
        Part::Pending(Box::pin(future))
    }

    fn is_done(&mut self, context: &mut Context<'_>) -> bool {
        if let Part::Pending(future) = self {
            match future.as_mut().poll(context) {
                Poll::Pending => return false,
                Poll::Ready(value) => *self = Part::Done(Some(value)),
            }
        }
        true
    }

    fn take(&mut self) -> Option<F::Output> {
        match self {
            Part::Done(value) => value.take(),
            Part::Pending(_) => None,
        }
    }
}

/// Both.
pub async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (Part::new(a), Part::new(b));

    poll_fn(move |context| {
        let done = (a.is_done(context), b.is_done(context));
        match done {
            (true, true) => Poll::Ready((a.take().unwrap(), b.take().unwrap())),
            _ => Poll::Pending,
        }
    })
    .await
}

/// All of them, in their order. Each is polled whenever one of them wakes: for thousands, use
/// [`spawn()`](crate::spawn).
pub async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut parts: Vec<Part<F>> = futures.into_iter().map(Part::new).collect();

    poll_fn(move |context| {
        let mut done = true;
        for part in parts.iter_mut() {
            done &= part.is_done(context);
        }
        match done {
            true => Poll::Ready(parts.iter_mut().filter_map(Part::take).collect()),
            false => Poll::Pending,
        }
    })
    .await
}

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first was faster.
    First(A),
    /// The second was faster.
    Second(B),
}

/// Whichever is done first; the other one is dropped, which cancels what it had sent. The first has the first word.
pub async fn select<A: Future, B: Future>(a: A, b: B) -> Either<A::Output, B::Output> {
    let (mut a, mut b) = (Box::pin(a), Box::pin(b));

    poll_fn(move |context| {
        if let Poll::Ready(value) = a.as_mut().poll(context) {
            return Poll::Ready(Either::First(value));
        }
        b.as_mut().poll(context).map(Either::Second)
    })
    .await
}

/// `None`: it was not done in time, and is dropped.
pub async fn timeout<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    match select(future, sleep(time)).await {
        Either::First(value) => Some(value),
        Either::Second(_) => None,
    }
}
