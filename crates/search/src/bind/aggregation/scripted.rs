//! Values that scripts make: of documents, or of each value of a field.

use std::sync::Arc;

use model::aggregation::request::Source;
use model::error::{Error, ErrorKind};
use model::mapping::FieldKind;
use model::number::ordered_from_f64;
use model::script::Script;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::format::Format;
use crate::aggregation::values::{Column, Missing, Scripted, Shape, Values, number};
use crate::bind::scripted::value_script;
use crate::bind::target::Target;
use crate::bound::{BoundScript, NumberCode};

impl Binding<'_> {
    /// The values that `script` makes for the aggregation of type `owner`.
    pub(super) fn scripted_values(
        self,
        script: &Script,
        source: &Source,
        accepts: Accepts,
        owner: &str,
    ) -> Result<Values, Error> {
        let script = value_script(script, &self.context.mapping)?;
        if self.ranges_of(source).is_some() {
            // A script over ranges is given nothing, and changes nothing.
            return self.plain_values(source, accepts, owner);
        }
        if accepts == Accepts::Places {
            let reason = "value source of type [geopoint] is not supported by scripts";
            return Err(Error::new(ErrorKind::AggregationExecution, reason));
        }
        if source.field.is_empty() {
            return self.of_documents(script, source, accepts, owner);
        }
        if let Target::Field(field) = Target::of(&source.field, &self.context.mapping)
            && matches!(field.kind, FieldKind::DateNanos | FieldKind::Ip)
        {
            let kind = field.type_name();
            return Err(Error::not_implemented(format!("[script] over values of type [{kind}] of [{owner}]")));
        }
        let values = self.plain_values(source, accepts, owner)?;
        // What rounds dates reads whole numbers; everything else reads numbers that a script may have made fractions of.
        let whole = accepts == Accepts::Dates && owner != "date_range";
        Ok(of_values(script, values, whole))
    }

    fn of_documents(
        self,
        script: Arc<BoundScript>,
        source: &Source,
        accepts: Accepts,
        owner: &str,
    ) -> Result<Values, Error> {
        if accepts.is_numeric() && matches!(source.value_type.as_deref(), Some("string" | "ip")) {
            return Err(not_supported(source, owner));
        }
        let values = self.unmapped(source, accepts)?;
        let shape = values.shape();
        Ok(Values { column: Column::Script(Arc::new(Scripted { script, of: None, shape })), ..values })
    }
}

/// What a script makes of `values`: whole numbers stay so only if `whole`.
fn of_values(script: Arc<BoundScript>, values: Values, whole: bool) -> Values {
    let code = values.code();
    let shape = match (&values.column, values.shape()) {
        // There is nothing that the script could be given.
        (Column::Nothing(_), _) => return values,
        (_, Shape::Bytes) => Shape::Bytes,
        (_, Shape::Long) if whole => Shape::Long,
        _ => Shape::Double,
    };
    let missing = match values.missing {
        Some(Missing::Code(given)) if shape == Shape::Double && code != NumberCode::Double => {
            Some(Missing::Code(ordered_from_f64(number(given, code))))
        }
        missing => missing,
    };
    let format = if values.format == Format::Unsigned { Format::Raw } else { values.format };
    Values { column: Column::Script(Arc::new(Scripted { script, of: Some(values.column), shape })), missing, format }
}

/// A script gives what the aggregation cannot take.
pub(super) fn not_supported(source: &Source, owner: &str) -> Error {
    let kind = source.value_type.as_deref().unwrap_or("unknown type");
    Error::illegal_argument(format!("Script yielding [{kind}] is not supported for aggregation [{owner}]"))
}
