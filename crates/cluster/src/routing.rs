//! Which shard a document belongs to: where OpenSearch would place it.

use std::collections::BTreeSet;

use model::id::ShardNumber;

use crate::settings::IndexSettings;

/// Routings that are tried to find one for a shard: of 1,024 shards none needs as many.
const TRIES: u32 = 1 << 20;

/// How an index spreads its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub shards: u32,
    /// A multiple of `shards`: the finest spread that the index could be split into.
    pub routing_shards: u32,
    /// Over how many neighbouring hashes one routing value spreads its documents, from 1.
    pub partition_size: u32,
}

impl Spread {
    pub fn of(settings: &IndexSettings) -> Self {
        let typed = settings.typed();
        Self {
            shards: typed.shards,
            routing_shards: typed.routing_shards,
            partition_size: typed.routing_partition_size,
        }
    }

    /// The shard of document `id`, given the routing of its write.
    pub fn shard(&self, id: &str, routing: Option<&str>) -> ShardNumber {
        match routing {
            Some(routing) if self.partition_size > 1 => {
                let offset = hash(id).rem_euclid(self.partition_size as i32);
                self.place(hash(routing), offset)
            }
            routing => self.place(hash(routing.unwrap_or(id)), 0),
        }
    }

    /// Every shard that documents of this routing may be on.
    pub fn shards_of(&self, routing: &str) -> BTreeSet<ShardNumber> {
        let hash = hash(routing);
        (0..self.partition_size as i32).map(|offset| self.place(hash, offset)).collect()
    }

    /// A routing that leads to a shard, the same every time.
    pub fn routing_to(&self, shard: ShardNumber) -> String {
        let to = |n: u32| format!("{shard}.{n}");
        (0..TRIES).map(to).find(|routing| self.place(hash(routing), 0) == shard).unwrap_or_else(|| to(0))
    }

    fn place(&self, hash: i32, offset: i32) -> ShardNumber {
        let slot = hash.wrapping_add(offset).rem_euclid(self.routing_shards as i32) as u32;
        ShardNumber(slot / (self.routing_shards / self.shards))
    }
}

/// Routing shards of an index that names none: room to double up to 1024 shards, and once at least.
pub fn default_routing_shards(shards: u32) -> u32 {
    let doublings = 10_u32.saturating_sub(shards.next_power_of_two().trailing_zeros()).max(1);
    shards << doublings
}

/// Murmur3 (32 bits, seed 0) over the UTF-16 code units, low byte first.
fn hash(text: &str) -> i32 {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    // Reading from memory cannot fail.
    murmur3::murmur3_32(&mut bytes.as_slice(), 0).unwrap_or(0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_lie_where_opensearch_places_them() {
        let recorded = include_str!("../testdata/placements.txt");
        let mut checked = 0;
        for line in recorded.lines().filter(|line| !line.starts_with('#')) {
            let [index, routing, shards] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let number =
                |key: &str| index.split(' ').find_map(|part| part.strip_prefix(key)).map(|n| n.parse::<u32>().unwrap());
            let count = number("shards=").unwrap();
            let spread = Spread {
                shards: count,
                routing_shards: number("routing_shards=").unwrap_or_else(|| default_routing_shards(count)),
                partition_size: number("partition=").unwrap_or(1),
            };
            let found: Vec<String> = spread.shards_of(routing).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(","), shards, "{index} {routing}");
            if spread.partition_size == 1 {
                assert_eq!(spread.shard(routing, None).to_string(), shards);
            }
            checked += 1;
        }
        assert!(checked >= 300);
    }

    #[test]
    fn every_shard_has_a_routing_that_leads_to_it() {
        for shards in [1, 3, 16, 1024] {
            let spread = Spread { shards, routing_shards: default_routing_shards(shards), partition_size: 1 };
            for shard in (0..shards).step_by(1 + shards as usize / 20).map(ShardNumber) {
                assert_eq!(spread.shard("any", Some(&spread.routing_to(shard))), shard);
            }
        }
    }

    #[test]
    fn routing_shards_leave_room_to_split() {
        for (shards, expected) in [(1, 1024), (2, 1024), (3, 768), (5, 640), (8, 1024), (13, 832), (1024, 2048)] {
            assert_eq!(default_routing_shards(shards), expected, "{shards}");
        }
    }
}
