//! `sampler` and `diversified_sampler`.

use model::aggregation::request::Aggregation;
use model::aggregation::request::bucket::DiversifiedSampler;
use model::error::{Error, ErrorKind};

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::format::Format;
use crate::aggregation::sample::{Diversity, Sampler};

impl Binding<'_> {
    pub(super) fn sampler(
        self,
        whole: &Aggregation,
        shard_size: u32,
        diverse: Option<&DiversifiedSampler>,
    ) -> Result<Kind, Error> {
        let diversity = diverse.map(|asked| self.diversity(asked)).transpose()?;
        let shard_size = shard_size as usize;
        if diversity.as_ref().is_some_and(|diversity| !diversity.values.is_mapped()) {
            return Ok(Kind::Sampler(Box::new(Sampler { shard_size, diversity })));
        }
        if whole.children.is_empty() {
            let reason = "Sampler aggregation must be used with child aggregations.";
            return Err(Error::new(ErrorKind::AggregationExecution, reason));
        }
        if shard_size == 0 {
            let reason =
                "numHits must be > 0; please use TotalHitCountCollectorManager if you just need the total hit count";
            return Err(Error::illegal_argument(reason));
        }
        Ok(Kind::Sampler(Box::new(Sampler { shard_size, diversity })))
    }

    fn diversity(self, asked: &DiversifiedSampler) -> Result<Diversity, Error> {
        let values = self.values(&asked.source, Accepts::Keys, "diversified_sampler")?;
        if values.format == Format::Ip {
            let reason = format!(
                "Field [{}] of type [ip] is not supported for aggregation [diversified_sampler]",
                asked.source.field
            );
            return Err(Error::illegal_argument(reason));
        }
        Ok(Diversity { values, most: asked.max_docs_per_value as usize })
    }
}
