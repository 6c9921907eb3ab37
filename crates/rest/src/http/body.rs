//! Bodies: whole or in chunks, within the limits.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};

use model::error::{Error, ErrorKind};

use super::budget::Charge;
use crate::reply::Reply;

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
    /// Longest thing that may be put together of it.
    pub(crate) max_content_length: u64,
    /// What is held of it; the reader says how much that is.
    pub(crate) charge: Charge,
}

impl Chunks {
    pub(crate) fn new(body: Body, max_content_length: u64, charge: Charge) -> Self {
        Self { body, max_content_length, charge }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When the client sends what is not HTTP or not gzip, or goes away.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await {
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

/// All of a body. `announced`: its `Content-Length`. The charge stays held until it is dropped.
pub(super) async fn whole(mut chunks: Chunks, announced: Option<u64>) -> Result<(Bytes, Charge), Unread> {
    let announced = announced.unwrap_or(0);
    if announced > chunks.max_content_length {
        return Err(Unread::TooLarge);
    }
    if announced > 0 {
        chunks.charge.hold(announced)?;
    }
    let Some(first) = chunks.next().await? else { return Ok((Bytes::new(), chunks.charge)) };
    let Some(second) = chunks.next().await? else {
        within(&mut chunks, first.len())?;
        return Ok((first, chunks.charge));
    };
    let mut all = Vec::with_capacity(first.len() + second.len());
    all.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        within(&mut chunks, all.len() + chunk.len())?;
        all.extend_from_slice(&chunk);
        next = chunks.next().await?;
    }
    Ok((Bytes::from(all), chunks.charge))
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
