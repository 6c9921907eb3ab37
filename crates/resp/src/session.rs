//! One connection's state: who it is, which protocol it speaks, what it has begun.

use std::sync::Arc;

use crate::client::Client;
use crate::frame::reply::Protocol;
use crate::frame::request::Limits;
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
}

impl Session {
    pub(crate) fn new(server: Arc<Server>, client: Arc<Client>) -> Self {
        let authenticated = server.password.read().is_empty();
        Self { server, client, protocol: Protocol::Two, authenticated, answers: Answers::Sent, closing: false }
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
        let mut state = self.client.state.lock();
        state.name.clear();
        state.protocol = Protocol::Two;
        state.queued = None;
        state.watching = 0;
    }
}
