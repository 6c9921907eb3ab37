//! `significant_terms` and `significant_text`.

use std::sync::Arc;

use model::aggregation::request::terms::{SignificantTerms as Asked, SignificantText as AskedText};
use model::error::{Error, ErrorKind};
use model::mapping::FieldKind;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::format::Format;
use crate::aggregation::terms::{SignificantTerms, SignificantText};
use crate::aggregation::values::{Column, Shape, Values};
use crate::bind::target::Target;
use crate::bound::BoundKind;
use crate::fetch::highlight::analyzer_of;
use crate::fetch::value::Origins;

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
        Ok(Kind::SignificantTerms(Box::new(self.standing_out(name, asked, values)?)))
    }

    pub(super) fn significant_text(self, name: &str, asked: &AskedText) -> Result<Kind, Error> {
        let path = asked.terms.source.field.as_str();
        let Target::Field(field) = Target::of(path, &self.context.mapping) else {
            let reason = format!("Field [{path}] of [significant_text] is not mapped: name a field of text");
            return Err(Error::illegal_argument(reason));
        };
        if !matches!(field.kind, FieldKind::Text | FieldKind::Keyword) {
            return Err(Error::not_implemented(format!(
                "[significant_text] of a field of type [{}]",
                field.type_name()
            )));
        }
        let values = Values { column: Column::Strings(field.path.clone()), missing: None, format: Format::Raw };
        let origins = Origins::new(&self.context.mapping);
        let sources = match asked.source_fields.as_slice() {
            [] => origins.of(&field.path),
            given => given.iter().flat_map(|name| origins.of(name)).collect(),
        };
        Ok(Kind::SignificantText(Arc::new(SignificantText {
            terms: self.standing_out(name, &asked.terms, values)?,
            field: field.path.clone(),
            analyzer: analyzer_of(field, &self.context.analysis),
            sources,
            once: asked.filter_duplicate_text,
        })))
    }

    fn standing_out(self, name: &str, asked: &Asked, values: Values) -> Result<SignificantTerms, Error> {
        let background = asked.background_filter.as_ref();
        let background = background.map(|query| crate::bind::bind_filter(query, self.context, None)).transpose()?;
        let refused = ErrorKind::IllegalArgument;
        Ok(SignificantTerms {
            choice: self.choice((name, refused), (asked.include.as_ref(), asked.exclude.as_ref()), &values)?,
            values,
            cut: asked.cut,
            background: background.filter(|query| query.kind != BoundKind::MatchAll).map(Arc::new),
            heuristic: asked.heuristic,
        })
    }
}
