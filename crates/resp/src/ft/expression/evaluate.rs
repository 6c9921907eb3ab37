//! The value of an expression over one row.

use std::cmp::Ordering;

use super::{Comparison, Expression, Operator, Scalar, functions};

/// The value, properties read through `property` (`None`: the row has no such one).
///
/// # Errors
/// A property without a value where one is needed, a text where a number is needed.
pub fn evaluate(expression: &Expression, property: &dyn Fn(&str) -> Option<Scalar>) -> Result<Scalar, String> {
    Ok(match expression {
        Expression::Value(value) => value.clone(),
        Expression::Property(name) => match property(name) {
            Some(Scalar::Null) | None => {
                return Err(format!("{name}: has no value, consider using EXISTS if applicable"));
            }
            Some(value) => value,
        },
        Expression::Not(inner) => truth(!evaluate(inner, property)?.is_true()),
        Expression::And(one, other) => {
            truth(evaluate(one, property)?.is_true() && evaluate(other, property)?.is_true())
        }
        Expression::Or(one, other) => truth(evaluate(one, property)?.is_true() || evaluate(other, property)?.is_true()),
        Expression::Compare(comparison, one, other) => {
            let (one, other) = (evaluate(one, property)?, evaluate(other, property)?);
            if !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
                comparable(&one, &other)?;
            }
            let order = one.order(&other);
            truth(match comparison {
                Comparison::Equal => order == Ordering::Equal,
                Comparison::NotEqual => order != Ordering::Equal,
                Comparison::Less => order == Ordering::Less,
                Comparison::LessOrEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                Comparison::GreaterOrEqual => order != Ordering::Less,
            })
        }
        Expression::Arithmetic(operator, one, other) => {
            let number = |side: &Expression| {
                let value = evaluate(side, property)?;
                value.number().ok_or_else(|| "Could not convert value to a number".to_owned())
            };
            Scalar::Number(arithmetic(*operator, number(one)?, number(other)?))
        }
        Expression::Call(functions::Function::Exists, arguments) => {
            functions::Function::Exists.takes(arguments.len())?;
            match arguments.as_slice() {
                [Expression::Property(name)] => truth(property(name).is_some_and(|value| value != Scalar::Null)),
                // Any other value is there, when it can be had.
                others => {
                    others.iter().try_for_each(|other| evaluate(other, property).map(drop))?;
                    truth(true)
                }
            }
        }
        Expression::Call(function, arguments) => {
            let values: Result<Vec<Scalar>, String> =
                arguments.iter().map(|argument| evaluate(argument, property).map(Scalar::flat)).collect();
            functions::call(*function, &values?)?
        }
    })
}

pub(super) fn truth(holds: bool) -> Scalar {
    Scalar::Number(f64::from(u8::from(holds)))
}

/// What stands beside a number must be one.
fn comparable(one: &Scalar, other: &Scalar) -> Result<(), String> {
    let text = match (one, other) {
        (Scalar::Number(_), Scalar::Text(text)) | (Scalar::Text(text), Scalar::Number(_)) => text.as_str(),
        (Scalar::Number(_), Scalar::List(_)) | (Scalar::List(_), Scalar::Number(_)) => "(null)",
        _ => return Ok(()),
    };
    match text.trim().parse::<f64>() {
        Ok(_) => Ok(()),
        Err(_) if text.is_empty() => Ok(()),
        Err(_) => Err(format!("Error converting string '{text}' to number")),
    }
}

fn arithmetic(operator: Operator, one: f64, other: f64) -> f64 {
    match operator {
        Operator::Add => one + other,
        Operator::Subtract => one - other,
        Operator::Multiply => one * other,
        Operator::Divide if other == 0.0 => f64::NAN,
        Operator::Divide => one / other,
        Operator::Remainder => match other as i64 {
            0 => f64::NAN,
            other => (one as i64).wrapping_rem(other) as f64,
        },
        Operator::Power => one.powf(other),
    }
}
