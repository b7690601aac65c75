// Cubic B-spline taps in the half grid of slice/volume.rs: x from -1, y and z from -ORIGIN, complex values.
// Defines from the host: NX, NY (sides of the grid; z has NY planes), ORIGIN.

// Where a sample at grid position p lies.
typedef struct {
    int base;      // first tap's index, -1 when a tap would lie outside
    float sign;    // -1 where the Hermitian mate was taken
    float x[4], y[4], z[4];
} Taps;

DEVICE void spline_weights(float f, float *w) {
    float g = 1.0f - f, f2 = f * f, g2 = g * g;
    w[0] = g2 * g * (1.0f / 6.0f);
    w[1] = f2 * (0.5f * f - 1.0f) + 2.0f / 3.0f;
    w[2] = g2 * (0.5f * g - 1.0f) + 2.0f / 3.0f;
    w[3] = f2 * f * (1.0f / 6.0f);
}

// `m`: two columns of A^T, scaled to the grid: x at m[0..2], y at m[2..4], z at m[4..6].
DEVICE void place(const float *m, float kx, float ky, Taps *t) {
    float x = m[0] * kx + m[1] * ky, y = m[2] * kx + m[3] * ky, z = m[4] * kx + m[5] * ky;
    t->sign = x < 0.0f ? -1.0f : 1.0f;
    x *= t->sign;
    y *= t->sign;
    z *= t->sign;
    float rx = FLOOR(x), ry = FLOOR(y), rz = FLOOR(z);
    int ix = (int)rx, iy = (int)ry + ORIGIN - 1, iz = (int)rz + ORIGIN - 1;
    int inside = ix >= 0 && iy >= 0 && iz >= 0 && ix + 4 <= NX && iy + 4 <= NY && iz + 4 <= NY;
    t->base = inside ? (iz * NY + iy) * NX + ix : -1;
    spline_weights(x - rx, t->x);
    spline_weights(y - ry, t->y);
    spline_weights(z - rz, t->z);
}
