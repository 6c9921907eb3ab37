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
        ("/(?=a)b/.matcher('a')", ErrorKind::NotImplemented),
        ("try { while (true) { } } catch (Exception e) { return 1 }", ErrorKind::Script),
        ("Set s = new HashSet(); for (int i = 0; i < 900000; i++) { s.add(i) }", ErrorKind::Script),
        ("def l = [1]; l.collect(x -> l.add(x)); String s = 'a'; for (;;) { s += s }", ErrorKind::Script),
    ] {
        assert_eq!(run(source, &json!({})).expect_err(source).kind, kind, "{source}");
    }
}

#[test]
fn what_calls_itself_ends() {
    // As large as the stacks of the threads that scripts run on: builds that are not optimized need much of it.
    let deep = std::thread::Builder::new().stack_size(8 << 20).spawn(|| {
        for source in [
            "int f(int n) { return n == 0 ? 0 : 1 + f(n - 1) } f(1000000)",
            "def f(def g) { return g.apply(g) } f(x -> x.apply(x))",
            "def f(def l) { return l.collect(x -> f(l)) } f([1])",
            "Comparator c = Comparator.naturalOrder(); while (true) { c = c.thenComparing(Comparator.naturalOrder()) }",
            "Function f = x -> x; while (true) { def g = f; f = x -> g.apply(x) }",
            "def c = Collectors.toList(); while (true) { c = Collectors.mapping(x -> x, c) }",
        ] {
            assert_eq!(run(source, &json!({})).expect_err(source).kind, ErrorKind::Script, "{source}");
        }
    });
    deep.expect("a thread").join().expect("no overflow");
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

#[test]
fn functions_of_ones_own() {
    gives("int add(int a, int b) { return a + b; } return add(2, 3)", json!(5));
    gives("int fact(int n) { if (n <= 1) return 1; return n * fact(n - 1); } fact(10)", json!(3_628_800));
    gives("def even(int n) { n == 0 || odd(n - 1) } def odd(int n) { n != 0 && even(n - 1) } even(7)", json!(false));
    gives("void more(List l) { l.add(3) } List x = [1]; more(x); x", json!([1, 3]));
    gives("int twice(Function f, int x) { return f.apply(f.apply(x)) } int k = 3; twice(x -> x + k, 1)", json!(7));
    gives("int dbl(int x) { return x * 2 } [1, 2].stream().map(this::dbl).collect(Collectors.toList())", json!([2, 4]));
    gives("[1].collect(x -> { int y = x; y + 1 })", json!([2]));
    gives("def f(Function a) { a.apply(1) } Function b = f(x -> (y -> x * 10 + y)); b.apply(2)", json!(12));
    gives("['b': 2, 'a': 1].entrySet().stream().sorted(Map.Entry.comparingByKey()).findFirst().get().key", json!("a"));
    gives("def x = 5; if (x > 3) { 'big' } else { 'small' }", json!("big"));
}

#[test]
fn what_is_thrown_is_caught() {
    gives(
        "try { Integer.parseInt('x') } catch (NumberFormatException e) { 'no ' + e.getMessage() }",
        json!("no For input string: \"x\""),
    );
    gives(
        "try { throw new RuntimeException('a') } catch (IllegalArgumentException e) { 1 } catch (RuntimeException e) { 2 }",
        json!(2),
    );
    gives("try { def x = null; x.foo() } catch (NullPointerException e) { 'null' }", json!("null"));
    gives("int n = 0; try { n = 1; [].get(3) } catch (IndexOutOfBoundsException e) { n += 10 } n", json!(11));
    let uncaught = run("throw new IllegalStateException('bad')", &json!({})).unwrap_err();
    assert_eq!(uncaught.cause.map(|cause| (cause.kind, cause.reason)), Some((ErrorKind::IllegalState, "bad".into())));
}

#[test]
fn arrays_have_a_length() {
    gives("int[] a = new int[3]; a[0] = 5; a[0] + a.length", json!(8));
    gives("int[] a = new int[] {1, 2, 3}; int t = 0; for (int x : a) { t += x } t", json!(6));
    gives("int[][] m = new int[2][3]; m[1][2] = 7; m[1][2] + m.length + m[0].length", json!(12));
    gives("String[] s = new String[2]; s[0] == null && s[-1] == null", json!(true));
    assert!(run("def[] a = new def[2000000]", &json!({})).is_err());
    assert!(run("int[][][] a = new int[1000][1000][1000]", &json!({})).is_err());
}

#[test]
fn regular_expressions() {
    gives("'foo' =~ /o/ && 'foo' ==~ /f.*/ && !('foo' ==~ /f/)", json!(true));
    gives(r"Matcher m = /(\w)(\d+)/.matcher('a12 b3'); m.find(); m.group(1) + '-' + m.group(2)", json!("a-12"));
    gives(r"def n = 0; def m = /\d/.matcher('1a22'); while (m.find()) { n++ } n", json!(3));
    gives("'the cat'.replaceAll(/[aeiou]/, m -> m.group().toUpperCase(Locale.ROOT))", json!("thE cAt"));
    gives(r"/\s+/.split('a b  c')[2] + /a/i.matcher('A').matches()", json!("ctrue"));
    gives(r"/(o)(o)/.matcher('foo').replaceAll('$2-$1')", json!("fo-o"));
    gives("6 / 3 + [8][0] / 2", json!(6));
    gives(r"'é1' ==~ /\w\d/", json!(false));
}

#[test]
fn streams_and_what_they_end_in() {
    gives("[1, 2, 3].stream().map(x -> x * 2).filter(x -> x > 2).collect(Collectors.toList())", json!([4, 6]));
    gives("[1, 2, 3].stream().mapToInt(x -> x).sum() + IntStream.range(0, 3).sum()", json!(9));
    gives("['b', 'a'].stream().sorted().collect(Collectors.joining(','))", json!("a,b"));
    gives("[3, 1].stream().max(Comparator.naturalOrder()).get()", json!(3));
    gives("['a', 'bb'].stream().collect(Collectors.toMap(x -> x, x -> x.length()))", json!({"a": 1, "bb": 2}));
    gives(
        "['a', 'bb', 'c'].stream().collect(Collectors.groupingBy(x -> x.length(), Collectors.counting()))",
        json!({"1": 2, "2": 1}),
    );
    gives("['1', '2'].stream().map(Integer::parseInt).collect(Collectors.toList())", json!([1, 2]));
    gives("['a'].stream().map(String::toUpperCase).findFirst().orElse('none')", json!("A"));
    gives(
        "List l = ['bb', 'a', 'cc']; l.sort(Comparator.comparing(String::length).thenComparing(Comparator.reverseOrder())); l",
        json!(["a", "cc", "bb"]),
    );
    gives(
        "[2, 1, 2].stream().distinct().count() + [1].stream().mapToDouble(x -> x).average().getAsDouble()",
        json!(3.0),
    );
}

#[test]
fn what_painless_adds_to_collections() {
    gives("[1, 2, 3].collect(x -> x + 1)", json!([2, 3, 4]));
    gives("[1, 2, 3].find(x -> x > 1) + [1, 2, 3].findAll(x -> x > 1).size()", json!(4));
    gives("[1, 2, 3].any(x -> x > 2) && ![1, 2].every(x -> x > 1)", json!(true));
    gives("[1, 2, 3].groupBy(x -> x % 2)", json!({"1": [1, 3], "0": [2]}));
    gives("[1, 2, 3].sum() + ['a', 'b'].join('-')", json!("6.0a-b"));
    gives("['a': 1, 'b': 2].findAll((k, v) -> v > 1)", json!({"b": 2}));
    gives(
        "Map m = ['a': 1]; m.compute('a', (k, v) -> v + 1); m.merge('b', 5, (x, y) -> x + y); m",
        json!({"a": 2, "b": 5}),
    );
    check("ctx.entrySet().removeIf(e -> e.value == null)", json!({"a": null, "b": 1}), json!({"b": 1}));
    check("ctx.keySet().removeAll(['a', 'c'])", json!({"a": 1, "b": 1}), json!({"b": 1}));
    check("ctx.values().removeIf(v -> v > 1)", json!({"a": 2, "b": 1}), json!({"b": 1}));
    gives("def s = new HashSet(); s.add('a'); s.add('a'); s.size()", json!(1));
    gives("def i = [1, 2, 3].iterator(); int t = 0; while (i.hasNext()) { t += i.next() } t", json!(6));
    gives(
        "StringBuilder b = new StringBuilder('xy'); b.insert(0, 'z').append(1); b.toString() + b.length()",
        json!("zxy14"),
    );
}

#[test]
fn texts_with_holes() {
    gives("String.format('%.2f %.0f %.3f', new def[] {1.005, 99.5, -9.9999})", json!("1.01 100 -10.000"));
    gives(
        "String.format('%d-%s %05.1f|%-3s|%,d', new def[] {1, 'x', 2.25, 'a', 1234567})",
        json!("1-x 002.3|a  |1,234,567"),
    );
    gives("Map m = ['a': 1]; for (Map.Entry e : m.entrySet()) { e.setValue(5) } m", json!({"a": 5}));
    gives("['a': 1].entrySet().stream().map(Map.Entry::getValue).collect(Collectors.toList())", json!([1]));
    gives("char c = (char)97; c == 'abc'.charAt(0)", json!(true));
}

#[test]
fn moments_and_what_goes_with_them() {
    let check = |source: &str, expected: &str| gives(&format!("({source}).toString()"), json!(expected));
    let at = |rest: &str| format!("ZonedDateTime.parse('2020-02-03T04:05:06Z'){rest}");
    check(&at(".plusDays(1)"), "2020-02-04T04:05:06Z");
    check(&at(".getDayOfWeek()"), "MONDAY");
    check(&at(".dayOfWeekEnum.getDisplayName(TextStyle.FULL, Locale.ENGLISH)"), "Monday");
    check(&at(".getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH)"), "Feb");
    check(&at(".format(DateTimeFormatter.ofPattern('yyyy/MM/dd'))"), "2020/02/03");
    check(&at(".withZoneSameInstant(ZoneId.of('Europe/Berlin'))"), "2020-02-03T05:05:06+01:00[Europe/Berlin]");
    check(&at(".truncatedTo(ChronoUnit.DAYS)"), "2020-02-03T00:00Z");
    check(&at(".plusMonths(1).minusYears(1).withHour(7)"), "2019-03-03T07:05:06Z");
    check(&at(".toLocalDate()"), "2020-02-03");
    check("ZonedDateTime.of(2020, 1, 2, 3, 4, 5, 6, ZoneId.of('UTC'))", "2020-01-02T03:04:05.000000006Z[UTC]");
    check("Instant.ofEpochMilli(1000)", "1970-01-01T00:00:01Z");
    check("LocalDate.of(2020, 1, 31).plusMonths(1)", "2020-02-29");
    check("LocalDateTime.parse('2020-02-03T04:05:06.120')", "2020-02-03T04:05:06.120");
    check("Duration.ofMinutes(90)", "PT1H30M");
    check("Period.between(LocalDate.of(2020, 1, 1), LocalDate.of(2020, 3, 5))", "P2M4D");
    check("ChronoUnit.DAYS.between(LocalDate.of(2020, 2, 3), LocalDate.of(2020, 3, 3))", "29");
    check("Duration.between(Instant.EPOCH, Instant.ofEpochMilli(90000)).toMinutes()", "1");
    check("DayOfWeek.SUNDAY.plus(1).getValue()", "1");
    check("new SimpleDateFormat('yyyy-MM-dd').parse('2020-01-02').getTime()", "1577923200000");
    gives("ZonedDateTime.parse('2020-02-03T04:05:06+02:00')", json!("2020-02-03T04:05:06.000+02:00"));
    gives("ZonedDateTime.parse('2020-02-03T04:05:06Z').isBefore(Instant.parse('2021-01-01T00:00:00Z'))", json!(true));
    gives("try { LocalDate.parse('x') } catch (DateTimeParseException e) { 'no' }", json!("no"));
    for source in
        ["LocalDate.of(2020, 2, 30)", "ZoneId.of('Mars/Base')", "Duration.ofDays(9000000000000L).toDays() < 0"]
    {
        let _ = run(source, &json!({}));
    }
    for source in ["LocalDate.MAX", "LocalDate.ofEpochDay(9223372036854775807L).plusMonths(9223372036854775807L)"] {
        let _ = run(source, &json!({}));
    }
}

#[test]
fn what_holds_one_thing_again_and_again_is_bounded() {
    let doubled = "def a = [1]; def b = [1]; for (int i = 0; i < 60; i++) { a = [a, a]; b = [b, b] }";
    gives(&format!("{doubled} a == b"), json!(false));
    let mut heap = Heap::default();
    let program = Program::compile(&format!("{doubled} a"), &[]).expect("reads");
    let value = program.run(&mut heap, &Bindings::default()).expect("runs");
    assert_eq!((heap.to_json(&value, 100), heap.keep(&value)), (None, None));
    let long = "List l = []; for (int i = 0; i < 100000; i++) { l.add(i) } l.removeAll(new ArrayList(l))";
    assert_eq!(run(long, &json!({})).expect_err("ten thousand million comparisons").kind, ErrorKind::Script);
}
