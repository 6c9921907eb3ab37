//! A copy that fails again and again is left alone until somebody asks for it.

use super::super::{Subject, Verdict, View};
use crate::state::NodeId;

const AGAIN: &str = "manually call [/_cluster/reroute?retry_failed=true] to retry";

pub(super) fn max_retry(_: &View<'_>, subject: &Subject<'_>, _: &NodeId) -> Verdict {
    let Some(why) = subject.why.filter(|why| why.failed_attempts > 0 || why.served) else {
        return Verdict::yes("shard has no previous failures");
    };
    let most = subject.index.settings.typed().max_retries;
    let (failed, details) = (why.failed_attempts, why.details.as_deref().unwrap_or("unknown"));
    if why.served {
        return Verdict::no(format!("shard has failed while it served - {AGAIN}, [{details}]"));
    }
    if failed >= most {
        return Verdict::no(format!(
            "shard has exceeded the maximum number of retries [{most}] on failed allocation attempts - {AGAIN}, [{details}]"
        ));
    }
    Verdict::yes(format!("shard has failed allocating [{failed}] times but [{most}] retries are allowed"))
}
