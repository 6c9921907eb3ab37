//! Operators over values, as Java computes: numbers meet in the wider type.

use std::sync::Arc;

use model::error::ErrorKind;

use super::fault::Fault;
use super::tree::{Binary, Unary};
use super::value::{Type, Value, null_pointer, truth};

/// Bytes that a text may grow to.
const MAX_TEXT: usize = 65_535;

/// Every operator but `&&` and `||`, which may not look at their right side.
pub(crate) fn binary(operator: Binary, left: &Value, right: &Value, at: usize) -> Result<Value, Fault> {
    use Binary::*;
    match operator {
        Add if matches!(left, Value::Text(_)) || matches!(right, Value::Text(_)) => concatenate(left, right, at),
        Add | Subtract | Multiply | Divide | Remainder => arithmetic(operator, left, right, at),
        Equal => equal(left, right, at).map(Value::Bool),
        NotEqual => equal(left, right, at).map(|equal| Value::Bool(!equal)),
        Less | LessEqual | Greater | GreaterEqual => compare(operator, left, right, at).map(Value::Bool),
        And => Ok(Value::Bool(truth(left, at)? && truth(right, at)?)),
        Or => Ok(Value::Bool(truth(left, at)? || truth(right, at)?)),
        BitAnd | BitOr | BitXor => bitwise(operator, left, right, at),
        ShiftLeft | ShiftRight | ShiftRightUnsigned => shift(operator, left, right, at),
    }
}

pub(crate) fn unary(operator: Unary, of: &Value, at: usize) -> Result<Value, Fault> {
    let mark = match operator {
        Unary::Not => return truth(of, at).map(|value| Value::Bool(!value)),
        Unary::Plus => "+",
        Unary::Minus => "-",
        Unary::Complement => "~",
    };
    Ok(match (operator, of) {
        (Unary::Minus, Value::Int(number)) => Value::Int(number.wrapping_neg()),
        (Unary::Minus, Value::Long(number)) => Value::Long(number.wrapping_neg()),
        (Unary::Minus, Value::Float(number)) => Value::Float(-number),
        (Unary::Minus, Value::Double(number)) => Value::Double(-number),
        (Unary::Complement, Value::Int(number)) => Value::Int(!number),
        (Unary::Complement, Value::Long(number)) => Value::Long(!number),
        (Unary::Plus, value) if value.kind().is_number() => value.clone(),
        (_, Value::Null) => return Err(null_pointer(at, "unary")),
        (_, other) => {
            return Err(Fault::cast(at, format!("Cannot apply [{mark}] operation to type [{}].", other.class())));
        }
    })
}

/// Two numbers in the type in which they meet.
fn meet(operator: Binary, left: &Value, right: &Value, at: usize) -> Result<(Value, Value), Fault> {
    if *left == Value::Null {
        return Err(null_pointer(at, "left"));
    }
    if *right == Value::Null {
        return Err(null_pointer(at, "right"));
    }
    let kind = left.kind().wider(right.kind());
    let both = left.kind().is_number() && right.kind().is_number();
    match (left.convert(kind), right.convert(kind)) {
        (Some(left), Some(right)) if both => Ok((left, right)),
        _ => {
            let (mark, left, right) = (operator.mark(), left.class(), right.class());
            Err(Fault::cast(at, format!("Cannot apply [{mark}] operation to types [{left}] and [{right}].")))
        }
    }
}

fn arithmetic(operator: Binary, left: &Value, right: &Value, at: usize) -> Result<Value, Fault> {
    use Binary::*;
    let by_zero = || Fault::new(at, ErrorKind::Arithmetic, "/ by zero");
    Ok(match meet(operator, left, right, at)? {
        (Value::Int(a), Value::Int(b)) => Value::Int(match operator {
            Add => a.wrapping_add(b),
            Subtract => a.wrapping_sub(b),
            Multiply => a.wrapping_mul(b),
            _ if b == 0 => return Err(by_zero()),
            Divide => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        }),
        (Value::Long(a), Value::Long(b)) => Value::Long(match operator {
            Add => a.wrapping_add(b),
            Subtract => a.wrapping_sub(b),
            Multiply => a.wrapping_mul(b),
            _ if b == 0 => return Err(by_zero()),
            Divide => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        }),
        (Value::Float(a), Value::Float(b)) => Value::Float(match operator {
            Add => a + b,
            Subtract => a - b,
            Multiply => a * b,
            Divide => a / b,
            _ => a % b,
        }),
        (a, b) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            Value::Double(match operator {
                Add => a + b,
                Subtract => a - b,
                Multiply => a * b,
                Divide => a / b,
                _ => a % b,
            })
        }
    })
}

fn equal(left: &Value, right: &Value, at: usize) -> Result<bool, Fault> {
    let (a, b) = (left.kind(), right.kind());
    if a.is_number() && b.is_number() {
        let (left, right) = meet(Binary::Equal, left, right, at)?;
        return Ok(left == right);
    }
    match (left, right) {
        (Value::Bool(_), other) | (other, Value::Bool(_)) if other.kind().is_number() => {
            Err(Fault::cast(at, format!("Cannot cast java.lang.Boolean to {}", other.class())))
        }
        _ => Ok(left == right),
    }
}

fn compare(operator: Binary, left: &Value, right: &Value, at: usize) -> Result<bool, Fault> {
    let order = match meet(operator, left, right, at)? {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(&b)),
        (Value::Long(a), Value::Long(b)) => Some(a.cmp(&b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(&b),
        (a, b) => a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)),
    };
    Ok(order.is_some_and(|order| match operator {
        Binary::Less => order.is_lt(),
        Binary::LessEqual => order.is_le(),
        Binary::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn bitwise(operator: Binary, left: &Value, right: &Value, at: usize) -> Result<Value, Fault> {
    use Binary::{BitAnd, BitOr};
    if let (Value::Bool(a), Value::Bool(b)) = (left, right) {
        return Ok(Value::Bool(match operator {
            BitAnd => a & b,
            BitOr => a | b,
            _ => a ^ b,
        }));
    }
    Ok(match meet(operator, left, right, at)? {
        (Value::Int(a), Value::Int(b)) => Value::Int(match operator {
            BitAnd => a & b,
            BitOr => a | b,
            _ => a ^ b,
        }),
        (Value::Long(a), Value::Long(b)) => Value::Long(match operator {
            BitAnd => a & b,
            BitOr => a | b,
            _ => a ^ b,
        }),
        _ => return Err(no_bits(operator, left, right, at)),
    })
}

fn shift(operator: Binary, left: &Value, right: &Value, at: usize) -> Result<Value, Fault> {
    let (Value::Int(_) | Value::Long(_), Some(Value::Long(by))) = (left, right.convert(Type::Long)) else {
        return Err(no_bits(operator, left, right, at));
    };
    if !right.kind().is_whole() {
        return Err(no_bits(operator, left, right, at));
    }
    // The lowest bits count, as the wrapping shifts have it.
    let by = by as u32;
    Ok(match (left, operator) {
        (Value::Int(number), Binary::ShiftLeft) => Value::Int(number.wrapping_shl(by)),
        (Value::Int(number), Binary::ShiftRight) => Value::Int(number.wrapping_shr(by)),
        (Value::Int(number), _) => Value::Int(number.cast_unsigned().wrapping_shr(by).cast_signed()),
        (Value::Long(number), Binary::ShiftLeft) => Value::Long(number.wrapping_shl(by)),
        (Value::Long(number), Binary::ShiftRight) => Value::Long(number.wrapping_shr(by)),
        (Value::Long(number), _) => Value::Long(number.cast_unsigned().wrapping_shr(by).cast_signed()),
        _ => return Err(no_bits(operator, left, right, at)),
    })
}

fn no_bits(operator: Binary, left: &Value, right: &Value, at: usize) -> Fault {
    let (mark, left, right) = (operator.mark(), left.class(), right.class());
    Fault::cast(at, format!("Cannot apply [{mark}] operation to types [{left}] and [{right}]."))
}

fn concatenate(left: &Value, right: &Value, at: usize) -> Result<Value, Fault> {
    let text = shown(left, at)? + &shown(right, at)?;
    if text.len() > MAX_TEXT {
        return Err(Fault::syntax(at, format!("a text of a script grew beyond [{MAX_TEXT}] bytes")));
    }
    Ok(Value::Text(Arc::from(text)))
}

/// As Java shows it.
pub(crate) fn shown(value: &Value, at: usize) -> Result<String, Fault> {
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Float(number) => float_text(f64::from(*number), &format!("{number:?}"), &format!("{number:e}")),
        Value::Double(number) => float_text(*number, &format!("{number:?}"), &format!("{number:e}")),
        Value::Text(text) => text.to_string(),
        Value::Doubles(_) | Value::List(_) | Value::Map(_) => return Err(Fault::missing(at, "a list as text")),
    })
}

/// `1.0`, `1.0E10`, `NaN`: plain between a thousandth and ten millions.
fn float_text(number: f64, plain: &str, scientific: &str) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if number == 0.0 || (1e-3..1e7).contains(&number.abs()) {
        return plain.to_owned();
    }
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}
