use serde_json::{Value as Json, json};

use super::*;

/// What a program leaves of `ctx`, and what it gives back.
fn run(source: &str, ctx: &Json) -> Result<(Json, Json), Error> {
    let mut heap = Heap::default();
    let given = heap.from_json(ctx);
    let params = heap.from_json(&json!({"tag": "b", "by": 4, "list": [1, 2]}));
    let bindings =
        Bindings { globals: vec![("ctx", given.clone()), ("params", params)], document: None, max_steps: None };
    let value = Program::compile(source, &["ctx", "params", "doc"])?.run(&mut heap, &bindings)?;
    let shown = |object: &Object| heap.to_json(object, 50).unwrap_or(Json::Null);
    Ok((shown(&given), shown(&value)))
}

fn check(source: &str, ctx: Json, expected: Json) {
    assert_eq!(run(source, &ctx).map(|(ctx, _)| ctx).expect(source), expected, "{source}");
}

fn gives(source: &str, expected: Json) {
    assert_eq!(run(source, &json!({})).map(|(_, value)| value).expect(source), expected, "{source}");
}

#[test]
fn documents_change_as_people_write_it() {
    check("ctx._source.n += params.by", json!({"_source": {"n": 1}}), json!({"_source": {"n": 5}}));
    check(
        "ctx._source.n++; ctx._source['m'] = ctx._source.n * 2.5",
        json!({"_source": {"n": 1}}),
        json!({"_source": {"n": 2, "m": 5.0}}),
    );
    check(
        "ctx._source.tags.add(params.tag)",
        json!({"_source": {"tags": ["a"]}}),
        json!({"_source": {"tags": ["a", "b"]}}),
    );
    check(
        "if (ctx._source.tags.contains(params.tag)) { ctx._source.tags.remove(ctx._source.tags.indexOf(params.tag)) }",
        json!({"_source": {"tags": ["a", "b"]}}),
        json!({"_source": {"tags": ["a"]}}),
    );
    check(
        "if (ctx._source.n > 1) { ctx.op = 'delete' } else { ctx.op = 'none' }",
        json!({"_source": {"n": 2}}),
        json!({"_source": {"n": 2}, "op": "delete"}),
    );
    check(
        "ctx._source.remove('x'); ctx._source.o = ['a': 1, 'l': [1, 2]]",
        json!({"_source": {"x": 1}}),
        json!({"_source": {"o": {"a": 1, "l": [1, 2]}}}),
    );
    check(
        "def o = ctx._source.o; o.x.y = 'z'; o.x.w = o.x.y.toUpperCase()",
        json!({"_source": {"o": {"x": {}}}}),
        json!({"_source": {"o": {"x": {"y": "z", "w": "Z"}}}}),
    );
    check(
        "ctx._source.l.removeIf(x -> x.id == 2)",
        json!({"_source": {"l": [{"id": 1}, {"id": 2}]}}),
        json!({"_source": {"l": [{"id": 1}]}}),
    );
    check(
        "for (item in ctx._source.l) { item.n = item.n + 1 }",
        json!({"_source": {"l": [{"n": 1}, {"n": 2}]}}),
        json!({"_source": {"l": [{"n": 2}, {"n": 3}]}}),
    );
    check(
        "for (int i = 0; i < 3; i++) { if (i == 1) { continue; } ctx.l.add(i); }",
        json!({"l": []}),
        json!({"l": [0, 2]}),
    );
    check(
        "Map m = ctx.m; for (entry in m.entrySet()) { ctx.k.add(entry.getKey() + entry.value); }",
        json!({"m": {"a": 1, "b": 2}, "k": []}),
        json!({"m": {"a": 1, "b": 2}, "k": ["a1", "b2"]}),
    );
    check("ctx.l.sort((a, b) -> b - a)", json!({"l": [3, 1, 2]}), json!({"l": [3, 2, 1]}));
}

#[test]
fn values_are_computed_as_in_java() {
    gives("7 / 2", json!(3));
    gives("def x = 7; x /= 2.0; return x", json!(3.5));
    gives("String s = 'a-b'; s.splitOnToken('-')[1] + s.length()", json!("b3"));
    gives("int t = 0; for (def n : params.list) { t += n } t", json!(3));
    gives("def a = null; a?.b ?: 'none'", json!("none"));
    gives("params.list instanceof List && !(params.tag instanceof Number)", json!(true));
    gives("int i = 0; while (true) { if (++i > 4) break; } i", json!(5));
    gives("Math.max(1, 2)", json!(2.0));
    gives("(int) 2.9 + (params.by == 4 ? 1 : 0)", json!(3));
    gives(
        "ZonedDateTime d = ZonedDateTime.parse('2020-03-04T05:06:07Z'); d.getYear() * 100 + d.monthValue",
        json!(202_003),
    );
}

#[test]
fn what_is_wrong_is_told() {
    for (source, kind) in [
        ("while (true) { }", ErrorKind::Script),
        ("def l = []; for (;;) { l.add(l) }", ErrorKind::Script),
        ("ctx.a.b.c = 1", ErrorKind::Script),
        ("x = 1", ErrorKind::Script),
        ("params.list[9]", ErrorKind::Script),
        ("1 +", ErrorKind::Script),
        ("try { } catch (Exception e) { }", ErrorKind::NotImplemented),
        ("/a/.matcher('a')", ErrorKind::NotImplemented),
    ] {
        assert_eq!(run(source, &json!({})).expect_err(source).kind, kind, "{source}");
    }
}

#[test]
fn what_holds_itself_is_no_document() {
    let mut heap = Heap::default();
    let ctx = heap.from_json(&json!({"l": []}));
    let bindings = Bindings { globals: vec![("ctx", ctx.clone())], document: None, max_steps: None };
    let program = Program::compile("ctx.l.add(ctx.l)", &["ctx"]).expect("reads");
    program.run(&mut heap, &bindings).expect("runs");
    assert_eq!(heap.to_json(&ctx, 100), None);
}

#[test]
fn nothing_nests_too_deep_to_be_read() {
    for source in [
        "(".repeat(5000),
        "[".repeat(5000),
        "-".repeat(5000),
        "if(true)".repeat(5000),
        format!("1{}", "+1".repeat(5000)),
        format!("ctx{}", ".a".repeat(5000)),
    ] {
        assert!(Program::compile(&source, &["ctx"]).is_err());
    }
}

#[test]
fn scores_saturate_and_decay() {
    gives("saturation(6, 2)", json!(0.75));
    gives("sigmoid(3, 2, 1)", json!(0.6));
    gives("decayNumericLinear(10, 5, 0, 0.5, 15)", json!(0.5));
    gives("decayNumericLinear(10, 5, 2, 0.5, 11)", json!(1.0));
    gives("Math.round(decayNumericExp(10, 5, 0, 0.5, 20) * 1000)", json!(250));
    gives("Math.round(decayNumericGauss(10, 5, 0, 0.5, 5) * 1000)", json!(500));
    for source in
        ["saturation(1)", "decayDateExp('2020-01-01', '1d', '0', 0.5, 7)", "decayGeoExp('1,2', '1km', '0', 0.5, 7)"]
    {
        assert!(run(source, &json!({})).is_err(), "{source}");
    }
}
