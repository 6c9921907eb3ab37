//! Kernels of AVX2, FMA and F16C: sixteen or eight elements at a time, what is left over one by one.

use std::arch::x86_64::*;

use super::{Family, Kernels, portable};

pub(crate) const KERNELS: Kernels = Kernels {
    f32: Family { l2: l2_f32, dot: dot_f32, l1: l1_f32, linf: linf_f32 },
    f16: Family { l2: l2_f16, dot: dot_f16, l1: l1_f16, linf: linf_f16 },
    i8: Family { l2: l2_i8, dot: dot_i8, l1: l1_i8, linf: linf_i8 },
    code: l2_u8,
    hamming,
};

/// Whether this processor has what every kernel here takes.
pub(crate) fn supported() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c")
        && is_x86_feature_detected!("popcnt")
}

/// The portable kernels with more instructions.
macro_rules! portable_kernels {
    ($($name:ident)*) => {$(
        /// # Safety
        /// As [`super::Kernel`]; AVX2, FMA, popcnt.
        #[target_feature(enable = "avx2,fma,popcnt")]
        unsafe fn $name(a: *const u8, b: *const u8, count: usize) -> f32 {
            // SAFETY: the caller vouches for the rows.
            unsafe { portable::$name(a, b, count) }
        }
    )*};
}

portable_kernels! { l1_f32 linf_f32 l1_f16 linf_f16 l1_i8 linf_i8 hamming }

#[target_feature(enable = "avx2")]
fn sum(lanes: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}

#[target_feature(enable = "avx2")]
fn sum_whole(lanes: __m256i) -> f32 {
    let four = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256::<1>(lanes));
    let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b_01_00_11_10>(four));
    let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b_10_11_00_01>(two));
    _mm_cvtsi128_si32(one) as f32
}

/// Kernels of floats: how eight elements are loaded, what a pair of registers does to a sum, and the same for what is left over.
macro_rules! float_kernels {
    ($($name:ident, $bytes:literal, $load:expr, $step:expr, $rest:ident;)*) => {$(
        /// # Safety
        /// As [`super::Kernel`]; AVX2, FMA, F16C.
        #[target_feature(enable = "avx2,fma,f16c")]
        unsafe fn $name(a: *const u8, b: *const u8, count: usize) -> f32 {
            let (mut even, mut odd) = (_mm256_setzero_ps(), _mm256_setzero_ps());
            let mut at = 0;
            while at + 16 <= count {
                // SAFETY: elements `at .. at + 16` lie within both rows, which have `count`.
                unsafe {
                    even = $step($load(a.add(at * $bytes)), $load(b.add(at * $bytes)), even);
                    odd = $step($load(a.add((at + 8) * $bytes)), $load(b.add((at + 8) * $bytes)), odd);
                }
                at += 16;
            }
            if at + 8 <= count {
                // SAFETY: so do elements `at .. at + 8`.
                unsafe { even = $step($load(a.add(at * $bytes)), $load(b.add(at * $bytes)), even) };
                at += 8;
            }
            // SAFETY: `at <= count`, and `count - at` elements are left.
            let rest = unsafe { portable::$rest(a.add(at * $bytes), b.add(at * $bytes), count - at) };
            sum(_mm256_add_ps(even, odd)) + rest
        }
    )*};
}

/// # Safety
/// 32 bytes must be readable.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load_f32(from: *const u8) -> __m256 {
    // SAFETY: the caller vouches for 32 bytes; the load takes any alignment.
    unsafe { _mm256_loadu_ps(from.cast()) }
}

/// # Safety
/// 16 bytes must be readable.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn load_f16(from: *const u8) -> __m256 {
    // SAFETY: the caller vouches for 16 bytes; the load takes any alignment.
    _mm256_cvtph_ps(unsafe { _mm_loadu_si128(from.cast()) })
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_square(a: __m256, b: __m256, sum: __m256) -> __m256 {
    let difference = _mm256_sub_ps(a, b);
    _mm256_fmadd_ps(difference, difference, sum)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_product(a: __m256, b: __m256, sum: __m256) -> __m256 {
    _mm256_fmadd_ps(a, b, sum)
}

float_kernels! {
    l2_f32, 4, load_f32, add_square, l2_f32;
    dot_f32, 4, load_f32, add_product, dot_f32;
    l2_f16, 2, load_f16, add_square, l2_f16;
    dot_f16, 2, load_f16, add_product, dot_f16;
}

/// Kernels of bytes: how sixteen become sixteen numbers of 16 bits, what a pair of registers adds up to, and the same for what is left over.
macro_rules! byte_kernels {
    ($($name:ident, $widen:expr, $step:expr, $rest:ident;)*) => {$(
        /// # Safety
        /// As [`super::Kernel`]; AVX2.
        #[target_feature(enable = "avx2")]
        unsafe fn $name(a: *const u8, b: *const u8, count: usize) -> f32 {
            let mut lanes = _mm256_setzero_si256();
            let mut at = 0;
            while at + 16 <= count {
                // SAFETY: bytes `at .. at + 16` lie within both rows, which have `count`; the loads take any alignment.
                let (a, b) = unsafe { (_mm_loadu_si128(a.add(at).cast()), _mm_loadu_si128(b.add(at).cast())) };
                lanes = _mm256_add_epi32(lanes, $step($widen(a), $widen(b)));
                at += 16;
            }
            // SAFETY: `at <= count`, and `count - at` bytes are left.
            sum_whole(lanes) + unsafe { portable::$rest(a.add(at), b.add(at), count - at) }
        }
    )*};
}

#[inline]
#[target_feature(enable = "avx2")]
fn square(a: __m256i, b: __m256i) -> __m256i {
    let difference = _mm256_sub_epi16(a, b);
    _mm256_madd_epi16(difference, difference)
}

byte_kernels! {
    l2_u8, _mm256_cvtepu8_epi16, square, l2_u8;
    l2_i8, _mm256_cvtepi8_epi16, square, l2_i8;
    dot_i8, _mm256_cvtepi8_epi16, _mm256_madd_epi16, dot_i8;
}
