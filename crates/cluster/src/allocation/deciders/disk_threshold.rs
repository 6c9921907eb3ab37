//! Nothing new on a disk that is nearly full.

use super::super::rules::{Bound, Watermark};
use super::super::{Disk, Subject, Verdict, View};
use crate::state::NodeId;

const LOW: &str = "cluster.routing.allocation.disk.watermark.low";
const HIGH: &str = "cluster.routing.allocation.disk.watermark.high";

pub(super) fn disk_threshold(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    let rules = &view.rules;
    if !rules.disk_enabled {
        return Verdict::yes("the disk threshold decider is disabled");
    }
    if !rules.single_node_disk && view.nodes().count() <= 1 {
        return Verdict::yes("there is only a single data node present");
    }
    let Some(disk) = view.disk(node) else { return Verdict::yes("the node's disk usage is not known yet") };
    let new_primary = subject.primary && subject.fresh();
    if rules.low.exceeded(disk) {
        if new_primary && !rules.high.exceeded(disk) {
            return Verdict::yes(
                "the node is above the low watermark, but less than the high watermark, and this primary shard has never been allocated before",
            );
        }
        let (mark, setting) = if new_primary { (&rules.high, HIGH) } else { (&rules.low, LOW) };
        return Verdict::no(above(mark, setting, disk));
    }
    let bytes = view.shard_bytes(&subject.id());
    let after = Disk { available_bytes: disk.available_bytes.saturating_sub(bytes), ..disk };
    if rules.high.exceeded(after) {
        return Verdict::no(format!(
            "allocating the shard to this node will bring the node above the high watermark cluster setting [{HIGH}={}] and cause it to have less than the minimum required [{}] of free space (free: [{}], estimated shard size: [{}])",
            rules.high.text,
            least(&rules.high, disk),
            size(disk.available_bytes),
            size(bytes)
        ));
    }
    Verdict::yes(format!(
        "enough disk for shard on node, free: [{}], shard size: [{}], free after allocating shard: [{}]",
        size(disk.available_bytes),
        size(bytes),
        size(after.available_bytes)
    ))
}

/// Of copies that are there: they leave one after the other until there is room again.
pub(super) fn remains(view: &View<'_>, node: &NodeId) -> Verdict {
    let rules = &view.rules;
    let known = view.facts.disks.get(node).filter(|_| rules.disk_enabled);
    let is_alone = || !rules.single_node_disk && view.nodes().count() <= 1;
    match known {
        Some(disk)
            if rules.high.exceeded(*disk) && view.load(node).is_some_and(|load| load.leaving == 0) && !is_alone() =>
        {
            Verdict::no(above(&rules.high, HIGH, *disk))
        }
        _ => Verdict::yes("there is enough disk on this node for the shard to remain"),
    }
}

fn above(mark: &Watermark, setting: &str, disk: Disk) -> String {
    let which = if setting == LOW { "low" } else { "high" };
    match mark.bound {
        Bound::Used(percent) => format!(
            "the node is above the {which} watermark cluster setting [{setting}={}], using more disk space than the maximum allowed [{percent:.1}%], actual free: [{:.2}%]",
            mark.text,
            disk.free_percent()
        ),
        Bound::Free(bytes) => format!(
            "the node is above the {which} watermark cluster setting [{setting}={}], having less than the minimum required [{}] free space, actual free: [{}]",
            mark.text,
            size(bytes),
            size(disk.available_bytes)
        ),
    }
}

/// The space that must stay free.
fn least(mark: &Watermark, disk: Disk) -> String {
    match mark.bound {
        Bound::Used(percent) => size(((100.0 - percent) / 100.0 * disk.total_bytes as f64) as u64),
        Bound::Free(bytes) => size(bytes),
    }
}

/// `1.5gb`
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["b", "kb", "mb", "gb", "tb", "pb"];
    let mut unit = 0;
    let mut scaled = bytes as f64;
    while scaled >= 1024.0 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    let text = format!("{:.1}", (scaled * 10.0).floor() / 10.0);
    format!("{}{}", text.strip_suffix(".0").unwrap_or(&text), UNITS[unit])
}
