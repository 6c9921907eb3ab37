//! Lines of a body that is still coming.

use model::error::{Error, ErrorKind};

use crate::http::Chunks;

/// Cuts chunks into lines. Holds no more than one chunk and one line.
pub(super) struct Lines {
    chunks: Chunks,
    buffer: Vec<u8>,
    /// Of the buffer: where the next line begins, and up to where there is no newline.
    start: usize,
    searched: usize,
    count: u64,
    any: bool,
    /// Held by others of the same request.
    others: usize,
}

impl Lines {
    pub(super) fn new(chunks: Chunks) -> Self {
        Self { chunks, buffer: Vec::new(), start: 0, searched: 0, count: 0, any: false, others: 0 }
    }

    /// Whether anything came.
    pub(super) fn any(&self) -> bool {
        self.any
    }

    /// The next line with its number, from 1, without its end. `None`: there are no more.
    ///
    /// # Errors
    /// 413 for a line that is too long, 429 when there is no memory for it, `illegal_argument_exception` for a last line without an end.
    pub(super) async fn next(&mut self) -> Result<Option<(u64, &[u8])>, Error> {
        let end = loop {
            let unseen = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(length) = unseen.iter().position(|&byte| byte == b'\n') {
                break self.searched + length;
            }
            self.searched = self.buffer.len();
            if !self.more().await? {
                if self.start == self.buffer.len() {
                    return Ok(None);
                }
                return Err(Error::illegal_argument("The bulk request must be terminated by a newline [\\n]"));
            }
        };
        let begin = std::mem::replace(&mut self.start, end + 1);
        self.searched = end + 1;
        self.count += 1;
        let line = &self.buffer[begin..end];
        Ok(Some((self.count, line.strip_suffix(b"\r").unwrap_or(line))))
    }

    async fn more(&mut self) -> Result<bool, Error> {
        let Some(chunk) = self.chunks.next().await? else { return Ok(false) };
        self.any = true;
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        let length = self.buffer.len() + chunk.len();
        // A chunk is small; only a line makes the buffer grow.
        if self.buffer.len() as u64 > self.chunks.max_content_length {
            let limit = self.chunks.max_content_length;
            let reason = format!(
                "line [{}] of the bulk request is longer than [http.max_content_length] allows: [{limit}] bytes",
                self.count + 1
            );
            return Err(Error::new(ErrorKind::ContentTooLong, reason));
        }
        self.chunks.charge.hold((length + self.others) as u64)?;
        self.buffer.extend_from_slice(&chunk);
        Ok(true)
    }

    /// Others of the same request hold `bytes`.
    ///
    /// # Errors
    /// 429 when that is too much.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), Error> {
        self.others = bytes;
        self.chunks.charge.hold((self.buffer.len() + bytes) as u64)
    }

    /// Reads on without use, as far as one body may be long.
    pub(super) async fn drain(&mut self) {
        self.buffer = Vec::new();
        self.chunks.drain().await;
    }
}
