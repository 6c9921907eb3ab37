//! When to end: SIGTERM or SIGINT once, finish what runs; twice, leave at once.

use std::future::Future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Done at the first signal. Signals count from the moment of this call on, even before anyone waits.
///
/// # Errors
/// When the system refuses to tell of signals.
pub(crate) fn at_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        let (name, _) = next(&mut terminate, &mut interrupt).await;
        tracing::info!("{name}: finishing what runs; a second signal ends it at once");
        // Nobody waits when the node has ended by itself.
        let _ = tell.send(());
        let (name, code) = next(&mut terminate, &mut interrupt).await;
        tracing::warn!("{name} again: leaving at once; what was acknowledged is in the log");
        std::process::exit(code);
    });
    Ok(async move {
        // An error would say that the task above has gone, and that means that the runtime ends.
        let _ = told.await;
    })
}

/// The next signal's name, and the exit code of a process that it ends.
async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> (&'static str, i32) {
    tokio::select! {
        _ = terminate.recv() => ("SIGTERM", 128 + 15),
        _ = interrupt.recv() => ("SIGINT", 128 + 2),
    }
}
