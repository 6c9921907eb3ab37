//! Whether anything of this kind is assigned at all: `index.routing.allocation.enable`, or else the cluster's setting.

use super::super::rules::Enable;
use super::super::{Subject, Verdict, View};
use crate::state::NodeId;

pub(super) fn enable(view: &View<'_>, subject: &Subject<'_>, _: &NodeId) -> Verdict {
    let own = subject.index.settings.typed().allocation.enable;
    let (enable, setting) = match own {
        Some(enable) => (enable, "index setting [index.routing.allocation.enable"),
        None => (view.rules.enable, "cluster setting [cluster.routing.allocation.enable"),
    };
    let setting = format!("{setting}={}]", enable.name());
    match enable {
        Enable::All => Verdict::yes("all allocations are allowed"),
        Enable::None => Verdict::no(format!("no allocations are allowed due to {setting}")),
        Enable::NewPrimaries if subject.primary && subject.fresh() => {
            Verdict::yes("new primary allocations are allowed")
        }
        Enable::NewPrimaries => Verdict::no(format!("non-new primary allocations are forbidden due to {setting}")),
        Enable::Primaries if subject.primary => Verdict::yes("primary allocations are allowed"),
        Enable::Primaries => Verdict::no(format!("replica allocations are forbidden due to {setting}")),
    }
}
