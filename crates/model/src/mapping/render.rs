//! Writes a mapping as `GET /{index}/_mapping` shows it.

use serde_json::{Map, Value, json};

use super::timestamp;
use super::{Dynamic, Field, FieldKind, Mapping, Node, ObjectNode};

impl Mapping {
    /// The object under `mappings`; [`Mapping::parse`] reads it back.
    pub fn render(&self) -> Value {
        let mut body = Map::new();
        if let Some(dynamic) = self.root.dynamic {
            body.insert("dynamic".into(), dynamic.name().into());
        }
        if let Some(meta) = &self.meta {
            body.insert("_meta".into(), meta.clone());
        }
        if self.root.enabled == Some(false) {
            body.insert("enabled".into(), false.into());
        }
        for (key, flag) in [("date_detection", self.date_detection), ("numeric_detection", self.numeric_detection)] {
            if let Some(flag) = flag {
                body.insert(key.into(), flag.into());
            }
        }
        if let Some(formats) = &self.dynamic_date_formats {
            body.insert("dynamic_date_formats".into(), json!(formats));
        }
        if let Some(templates) = &self.dynamic_templates {
            let templates = templates.iter().map(|template| json!({ template.name.as_str(): template.rule })).collect();
            body.insert("dynamic_templates".into(), Value::Array(templates));
        }
        if let Some(timestamp) = self.timestamp.as_ref().filter(|one| one.required) {
            body.insert(timestamp::KEY.into(), timestamp.render());
        }
        if self.routing_required == Some(true) {
            body.insert("_routing".into(), json!({"required": true}));
        }
        let source = self.render_source();
        if !source.is_empty() {
            body.insert("_source".into(), source.into());
        }
        render_properties(&self.root, &mut body);
        body.into()
    }

    fn render_source(&self) -> Map<String, Value> {
        let mut source = Map::new();
        if !self.source.enabled {
            source.insert("enabled".into(), false.into());
        }
        for (key, patterns) in [("includes", &self.source.includes), ("excludes", &self.source.excludes)] {
            if !patterns.is_empty() {
                source.insert(key.into(), json!(patterns));
            }
        }
        source
    }
}

impl Dynamic {
    /// As in `"dynamic"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Strict => "strict",
            Self::StrictAllowTemplates => "strict_allow_templates",
            Self::FalseAllowTemplates => "false_allow_templates",
        }
    }
}

fn render_properties(object: &ObjectNode, body: &mut Map<String, Value>) {
    if !object.properties.is_empty() {
        let properties: Map<String, Value> =
            object.properties.iter().map(|(name, node)| (name.to_string(), node.render())).collect();
        body.insert("properties".into(), properties.into());
    }
}

impl Node {
    /// As it stands under `properties`.
    pub fn render(&self) -> Value {
        match self {
            Self::Object(object) => object.render(),
            Self::Field(field) => field.render(),
        }
    }
}

impl ObjectNode {
    fn render(&self) -> Value {
        let mut body = Map::new();
        match self.nested {
            Some(nested) => {
                body.insert("type".into(), "nested".into());
                let kept =
                    [("include_in_parent", nested.include_in_parent), ("include_in_root", nested.include_in_root)];
                body.extend(kept.into_iter().filter(|(_, on)| *on).map(|(key, on)| (key.to_owned(), on.into())));
            }
            None if self.properties.is_empty() => drop(body.insert("type".into(), "object".into())),
            None => {}
        }
        if let Some(dynamic) = self.dynamic {
            body.insert("dynamic".into(), dynamic.name().into());
        }
        if self.enabled == Some(false) {
            body.insert("enabled".into(), false.into());
        }
        render_properties(self, &mut body);
        body.into()
    }
}

impl Field {
    /// As it stands under `properties`.
    pub fn render(&self) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), self.type_name().into());
        if let FieldKind::Alias(path) = &self.kind {
            body.insert("path".into(), path.as_ref().into());
        }
        // As OpenSearch has it: queries read places whatever this says.
        let hidden = |key: &str| self.kind == FieldKind::GeoPoint && key == "index";
        let given = self.explicit.iter().filter(|(key, _)| !hidden(key));
        body.extend(given.map(|(key, value)| (key.clone(), value.clone())));
        let given = self.fields.iter().filter(|(_, field)| !field.is_part());
        let fields: Map<String, Value> = given.map(|(name, field)| (name.to_string(), field.render())).collect();
        if !fields.is_empty() {
            body.insert("fields".into(), fields.into());
        }
        body.into()
    }
}
