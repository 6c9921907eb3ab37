//! The thread on which the open shards come to follow the metadata, one state after the other.
//!
//! In: states, as they are applied. Out: shards that open and close, and reports of what came of it. A report that does not get through is made
//! again: it follows from the state and from what is open.

use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use model::error::Error;
use model::id::StateVersion;

use crate::core::Core;
use crate::indexes::Followed;
use crate::metadata::Metadata;

/// How long the thread sleeps at most before it looks whether the node still is.
const LOOK: Duration = Duration::from_secs(1);
/// Between two tries at a report.
const PAUSE: Duration = Duration::from_millis(100);
/// Tries that fail for so long are told of: another node is elected sooner.
const LONG: Duration = Duration::from_secs(5);

/// Since when reports have not got through.
#[derive(Default)]
struct Trouble {
    since: Option<Instant>,
    told: bool,
}

impl Trouble {
    fn go_on(&mut self, error: &Error) {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() > LONG && !std::mem::replace(&mut self.told, true) {
            tracing::warn!("what came of opening shards cannot be reported: {error}; trying again");
        } else {
            tracing::debug!("what came of opening shards could not be reported: {error}");
        }
    }
}

/// Starts the thread. It ends when the node closes.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn start(core: Weak<Core>, metadata: Arc<Metadata>) -> io::Result<()> {
    std::thread::Builder::new().name("shoal-follow".to_owned()).spawn(move || run(&core, &metadata)).map(drop)
}

fn run(core: &Weak<Core>, metadata: &Metadata) {
    let mut seen = StateVersion::default();
    let mut trouble = Trouble::default();
    loop {
        metadata.published().wait(LOOK, |progress| progress.version != seen);
        let Some(core) = core.upgrade() else { return };
        if metadata.published().progress().closed {
            return;
        }
        let version = metadata.state().version;
        if version != seen {
            seen = if follow(&core, &mut trouble) { version } else { StateVersion::default() };
        }
    }
}

/// Follows the state of now. Out: whether all is open and reported.
fn follow(core: &Core, trouble: &mut Trouble) -> bool {
    let state = core.state();
    // What a former process of this node held is not this one's: it is assigned anew when this one has joined.
    // Who waits for a decision of the elected node does not wait for shards that open.
    core.indexes.rooms().iter().filter(|room| room.leads()).for_each(|room| room.follow(&state));
    let followed = core.membership.is_in().then(|| core.indexes.reconcile(&state, &core.identity.node));
    core.indexes.rooms().iter().for_each(|room| room.follow(&state));
    core.metadata.published().followed(state.version);
    core.metrics.indexes.set(state.indexes.len() as i64);
    core.metrics.shards.set(core.indexes.shard_count() as i64);
    let Some(Followed { reports, is_complete }) = followed else { return true };
    if reports.is_empty() {
        return is_complete;
    }
    match core.metadata.submit_all(reports) {
        Ok(answers) => {
            *trouble = Trouble::default();
            for refused in answers.into_iter().filter_map(Result::err) {
                tracing::debug!("a report on a shard came late: {refused}");
            }
            is_complete
        }
        Err(error) => {
            trouble.go_on(&error);
            std::thread::sleep(PAUSE);
            false
        }
    }
}
