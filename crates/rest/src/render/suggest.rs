//! Suggestions as JSON.

use model::suggest::{SuggestEntry, SuggestOption, Suggested};

use super::hits::{self, Shape};
use super::json::Json;

/// `"suggest": {..}`.
pub(crate) fn suggest(json: &mut Json, suggested: &[Suggested], shape: &Shape) {
    json.key("suggest");
    json.begin_object();
    for one in suggested {
        match shape.typed_keys {
            true => json.key(&format!("{}#{}", one.kind, one.name)),
            false => json.key(&one.name),
        }
        json.begin_array();
        one.entries.iter().for_each(|one| entry(json, one, shape));
        json.end_array();
    }
    json.end_object();
}

fn entry(json: &mut Json, entry: &SuggestEntry, shape: &Shape) {
    json.begin_object();
    json.field_str("text", &entry.text);
    json.field_u64("offset", u64::from(entry.offset));
    json.field_u64("length", u64::from(entry.length));
    json.key("options");
    json.begin_array();
    entry.options.iter().for_each(|one| option(json, one, shape));
    json.end_array();
    json.end_object();
}

fn option(json: &mut Json, option: &SuggestOption, shape: &Shape) {
    json.begin_object();
    json.field_str("text", &option.text);
    if let Some(highlighted) = &option.highlighted {
        json.field_str("highlighted", highlighted);
    }
    match &option.hit {
        Some(hit) => hits::hit_keys(json, hit, shape),
        None => {
            json.key("score");
            json.f32(option.score);
        }
    }
    if let Some(freq) = option.freq {
        json.field_u64("freq", freq);
    }
    if let Some(contexts) = &option.contexts {
        json.key("contexts");
        json.value(contexts);
    }
    json.end_object();
}
