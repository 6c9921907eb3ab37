//! A field's mapping with the parameters that were not given: `_mapping/field` with `include_defaults`.

use model::mapping::range::RangeKind;
use model::mapping::{Field, FieldKind, NumberKind};
use serde_json::{Map, Value, json};

/// As [`Field::render`], with defaults. What was given stands as it was given.
pub(crate) fn described(field: &Field) -> Value {
    let given = field.render();
    let mut shown = Map::new();
    shown.insert("type".into(), field.type_name().into());
    if let Value::Object(defaults) = defaults(field) {
        shown.extend(defaults);
    }
    if let Value::Object(given) = given {
        shown.extend(given);
    }
    if !field.fields.is_empty() {
        // One level: a multi-field has none of its own.
        let fields = field.fields.iter().map(|(name, inner)| (name.to_string(), multi_field(inner)));
        shown.insert("fields".into(), Value::Object(fields.collect()));
    }
    shown.into()
}

fn multi_field(field: &Field) -> Value {
    let mut shown = Map::new();
    shown.insert("type".into(), field.type_name().into());
    for part in [defaults(field), field.render()] {
        if let Value::Object(part) = part {
            shown.extend(part);
        }
    }
    shown.into()
}

fn defaults(field: &Field) -> Value {
    if field.constant().is_some() {
        return json!({});
    }
    match &field.kind {
        FieldKind::Text => json!({
            "boost": field.boost, "index": field.index, "store": field.store, "meta": {},
            "index_options": "positions", "term_vector": "no", "norms": field.norms,
            "analyzer": analyzer(field), "search_analyzer": field.search_analyzer.as_deref().unwrap_or(analyzer(field)),
            "search_quote_analyzer": field.search_quote_analyzer.as_deref().unwrap_or(analyzer(field)),
            "similarity": null, "eager_global_ordinals": false, "position_increment_gap": -1,
            "fielddata": field.fielddata,
            "fielddata_frequency_filter": {"min": 0.0, "max": 2_147_483_647.0, "min_segment_size": 0},
            "index_prefixes": null, "index_phrases": false,
        }),
        FieldKind::Keyword => json!({
            "index": field.index, "doc_values": field.doc_values, "store": field.store, "null_value": null,
            "eager_global_ordinals": false, "ignore_above": i32::MAX, "index_options": "docs", "norms": field.norms,
            "similarity": null, "use_similarity": false, "normalizer": "default",
            "split_queries_on_whitespace": field.split_queries_on_whitespace, "boost": field.boost, "meta": {},
        }),
        FieldKind::Number(kind) => number(field, *kind),
        FieldKind::Date | FieldKind::DateNanos => json!({
            "index": field.index, "doc_values": field.doc_values, "store": field.store, "skip_list": false,
            "format": "strict_date_optional_time||epoch_millis", "print_format": "strict_date_optional_time",
            "locale": "", "null_value": null, "ignore_malformed": field.ignore_malformed, "boost": field.boost, "meta": {},
        }),
        FieldKind::Boolean => json!({
            "meta": {}, "boost": field.boost, "doc_values": field.doc_values, "index": field.index,
            "null_value": null, "store": field.store,
        }),
        FieldKind::Ip => json!({
            "index": field.index, "doc_values": field.doc_values, "store": field.store,
            "ignore_malformed": field.ignore_malformed, "null_value": null, "meta": {},
        }),
        FieldKind::GeoPoint => json!({
            "boost": 1.0, "index": field.index, "doc_values": field.doc_values, "store": field.store, "meta": {},
            "ignore_malformed": field.ignore_malformed, "ignore_z_value": field.ignore_z_value(), "null_value": null,
        }),
        FieldKind::GeoShape => json!({
            "boost": 1.0, "index": true, "doc_values": field.doc_values, "store": field.store, "meta": {},
            "ignore_malformed": field.ignore_malformed, "ignore_z_value": field.ignore_z_value(), "coerce": field.coerce,
            "orientation": field.orientation().name(),
        }),
        FieldKind::Range(kind) => {
            let mut shown = json!({
                "index": field.index, "doc_values": field.doc_values, "store": field.store, "coerce": field.coerce,
                "boost": field.boost, "meta": {}, "ignore_malformed": field.ignore_malformed,
            });
            if *kind == RangeKind::Date {
                shown["format"] = "strict_date_optional_time||epoch_millis".into();
                shown["locale"] = "".into();
            }
            shown
        }
        FieldKind::Features { .. } => json!({"positive_score_impact": field.positive_impact(), "meta": {}}),
        FieldKind::Binary => json!({"meta": {}, "store": field.store, "doc_values": field.doc_values}),
        FieldKind::FlatObject => json!({
            "boost": field.boost, "index": field.index, "doc_values": field.doc_values, "store": field.store, "meta": {},
        }),
        _ => json!({}),
    }
}

fn number(field: &Field, kind: NumberKind) -> Value {
    let mut shown = json!({
        "index": field.index, "doc_values": field.doc_values, "store": field.store, "skip_list": false,
        "ignore_malformed": field.ignore_malformed, "coerce": field.coerce, "null_value": null, "meta": {},
    });
    if kind == NumberKind::ScaledFloat {
        shown["scaling_factor"] = json!(field.scaling_factor);
    }
    shown
}

fn analyzer(field: &Field) -> &str {
    field.analyzer.as_deref().unwrap_or("default")
}

#[cfg(test)]
mod tests {
    use model::mapping::Mapping;

    use super::*;

    #[test]
    fn what_was_given_goes_over_defaults() {
        let body = json!({"properties": {"k": {"type": "keyword", "ignore_above": 20}}});
        let mapping = Mapping::parse(&body).unwrap();
        let shown = described(mapping.field("k").unwrap());
        assert_eq!((&shown["ignore_above"], &shown["doc_values"]), (&json!(20), &json!(true)));
        assert_eq!(shown["type"], json!("keyword"));
    }
}
