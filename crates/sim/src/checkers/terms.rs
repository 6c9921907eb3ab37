//! I6: terms and the version of the state never go back; an appointment raises the term.

use cluster::state::State;

use super::{Broken, find, shards};

pub fn check(before: &State, after: &State) -> Result<(), Broken> {
    if after.version < before.version {
        return Err(format!("the version went back from {} to {}", before.version, after.version));
    }
    for (shard, index, table) in shards(after) {
        let Some(former) = find(before, &shard) else { continue };
        let name = format!("{}[{}]", index.name, shard.number);
        if table.term < former.term {
            return Err(format!("the term of {name} went back from {} to {}", former.term, table.term));
        }
        let (now, then) = (table.primary().map(|(id, _)| id), former.primary().map(|(id, _)| id));
        if now.is_some() && now != then && table.term <= former.term && index.open {
            return Err(format!("{name} has a new primary in the old term {}", table.term));
        }
    }
    Ok(())
}
