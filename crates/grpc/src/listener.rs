//! The answering end of conversations ([`crate::conversation`]): every question on a task of its own, which ends when nobody waits for it any
//! more.
//!
//! A node that stops takes no more questions, and says so; those that it has taken are answered.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

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
                    Ok(Some(turn)) => self.take(turn, &voice).await,
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

    async fn take(&self, turn: proto::Turn, voice: &Voice) {
        match turn.question {
            None => self.drop_answer(turn.id),
            // No more than an asker that keeps to the rules has waiting.
            Some(_) if self.running.lock().len() >= MAX_STREAMS as usize => say(voice, turn.id, None).await,
            Some(question) => self.answer(turn.id, question, voice.clone()),
        }
    }

    fn drop_answer(&self, id: u64) {
        if let Some(task) = self.running.lock().remove(&id) {
            task.abort();
        }
    }

    fn answer(&self, id: u64, question: proto::Request, voice: Voice) {
        let (desk, class, from, done) = (self.desk.clone(), self.class, self.from.clone(), self.running.clone());
        // Nothing is taken out before it is in.
        let mut running = self.running.lock();
        let task = tokio::spawn(async move {
            let reply = desk.reply(class, from, question).await;
            done.lock().remove(&id);
            say(&voice, id, Some(reply)).await;
        });
        running.insert(id, task.abort_handle());
    }
}

async fn say(voice: &Voice, id: u64, reply: Option<proto::Reply>) {
    // Nobody hears it when the asker has gone.
    let _ = voice.send(Ok(proto::Said { id, reply })).await;
}
