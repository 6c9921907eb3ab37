//! What a program works with: plain values, and lists and maps that are shared and change.
//!
//! Lists and maps lie in a [`Heap`] and are named by their places, so that they may hold each other, however deep, and go away all at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use model::date::{DateFormat, Moment};
use serde_json::{Map as JsonMap, Number, Value as Json};

use super::functions::Callable;
use super::library::collectors::Collector;
use super::library::exceptions::Thrown;
use super::library::patterns::{Matcher, Pattern};
use super::library::streams::Of;
use super::library::times::Time;
use crate::expression::value::Value;

/// Lists, maps and entries that one run may hold.
pub(super) const MAX_CELLS: usize = 1_000_000;

/// A value while a program runs.
#[derive(Clone, Debug)]
pub enum Object {
    Plain(Value),
    List(Place),
    /// Each value once.
    Set(Place),
    /// As many values as it was made for.
    Array(Place),
    Map(Place),
    /// What a map holds: what is taken out of it is taken out of the map.
    View(Place, Part),
    /// What a map has under a key.
    Entry(Box<(Place, Arc<str>)>),
    /// The values of a field of a document.
    Values(Place),
    #[doc(hidden)]
    Stream(Place, Of),
    /// One value, or none.
    Optional(Place),
    /// What it has not come to yet, the last first.
    Iterator(Place),
    /// A moment, in milliseconds since 1970, seen in UTC.
    Date(i64),
    /// Any other moment, and what goes with them.
    Time(Arc<Time>),
    /// A place on the earth.
    Point {
        lat: f64,
        lon: f64,
    },
    /// `doc`
    Doc,
    #[doc(hidden)]
    Lambda(Function),
    #[doc(hidden)]
    Collector(Arc<Collector>, u16),
    #[doc(hidden)]
    Pattern(Arc<Pattern>),
    #[doc(hidden)]
    Matcher(Arc<Mutex<Matcher>>),
    /// A text that grows.
    Builder(Arc<Mutex<String>>),
    #[doc(hidden)]
    Thrown(Arc<Thrown>),
}

/// What of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Keys,
    Values,
    Entries,
}

/// Where a list or a map lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub(super) usize);

/// A function of the program.
#[derive(Clone, Debug)]
pub struct Function {
    pub(crate) callable: Arc<Callable>,
    /// How deep functions lie in it.
    pub(crate) depth: u16,
}

/// All lists and maps of one run.
#[derive(Debug, Default)]
pub struct Heap {
    pub(super) lists: Vec<Vec<Object>>,
    pub(super) maps: Vec<Fields>,
    pub(super) cells: usize,
}

/// More than a run may hold.
#[derive(Debug)]
pub struct Full;

impl Heap {
    /// Counts `cells` more.
    pub(crate) fn take(&mut self, cells: usize) -> Result<(), Full> {
        self.cells = self.cells.saturating_add(cells);
        if self.cells > MAX_CELLS { Err(Full) } else { Ok(()) }
    }

    pub fn list(&mut self, items: Vec<Object>) -> Object {
        self.cells = self.cells.saturating_add(items.len() + 1);
        self.lists.push(items);
        Object::List(Place(self.lists.len() - 1))
    }

    /// The values of a field.
    pub fn values(&mut self, items: Vec<Object>) -> Object {
        match self.list(items) {
            Object::List(place) => Object::Values(place),
            other => other,
        }
    }

    pub fn map(&mut self, fields: Fields) -> Object {
        self.cells = self.cells.saturating_add(fields.len() + 1);
        self.maps.push(fields);
        Object::Map(Place(self.maps.len() - 1))
    }

    pub fn items(&self, place: Place) -> &[Object] {
        self.lists.get(place.0).map_or(&[], Vec::as_slice)
    }

    /// The items of a list, a set, an array or of a field; `None`: it is none of them.
    pub fn collected(&self, object: &Object) -> Option<&[Object]> {
        match object {
            Object::List(place) | Object::Values(place) | Object::Set(place) | Object::Array(place) => {
                Some(self.items(*place))
            }
            _ => None,
        }
    }

    pub(crate) fn items_mut(&mut self, place: Place) -> &mut Vec<Object> {
        &mut self.lists[place.0]
    }

    pub fn fields(&self, place: Place) -> &Fields {
        &self.maps[place.0]
    }

    pub fn fields_mut(&mut self, place: Place) -> &mut Fields {
        &mut self.maps[place.0]
    }

    /// As documents and parameters come. As deep as the JSON, whose depth is limited where it is read.
    pub fn from_json(&mut self, json: &Json) -> Object {
        match json {
            Json::Array(items) => {
                let items = items.iter().map(|item| self.from_json(item)).collect();
                self.list(items)
            }
            Json::Object(map) => {
                let mut fields = Fields::default();
                for (key, value) in map {
                    let value = self.from_json(value);
                    fields.insert(Arc::from(key.as_str()), value);
                }
                self.map(fields)
            }
            plain => Object::Plain(Value::from_json(plain)),
        }
    }

    /// As a document holds it; `None` where it is nested deeper than `depth`, is more than a run may hold (as what holds one thing again and again
    /// may be), or is nothing that a document can hold.
    pub fn to_json(&self, object: &Object, depth: usize) -> Option<Json> {
        self.written(object, depth, &mut { MAX_CELLS })
    }

    /// `left`: how many more values there may be.
    fn written(&self, object: &Object, depth: usize, left: &mut usize) -> Option<Json> {
        let deeper = depth.checked_sub(1)?;
        *left = left.checked_sub(1)?;
        Some(match object {
            Object::Plain(value) => plain_json(value)?,
            Object::List(place) | Object::Values(place) | Object::Set(place) | Object::Array(place) => {
                let items = self.items(*place).iter().map(|item| self.written(item, deeper, left));
                Json::Array(items.collect::<Option<_>>()?)
            }
            Object::View(place, part) => {
                let fields = self.fields(*place).iter();
                let items: Option<Vec<Json>> = match part {
                    Part::Keys => fields.map(|(key, _)| Some(Json::String(key.to_string()))).collect(),
                    Part::Values => fields.map(|(_, value)| self.written(value, deeper, left)).collect(),
                    Part::Entries => return None,
                };
                Json::Array(items?)
            }
            Object::Map(place) => {
                let mut map = JsonMap::new();
                for (key, value) in self.fields(*place).iter() {
                    map.insert(key.to_string(), self.written(value, deeper, left)?);
                }
                Json::Object(map)
            }
            Object::Date(ms) => Json::String(date_text(*ms)),
            Object::Time(time) => Json::String(time.written()?),
            Object::Point { lat, lon } => {
                let mut map = JsonMap::new();
                map.insert("lat".to_owned(), Json::Number(Number::from_f64(*lat)?));
                map.insert("lon".to_owned(), Json::Number(Number::from_f64(*lon)?));
                Json::Object(map)
            }
            _ => return None,
        })
    }

    /// Equal as Java's `equals`, numbers by value. What is deeper than `depth`, or more than a run may hold, is not equal.
    pub(crate) fn same(&self, a: &Object, b: &Object, depth: usize) -> bool {
        self.alike((a, b), depth, &mut { MAX_CELLS })
    }

    /// `left`: how many more values may be compared.
    fn alike(&self, pair: (&Object, &Object), depth: usize, left: &mut usize) -> bool {
        let (Some(deeper), Some(fewer)) = (depth.checked_sub(1), left.checked_sub(1)) else { return false };
        *left = fewer;
        match pair {
            (Object::Plain(a), Object::Plain(b)) => same_plain(a, b),
            (Object::List(a) | Object::Values(a), Object::List(b) | Object::Values(b))
            | (Object::Set(a), Object::Set(b)) => {
                let (one, other) = (self.items(*a), self.items(*b));
                a == b || one.len() == other.len() && one.iter().zip(other).all(|pair| self.alike(pair, deeper, left))
            }
            (Object::Map(a), Object::Map(b)) => {
                let (one, other) = (self.fields(*a), self.fields(*b));
                let mut found = |(key, value): &(Arc<str>, Object)| {
                    other.get(key).is_some_and(|other| self.alike((value, other), deeper, left))
                };
                a == b || one.len() == other.len() && one.iter().all(&mut found)
            }
            (Object::Date(a), Object::Date(b)) => a == b,
            (Object::Time(a), Object::Time(b)) => a == b,
            (Object::Array(a), Object::Array(b)) => a == b,
            (Object::Point { lat, lon }, Object::Point { lat: y, lon: x }) => lat == y && lon == x,
            _ => false,
        }
    }
}

fn same_plain(a: &Value, b: &Value) -> bool {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a == b,
        _ => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        },
    }
}

/// A map in the order in which its keys came.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    entries: Vec<(Arc<str>, Object)>,
    /// Where each key lies.
    places: BTreeMap<Arc<str>, usize>,
}

impl Fields {
    pub fn get(&self, key: &str) -> Option<&Object> {
        self.places.get(key).and_then(|at| self.entries.get(*at)).map(|(_, value)| value)
    }

    /// The value that was there before.
    pub fn insert(&mut self, key: Arc<str>, value: Object) -> Option<Object> {
        if let Some((_, old)) = self.places.get(&key).and_then(|at| self.entries.get_mut(*at)) {
            return Some(std::mem::replace(old, value));
        }
        self.places.insert(key.clone(), self.entries.len());
        self.entries.push((key, value));
        None
    }

    pub fn remove(&mut self, key: &str) -> Option<Object> {
        let at = self.places.remove(key)?;
        let (_, value) = self.entries.remove(at);
        self.places.values_mut().filter(|place| **place > at).for_each(|place| *place -= 1);
        Some(value)
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.places.clear();
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Arc<str>, Object)> {
        self.entries.iter()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Object> {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

impl Object {
    pub const NULL: Self = Self::Plain(Value::Null);

    pub fn text(text: &str) -> Self {
        Self::Plain(Value::Text(Arc::from(text)))
    }

    pub fn bool(value: bool) -> Self {
        Self::Plain(Value::Bool(value))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Plain(Value::Null))
    }

    /// As a number, where it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Plain(value) => value.as_f64(),
            _ => None,
        }
    }

    /// As a text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Plain(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A moment seen in UTC.
    pub fn moment(moment: Moment) -> Self {
        super::library::calendar::object(Time::utc(moment))
    }

    /// As a moment, where it is one.
    pub fn as_moment(&self) -> Option<Moment> {
        super::library::calendar::time_of(self)?.moment()
    }

    /// How deep functions lie in it.
    pub(crate) fn depth(&self) -> u16 {
        match self {
            Self::Lambda(function) => function.depth,
            Self::Collector(_, depth) => *depth,
            _ => 0,
        }
    }

    /// The name of the class it has in Java.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Plain(value) => value.class(),
            Self::List(_) => "java.util.ArrayList",
            Self::Set(_) => "java.util.HashSet",
            Self::Array(_) => "java.lang.Object[]",
            Self::View(_, Part::Values) => "java.util.HashMap$Values",
            Self::View(_, Part::Keys) => "java.util.HashMap$KeySet",
            Self::View(_, Part::Entries) => "java.util.HashMap$EntrySet",
            Self::Entry(..) => "java.util.HashMap$Node",
            Self::Stream(_, of) => super::library::streams::class(*of),
            Self::Optional(_) => "java.util.Optional",
            Self::Iterator(_) => "java.util.Iterator",
            Self::Collector(..) => "java.util.stream.Collector",
            Self::Pattern(_) => "java.util.regex.Pattern",
            Self::Matcher(_) => "java.util.regex.Matcher",
            Self::Builder(_) => "java.lang.StringBuilder",
            Self::Thrown(thrown) => thrown.class(),
            Self::Map(_) => "java.util.HashMap",
            Self::Date(_) => "java.time.ZonedDateTime",
            Self::Time(time) => time.class(),
            Self::Point { .. } => "org.opensearch.common.geo.GeoPoint",
            Self::Values(_) => "org.opensearch.index.fielddata.ScriptDocValues",
            Self::Doc => "org.opensearch.search.lookup.LeafDocLookup",
            Self::Lambda(_) => "java.util.function.Function",
        }
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) => Some(*number),
        _ => None,
    }
}

fn plain_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Long(number) => Json::from(*number),
        // The digits of the short float, not those of the double it becomes.
        Value::Float(number) => Json::Number(Number::from_f64(number.to_string().parse().ok()?)?),
        Value::Double(number) => Json::Number(Number::from_f64(*number)?),
        Value::Text(text) => Json::String(text.to_string()),
        Value::Doubles(values) => {
            let numbers: Option<Vec<Json>> =
                values.iter().map(|number| Number::from_f64(*number).map(Json::Number)).collect();
            Json::Array(numbers?)
        }
        Value::List(_) | Value::Map(_) => return None,
    })
}

/// A moment as OpenSearch shows one of UTC.
pub(crate) fn date_text(ms: i64) -> String {
    match DateFormat::parse_pattern("strict_date_time") {
        Ok(format) => format.format(Moment::from_ms(ms), None),
        Err(_) => ms.to_string(),
    }
}
