//! Expressions and their values, as the search module of Redis answers.

use super::*;

fn value(text: &str) -> Result<String, String> {
    let row = |name: &str| match name {
        "a" => Some(Scalar::Number(3.0)),
        "s" => Some(Scalar::Text("hello world".to_owned())),
        _ => None,
    };
    evaluate(&parse(text)?, &row).map(|value| value.text())
}

fn check(text: &str, expected: &str) {
    assert_eq!(value(text).as_deref(), Ok(expected), "{text}");
}

#[test]
fn values_are_those_of_the_search_module() {
    check("@a+2*3", "9");
    check("10/3", "3.33333333333");
    check("0.1+0.2", "0.3");
    check("1000000000000*10", "10000000000000");
    check("@a<3 || !(@a==3)", "0");
    check("@s==\"hello world\"", "1");
    check("upper(@s)", "HELLO WORLD");
    check("substr(@s,1,3)", "ell");
    check("substr(@s,-5,-1)", "worl");
    check("format(\"%s-%s\",@s,@a)", "hello world-3");
    check("split(@s,\" \")", "hello,world");
    check("contains(@s,\"o\")", "2");
    check("!0>5", "1");
    check("!0*5", "1");
    check("2*!0+1", "0");
    check("!1||1", "1");
    check("1=", "1");
    check("exists(@zz)", "0");
    check("!exists(@zz)", "1");
    check("sqrt(\"abc\")", "nan");
    check("exp(@a)", "20.0855369232");
    check("geodistance(\"1,2\",\"1,3\")", "111226.3");
    check("2^3^2", "64");
    check("2*3^2", "36");
    check("2+3^2", "11");
    check("''+1", "1");
    check("''<1", "1");
    check("sqrt('')", "0");
    check("to_number('')", "0");
    check("upper('éa')", "éA");
    check("geodistance(NULL,'2,2')", "nan");
}

#[test]
fn moments_are_taken_apart() {
    check("timefmt(1700000000)", "2023-11-14T22:13:20Z");
    check("timefmt(1700000000,\"%d/%m/%y %H:%M:%S\")", "14/11/23 22:13:20");
    check("parsetime(\"2023-01-02\",\"%Y-%m-%d\")", "1672617600");
    check("year(1700000000)", "2023");
    check("hour(1700000000)", "1699999200");
    check("dayofweek(1700000000)", "2");
    check("month(1700000000)", "1698796800");
    check("monthofyear(1700000000)", "10");
    check("day(1700000000)", "1699920000");
    check("dayofyear(1700000000)", "317");
    check("timefmt(\"abc\")", "");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_breaks_expressions(text in r#"([a-z@(),"'\\=><!&|^%*/+. 0-9-]|substr\(|timefmt\(|split\(|format\(|é){0,30}"#) {
        let _ = value(&text);
    }
}

#[test]
fn mistakes_are_named() {
    let wrong = |text: &str, expected: &str| assert_eq!(value(text).unwrap_err(), expected, "{text}");
    wrong("@zz+1", "zz: has no value, consider using EXISTS if applicable");
    wrong("\"abc\"+1", "Could not convert value to a number");
    wrong("foo(1)", "Unknown function name 'foo'");
    wrong("sqrt(1,2)", "Invalid number of arguments for sqrt");
    wrong("lower()", "Invalid arguments for function 'lower'");
    wrong("timefmt()", "Invalid arguments for function 'time'");
    wrong("format()", "Need at least one argument for format");
    wrong("exists(1,2)", "Invalid arguments for function 'exists'");
    wrong("substr(@zz)", "zz: has no value, consider using EXISTS if applicable");
    wrong("1=2", "Syntax error at offset 2 near '2'");
    wrong("1 'é'", "Syntax error at offset 2 near ''é''");
    wrong("1 @a", "Syntax error at offset 2 near 'a'");
    wrong("1 )", "Syntax error at offset 2 near '1'");
    wrong("1 + + 2", "Syntax error at offset 4 near '1'");
    wrong("1 +", "Syntax error at offset 2 near '1'");
    wrong("1<split('a,b')", "Error converting string '(null)' to number");
    wrong("strlen(1)", "Invalid type (1) for argument 0 in function 'strlen'. VALIDATE_ARG__STRING(v, 0) was false.");
    wrong(
        "contains('a',NULL)",
        "Invalid type (4) for argument 1 in function 'contains'. VALIDATE_ARG__STRING(v, 0) was false.",
    );
    wrong("substr(@a,0,1)", "Invalid type for substr. Expected string");
    wrong(
        "substr(@s,'0',1)",
        "Invalid type (3) for argument 1 in function 'substr'. VALIDATE_ARG__TYPE(v, RSValue_Number) was false.",
    );
    wrong("geodistance('a','2,2')", "Invalid geo string");
    wrong("to_number(NULL)", "to_number: cannot convert string '(null)'");
    wrong("exists(lower(@zz))", "zz: has no value, consider using EXISTS if applicable");
    for sign in ["+", "*", "^", "<", "&&", "||"] {
        check(&["1"; 1000].join("+"), "1000");
        wrong(&["1"; 100_000].join(sign), "Expression has more than 2000 operators");
    }
    assert!(parse("@a+").is_err() && parse(&"(".repeat(10_000)).is_err() && parse(&"!".repeat(10_000)).is_err());
}
