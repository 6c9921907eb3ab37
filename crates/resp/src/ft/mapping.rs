//! A definition as settings and a mapping of an ordinary index.

use serde_json::{Map, Value, json};

use super::definition::{
    Attribute, AttributeKind, Definition, EMPTY, FORMS, GROUPED, KeyKind, META, MISSING, POOL, RAW, SORTED, STEMS,
};

/// The settings of its index: how texts are cut, how durable writes are.
pub fn settings(definition: &Definition, shards: u32, sync_always: bool) -> Map<String, Value> {
    let stop_words: Vec<String> = definition.stop_words().into_iter().collect();
    let analysis = json!({
        "tokenizer": {"redis": {"type": "redis_words", "stopwords": stop_words}, "redis_forms": {"type": "redis_forms"}},
        "filter": {"redis_stem": {"type": "changed_stem", "language": definition.language}},
        "analyzer": {
            "redis": {"type": "custom", "tokenizer": "redis"},
            "redis_stem": {"type": "custom", "tokenizer": "redis", "filter": ["redis_stem"]},
            "redis_forms": {"type": "custom", "tokenizer": "redis_forms"},
        },
        "normalizer": {"redis_lower": {"type": "custom", "filter": ["lowercase"]}},
    });
    let durability = if sync_always { "request" } else { "async" };
    let settings = json!({"index": {
        "number_of_shards": shards,
        "analysis": analysis,
        "max_result_window": 2_000_000,
        "translog": {"durability": durability},
    }});
    settings.as_object().cloned().unwrap_or_default()
}

/// The mapping, the definition in its `_meta`.
pub fn mapping(definition: &Definition) -> Value {
    let mut properties = Map::new();
    let (own_pool, forms) = (definition.pool() == POOL, definition.keeps_forms());
    let (mut sorted, mut grouped) = (Map::new(), Map::new());
    for attribute in &definition.attributes {
        properties.insert(attribute.name.clone(), field(attribute, own_pool, forms));
        if attribute.sortable && (attribute.is_text() || attribute.is_tag()) {
            sorted.insert(attribute.name.clone(), json!({"type": "keyword", "index": false}));
        }
        if definition.kind == KeyKind::Hash && attribute.is_tag() && !attribute.no_index {
            grouped.insert(attribute.name.clone(), json!({"type": "keyword", "index": false}));
        }
    }
    if own_pool {
        properties.insert(POOL.to_owned(), text(!forms));
    }
    if forms {
        properties.insert(FORMS.to_owned(), json!({"properties": forms_of(definition, own_pool)}));
    }
    let count = json!({"type": "integer", "index": false});
    let rank = json!({"properties": {"len": count, "max": count, "score": {"type": "double", "index": false}}});
    properties.insert("__rank".to_owned(), rank);
    properties.insert(SORTED.to_owned(), json!({"properties": sorted}));
    properties.insert(GROUPED.to_owned(), json!({"properties": grouped}));
    properties.insert(RAW.to_owned(), json!({"type": "object", "enabled": false}));
    for markers in [MISSING, EMPTY] {
        properties.insert(markers.to_owned(), json!({"type": "keyword", "doc_values": false}));
    }
    json!({"dynamic": false, "properties": properties, "_meta": {META: definition}})
}

/// A field of forms for each text, and one for all.
fn forms_of(definition: &Definition, own_pool: bool) -> Map<String, Value> {
    let plain = json!({"type": "text", "analyzer": "redis_forms", "norms": false, "position_increment_gap": 0});
    let mut copied = plain.clone();
    if own_pool {
        copied["copy_to"] = json!(format!("{FORMS}.{POOL}"));
    }
    let mut fields: Map<String, Value> = definition.texts().map(|text| (text.name.clone(), copied.clone())).collect();
    if own_pool {
        fields.insert(POOL.to_owned(), plain);
    }
    fields
}

fn text(stems: bool) -> Value {
    let mut field = json!({"type": "text", "analyzer": "redis", "position_increment_gap": 0});
    if stems {
        let stem = json!({"type": "text", "analyzer": "redis_stem", "norms": false, "position_increment_gap": 0});
        field["fields"] = json!({STEMS: stem});
    }
    field
}

fn field(attribute: &Attribute, own_pool: bool, forms: bool) -> Value {
    if attribute.no_index && attribute.kind == AttributeKind::Numeric {
        return json!({"type": "double", "index": false});
    }
    if attribute.no_index {
        return json!({"type": "object", "enabled": false});
    }
    match &attribute.kind {
        AttributeKind::Text { no_stem, .. } => {
            let mut field = text(!forms && (!no_stem || !own_pool));
            if own_pool {
                field["copy_to"] = json!(POOL);
            }
            field
        }
        AttributeKind::Tag { case_sensitive: true, .. } => json!({"type": "keyword"}),
        AttributeKind::Tag { .. } => json!({"type": "keyword", "normalizer": "redis_lower"}),
        AttributeKind::Numeric => json!({"type": "double"}),
        AttributeKind::Geo => json!({"type": "geo_point"}),
        AttributeKind::Vector(vectors) => vectors.mapping(attribute.may_be_several()),
    }
}
