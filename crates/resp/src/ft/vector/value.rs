//! Vectors as keys and queries hold them: bytes in the order of small machines, or arrays of numbers.

use serde_json::Value as Json;

use super::field::{Element, VectorField};

/// The numbers of a blob; `None`: it has another length.
pub fn of_bytes(field: &VectorField, bytes: &[u8]) -> Option<Vec<f32>> {
    let width = field.element.width();
    (bytes.len() == width * field.dimension as usize).then(|| {
        let numbers = bytes.chunks_exact(width);
        numbers.map(|number| one(field.element, number)).collect()
    })
}

fn one(element: Element, bytes: &[u8]) -> f32 {
    match (element, bytes) {
        (Element::Float64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
        (Element::Float32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
        (Element::Float16, &[a, b]) => of_half(u16::from_le_bytes([a, b])),
        (Element::BFloat16, &[a, b]) => f32::from_bits(u32::from(u16::from_le_bytes([a, b])) << 16),
        // Chunks are as wide as the element.
        _ => f32::NAN,
    }
}

/// A number of 16 bits: five of exponent, ten of fraction.
fn of_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

/// The numbers of an array; `None`: it is none, or not of so many numbers.
pub fn of_json(field: &VectorField, value: &Json) -> Option<Vec<f32>> {
    let items = value.as_array().filter(|items| items.len() == field.dimension as usize)?;
    items.iter().map(|item| item.as_f64().map(|number| number as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::field::{Algorithm, Metric};
    use super::*;

    fn field(element: Element, dimension: u32) -> VectorField {
        let (algorithm, metric) = (Algorithm::Flat, Metric::L2);
        VectorField { algorithm, element, dimension, metric, m: 16, ef_construction: 200, ef_runtime: 10 }
    }

    #[test]
    fn bytes_are_numbers_of_their_width() {
        let check = |element, bytes: &[u8], expected: Option<&[f32]>| {
            let dimension = expected.map_or(2, <[f32]>::len) as u32;
            assert_eq!(of_bytes(&field(element, dimension), bytes).as_deref(), expected, "{element:?}");
        };
        check(Element::Float32, &[0, 0, 128, 63, 0, 0, 0, 192], Some(&[1.0, -2.0]));
        check(Element::Float64, &[0, 0, 0, 0, 0, 0, 248, 63], Some(&[1.5]));
        check(Element::Float16, &[0, 60, 0, 192, 1, 0, 255, 123], Some(&[1.0, -2.0, 2_f32.powi(-24), 65_504.0]));
        check(Element::BFloat16, &[128, 63, 64, 192], Some(&[1.0, -3.0]));
        check(Element::Float32, &[0, 0, 128, 63], None);
        assert!(of_half(0x7c00).is_infinite() && of_half(0x7e00).is_nan());
    }

    #[test]
    fn arrays_hold_numbers_alone() {
        let field = field(Element::Float32, 2);
        let check = |text: &str, expected: Option<Vec<f32>>| {
            assert_eq!(of_json(&field, &serde_json::from_str(text).unwrap()), expected, "{text}");
        };
        check("[1, 2.5]", Some(vec![1.0, 2.5]));
        for wrong in ["[1]", "[1, \"a\"]", "1", "null", "[[1, 2]]"] {
            check(wrong, None);
        }
    }
}
