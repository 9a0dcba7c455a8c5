// Guarantee: the equations of a tile with examples in the vector lanes, where there are few features and one
// output: hidden units are taken one or two at a time, in registers, as a product's blocks would not pay.
#pragma once

#include "elements.hpp"
#include "outputs.hpp"
#include "product.hpp"

namespace shoal::SHOAL_VARIANT::examples {

constexpr size_t TILE = 512;
constexpr size_t ROW = TILE + 16; // rows that started at one place of a page would leave the cache

template <class T> Layout layout(const Shape &s) {
  const size_t b1 = s.n_h * s.n_x, W2 = b1 + s.n_h, b2 = W2 + s.n_y * s.n_h, size = b2 + s.n_y;
  return {0, b1, W2, b2, size, s.n_h, up<T>(size) * LANES<T>, 1};
}

constexpr size_t FEW = 4;
inline bool few(const Shape &s) { return s.n_x <= FEW && s.n_y == 1; }

// Call f with a number of features that the compiler knows.
template <class F> inline void with_features(size_t n_x, F f) {
  switch (n_x) {
  case 1: f(Packs<1>()); break;
  case 2: f(Packs<2>()); break;
  case 3: f(Packs<3>()); break;
  case 4: f(Packs<4>()); break;
  }
}

template <class T, int N, class G>
void forward_few(G g, const Shape &s, const T *parameters, const T *X, T *A1, T *Z2, size_t m) {
  using V = Register<T>;
  const T *W1 = parameters, *b1 = W1 + s.n_h * N, *W2 = b1 + s.n_h, b2 = W2[s.n_h];
  for (size_t i = 0; i < m; i += WIDTH<T>) {
    V x[N], z2 = everywhere<V>(b2);
    for (int j = 0; j < N; ++j) x[j] = load(X + j * ROW + i);
    for (size_t h = 0; h < s.n_h; ++h) {
      V z = everywhere<V>(b1[h]);
#pragma GCC unroll 4
      for (int j = 0; j < N; ++j) z = fused(everywhere<V>(W1[h * N + j]), x[j], z);
      const V a = g.of(z);
      store(A1 + h * ROW + i, a);
      z2 = fused(everywhere<V>(W2[h]), a, z2);
    }
    store(Z2 + i, z2);
  }
}

// What a tile adds to the sums of U hidden units from h on, in registers until its end. W2 comes in there: a
// multiplication for each sum, and not for each example.
template <class T, int N, int U, class G>
void backward_units(G g, const Layout &l, size_t h, const T *W2, const T *X, const T *A1, const T *dZ2, size_t m,
                    T *sums) {
  using V = Register<T>;
  V dW1[U][N][PARTS] = {}, db1[U][PARTS] = {}, dW2[U][PARTS] = {};
  for (size_t i = 0; i < m; i += LANES<T>)
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) {
      const V dz2 = load(dZ2 + i + part * WIDTH<T>);
#pragma GCC unroll 4
      for (int u = 0; u < U; ++u) {
        const V a = load(A1 + (h + u) * ROW + i + part * WIDTH<T>), dz1 = g.slope(dz2, a); // but for W2
#pragma GCC unroll 4
        for (int j = 0; j < N; ++j) dW1[u][j][part] = fused(dz1, load(X + j * ROW + i + part * WIDTH<T>), dW1[u][j][part]);
        db1[u][part] += dz1;
        dW2[u][part] += dz2 * a; // not fused: the slopes of tanh and sigmoid need this product anyway
      }
    }
  const auto add_to = [&](size_t parameter, V factor, const V(&sum)[PARTS]) {
    for (int part = 0; part < PARTS; ++part) {
      T *to = sums + parameter * LANES<T> + part * WIDTH<T>;
      store(to, fused(factor, sum[part], load(to)));
    }
  };
  for (int u = 0; u < U; ++u) {
    const V w2 = everywhere<V>(W2[h + u]);
    for (int j = 0; j < N; ++j) add_to(l.W1 + (h + u) * N + j, w2, dW1[u][j]);
    add_to(l.b1 + h + u, w2, db1[u]);
    add_to(l.W2 + h + u, everywhere<V>(1), dW2[u]);
  }
}

template <class T, int N, class G>
void backward_few(G g, const Shape &s, const T *parameters, const T *X, const T *A1, const T *dZ2, size_t m,
                  T *sums) {
  constexpr int U = PARTS == 1 ? 2 : 1; // as there are registers for
  const Layout l = layout<T>(s);
  const T *W2 = parameters + l.W2;
  size_t h = 0;
  for (; h + U <= s.n_h; h += U) backward_units<T, N, U>(g, l, h, W2, X, A1, dZ2, m, sums);
  for (; h < s.n_h; ++h) backward_units<T, N, 1>(g, l, h, W2, X, A1, dZ2, m, sums);
  add_lanes(dZ2, m, sums + l.b2 * LANES<T>);
}

} // namespace shoal::SHOAL_VARIANT::examples
