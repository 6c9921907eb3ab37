//! What must hold when all is over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::door::Door;
use super::faults::Field;
use super::load::Record;

const PAGE: usize = 5000;

pub(super) fn all(field: &Field, record: &Record) {
    let doors = field.doors();
    doors[0].ok("POST", "/nemesis/_refresh", "");
    let mut views = Vec::new();
    for door in &doors {
        for preference in ["_primary", "_replica"] {
            views.push(everything(door, preference));
        }
    }
    for view in &views {
        assert!(*view == views[0], "copies differ: {:?}", difference(&views[0], view));
    }
    let found = &views[0];
    let set: BTreeSet<u64> = found.keys().filter_map(|id| id.parse().ok()).collect();
    let lost: Vec<&u64> = record.written.difference(&set).collect();
    assert!(lost.is_empty(), "acknowledged, and lost: {lost:?}");
    let back: Vec<&u64> = record.deleted.intersection(&set).collect();
    assert!(back.is_empty(), "deleted, and back: {back:?}");
    let strange: Vec<&u64> = set.difference(&record.tried).collect();
    assert!(strange.is_empty(), "never written: {strange:?}");
    for (register, (told, tried)) in record.registers.iter().filter(|(_, (told, _))| *told > 0) {
        let value = found.get(&format!("r{register}")).copied().unwrap_or(0);
        assert!((*told..=*tried).contains(&value), "register {register} is {value}, not in {told}..={tried}");
    }
    for (cell, (told, unknown)) in &record.cells {
        let value = found.get(&format!("c{cell}")).copied().unwrap_or(0);
        let most = told + unknown;
        assert!((*told..=most).contains(&value), "cell {cell} is {value}, not in {told}..={most}");
    }
}

fn difference(one: &BTreeMap<String, u64>, other: &BTreeMap<String, u64>) -> Vec<String> {
    let ids: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differ = ids.into_iter().filter(|id| one.get(*id) != other.get(*id));
    differ.map(|id| format!("{id}: {:?} {:?}", one.get(id), other.get(id))).take(20).collect()
}

/// Every document of the copies that are meant: its id, and its value.
fn everything(door: &Door, preference: &str) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    let mut after: Option<Value> = None;
    loop {
        let mut body = json!({"size": PAGE, "sort": [{"n": {"order": "asc", "missing": "_last", "unmapped_type": "long"}}, {"_id": "asc"}]});
        if let Some(after) = &after {
            body["search_after"] = after.clone();
        }
        let answer = door.ok("POST", &format!("/nemesis/_search?preference={preference}"), &body.to_string());
        assert_eq!(answer["_shards"]["failed"], 0, "{answer}");
        let hits = answer["hits"]["hits"].as_array().cloned().unwrap_or_default();
        for hit in &hits {
            let source = &hit["_source"];
            let value = source["v"].as_u64().or(source["n"].as_u64()).unwrap_or(0);
            found.insert(hit["_id"].as_str().unwrap_or_default().to_owned(), value);
        }
        if hits.len() < PAGE {
            return found;
        }
        after = hits.last().map(|hit| hit["sort"].clone());
    }
}
