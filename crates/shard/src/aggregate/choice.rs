//! Whether a value may make a bucket.

use search::aggregation::choice::{Choice, Include, Set};
use search::bound::NumberCode;

use crate::compile::automaton::FuzzyTables;
use crate::compile::pattern::Accepted;
use crate::score::{Fault, Outcome};

/// Of Lucene's hash of a partition's strings.
const SEED: u32 = 31;

/// `include` and `exclude`, ready to be asked.
pub(super) struct Chooser {
    include: Option<Included>,
    exclude: Option<Ready>,
}

enum Included {
    Set(Ready),
    Partition { partition: u32, num_partitions: u32 },
}

enum Ready {
    Pattern(Accepted),
    Set(Set),
}

/// What is wrong with a pattern in itself: no query is made of it.
fn in_itself(fault: Fault) -> Fault {
    match fault {
        Fault::Refused(mut error) => Fault::Refused(error.cause.take().unwrap_or(error)),
        fault => fault,
    }
}

impl Ready {
    fn of(set: &Set) -> Outcome<Self> {
        Ok(match set {
            Set::Pattern(pattern) => Self::Pattern(Accepted::of(pattern, &FuzzyTables::default()).map_err(in_itself)?),
            set => Self::Set(set.clone()),
        })
    }

    fn has_bytes(&self, value: &[u8]) -> bool {
        match self {
            Self::Pattern(accepted) => accepted.accepts(value),
            Self::Set(Set::Bytes(set)) => set.contains(value),
            Self::Set(_) => false,
        }
    }

    fn has_code(&self, code: i64) -> bool {
        matches!(self, Self::Set(Set::Codes(set)) if set.contains(&code))
    }
}

impl Chooser {
    pub(super) fn new(choice: &Choice) -> Outcome<Self> {
        let include = match &choice.include {
            None => None,
            Some(Include::Set(set)) => Some(Included::Set(Ready::of(set)?)),
            Some(Include::Partition { partition, num_partitions }) => {
                Some(Included::Partition { partition: *partition, num_partitions: (*num_partitions).max(1) })
            }
        };
        Ok(Self { include, exclude: choice.exclude.as_ref().map(Ready::of).transpose()? })
    }

    pub(super) fn admits_all(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }

    pub(super) fn admits_bytes(&self, value: &[u8]) -> bool {
        let included = match &self.include {
            None => true,
            Some(Included::Set(set)) => set.has_bytes(value),
            Some(Included::Partition { partition, num_partitions }) => {
                let hash = murmur3::murmur3_32(&mut &*value, SEED).unwrap_or(0) as i32;
                hash.rem_euclid(*num_partitions as i32) == *partition as i32
            }
        };
        included && self.exclude.as_ref().is_none_or(|set| !set.has_bytes(value))
    }

    pub(super) fn admits_code(&self, code: i64, read_as: NumberCode) -> bool {
        let included = match &self.include {
            None => true,
            Some(Included::Set(set)) => set.has_code(code),
            Some(Included::Partition { partition, num_partitions }) => {
                mixed(raw(code, read_as)).rem_euclid(i64::from(*num_partitions)) == i64::from(*partition)
            }
        };
        included && self.exclude.as_ref().is_none_or(|set| !set.has_code(code))
    }
}

/// The number that OpenSearch would have in place of a code.
fn raw(code: i64, read_as: NumberCode) -> i64 {
    match read_as {
        NumberCode::Unsigned => code ^ i64::MIN,
        NumberCode::Nanos => code.div_euclid(1_000_000),
        NumberCode::Long | NumberCode::Double | NumberCode::Scaled(_) => code,
    }
}

/// The finalizer of a 64 bit hash (Stafford's variant 9), by which OpenSearch spreads numbers over partitions.
fn mixed(code: i64) -> i64 {
    let mut hash = code as u64;
    hash = (hash ^ (hash >> 32)).wrapping_mul(0x4cd6_944c_5cc2_0b6d);
    hash = (hash ^ (hash >> 29)).wrapping_mul(0xfc12_c5b1_9d32_59e9);
    (hash ^ (hash >> 32)) as i64
}
