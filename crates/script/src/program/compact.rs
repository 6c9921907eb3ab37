//! Letting go of what a program can no longer reach, for programs that run again and again over the same things.
//!
//! What is reached is copied in the order in which it is found (Cheney 1970), so that lists and maps may hold each other, however deep.

use super::object::{Fields, Heap, Object, Place};
use crate::expression::value::Value;

/// Bytes of a value, and of a key of a map beside its text, about.
const VALUE_BYTES: usize = size_of::<Object>() + 8;
const KEY_BYTES: usize = 80;

/// What has been copied so far.
struct Moves<'a> {
    from: &'a mut Heap,
    to: &'a mut Heap,
    lists: Vec<Option<usize>>,
    maps: Vec<Option<usize>>,
    bytes: usize,
}

impl Heap {
    /// Lists, maps and entries that it holds, those that nobody reaches too.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Keeps nothing but what is reached from `roots`, which name it afterwards. Returns about how many bytes that takes.
    pub fn compact(&mut self, roots: &mut [&mut Object]) -> usize {
        let mut from = std::mem::take(self);
        let (lists, maps) = (vec![None; from.lists.len()], vec![None; from.maps.len()]);
        let mut moves = Moves { from: &mut from, to: self, lists, maps, bytes: 0 };
        roots.iter_mut().for_each(|root| moves.reach(root));
        let (mut list, mut map) = (0, 0);
        while list < moves.to.lists.len() || map < moves.to.maps.len() {
            if list < moves.to.lists.len() {
                moves.list(list);
                list += 1;
            } else {
                moves.map(map);
                map += 1;
            }
        }
        moves.bytes
    }
}

impl Moves<'_> {
    /// Copies what an object names, unless that was done, and has it name the copy.
    fn reach(&mut self, object: &mut Object) {
        self.bytes += VALUE_BYTES;
        match object {
            Object::List(place)
            | Object::Values(place)
            | Object::Set(place)
            | Object::Array(place)
            | Object::Stream(place, _)
            | Object::Optional(place)
            | Object::Iterator(place) => {
                let Self { from, to, lists, .. } = self;
                let moved = *lists[place.0].get_or_insert_with(|| {
                    to.lists.push(std::mem::take(&mut from.lists[place.0]));
                    to.lists.len() - 1
                });
                *place = Place(moved);
            }
            Object::Map(place) | Object::View(place, _) => *place = self.moved_map(*place),
            Object::Entry(entry) => entry.0 = self.moved_map(entry.0),
            Object::Plain(Value::Text(text)) => self.bytes += text.len(),
            // What they name is of this run.
            Object::Lambda(_) | Object::Collector(..) => *object = Object::NULL,
            _ => {}
        }
    }

    fn moved_map(&mut self, place: Place) -> Place {
        let Self { from, to, maps, .. } = self;
        Place(*maps[place.0].get_or_insert_with(|| {
            to.maps.push(std::mem::take(&mut from.maps[place.0]));
            to.maps.len() - 1
        }))
    }

    fn list(&mut self, at: usize) {
        let mut items = std::mem::take(&mut self.to.lists[at]);
        items.iter_mut().for_each(|item| self.reach(item));
        self.to.cells += items.len() + 1;
        self.to.lists[at] = items;
    }

    fn map(&mut self, at: usize) {
        let mut fields: Fields = std::mem::take(&mut self.to.maps[at]);
        fields.values_mut().for_each(|value| self.reach(value));
        self.bytes += fields.iter().map(|(key, _)| KEY_BYTES + key.len()).sum::<usize>();
        self.to.cells += fields.len() + 1;
        self.to.maps[at] = fields;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_reached_stays_and_is_shared_as_before() {
        let mut heap = Heap::default();
        let mut root = heap.from_json(&json!({"a": [1, [2, "x"]], "b": {}}));
        let Object::Map(place) = root else { panic!("no map") };
        // Two names of one list, and a map that holds itself.
        let shared = heap.list(vec![Object::text("both")]);
        heap.fields_mut(place).insert("c".into(), shared.clone());
        heap.fields_mut(place).insert("d".into(), shared);
        heap.fields_mut(place).insert("self".into(), root.clone());
        (0..500).for_each(|n| drop(heap.from_json(&json!([n, {"lost": n}]))));
        let (before, bytes) = (heap.cells(), heap.compact(&mut [&mut root]));
        assert!(before > 1500 && heap.cells() < 20 && bytes > 0, "{before} {}", heap.cells());
        let Object::Map(place) = root else { panic!("no map") };
        let fields = heap.fields(place);
        let list = |key: &str| match fields.get(key) {
            Some(Object::List(place)) => *place,
            other => panic!("{key}: {other:?}"),
        };
        assert_eq!(list("c"), list("d"));
        assert!(matches!(fields.get("self"), Some(Object::Map(itself)) if *itself == place));
        assert_eq!(heap.to_json(&Object::List(list("a")), 9), Some(json!([1, [2, "x"]])));
    }
}
