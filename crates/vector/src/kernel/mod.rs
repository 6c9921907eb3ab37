//! Distances of two vectors of bytes, by the best instructions of this processor.
//!
//! [`Metric::of`] chooses; every kernel of a kind agrees with the portable one (floating-point sums up to their order). Kernels take raw pointers
//! because instructions do; [`Metric::distance`] is where lengths are checked.

use crate::{Element, Shape, Space};

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

/// What is summed up over two vectors of so many elements.
///
/// # Safety
/// Both pointers must be good for reading so many elements of the kernel's kind, and the processor must have the kernel's instructions.
pub(crate) type Kernel = unsafe fn(*const u8, *const u8, usize) -> f32;

/// Kernels of one element.
#[derive(Clone, Copy)]
pub(crate) struct Family {
    pub(crate) l2: Kernel,
    pub(crate) dot: Kernel,
    pub(crate) l1: Kernel,
    pub(crate) linf: Kernel,
}

/// Kernels of one instruction set.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(crate) f32: Family,
    pub(crate) f16: Family,
    pub(crate) i8: Family,
    /// Squared differences of codes (`u8`), whose number is a multiple of 32.
    pub(crate) code: Kernel,
    /// Bits that differ, by bytes.
    pub(crate) hamming: Kernel,
}

impl Kernels {
    /// The best that this processor has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if avx512::supported() {
                return avx512::KERNELS;
            }
            if avx2::supported() {
                return avx2::KERNELS;
            }
        }
        portable::KERNELS
    }

    fn family(&self, element: Element) -> Family {
        match element {
            Element::F32 => self.f32,
            Element::F16 => self.f16,
            Element::I8 | Element::Binary => self.i8,
        }
    }
}

/// The distance of two rows.
#[derive(Clone, Copy)]
pub(crate) struct Metric {
    kernel: Kernel,
    /// What the kernel counts in.
    elements: usize,
    /// Bytes of them.
    bytes: usize,
    end: End,
}

/// What becomes of the kernel's sum.
#[derive(Clone, Copy)]
enum End {
    Plain,
    Negated,
    /// Rows end with the inverse of their length.
    Cosine,
}

impl Metric {
    pub(crate) fn of(shape: &Shape) -> Self {
        let kernels = Kernels::detect();
        let family = kernels.family(shape.element());
        let (kernel, end) = match shape.space() {
            Space::L2 => (family.l2, End::Plain),
            Space::Cosine => (family.dot, End::Cosine),
            Space::InnerProduct => (family.dot, End::Negated),
            Space::Hamming => (kernels.hamming, End::Plain),
            Space::L1 => (family.l1, End::Plain),
            Space::Linf => (family.linf, End::Plain),
        };
        Self { kernel, elements: shape.values(), bytes: shape.element_bytes(), end }
    }

    /// The distance of rows of codes, of so many bytes: a multiple of 32.
    pub(crate) fn of_codes(bytes: usize) -> Self {
        assert!(bytes.is_multiple_of(32), "codes are padded");
        Self { kernel: Kernels::detect().code, elements: bytes, bytes, end: End::Plain }
    }

    /// # Panics
    /// When a row is shorter than its shape says.
    #[inline]
    pub(crate) fn distance(&self, a: &[u8], b: &[u8]) -> f32 {
        assert!(a.len() >= self.bytes && b.len() >= self.bytes, "a row is too short");
        // SAFETY: `bytes` is what `elements` elements take (`Shape::element_bytes`, or one byte a code in a multiple of 32), and both rows have
        // as many, as was just seen. `Kernels::detect` gives only kernels whose instructions this processor has.
        let sum = unsafe { (self.kernel)(a.as_ptr(), b.as_ptr(), self.elements) };
        match self.end {
            End::Plain => sum,
            End::Negated => -sum,
            End::Cosine => 1.0 - sum * tail(a, self.bytes) * tail(b, self.bytes),
        }
    }
}

fn tail(row: &[u8], at: usize) -> f32 {
    row[at..].first_chunk::<4>().map_or(0.0, |four| f32::from_le_bytes(*four))
}

/// Lines of a row that are worth fetching ahead; the processor sees the pattern by itself then.
const LINES: usize = 8;

/// How many lines [`prefetch`] fetches of a row of so many bytes.
pub(crate) fn lines(bytes: usize) -> usize {
    bytes.div_ceil(64).clamp(1, LINES)
}

/// Begins to fetch a row that will be read soon.
#[inline]
pub(crate) fn prefetch(row: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for at in (0..row.len()).step_by(64).take(LINES) {
        // SAFETY: a prefetch reads nothing that a program could see and faults nowhere; besides, `at` lies within the row. SSE is part of every
        // x86-64 processor.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(row.as_ptr().add(at).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (row, LINES);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sets that this processor has, besides the portable one.
    fn others() -> Vec<(&'static str, Kernels)> {
        #[allow(unused_mut)] // Other processors have none.
        let mut sets: Vec<(&'static str, Kernels)> = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if avx2::supported() {
                sets.push(("avx2", avx2::KERNELS));
            }
            if avx512::supported() {
                sets.push(("avx512", avx512::KERNELS));
            }
        }
        sets
    }

    fn bytes(seed: u64, count: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    fn floats(seed: u64, count: usize) -> Vec<f32> {
        bytes(seed, count).iter().map(|&byte| f32::from(byte as i8) / 40.0).collect()
    }

    /// Calls both kernels on exact-sized rows of every length of interest, and one byte off any alignment.
    fn compare(kernels: (Kernel, Kernel), element: usize, counts: &[usize], make: impl Fn(u64, usize) -> Vec<u8>) {
        for &count in counts {
            let (mut a, mut b) = (vec![0], vec![0]);
            a.extend(make(2 * count as u64 + 1, count));
            b.extend(make(2 * count as u64 + 2, count));
            let (a, b) = (&a[1..], &b[1..]);
            assert_eq!(a.len(), count * element);
            // SAFETY: both rows have `count` elements; `others` gives only what this processor has.
            let (wanted, got) =
                unsafe { (kernels.0(a.as_ptr(), b.as_ptr(), count), kernels.1(a.as_ptr(), b.as_ptr(), count)) };
            let near = (wanted - got).abs() <= 1e-4 * wanted.abs().max(1.0);
            assert!(near, "{count} elements: {got} instead of {wanted}");
        }
    }

    const COUNTS: &[usize] = &[1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 100, 127, 128, 384, 1000, 16_000];

    #[test]
    fn all_instruction_sets_agree() {
        let as_f32 = |seed, count| floats(seed, count).iter().flat_map(|x| x.to_le_bytes()).collect();
        let as_f16 =
            |seed, count| floats(seed, count).iter().flat_map(|x| half::f16::from_f32(*x).to_le_bytes()).collect();
        for (name, set) in others() {
            println!("{name}");
            let ours = portable::KERNELS;
            for (plain, fast, element) in [(ours.f32, set.f32, 4), (ours.f16, set.f16, 2), (ours.i8, set.i8, 1)] {
                let pairs = [(plain.l2, fast.l2), (plain.dot, fast.dot), (plain.l1, fast.l1), (plain.linf, fast.linf)];
                for pair in pairs {
                    match element {
                        4 => compare(pair, 4, COUNTS, as_f32),
                        2 => compare(pair, 2, COUNTS, as_f16),
                        _ => compare(pair, 1, COUNTS, bytes),
                    }
                }
            }
            compare((ours.hamming, set.hamming), 1, COUNTS, bytes);
            compare((ours.code, set.code), 1, &[32, 64, 96, 128, 160, 384, 16_032], bytes);
        }
    }

    #[test]
    fn sums_of_extremes_do_not_overflow() {
        let (low, high) = (vec![0x80; 16_000], vec![0x7f; 16_000]);
        for (name, set) in others().into_iter().chain([("portable", portable::KERNELS)]) {
            // SAFETY: both rows have 16,000 bytes; `others` gives only what this processor has.
            let (l2, dot, code) = unsafe {
                (
                    (set.i8.l2)(low.as_ptr(), high.as_ptr(), 16_000),
                    (set.i8.dot)(low.as_ptr(), low.as_ptr(), 16_000),
                    (set.code)(vec![0; 16_000].as_ptr(), vec![255; 16_000].as_ptr(), 16_000),
                )
            };
            assert_eq!((l2, dot, code), (255.0 * 255.0 * 16e3, 128.0 * 128.0 * 16e3, 255.0 * 255.0 * 16e3), "{name}");
        }
    }

    #[test]
    fn distances_are_what_the_spaces_say() {
        let check = |space, wanted: f32| {
            let shape = Shape::new(2, Element::F32, space).unwrap();
            let row = |vector: &[f32]| {
                let mut row = Vec::new();
                shape.push_row(vector, &mut row).unwrap();
                row
            };
            let found = Metric::of(&shape).distance(&row(&[3.0, 4.0]), &row(&[4.0, -3.0]));
            assert!((found - wanted).abs() < 1e-6, "{space:?}: {found}");
        };
        check(Space::L2, 50.0);
        check(Space::Cosine, 1.0);
        check(Space::InnerProduct, 0.0);
        check(Space::L1, 8.0);
        check(Space::Linf, 7.0);
    }
}
