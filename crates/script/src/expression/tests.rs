//! Expressions and what OpenSearch answers to them.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn params() -> Params {
    let json = json!({"a": 7.75, "n": 4.0, "p": 3, "f": 2.5, "s": "hi", "z": null, "b": true, "l": [1, 2], "big": 4_000_000_000_i64, "m": {"x": 5}});
    let entries = json.as_object().unwrap().iter();
    entries.map(|(name, value)| (Arc::from(name.as_str()), Value::from_json(value))).collect()
}

fn run(source: &str, purpose: Purpose) -> Result<Value, Error> {
    Expression::compile(source, purpose)?.run(&params(), &[1.0, 2.0, 4.0])
}

fn check(source: &str, expected: Value) {
    let found = run(source, Purpose::Any).unwrap_or_else(|error| panic!("{source}: {error}"));
    let same = match (&found, &expected) {
        (Value::Double(a), Value::Double(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
        (a, b) => a == b,
    };
    assert!(same, "{source}: {found:?}, not {expected:?}");
}

/// The stage, the kind of the cause and a part of its reason.
fn refused(source: &str, purpose: Purpose, stage: &str, cause: &str, reason: &str) {
    let error = run(source, purpose).err().unwrap_or_else(|| panic!("{source} is not refused"));
    assert_eq!((error.kind.row().name, error.reason.as_str()), ("script_exception", stage), "{source}: {error}");
    let found = error.cause.unwrap_or_else(|| panic!("{source} has no cause"));
    assert_eq!(found.kind.row().name, cause, "{source}: {found}");
    assert!(found.reason.contains(reason), "{source}: {found}");
}

#[test]
fn whole_numbers_stay_whole_and_wrap() {
    for (source, expected) in [
        ("1/2", 0),
        ("7 % 4", 3),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("5 % -3", 2),
        ("params.p / 2", 1),
        ("(params.p + 1) / 3", 1),
        ("2147483647 + 1", i32::MIN),
        ("-2147483648", i32::MIN),
        ("-2147483648 / -1", i32::MIN),
        ("0x10", 16),
        ("010", 8),
        ("- -3", 3),
        ("+3", 3),
        ("~5", -6),
        ("1 << 3", 8),
        ("7 >> 1", 3),
        ("-7 >>> 28", 15),
        ("5 & 3", 1),
        ("params.p ^ 1", 2),
        ("-params.p", -3),
        ("(int)-2.7", -2),
        ("(int)1e20", i32::MAX),
        ("(int)params.a", 7),
        ("(byte)300", 44),
        ("(short)70000", 4464),
        ("Integer.MAX_VALUE", i32::MAX),
    ] {
        check(source, Value::Int(expected));
    }
    for (source, expected) in [
        ("10L", 10),
        ("3l", 3),
        ("9223372036854775807L + 1", i64::MIN),
        ("-9223372036854775808L", i64::MIN),
        ("params.big + 1", 4_000_000_001),
        ("params.big * params.big * params.big", -855_667_187_417_874_432),
        ("(long)Double.NaN", 0),
        ("Math.round(-2.5)", -2),
        ("Math.round(2.6) / 2", 1),
        ("Math.round(0.49999999999999994)", 0),
        ("Math.round(params.n)", 4),
        ("long l = 5; l / 2", 2),
        ("params.a > 0 ? 1 : 2L", 1),
    ] {
        check(source, Value::Long(expected));
    }
}

#[test]
fn numbers_meet_in_the_wider_type() {
    for (source, expected) in [
        ("params.a * 2 + params.n", 19.5),
        ("params['a'] / params.p", 7.75 / 3.0),
        ("params[\"a\"]", 7.75),
        ("1/2.0", 0.5),
        ("5 / 2 * 2.0", 4.0),
        ("(double)1/2", 0.5),
        ("(true ? 1 : 2.5) / 2", 0.5),
        ("0.1f + 0.2", 0.300_000_001_490_116_13),
        ("1e3", 1000.0),
        ("1e+3", 1000.0),
        ("1d", 1.0),
        ("1e400", f64::INFINITY),
        ("params.n / 0", f64::INFINITY),
        ("0/0.0", f64::NAN),
        ("-5.5 % 3", -2.5),
        ("params.f % 1", 0.5),
        ("1.0 * 2147483647", 2_147_483_647.0),
        ("double x = 3; x", 3.0),
        ("double d = params.a; d = d * 2; return d", 15.5),
        ("double x = params.p; return x", 3.0),
    ] {
        check(source, Value::Double(expected));
    }
    check("2.0f * 3", Value::Float(6.0));
    check("3f/7", Value::Float(3.0 / 7.0));
}

#[test]
fn functions_of_math_take_doubles() {
    for (source, expected) in [
        ("Math.abs(-3)", 3.0),
        ("Math.abs(params.p) / 2", 1.5),
        ("Math.min(1,2) / 2", 0.5),
        ("Math.max(params.a, 1)", 7.75),
        ("Math.max(Double.NaN, 1)", f64::NAN),
        ("Math.min(0.0, -0.0)", -0.0),
        ("Math.floor(7/2)", 3.0),
        ("Math.ceil(7/2.0)", 4.0),
        ("Math.pow(2,3)", 8.0),
        ("Math.pow(1,Double.NaN)", f64::NAN),
        ("Math.sqrt(-1)", f64::NAN),
        ("Math.cbrt(27)", 3.0),
        ("Math.log10(100)", 2.0),
        ("Math.log(1)", 0.0),
        ("Math.log1p(0)", 0.0),
        ("Math.exp(0)", 1.0),
        ("Math.signum(-2.0)", -1.0),
        ("Math.signum(0)", 0.0),
        ("Math.rint(2.5)", 2.0),
        ("Math.toRadians(180)", std::f64::consts::PI),
        ("Math.toDegrees(1)", 57.295_779_513_082_32),
        ("Math.hypot(3,4)", 5.0),
        ("Math.atan2(1,1)", std::f64::consts::FRAC_PI_4),
        ("Math.IEEEremainder(5,3)", -1.0),
        ("Math.copySign(1,-2)", -1.0),
        ("Math.PI", std::f64::consts::PI),
        ("Math.E", std::f64::consts::E),
        ("params.a - 3 > 0 ? Math.abs(params.a) : -1", 7.75),
    ] {
        check(source, Value::Double(expected));
    }
}

#[test]
fn what_is_equal_and_what_is_less() {
    for (source, expected) in [
        ("1 == 1.0", true),
        ("params.p == 3.0", true),
        ("params.p === 3", true),
        ("params.n == 4", true),
        ("params.n != 4", false),
        ("params.a == null", false),
        ("params.zz == null", true),
        ("params.z == params.zz", true),
        ("3 == params.z", false),
        ("params.s == 3", false),
        ("params.p == '3'", false),
        ("params.s == 'h' + \"i\"", true),
        ("params.s != null", true),
        ("true == params.b", true),
        ("params.b && true", true),
        ("false && params.p / 0 > 1", false),
        ("true || params.p / 0 > 1", true),
        ("true ^ false", true),
        ("!(1 > 2)", true),
        ("params.a >= 7.75 && params.a <= 7.75", true),
        ("params.containsKey('a')", true),
        ("params.containsKey('q')", false),
        ("Double.isNaN(0/0.0)", true),
        ("0/0.0 > 1", false),
        ("params.s.startsWith('h')", true),
    ] {
        check(source, Value::Bool(expected));
    }
}

#[test]
fn texts_are_joined_as_java_shows_numbers() {
    for (source, expected) in [
        ("params.s + params.a", "hi7.75"),
        ("1 + params.s", "1hi"),
        ("1 + 2 + 'x'", "3x"),
        ("'x' + null", "xnull"),
        ("'x' + 10L + 2.5f", "x102.5"),
        ("'' + 1e10", "1.0E10"),
        ("'' + 1e-5", "1.0E-5"),
        ("'' + 123456789.0", "1.23456789E8"),
        ("'' + 100.0", "100.0"),
        ("\"a\\\"b\"", "a\"b"),
    ] {
        check(source, Value::Text(expected.into()));
    }
}

#[test]
fn statements_decide_and_remember() {
    for (source, expected) in [
        ("return 5;", 5),
        ("if (params.a > 3) return 1; return 2;", 1),
        ("if (params.a > 3) { return 1 } else { return 2 }", 1),
        ("if (params.a > 3) 1", 1),
        ("if (1 > params.a) { return 1; } else if (params.a > 1) { return 7; } return 0", 7),
        ("def x = 3; return x*2", 6),
        ("def x = 1, y = 2; x + y", 3),
        ("int i = 1; i += 2; i++; --i; return i", 3),
        ("int i = 1; i *= 2.6; i", 2),
        ("int x; return x", 0),
        ("def x = 1; if (params.b) { x = 2 } return x", 2),
        ("int x = 1; { int y = 2; x += y } x", 3),
        ("// said\n 3", 3),
        ("/* said */ 4", 4),
        ("params.z ?: 3", 3),
        ("params.l[1]", 2),
        ("params.l[-1]", 2),
        ("params.m.x", 5),
        ("params.l.length", 2),
        ("params.get('p')", 3),
        ("params.getOrDefault('q', 9)", 9),
        ("'a'.length()", 1),
    ] {
        check(source, Value::Int(expected));
    }
    for source in ["if (params.a > 100) 1", "null", "params.zz", "def x; return x", "params.zz?.foo", "params[0]"] {
        check(source, Value::Null);
    }
}

#[test]
fn what_never_fits_is_refused_before_it_runs() {
    for (source, cause, reason) in [
        ("a", "illegal_argument_exception", "cannot resolve symbol [a]"),
        ("zz.foo", "illegal_argument_exception", "cannot resolve symbol [zz.foo]"),
        ("Math.foo(1)", "illegal_argument_exception", "static method [java.lang.Math, foo/1] not found"),
        ("Math.max(1)", "illegal_argument_exception", "static method [java.lang.Math, max/1] not found"),
        ("Math.foo", "illegal_argument_exception", "field [java.lang.Math, foo] not found"),
        ("params.a +", "illegal_argument_exception", "unexpected end of script."),
        ("1 +* 2", "illegal_argument_exception", "invalid sequence of tokens near ['*']."),
        ("1 1", "illegal_argument_exception", "unexpected token ['1'] was expecting one of [{<EOF>, ';'}]."),
        ("3;;", "illegal_argument_exception", "';'"),
        ("08", "illegal_argument_exception", "unexpected token ['8']"),
        ("3000000000", "illegal_argument_exception", "Invalid int constant [3000000000]."),
        ("'abc", "illegal_argument_exception", "unexpected character ['abc]."),
        ("", "illegal_argument_exception", "invalid function definition"),
        ("1; 2", "illegal_argument_exception", "not a statement"),
        ("1/0", "arithmetic_exception", "/ by zero"),
        ("1 && true", "class_cast_exception", "Cannot cast from [int] to [boolean]."),
        ("1 < 2 < 3", "class_cast_exception", "cannot apply the relational operator [<]"),
        ("'a' < 'b'", "class_cast_exception", "cannot apply the relational operator [<]"),
        ("true == 1", "class_cast_exception", "Cannot cast from [boolean] to [int]."),
        ("1 == null", "class_cast_exception", "Cannot cast from [int] to [java.lang.Object]."),
        ("null == null", "illegal_argument_exception", "extraneous comparison of [null] constants"),
        ("int x = 2.5; x", "class_cast_exception", "Cannot cast from [double] to [int]."),
        ("def x = 3; def x = 4; x", "illegal_argument_exception", "variable [x] is already defined"),
        ("return", "class_cast_exception", "cannot cast from [def] to [void]"),
        ("1.e3", "illegal_argument_exception", "field [int, e3] not found"),
    ] {
        refused(source, Purpose::Any, "compile error", cause, reason);
    }
    refused("true", Purpose::Number, "compile error", "class_cast_exception", "Cannot cast from [boolean]");
    refused("null", Purpose::Number, "compile error", "class_cast_exception", "Cannot cast from [null]");
    refused("1", Purpose::Boolean, "compile error", "class_cast_exception", "Cannot cast from [int] to [boolean].");
}

#[test]
fn what_is_not_built_is_named() {
    for (source, what) in [
        ("for (int i = 0; i < 3; i++) {} return 1", "[for]"),
        ("while (true) {}", "[while]"),
        ("try { return 1 } catch (Exception e) {return 2}", "[try]"),
        ("new ArrayList()", "[new]"),
        ("[1,2]", "a list"),
        ("def f() {1} f()", "declaring functions"),
        ("params.a instanceof Double", "[instanceof]"),
        ("params.a = 3; params.a", "assigning"),
        ("doc['a'].value", "[doc]"),
        ("Math.random()", "[Math.random]"),
        ("List x = params.l; x", "the type [List]"),
        ("params.s.toUpperCase()", "[java.lang.String, toUpperCase/0]"),
    ] {
        let stage = if source.contains("toUpper") { "runtime error" } else { "compile error" };
        refused(source, Purpose::Any, stage, "not_implemented_exception", what);
    }
}

#[test]
fn what_does_not_fit_when_it_runs_is_refused() {
    for (source, cause, reason) in [
        ("params.p / 0", "arithmetic_exception", "/ by zero"),
        ("params.z + 1", "null_pointer_exception", "\"left\" is null"),
        ("params.z > 1", "null_pointer_exception", "\"left\" is null"),
        ("!params.z", "null_pointer_exception", "\"value\" is null"),
        ("!params.p", "class_cast_exception", "cannot cast def [int] to boolean"),
        ("params.s ? 1 : 2", "class_cast_exception", "cannot cast def [java.lang.String] to boolean"),
        (
            "params.s > 1",
            "class_cast_exception",
            "Cannot apply [>] operation to types [java.lang.String] and [java.lang.Integer].",
        ),
        ("-params.s", "class_cast_exception", "Cannot apply [-] operation to type [java.lang.String]."),
        ("params.b == 1", "class_cast_exception", "Cannot cast java.lang.Boolean to java.lang.Integer"),
        ("int x = params.a; return x", "class_cast_exception", "cannot implicitly cast def [double] to int"),
        ("Math.max(params.s, 1)", "class_cast_exception", "cannot implicitly cast def [java.lang.String] to double"),
        ("params.foo.bar", "null_pointer_exception", ""),
        ("params.l[2]", "array_index_out_of_bounds_exception", "Index 2 out of bounds for length 2"),
    ] {
        refused(source, Purpose::Any, "runtime error", cause, reason);
    }
    refused(
        "params.a",
        Purpose::Boolean,
        "runtime error",
        "class_cast_exception",
        "cannot cast def [double] to boolean",
    );
    refused("params.s", Purpose::Number, "runtime error", "class_cast_exception", "java.lang.Number");
}

#[test]
fn mistakes_of_grammar_have_a_cause_of_their_own() {
    for (source, kind) in [
        ("params.a +", Some("no_viable_alt_exception")),
        ("1 +* 2", Some("no_viable_alt_exception")),
        ("'abc", Some("lexer_no_viable_alt_exception")),
        ("1 1", None),
    ] {
        let error = run(source, Purpose::Any).unwrap_err();
        let beneath = error.cause.and_then(|cause| cause.cause).map(|cause| cause.kind.row().name);
        assert_eq!(beneath, kind, "{source}");
    }
}

#[test]
fn an_error_points_at_its_place() {
    let error = run("params.a > 3 && params.n < 2", Purpose::Number).unwrap_err();
    assert_eq!(error.details["script_stack"][0], "params.a > 3 && params.n < 2");
    assert_eq!(error.details["lang"], "painless");
    let source = format!("{}{}", "1 + ".repeat(30), "nope + 2");
    let error = run(&source, Purpose::Any).unwrap_err();
    assert_eq!(error.details["position"], json!({"offset": 120, "start": 95, "end": 128}));
    assert_eq!(error.details["script_stack"][0], "...  1 + 1 + 1 + 1 + 1 + 1 + nope + 2");
    assert_eq!(error.details["script_stack"][1], format!("{}^---- HERE", " ".repeat(29)));
}

#[test]
fn moving_functions_follow_a_window() {
    let moving = |source: &str, values: &[f64]| {
        let script = Expression::compile(source, Purpose::Moving).unwrap_or_else(|error| panic!("{source}: {error}"));
        script.run(&params(), values).map(|value| value.as_f64().unwrap())
    };
    for (source, values, expected) in [
        ("MovingFunctions.max(values)", vec![1.0, 3.0, 2.0], 3.0),
        ("MovingFunctions.max(values)", vec![], f64::NAN),
        ("MovingFunctions.sum(values)", vec![], 0.0),
        ("MovingFunctions.holt(values, 0.3, 0.1)", vec![2.0], 2.0),
        ("MovingFunctions.holt(values, 0.3, 0.1)", vec![2.0, 1.0], 1.7),
        ("MovingFunctions.holt(values, 0.3, 0.1)", vec![2.0, 1.0, 0.0], 1.168_999_999_999_999_8),
        ("MovingFunctions.ewma(values, params.f)", vec![1.0], 1.0),
        ("MovingFunctions.max(values) - MovingFunctions.min(values)", vec![1.0, 5.0], 4.0),
        ("values.length > 2 ? values[0] : -1", vec![1.0, 5.0], -1.0),
        ("if (values.length > 3) {MovingFunctions.max(values)}", vec![7.0], 0.0),
        ("return MovingFunctions.min(values);", vec![4.0, 3.0], 3.0),
    ] {
        let found = moving(source, &values).unwrap();
        assert!(found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()), "{source}: {found}");
    }
    let error = moving("MovingFunctions.holtWinters(values, 0.3, 0.1, 0.1, 2, false)", &[1.0, 2.0]).unwrap_err();
    assert!(error.cause.unwrap().reason.contains("Only [2] were provided"));
    let unknown = Expression::compile("MovingFunctions.median(values)", Purpose::Moving).unwrap_err();
    assert!(unknown.cause.unwrap().reason.contains("median/1] not found"));
}

#[test]
fn depth_length_and_texts_are_bounded() {
    for source in [
        "(".repeat(60_000),
        "!".repeat(60_000),
        "1+".repeat(30_000) + "1",
        "{".repeat(60_000),
        "a?".repeat(30_000),
        "if(1)".repeat(10_000),
        "-(".repeat(30_000),
        "params.a[".repeat(7_000),
    ] {
        assert!(run(&source, Purpose::Any).is_err());
    }
    assert!(run(&"1".repeat(70_000), Purpose::Any).unwrap_err().reason.contains("script size"));
    let doubling = format!("def s = params.s; {} s", "s += s;".repeat(60));
    refused(&doubling, Purpose::Any, "runtime error", "illegal_argument_exception", "grew beyond");
    check(&format!("{}1", "1+".repeat(199)), Value::Int(200));
}

const WORDS: [&str; 44] = [
    "params",
    ".",
    "a",
    "s",
    "z",
    "l",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<<",
    "==",
    "!=",
    "<",
    ">",
    "&&",
    "||",
    "!",
    "?",
    ":",
    "?:",
    "1",
    "2.5",
    "0",
    "'x'",
    "null",
    "true",
    ";",
    "if",
    "else",
    "return",
    "def",
    "int",
    "=",
    "Math.abs(",
    "values",
    "2147483648",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_source_makes_it_panic(source in "\\PC{0,60}") {
        let _ = run(&source, Purpose::Any);
    }

    #[test]
    fn no_words_make_it_panic(words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..30)) {
        let source = words.join(" ");
        for purpose in [Purpose::Any, Purpose::Number, Purpose::Boolean, Purpose::Moving] {
            let _ = run(&source, purpose);
        }
    }

    #[test]
    fn sums_are_those_of_java(a: i32, b: i32) {
        prop_assert_eq!(run(&format!("{a}L - ({b}L) * 3"), Purpose::Any).unwrap(), Value::Long(i64::from(a) - i64::from(b) * 3));
        prop_assert_eq!(run(&format!("{a} * ({b})"), Purpose::Any).unwrap(), Value::Int(a.wrapping_mul(b)));
    }
}
