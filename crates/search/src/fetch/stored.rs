//! `stored_fields` and `fields`: which fields a request names, and their values from a source.

use std::sync::Arc;

use analysis::Registry;
use model::error::Error;
use model::mapping::{Found, Mapping};
use model::search::FieldSpec;
use serde_json::Value;

use super::value::{FieldValues, Origins};

/// A name, and the values shown under it.
pub type Shown = (String, Vec<Value>);

/// `fields`, bound to one index.
#[derive(Debug, Default)]
pub struct Fields {
    fields: Vec<(String, Arc<str>, FieldValues)>,
}

impl Fields {
    /// Resolves patterns; fields that are not there are passed over.
    ///
    /// # Errors
    /// As [`FieldValues::new`].
    pub fn new(specs: &[FieldSpec], mapping: &Mapping, registry: &Registry) -> Result<Self, Error> {
        if specs.is_empty() {
            return Ok(Self::default());
        }
        let origins = Origins::new(mapping);
        let mut fields = Vec::new();
        for spec in specs {
            let found = mapping.fields_matching(&spec.field);
            if let (true, Some(values)) = (found.is_empty(), below_flat(&spec.field, mapping)) {
                fields.push((spec.field.clone(), spec.field.as_str().into(), values));
            }
            for (name, field) in found {
                let values = FieldValues::new(field, &origins, registry, spec.format.as_deref())?;
                fields.push((name.to_string(), field.path.clone(), values));
            }
        }
        Ok(Self { fields })
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The values of each field that has any; fields in `ignored` are passed over.
    ///
    /// # Errors
    /// The cause why a value does not fit its field.
    pub fn of(&self, source: &Value, ignored: &[String]) -> Result<Vec<Shown>, Error> {
        let mut shown = Vec::new();
        for (name, path, values) in &self.fields {
            if ignored.iter().any(|ignored| **ignored == **path) {
                continue;
            }
            let values = values.fetched(source)?;
            if !values.is_empty() {
                shown.push((name.clone(), values));
            }
        }
        Ok(shown)
    }
}

/// What a name below a flat object shows, as in OpenSearch: right below it the object whole, deeper what lies there.
fn below_flat(name: &str, mapping: &Mapping) -> Option<FieldValues> {
    let (flat, rest) = mapping.flat_object(name).filter(|_| !name.contains('*'))?;
    Some(FieldValues::texts_at(if rest.contains('.') { name } else { &flat.path }))
}

/// `stored_fields`, bound to one index: those of the named fields that the mapping stores.
#[derive(Debug, Default)]
pub struct StoredFields {
    fields: Vec<(String, FieldValues)>,
}

impl StoredFields {
    /// `patterns`: whether names may hold `*` and name aliases (in searches they may, in gets not).
    ///
    /// # Errors
    /// `illegal_argument_exception` for the name of an object.
    pub fn new(names: &[String], mapping: &Mapping, registry: &Registry, patterns: bool) -> Result<Self, Error> {
        let mut fields = Vec::new();
        if names.is_empty() {
            return Ok(Self { fields });
        }
        let origins = Origins::new(mapping);
        for name in names.iter().filter(|name| !name.starts_with('_')) {
            if !name.is_empty() && matches!(mapping.find(name), Found::Object(_)) {
                return Err(Error::illegal_argument(format!("field [{name}] isn't a leaf field")));
            }
            let found = mapping.fields_matching(name).into_iter();
            let found = found.filter(|(path, field)| patterns || (*path == field.path && !name.contains('*')));
            for (path, field) in found.filter(|(_, field)| field.store) {
                if fields.iter().all(|(known, _)| *known != *path) {
                    fields.push((path.to_string(), FieldValues::new(field, &origins, registry, None)?));
                }
            }
        }
        Ok(Self { fields })
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The values of each field that has any.
    pub fn of(&self, source: &Value) -> Vec<Shown> {
        let values = self.fields.iter().map(|(name, values)| (name.clone(), values.stored(source)));
        values.filter(|(_, values)| !values.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping() -> Mapping {
        Mapping::parse(&json!({"properties": {
            "kept": {"type": "keyword", "store": true}, "date": {"type": "date", "store": true}, "other": {"type": "integer", "coerce": true},
            "o": {"properties": {"x": {"type": "keyword", "store": true}, "y": {"type": "long"}}}, "al": {"type": "alias", "path": "kept"}
        }}))
        .unwrap()
    }

    fn source() -> Value {
        json!({"kept": ["b", "a"], "date": 0, "other": "7", "o": [{"x": "p", "y": 1}, {"x": "q"}]})
    }

    #[test]
    fn stored_fields_are_those_that_are_stored() {
        let check = |names: &[&str], patterns, expected: Value| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let fields = StoredFields::new(&names, &mapping(), &Registry::builtin(), patterns).unwrap();
            let shown: serde_json::Map<_, _> = fields.of(&source()).into_iter().map(|(n, v)| (n, v.into())).collect();
            assert_eq!(Value::Object(shown), expected, "{names:?}");
        };
        check(&["kept", "other", "zzz", "_routing"], true, json!({"kept": ["b", "a"]}));
        check(
            &["*"],
            true,
            json!({"al": ["b", "a"], "date": ["1970-01-01T00:00:00.000Z"], "kept": ["b", "a"], "o.x": ["p", "q"]}),
        );
        check(&["*"], false, json!({}));
        check(&["al"], false, json!({}));
        let object = StoredFields::new(&["o".to_owned()], &mapping(), &Registry::builtin(), true);
        assert_eq!(object.unwrap_err().reason, "field [o] isn't a leaf field");
    }

    #[test]
    fn counts_of_words_and_what_lies_below_flat_objects() {
        let mapping = Mapping::parse(&json!({"properties": {
            "t": {"type": "text", "fields": {"n": {"type": "token_count", "analyzer": "standard"}}}, "flat": {"type": "flat_object"}
        }}));
        let specs = ["t*", "flat.b.c", "flat.a", "flat.*"].map(|field| FieldSpec {
            field: field.to_owned(),
            format: None,
            include_unmapped: false,
        });
        let fields = Fields::new(&specs, &mapping.unwrap(), &Registry::builtin()).unwrap();
        let source = json!({"t": ["one two three", "one"], "flat": {"a": "x", "b": {"c": ["2", "1"]}}});
        let shown: serde_json::Map<_, _> =
            fields.of(&source, &[]).unwrap().into_iter().map(|(name, values)| (name, values.into())).collect();
        let expected = json!({
            "t": ["one two three", "one"], "t.n": [1, 3], "flat.b.c": ["2", "1"], "flat.a": ["{a=x, b={c=[2, 1]}}"]
        });
        assert_eq!(Value::Object(shown), expected);
    }

    #[test]
    fn fields_follow_patterns_and_pass_over_what_was_ignored() {
        let spec = |field: &str| FieldSpec { field: field.to_owned(), format: None, include_unmapped: false };
        let fields = Fields::new(
            &[spec("o.*"), spec("al"), spec("oth*"), spec("zzz"), spec("o")],
            &mapping(),
            &Registry::builtin(),
        );
        let shown = fields.unwrap().of(&source(), &["other".to_owned()]).unwrap();
        let expected =
            [("o.x", vec![json!("p"), json!("q")]), ("o.y", vec![json!(1)]), ("al", vec![json!("b"), json!("a")])];
        assert_eq!(shown, expected.map(|(name, values)| (name.to_owned(), values)));
    }
}
