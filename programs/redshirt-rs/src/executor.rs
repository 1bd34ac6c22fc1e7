//! Who runs next: tasks that were woken, in the order of their waking; when there is none, the next delivery.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use crate::exchange;
use crate::local::Local;

/// Tasks that run before somebody looks whether something came.
const ROUND: usize = 64;

type Work = Pin<Box<dyn Future<Output = ()>>>;

struct Job {
    work: RefCell<Option<Work>>, // None: it is done, or the future of block_on()
    ready: Cell<bool>,           // stands in the line
    ended: Cell<bool>,           // shall not be polled again
}

// A Waker must be able to travel between threads. There is one thread.
unsafe impl Send for Job {}
unsafe impl Sync for Job {}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Arc<Job>>,            // those that were woken
    all: BTreeMap<*const Job, Arc<Job>>, // so that a job does not end because a waker is dropped
    running: bool,
}

static LINE: Local<Line> = Local::new();

impl Wake for Job {
    fn wake(self: Arc<Self>) {
        if !self.ready.replace(true) {
            LINE.with(|line| line.jobs.push_back(self));
        }
    }
}

impl Job {
    fn new(work: Option<Work>) -> Arc<Job> {
        Arc::new(Job { work: RefCell::new(work), ready: Cell::new(false), ended: Cell::new(false) })
    }

    fn run(self: &Arc<Job>) {
        let waker = Waker::from(self.clone());
        let mut work = self.work.borrow_mut();
        let polled = match work.as_mut() {
            Some(work) if !self.ended.get() => work.as_mut().poll(&mut Context::from_waker(&waker)),
            _ => Poll::Ready(()),
        };
        if polled.is_ready() || self.ended.get() {
            *work = None;
            self.forget();
        }
    }

    fn forget(&self) {
        let job = LINE.with(|line| line.all.remove(&(self as *const Job)));
        drop(job);
    }

    /// Its future is dropped: now, or after it returned if it is the one that runs.
    fn end(&self) {
        self.ended.set(true);
        if let Ok(mut work) = self.work.try_borrow_mut() {
            *work = None;
            self.forget();
        }
    }
}

struct Outcome<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

/// A future that runs by itself; awaiting it gives what it came to. Dropping this lets it go on.
pub struct Task<T> {
    job: Arc<Job>,
    outcome: Rc<RefCell<Outcome<T>>>,
}

/// Runs a future beside the others.
pub fn spawn<T: 'static>(future: impl Future<Output = T> + 'static) -> Task<T> {
    let outcome = Rc::new(RefCell::new(Outcome { value: None, waker: None }));
    let result = outcome.clone();
    let job = Job::new(Some(Box::pin(async move {
        let value = future.await;
        let waker = {
            let mut outcome = result.borrow_mut();
            outcome.value = Some(value);
            outcome.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    })));
    LINE.with(|line| line.all.insert(Arc::as_ptr(&job), job.clone()));
    job.clone().wake();
    Task { job, outcome }
}

impl<T> Task<T> {
    /// Drops its future, wherever that is.
    pub fn cancel(self) {
        self.job.end();
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut outcome = self.outcome.borrow_mut();
        match outcome.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                outcome.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Lets others run first.
pub async fn yield_now() {
    let mut yielded = false;

    poll_fn(|context| {
        if core::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// Runs a future, and all that were spawned, until it is done. The others stand still then. One at a time: a task
/// that calls this panics.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    let job = Job::new(None);
    let waker = Waker::from(job.clone());

    assert!(!LINE.with(|line| core::mem::replace(&mut line.running, true)), "block_on() within block_on()");
    waker.wake_by_ref();
    loop {
        for _ in 0..ROUND {
            let next = match LINE.with(|line| line.jobs.pop_front()) {
                Some(next) => next,
                None => break,
            };
            next.ready.set(false);
            if !Arc::ptr_eq(&next, &job) {
                next.run();
            } else if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                LINE.with(|line| line.running = false);
                return value;
            }
        }
        exchange::turn(!any_ready());
    }
}

/// Whether somebody was woken.
pub(crate) fn any_ready() -> bool {
    LINE.with(|line| !line.jobs.is_empty())
}

/// A future made of a function, which core has only in later versions.
pub(crate) fn poll_fn<T, F: FnMut(&mut Context<'_>) -> Poll<T>>(f: F) -> PollFn<F> {
    PollFn(f)
}

pub(crate) struct PollFn<F>(F);

impl<F> Unpin for PollFn<F> {}

impl<T, F: FnMut(&mut Context<'_>) -> Poll<T>> Future for PollFn<F> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        (self.0)(context)
    }
}
