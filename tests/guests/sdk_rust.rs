//! sdk_rust.rs: the promises of the crate `redshirt`, one case per name; most are their own client. Says "ok". Without
//! a name (there is none without WASI) all that need nobody else.
//!
//!     sdk_rust numbers|many|order|long|fixed|full|kept|cancel|gone|watch|hand WORD COUNT

use std::cell::Cell;
use std::env;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use redshirt::*;

const SELF: Interface = interface("example:self");
const SILENT: Interface = interface("example:silent");
const ONE: Interface = interface("example:one");

redshirt::main!(run);

fn number(body: &[u8]) -> u32 {
    u32::from_le_bytes(body[..4].try_into().unwrap())
}

fn numbered(number: u32, bytes: usize) -> Vec<u8> {
    let mut body = vec![0; bytes];
    body[..4].copy_from_slice(&number.to_le_bytes());
    body
}

/// Answers everything with itself, until it is dropped: how many came, and how many of them in order.
struct Echo {
    count: Rc<Cell<(u32, u32)>>,
    task: Option<Task<()>>,
}

impl Echo {
    async fn new(limit: u64) -> Result<Echo> {
        let mut messages = handle_with_limit(&SELF, limit).await?;
        let count = Rc::new(Cell::new((0, 0)));
        let counted = count.clone();
        let task = spawn(async move {
            while let Some(message) = messages.next().await {
                let body = message.body().to_vec();
                let (all, ordered) = counted.get();
                counted.set((all + 1, ordered + (number(&body) == all) as u32));
                message.answer(&body);
            }
        });
        Ok(Echo { count, task: Some(task) })
    }

    fn count(&self) -> (u32, u32) {
        self.count.get()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.take().map(Task::cancel);
    }
}

/// A thousand asks and five hundred timers, all under way at once; some awaited by tasks, some together.
async fn many() -> Result<()> {
    let echo = Echo::new(0).await?;
    let answers: Vec<_> = (0..1000).map(|i| send(&SELF, &numbered(i, 8))).collect();
    let timers: Vec<_> = (0..500).map(|i| spawn(sleep(Duration::from_millis(i % 50)))).collect();

    let (answers, timers) = join(join_all(answers), join_all(timers)).await;
    for (i, body) in answers.into_iter().enumerate() {
        assert_eq!(number(&body?), i as u32);
    }
    assert!(timers.iter().all(Result::is_ok));
    assert_eq!(echo.count(), (1000, 1000));
    Ok(())
}

/// More than a ring holds: they are kept, and come in their order. Every other one is short: it would fit where a long
/// one does not.
async fn order() -> Result<()> {
    let echo = Echo::new(8000).await?;
    let answers: Vec<_> = (0..200).map(|i| send(&SELF, &numbered(i, if i % 2 == 0 { 3700 } else { 4 }))).collect();

    for (i, answer) in answers.into_iter().enumerate() {
        assert_eq!(number(&answer.await?), i as u32);
    }
    assert_eq!(echo.count(), (200, 200));
    Ok(())
}

/// Long bodies both ways, through a buffer that begins small.
async fn long() -> Result<()> {
    let echo = Echo::new(0).await?;

    for bytes in [5000, 300_000, 100, 3_000_000] {
        let body: Vec<u8> = (0..bytes as u32).map(|i| (i * 31 + (i >> 8) * 17) as u8).collect();
        assert!(send(&SELF, &body).await? == body);
    }
    assert_eq!(echo.count().0, 4);
    Ok(())
}

/// A limit of the handler's own.
async fn fixed() -> Result<()> {
    let _echo = Echo::new(4000).await?;
    assert_eq!(send(&SELF, &numbered(1, 4001)).await, Err(Status::TOO_BIG.into()));
    assert_eq!(send(&SELF, &numbered(2, 4000)).await?.len(), 4000);
    assert_eq!(send(&interface("example:nobody"), b"?").await, Err(Status::NO_HANDLER.into()));
    assert!(handle(&SELF).await.map(drop) == Err(Status::TAKEN.into()));
    Ok(())
}

/// A handler that takes nothing: only so many messages are taken for it, answers come all the same, and all messages
/// when it goes on.
async fn full() -> Result<()> {
    let mut messages = handle_with_limit(&SELF, 8000).await?;
    let told: Vec<_> = (0..2000).map(|i| tell(&SELF, &numbered(i, 4))).collect();
    let asked: Vec<_> = (2000..2400).map(|i| send(&SELF, &numbered(i, 4))).collect();

    assert_eq!(timeout(Duration::from_millis(50), flushed()).await, None);
    assert!(now().await?.realtime > Duration::from_secs(1_000_000_000));
    for i in 0..2400 {
        let message = messages.next().await.expect("nobody said stop");
        assert_eq!(number(message.body()), i);
        message.answer(b"");
    }
    assert!(join_all(told).await.iter().all(Result::is_ok));
    assert!(join_all(asked).await.iter().all(Result::is_ok));
    Ok(())
}

/// Of what is kept, some is cancelled before it could go; some when it was sent.
async fn kept() -> Result<()> {
    let echo = Echo::new(8000).await?;
    let mut answers: Vec<_> = (0..100).map(|i| send(&SELF, &numbered(i, 4000))).collect();

    answers.truncate(90);
    for answer in join_all(answers).await {
        answer?;
    }
    assert_eq!(echo.count(), (90, 90));
    assert_eq!(timeout(Duration::from_secs(60), tell(&SELF, &numbered(90, 4))).await, Some(Ok(())));
    for i in 91..1000 {
        drop(send(&SELF, &numbered(i, 4)));
    }
    assert_eq!(number(&send(&SELF, &numbered(1000, 4)).await?), 1000);
    Ok(())
}

/// What a handler may do with messages besides answering them, and what tasks may do.
async fn handles() -> Result<()> {
    let mut messages = handle(&SELF).await?;
    let dropped = send(&SELF, b"a");
    let refused = send(&SELF, b"b");
    let mut first = messages.next().await;
    assert!(first.as_ref().map_or(false, |message| message.wants_answer() && !message.is_cancelled()));
    first.take();
    assert_eq!(dropped.await, Err(Status::HANDLER_GONE.into()));
    if let Some(message) = messages.next().await {
        message.answer_with(Status(0x10001), b"because");
    }
    assert_eq!(refused.await, Err(Error { status: Status(0x10001), body: b"because".to_vec() }));

    let waiting = send(&SELF, b"c");
    let message = messages.next().await.unwrap();
    let later = spawn(async move { message.cancelled().await });
    yield_now().await;
    drop(waiting);
    later.await;

    let left = send(&SELF, b"d");
    messages.release().await?;
    assert_eq!(left.await, Err(Status::HANDLER_GONE.into()));
    let never = spawn(async { send_pieces(&SELF, &[b"e"], sys::ALLOW_DELAY).await });
    yield_now().await;
    never.cancel();
    let mut bytes = [0; 5000];
    random(&mut bytes).await?;
    assert!(bytes[4096..].iter().any(|byte| *byte != 0));
    assert!(matches!(select(sleep(Duration::from_secs(60)), async {}).await, Either::Second(())));
    Ok(())
}

async fn cancel() -> Result<()> {
    let answers: Vec<_> = (0..100).map(|i| send(&SILENT, &numbered(i, 4))).collect();

    assert_eq!(timeout(Duration::from_millis(50), join_all(answers)).await, None);
    Ok(())
}

/// Whoever handles it ends meanwhile.
async fn ends() -> Result<()> {
    let answers: Vec<_> = (0..100).map(|i| send(&SILENT, &numbered(i, 4))).collect();

    say!("asked");
    for answer in join_all(answers).await {
        assert_eq!(answer, Err(Status::HANDLER_GONE.into()));
    }
    Ok(())
}

async fn watch() -> Result<()> {
    let mut messages = handle(&SILENT).await?;
    let mut clients = gone();

    say!("register: ok");
    spawn(async move {
        loop {
            clients.next().await;
            say!("gone or cancelled");
        }
    });
    while let Some(message) = messages.next().await {
        say!("message");
        spawn(async move {
            message.cancelled().await;
            say!("gone or cancelled");
        });
    }
    stopping().await;
    say!("notice");
    Ok(())
}

/// Answers COUNT messages, then another may. It has its timers still.
async fn hand() -> Result<()> {
    let word = env::args().nth(2).unwrap_or_default();
    let count = env::args().nth(3).and_then(|text| text.parse().ok()).unwrap_or(u32::MAX);
    let mut messages = handle(&ONE).await?;

    say!("register: ok");
    for _ in 0..count {
        match messages.next().await {
            Some(message) => message.answer(word.as_bytes()),
            None => return Ok(()),
        }
    }
    messages.release().await?;
    sleep(Duration::from_millis(1)).await?;
    say!("let go: ok");
    Ok(())
}

/// What both languages must agree about.
async fn numbers() -> Result<()> {
    let last = (0..).find(|i| Status(*i).text() == Status::PROGRAM.text()).unwrap();

    for i in 0..=last {
        say!("{} {}", i, Status(i));
    }
    say!("{}", Status::PROGRAM.0);
    use sys::*;
    say!("{} {} {} {} {}", kind::MESSAGE, kind::ANSWER, kind::PROCESS_GONE, kind::CANCELLED_BY, kind::NOTICE);
    say!("{} {} {}", NEEDS_ANSWER, ALLOW_DELAY, MORE);
    say!("{} {}", NOTICE_STOP, NOTICE_ROOM);
    say!("{} {} {}", PIECES_MAX, POLL_MAX, HEAD_BYTES);
    Ok(())
}

type Case = (&'static str, fn() -> Pin<Box<dyn Future<Output = Result<()>>>>);
macro_rules! cases {
    ($($name:literal $case:ident),*) => { [$(($name, || Box::pin($case()))),*] };
}

const ALONE: usize = 7;
const CASES: [Case; 12] = cases!("many" many, "order" order, "long" long, "fixed" fixed, "full" full, "kept" kept,
    "handles" handles, "cancel" cancel, "gone" ends, "watch" watch, "hand" hand, "numbers" numbers);

async fn run() -> Result<()> {
    let name = env::args().nth(1);

    for (i, (case, run)) in CASES.iter().enumerate() {
        match &name {
            Some(name) if name == case => run().await?,
            None if i < ALONE => run().await?,
            _ => (),
        }
    }
    say!("ok");
    Ok(())
}
