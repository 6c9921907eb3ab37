//! One connection's state: who it is, which protocol it speaks, what it has begun.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use crate::client::Client;
use crate::command::transaction::Transaction;
use crate::error::RespError;
use crate::frame::reply::Protocol;
use crate::frame::request::Limits;
use crate::keyspace::{Entry, Held, Mark, Next};
use crate::server::Server;

/// Which answers are sent (`CLIENT REPLY`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    #[default]
    Sent,
    Kept,
    /// Neither this one nor the next.
    SkipNext,
    Skip,
}

pub struct Session {
    pub server: Arc<Server>,
    pub client: Arc<Client>,
    pub protocol: Protocol,
    pub(crate) authenticated: bool,
    pub answers: Answers,
    /// The connection ends when the present answer is sent.
    pub(crate) closing: bool,
    /// MULTI has begun.
    pub(crate) transaction: Option<Transaction>,
    /// EXEC holds every key that its commands name.
    pub(crate) executing: bool,
    pub(crate) watched: Vec<(Bytes, Mark)>,
}

impl Session {
    pub(crate) fn new(server: Arc<Server>, client: Arc<Client>) -> Self {
        let authenticated = server.password.read().is_empty();
        Self {
            server,
            client,
            protocol: Protocol::Two,
            authenticated,
            answers: Answers::Sent,
            closing: false,
            transaction: None,
            executing: false,
            watched: Vec::new(),
        }
    }

    /// Holds `keys`, unless EXEC holds them already.
    pub(crate) async fn hold(&self, keys: &[Bytes]) -> Option<Held<'_>> {
        if self.executing { None } else { Some(self.server.keyspace.hold(keys).await) }
    }

    /// What `key` holds.
    pub(crate) async fn get(&self, key: &[u8]) -> Result<Option<Entry>, RespError> {
        let keyspace = &self.server.keyspace;
        let found = keyspace.get(key).await?;
        let counted = if found.is_some() { &keyspace.hits } else { &keyspace.misses };
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(found)
    }

    /// Reads `key`, lets `decide` say what becomes of it and what is answered, and does that, with nobody between.
    pub(crate) async fn change<T>(
        &self,
        key: &Bytes,
        decide: impl FnMut(Option<Entry>) -> Result<(Next, T), RespError>,
    ) -> Result<T, RespError> {
        let _held = self.hold(std::slice::from_ref(key)).await;
        self.server.keyspace.change(key, decide).await
    }

    /// How large a request may be, from this client.
    pub(crate) fn limits(&self) -> Limits {
        if !self.authenticated {
            return Limits::STRANGER;
        }
        let settings = &self.server.settings;
        Limits { arguments: settings.max_arguments, bulk: settings.max_bulk_bytes, request: settings.max_request_bytes }
    }

    /// As it was when the connection was made (`RESET`).
    pub(crate) fn reset(&mut self) {
        self.protocol = Protocol::Two;
        self.authenticated = self.server.password.read().is_empty();
        self.answers = Answers::Sent;
        self.transaction = None;
        self.watched.clear();
        let mut state = self.client.state.lock();
        state.name.clear();
        state.protocol = Protocol::Two;
        state.queued = None;
        state.watching = 0;
    }
}
