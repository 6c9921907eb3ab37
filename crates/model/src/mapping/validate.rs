//! Checks that fields refer only to what there is.

use super::{Field, FieldKind, Found, Mapping, Variant};
use crate::error::{Error, ErrorKind};

impl Mapping {
    /// Aliases and contexts point to fields, `copy_to` to what can be written, no field has a metadata field's name.
    ///
    /// # Errors
    /// `parse_exception`, `mapper_parsing_exception` and `illegal_argument_exception`, as OpenSearch words them.
    pub fn validate(&self) -> Result<(), Error> {
        for name in self.root.properties.keys() {
            if super::names::is_metadata(name) {
                return Err(Error::new(ErrorKind::MapperParsing, format!("Field [{name}] is defined more than once")));
            }
        }
        super::join::one(self)?;
        for field in self.all_fields() {
            match &field.kind {
                FieldKind::Alias(target) => self.validate_alias(field, target)?,
                _ => self.validate_copies(field)?,
            }
            if field.variant == Variant::Completion {
                super::context::check(self, field)?;
            }
        }
        Ok(())
    }

    fn validate_alias(&self, alias: &Field, target: &str) -> Result<(), Error> {
        let why = match self.find(target) {
            _ if *alias.path == *target => "an alias cannot refer to itself.",
            Found::Field(field) if matches!(field.kind, FieldKind::Alias(_)) => {
                "an alias cannot refer to another alias."
            }
            Found::Field(_) => return Ok(()),
            _ => "an alias must refer to an existing field in the mappings.",
        };
        let reason = format!("Invalid [path] value [{target}] for field alias [{}]: {why}", alias.path);
        Err(Error::new(ErrorKind::MapperParsing, reason))
    }

    fn validate_copies(&self, field: &Field) -> Result<(), Error> {
        for inner in field.fields.values() {
            if !inner.copy_to.is_empty() {
                let reason = format!("[copy_to] may not be used to copy from a multi-field: [{}]", inner.path);
                return Err(Error::illegal_argument(reason));
            }
        }
        for target in &field.copy_to {
            match self.find(target) {
                Found::Object(_) => {
                    let reason = format!("Cannot copy to field [{target}] since it is mapped as an object");
                    return Err(Error::illegal_argument(reason));
                }
                Found::Field(_) if self.is_multi_field(target) => {
                    let reason = format!("[copy_to] may not be used to copy to a multi-field: [{target}]");
                    return Err(Error::illegal_argument(reason));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
