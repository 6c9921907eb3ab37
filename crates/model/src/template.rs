//! Templates of indexes: what an index gets whose name fits.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an index is to have; each part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// By flat name with `index.`.
    pub settings: Option<BTreeMap<String, Value>>,
    /// As the client gave it.
    pub mappings: Option<Value>,
    /// As the client gave them, by name.
    pub aliases: Option<Map<String, Value>>,
}

/// For indexes whose names fit; of several the one of the highest priority counts alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexTemplate {
    pub patterns: Vec<String>,
    pub template: Option<Template>,
    /// Component templates, in the order in which they are laid over each other, below the template's own.
    pub composed_of: Vec<String>,
    pub priority: Option<u64>,
    pub version: Option<i64>,
    pub meta: Option<Value>,
    /// Names that fit are those of data streams, not of indexes.
    #[serde(default)]
    pub data_stream: Option<DataStreamTemplate>,
}

/// What a template says of the data streams that it makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataStreamTemplate {
    /// The field with the time of a document: full dotted path.
    pub timestamp_field: String,
}

/// A part of index templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComponentTemplate {
    pub template: Template,
    pub version: Option<i64>,
    pub meta: Option<Value>,
}

/// `_template`: all that fit count, those of higher order over those of lower; none does where an [`IndexTemplate`] fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LegacyTemplate {
    pub patterns: Vec<String>,
    pub order: i32,
    pub version: Option<i64>,
    pub template: Template,
}

/// All templates, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Templates {
    pub index: BTreeMap<Arc<str>, IndexTemplate>,
    pub component: BTreeMap<Arc<str>, ComponentTemplate>,
    pub legacy: BTreeMap<Arc<str>, LegacyTemplate>,
}

/// A change of the templates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum TemplateChange {
    /// `create`: only if there is none of that name.
    PutIndex {
        name: Arc<str>,
        template: IndexTemplate,
        create: bool,
    },
    PutComponent {
        name: Arc<str>,
        template: ComponentTemplate,
        create: bool,
    },
    PutLegacy {
        name: Arc<str>,
        template: LegacyTemplate,
        create: bool,
    },
    /// Names may be patterns.
    DeleteIndex {
        name: String,
    },
    DeleteComponent {
        name: String,
    },
    DeleteLegacy {
        name: String,
    },
}

/// What a simulation is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Simulate {
    /// An index of this name, with a template that is not there yet.
    Index { name: String, with: Option<IndexTemplate> },
    /// A template, there or not yet.
    Template { name: Option<String>, with: Option<IndexTemplate> },
}

/// What an index would get. The mapping is that which the index would have.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    pub settings: BTreeMap<String, Value>,
    pub mappings: Option<Value>,
    pub aliases: Map<String, Value>,
    /// Templates that fit some of the same names, and their patterns.
    pub overlapping: Vec<(Arc<str>, Vec<String>)>,
}
