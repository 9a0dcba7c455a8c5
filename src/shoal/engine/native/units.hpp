// Guarantee: the equations of a tile with hidden units in the vector lanes, for wide hidden layers.
//
// A1 of a tile, and dZ1 in its place, lie in the panels that W1 lies in, (panels, tile, PANEL), and never
// leave the caches. X is read where it is.
#pragma once

#include "joining.hpp"
#include "outputs.hpp"

namespace shoal::SHOAL_VARIANT::units {

template <class T> size_t tile(const Shape &) { return TILE<T>; }

// Rows of X that start so far apart meet each other even in the second cache: they are moved, unless they are so long or
// the panel so wide that they are called early anyway.
template <class T> bool in_place(const Shape &s, const Source<T> &from) {
  const bool called = calls_X<T>(std::min<size_t>(up<T>(s.n_h) / LANES<T>, PANEL_PACKS), ptrdiff_t(s.n_x));
  return from.X_feature == 1 && (called || from.X_example * ptrdiff_t(sizeof(T)) % 8192 != 0);
}

template <class T> constexpr ptrdiff_t copied_row(const Shape &s) { return up<T>(s.n_x) + LANES<T>; }

template <class T> Rooms rooms(const Shape &s) {
  const size_t shares = layout<T>(s).shares;
  return {TILE<T> * copied_row<T>(s), TILE<T> * s.n_y, TILE<T> * up<T>(s.n_h), TILE<T> * SHARE<T>, TILE<T> * shares * s.n_y};
}

template <class T> void gather(const Shape &s, const Source<T> &from, Tile<T> &tile, bool copy) {
  if (from.Y) gather_Y(from, s.n_y, tile, TILE<T>);
  if (!copy && from.in_order(tile) && in_place(s, from)) {
    tile.X = from.features(tile, 0);
    tile.X_row = from.X_example;
    return;
  }
  tile.X = tile.copy;
  tile.X_row = copied_row<T>(s);
  for (size_t i = 0; i < tile.m; ++i) {
    const T *x = from.features(tile, i);
    T *to = tile.copy + ptrdiff_t(i) * tile.X_row;
    if (!from.in_order(tile) && from.X_feature == 1) { // rows to come are called from memory early
      const T *later = from.X + ptrdiff_t(tile.rows[i + AHEAD]) * from.X_example;
      for (size_t j = 0; j < s.n_x; j += LANES<T>) __builtin_prefetch(later + j);
    }
    copy_numbers(x, from.X_feature, s.n_x, to);
  }
}

// X as it lies, or was copied.
template <class T> struct Dense {
  static bool calls(const Tile<T> &tile, size_t packs) {
    return calls_X<T>(packs, tile.X_row) && !(tile.rows && tile.X == tile.copy); // copied just now: in the second cache
  }
  // Z1 = W1 X + b1, of a panel; `then` is called with the first of some examples and their number.
  template <class F>
  static void forward(const Shape &s, const T *parameters, const Tile<T> &tile, Panel panel, T *Z1, F then) {
    const Layout l = layout<T>(s);
    product<T>({tile.X, tile.X_row, 1, parameters + l.W1 + panel.first * s.n_x, panel.width, Z1, panel.width,
                parameters + l.b1 + panel.first, calls(tile, panel.width / LANES<T>)},
               tile.m, s.n_x, panel.width / LANES<T>, Start::columns, then);
  }
  // dW1 = or += dZ1 X^T, of a panel.
  static void backward(const Shape &s, const Tile<T> &tile, Panel panel, const T *dZ1, T *sums, bool first) {
    const size_t packs = panel.width / LANES<T>;
    product<T>({tile.X, 1, tile.X_row, dZ1, panel.width, sums + layout<T>(s).W1 + panel.first * s.n_x, panel.width, nullptr,
                calls(tile, packs)},
               s.n_x, tile.m, packs, first ? Start::zero : Start::added);
  }
};

// dZ1 = W2^T dZ2 * g1'(Z1) in the place of A1, and db1, of a panel of V packs. With one output dW2 = dZ2 A1^T
// on the way; with several, `back` is W2^T dZ2.
template <class T, int V, bool one, class G>
void slopes(G g, const T *W2, const T *dZ2, const T *back, T *A1, T *dW2, T *db1, size_t m) {
  constexpr int N = V * PARTS;
  Register<T> w[N], w_sum[N] = {}, b_sum[N] = {};
  for (int v = 0; v < N; ++v) w[v] = load(W2 + v * WIDTH<T>);
  for (size_t i = 0; i < m; ++i, A1 += N * WIDTH<T>, back += N * WIDTH<T>) {
    const Register<T> dz2 = everywhere<Register<T>>(dZ2[i]);
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      const Register<T> a = load(A1 + v * WIDTH<T>), dz1 = g.slope(one ? w[v] * dz2 : load(back + v * WIDTH<T>), a);
      if (one) w_sum[v] = fused(dz2, a, w_sum[v]);
      b_sum[v] += dz1;
      store(A1 + v * WIDTH<T>, dz1);
    }
  }
  for (int v = 0; v < N; ++v) {
    store(db1 + v * WIDTH<T>, load(db1 + v * WIDTH<T>) + b_sum[v]);
    if (one) store(dW2 + v * WIDTH<T>, load(dW2 + v * WIDTH<T>) + w_sum[v]);
  }
}

// dW2, dZ1, db1 of a panel.
template <class T>
void slope(const Shape &s, const T *W2, const Layout &l, const Tile<T> &tile, Work<T> &work, T *A1, T *dW2, T *db1, size_t packs) {
  const T *dZ2 = work.Z2;
  const size_t width = packs * LANES<T>;
  if (s.n_y > 1) {
    product<T>({dZ2, TILE<T>, 1, A1, width, dW2, l.width}, s.n_y, tile.m, packs, Start::added);
    product<T>({dZ2, 1, TILE<T>, W2, l.width, work.dZ1, width}, tile.m, s.n_y, packs, Start::zero);
  }
  with_activation(s.g1, [&](auto g) {
    with_packs(packs, [&](auto V) {
      if (s.n_y > 1) slopes<T, V.value, false>(g, W2, dZ2, work.dZ1, A1, dW2, db1, tile.m);
      else slopes<T, V.value, true>(g, W2, dZ2, work.dZ1, A1, dW2, db1, tile.m);
    });
  });
}

// db2, dW2, db1, and dW1
template <class T, class Features = Dense<T>>
void backward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, T *sums, size_t from, size_t end) {
  const Layout l = layout<T>(s);
  for (size_t k = 0; from == 0 && k < s.n_y; ++k) {
    T db2[LANES<T>] = {};
    add_lanes(work.Z2 + k * TILE<T>, up<T>(tile.m), db2);
    Register<T> parts[PARTS];
    __builtin_memcpy(parts, db2, sizeof db2);
    sums[l.b2 + k] += total<T>(parts);
  }
  each_panel<T>(l.width, from, end, [&](Panel panel) {
    const size_t packs = panel.width / LANES<T>;
    T *A1 = work.A1 + panel.first * TILE<T>;
    slope(s, parameters + l.W2 + panel.first, l, tile, work, A1, sums + l.W2 + panel.first, sums + l.b1 + panel.first, packs);
    Features::backward(s, tile, panel, A1, sums, work.first);
  });
}

template <class T> void collect(const Shape &s, T *sums) {
  const Layout l = layout<T>(s);
  for (size_t k = 0; k < s.n_y; ++k) // the padding has activations, and must not learn
    for (size_t h = s.n_h; h < l.width; ++h) sums[l.W2 + k * l.width + h] = 0;
}

// Feature by feature: the sums over the units go pack by pack, so that the width of a panel does not show.
template <class T>
void scaled(const Shape &s, const Change<T> &c, const Scaling<T> &by, size_t first, size_t end) {
  const Layout l = layout<T>(s);
  const AdamStep<T> adam(c.step, c.t);
  Step step_of_s = c.step;
  step_of_s.alpha = by.alpha;
  const AdamStep<T> adam_of_s(step_of_s, c.t);
  for (size_t j = first; j < end; ++j) {
    const T s_j = by.s[j];
    T sums[LANES<T>] = {};
    each_panel<T>(l.width, 0, l.shares, [&](Panel panel) {
      const size_t start = l.W1 + panel.first * s.n_x + j * panel.width;
      for (size_t pack = start; pack < start + panel.width; pack += LANES<T>)
        for (size_t lane = 0; lane < LANES<T>; ++lane) {
          const size_t i = pack + lane;
          const T d = c.hidden_scale * c.gradient[i] + c.decay * c.parameters[i];
          sums[lane] += d * by.V[i];
          adam(d * s_j, by.V[i], by.mean[i], by.square[i]);
        }
    });
    for (size_t half = LANES<T> / 2; half > 0; half /= 2)
      for (size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
    adam_of_s(sums[0], by.s[j], by.s_mean[j], by.s_square[j]);
    each_panel<T>(l.width, 0, l.shares, [&](Panel panel) {
      const size_t start = l.W1 + panel.first * s.n_x + j * panel.width;
      for (size_t i = start; i < start + panel.width; ++i) c.parameters[i] = by.V[i] * by.s[j];
    });
  }
}

// Pack by pack, so that the width of a panel does not show.
template <class T> double squares(const Shape &s, const T *parameters) {
  const Layout l = layout<T>(s);
  double sum[8] = {};
  each_panel<T>(l.width, 0, l.shares, [&](Panel panel) {
    for (size_t pack = 0; pack < panel.width; pack += LANES<T>)
      for (size_t j = 0; j < s.n_x; ++j)
        add_squares(parameters + l.W1 + panel.first * s.n_x + j * panel.width + pack, LANES<T>, sum);
  });
  add_squares(parameters + l.W2, s.n_y * l.width, sum);
  return total_of_eight(sum);
}

template <class T> double outputs_of(const Shape &s, const Tile<T> &tile, Work<T> &work, double one_over_m, bool slope) {
  return Outputs<T>(s.n_y, tile, work, TILE<T>, one_over_m, slope).make(s.g2);
}

template <class T> constexpr Kernels<T> kernels() {
  return {tile<T>,   TILE<T>, false,     true,      in_place<T>, layout<T>, rooms<T>,    pack<T>,
          unpack<T>, nullptr, gather<T>, forward<T, Dense<T>>, join<T>,   backward<T>, collect<T>,
          outputs_of<T>, add<T>, update<T>, scaled<T>, squares<T>, nullptr};
}

} // namespace shoal::SHOAL_VARIANT::units
