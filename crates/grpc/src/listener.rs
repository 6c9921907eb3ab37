//! The answering end of conversations ([`crate::conversation`]): every question on a task of its own, which ends when nobody waits for it any
//! more. Of a search that alone has come, the first step is taken at once: it is often the only one, and another task would have to be
//! woken for it.
//!
//! A node that stops takes no more questions, and says so; those that it has taken are answered.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use cluster::state::NodeId;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tonic::codec::Streaming;
use tonic::{Request, Status};

use crate::gate::asker;
use crate::proto;
use crate::route::Class;
use crate::server::Desk;
use crate::wire::MAX_STREAMS;

/// Answers that wait to be sent; who has more to say waits with it.
const ANSWERS: usize = 64;

type Voice = mpsc::Sender<Result<proto::Said, Status>>;

/// What is being answered.
type Running = Arc<Mutex<HashMap<u64, AbortHandle>>>;

/// One conversation, as the answering node sees it.
struct Listener {
    desk: Desk,
    class: Class,
    from: NodeId,
    running: Running,
}

impl Drop for Listener {
    /// Nobody is there any more.
    fn drop(&mut self) {
        self.running.lock().values().for_each(AbortHandle::abort);
    }
}

/// Begins to listen. Out: what there is to say; it ends with the asker, or when `stopping` has become true and all is answered.
pub(crate) fn listen(
    desk: Desk,
    class: Class,
    turns: Request<Streaming<proto::Turn>>,
    stopping: watch::Receiver<bool>,
) -> mpsc::Receiver<Result<proto::Said, Status>> {
    let (voice, said) = mpsc::channel(ANSWERS);
    let from = NodeId(asker(turns.metadata()).into());
    let listener = Listener { desk, class, from, running: Running::default() };
    tokio::spawn(listener.listen(turns.into_inner(), voice, stopping));
    said
}

impl Listener {
    async fn listen(self, mut turns: Streaming<proto::Turn>, voice: Voice, mut stopping: watch::Receiver<bool>) {
        let mut stops = pin!(async move { stopping.wait_for(|stopping| *stopping).await.is_ok() });
        loop {
            tokio::select! {
                turn = turns.message() => match turn {
                    Ok(Some(turn)) => self.take_all(turn, &mut turns, &voice).await,
                    // The asker has ended, or cannot be understood.
                    Ok(None) | Err(_) => return,
                },
                _ = &mut stops => break,
            }
        }
        say(&voice, 0, None).await;
        // Only those that still answer have a voice from here on: when none is left, the conversation ends.
        let voice = { voice }.downgrade();
        while let Ok(Some(turn)) = turns.message().await {
            let Some(voice) = voice.upgrade() else { return };
            match turn.question {
                Some(_) => say(&voice, turn.id, None).await,
                None => self.drop_answer(turn.id),
            }
        }
    }

    /// Takes a turn, and those that have come with it.
    async fn take_all(&self, mut turn: proto::Turn, turns: &mut Streaming<proto::Turn>, voice: &Voice) {
        while let Some(next) = come(turns).await {
            self.take(turn, voice, false).await;
            turn = next;
        }
        self.take(turn, voice, self.class == Class::Search).await;
    }

    /// `alone`: nobody waits for anything else.
    async fn take(&self, turn: proto::Turn, voice: &Voice, alone: bool) {
        match turn.question {
            None => self.drop_answer(turn.id),
            // No more than an asker that keeps to the rules has waiting.
            Some(_) if self.running.lock().len() >= MAX_STREAMS as usize => say(voice, turn.id, None).await,
            Some(question) => {
                let (desk, class, from) = (self.desk.clone(), self.class, self.from.clone());
                let mut reply = Box::pin(async move { desk.reply(class, from, question).await });
                match if alone { step(reply.as_mut()).await } else { None } {
                    Some(reply) => say(voice, turn.id, Some(reply)).await,
                    None => self.answer(turn.id, reply, voice.clone()),
                }
            }
        }
    }

    fn drop_answer(&self, id: u64) {
        if let Some(task) = self.running.lock().remove(&id) {
            task.abort();
        }
    }

    fn answer(&self, id: u64, reply: impl Future<Output = proto::Reply> + Send + 'static, voice: Voice) {
        let done = self.running.clone();
        // Nothing is taken out before it is in.
        let mut running = self.running.lock();
        let task = tokio::spawn(async move {
            let reply = reply.await;
            done.lock().remove(&id);
            say(&voice, id, Some(reply)).await;
        });
        running.insert(id, task.abort_handle());
    }
}

/// What a first step comes to; `None`: there is more to do.
async fn step<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// A turn that has come already. The end of the conversation is heard by who waits for the next.
async fn come(turns: &mut Streaming<proto::Turn>) -> Option<proto::Turn> {
    step(pin!(turns.message())).await?.ok().flatten()
}

async fn say(voice: &Voice, id: u64, reply: Option<proto::Reply>) {
    // Nobody hears it when the asker has gone.
    let _ = voice.send(Ok(proto::Said { id, reply })).await;
}
