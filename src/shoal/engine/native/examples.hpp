// Guarantee: the equations of a tile with examples in the vector lanes, for narrow hidden layers, and the passes of
// a network that has only one tile.
//
// Everything lies by rows, as in the equations: X (n_x, ROW), A1 (n_h, ROW), Z2 (n_y, ROW), and
// the parameters as in theta. A sum over examples is kept lane by lane until its chunk ends.
#pragma once

#include "few.hpp"

namespace shoal::SHOAL_VARIANT::examples {

inline size_t tile(const Shape &) { return TILE; }

template <class T> bool in_place(const Shape &, const Source<T> &) { return false; }

template <class T> Rooms rooms(const Shape &s) { return {ROW * s.n_x, ROW * s.n_y, ROW * s.n_h, ROW * s.n_h, 0}; }

template <class T> void pack(const Shape &s, const T *theta, T *parameters, size_t, size_t) {
  __builtin_memcpy(parameters, theta, layout<T>(s).size * sizeof(T));
}
template <class T> void unpack(const Shape &s, const T *parameters, T *theta, size_t, size_t) {
  __builtin_memcpy(theta, parameters, layout<T>(s).size * sizeof(T));
}

template <class T> void gather(const Shape &s, const Source<T> &from, Tile<T> &tile, bool) {
  for (size_t start = 0; start < s.n_x; start += LANES<T>)
    for (size_t i = 0; i < tile.m; ++i) {
      const T *x = from.features(tile, i);
      const size_t end = s.n_x - start < LANES<T> ? s.n_x : start + LANES<T>;
      for (size_t j = start; j < end; ++j) tile.copy[j * ROW + i] = x[ptrdiff_t(j) * from.X_feature];
    }
  for (size_t j = 0; j < s.n_x; ++j) // the padding is as the last example, which does not overflow where no other does
    for (size_t i = tile.m; i < up<T>(tile.m); ++i) tile.copy[j * ROW + i] = tile.copy[j * ROW + tile.m - 1];
  tile.X = tile.copy;
  if (from.Y) gather_Y(from, s.n_y, tile, ROW);
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

// Z2 = W2 A1 + b2, where b2 follows W2.
template <class T> void join(const Shape &s, const T *W2, const Tile<T> &tile, Work<T> &work) {
  rows_of(W2, s.n_h, 1, work.A1, work.Z2, W2 + s.n_y * s.n_h, s.n_y, s.n_h, tile.m);
}

template <class T>
void forward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, size_t, size_t) {
  const Layout l = layout<T>(s);
  const size_t m = up<T>(tile.m);
  if (few(s)) {
    with_activation(s.g1, [&](auto g) {
      with_features(s.n_x, [&](auto N) { forward_few<T, N.value>(g, s, parameters, tile.X, work.A1, work.Z2, m); });
    });
    return;
  }
  rows_of(parameters + l.W1, s.n_x, 1, tile.X, work.A1, parameters + l.b1, s.n_h, s.n_x, tile.m);
  for (size_t h = 0; h < s.n_h; ++h) activate(s.g1, work.A1 + h * ROW, m);
  join(s, parameters + l.W2, tile, work);
}

#if SHOAL_REGISTER == 64
constexpr int SIDE = 4; // sums of 4 rows with 4 rows stay in registers
#elif SHOAL_REGISTER == 32
constexpr int SIDE = 2;
#else
constexpr int SIDE = 1;
#endif

// sums[r][c] (LANES) += the products of row r of A and row c of B, lane by lane, over n elements.
template <class T> struct Dots {
  const T *A;
  ptrdiff_t A_row;
  const T *B;
  ptrdiff_t B_row;
  size_t n; // a multiple of LANES
  T *sums;
  size_t sums_row; // from one row of A to the next
};

template <class T, int R, int C> void dots(const Dots<T> &d) {
  Register<T> sum[R][C][PARTS] = {};
  for (size_t i = 0; i < d.n; i += LANES<T>)
#pragma GCC unroll 8
    for (int part = 0; part < PARTS; ++part) {
      Register<T> b[C];
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) b[c] = load(d.B + c * d.B_row + i + part * WIDTH<T>);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const Register<T> a = load(d.A + r * d.A_row + i + part * WIDTH<T>);
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) sum[r][c][part] = fused(a, b[c], sum[r][c][part]);
      }
    }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c)
#pragma GCC unroll 8
      for (int part = 0; part < PARTS; ++part) {
        T *to = d.sums + r * d.sums_row + c * LANES<T> + part * WIDTH<T>;
        store(to, load(to) + sum[r][c][part]);
      }
}

template <class T, int R, int C = R == 1 ? 2 * SIDE : SIDE> void dots_columns(Dots<T> d, size_t columns) {
  for (; columns >= C; columns -= C, d.B += C * d.B_row, d.sums += C * LANES<T>) dots<T, R, C>(d);
  if constexpr (C > 1) dots_columns<T, R, C / 2>(d, columns);
}

template <class T, int R = SIDE> void dots_of(Dots<T> d, size_t rows, size_t columns) {
  for (; rows >= R; rows -= R, d.A += R * d.A_row, d.sums += R * d.sums_row) dots_columns<T, R>(d, columns);
  if constexpr (R > 1) dots_of<T, R - 1>(d, rows, columns);
}

// sums (rows, LANES) += the examples of A (rows, ROW).
template <class T> void sum_rows(const T *A, size_t rows, size_t m, T *sums) {
  for (size_t r = 0; r < rows; ++r, A += ROW, sums += LANES<T>) add_lanes(A, m, sums);
}

// dZ1 = W2^T dZ2 * g1'(Z1), m whole packs.
template <class T> void slope(const Shape &s, const T *W2, const Work<T> &work, size_t m) {
  const T *dZ2 = work.Z2;
  if (s.n_y > 1) rows_of<T>(W2, 1, s.n_h, dZ2, work.dZ1, nullptr, s.n_h, s.n_y, m);
  with_activation(s.g1, [&](auto g) {
    for (size_t h = 0; h < s.n_h; ++h) {
      T *dZ1 = work.dZ1 + h * ROW;
      const T *A1 = work.A1 + h * ROW, w2 = W2[h];
      for (size_t i = 0; i < m; i += WIDTH<T>)
        store(dZ1 + i, g.slope(s.n_y > 1 ? load(dZ1 + i) : w2 * load(dZ2 + i), load(A1 + i)));
    }
  });
}

// db1, dW2, db2; sums begin with those of b1.
template <class T> void backward_behind_W1(const Shape &s, const Work<T> &work, size_t m, T *sums) {
  const T *dZ2 = work.Z2;
  sum_rows(work.dZ1, s.n_h, m, sums);
  sums += s.n_h * LANES<T>;
  dots_of<T>({dZ2, ROW, work.A1, ROW, m, sums, s.n_h * LANES<T>}, s.n_y, s.n_h);
  sum_rows(dZ2, s.n_y, m, sums + s.n_y * s.n_h * LANES<T>);
}

template <class T>
void backward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, T *sums, size_t, size_t) {
  const Layout l = layout<T>(s);
  const size_t m = up<T>(tile.m);
  if (few(s)) {
    with_activation(s.g1, [&](auto g) {
      with_features(s.n_x, [&](auto N) {
        backward_few<T, N.value>(g, s, parameters, tile.X, work.A1, work.Z2, m, sums);
      });
    });
    return;
  }
  slope(s, parameters + l.W2, work, m);
  dots_of<T>({work.dZ1, ROW, tile.X, ROW, m, sums, s.n_x * LANES<T>}, s.n_h, s.n_x);
  backward_behind_W1(s, work, m, sums + l.b1 * LANES<T>);
}

template <class T> void collect(const Shape &s, T *sums) { totals(sums, layout<T>(s).size, T(0), sums); }

template <class T> double squares_of(const Layout &l, const T *parameters) {
  double sum[8] = {};
  add_squares(parameters + l.W1, l.b1 - l.W1, sum);
  add_squares(parameters + l.W2, l.b2 - l.W2, sum);
  return total_of_eight(sum);
}

template <class T> double squares(const Shape &s, const T *parameters) { return squares_of(layout<T>(s), parameters); }

template <class T> double outputs_of(const Shape &s, const Tile<T> &tile, Work<T> &work, double one_over_m, bool slope) {
  return Outputs<T>(s.n_y, tile, work, ROW, one_over_m, slope).make(s.g2);
}

// Passes over a tile that holds all examples, each followed by its step, until a cost is not finite.
template <class T, class F> size_t make_passes(const Shape &s, const Course<T> &course, F forward_and_backward) {
  const Layout l = layout<T>(s);
  Change<T> change = course.change;
  size_t p = 0;
  for (bool finite = true; p < course.count && finite; ++p, ++change.t) {
    clear(change.gradient, l.size);
    double J = forward_and_backward();
    collect<T>(s, change.gradient);
    if (course.decay != 0) J += course.decay * squares<T>(s, change.parameters) / 2;
    update<T>(l, change, 0, 1);
    course.costs[p] = J, finite = __builtin_isfinite(J);
  }
  return p;
}

template <class T> size_t descend(const Shape &s, const Course<T> &course, const Tile<T> &tile, Work<T> &work) {
  const T *parameters = course.change.parameters;
  T *sums = course.change.gradient;
  const auto outputs = [&] { return outputs_of<T>(s, tile, work, course.one_over_m, true); };
  if (!few(s))
    return make_passes(s, course, [&] {
      forward<T>(s, parameters, tile, work, 0, 1);
      const double J = outputs();
      backward<T>(s, parameters, tile, work, sums, 0, 1);
      return J;
    });
  size_t made = 0; // what a shape asks for is chosen once: choosing takes as long as a part of these passes
  with_activation(s.g1, [&](auto g) {
    with_features(s.n_x, [&](auto N) {
      made = make_passes(s, course, [&] {
        forward_few<T, N.value>(g, s, parameters, tile.X, work.A1, work.Z2, up<T>(tile.m));
        const double J = outputs();
        backward_few<T, N.value>(g, s, parameters, tile.X, work.A1, work.Z2, up<T>(tile.m), sums);
        return J;
      });
    });
  });
  return made;
}

template <class T> constexpr Kernels<T> kernels() {
  return {tile,       ROW,       false,     false,     in_place<T>, layout<T>,   rooms<T>,   pack<T>,
          unpack<T>,  nullptr,   gather<T>, forward<T>,  nullptr,   backward<T>, collect<T>,
          outputs_of<T>, add<T>, update<T>, nullptr,     squares<T>,  descend<T>};
}

} // namespace shoal::SHOAL_VARIANT::examples
