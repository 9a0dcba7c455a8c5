// Guarantee: one blocked matrix product carries every sum over features, units and examples; each
// of its elements is one chain of multiply-adds in the order of the sum, so that neither the width
// of a register nor the blocking shows in the result.
//
//     C[r][c]  =  start  +  sum over k of  A[r][k] * B[k][c]
//
// A is read element by element, wherever it lies (an example's row of X, or a feature's column).
// The columns of B and C lie in panels: a panel is at most `PANEL` elements wide and contiguous, so
// that a block of ROWS x PANEL sums stays in registers while k runs.
#pragma once

#include "functions.hpp"

#if SHOAL_FUSED && defined(__x86_64__)
#include <immintrin.h>
#elif SHOAL_FUSED && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace shoal::SHOAL_VARIANT {

template <class T> constexpr size_t LANES = 64 / sizeof(T); // a pack: 64 bytes on every instruction set
// n, up to whole packs.
template <class T> constexpr size_t up(size_t n) { return (n + LANES<T> - 1) / LANES<T> * LANES<T>; }
constexpr int PARTS = 64 / SHOAL_REGISTER;                  // registers in a pack
#if SHOAL_REGISTER == 64
constexpr int PANEL_PACKS = 4, ROWS = 6; // 24 of 32 registers hold sums
#elif SHOAL_REGISTER == 32
constexpr int PANEL_PACKS = 1, ROWS = 6; // 12 of 16
#elif defined(__ARM_NEON)
constexpr int PANEL_PACKS = 1, ROWS = 6; // 24 of 32
#else
constexpr int PANEL_PACKS = 1, ROWS = 2; // 8 of 16
#endif
template <class T> constexpr size_t PANEL = PANEL_PACKS * LANES<T>;
constexpr size_t DEPTH = 128; // of a block of k: its part of a panel then stays in the first cache

typedef float FloatRegister __attribute__((vector_size(SHOAL_REGISTER)));
typedef double DoubleRegister __attribute__((vector_size(SHOAL_REGISTER)));
template <class T> struct RegisterOf;
template <> struct RegisterOf<float> { using Type = FloatRegister; };
template <> struct RegisterOf<double> { using Type = DoubleRegister; };
template <class T> using Register = typename RegisterOf<T>::Type;

#if SHOAL_FUSED && SHOAL_REGISTER == 64
inline FloatRegister fused(FloatRegister a, FloatRegister b, FloatRegister c) { return _mm512_fmadd_ps(a, b, c); }
inline DoubleRegister fused(DoubleRegister a, DoubleRegister b, DoubleRegister c) { return _mm512_fmadd_pd(a, b, c); }
#elif SHOAL_FUSED && SHOAL_REGISTER == 32
inline FloatRegister fused(FloatRegister a, FloatRegister b, FloatRegister c) { return _mm256_fmadd_ps(a, b, c); }
inline DoubleRegister fused(DoubleRegister a, DoubleRegister b, DoubleRegister c) { return _mm256_fmadd_pd(a, b, c); }
#elif SHOAL_FUSED && defined(__ARM_NEON)
inline FloatRegister fused(FloatRegister a, FloatRegister b, FloatRegister c) { return vfmaq_f32(c, a, b); }
inline DoubleRegister fused(DoubleRegister a, DoubleRegister b, DoubleRegister c) { return vfmaq_f64(c, a, b); }
#else
inline FloatRegister fused(FloatRegister a, FloatRegister b, FloatRegister c) { return a * b + c; }
inline DoubleRegister fused(DoubleRegister a, DoubleRegister b, DoubleRegister c) { return a * b + c; }
#endif

template <class T> inline Register<T> load(const T *p) {
  Register<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T> inline void store(T *p, Register<T> v) { __builtin_memcpy(p, &v, sizeof v); }
template <class T> inline Register<T> everywhere(T x) { return x - Register<T>{}; }

// Where a sum starts.
enum class Start {
  zero,    // at 0
  columns, // at a bias for each column
  rows,    // at a bias for each row
  stored,  // at what C holds: the chain goes on
  added,   // at 0, and the sum is then added to what C holds
};

template <class T> struct Product {
  const T *A;
  ptrdiff_t row, step; // from one row to the next, from one k to the next
  const T *B;
  size_t B_step; // from one k to the next
  T *C;
  size_t C_row;
  const T *bias = nullptr;
};

template <class T, int R, int V> inline void block(const Product<T> &p, size_t K, Start start) {
  constexpr int N = V * PARTS, W = SHOAL_REGISTER / sizeof(T);
  Register<T> sum[R][N];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v)
      sum[r][v] = start == Start::columns  ? load(p.bias + v * W)
                  : start == Start::rows   ? everywhere(p.bias[r])
                  : start == Start::stored ? load(p.C + r * p.C_row + v * W)
                                           : Register<T>{};
  const T *A = p.A, *B = p.B;
  for (size_t k = 0; k < K; ++k, A += p.step, B += p.B_step) {
    Register<T> b[N];
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) b[v] = load(B + v * W);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Register<T> a = everywhere(A[r * p.row]);
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) sum[r][v] = fused(a, b[v], sum[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      T *c = p.C + r * p.C_row + v * W;
      store(c, start == Start::added ? load(c) + sum[r][v] : sum[r][v]);
    }
}

template <class T, int V, int R = ROWS>
inline void rest_of_rows(const Product<T> &p, size_t rows, size_t K, Start start) {
  if constexpr (R > 0) {
    if (rows == R) return block<T, R, V>(p, K, start);
    rest_of_rows<T, V, R - 1>(p, rows, K, start);
  }
}

template <class T, int V> void panel_of(Product<T> p, size_t rows, size_t K, Start start) {
  for (; rows; rows -= rows < ROWS ? rows : ROWS) {
    rest_of_rows<T, V>(p, rows < ROWS ? rows : ROWS, K, start);
    p.A += ROWS * p.row;
    p.C += ROWS * p.C_row;
    if (start == Start::rows) p.bias += ROWS;
  }
}

// Call f with a number of packs that the compiler knows.
template <int N> struct Packs { static constexpr int value = N; };
template <class F> inline void with_packs(size_t packs, F f) {
  switch (packs) {
  case 1: f(Packs<1>()); break;
  case 2: if constexpr (PANEL_PACKS > 1) f(Packs<2>()); break;
  case 3: if constexpr (PANEL_PACKS > 2) f(Packs<3>()); break;
  case 4: if constexpr (PANEL_PACKS > 3) f(Packs<4>()); break;
  }
}

// The sums of one panel, `packs` packs wide.
template <class T> void product(Product<T> p, size_t rows, size_t K, size_t packs, Start start) {
  size_t done = 0;
  do { // a chain is cut where the first cache would overflow, and goes on from C
    const size_t depth = start == Start::added || K - done < DEPTH + DEPTH / 2 ? K - done : DEPTH;
    const Start from = done ? Start::stored : start;
    with_packs(packs, [&](auto V) { panel_of<T, V.value>(p, rows, depth, from); });
    done += depth;
    p.A += ptrdiff_t(depth) * p.step;
    p.B += depth * p.B_step;
  } while (done < K);
}

// The sum of a pack's lanes, halves first; the order is the same for every width of a register.
template <class T> inline T total(const Register<T> (&parts)[PARTS]) {
  T lanes[LANES<T>];
  for (int i = 0; i < PARTS; ++i) store(lanes + i * (LANES<T> / PARTS), parts[i]);
#pragma GCC unroll 4
  for (size_t half = LANES<T> / 2; half; half /= 2)
#pragma GCC unroll 8
    for (size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  return lanes[0];
}

// sums (LANES) += the packs of x, n a multiple of LANES.
template <class T> inline void add_lanes(const T *x, size_t n, T *sums) {
  constexpr size_t W = LANES<T> / PARTS;
  Register<T> sum[PARTS];
  for (int part = 0; part < PARTS; ++part) sum[part] = load(sums + part * W);
  for (size_t i = 0; i < n; i += LANES<T>)
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) sum[part] += load(x + i + part * W);
  for (int part = 0; part < PARTS; ++part) store(sums + part * W, sum[part]);
}

// out[i] = bias + the sum of the lanes of pack i. Halves are added to halves, of many packs in one go.
template <class T> void totals(T *packs, size_t n, T bias, T *out) {
  for (size_t half = LANES<T> / 2; half; half /= 2) { // pack i now starts at 2 half i
    for (size_t i = 0; i < n; ++i)
      for (size_t lane = 0; lane < half; ++lane)
        packs[i * half + lane] = packs[2 * i * half + lane] + packs[2 * i * half + half + lane];
  }
  for (size_t i = 0; i < n; ++i) out[i] = bias + packs[i];
}

} // namespace shoal::SHOAL_VARIANT
