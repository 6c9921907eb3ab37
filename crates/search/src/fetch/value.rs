//! The values of one field taken from a source and shown as its mapping types them: `fields`, `stored_fields`, texts to highlight.

use std::collections::BTreeMap;
use std::net::IpAddr;

use analysis::{Analyzer, Normalizer, Registry};
use model::date::{DEFAULT_FORMAT, DateFormat, DateResolution, Moment};
use model::error::{Error, ErrorKind};
use model::mapping::range::RangeKind;
use model::mapping::{Field, FieldKind, Mapping, NumberKind, Variant};
use serde_json::Value;

use super::extract::{extract, java_text};
use super::place::Places;
use super::shape::Shapes;
use super::vectors::vectors;

/// Which fields are copied into which, so that the values of a field are found under every path that they come from.
pub struct Origins<'m> {
    mapping: &'m Mapping,
    copies: BTreeMap<&'m str, Vec<&'m str>>,
}

impl<'m> Origins<'m> {
    pub fn new(mapping: &'m Mapping) -> Self {
        let mut copies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for field in mapping.all_fields() {
            for target in &field.copy_to {
                copies.entry(target).or_default().push(&field.path);
            }
        }
        Self { mapping, copies }
    }

    /// The paths of the source that hold the values of the field at `path`, its own first; a multi-field has its parent's.
    pub(crate) fn of(&self, path: &str) -> Vec<String> {
        let mut own = path;
        while self.mapping.is_multi_field(own) {
            own = own.rsplit_once('.').map_or(own, |(parent, _)| parent);
        }
        let copied = self.copies.get(own).into_iter().flatten().map(|path| (*path).to_owned());
        let mut paths: Vec<String> = std::iter::once(own.to_owned()).chain(copied).collect();
        if paths.len() > 2 {
            order_as_java(&mut paths);
        }
        paths
    }
}

/// Puts texts into the order in which a Java `HashSet` of them is walked: values copied from several fields stand in it.
fn order_as_java(texts: &mut [String]) {
    let hash =
        |text: &str| text.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
    // The set is made of one that is smaller by one, at most three quarters full.
    let buckets = ((texts.len() - 1) * 4 / 3 + 1).next_power_of_two().max(16) as u32;
    texts.sort_by_key(|text| {
        let hash = hash(text);
        (hash ^ hash >> 16) & (buckets - 1)
    });
}

/// Takes the values of one field from sources.
#[derive(Debug)]
pub struct FieldValues {
    paths: Vec<String>,
    null: Option<Value>,
    shown: Shown,
    /// Without order of their own: by their bytes.
    sorted: bool,
}

/// How a value is read and shown.
#[derive(Debug)]
enum Shown {
    /// As Java's `toString` shows it.
    Text,
    Keyword {
        ignore_above: Option<usize>,
        normalizer: Option<Normalizer>,
    },
    Whole,
    Unsigned,
    /// As the shortest decimal of a 32-bit float.
    Float,
    Double,
    Scaled(f64),
    Boolean,
    Date {
        read: DateFormat,
        written: DateFormat,
        resolution: DateResolution,
    },
    Ip,
    /// As the source has it.
    AsGiven,
    /// Objects of values that are shown so; others as they are.
    Ends(Box<FieldValues>),
    Places(Places),
    Shapes(Shapes),
    /// Lists of numbers as they were sent; single numbers as 32-bit floats.
    Vectors,
    /// How many words a text has.
    Count(Count),
}

impl FieldValues {
    /// `format`: of dates; `None`: the field's own.
    ///
    /// # Errors
    /// `illegal_argument_exception` for a format of a field that is no date, or that is none.
    pub fn new(field: &Field, origins: &Origins<'_>, registry: &Registry, format: Option<&str>) -> Result<Self, Error> {
        let is_date = matches!(field.kind, FieldKind::Date | FieldKind::DateNanos | FieldKind::Range(RangeKind::Date));
        if format.is_some() && !is_date && !field.kind.is_geo() {
            let of = match field.kind {
                FieldKind::Text | FieldKind::Binary => String::new(),
                _ => format!(" of type [{}]", field.type_name()),
            };
            return Err(Error::illegal_argument(format!("Field [{}]{of} doesn't support formats.", field.path)));
        }
        let shown = Shown::of(field, registry, format)?;
        let sorted = matches!(field.variant, Variant::Wildcard | Variant::TokenCount);
        // Counts are shown as their column holds them.
        let counted = field.variant == Variant::TokenCount && !field.doc_values && !field.store;
        let paths = if counted { Vec::new() } else { origins.of(&field.path) };
        Ok(Self { paths, null: field.null_value.clone(), shown, sorted })
    }

    /// The values at one path, as texts.
    pub(crate) fn texts_at(path: &str) -> Self {
        Self { paths: vec![path.to_owned()], null: None, shown: Shown::Text, sorted: false }
    }

    /// The values in the order of the source; none when one of the paths that they come from is missing, as OpenSearch has it.
    ///
    /// # Errors
    /// The cause why a value does not fit its field.
    pub fn fetched(&self, source: &Value) -> Result<Vec<Value>, Error> {
        if let Shown::Places(places) = &self.shown {
            let mut out = Vec::new();
            let there = self.each_path(|steps| places.fetched(steps, source, &mut out));
            return Ok(if there { out } else { Vec::new() });
        }
        if let Shown::Vectors = self.shown {
            let mut out = Vec::new();
            let there = self.each_path(|steps| vectors(steps, source, &mut out));
            return Ok(if there { out } else { Vec::new() });
        }
        let mut found = Vec::new();
        for path in &self.paths {
            let steps: Vec<&str> = path.split('.').collect();
            if !extract(&steps, source, self.null.as_ref(), &mut found) {
                return Ok(Vec::new());
            }
        }
        let shown = found.into_iter().map(|value| self.show(value));
        let mut shown: Vec<Value> = shown.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        if self.sorted {
            shown.sort_by(|a, b| (a.as_i64(), a.as_str()).cmp(&(b.as_i64(), b.as_str())));
        }
        Ok(shown)
    }

    /// The values in the order of the source, from wherever they come; those that do not fit are left out.
    pub fn stored(&self, source: &Value) -> Vec<Value> {
        if let Shown::Places(places) = &self.shown {
            let mut out = Vec::new();
            self.each_path(|steps| {
                places.stored(steps, source, &mut out);
                true
            });
            return out;
        }
        if let Shown::Shapes(_) = self.shown {
            return Vec::new();
        }
        let mut found = Vec::new();
        for path in &self.paths {
            let steps: Vec<&str> = path.split('.').collect();
            extract(&steps, source, self.null.as_ref(), &mut found);
        }
        found.into_iter().filter_map(|value| self.show(value).ok().flatten()).collect()
    }

    /// Visits the paths as steps until one says false; whether all said true.
    fn each_path(&self, mut visit: impl FnMut(&[&str]) -> bool) -> bool {
        self.paths.iter().all(|path| visit(&path.split('.').collect::<Vec<&str>>()))
    }

    /// `None`: nothing that counts as a value.
    fn show(&self, value: &Value) -> Result<Option<Value>, Error> {
        match &self.shown {
            Shown::Text => Ok(Some(java_text(value).into())),
            Shown::Keyword { ignore_above, normalizer } => keyword(value, *ignore_above, normalizer.as_ref()),
            Shown::Boolean => match java_text(value).as_str() {
                "true" => Ok(Some(true.into())),
                "false" | "" => Ok(Some(false.into())),
                other => Err(Error::illegal_argument(format!(
                    "Failed to parse value [{other}] as only [true] or [false] are allowed."
                ))),
            },
            Shown::Date { read, written, resolution } => {
                let moment = read.parse(&java_text(value), None)?;
                let stored = moment.stored(*resolution)?;
                Ok(Some(written.format(moment_of(stored, *resolution), None).into()))
            }
            Shown::Places(_) => Ok(None),
            Shown::Shapes(shapes) => Ok(shapes.show(value)),
            Shown::AsGiven => Ok(Some(value.clone())),
            Shown::Count(count) => Ok(Some(count.of(value, self.null.as_ref()))),
            Shown::Ends(ends) => match value {
                Value::Object(given) => {
                    let shown =
                        given.iter().map(|(key, end)| Ok((key.clone(), ends.show(end)?.unwrap_or(Value::Null))));
                    shown.collect::<Result<_, Error>>().map(|shown| Some(Value::Object(shown)))
                }
                other => Ok(Some(other.clone())),
            },
            Shown::Ip => address(&java_text(value)).map(Some),
            Shown::Whole | Shown::Unsigned | Shown::Float | Shown::Double | Shown::Scaled(_) | Shown::Vectors => {
                if value.as_str() == Some("") {
                    return Ok(self.null.clone());
                }
                let shown = self.number(value).filter(|shown| !shown.is_null());
                let wrong =
                    || Error::new(ErrorKind::NumberFormat, format!("For input string: \"{}\"", java_text(value)));
                shown.map(Some).ok_or_else(wrong)
            }
        }
    }

    fn number(&self, value: &Value) -> Option<Value> {
        let float = || match value {
            Value::String(text) => text.trim().parse::<f64>().ok(),
            other => other.as_f64(),
        };
        let text = value.as_str().map(str::trim);
        Some(match self.shown {
            Shown::Whole => match value.as_i64().or_else(|| text?.parse().ok()) {
                Some(whole) => whole.into(),
                None => (float().filter(|float| float.is_finite())? as i64).into(),
            },
            Shown::Unsigned => match value.as_u64().or_else(|| text?.parse().ok()) {
                Some(whole) => whole.into(),
                None => (float().filter(|float| float.is_finite())? as u64).into(),
            },
            Shown::Float | Shown::Vectors => {
                // The decimal that names the float, not the double that it is.
                let float = (float()? as f32).to_string();
                float.parse::<f64>().ok()?.into()
            }
            // As many steps as a long counts: what is kept is no more.
            Shown::Scaled(factor) => (((float()? * factor + 0.5).floor() as i64) as f64 / factor).into(),
            _ => float()?.into(),
        })
    }
}

impl Shown {
    fn of(field: &Field, registry: &Registry, format: Option<&str>) -> Result<Self, Error> {
        let date = |resolution| -> Result<Self, Error> {
            let read = DateFormat::parse_pattern(field.format.as_deref().unwrap_or(DEFAULT_FORMAT))?;
            let written = format.map_or_else(|| Ok(read.clone()), DateFormat::parse_pattern)?;
            Ok(Self::Date { read, written, resolution })
        };
        Ok(match &field.kind {
            _ if field.variant == Variant::TokenCount => Self::Count(Count::new(field, registry)?),
            FieldKind::Keyword if matches!(field.variant, Variant::Completion | Variant::Join) => Self::AsGiven,
            FieldKind::Text | FieldKind::Binary | FieldKind::FlatObject | FieldKind::Alias(_) => Self::Text,
            FieldKind::Keyword => Self::Keyword {
                ignore_above: field.ignore_above.map(|limit| limit as usize),
                normalizer: field.normalizer.as_deref().and_then(|name| registry.normalizer(name)),
            },
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Date => date(DateResolution::Millis)?,
            FieldKind::DateNanos => date(DateResolution::Nanos)?,
            FieldKind::Ip => Self::Ip,
            FieldKind::KnnVector | FieldKind::DenseVector => Self::Vectors,
            FieldKind::Range(kind) => {
                let ends = Field { kind: kind.ends(), ..field.clone() };
                let shown = Self::of(&ends, registry, format)?;
                Self::Ends(Box::new(FieldValues { paths: Vec::new(), null: None, shown, sorted: false }))
            }
            FieldKind::Features { many: true } | FieldKind::Percolator => Self::AsGiven,
            FieldKind::Features { many: false } => Self::Float,
            FieldKind::GeoPoint => Self::Places(Places::new(field, format)?),
            FieldKind::GeoShape => Self::Shapes(Shapes::new(field, format)?),
            FieldKind::Number(kind) => match kind {
                NumberKind::Long | NumberKind::Integer | NumberKind::Short | NumberKind::Byte => Self::Whole,
                NumberKind::UnsignedLong => Self::Unsigned,
                NumberKind::Double => Self::Double,
                NumberKind::Float | NumberKind::HalfFloat => Self::Float,
                NumberKind::ScaledFloat => Self::Scaled(field.scaling_factor.unwrap_or(1.0)),
            },
        })
    }
}

/// Counts words as they are counted when they are indexed.
#[derive(Debug)]
struct Count {
    analyzer: Analyzer,
    /// Places without a word count, too.
    holes: bool,
}

impl Count {
    fn new(field: &Field, registry: &Registry) -> Result<Self, Error> {
        let name = field.analyzer.as_deref().unwrap_or("default");
        let found = registry.analyzer(name).or_else(|| registry.analyzer("standard"));
        let missing = || Error::illegal_argument(format!("analyzer [{name}] has not been configured in mappings"));
        Ok(Self {
            analyzer: found.ok_or_else(missing)?,
            holes: field.explicit.get("enable_position_increments") != Some(&false.into()),
        })
    }

    fn of(&self, value: &Value, null: Option<&Value>) -> Value {
        // What stands for no value is a count itself.
        if null == Some(value) {
            return value.clone();
        }
        let (mut count, mut last) = (0u64, None);
        let positions = self.analyzer.each(&java_text(value), &mut |_, position| {
            count += u64::from(last != Some(position));
            last = Some(position);
        });
        if self.holes { positions.into() } else { count.into() }
    }
}

/// The moment that a column's code stands for.
pub(crate) fn moment_of(code: i64, resolution: DateResolution) -> Moment {
    match resolution {
        DateResolution::Millis => Moment::from_ms(code),
        DateResolution::Nanos => Moment::from_nanos(code),
    }
}

fn keyword(value: &Value, limit: Option<usize>, normalizer: Option<&Normalizer>) -> Result<Option<Value>, Error> {
    let text = java_text(value);
    if limit.is_some_and(|limit| text.len() > limit && text.encode_utf16().count() > limit) {
        return Ok(None);
    }
    let Some(normalizer) = normalizer else { return Ok(Some(text.into())) };
    let normal = normalizer.normalize(&text).map_err(|e| Error::new(ErrorKind::IllegalState, e.to_string()))?;
    Ok(Some(normal.into()))
}

fn address(text: &str) -> Result<Value, Error> {
    let address: IpAddr =
        text.parse().map_err(|_| Error::illegal_argument(format!("'{text}' is not an IP string literal.")))?;
    Ok(address.to_canonical().to_string().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping() -> Mapping {
        let body = json!({"properties": {
            "t": {"type": "text", "fields": {"k": {"type": "keyword", "ignore_above": 5}, "n": {"type": "keyword", "normalizer": "lowercase"}}},
            "d": {"type": "date"}, "dn": {"type": "date_nanos"}, "df": {"type": "date", "format": "epoch_second"},
            "l": {"type": "long"}, "ul": {"type": "unsigned_long"}, "f": {"type": "float"}, "hf": {"type": "half_float"},
            "dbl": {"type": "double"}, "sf": {"type": "scaled_float", "scaling_factor": 100}, "b": {"type": "boolean", "null_value": true},
            "ip": {"type": "ip"}, "fo": {"type": "flat_object"}, "c": {"type": "text"}, "src": {"type": "text", "copy_to": "c"},
            "nv": {"type": "keyword", "null_value": "NULL"}, "i": {"type": "integer"}
        }});
        Mapping::parse(&body).unwrap()
    }

    fn values(path: &str, format: Option<&str>) -> FieldValues {
        let mapping = mapping();
        let field = mapping.field(path).unwrap();
        FieldValues::new(field, &Origins::new(&mapping), &Registry::builtin(), format).unwrap()
    }

    fn check(path: &str, source: Value, expected: Value) {
        assert_eq!(Value::Array(values(path, None).fetched(&source).unwrap()), expected, "{path} of {source}");
    }

    #[test]
    fn values_are_shown_as_opensearch_shows_them() {
        check("t", json!({"t": ["Hello World", "abc", 5]}), json!(["Hello World", "abc", "5"]));
        check("t.k", json!({"t": ["Hello World", "abc", 5]}), json!(["abc", "5"]));
        check("t.n", json!({"t": ["Hello World", "abc"]}), json!(["hello world", "abc"]));
        check("l", json!({"l": ["12", 3.7, 3]}), json!([12, 3, 3]));
        check("ul", json!({"ul": u64::MAX}), json!([u64::MAX]));
        check("f", json!({"f": 12.345}), json!([12.345]));
        check("hf", json!({"hf": 1.1}), json!([1.1]));
        check("dbl", json!({"dbl": [1e300, 0.1, 5]}), json!([1e300, 0.1, 5.0]));
        check("sf", json!({"sf": [12.345, "3"]}), json!([12.35, 3.0]));
        check("b", json!({"b": ["true", false, null, ""]}), json!([true, false, true, false]));
        check("ip", json!({"ip": ["::1", "10.0.0.1", "2001:DB8:0:0::1"]}), json!(["::1", "10.0.0.1", "2001:db8::1"]));
        check("nv", json!({"nv": [null, "v"]}), json!(["NULL", "v"]));
        check("fo", json!({"fo": {"a": "x", "b": {"c": [1, 2]}}}), json!(["{a=x, b={c=[1, 2]}}"]));
    }

    #[test]
    fn dates_are_shown_in_their_format() {
        check(
            "d",
            json!({"d": ["2020-01-02T03:04:05.678Z", 1577934245678i64, "2020-01-01"]}),
            json!(["2020-01-02T03:04:05.678Z", "2020-01-02T03:04:05.678Z", "2020-01-01T00:00:00.000Z"]),
        );
        check("dn", json!({"dn": "2020-01-02T03:04:05.123456789Z"}), json!(["2020-01-02T03:04:05.123Z"]));
        check("df", json!({"df": [1577934245, "1577934246"]}), json!(["1577934245", "1577934246"]));
        let years = values("d", Some("yyyy")).fetched(&json!({"d": "2020-01-02"})).unwrap();
        assert_eq!(years, [json!("2020")]);
    }

    #[test]
    fn copies_are_shown_beside_own_values_alone() {
        check("c", json!({"src": "copied"}), json!([]));
        check("c", json!({"c": "own", "src": "copied"}), json!(["own", "copied"]));
        assert_eq!(values("c", None).stored(&json!({"src": "copied"})), [json!("copied")]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert_eq!(values("i", None).fetched(&json!({"i": "x"})).unwrap_err().kind, ErrorKind::NumberFormat);
        assert!(values("i", None).stored(&json!({"i": ["x", 1]})) == [json!(1)]);
        let mapping = mapping();
        let refused = |path: &str| {
            let field = mapping.field(path).unwrap();
            FieldValues::new(field, &Origins::new(&mapping), &Registry::builtin(), Some("yyyy")).unwrap_err().reason
        };
        assert_eq!(refused("t"), "Field [t] doesn't support formats.");
        assert_eq!(refused("l"), "Field [l] of type [long] doesn't support formats.");
    }
}
