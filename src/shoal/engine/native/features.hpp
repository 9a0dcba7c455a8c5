// Guarantee: the equations of a tile with features in the vector lanes, for narrow hidden layers on
// many features.
//
// A row of X is read where it lies, whole packs of it, and so is a row of W1. What follows the hidden
// layer has examples in the lanes, and is that of examples.hpp.
#pragma once

#include <algorithm>

#include "examples.hpp"

namespace shoal::SHOAL_VARIANT::features {

using examples::ROW;

// So many examples that what a tile takes beside its products does not count, and so few, but for the least, that
// their features stay in the second cache.
template <class T> size_t tile(const Shape &s) {
  constexpr size_t least = 48, bytes = least * 2048 * sizeof(float);
  return std::clamp(bytes / (s.n_x * sizeof(T)) / least * least, least, 4 * least);
}

template <class T> bool in_place(const Shape &s, const Source<T> &from) {
  return from.X_feature == 1 && s.n_x % LANES<T> == 0;
}

template <class T> Layout layout(const Shape &s) {
  const size_t b1 = s.n_h * up<T>(s.n_x), W2 = b1 + s.n_h, b2 = W2 + s.n_y * s.n_h, size = b2 + s.n_y;
  return {0, b1, W2, b2, size, s.n_h, b1 + up<T>(size - b1) * LANES<T>, 1};
}

template <class T> Rooms rooms(const Shape &s) {
  return {tile<T>(s) * up<T>(s.n_x), ROW * s.n_y, ROW * s.n_h, s.n_h * std::max(ROW, tile<T>(s) * LANES<T>), 0};
}

// Call f with rows of W1 and what follows them: where they are in theta, in the kernels' vector, and how long.
template <class T, class F> void each_row(const Shape &s, F f) {
  const Layout l = layout<T>(s);
  for (size_t h = 0; h < s.n_h; ++h) f(h * s.n_x, h * up<T>(s.n_x), s.n_x);
  f(s.n_h * s.n_x, l.b1, l.size - l.b1);
}

template <class T> void pack(const Shape &s, const T *theta, T *parameters, size_t, size_t) {
  const size_t padded = layout<T>(s).b1;
  for (size_t i = 0; i < padded; ++i) parameters[i] = 0;
  each_row<T>(s, [=](size_t from, size_t to, size_t n) { __builtin_memcpy(parameters + to, theta + from, n * sizeof(T)); });
}

template <class T> void unpack(const Shape &s, const T *parameters, T *theta, size_t, size_t) {
  each_row<T>(s, [=](size_t to, size_t from, size_t n) { __builtin_memcpy(theta + to, parameters + from, n * sizeof(T)); });
}

template <class T> void gather(const Shape &s, const Source<T> &from, Tile<T> &tile, bool copy) {
  if (from.Y) gather_Y(from, s.n_y, tile, ROW);
  if (!copy && from.in_order(tile) && in_place(s, from)) {
    tile.X = from.features(tile, 0);
    tile.X_row = from.X_example;
    return;
  }
  const size_t row = up<T>(s.n_x);
  for (size_t i = 0; i < tile.m; ++i) {
    const T *x = from.features(tile, i);
    T *to = tile.copy + i * row;
    copy_numbers(x, from.X_feature, s.n_x, to);
    for (size_t j = s.n_x; j < row; ++j) to[j] = 0;
  }
  tile.X = tile.copy, tile.X_row = ptrdiff_t(row);
}

template <class T>
void forward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, size_t, size_t) {
  const Layout l = layout<T>(s);
  const size_t row = up<T>(s.n_x), lanes = tile.m * LANES<T>, m = up<T>(tile.m);
  T *sums = work.dZ1; // which is not needed yet
  for (size_t i = 0; i < s.n_h * lanes; ++i) sums[i] = 0;
  examples::dots_of<T>({parameters, ptrdiff_t(row), tile.X, tile.X_row, row, sums, lanes}, s.n_h, tile.m);
  for (size_t h = 0; h < s.n_h; ++h) {
    T *A1 = work.A1 + h * ROW;
    totals(sums + h * lanes, tile.m, parameters[l.b1 + h], A1);
    for (size_t i = tile.m; i < m; ++i) A1[i] = 0;
    activate(s.g1, A1, m);
  }
  examples::join(s, parameters + l.W2, tile, work);
}

// dW1 += dZ1 X^T of U units and E examples, along the rows of X.
template <class T, int U, int E>
void slopes(const T *dZ1, const T *X, ptrdiff_t X_row, T *dW1, size_t row) {
  using V = Register<T>;
  V dz[U][E];
  for (int u = 0; u < U; ++u)
    for (int e = 0; e < E; ++e) dz[u][e] = everywhere<V>(dZ1[u * ROW + e]);
  for (size_t j = 0; j < row; j += WIDTH<T>) {
    V sum[U];
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) sum[u] = load(dW1 + u * row + j);
#pragma GCC unroll 4
    for (int e = 0; e < E; ++e) {
      const V x = load(X + e * X_row + j);
#pragma GCC unroll 4
      for (int u = 0; u < U; ++u) sum[u] = fused(dz[u][e], x, sum[u]);
    }
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) store(dW1 + u * row + j, sum[u]);
  }
}

template <class T, int U = 4> void slopes_of(const T *dZ1, const Tile<T> &tile, T *dW1, size_t row, size_t n_h) {
  for (; n_h >= U; n_h -= U, dZ1 += U * ROW, dW1 += U * row) {
    size_t i = 0;
    for (; i + 4 <= tile.m; i += 4) slopes<T, U, 4>(dZ1 + i, tile.X + ptrdiff_t(i) * tile.X_row, tile.X_row, dW1, row);
    for (; i < tile.m; ++i) slopes<T, U, 1>(dZ1 + i, tile.X + ptrdiff_t(i) * tile.X_row, tile.X_row, dW1, row);
  }
  if constexpr (U > 1) slopes_of<T, U - 1>(dZ1, tile, dW1, row, n_h);
}

template <class T>
void backward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, T *sums, size_t, size_t) {
  const Layout l = layout<T>(s);
  const size_t row = up<T>(s.n_x), m = up<T>(tile.m);
  examples::slope(s, parameters + l.W2, work, m);
  slopes_of(work.dZ1, tile, sums, row, s.n_h);
  examples::backward_behind_W1(s, work, m, sums + l.b1);
}

template <class T> void collect(const Shape &s, T *sums) {
  const Layout l = layout<T>(s);
  totals(sums + l.b1, l.size - l.b1, T(0), sums + l.b1);
}

template <class T> double squares(const Shape &s, const T *parameters) {
  return examples::squares_of(layout<T>(s), parameters);
}

template <class T> constexpr Kernels<T> kernels() {
  return {tile<T>,   ROW,     true,      false,     in_place<T>, layout<T>,           rooms<T>,    pack<T>,
          unpack<T>, nullptr, gather<T>, forward<T>,  nullptr, backward<T>, collect<T>,
          examples::outputs_of<T>, add<T>, update<T>, nullptr, squares<T>, nullptr};
}

} // namespace shoal::SHOAL_VARIANT::features
