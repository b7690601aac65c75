//! Which instruction set the hot loops use, decided once at run time.

pub(crate) mod vector;

use std::sync::OnceLock;

/// Instruction sets with their own code path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SimdLevel {
    /// Whatever the compiler may assume; runs everywhere.
    Portable,
    /// AVX2 with FMA (x86-64-v3).
    Avx2,
    /// AVX-512 F/BW/DQ/VL (x86-64-v4).
    Avx512,
}

/// The best level of this machine; `NILAS_SIMD=portable|avx2` lowers it (never raises it).
pub fn level() -> SimdLevel {
    static LEVEL: OnceLock<SimdLevel> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let best = detected();
        match std::env::var("NILAS_SIMD").as_deref() {
            Ok("portable") => SimdLevel::Portable,
            Ok("avx2") => best.min(SimdLevel::Avx2),
            _ => best,
        }
    })
}

/// Every level that this machine can run, lowest first.
pub fn available() -> Vec<SimdLevel> {
    [SimdLevel::Portable, SimdLevel::Avx2, SimdLevel::Avx512]
        .into_iter()
        .filter(|l| *l <= detected())
        .collect()
}

#[cfg(target_arch = "x86_64")]
fn detected() -> SimdLevel {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match (avx2, avx512) {
        (true, true) => SimdLevel::Avx512,
        (true, false) => SimdLevel::Avx2,
        _ => SimdLevel::Portable,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detected() -> SimdLevel {
    SimdLevel::Portable
}

/// `a*b + c`, fused where the caller's instruction set has it.
#[inline(always)]
pub(crate) fn fma<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `(sin, cos)` of `2 pi turns` without branches, so that loops over it become vector code.
/// Absolute error below 6e-7 for `|turns| < 1e4`.
#[inline(always)]
pub fn sin_cos_turns<const FUSED: bool>(turns: f32) -> (f32, f32) {
    let u = turns - (turns + 0.5).floor();
    // Half the angle, in [-pi/2, pi/2], then the double-angle formulas.
    let x = u * std::f32::consts::PI;
    let x2 = x * x;
    let mut s = fma::<FUSED>(x2, -2.388_985_9e-8, 2.752_556_2e-6);
    s = fma::<FUSED>(s, x2, -1.984_087_4e-4);
    s = fma::<FUSED>(s, x2, 8.333_333e-3);
    s = fma::<FUSED>(s, x2, -1.666_666_7e-1);
    s = fma::<FUSED>(s * x2, x, x);
    let mut c = fma::<FUSED>(x2, 2.087_675_7e-9, -2.755_731_4e-7);
    c = fma::<FUSED>(c, x2, 2.480_158_7e-5);
    c = fma::<FUSED>(c, x2, -1.388_888_9e-3);
    c = fma::<FUSED>(c, x2, 4.166_666_7e-2);
    c = fma::<FUSED>(c, x2, -0.5);
    c = fma::<FUSED>(c, x2, 1.0);
    (2.0 * s * c, fma::<FUSED>(-2.0 * s, s, 1.0))
}

/// Builds the run-time dispatch of one kernel: `$name(level, args)` calls `$body::<FUSED>(args)` compiled for
/// AVX-512, AVX2+FMA or the base target. The body must be `#[inline(always)]`.
macro_rules! dispatch {
    ($(#[$doc:meta])* $vis:vis fn $name:ident => $body:ident ( $($arg:ident : $ty:ty),* $(,)? )) => {
        $(#[$doc])*
        $vis fn $name(level: $crate::simd::SimdLevel, $($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn v4($($arg: $ty),*) { $body::<true>($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn v3($($arg: $ty),*) { $body::<true>($($arg),*) }
                match level {
                    // SAFETY: the level is only reported where the CPU has these features.
                    $crate::simd::SimdLevel::Avx512 => return unsafe { v4($($arg),*) },
                    // SAFETY: as above.
                    $crate::simd::SimdLevel::Avx2 => return unsafe { v3($($arg),*) },
                    $crate::simd::SimdLevel::Portable => {}
                }
            }
            let _ = level;
            $body::<false>($($arg),*)
        }
    };
}
pub(crate) use dispatch;

/// As `dispatch`, for bodies that are generic over [`vector::Isa`].
macro_rules! dispatch_isa {
    ($(#[$doc:meta])* $vis:vis fn $name:ident => $body:ident ( $($arg:ident : $ty:ty),* $(,)? )) => {
        $(#[$doc])*
        $vis fn $name(level: $crate::simd::SimdLevel, $($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[allow(clippy::too_many_arguments)]
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
                fn v4($($arg: $ty),*) { $body::<$crate::simd::vector::IsaAvx512>($($arg),*) }
                #[allow(clippy::too_many_arguments)]
                #[target_feature(enable = "avx2,fma")]
                fn v3($($arg: $ty),*) { $body::<$crate::simd::vector::IsaAvx2>($($arg),*) }
                match level {
                    // SAFETY: the level is only reported where the CPU has these features.
                    $crate::simd::SimdLevel::Avx512 => return unsafe { v4($($arg),*) },
                    // SAFETY: as above.
                    $crate::simd::SimdLevel::Avx2 => return unsafe { v3($($arg),*) },
                    $crate::simd::SimdLevel::Portable => {}
                }
            }
            let _ = level;
            $body::<$crate::simd::vector::IsaPortable>($($arg),*)
        }
    };
}
pub(crate) use dispatch_isa;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sin_cos_is_accurate() {
        for i in -20_000..20_000 {
            let t = i as f32 * 1.3e-3;
            let (s, c) = sin_cos_turns::<false>(t);
            let a = (t as f64) * std::f64::consts::TAU;
            assert!(
                (s as f64 - a.sin()).abs() < 6e-7 && (c as f64 - a.cos()).abs() < 6e-7,
                "{t}"
            );
        }
    }
}
