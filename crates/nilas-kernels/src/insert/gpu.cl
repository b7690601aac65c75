// Back-projection: every coefficient of every item is spread over its 64 taps with float atomics.
// Defines from the host: those of spline.cl. `grid` holds re, im, weight, 0 for each point.

// Item BLOCK; BLOCK_Y is a stretch of THREADS coefficients. Lists of an item begin at BLOCK * stride.
KERNEL back_project(GLOBAL float *grid, const GLOBAL float *rotations, const GLOBAL float *kx,
                    const GLOBAL float *ky, const GLOBAL float *re, const GLOBAL float *im,
                    const GLOBAL float *weight, const GLOBAL int *lengths, int stride) {
    int i = BLOCK_Y * THREADS + THREAD;
    if (i >= lengths[BLOCK]) return;
    float m[6];
    UNROLL for (int j = 0; j < 6; j++) m[j] = rotations[6 * BLOCK + j];
    Taps t;
    place(m, kx[i], ky[i], &t);
    if (t.base < 0) return;
    int source = BLOCK * stride + i;
    float vr = re[source], vi = im[source] * t.sign, vw = weight[source];
    for (int z = 0; z < 4; z++) {
        for (int y = 0; y < 4; y++) {
            float w = t.z[z] * t.y[y];
            GLOBAL float *row = grid + 4 * (t.base + (z * NY + y) * NX);
            for (int x = 0; x < 4; x++) {
                float wx = w * t.x[x];
                ATOMIC_ADD(row + 4 * x, wx * vr);
                ATOMIC_ADD(row + 4 * x + 1, wx * vi);
                ATOMIC_ADD(row + 4 * x + 2, wx * vw);
            }
        }
    }
}
