//! Kernels of AVX-512 (F, BW, VL): 32 elements at a time, what is left over under a mask.

use std::arch::x86_64::*;

use super::{Family, Kernels, avx2, portable};

pub(crate) const KERNELS: Kernels = Kernels {
    f32: Family { l2: l2_f32, dot: dot_f32, l1: l1_f32, linf: linf_f32 },
    f16: Family { l2: l2_f16, dot: dot_f16, l1: l1_f16, linf: linf_f16 },
    i8: Family { l2: l2_i8, dot: dot_i8, l1: l1_i8, linf: linf_i8 },
    code: l2_u8,
    hamming,
};

/// Whether this processor has what every kernel here takes.
pub(crate) fn supported() -> bool {
    avx2::supported()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vpopcntdq")
}

/// The portable kernels with more instructions.
macro_rules! portable_kernels {
    ($($name:ident)*) => {$(
        /// # Safety
        /// As [`super::Kernel`]; AVX-512 F, BW, VL.
        #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
        unsafe fn $name(a: *const u8, b: *const u8, count: usize) -> f32 {
            // SAFETY: the caller vouches for the rows.
            unsafe { portable::$name(a, b, count) }
        }
    )*};
}

portable_kernels! { l1_f32 linf_f32 l1_f16 linf_f16 l1_i8 linf_i8 }

/// Kernels of floats: loads of sixteen elements, whole and under a mask, and what a pair of registers does to a sum.
macro_rules! float_kernels {
    ($($name:ident, $bytes:literal, $load:expr, $part:expr, $step:expr;)*) => {$(
        /// # Safety
        /// As [`super::Kernel`]; AVX-512 F, BW, VL.
        #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
        unsafe fn $name(a: *const u8, b: *const u8, count: usize) -> f32 {
            let (mut even, mut odd) = (_mm512_setzero_ps(), _mm512_setzero_ps());
            let mut at = 0;
            while at + 32 <= count {
                // SAFETY: elements `at .. at + 32` lie within both rows, which have `count`.
                unsafe {
                    even = $step($load(a.add(at * $bytes)), $load(b.add(at * $bytes)), even);
                    odd = $step($load(a.add((at + 16) * $bytes)), $load(b.add((at + 16) * $bytes)), odd);
                }
                at += 32;
            }
            while at < count {
                let mask = if count - at >= 16 { 0xffff } else { (1u16 << (count - at)) - 1 };
                // SAFETY: the mask has a bit for each element from `at` that the rows still have, at most sixteen; what it leaves out is not read.
                unsafe { even = $step($part(mask, a.add(at * $bytes)), $part(mask, b.add(at * $bytes)), even) };
                at += 16;
            }
            _mm512_reduce_add_ps(_mm512_add_ps(even, odd))
        }
    )*};
}

/// # Safety
/// 64 bytes must be readable.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load_f32(from: *const u8) -> __m512 {
    // SAFETY: the caller vouches for 64 bytes; the load takes any alignment.
    unsafe { _mm512_loadu_ps(from.cast()) }
}

/// # Safety
/// Four bytes must be readable for each bit of the mask.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn part_f32(mask: u16, from: *const u8) -> __m512 {
    // SAFETY: the caller vouches for what the mask names; the rest is not read.
    unsafe { _mm512_maskz_loadu_ps(mask, from.cast()) }
}

/// # Safety
/// 32 bytes must be readable.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load_f16(from: *const u8) -> __m512 {
    // SAFETY: the caller vouches for 32 bytes; the load takes any alignment.
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(from.cast()) })
}

/// # Safety
/// Two bytes must be readable for each bit of the mask.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn part_f16(mask: u16, from: *const u8) -> __m512 {
    // SAFETY: the caller vouches for what the mask names; the rest is not read.
    _mm512_cvtph_ps(unsafe { _mm256_maskz_loadu_epi16(mask, from.cast()) })
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_square(a: __m512, b: __m512, sum: __m512) -> __m512 {
    let difference = _mm512_sub_ps(a, b);
    _mm512_fmadd_ps(difference, difference, sum)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_product(a: __m512, b: __m512, sum: __m512) -> __m512 {
    _mm512_fmadd_ps(a, b, sum)
}

float_kernels! {
    l2_f32, 4, load_f32, part_f32, add_square;
    dot_f32, 4, load_f32, part_f32, add_product;
    l2_f16, 2, load_f16, part_f16, add_square;
    dot_f16, 2, load_f16, part_f16, add_product;
}

/// Kernels of bytes: how 32 become 32 numbers of 16 bits, and what a pair of registers adds up to.
macro_rules! byte_kernels {
    ($($name:ident, $widen:expr, $step:expr;)*) => {$(
        /// # Safety
        /// As [`super::Kernel`]; AVX-512 F, BW, VL.
        #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
        unsafe fn $name(a: *const u8, b: *const u8, count: usize) -> f32 {
            let (mut even, mut odd) = (_mm512_setzero_si512(), _mm512_setzero_si512());
            let mut at = 0;
            while at + 64 <= count {
                // SAFETY: bytes `at .. at + 64` lie within both rows, which have `count`; the loads take any alignment.
                let [a0, b0, a1, b1] = unsafe {
                    [a.add(at), b.add(at), a.add(at + 32), b.add(at + 32)].map(|from| _mm256_loadu_si256(from.cast()))
                };
                even = _mm512_add_epi32(even, $step($widen(a0), $widen(b0)));
                odd = _mm512_add_epi32(odd, $step($widen(a1), $widen(b1)));
                at += 64;
            }
            while at < count {
                let mask = if count - at >= 32 { u32::MAX } else { (1u32 << (count - at)) - 1 };
                // SAFETY: the mask has a bit for each byte from `at` that the rows still have, at most 32; what it leaves out is not read.
                let (a0, b0) = unsafe {
                    (_mm256_maskz_loadu_epi8(mask, a.add(at).cast()), _mm256_maskz_loadu_epi8(mask, b.add(at).cast()))
                };
                even = _mm512_add_epi32(even, $step($widen(a0), $widen(b0)));
                at += 32;
            }
            _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd)) as f32
        }
    )*};
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn square(a: __m512i, b: __m512i) -> __m512i {
    let difference = _mm512_sub_epi16(a, b);
    _mm512_madd_epi16(difference, difference)
}

byte_kernels! {
    l2_u8, _mm512_cvtepu8_epi16, square;
    l2_i8, _mm512_cvtepi8_epi16, square;
    dot_i8, _mm512_cvtepi8_epi16, _mm512_madd_epi16;
}

/// # Safety
/// As [`super::Kernel`]; AVX-512 F, BW, VPOPCNTDQ.
#[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq")]
unsafe fn hamming(a: *const u8, b: *const u8, count: usize) -> f32 {
    let mut lanes = _mm512_setzero_si512();
    let mut at = 0;
    while at < count {
        let mask = if count - at >= 64 { u64::MAX } else { (1u64 << (count - at)) - 1 };
        // SAFETY: the mask has a bit for each byte from `at` that the rows still have, at most 64; what it leaves out is not read.
        let (a, b) = unsafe {
            (_mm512_maskz_loadu_epi8(mask, a.add(at).cast()), _mm512_maskz_loadu_epi8(mask, b.add(at).cast()))
        };
        lanes = _mm512_add_epi64(lanes, _mm512_popcnt_epi64(_mm512_xor_si512(a, b)));
        at += 64;
    }
    _mm512_reduce_add_epi64(lanes) as f32
}
