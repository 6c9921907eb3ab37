//! Floating-point numbers as Redis writes them: the shortest digits that read back, plain where that is short.

/// `value` in decimal digits: `3`, `0.1`, `1e+25`, `inf`, `-inf`, `nan`.
pub fn text(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    // Digits d.ddd and the power of ten of the first.
    let scientific = format!("{:e}", value.abs());
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = digits.chars().filter(|c| *c != '.').collect();
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", laid_out(&digits, power))
}

/// `digits` with the point behind the first, times ten to `power`.
fn laid_out(digits: &str, power: i32) -> String {
    let count = digits.len() as i32;
    // How many places the last digit is behind the point (negative) or before it.
    let last = power - (count - 1);
    if last >= 0 && power < count + 7 {
        return format!("{digits}{}", "0".repeat(last as usize));
    }
    if last < 0 && (last > -7 || power.abs() < 4) {
        return if power < 0 {
            format!("0.{}{digits}", "0".repeat((-power - 1) as usize))
        } else {
            let (whole, fraction) = digits.split_at(power as usize + 1);
            format!("{whole}.{fraction}")
        };
    }
    let sign = if power < 0 { '-' } else { '+' };
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{first}{point}{rest}e{sign}{}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_plain_and_long_ones_are_not() {
        for (value, expected) in [
            (0.0, "0"),
            (3.0, "3"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e7, "10000000"),
            (1e20, "1e+20"),
            (1.5e-10, "1.5e-10"),
            (123_456.789, "123456.789"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(text(value), expected);
        }
    }
}
