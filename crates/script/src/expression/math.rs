//! The functions and constants of `Math`, and of the classes of numbers. Arguments are doubles, as in Painless.

use super::value::Value;

/// A function of `Math` or of `Double`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    One(One),
    Two(Two),
    /// Gives a long.
    Round,
    /// Gives true or false.
    Test(fn(f64) -> bool),
}

impl Function {
    pub(crate) fn arity(self) -> usize {
        if matches!(self, Self::Two(_)) { 2 } else { 1 }
    }
}

type One = fn(f64) -> f64;
type Two = fn(f64, f64) -> f64;

const ONE: [(&str, One); 21] = [
    ("abs", f64::abs),
    ("acos", f64::acos),
    ("asin", f64::asin),
    ("atan", f64::atan),
    ("cbrt", f64::cbrt),
    ("ceil", f64::ceil),
    ("cos", f64::cos),
    ("cosh", f64::cosh),
    ("exp", f64::exp),
    ("expm1", f64::exp_m1),
    ("floor", f64::floor),
    ("log", f64::ln),
    ("log10", f64::log10),
    ("log1p", f64::ln_1p),
    ("rint", f64::round_ties_even),
    ("signum", signum),
    ("sin", f64::sin),
    ("sinh", f64::sinh),
    ("sqrt", f64::sqrt),
    ("tan", f64::tan),
    ("tanh", f64::tanh),
];
const TWO: [(&str, Two); 7] = [
    ("IEEEremainder", remainder),
    ("atan2", f64::atan2),
    ("copySign", f64::copysign),
    ("hypot", f64::hypot),
    ("max", max),
    ("min", min),
    ("pow", pow),
];
/// What Painless has and this crate has not.
const MISSING: [&str; 6] = ["nextAfter", "nextDown", "nextUp", "random", "scalb", "ulp"];

/// The function `class.name` of so many arguments.
pub(crate) fn function(class: &str, name: &str, arity: usize) -> Option<Function> {
    let found = match (class, name) {
        ("Math", "round") => Function::Round,
        ("Math", "toDegrees") => Function::One(f64::to_degrees),
        ("Math", "toRadians") => Function::One(|degrees| degrees / 180.0 * std::f64::consts::PI),
        ("Math", name) => {
            let one = ONE.iter().find(|(known, _)| *known == name).map(|(_, apply)| Function::One(*apply));
            one.or_else(|| TWO.iter().find(|(known, _)| *known == name).map(|(_, apply)| Function::Two(*apply)))?
        }
        ("Double", "isNaN") => Function::Test(f64::is_nan),
        ("Double", "isInfinite") => Function::Test(f64::is_infinite),
        ("Double", "isFinite") => Function::Test(f64::is_finite),
        ("Double", "max") => Function::Two(max),
        ("Double", "min") => Function::Two(min),
        ("Double", "sum") => Function::Two(|a, b| a + b),
        _ => return None,
    };
    (found.arity() == arity).then_some(found)
}

/// Whether Painless has a function that is missing here.
pub(crate) fn is_missing(class: &str, name: &str) -> bool {
    match class {
        "Math" => MISSING.contains(&name),
        _ => true,
    }
}

/// The constant `class.name`.
pub(crate) fn constant(class: &str, name: &str) -> Option<Value> {
    Some(match (class, name) {
        ("Math", "PI") => Value::Double(std::f64::consts::PI),
        ("Math", "E") => Value::Double(std::f64::consts::E),
        ("Double", "NaN") => Value::Double(f64::NAN),
        ("Double", "POSITIVE_INFINITY") => Value::Double(f64::INFINITY),
        ("Double", "NEGATIVE_INFINITY") => Value::Double(f64::NEG_INFINITY),
        ("Double", "MAX_VALUE") => Value::Double(f64::MAX),
        ("Double", "MIN_VALUE") => Value::Double(f64::from_bits(1)),
        ("Float", "MAX_VALUE") => Value::Float(f32::MAX),
        ("Float", "NaN") => Value::Float(f32::NAN),
        ("Integer", "MAX_VALUE") => Value::Int(i32::MAX),
        ("Integer", "MIN_VALUE") => Value::Int(i32::MIN),
        ("Long", "MAX_VALUE") => Value::Long(i64::MAX),
        ("Long", "MIN_VALUE") => Value::Long(i64::MIN),
        _ => return None,
    })
}

/// Whether a name is one of the classes whose members are known here.
pub(crate) fn is_class(name: &str) -> bool {
    matches!(name, "Math" | "Double" | "Float" | "Integer" | "Long")
}

/// To the nearest, halves up.
pub(crate) fn round(number: f64) -> i64 {
    let floor = number.floor();
    (if number - floor >= 0.5 { floor + 1.0 } else { floor }) as i64
}

fn signum(number: f64) -> f64 {
    if number == 0.0 || number.is_nan() { number } else { number.signum() }
}

fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a.total_cmp(&b).is_gt() {
        a
    } else {
        b
    }
}

fn min(a: f64, b: f64) -> f64 {
    -max(-a, -b)
}

/// Java's: NaN to any power but zero is NaN, and so is one to an infinite power.
fn pow(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 {
        1.0
    } else if base.is_nan() || exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        f64::NAN
    } else {
        base.powf(exponent)
    }
}

/// What is left of the nearest multiple of `by`, ties to the even multiple (IEEE 754, 5.3.1).
fn remainder(number: f64, by: f64) -> f64 {
    let by = by.abs();
    if number.is_nan() || by.is_nan() || number.is_infinite() || by == 0.0 {
        return f64::NAN;
    }
    if by.is_infinite() {
        return number;
    }
    let mut rest = if by <= f64::MAX / 2.0 { (number % (by + by)).abs() } else { number.abs() };
    let half = by * 0.5;
    if rest > half {
        rest -= by;
        if rest >= half {
            rest -= by;
        }
    }
    if number.is_sign_negative() { -rest } else { rest }
}
