// Guarantee: the equations of a tile with examples in the vector lanes, for narrow hidden layers.
//
// Everything lies by rows, as in the equations: X (n_x, ROW), A1 (n_h, ROW), Z2 (n_y, ROW), and
// the parameters as in theta. A sum over examples is kept lane by lane until its chunk ends.
#pragma once

#include "elements.hpp"
#include "product.hpp"

namespace shoal::SHOAL_VARIANT::examples {

constexpr size_t TILE = 512;
constexpr size_t ROW = TILE + 16; // rows that started at one place of a page would leave the cache

template <class T> bool in_place(const Source<T> &) { return false; }

template <class T> Layout layout(const Shape &s) {
  const size_t b1 = s.n_h * s.n_x, W2 = b1 + s.n_h, b2 = W2 + s.n_y * s.n_h, size = b2 + s.n_y;
  return {0, b1, W2, b2, size, s.n_h, size * LANES<T>, 1};
}

template <class T> size_t room(const Shape &s, size_t part) { return ROW * (part == 0 ? s.n_x : s.n_h); }

template <class T> void pack(const Shape &s, const T *theta, T *parameters) {
  __builtin_memcpy(parameters, theta, layout<T>(s).size * sizeof(T));
}
template <class T> void unpack(const Shape &s, const T *parameters, T *theta) {
  __builtin_memcpy(theta, parameters, layout<T>(s).size * sizeof(T));
}

// Copy rows of another array into rows of a tile, and fill up with zeros.
template <class T>
void turn(const T *from, ptrdiff_t example, ptrdiff_t row, const Tile<T> &tile, size_t rows, T *to) {
  for (size_t start = 0; start < rows; start += LANES<T>)
    for (size_t i = 0; i < tile.m; ++i) {
      const T *x = from + ptrdiff_t(tile.number(i)) * example;
      const size_t end = rows - start < LANES<T> ? rows : start + LANES<T>;
      for (size_t j = start; j < end; ++j) to[j * ROW + i] = x[ptrdiff_t(j) * row];
    }
  for (size_t j = 0; j < rows; ++j)
    for (size_t i = tile.m; i < up<T>(tile.m); ++i) to[j * ROW + i] = 0;
}

template <class T> void gather(const Shape &s, const Source<T> &from, Tile<T> &tile) {
  turn(from.X, from.X_example, from.X_feature, tile, s.n_x, tile.copy);
  tile.X = tile.copy;
  if (from.Y) turn(from.Y, from.Y_example, from.Y_output, tile, s.n_y, tile.Y);
}

// C (rows, ROW) = A B + bias, panel by panel of examples; B is (K, ROW).
template <class T>
void rows_of(const T *A, ptrdiff_t row, ptrdiff_t step, const T *B, T *C, const T *bias, size_t rows, size_t K, size_t m) {
  const size_t packs = up<T>(m) / LANES<T>;
  for (size_t done = 0; done < packs; done += PANEL_PACKS) {
    const size_t first = done * LANES<T>, wide = packs - done < PANEL_PACKS ? packs - done : PANEL_PACKS;
    product<T>({A, row, step, B + first, ROW, C + first, ROW, bias}, rows, K, wide, bias ? Start::rows : Start::zero);
  }
}

// A1 = g1(W1 X + b1) in one go, for so few features that a product's blocks would not pay.
template <class T, int N, class G>
void forward_few(G g, const Shape &s, const T *W1, const T *b1, const T *__restrict X, T *__restrict A1, size_t m) {
  for (size_t h = 0; h < s.n_h; ++h, W1 += N, A1 += ROW) {
    const T b = b1[h];
    for (size_t i = 0; i < m; ++i) {
      T z = b;
#pragma GCC unroll 4
      for (int j = 0; j < N; ++j) z = fused(W1[j], X[j * ROW + i], z);
      A1[i] = g(z);
    }
  }
}

template <class T>
void forward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, size_t, size_t) {
  const Layout l = layout<T>(s);
  const T *W1 = parameters + l.W1, *b1 = parameters + l.b1;
  const size_t m = up<T>(tile.m);
  if (s.n_x <= 4) {
    with_activation<T>(s.g1, [&](auto g) {
      switch (s.n_x) {
      case 1: forward_few<T, 1>(g, s, W1, b1, tile.X, work.A1, m); break;
      case 2: forward_few<T, 2>(g, s, W1, b1, tile.X, work.A1, m); break;
      case 3: forward_few<T, 3>(g, s, W1, b1, tile.X, work.A1, m); break;
      case 4: forward_few<T, 4>(g, s, W1, b1, tile.X, work.A1, m); break;
      }
    });
    return;
  }
  rows_of(W1, s.n_x, 1, tile.X, work.A1, b1, s.n_h, s.n_x, tile.m);
  for (size_t h = 0; h < s.n_h; ++h) activate(s.g1, work.A1 + h * ROW, m);
}

template <class T> void join(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work) {
  const Layout l = layout<T>(s);
  rows_of(parameters + l.W2, s.n_h, 1, work.A1, work.Z2, parameters + l.b2, s.n_y, s.n_h, tile.m);
}

#if SHOAL_REGISTER == 64
constexpr int SIDE = 4; // sums of 4 rows with 4 rows stay in registers
#elif SHOAL_REGISTER == 32
constexpr int SIDE = 2;
#else
constexpr int SIDE = 1;
#endif

// sums[r][c] += A[r] * B[c] over the examples, lane by lane.
template <class T, int R, int C> void dots(const T *A, const T *B, size_t m, T *sums, size_t sums_row) {
  constexpr size_t W = LANES<T> / PARTS;
  Register<T> sum[R][C][PARTS] = {};
  for (size_t i = 0; i < m; i += LANES<T>)
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) {
      Register<T> b[C];
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) b[c] = load(B + c * ROW + i + part * W);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        const Register<T> a = load(A + r * ROW + i + part * W);
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) sum[r][c][part] = fused(a, b[c], sum[r][c][part]);
      }
    }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c)
#pragma GCC unroll 4
      for (int part = 0; part < PARTS; ++part) {
        T *to = sums + r * sums_row + c * LANES<T> + part * W;
        store(to, load(to) + sum[r][c][part]);
      }
}

template <class T, int R, int C = SIDE>
void dots_columns(const T *A, const T *B, size_t columns, size_t m, T *sums, size_t sums_row) {
  for (; columns >= C; columns -= C, B += C * ROW, sums += C * LANES<T>) dots<T, R, C>(A, B, m, sums, sums_row);
  if constexpr (C > 1) dots_columns<T, R, C / 2>(A, B, columns, m, sums, sums_row);
}

// sums (rows, columns, LANES) += A B^T, where A is (rows, ROW) and B (columns, ROW).
template <class T, int R = SIDE>
void dots_of(const T *A, const T *B, size_t rows, size_t columns, size_t m, T *sums) {
  const size_t sums_row = columns * LANES<T>;
  for (; rows >= R; rows -= R, A += R * ROW, sums += R * sums_row) dots_columns<T, R>(A, B, columns, m, sums, sums_row);
  if constexpr (R > 1) dots_of<T, R / 2>(A, B, rows, columns, m, sums);
}

// sums (rows, LANES) += the examples of A (rows, ROW).
template <class T> void sum_rows(const T *A, size_t rows, size_t m, T *sums) {
  for (size_t r = 0; r < rows; ++r, A += ROW, sums += LANES<T>) add_lanes(A, m, sums);
}

template <class T>
void backward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, T *sums, size_t, size_t) {
  const Layout l = layout<T>(s);
  const size_t m = up<T>(tile.m);
  const T *W2 = parameters + l.W2, *dZ2 = work.Z2;
  if (s.n_y > 1) rows_of<T>(W2, 1, s.n_h, dZ2, work.dZ1, nullptr, s.n_h, s.n_y, tile.m);
  with_slope<T>(s.g1, [&](auto g1_prime) {
    for (size_t h = 0; h < s.n_h; ++h) {
      T *dZ1 = work.dZ1 + h * ROW;
      const T *A1 = work.A1 + h * ROW, W = W2[h];
      if (s.n_y > 1)
        for (size_t i = 0; i < m; ++i) dZ1[i] *= g1_prime(A1[i]);
      else
        for (size_t i = 0; i < m; ++i) dZ1[i] = W * dZ2[i] * g1_prime(A1[i]);
    }
  });
  dots_of(work.dZ1, tile.X, s.n_h, s.n_x, m, sums + l.W1 * LANES<T>);
  sum_rows(work.dZ1, s.n_h, m, sums + l.b1 * LANES<T>);
  dots_of(dZ2, work.A1, s.n_y, s.n_h, m, sums + l.W2 * LANES<T>);
  sum_rows(dZ2, s.n_y, m, sums + l.b2 * LANES<T>);
}

template <class T> void collect(const Shape &s, const T *sums, T *gradient) {
  const size_t size = layout<T>(s).size;
  for (size_t i = 0; i < size; ++i) {
    Register<T> parts[PARTS];
    __builtin_memcpy(parts, sums + i * LANES<T>, sizeof parts);
    gradient[i] = total<T>(parts);
  }
}

template <class T> double squares(const Shape &s, const T *parameters) {
  const Layout l = layout<T>(s);
  double sum[8] = {};
  add_squares(parameters + l.W1, l.b1 - l.W1, sum);
  add_squares(parameters + l.W2, l.b2 - l.W2, sum);
  return total_of_eight(sum);
}

template <class T> double outputs_of(const Shape &s, const Tile<T> &tile, Work<T> &work, double one_over_m, bool slope) {
  return outputs(s, tile, work, one_over_m, slope, ROW, up<T>(tile.m));
}

template <class T> constexpr Kernels<T> kernels() {
  return {TILE,    ROW,         true, in_place<T>, layout<T>,   room<T>,    pack<T>,       unpack<T>, gather<T>, forward<T>,
          join<T>, backward<T>, collect<T>, outputs_of<T>, add<T>,    update<T>, squares<T>};
}

} // namespace shoal::SHOAL_VARIANT::examples
