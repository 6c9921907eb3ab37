//! Joins: which kinds of documents are parents of which. The documents of a family lie on one shard; each says by the field of type `join`
//! what it is, and by a field for each kind of parent (`join#kind`) to whom it belongs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::text::java_text;
use super::{Field, FieldKind, Mapping, Variant};
use crate::error::{Error, ErrorKind};

/// Kinds of children by the kind of their parent.
type Relations = BTreeMap<String, BTreeSet<String>>;

/// Reads `relations`: what is shown of it.
pub(super) fn read(value: &Value) -> Result<Value, Error> {
    let Value::Object(given) = value else {
        let class = match value {
            Value::String(_) => "java.lang.String",
            Value::Array(_) => "java.util.ArrayList",
            Value::Bool(_) => "java.lang.Boolean",
            _ => "java.lang.Integer",
        };
        return Err(Error::new(ErrorKind::Parse, format!("relations should be a hash but was of type: class {class}")));
    };
    let mut shown = Map::new();
    for (parent, children) in given {
        let mut names: Vec<Value> = Vec::new();
        for child in children.as_array().map_or(std::slice::from_ref(children), Vec::as_slice) {
            let name = Value::String(java_text(child));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let children = if names.len() == 1 { names.remove(0) } else { Value::Array(names) };
        shown.insert(parent.clone(), children);
    }
    Ok(Value::Object(shown))
}

fn relations(given: &Map<String, Value>) -> Relations {
    let names = |children: &Value| -> BTreeSet<String> {
        let all = children.as_array().map_or(std::slice::from_ref(children), Vec::as_slice);
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let given = given.get("relations").and_then(Value::as_object);
    given.into_iter().flatten().map(|(parent, children)| (parent.clone(), names(children))).collect()
}

/// Checks where the field lies and that no kind has two parents, and fills in what is always shown.
pub(super) fn complete(path: &str, given: &mut Map<String, Value>) -> Result<(), Error> {
    if path.contains('.') {
        let reason = format!("join field [{path}] cannot be added inside an object or in a multi-field");
        return Err(Error::illegal_argument(reason));
    }
    given.entry("eager_global_ordinals").or_insert(true.into());
    let (mut known, mut twice) = (BTreeSet::new(), Vec::new());
    for child in relations(given).values().flatten() {
        if !known.insert(child.clone()) {
            twice.push(format!("[{child}] cannot have multiple parents"));
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    let reason = format!("invalid definition for join field [{path}]:\n[{}]", twice.join(", "));
    Err(Error::illegal_argument(reason))
}

/// Adds a field for each kind of parent.
pub(super) fn parts(field: &mut Field) {
    for parent in relations(&field.explicit).into_keys() {
        let path = format!("{}#{parent}", field.path);
        let part = Field { variant: Variant::Parent, ..Field::new(path, FieldKind::Keyword) };
        field.fields.insert(parent.into(), Arc::new(part));
    }
}

/// Refuses an update that takes a kind away, or makes a parent of a child.
pub(super) fn check_update(old: &Field, new: &Field) -> Result<(), Error> {
    if old.variant != Variant::Join {
        return Ok(());
    }
    let (was, is) = (relations(&old.explicit), relations(&new.explicit));
    let mut conflicts = Vec::new();
    let field = &old.path;
    for (parent, children) in &was {
        let Some(now) = is.get(parent) else {
            conflicts.push(format!("cannot remove parent [{parent}] in join field [{field}]"));
            continue;
        };
        let gone = children.difference(now);
        conflicts.extend(gone.map(|child| format!("cannot remove child [{child}] in join field [{field}]")));
    }
    let all: BTreeSet<&String> = was.values().flatten().collect();
    for (parent, children) in &is {
        if !was.contains_key(parent) && all.contains(parent) {
            conflicts.push(format!("cannot create parent [{parent}] from an existing child"));
        }
        let before = was.get(parent);
        for child in children.iter().filter(|child| before.is_none_or(|before| !before.contains(*child))) {
            if was.contains_key(child) {
                conflicts.push(format!("cannot create child [{child}] from an existing parent"));
            }
        }
    }
    if conflicts.is_empty() {
        return Ok(());
    }
    let reason = format!("Mapper for [{field}] conflicts with existing mapping:\n[{}]", conflicts.join(", "));
    Err(Error::illegal_argument(reason))
}

/// An index has one join at most.
pub(super) fn one(mapping: &Mapping) -> Result<(), Error> {
    let joins = mapping.all_fields().into_iter().filter(|field| field.variant == Variant::Join);
    if joins.count() > 1 {
        return Err(Error::new(ErrorKind::MapperParsing, "Field [_parent_join] is defined more than once"));
    }
    Ok(())
}

impl Mapping {
    /// The field by which documents belong to one another.
    pub fn join(&self) -> Option<&Arc<Field>> {
        self.all_fields().into_iter().find(|field| field.variant == Variant::Join)
    }
}

impl Field {
    /// Of a join: the kind of the parents of documents of a kind.
    pub fn parent_kind(&self, child: &str) -> Option<String> {
        relations(&self.explicit).into_iter().find(|(_, children)| children.contains(child)).map(|(parent, _)| parent)
    }

    /// Of a join: the kinds of the children of documents of a kind; `None`: those have none.
    pub fn child_kinds(&self, parent: &str) -> Option<Vec<String>> {
        relations(&self.explicit).remove(parent).map(|children| children.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(relations: Value) -> Result<Mapping, Error> {
        let mapping = Mapping::parse(&json!({"properties": {"j": {"type": "join", "relations": relations}}}))?;
        mapping.validate().map(|()| mapping)
    }

    #[test]
    fn each_kind_of_parent_has_a_field() {
        let mapping = mapping(json!({"q": ["a", "c"], "a": "v"})).unwrap();
        let join = mapping.join().unwrap();
        assert_eq!(join.parent_kind("c").as_deref(), Some("q"));
        assert_eq!(join.child_kinds("a"), Some(vec!["v".to_owned()]));
        assert_eq!((join.parent_kind("q"), join.child_kinds("v")), (None, None));
        assert_eq!(mapping.field("j#a").unwrap().type_name(), "parent");
        assert!(mapping.field("j#v").is_none() && mapping.field("j.a").is_none());
        let shown = json!({"type": "join", "eager_global_ordinals": true, "relations": {"q": ["a", "c"], "a": "v"}});
        assert_eq!(mapping.render()["properties"]["j"], shown);
    }

    #[test]
    fn families_only_grow() {
        let old = mapping(json!({"q": ["a", "c"], "a": "v"})).unwrap();
        let updated = |relations| old.merge(&mapping(relations).unwrap());
        assert!(updated(json!({"q": ["a", "c"], "a": ["v", "w"], "y": "x"})).unwrap().field("j#y").is_some());
        for (refused, why) in [
            (json!({"q": ["a", "c"]}), "cannot remove parent [a]"),
            (json!({"q": "a", "a": "v"}), "cannot remove child [c]"),
            (json!({"q": ["a", "c"], "a": "v", "v": "z"}), "cannot create parent [v] from an existing child"),
            (json!({"q": ["a", "c"], "a": "v", "z": "q"}), "cannot create child [q] from an existing parent"),
        ] {
            let error = updated(refused).unwrap_err();
            assert!(error.reason.contains(why), "{}", error.reason);
        }
    }

    #[test]
    fn no_kind_has_two_parents() {
        assert!(mapping(json!({"a": "b", "c": "b"})).unwrap_err().reason.contains("[b] cannot have multiple parents"));
        assert!(mapping(json!("a")).is_err());
        let inside = json!({"properties": {"o": {"properties": {"j": {"type": "join"}}}}});
        assert!(Mapping::parse(&inside).is_err());
    }
}
