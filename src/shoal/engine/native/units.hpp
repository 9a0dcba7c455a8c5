// Guarantee: the equations of a tile with hidden units in the vector lanes, for wide hidden layers.
//
// W1 lies transposed, in panels of hidden units: (panels, n_x, PANEL). A1 and dZ1 of a tile lie in
// the same panels, (panels, tile, PANEL), and never leave the caches. X is read where it is.
#pragma once

#include "elements.hpp"
#include "product.hpp"

namespace shoal::SHOAL_VARIANT::units {

template <class T> constexpr size_t TILE = 576 / sizeof(T); // 144 or 72 examples, a multiple of 6 and of LANES

template <class T> Layout layout(const Shape &s) {
  const size_t H = up<T>(s.n_h), W1 = 0, b1 = W1 + s.n_x * H, W2 = b1 + H, b2 = W2 + s.n_y * H, size = b2 + up<T>(s.n_y);
  return {W1, b1, W2, b2, size, H, size, (H + PANEL<T> - 1) / PANEL<T>};
}

// A row of X that starts at the same place in each page meets the others in the cache: it is moved.
template <class T> bool in_place(const Source<T> &from) {
  return from.X_feature == 1 && from.X_example * ptrdiff_t(sizeof(T)) % 1024 != 0;
}

template <class T> constexpr ptrdiff_t copied_row(const Shape &s) { return up<T>(s.n_x) + LANES<T>; }

template <class T> size_t room(const Shape &s, size_t part) {
  if (part == 0) return TILE<T> * copied_row<T>(s);
  if (part == 1) return TILE<T> * up<T>(s.n_h);
  return TILE<T> * PANEL<T>;
}

// Where the panel that holds hidden unit h starts, and how wide it is.
template <class T> struct Panel {
  size_t first, width;
  Panel(size_t panel, size_t H) : first(panel * PANEL<T>), width(H - first < PANEL<T> ? H - first : PANEL<T>) {}
};

// Call f with the place of each parameter in theta and in the kernels' vector, W1 by cache lines.
template <class T, class F> void each_parameter(const Shape &s, F f) {
  const Layout l = layout<T>(s);
  const size_t b1 = s.n_h * s.n_x, W2 = b1 + s.n_h, b2 = W2 + s.n_y * s.n_h; // in theta
  for (size_t start = 0; start < s.n_x; start += LANES<T>)
    for (size_t h = 0; h < s.n_h; ++h) {
      const Panel<T> panel(h / PANEL<T>, l.width);
      const size_t unit = l.W1 + panel.first * s.n_x + (h - panel.first);
      for (size_t j = start; j < start + LANES<T> && j < s.n_x; ++j) f(h * s.n_x + j, unit + j * panel.width);
    }
  for (size_t h = 0; h < s.n_h; ++h) {
    f(b1 + h, l.b1 + h);
    for (size_t k = 0; k < s.n_y; ++k) f(W2 + k * s.n_h + h, l.W2 + k * l.width + h);
  }
  for (size_t k = 0; k < s.n_y; ++k) f(b2 + k, l.b2 + k);
}

template <class T> void pack(const Shape &s, const T *theta, T *parameters) {
  const size_t size = layout<T>(s).size;
  for (size_t i = 0; i < size; ++i) parameters[i] = 0; // padding
  each_parameter<T>(s, [=](size_t from, size_t to) { parameters[to] = theta[from]; });
}

template <class T> void unpack(const Shape &s, const T *parameters, T *theta) {
  each_parameter<T>(s, [=](size_t to, size_t from) { theta[to] = parameters[from]; });
}

template <class T> void gather(const Shape &s, const Source<T> &from, Tile<T> &tile) {
  for (size_t i = 0; from.Y && i < tile.m; ++i) {
    const T *y = from.Y + ptrdiff_t(tile.number(i)) * from.Y_example;
    for (size_t k = 0; k < s.n_y; ++k) tile.Y[k * TILE<T> + i] = y[ptrdiff_t(k) * from.Y_output];
  }
  for (size_t k = 0; from.Y && k < s.n_y; ++k)
    for (size_t i = tile.m; i < up<T>(tile.m); ++i) tile.Y[k * TILE<T> + i] = 0;
  if (!tile.rows && in_place(from)) {
    tile.X = from.X + ptrdiff_t(tile.first) * from.X_example;
    tile.X_row = from.X_example;
    return;
  }
  tile.X = tile.copy;
  tile.X_row = copied_row<T>(s);
  for (size_t i = 0; i < tile.m; ++i) {
    const T *x = from.X + ptrdiff_t(tile.number(i)) * from.X_example;
    T *to = tile.copy + ptrdiff_t(i) * tile.X_row;
    if (tile.rows && from.X_feature == 1) { // rows to come are called from memory early
      const T *later = from.X + ptrdiff_t(tile.rows[i + AHEAD]) * from.X_example;
      for (size_t j = 0; j < s.n_x; j += LANES<T>) __builtin_prefetch(later + j);
    }
    if (from.X_feature == 1)
      for (size_t j = 0; j < s.n_x; ++j) to[j] = x[j];
    else
      for (size_t j = 0; j < s.n_x; ++j) to[j] = x[ptrdiff_t(j) * from.X_feature];
  }
}

// Z1 = W1 X + b1, A1 = g1(Z1)
template <class T>
void forward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, size_t from, size_t end) {
  const Layout l = layout<T>(s);
  for (size_t p = from; p < end; ++p) {
    const Panel<T> panel(p, l.width);
    T *A1 = work.A1 + panel.first * TILE<T>;
    product<T>({tile.X, tile.X_row, 1, parameters + l.W1 + panel.first * s.n_x, panel.width, A1, panel.width,
                parameters + l.b1 + panel.first},
               tile.m, s.n_x, panel.width / LANES<T>, Start::columns);
    activate(s.g1, A1, tile.m * panel.width);
  }
}

// sums (m, LANES) = or += the products of A1's and W2's lanes, of a panel of V packs.
template <class T, int V> void lanes_of(const T *A1, const T *W2, T *sums, size_t m, bool first) {
  constexpr int N = V * PARTS, W = SHOAL_REGISTER / sizeof(T);
  Register<T> w[N];
  for (int v = 0; v < N; ++v) w[v] = load(W2 + v * W);
  for (size_t i = 0; i < m; ++i, A1 += N * W, sums += LANES<T>) {
    Register<T> sum[PARTS];
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) sum[part] = first ? Register<T>{} : load(sums + part * W);
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) sum[v % PARTS] = fused(load(A1 + v * W), w[v], sum[v % PARTS]);
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) store(sums + part * W, sum[part]);
  }
}

// Z2 = W2 A1 + b2
template <class T> void join(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work) {
  const Layout l = layout<T>(s);
  for (size_t k = 0; k < s.n_y; ++k) {
    T *Z2 = work.Z2 + k * TILE<T>, *sums = work.dZ1; // which is not needed yet
    for (size_t p = 0; p < l.panels; ++p) {
      const Panel<T> panel(p, l.width);
      const T *A1 = work.A1 + panel.first * TILE<T>, *W2 = parameters + l.W2 + k * l.width + panel.first;
      with_packs(panel.width / LANES<T>, [&](auto V) { lanes_of<T, V.value>(A1, W2, sums, tile.m, p == 0); });
    }
    totals(sums, tile.m, parameters[l.b2 + k], Z2);
    for (size_t i = tile.m; i < up<T>(tile.m); ++i) Z2[i] = 0;
  }
}

// dZ1 = W2^T dZ2 * g1'(Z1), and db1, of a panel of V packs; dZ1 holds W2^T dZ2 if n_y > 1.
template <class T, int V, class Slope>
void slope_of(Slope g1_prime, const T *W2, const T *dZ2, const T *A1, T *dZ1, T *db1, size_t m, bool one_output) {
  constexpr int N = V * PARTS, W = SHOAL_REGISTER / sizeof(T);
  Register<T> sum[N] = {};
  for (size_t i = 0; i < m; ++i, A1 += N * W, dZ1 += N * W)
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      const Register<T> back = one_output ? load(W2 + v * W) * everywhere(dZ2[i]) : load(dZ1 + v * W);
      const Register<T> dz = back * g1_prime(load(A1 + v * W));
      store(dZ1 + v * W, dz);
      sum[v] += dz;
    }
  for (int v = 0; v < N; ++v) store(db1 + v * W, load(db1 + v * W) + sum[v]);
}

template <class T>
void slope(const Shape &s, const T *W2, size_t H, const Tile<T> &tile, Work<T> &work, const T *A1, T *db1, size_t packs) {
  const T *dZ2 = work.Z2;
  const bool one = s.n_y == 1;
  if (!one) product<T>({dZ2, 1, TILE<T>, W2, H, work.dZ1, packs * LANES<T>}, tile.m, s.n_y, packs, Start::zero);
  with_slope<T>(s.g1, [&](auto g1_prime) {
    with_packs(packs, [&](auto V) { slope_of<T, V.value>(g1_prime, W2, dZ2, A1, work.dZ1, db1, tile.m, one); });
  });
}

// dW2 = dZ2 A1^T, dZ1, dW1 = dZ1 X^T
template <class T>
void backward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, T *sums, size_t from, size_t end) {
  const Layout l = layout<T>(s);
  const T *dZ2 = work.Z2;
  for (size_t k = 0; from == 0 && k < s.n_y; ++k) {
    T db2[LANES<T>] = {};
    add_lanes(dZ2 + k * TILE<T>, up<T>(tile.m), db2);
    Register<T> parts[PARTS];
    __builtin_memcpy(parts, db2, sizeof db2);
    sums[l.b2 + k] += total<T>(parts);
  }
  for (size_t p = from; p < end; ++p) {
    const Panel<T> panel(p, l.width);
    const size_t packs = panel.width / LANES<T>;
    const T *A1 = work.A1 + panel.first * TILE<T>;
    product<T>({dZ2, TILE<T>, 1, A1, panel.width, sums + l.W2 + panel.first, l.width}, s.n_y, tile.m, packs, Start::added);
    slope(s, parameters + l.W2 + panel.first, l.width, tile, work, A1, sums + l.b1 + panel.first, packs);
    product<T>({tile.X, 1, tile.X_row, work.dZ1, panel.width, sums + l.W1 + panel.first * s.n_x, panel.width}, s.n_x,
               tile.m, packs, Start::added);
  }
}

template <class T> void collect(const Shape &s, const T *, T *gradient) { // which is where the sums are
  const Layout l = layout<T>(s);
  for (size_t k = 0; k < s.n_y; ++k) // the padding has activations, and must not learn
    for (size_t h = s.n_h; h < l.width; ++h) gradient[l.W2 + k * l.width + h] = 0;
}

// Pack by pack, so that the width of a panel does not show.
template <class T> double squares(const Shape &s, const T *parameters) {
  const Layout l = layout<T>(s);
  double sum[8] = {};
  for (size_t h = 0; h < l.width; h += LANES<T>) {
    const Panel<T> panel(h / PANEL<T>, l.width);
    const T *W1 = parameters + l.W1 + panel.first * s.n_x + (h - panel.first);
    for (size_t j = 0; j < s.n_x; ++j) add_squares(W1 + j * panel.width, LANES<T>, sum);
  }
  add_squares(parameters + l.W2, s.n_y * l.width, sum);
  return total_of_eight(sum);
}

template <class T> double outputs_of(const Shape &s, const Tile<T> &tile, Work<T> &work, double one_over_m, bool slope) {
  return outputs(s, tile, work, one_over_m, slope, TILE<T>, up<T>(tile.m));
}

template <class T> constexpr Kernels<T> kernels() {
  return {TILE<T>,    TILE<T>,       false, in_place<T>, layout<T>,     room<T>,    pack<T>,       unpack<T>, gather<T>, forward<T>,
          join<T>,    backward<T>,   collect<T>, outputs_of<T>, add<T>,    update<T>, squares<T>};
}

} // namespace shoal::SHOAL_VARIANT::units
