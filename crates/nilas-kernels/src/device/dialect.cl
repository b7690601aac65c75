// The common dialect: one kernel text for CUDA C (NVRTC) and OpenCL C 1.2. Rules: docs/adr/0003-kernel-dialect.md.
// The host puts `#define` lines for the sizes in front of it.

#ifdef __CUDACC__
#define KERNEL extern "C" __global__ void
#define DEVICE static __device__ __forceinline__
#define GLOBAL
#define LOCAL
#define RESTRICT __restrict__
#define LOCAL_ARRAY(type, name, count) __shared__ type name[count]
#define THREAD ((int)threadIdx.x)
#define THREADS ((int)blockDim.x)
#define BLOCK ((int)blockIdx.x)
#define BLOCK_Y ((int)blockIdx.y)
#define SYNC __syncthreads()
#define UNROLL _Pragma("unroll")
typedef float2 F2;
#define F2_OF(a, b) make_float2((a), (b))
#define ATOMIC_ADD(address, value) atomicAdd((address), (value))
#define FLOOR(x) floorf(x)
#define SINPI_COSPI(x, s, c) sincospif((x), &(s), &(c))
#else
#define KERNEL __kernel void
#define DEVICE static inline
#define GLOBAL __global
#define LOCAL __local
#define RESTRICT restrict
#define LOCAL_ARRAY(type, name, count) __local type name[count]
#define THREAD ((int)get_local_id(0))
#define THREADS ((int)get_local_size(0))
#define BLOCK ((int)get_group_id(0))
#define BLOCK_Y ((int)get_group_id(1))
#define SYNC barrier(CLK_LOCAL_MEM_FENCE)
#define UNROLL
typedef float2 F2;
#define F2_OF(a, b) ((float2)((a), (b)))
#define ATOMIC_ADD(address, value) atomic_add_float((address), (value))
#define FLOOR(x) floor(x)
#define SINPI_COSPI(x, s, c) do { (s) = sinpi(x); (c) = cospi(x); } while (0)
// OpenCL 1.2 has no float atomics: compare and swap until nobody came in between. The first guess is zero, because a
// plain read beside the swaps of others would be a race.
static inline void atomic_add_float(volatile __global float *address, float value) {
    union { unsigned int bits; float number; } seen, wanted;
    unsigned int guess = 0;
    for (;;) {
        seen.bits = guess;
        wanted.number = seen.number + value;
        guess = atomic_cmpxchg((volatile __global unsigned int *)address, seen.bits, wanted.bits);
        if (guess == seen.bits) break;
    }
}
#endif

DEVICE F2 complex_mul(F2 a, F2 b) { return F2_OF(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
DEVICE F2 complex_add(F2 a, F2 b) { return F2_OF(a.x + b.x, a.y + b.y); }
DEVICE F2 complex_sub(F2 a, F2 b) { return F2_OF(a.x - b.x, a.y - b.y); }
