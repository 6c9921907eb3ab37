//! `shoal node repair` and `shoal node detach`: what is left when the majority of the voters is lost for good.

use std::io::Write;

use node::repair::{Diagnosis, Patient};

use crate::arguments::{Node, Repair};
use crate::failure::Failure;

/// # Errors
/// When the folder is in use or does not read; [`Failure::NotAccepted`] without the operator's word.
pub(crate) fn repair(command: &Node) -> Result<(), Failure> {
    let (Node::Repair(given) | Node::Detach(given)) = command;
    let patient = Patient::open(&given.data).map_err(Failure::Node)?;
    let mut out = std::io::stdout().lock();
    let told = match command {
        Node::Repair(_) => repairing(&patient.diagnosis(), given),
        Node::Detach(_) => detaching(&patient.diagnosis(), given),
    };
    writeln!(out, "{told}").map_err(Failure::Output)?;
    if !given.accept_data_loss {
        return Err(Failure::NotAccepted);
    }
    let kept = match command {
        Node::Repair(_) => patient.lead_alone(),
        Node::Detach(_) => patient.detach(),
    };
    let kept = kept.map_err(Failure::Node)?;
    writeln!(out, "\nDone. What was there before is kept in {}.", kept.display()).map_err(Failure::Output)
}

fn found(diagnosis: &Diagnosis, given: &Repair) -> String {
    format!(
        "Node {} in {}: cluster {}, version {} of its metadata, {} shards, {} of them with data here; voters: {}.",
        diagnosis.node,
        given.data.display(),
        diagnosis.cluster_uuid,
        diagnosis.version,
        diagnosis.shards,
        diagnosis.shards_here,
        diagnosis.voters.join(", ")
    )
}

fn repairing(diagnosis: &Diagnosis, given: &Repair) -> String {
    format!(
        "{}

This makes it the only voter of a NEW cluster with the indexes that it knows. Do it only when more than half of the voters above are
lost for good: their folders are gone, not just their processes.

  - Whatever the others had agreed on and this node had not heard of is lost: indexes, mappings, settings, aliases. Repair the survivor
    with the greatest version.
  - Shards without data on a surviving node stay red. _cluster/reroute with allocate_empty_primary gives them up.
  - No other node of the old cluster may run any more. Each survivor needs `shoal node detach` before it is started again; one that was thought
    lost and comes back is refused until then.
  - Do it on ONE node. Two would be two clusters that never become one.",
        found(diagnosis, given)
    )
}

fn detaching(diagnosis: &Diagnosis, given: &Repair) -> String {
    format!(
        "{}

This makes it forget its cluster. Its shards stay on the disk and are served again when it joins the cluster that `shoal node repair` has
begun from another node of the old one; a cluster that does not know these indexes has no use for them.

  - Metadata that only this node knows are lost.
  - It begins no cluster by itself any more: it needs peer.seeds of one that runs.",
        found(diagnosis, given)
    )
}
