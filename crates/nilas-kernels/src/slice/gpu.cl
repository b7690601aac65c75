// Slices of a volume scored against shifted copies of one image.
// Defines from the host, beside those of spline.cl: SHIFTS (copies a block keeps sums for), BLOCK_THREADS (a power of 2).

DEVICE F2 sample(const GLOBAL F2 *RESTRICT grid, const float *m, float kx, float ky) {
    Taps t;
    place(m, kx, ky, &t);
    F2 sum = F2_OF(0.0f, 0.0f);
    if (t.base < 0) return sum;
    UNROLL for (int z = 0; z < 4; z++) {
        F2 plane = F2_OF(0.0f, 0.0f);
        UNROLL for (int y = 0; y < 4; y++) {
            const GLOBAL F2 *row = grid + t.base + (z * NY + y) * NX;
            float re = row[0].x * t.x[0] + row[1].x * t.x[1] + row[2].x * t.x[2] + row[3].x * t.x[3];
            float im = row[0].y * t.x[0] + row[1].y * t.x[1] + row[2].y * t.x[2] + row[3].y * t.x[3];
            plane.x += re * t.y[y];
            plane.y += im * t.y[y];
        }
        sum.x += plane.x * t.z[z];
        sum.y += plane.y * t.z[z];
    }
    sum.y *= t.sign;
    return sum;
}

// copies[t][i] = image[i] * exp(-2 pi i k.shift_t / box): the image moved by +shift_t. One thread a value.
KERNEL shifted_copies(const GLOBAL F2 *RESTRICT image, const GLOBAL float *RESTRICT kx, const GLOBAL float *RESTRICT ky,
                      const GLOBAL float *RESTRICT shifts, GLOBAL F2 *RESTRICT copies, int count, int copy_count,
                      float box) {
    int w = BLOCK * THREADS + THREAD;
    if (w >= count * copy_count) return;
    int i = w % count, t = w / count;
    float turns = (kx[i] * shifts[2 * t] + ky[i] * shifts[2 * t + 1]) / box;
    float s, c;
    SINPI_COSPI(-2.0f * (turns - FLOOR(turns)), s, c);
    copies[w] = complex_mul(image[i], F2_OF(c, s));
}

// scores[r][t] = sum_i 2 Re(conj(c_i V_r(k_i)) copies[t][i]) - |c_i V_r(k_i)|^2.
// A block is one rotation (BLOCK) and SHIFTS copies (BLOCK_Y).
KERNEL slice_scores(const GLOBAL F2 *RESTRICT grid, const GLOBAL float *RESTRICT rotations,
                    const GLOBAL float *RESTRICT kx, const GLOBAL float *RESTRICT ky,
                    const GLOBAL float *RESTRICT ctf, const GLOBAL F2 *RESTRICT copies, GLOBAL float *RESTRICT scores,
                    int count, int copy_count) {
    LOCAL_ARRAY(float, partial, BLOCK_THREADS);
    int first = BLOCK_Y * SHIFTS, here = copy_count - first < SHIFTS ? copy_count - first : SHIFTS;
    float m[6], sums[SHIFTS], power = 0.0f;
    UNROLL for (int j = 0; j < 6; j++) m[j] = rotations[6 * BLOCK + j];
    UNROLL for (int t = 0; t < SHIFTS; t++) sums[t] = 0.0f;
    for (int i = THREAD; i < count; i += BLOCK_THREADS) {
        F2 v = sample(grid, m, kx[i], ky[i]);
        v.x *= ctf[i];
        v.y *= ctf[i];
        power += v.x * v.x + v.y * v.y;
        UNROLL for (int t = 0; t < SHIFTS; t++) {
            // Past the end the last copy stands in; its sum is never written.
            F2 w = copies[(first + (t < here ? t : here - 1)) * count + i];
            sums[t] += v.x * w.x + v.y * w.y;
        }
    }
    for (int t = 0; t < here; t++) {
        float mine = 0.0f;
        // Not sums[t]: an index known when compiling keeps the sums in registers.
        UNROLL for (int u = 0; u < SHIFTS; u++) mine = u == t ? sums[u] : mine;
        partial[THREAD] = 2.0f * mine - power;
        SYNC;
        for (int step = BLOCK_THREADS / 2; step > 0; step /= 2) {
            if (THREAD < step) partial[THREAD] += partial[THREAD + step];
            SYNC;
        }
        if (THREAD == 0) scores[BLOCK * copy_count + first + t] = partial[0];
        SYNC;
    }
}
