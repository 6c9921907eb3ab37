//! A column whose numbers are sorted as those of another type (`numeric_type`).

use std::sync::Arc;

use search::shard_query::Cast;

use crate::segment::DocId;
use crate::segment::column::NumberColumn;

pub(super) struct CastColumn {
    pub(super) column: Arc<dyn NumberColumn>,
    pub(super) cast: Cast,
}

impl NumberColumn for CastColumn {
    fn min_max(&self) -> Option<(i64, i64)> {
        self.column.min_max().map(|(least, greatest)| (self.cast.apply(least), self.cast.apply(greatest)))
    }

    fn is_single(&self) -> bool {
        self.column.is_single()
    }

    fn first(&self, doc: DocId) -> Option<i64> {
        self.column.first(doc).map(|value| self.cast.apply(value))
    }

    fn values(&self, doc: DocId, out: &mut Vec<i64>) {
        let start = out.len();
        self.column.values(doc, out);
        out[start..].iter_mut().for_each(|value| *value = self.cast.apply(*value));
    }

    fn has(&self, doc: DocId) -> bool {
        self.column.has(doc)
    }
}

#[cfg(test)]
mod tests {
    use model::number::ordered_from_f64;
    use search::bound::NumberCode;

    use super::*;

    #[test]
    fn numbers_keep_their_order_in_another_type() {
        assert_eq!(Cast::Whole(NumberCode::Double).apply(ordered_from_f64(-2.9)), -2);
        assert_eq!(Cast::Double(NumberCode::Long).apply(3), ordered_from_f64(3.0));
        assert_eq!(Cast::NanosToMillis.apply(-1), -1);
        assert_eq!(Cast::NanosToMillis.apply(1_999_999), 1);
        assert_eq!(Cast::MillisToNanos.apply(2), 2_000_000);
        assert_eq!(Cast::Double(NumberCode::Nanos).apply(5_500_000), ordered_from_f64(5.0));
    }
}
