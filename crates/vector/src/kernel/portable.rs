//! Kernels in plain code: for every processor, and the measure of all others.
//!
//! Sums go in sixteen lanes, which compilers turn into the vector instructions that the target always has (SSE2 on x86-64, NEON on 64-bit ARM).
//! They are inlined, so that the other sets can take them with their own instructions switched on.

use std::slice::from_raw_parts;

use super::{Family, Kernels};

pub(crate) const KERNELS: Kernels = Kernels {
    f32: Family { l2: l2_f32, dot: dot_f32, l1: l1_f32, linf: linf_f32 },
    f16: Family { l2: l2_f16, dot: dot_f16, l1: l1_f16, linf: linf_f16 },
    i8: Family { l2: l2_i8, dot: dot_i8, l1: l1_i8, linf: linf_i8 },
    code: l2_u8,
    hamming,
};

const LANES: usize = 16;

/// Folds pairs of elements of `N` bytes, lane by lane, then the lanes.
///
/// # Safety
/// As [`super::Kernel`].
#[inline(always)]
unsafe fn fold<const N: usize>(
    a: *const u8,
    b: *const u8,
    count: usize,
    read: impl Fn([u8; N]) -> f32,
    step: impl Fn(f32, f32, f32) -> f32,
) -> [f32; LANES] {
    // SAFETY: the caller vouches for `count` elements of `N` bytes behind each pointer.
    let (a, b) = unsafe { (from_raw_parts(a.cast::<[u8; N]>(), count), from_raw_parts(b.cast::<[u8; N]>(), count)) };
    let mut lanes = [0.0; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..LANES {
            lanes[lane] = step(lanes[lane], read(a[lane]), read(b[lane]));
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        lanes[lane] = step(lanes[lane], read(*a), read(*b));
    }
    lanes
}

/// As [`fold`], for whole numbers of one byte.
///
/// # Safety
/// As [`super::Kernel`].
#[inline(always)]
unsafe fn fold_bytes(a: *const u8, b: *const u8, count: usize, step: impl Fn(i32, u8, u8) -> i32) -> [i32; LANES] {
    // SAFETY: the caller vouches for `count` bytes behind each pointer.
    let (a, b) = unsafe { (from_raw_parts(a, count), from_raw_parts(b, count)) };
    let mut lanes = [0; LANES];
    let (whole_a, rest_a) = a.as_chunks::<LANES>();
    let (whole_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..LANES {
            lanes[lane] = step(lanes[lane], a[lane], b[lane]);
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        lanes[lane] = step(lanes[lane], *a, *b);
    }
    lanes
}

#[inline(always)]
fn add_square(sum: f32, a: f32, b: f32) -> f32 {
    sum + (a - b) * (a - b)
}

#[inline(always)]
fn add_product(sum: f32, a: f32, b: f32) -> f32 {
    sum + a * b
}

#[inline(always)]
fn add_difference(sum: f32, a: f32, b: f32) -> f32 {
    sum + (a - b).abs()
}

#[inline(always)]
fn greater_difference(most: f32, a: f32, b: f32) -> f32 {
    most.max((a - b).abs())
}

#[inline(always)]
fn half(bytes: [u8; 2]) -> f32 {
    half::f16::from_le_bytes(bytes).to_f32()
}

#[inline(always)]
fn greatest(lanes: [f32; LANES]) -> f32 {
    lanes.into_iter().fold(0.0, f32::max)
}

/// One kernel: how elements are read, what each pair does to a lane, what the lanes come to.
macro_rules! kernels {
    ($($name:ident = $end:expr, $fold:ident($($argument:expr),*);)*) => {$(
        /// # Safety
        /// As [`super::Kernel`].
        #[inline(always)]
        pub(crate) unsafe fn $name(a: *const u8, b: *const u8, count: usize) -> f32 {
            // SAFETY: the caller vouches for the rows.
            $end(unsafe { $fold(a, b, count, $($argument),*) })
        }
    )*};
}

#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f32 {
    lanes.into_iter().sum()
}

#[inline(always)]
fn sum_whole(lanes: [i32; LANES]) -> f32 {
    lanes.into_iter().sum::<i32>() as f32
}

#[inline(always)]
fn greatest_whole(lanes: [i32; LANES]) -> f32 {
    lanes.into_iter().max().unwrap_or(0) as f32
}

#[inline(always)]
fn signed(a: u8, b: u8) -> (i32, i32) {
    (i32::from(a as i8), i32::from(b as i8))
}

kernels! {
    l2_f32 = sum, fold(f32::from_le_bytes, add_square);
    dot_f32 = sum, fold(f32::from_le_bytes, add_product);
    l1_f32 = sum, fold(f32::from_le_bytes, add_difference);
    linf_f32 = greatest, fold(f32::from_le_bytes, greater_difference);
    l2_f16 = sum, fold(half, add_square);
    dot_f16 = sum, fold(half, add_product);
    l1_f16 = sum, fold(half, add_difference);
    linf_f16 = greatest, fold(half, greater_difference);
    l2_i8 = sum_whole, fold_bytes(|sum, a, b| { let (a, b) = signed(a, b); sum + (a - b) * (a - b) });
    dot_i8 = sum_whole, fold_bytes(|sum, a, b| { let (a, b) = signed(a, b); sum + a * b });
    l1_i8 = sum_whole, fold_bytes(|sum, a, b| { let (a, b) = signed(a, b); sum + (a - b).abs() });
    linf_i8 = greatest_whole, fold_bytes(|most, a, b| { let (a, b) = signed(a, b); most.max((a - b).abs()) });
    l2_u8 = sum_whole, fold_bytes(|sum, a, b| { let difference = i32::from(a) - i32::from(b); sum + difference * difference });
    hamming = sum_whole, fold_bytes(|sum, a, b| sum + (a ^ b).count_ones() as i32);
}
