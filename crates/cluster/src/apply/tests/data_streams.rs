//! Data streams: their life, and what their names forbid.

use model::template::{DataStreamTemplate, IndexTemplate, Template, TemplateChange};
use model::write::{Action, Condition, Write};

use super::*;
use crate::command::NewBackingIndex;
use crate::data_stream::check_write;

fn template(name: &str, pattern: &str, priority: Option<u64>, streams: bool) -> Command {
    let template = IndexTemplate {
        patterns: vec![pattern.to_owned()],
        template: Some(Template {
            mappings: Some(json!({"properties": {"level": {"type": "keyword"}}})),
            ..Template::default()
        }),
        priority,
        data_stream: streams.then(|| DataStreamTemplate { timestamp_field: "@timestamp".to_owned() }),
        ..IndexTemplate::default()
    };
    Command::ChangeTemplates(TemplateChange::PutIndex { name: name.into(), template, create: false })
}

fn next(stream: &str, uuid: &str) -> NewBackingIndex {
    NewBackingIndex { stream: stream.into(), uuid: super::uuid(uuid), creation_date_ms: 5 }
}

fn stream(name: &str) -> Command {
    Command::CreateDataStream(next(name, &format!("{name}-1")))
}

fn roll(name: &str, from: u64) -> Command {
    let from_name = crate::data_stream::backing_name(name, from);
    Command::RollOver { from: from_name, to: next(name, &format!("{name}-{}", from + 1)) }
}

fn delete(names: &[&str]) -> Command {
    Command::DeleteIndexes { names: names.iter().map(|name| (*name).into()).collect() }
}

/// A template `t` for `logs-*`, the streams `logs-a` (twice rolled over) and `logs-b`, the index `films`.
fn logs() -> State {
    let commands =
        [template("t", "logs-*", None, true), stream("logs-a"), stream("logs-b"), roll("logs-a", 1), roll("logs-a", 2)];
    let made = after(&commands).expect("streams");
    apply(&made, &create("films", json!({}))).expect("an index")
}

fn found(state: &State, expressions: &[&str], options: Options) -> Vec<String> {
    let names = expressions.iter().map(|name| (*name).to_owned()).collect();
    let target = Target { names, options: TargetOptions::default() };
    let found = resolve::resolve(state, &target, options).expect("names that resolve");
    found.into_iter().map(|found| found.index.name.trim_start_matches(".ds-logs-").to_owned()).collect()
}

#[test]
fn a_stream_is_made_by_its_template() {
    let state = logs();
    let index = state.index(".ds-logs-a-000003").expect("an index");
    assert!(index.settings.typed().hidden);
    let expected = json!({
        "_data_stream_timestamp": {"enabled": true},
        "properties": {"@timestamp": {"type": "date"}, "level": {"type": "keyword"}},
    });
    assert_eq!(index.mapping.render(), expected);
    let (name, stream) = state.stream_of(".ds-logs-a-000003").expect("a stream");
    assert_eq!((&**name, stream.generation, &**stream.write_index()), ("logs-a", 3, ".ds-logs-a-000003"));
    let info = state.stream_info(name, stream);
    assert_eq!((info.indexes.len(), info.template.as_deref()), (3, Some("t")));
    assert_eq!(state.stream_of("films"), None);
}

#[test]
fn the_state_reads_back_and_an_older_one_has_no_streams() {
    let state = logs();
    let mut written = serde_json::to_value(&state).expect("a state is data");
    assert_eq!(serde_json::from_value::<State>(written.clone()).expect("a state"), state);
    let fields = written.as_object_mut().expect("an object");
    assert!(fields.remove("data_streams").is_some());
    fields["templates"]["index"]["t"].as_object_mut().expect("a template").remove("data_stream");
    let older: State = serde_json::from_value(written).expect("a state of before");
    assert!(older.data_streams.is_empty() && older.templates.index["t"].data_stream.is_none());
}

#[test]
fn what_cannot_be_a_stream_is_refused() {
    let state = apply(&logs(), &template("plain", "plain-*", None, false)).expect("a template");
    refused(&state, &stream("logs-a"), "data_stream [logs-a] already exists");
    refused(&state, &stream("logs-A"), "data_stream [logs-A] must be lowercase");
    refused(&state, &stream("_logs"), "data_stream [_logs] must not start with '_', '-', or '+'");
    refused(&state, &stream(".logs"), "data_stream [.logs] must not start with '.'");
    refused(&state, &stream("other"), "no matching index template found for data stream [other]");
    let reason = "matching index template [plain] for data stream [plain-a] has no data stream template";
    refused(&state, &stream("plain-a"), reason);
    let reason = "cannot create index with name [logs-c], because it matches with template [t] that creates data streams only, use create data stream api instead";
    refused(&state, &create("logs-c", json!({})), reason);
}

#[test]
fn names_are_of_one_thing_alone() {
    let state = logs();
    let unique = "index, alias, and data stream names need to be unique, but the following duplicates were found";
    let alias = create("plays", json!({"aliases": {"logs-a": {}}}));
    refused(&state, &alias, &format!("{unique} [logs-a (alias of [plays/uuid-plays]) conflicts with data stream]"));
    let holder = apply(&state, &create("plays", json!({"aliases": {"logs-c": {}}}))).expect("an alias");
    let reason = format!("{unique} [logs-c (alias of [plays/uuid-plays]) conflicts with data stream]");
    refused(&holder, &stream("logs-c"), &reason);
    let conflict = |of: &str, with: &str| {
        format!(
            "data stream [{of}] could create backing indices that conflict with 1 existing index(s) or alias(s) including '{with}'"
        )
    };
    refused(&state, &create(".ds-logs-a-9", json!({})), &conflict("logs-a", ".ds-logs-a-9"));
    let alias = create("plays", json!({"aliases": {".ds-logs-a-000021": {}}}));
    refused(&state, &alias, &conflict("logs-a", ".ds-logs-a-000021"));
    let before = apply(&state, &create(".ds-logs-c-000007", json!({}))).expect("an index");
    refused(&before, &stream("logs-c"), &conflict("logs-c", ".ds-logs-c-000007"));
    let before = apply(&state, &create(".ds-logs-c-000001", json!({}))).expect("an index");
    let reason = "data stream could not be created because backing index [.ds-logs-c-000001] already exists";
    refused(&before, &stream("logs-c"), reason);
    // A number that the stream has left behind is free.
    let older = apply(&state, &delete(&[".ds-logs-a-000001"])).expect("an old index");
    apply(&older, &create(".ds-logs-a-000001", json!({}))).expect("an index of its own");
}

#[test]
fn the_index_that_is_written_to_stays_and_older_ones_may_go() {
    let state = logs();
    let reason = "index [.ds-logs-a-000003] is the write index for data stream [logs-a] and cannot be deleted";
    refused(&state, &delete(&[".ds-logs-a-000001", ".ds-logs-a-000003"]), reason);
    let close = |name: &str| Command::CloseIndexes { indexes: vec![state.index(name).expect("an index").uuid.clone()] };
    let reason = "cannot close the following data stream write indices [.ds-logs-a-000003]";
    refused(&state, &close(".ds-logs-a-000003"), reason);
    assert!(!apply(&state, &close(".ds-logs-a-000002")).expect("closed").index(".ds-logs-a-000002").expect("one").open);
    let less = apply(&state, &delete(&[".ds-logs-a-000001"])).expect("deleted");
    assert_eq!(found(&less, &["logs-a"], Options::open()), ["a-000002", "a-000003"]);
    let none = apply(&less, &Command::DeleteDataStreams { names: vec!["logs-a".into(), "gone".into()] }).expect("gone");
    let left: Vec<&str> = none.indexes.keys().map(AsRef::as_ref).collect();
    assert_eq!(left, [".ds-logs-b-000001", "films"]);
    assert!(none.graveyard.contains(&uuid("logs-a-3")));
}

#[test]
fn a_roll_over_that_comes_late_is_refused() {
    let state = logs();
    let error = apply(&state, &roll("logs-a", 2)).expect_err("rolled over already");
    assert!(error.reason.contains("[.ds-logs-a-000003/uuid-logs-a-3] already exists"), "{error}");
}

#[test]
fn templates_that_streams_need_stay() {
    let state = logs();
    let gone = |name: &str| Command::ChangeTemplates(TemplateChange::DeleteIndex { name: name.to_owned() });
    let reason = "unable to remove composable templates [t] as they are in use by a data streams [logs-a, logs-b]";
    refused(&state, &gone("t"), reason);
    refused(
        &state,
        &template("t", "logs-*", None, false),
        "composable template [t] with index patterns [logs-*], priority [null] and no data stream configuration would cause data streams [logs-a, logs-b] to no longer match a data stream template",
    );
    refused(
        &state,
        &template("t", "other-*", Some(3), true),
        "composable template [t] with index patterns [other-*], priority [3] would cause data streams [logs-a, logs-b] to no longer match a data stream template",
    );
    let two = apply(&state, &template("two", "logs-*", Some(1), true)).expect("a better one");
    apply(&two, &gone("t")).expect("nobody needs it");
    refused(&two, &gone("two"), &reason.replace("[t]", "[two]"));
}

#[test]
fn streams_stand_for_their_indexes_where_they_are_names() {
    let state = logs();
    let all_a = ["a-000001", "a-000002", "a-000003"];
    let everything = ["a-000001", "a-000002", "a-000003", "b-000001", "films"];
    for (expressions, expected) in [
        (&["logs-a"][..], &all_a[..]),
        (&["logs-*"], &everything[..4]),
        (&["*"], &everything),
        (&["_all"], &everything),
        (&["*", "-logs-a*"], &everything[3..]),
        (&["*", "-logs-a"], &everything),
        (&["logs-*", "-.ds-logs-a-000001"], &everything[1..4]),
        (&[".ds-logs-b-*"], &["b-000001"]),
    ] {
        assert_eq!(found(&state, expressions, Options::open()), expected, "{expressions:?}");
    }
    assert_eq!(found(&state, &["*"], Options::open().no_streams()), ["films"]);
    let missing = resolve::resolve(&state, &Target::one("logs-a"), Options::open().no_streams()).unwrap_err();
    assert_eq!(missing.reason, "no such index [logs-a]");
    assert_eq!(resolve::read_target(&state, "logs-a").unwrap_err().reason, "no such index [null]");
}

#[test]
fn aliases_of_their_indexes_are_their_templates_alone() {
    let state = logs();
    let add = |index: &str| {
        let (indexes, aliases) = (vec![index.to_owned()], vec!["all".to_owned()]);
        Command::UpdateAliases {
            actions: vec![AliasAction::Add { indexes, aliases, alias: AliasInfo::default(), must_exist: None }],
        }
    };
    refused(&state, &add("logs-a"), "no such index [logs-a]");
    refused(
        &state,
        &add(".ds-logs-a-*"),
        "The provided expressions [.ds-logs-a-*] match a backing index belonging to data stream [logs-a]. Data streams and their backing indices don't support aliases.",
    );
    let aliased = apply(&state, &add("*")).expect("indexes that are shown");
    assert_eq!(aliased.alias("all").iter().map(|index| &*index.name).collect::<Vec<_>>(), ["films"]);
}

#[test]
fn streams_take_new_documents_alone() {
    let state = logs();
    let source = || Arc::from(&b"{}"[..]);
    let write = |name: &str, action: Action, if_seq_no: bool| {
        let if_seq_no = if_seq_no.then_some((model::id::SeqNo(0), PrimaryTerm(1)));
        let write = Write {
            index: name.into(),
            id: Some("1".into()),
            routing: None,
            action,
            condition: Condition { if_seq_no, version: None },
            require_alias: false,
            pipeline: None,
        };
        let target = resolve::write_target(&state, name, false).expect("a target");
        let WriteTarget::Index { index, .. } = target else { panic!("nothing is there") };
        check_write(&state, &write, &index.name).map(|()| index.name.clone()).map_err(|error| error.reason)
    };
    let to = Ok(Arc::from(".ds-logs-a-000003"));
    assert_eq!(write("logs-a", Action::Create(source()), false), to);
    let only = Err("only write ops with an op_type of create are allowed in data streams".to_owned());
    assert_eq!(write("logs-a", Action::Index(source()), false), only);
    assert_eq!(write("logs-a", Action::Delete, false), only);
    let own = ".ds-logs-a-000003";
    assert_eq!(write(own, Action::Delete, false), to);
    assert_eq!(write(own, Action::Index(source()), true), to);
    assert!(write(own, Action::Index(source()), false).unwrap_err().contains("op_type=index and no if_primary_term"));
    assert!(write(own, Action::Create(source()), false).unwrap_err().contains("op_type=create targeting"));
    assert_eq!(write("films", Action::Index(source()), false), Ok(Arc::from("films")));
}

#[test]
fn streams_are_found_by_names_and_patterns() {
    let state = logs();
    let found = |names: &str, lenient: bool| {
        let names: Vec<String> = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let found = resolve::streams(&state, &names, lenient).map_err(|error| error.reason)?;
        Ok(found.into_iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(","))
    };
    for (names, expected) in [
        ("", Ok("logs-a,logs-b")),
        ("_all", Ok("logs-a,logs-b")),
        ("logs-b,logs-a,logs-b", Ok("logs-a,logs-b")),
        ("logs-*,-logs-a", Ok("logs-b")),
        ("x*", Ok("")),
        ("films", Ok("")),
        ("logs-c", Err("no such index [logs-c]")),
        ("-logs-a", Err("no such index [-logs-a]")),
        ("_x", Err("Invalid index name [_x], must not start with '_'.")),
    ] {
        assert_eq!(found(names, false), expected.map(str::to_owned).map_err(str::to_owned), "{names}");
    }
    assert_eq!(found("logs-c,logs-a", true), Ok("logs-a".to_owned()));
}

#[test]
fn a_template_of_everything_leaves_hidden_indexes_alone() {
    let all = after(&[template("all", "*", None, true)]).expect("a template");
    let hidden = apply(&all, &create(".keys", json!({"settings": {"index.hidden": true}}))).expect("an index");
    assert_eq!(hidden.index(".keys").expect("an index").mapping.render(), json!({}));
    assert!(apply(&all, &create("films", json!({}))).is_err());
}
