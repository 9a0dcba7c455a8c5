// Guarantee: A1 and Z2 = W2 A1 + b2 of a tile with hidden units in the lanes: the same numbers whether one worker makes
// them, or several that take shares of the hidden layer.
#pragma once

#include "dropout.hpp"
#include "elements.hpp"
#include "panels.hpp"

namespace shoal::SHOAL_VARIANT::units {

constexpr size_t MANY = 3; // outputs for which it pays to turn A1; with AVX2 it would for two

// Of m examples and a panel of V packs: A1 = g1(Z1) in its place, and sums (m, LANES) = or += the products of A1's
// and W2's lanes.
template <class T, int V, class G> void join_panel(T *A1, const T *W2, T *sums, size_t m, bool first) {
  constexpr int N = V * PARTS;
  Register<T> w[N];
  for (int v = 0; v < N; ++v) w[v] = load(W2 + v * WIDTH<T>);
  for (size_t i = 0; i < m; ++i, A1 += N * WIDTH<T>, sums += LANES<T>) {
    Register<T> sum[PARTS];
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) sum[part] = first ? Register<T>{} : load(sums + part * WIDTH<T>);
#pragma GCC unroll 16
    for (int v = 0; v < N; ++v) {
      const Register<T> a = G::of(load(A1 + v * WIDTH<T>));
      store(A1 + v * WIDTH<T>, a);
      sum[v % PARTS] = fused(a, w[v], sum[v % PARTS]);
    }
#pragma GCC unroll 4
    for (int part = 0; part < PARTS; ++part) store(sums + part * WIDTH<T>, sum[part]);
  }
}

// The one of g1 and a panel's packs, to be chosen once for a panel.
template <class T> auto join_of(Activation g1, size_t packs) {
  void (*join)(T *, const T *, T *, size_t, bool) = nullptr;
  with_activation(g1, [&](auto g) {
    with_packs(packs, [&](auto V) { join = join_panel<T, V.value, decltype(g)>; });
  });
  return join;
}

// Units are dropped by way of Z1, of m examples from one of the tile on, and a panel: ReLU makes nothing of -1, and
// c z of c z. What is kept counts the more.
template <class T> void drop(const Dropping &d, const Tile<T> &tile, Panel panel, T *Z1, size_t from, size_t m) {
  const uint32_t key = uint32_t(d.key), unit = uint32_t(d.key >> 32) + uint32_t(panel.first) * GOLDEN;
  const T factor = T(kept_factor(d));
  for (size_t i = from; i < from + m; ++i, Z1 += panel.width) {
    const uint32_t row = mixed(uint32_t(tile.number(i)) ^ key) + unit;
    for (size_t h = 0; h < panel.width; ++h) Z1[h] = mixed(row + uint32_t(h) * GOLDEN) < d.below ? T(-1) : Z1[h] * factor;
  }
}

// Z1, A1 = g1(Z1), and W2 A1 of a share, of many outputs: A1 is turned, so that examples are in the lanes. Z2 takes the
// sums, or gets them added.
template <class T, class Features>
void forward_to_many(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, size_t share, T *Z2, Start start) {
  const Layout l = layout<T>(s);
  const size_t m = up<T>(tile.m), first = share * SHARE<T>, width = std::min(SHARE<T>, l.width - first);
  T *turned = work.dZ1; // which is not needed yet; (width, TILE)
  each_panel<T>(l.width, share, share + 1, [&](Panel panel) {
    T *A1 = work.A1 + panel.first * TILE<T>;
    Features::forward(s, parameters, tile, panel, A1, [&](size_t i, size_t some) {
      T *Z1 = A1 + i * panel.width;
      if (s.dropping.below) drop(s.dropping, tile, panel, Z1, i, some);
      activate(s.g1, Z1, some * panel.width);
    });
    for (size_t i = 0; i < m; i += WIDTH<T>)
      for (size_t h = 0; h < panel.width; h += WIDTH<T>)
        move_block(A1 + i * panel.width + h, panel.width, turned + (panel.first - first + h) * TILE<T> + i, TILE<T>);
  });
  for (size_t i = 0; i < m; i += PANEL<T>)
    product<T>({parameters + l.W2 + first, ptrdiff_t(l.width), 1, turned + i, TILE<T>, Z2 + i, TILE<T>}, s.n_y, width,
               std::min<size_t>((m - i) / LANES<T>, PANEL_PACKS), start);
}

// Z1, A1 = g1(Z1), and W2 A1 of a share, of few outputs.
template <class T, class Features>
void forward_to_few(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, size_t share, T *Z2) {
  const Layout l = layout<T>(s);
  T *sums = work.dZ1; // which is not needed yet
  each_panel<T>(l.width, share, share + 1, [&](Panel panel) {
    const auto join = join_of<T>(s.g1, panel.width / LANES<T>);
    const T *W2 = parameters + l.W2 + panel.first;
    T *A1 = work.A1 + panel.first * TILE<T>;
    const bool first = panel.first == share * SHARE<T>;
    Features::forward(s, parameters, tile, panel, A1, [&](size_t i, size_t m) {
      T *Z1 = A1 + i * panel.width;
      if (s.dropping.below) drop(s.dropping, tile, panel, Z1, i, m);
      join(Z1, W2, sums + i * LANES<T>, m, first);
    });
  });
  totals(sums, tile.m, T(0), Z2);
  for (size_t k = 1; k < s.n_y; ++k) {
    each_panel<T>(l.width, share, share + 1, [&](Panel panel) {
      const auto join = join_of<T>(Activation::identity, panel.width / LANES<T>);
      join(work.A1 + panel.first * TILE<T>, parameters + l.W2 + k * l.width + panel.first, sums, tile.m,
           panel.first == share * SHARE<T>);
    });
    totals(sums, tile.m, T(0), Z2 + k * TILE<T>);
  }
}

// Z2 = b2, before what shares add to it
template <class T> void start_with_b2(const Shape &s, const T *b2, const Tile<T> &tile, T *Z2) {
  for (size_t k = 0; k < s.n_y; ++k) std::fill_n(Z2 + k * TILE<T>, tile.m, b2[k]);
}

template <class T> void clear_padding(const Shape &s, const Tile<T> &tile, T *Z2) {
  for (size_t k = 0; k < s.n_y; ++k) std::fill(Z2 + k * TILE<T> + tile.m, Z2 + k * TILE<T> + up<T>(tile.m), T(0));
}

// Z2 = W2 A1 + b2
template <class T> void join(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work) {
  const Layout l = layout<T>(s);
  start_with_b2(s, parameters + l.b2, tile, work.Z2);
  for (size_t share = 0; share < l.shares; ++share)
    for (size_t k = 0; k < s.n_y; ++k) add(work.Z2 + k * TILE<T>, work.joined + (share * s.n_y + k) * TILE<T>, tile.m);
  clear_padding(s, tile, work.Z2);
}

// A1, and Z2 or, of some shares alone, what each adds to it. Many outputs are added at once where all shares are here.
template <class T, class Features>
void forward(const Shape &s, const T *parameters, const Tile<T> &tile, Work<T> &work, size_t from, size_t end) {
  const Layout l = layout<T>(s);
  const bool many = s.n_y >= MANY, whole = end - from == l.shares;
  if (many && whole) start_with_b2(s, parameters + l.b2, tile, work.Z2);
  for (size_t share = from; share < end; ++share) {
    T *joined = work.joined + share * s.n_y * TILE<T>;
    if (!many) forward_to_few<T, Features>(s, parameters, tile, work, share, joined);
    else if (whole) forward_to_many<T, Features>(s, parameters, tile, work, share, work.Z2, Start::added);
    else forward_to_many<T, Features>(s, parameters, tile, work, share, joined, Start::zero);
  }
  if (many && whole) clear_padding(s, tile, work.Z2);
  else if (whole) join(s, parameters, tile, work);
}

} // namespace shoal::SHOAL_VARIANT::units
