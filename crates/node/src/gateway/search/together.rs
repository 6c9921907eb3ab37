//! Several futures that are awaited on one task: asking a node is a moment's work, for which no other thread need be woken.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Futures that have not ended. Dropping them ends them.
pub(super) struct Together<T>(Vec<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T> Default for Together<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Together<T> {
    pub(super) fn add(&mut self, future: impl Future<Output = T> + Send + 'static) {
        self.0.push(Box::pin(future));
    }

    /// Lets each go as far as it can now, and what they have woken, too. Out: what they came to, if they have ended.
    pub(super) async fn begin(&mut self) -> Vec<T> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let ended = poll_fn(|context| Poll::Ready(std::iter::from_fn(|| self.poll(context)).collect())).await;
        tokio::task::yield_now().await;
        ended
    }

    /// What the next to end comes to; never without one.
    pub(super) async fn next(&mut self) -> T {
        poll_fn(|context| self.poll(context).map_or(Poll::Pending, Poll::Ready)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Option<T> {
        for (at, future) in self.0.iter_mut().enumerate() {
            if let Poll::Ready(ended) = future.as_mut().poll(context) {
                drop(self.0.swap_remove(at));
                return Some(ended);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_is_heard_of_once_as_it_ends() {
        let mut together = Together::default();
        let (one, first) = tokio::sync::oneshot::channel();
        let (other, second) = tokio::sync::oneshot::channel();
        together.add(async { 0 });
        together.add(async { first.await.unwrap() });
        together.add(async { second.await.unwrap() });
        assert_eq!(together.begin().await, [0]);
        other.send(2).unwrap();
        assert_eq!(together.next().await, 2);
        one.send(1).unwrap();
        assert_eq!(together.next().await, 1);
        assert!(together.begin().await.is_empty());
    }
}
