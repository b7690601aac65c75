//! Vectors of 8 and 16 floats with one implementation per instruction set.
//!
//! The compiler unrolls short fixed loops before it looks for vectors and then misses them; hot loops therefore
//! name their vectors. The x86 types may only be used below a dispatch that has checked the CPU: that is what
//! makes the `unsafe` blocks here sound.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A vector of `LEN` floats.
pub(crate) trait Vector: Copy {
    /// Number of floats.
    const LEN: usize;
    fn splat(v: f32) -> Self;
    /// The first `LEN` floats of `v`, which must be at least that long.
    fn load(v: &[f32]) -> Self;
    fn store(self, to: &mut [f32]);
    fn add(self, o: Self) -> Self;
    fn sub(self, o: Self) -> Self;
    fn mul(self, o: Self) -> Self;
    /// `self * b + c`.
    fn fma(self, b: Self, c: Self) -> Self;
    fn max(self, o: Self) -> Self;
    fn floor(self) -> Self;
    /// 1 with the sign of each float.
    fn sign(self) -> Self;
}

/// A row of four interleaved complex numbers.
pub(crate) trait Row: Vector {
    /// `[w0, w0, w1, w1, w2, w2, w3, w3]`.
    fn pairs(w: [f32; 4]) -> Self;
    /// Sums over the real and over the imaginary places.
    fn pair_sum(self) -> [f32; 2];
}

/// Portable vector: the compiler's best guess.
#[derive(Clone, Copy)]
pub(crate) struct Plain<const N: usize>([f32; N]);

impl<const N: usize> Vector for Plain<N> {
    const LEN: usize = N;
    #[inline(always)]
    fn splat(v: f32) -> Self {
        Self([v; N])
    }
    #[inline(always)]
    fn load(v: &[f32]) -> Self {
        let mut out = [0.0; N];
        out.copy_from_slice(&v[..N]);
        Self(out)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..N].copy_from_slice(&self.0);
    }
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + o.0[i]))
    }
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - o.0[i]))
    }
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * o.0[i]))
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Self(std::array::from_fn(|i| {
            if self.0[i] > o.0[i] { self.0[i] } else { o.0[i] }
        }))
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Self(self.0.map(f32::floor))
    }
    #[inline(always)]
    fn sign(self) -> Self {
        Self(self.0.map(|v| 1f32.copysign(v)))
    }
}

impl Row for Plain<8> {
    #[inline(always)]
    fn pairs(w: [f32; 4]) -> Self {
        Self([w[0], w[0], w[1], w[1], w[2], w[2], w[3], w[3]])
    }
    #[inline(always)]
    fn pair_sum(self) -> [f32; 2] {
        let v = self.0;
        [(v[0] + v[4]) + (v[2] + v[6]), (v[1] + v[5]) + (v[3] + v[7])]
    }
}

/// Eight floats in one AVX register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx(__m256);

// SAFETY (all blocks of this impl): only reached below a dispatch for AVX2 and FMA; loads and stores are bounds-checked.
#[cfg(target_arch = "x86_64")]
impl Vector for Avx {
    const LEN: usize = 8;
    #[inline(always)]
    fn splat(v: f32) -> Self {
        Self(unsafe { _mm256_set1_ps(v) })
    }
    #[inline(always)]
    fn load(v: &[f32]) -> Self {
        let v = &v[..8];
        Self(unsafe { _mm256_loadu_ps(v.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = &mut to[..8];
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        Self(unsafe { _mm256_add_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        Self(unsafe { _mm256_sub_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        Self(unsafe { _mm256_mul_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(unsafe { _mm256_fmadd_ps(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Self(unsafe { _mm256_max_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Self(unsafe { _mm256_floor_ps(self.0) })
    }
    #[inline(always)]
    fn sign(self) -> Self {
        Self(unsafe { _mm256_or_ps(_mm256_and_ps(self.0, _mm256_set1_ps(-0.0)), _mm256_set1_ps(1.0)) })
    }
}

#[cfg(target_arch = "x86_64")]
impl Row for Avx {
    #[inline(always)]
    fn pairs(w: [f32; 4]) -> Self {
        // SAFETY: as for the trait above.
        unsafe {
            let four = _mm_loadu_ps(w.as_ptr());
            let low = _mm_unpacklo_ps(four, four);
            let high = _mm_unpackhi_ps(four, four);
            Self(_mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), high))
        }
    }
    #[inline(always)]
    fn pair_sum(self) -> [f32; 2] {
        // SAFETY: as for the trait above.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            [_mm_cvtss_f32(two), _mm_cvtss_f32(_mm_shuffle_ps::<1>(two, two))]
        }
    }
}

/// Sixteen floats in one AVX-512 register.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512);

// SAFETY (all blocks of this impl): only reached below a dispatch for AVX-512; loads and stores are bounds-checked.
#[cfg(target_arch = "x86_64")]
impl Vector for Avx512 {
    const LEN: usize = 16;
    #[inline(always)]
    fn splat(v: f32) -> Self {
        Self(unsafe { _mm512_set1_ps(v) })
    }
    #[inline(always)]
    fn load(v: &[f32]) -> Self {
        let v = &v[..16];
        Self(unsafe { _mm512_loadu_ps(v.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = &mut to[..16];
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        Self(unsafe { _mm512_add_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        Self(unsafe { _mm512_sub_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        Self(unsafe { _mm512_mul_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Self(unsafe { _mm512_max_ps(self.0, o.0) })
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Self(unsafe { _mm512_roundscale_ps::<0x09>(self.0) })
    }
    #[inline(always)]
    fn sign(self) -> Self {
        Self(unsafe { _mm512_or_ps(_mm512_and_ps(self.0, _mm512_set1_ps(-0.0)), _mm512_set1_ps(1.0)) })
    }
}

/// Two vectors side by side.
#[derive(Clone, Copy)]
pub(crate) struct Twice<V>(V, V);

impl<V: Vector> Vector for Twice<V> {
    const LEN: usize = 2 * V::LEN;
    #[inline(always)]
    fn splat(v: f32) -> Self {
        Self(V::splat(v), V::splat(v))
    }
    #[inline(always)]
    fn load(v: &[f32]) -> Self {
        Self(V::load(v), V::load(&v[V::LEN..]))
    }
    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        self.0.store(to);
        self.1.store(&mut to[V::LEN..]);
    }
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        Self(self.0.add(o.0), self.1.add(o.1))
    }
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        Self(self.0.sub(o.0), self.1.sub(o.1))
    }
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        Self(self.0.mul(o.0), self.1.mul(o.1))
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        Self(self.0.fma(b.0, c.0), self.1.fma(b.1, c.1))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Self(self.0.max(o.0), self.1.max(o.1))
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Self(self.0.floor(), self.1.floor())
    }
    #[inline(always)]
    fn sign(self) -> Self {
        Self(self.0.sign(), self.1.sign())
    }
}

/// The vectors that a kernel body is compiled with.
pub(crate) trait Isa {
    /// Eight floats.
    type V8: Row;
    /// Sixteen floats.
    type V16: Vector;
}

/// No assumptions.
pub(crate) struct IsaPortable;
impl Isa for IsaPortable {
    type V8 = Plain<8>;
    type V16 = Plain<16>;
}

/// AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
pub(crate) struct IsaAvx2;
#[cfg(target_arch = "x86_64")]
impl Isa for IsaAvx2 {
    type V8 = Avx;
    type V16 = Twice<Avx>;
}

/// AVX-512.
#[cfg(target_arch = "x86_64")]
pub(crate) struct IsaAvx512;
#[cfg(target_arch = "x86_64")]
impl Isa for IsaAvx512 {
    type V8 = Avx;
    type V16 = Avx512;
}
