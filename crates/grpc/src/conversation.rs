//! One conversation with a node: questions go out as they come, answers come back in any order. It spares short questions what a call of
//! their own costs: headers, and the hands through which they pass.
//!
//! In: questions, from any number of tasks. Out: each one's answer, or why there is none: a question that had not left when the conversation
//! ended was certainly not carried out. Not here: the other end ([`crate::listener`]).

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_stream::Stream;
use tonic::codec::Streaming;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::call::CallError;
use crate::gate::Badge;
use crate::proto;
use crate::proto::bulk_client::BulkClient;
use crate::proto::control_client::ControlClient;
use crate::proto::search_client::SearchClient;
use crate::route::Class;
use crate::wire::MAX_STREAMS;

/// A conversation that goes on, or has ended.
pub(crate) struct Conversation {
    /// No more than `room` lets in.
    turns: mpsc::UnboundedSender<Spoken>,
    state: Arc<State>,
    /// For questions that wait to be sent or answered.
    room: Arc<Semaphore>,
}

/// A turn, and the room that it takes until it has left.
type Spoken = (proto::Turn, Arc<OwnedSemaphorePermit>);

struct State {
    address: String,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    asked: HashMap<u64, Asked>,
    /// Why no more questions are taken.
    ended: Option<CallError>,
}

struct Asked {
    answer: oneshot::Sender<Result<proto::Reply, CallError>>,
    /// It may have reached the other end.
    sent: bool,
}

impl Conversation {
    /// Begins one over a connection; until that stands, questions wait. `max_message`: of one answer, in bytes.
    pub(crate) fn begin(channel: Channel, badge: &Badge, max_message: usize, (address, class): (&str, Class)) -> Self {
        let (turns, taken) = mpsc::unbounded_channel();
        let state = Arc::new(State { address: address.to_owned(), waiting: Mutex::default() });
        let mut request = Request::new(Outgoing { turns: taken, state: state.clone() });
        badge.show(request.metadata_mut());
        let answers = async move {
            let answers = match class {
                Class::Control => {
                    ControlClient::new(channel).max_decoding_message_size(max_message).converse(request).await
                }
                Class::Search => {
                    SearchClient::new(channel).max_decoding_message_size(max_message).converse(request).await
                }
                Class::Bulk => BulkClient::new(channel).max_decoding_message_size(max_message).converse(request).await,
            };
            answers.map(Response::into_inner)
        };
        tokio::spawn(listen(answers, state.clone()));
        Self { turns, state, room: Arc::new(Semaphore::new(MAX_STREAMS as usize)) }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state.waiting.lock().ended.is_some()
    }

    /// Asks, and waits for the answer. Dropping the future ends the work there.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn ask(&self, question: proto::Request) -> Result<proto::Reply, CallError> {
        let room = self.room.clone().acquire_owned().await.map_err(|_| self.state.unsent())?;
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut waiting = self.state.waiting.lock();
            if let Some(ended) = &waiting.ended {
                return Err(self.state.of_unsent(ended));
            }
            waiting.last += 1;
            let id = waiting.last;
            waiting.asked.insert(id, Asked { answer, sent: false });
            id
        };
        let wanted = Wanted { conversation: self, id, room: Arc::new(room) };
        // Whoever ends the conversation tells all that wait.
        let _ = self.turns.send((proto::Turn { id, question: Some(question) }, wanted.room.clone()));
        answered.await.unwrap_or_else(|_| Err(self.state.unsent()))
    }
}

/// A question whose answer somebody waits for.
struct Wanted<'a> {
    conversation: &'a Conversation,
    id: u64,
    room: Arc<OwnedSemaphorePermit>,
}

impl Drop for Wanted<'_> {
    fn drop(&mut self) {
        let gone = self.conversation.state.waiting.lock().asked.remove(&self.id);
        if gone.is_some() {
            let _ = self.conversation.turns.send((proto::Turn { id: self.id, question: None }, self.room.clone()));
        }
    }
}

impl State {
    fn unsent(&self) -> CallError {
        CallError::Unsent { address: self.address.clone(), reason: "the conversation has ended".to_owned() }
    }

    /// What the end of the conversation is for a question that has not left this node.
    fn of_unsent(&self, ended: &CallError) -> CallError {
        match ended {
            CallError::Unreachable { address, reason } => {
                CallError::Unsent { address: address.clone(), reason: reason.clone() }
            }
            other => other.clone(),
        }
    }

    fn hear(&self, said: proto::Said) {
        let mut waiting = self.waiting.lock();
        if said.id == 0 {
            waiting.ended.get_or_insert_with(|| self.unsent());
            return;
        }
        let Some(asked) = waiting.asked.remove(&said.id) else { return };
        drop(waiting);
        // Whoever has asked may have gone.
        let _ = asked.answer.send(said.reply.ok_or_else(|| self.unsent()));
    }

    fn end(&self, why: CallError) {
        let mut waiting = self.waiting.lock();
        let asked = std::mem::take(&mut waiting.asked);
        let unsent = self.of_unsent(&why);
        waiting.ended = Some(unsent.clone());
        drop(waiting);
        for asked in asked.into_values() {
            let _ = asked.answer.send(Err(if asked.sent { why.clone() } else { unsent.clone() }));
        }
    }
}

/// What is to be said, which marks questions as they leave.
struct Outgoing {
    turns: mpsc::UnboundedReceiver<Spoken>,
    state: Arc<State>,
}

impl Stream for Outgoing {
    type Item = proto::Turn;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<proto::Turn>> {
        let Some((turn, _room)) = std::task::ready!(self.turns.poll_recv(context)) else { return Poll::Ready(None) };
        if let Some(asked) = self.state.waiting.lock().asked.get_mut(&turn.id) {
            asked.sent = true;
        }
        Poll::Ready(Some(turn))
    }
}

/// Hands out answers until there will be no more.
async fn listen(answers: impl Future<Output = Result<Streaming<proto::Said>, Status>>, state: Arc<State>) {
    let heard = async {
        let mut answers = answers.await?;
        while let Some(said) = answers.message().await? {
            state.hear(said);
        }
        Ok(())
    };
    let address = || state.address.clone();
    state.end(match heard.await {
        Ok(()) => CallError::Unreachable { address: address(), reason: "the conversation has ended".to_owned() },
        Err(status) => CallError::of(&status, &state.address, "a conversation"),
    });
}
