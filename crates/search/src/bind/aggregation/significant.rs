//! `significant_terms`.

use std::sync::Arc;

use model::aggregation::request::terms::SignificantTerms as Asked;
use model::error::{Error, ErrorKind};

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::terms::SignificantTerms;
use crate::aggregation::values::Shape;

impl Binding<'_> {
    pub(super) fn significant_terms(self, name: &str, asked: &Asked) -> Result<Kind, Error> {
        if asked.source.script.is_some() {
            return Err(Error::not_implemented("[script] of [significant_terms]"));
        }
        let values = self.values(&asked.source, Accepts::Keys, "significant_terms")?;
        if values.is_mapped() && values.shape() == Shape::Double {
            let reason = "No support for examining floating point numerics";
            return Err(Error::new(ErrorKind::UnsupportedOperation, reason));
        }
        let background = asked.background_filter.as_ref();
        let refused = ErrorKind::IllegalArgument;
        Ok(Kind::SignificantTerms(Box::new(SignificantTerms {
            choice: self.choice((name, refused), (asked.include.as_ref(), asked.exclude.as_ref()), &values)?,
            values,
            cut: asked.cut,
            background: background.map(|query| crate::bind::bind(query, self.context).map(Arc::new)).transpose()?,
            heuristic: asked.heuristic,
        })))
    }
}
