// Batched transforms of short lines in shared memory: Stockham's self-sorting algorithm, radices 4, 2, 3, 5, 7.
//
// Defines from the host: N (complex length of a line), LINES (lines a block works on), INVERSE (0 or 1),
// STAGES (a list of STAGE calls from array `a` to and fro), RESULT (`a` or `b`, where the last one wrote).
// Lines lie beside each other in shared memory: element i of line l at i * LINES + l.

// exp(-2 pi i index / N), or its conjugate on the way back.
DEVICE F2 root(const GLOBAL F2 *roots, int index) {
    F2 w = roots[index];
    return INVERSE ? F2_OF(w.x, -w.y) : w;
}

// a times -i on the way there, times +i on the way back.
DEVICE F2 quarter(F2 a) { return INVERSE ? F2_OF(-a.y, a.x) : F2_OF(a.y, -a.x); }

DEVICE void dft_2(F2 *v, const GLOBAL F2 *roots) {
    F2 t = v[1];
    v[1] = complex_sub(v[0], t);
    v[0] = complex_add(v[0], t);
}

DEVICE void dft_4(F2 *v, const GLOBAL F2 *roots) {
    F2 s02 = complex_add(v[0], v[2]), d02 = complex_sub(v[0], v[2]);
    F2 s13 = complex_add(v[1], v[3]), d13 = quarter(complex_sub(v[1], v[3]));
    v[0] = complex_add(s02, s13);
    v[1] = complex_add(d02, d13);
    v[2] = complex_sub(s02, s13);
    v[3] = complex_sub(d02, d13);
}

// Direct sums: odd radices are few and small.
#define DFT_ODD(R)                                                              \
    DEVICE void dft_##R(F2 *v, const GLOBAL F2 *roots) {                        \
        F2 sum[R];                                                              \
        UNROLL for (int q = 0; q < R; q++) {                                    \
            sum[q] = v[0];                                                      \
            UNROLL for (int i = 1; i < R; i++)                                  \
                sum[q] = complex_add(sum[q],                                    \
                    complex_mul(v[i], root(roots, ((i * q) % R) * (N / R))));   \
        }                                                                       \
        UNROLL for (int q = 0; q < R; q++) v[q] = sum[q];                       \
    }
DFT_ODD(3)
DFT_ODD(5)
DFT_ODD(7)

// One pass of radix R over lines whose sub-transforms have length NS so far.
#define STAGE(R, NS, from, to)                                                  \
    for (int w = THREAD; w < (N / R) * LINES; w += THREADS) {                   \
        int line = w % LINES, j = w / LINES, k = j % (NS);                      \
        F2 v[R];                                                                \
        UNROLL for (int i = 0; i < R; i++) {                                    \
            v[i] = from[(j + i * (N / R)) * LINES + line];                      \
            if (i > 0 && (NS) > 1)                                              \
                v[i] = complex_mul(v[i], root(roots, i * k * (N / ((NS) * R)))); \
        }                                                                       \
        dft_##R(v, roots);                                                      \
        int first = (j / (NS)) * (NS) * R + k;                                  \
        UNROLL for (int i = 0; i < R; i++) to[(first + i * (NS)) * LINES + line] = v[i]; \
    }                                                                           \
    SYNC;

// (rows, 2 N) real -> (rows, N + 1) complex: two neighbours are one complex number, taken apart afterwards.
// `turns`: exp(-2 pi i k / (2 N)) for k = 0..=N.
KERNEL rows_forward(const GLOBAL float *RESTRICT real, GLOBAL F2 *RESTRICT half_complex,
                    const GLOBAL F2 *RESTRICT roots, const GLOBAL F2 *RESTRICT turns, int rows, float scale) {
    LOCAL_ARRAY(F2, a, N * LINES);
    LOCAL_ARRAY(F2, b, N * LINES);
    for (int w = THREAD; w < N * LINES; w += THREADS) {
        int i = w % N, line = w / N, row = BLOCK * LINES + line;
        F2 z = F2_OF(0.0f, 0.0f);
        if (row < rows) {
            z.x = real[row * 2 * N + 2 * i] * scale;
            z.y = real[row * 2 * N + 2 * i + 1] * scale;
        }
        a[i * LINES + line] = z;
    }
    SYNC;
    STAGES
    for (int w = THREAD; w < (N + 1) * LINES; w += THREADS) {
        int k = w % (N + 1), line = w / (N + 1), row = BLOCK * LINES + line;
        if (row < rows) {
            F2 z = RESULT[(k % N) * LINES + line], m = RESULT[((N - k) % N) * LINES + line];
            F2 even = F2_OF(0.5f * (z.x + m.x), 0.5f * (z.y - m.y));
            F2 odd = F2_OF(0.5f * (z.y + m.y), -0.5f * (z.x - m.x));
            half_complex[row * (N + 1) + k] = complex_add(even, complex_mul(turns[k], odd));
        }
    }
}

// The way back; the imaginary parts at k = 0 and k = N are ignored, as they must be.
KERNEL rows_inverse(const GLOBAL F2 *RESTRICT half_complex, GLOBAL float *RESTRICT real,
                    const GLOBAL F2 *RESTRICT roots, const GLOBAL F2 *RESTRICT turns, int rows, float scale) {
    LOCAL_ARRAY(F2, a, N * LINES);
    LOCAL_ARRAY(F2, b, N * LINES);
    for (int w = THREAD; w < N * LINES; w += THREADS) {
        int k = w % N, line = w / N, row = BLOCK * LINES + line;
        F2 z = F2_OF(0.0f, 0.0f);
        if (row < rows) {
            F2 x = half_complex[row * (N + 1) + k], m = half_complex[row * (N + 1) + N - k];
            if (k == 0) { x.y = 0.0f; m.y = 0.0f; }
            F2 even = F2_OF(0.5f * (x.x + m.x), 0.5f * (x.y - m.y));
            F2 t = F2_OF(turns[k].x, -turns[k].y);
            F2 odd = complex_mul(F2_OF(0.5f * (x.x - m.x), 0.5f * (x.y + m.y)), t);
            z = F2_OF(even.x - odd.y, even.y + odd.x);
        }
        a[k * LINES + line] = z;
    }
    SYNC;
    STAGES
    for (int w = THREAD; w < N * LINES; w += THREADS) {
        int i = w % N, line = w / N, row = BLOCK * LINES + line;
        if (row < rows) {
            F2 z = RESULT[i * LINES + line];
            real[row * 2 * N + 2 * i] = z.x * scale;
            real[row * 2 * N + 2 * i + 1] = z.y * scale;
        }
    }
}

// Columns of images (images, N, width) in place; LINES neighbouring columns of one image a block.
KERNEL columns(GLOBAL F2 *RESTRICT images, const GLOBAL F2 *RESTRICT roots, int width) {
    LOCAL_ARRAY(F2, a, N * LINES);
    LOCAL_ARRAY(F2, b, N * LINES);
    int tiles = (width + LINES - 1) / LINES, image = BLOCK / tiles, first = (BLOCK % tiles) * LINES;
    GLOBAL F2 *base = images + image * N * width;
    for (int w = THREAD; w < N * LINES; w += THREADS) {
        int column = first + w % LINES;
        a[w] = column < width ? base[(w / LINES) * width + column] : F2_OF(0.0f, 0.0f);
    }
    SYNC;
    STAGES
    for (int w = THREAD; w < N * LINES; w += THREADS) {
        int column = first + w % LINES;
        if (column < width) base[(w / LINES) * width + column] = RESULT[w];
    }
}
