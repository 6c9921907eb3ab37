//! Stored queries: read when their document is written, so that each of them can be run; kept as they were given, with what they are found by.

use model::error::{Error, ErrorKind};
use search::percolate::needles;
use search::percolate::stored::Stored;

use super::json::{Token, Value};
use super::plan::FieldPlan;
use super::walk::{Done, Walk, failed};

impl<'a> Walk<'a> {
    /// The one query that a document may hold in a field.
    pub(super) fn stored_query(&mut self, plan: &FieldPlan, value: &Value<'a>) -> Done {
        let Some(context) = self.preparer.queries.clone() else {
            return Err(Error::not_implemented(format!("stored queries ([{}]) here", plan.path)).into());
        };
        let Some(slot) = plan.slot else { return Ok(self.reader.skip(value)?) };
        if self.out.terms_of(slot).next().is_some() {
            let reason = "a document can only contain one percolator query";
            return Err(failed(Error::illegal_argument(reason)).into());
        }
        self.reader.skip(value)?;
        let end = if value.token == Token::Object { self.reader.offset() } else { value.end };
        let text = self.reader.between(value.start, end);
        let stored = Stored::read(text.as_bytes(), &context).map_err(refused)?;
        self.out.stored_query(slot, text);
        if let Some(slot) = plan.needles {
            needles::of_stored(&stored).into_iter().for_each(|needle| self.out.needle(slot, needle));
        }
        Ok(())
    }
}

/// What is wrong with a query is told as the document's fault; what is not here stays so.
fn refused(cause: Error) -> Error {
    if cause.kind == ErrorKind::NotImplemented {
        return cause;
    }
    let own = matches!(cause.kind, ErrorKind::QueryShard | ErrorKind::Script | ErrorKind::XContentParse);
    let outer = failed(cause.clone());
    if own { Error { root_causes: vec![Error { root_causes: Vec::new(), ..cause }], ..outer } } else { outer }
}
