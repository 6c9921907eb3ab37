//! Bodies: whole or in chunks, within the limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use tokio::time::timeout;

use model::error::{Error, ErrorKind};

use super::budget::Charge;
use crate::reply::Reply;

/// For more of a body that is refused already.
const PATIENCE: Duration = Duration::from_millis(500);

/// The body of one request.
pub(crate) enum Content {
    /// Read already.
    Whole(Bytes),
    /// For endpoints that read it themselves, chunk by chunk.
    Chunks(Chunks),
}

/// A body that is still coming.
pub(crate) struct Chunks {
    body: Body,
    /// Read, but not given out.
    ahead: Option<Bytes>,
    /// Longest thing that may be put together of it.
    pub(crate) max_content_length: u64,
    /// What is held of it; the reader says how much that is.
    pub(crate) charge: Charge,
    /// How long the next bytes may take.
    stall: Duration,
}

impl Chunks {
    pub(crate) fn new(body: Body, max_content_length: u64, charge: Charge, stall: Duration) -> Self {
        Self { body, ahead: None, max_content_length, charge, stall }
    }

    /// Whether there is nothing in it.
    ///
    /// # Errors
    /// As [`Chunks::next`].
    pub(crate) async fn is_empty(&mut self) -> Result<bool, Error> {
        if self.ahead.is_none() {
            self.ahead = self.next().await?;
        }
        Ok(self.ahead.is_none())
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When the client sends what is not HTTP or not gzip, goes away, or sends nothing for too long.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(chunk) = self.ahead.take() {
            return Ok(Some(chunk));
        }
        loop {
            let stalled = |_| {
                let reason = format!("nothing came of the request body for {:?}", self.stall);
                Error::new(ErrorKind::Parse, reason)
            };
            let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx));
            match timeout(self.stall, frame).await.map_err(stalled)? {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    // Trailers are of no use here.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => {
                    return Err(Error::new(ErrorKind::Parse, format!("the request body cannot be read: {error}")));
                }
            }
        }
    }

    /// Reads on without use, as far as one body may be long and as long as it keeps coming: who announces a body and waits for the
    /// answer before sending it shall get that answer.
    pub(crate) async fn drain(&mut self) {
        let mut left = self.max_content_length;
        while let Ok(Ok(Some(chunk))) = timeout(PATIENCE, self.next()).await {
            match left.checked_sub(chunk.len() as u64) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

/// Why there is no whole body.
pub(super) enum Unread {
    Refused(Error),
    /// 413, as OpenSearch: without a body.
    TooLarge,
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// All of a body, which stays charged for. `announced`: its `Content-Length`.
pub(super) async fn whole(chunks: &mut Chunks, announced: Option<u64>) -> Result<Bytes, Unread> {
    let announced = announced.unwrap_or(0);
    if announced > chunks.max_content_length {
        return Err(Unread::TooLarge);
    }
    if announced > 0 {
        chunks.charge.hold(announced)?;
    }
    let Some(first) = chunks.next().await? else { return Ok(Bytes::new()) };
    let Some(second) = chunks.next().await? else {
        within(chunks, first.len())?;
        return Ok(first);
    };
    let mut all = Vec::with_capacity(first.len() + second.len());
    all.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        within(chunks, all.len() + chunk.len())?;
        all.extend_from_slice(&chunk);
        next = chunks.next().await?;
    }
    Ok(Bytes::from(all))
}

fn within(chunks: &mut Chunks, length: usize) -> Result<(), Unread> {
    if length as u64 > chunks.max_content_length {
        return Err(Unread::TooLarge);
    }
    Ok(chunks.charge.hold(length as u64)?)
}

/// The answer to a body or a line that is too long.
pub(super) fn too_large() -> Reply {
    Reply::empty(413)
}
