// Guarantee: the equations of a tile whose X is made of pieces of lines, with hidden units in the lanes,
// with as many products as if each number had two.
//
// The pieces of a number are 1 up to the one that it lies in, and 0 beyond. So its share in Z1 is a sum of
// W1's columns that is known beforehand (`prepare`), and a part of one column; and dZ1 goes to that
// column, and to one sum of which the derivatives of all full pieces are made at the end (`collect`).
// Features that are not cut, as those of categories, are passed over where they are 0.
#pragma once

#include "cuts.hpp"
#include "units.hpp"

namespace shoal::SHOAL_VARIANT::lines {

using units::each_panel;
using units::Panel;

// What is prepared follows the parameters, and the sums of full pieces follow the gradient: both as W1 is laid out.
inline Layout layout(const Shape &s) {
  Layout l = units::layout<float>(s);
  l.sums = l.size + l.b1;
  return l;
}

inline Rooms rooms(const Shape &s) {
  Rooms r = units::rooms<float>(s);
  r.X = 0;
  return r;
}

inline bool in_place(const Shape &, const Source<float> &) { return true; }

inline void gather(const Shape &s, const Source<float> &from, Tile<float> &tile, bool) {
  cut(*from.pieces, tile);
  if (from.Y) gather_Y(from, s.n_y, tile, ROW);
}

// Call f with each panel's place in W1, and its width.
template <class F> void each_panel_of_W1(const Shape &s, F f) {
  const Layout l = layout(s);
  each_panel<float>(l.width, 0, l.shares, [&](Panel panel) { f(panel.first * s.n_x, panel.width); });
}

// Of each cut number the sums of W1's columns up to each piece.
inline void prepare(const Shape &s, float *parameters) {
  each_panel_of_W1(s, [&](size_t at, size_t width) {
    const float *W1 = parameters + at;
    float *full = parameters + layout(s).size + at;
    for (const Columns::Cut &cut : s.columns->cuts) {
      const size_t first = cut.first * width;
      for (size_t h = 0; h < width; ++h) full[first + h] = 0;
      for (size_t i = first + width; i < first + (cut.pieces + 1) * width; ++i) full[i] = full[i - width] + W1[i];
    }
  });
}

struct Lines {
  template <class F>
  static void forward(const Shape &s, const float *parameters, const Tile<float> &tile, Panel panel, float *Z1, F then) {
    const Layout l = layout(s);
    const float *W1 = parameters + panel.first * s.n_x, *full = W1 + l.size;
    with_packs(panel.width / LANES<float>, [&](auto V) {
      start<V.value>(parameters + l.b1 + panel.first, Z1, tile.m);
      for (size_t j = 0; j < s.columns->cuts.size(); ++j) add_cut<V.value>(s, tile.cuts, j, W1, full, Z1, tile.m);
      for (size_t j = 0; j < s.columns->plain.size(); ++j) add_plain<V.value>(s, tile.cuts, j, W1, Z1);
    });
    then(0, tile.m);
  }

  static void backward(const Shape &s, const Tile<float> &tile, Panel panel, const float *dZ1, float *sums, bool) {
    float *dW1 = sums + panel.first * s.n_x, *full = dW1 + layout(s).size;
    with_packs(panel.width / LANES<float>, [&](auto V) {
      for (size_t j = 0; j < s.columns->cuts.size(); ++j) take_cut<V.value>(s, tile.cuts, j, dZ1, dW1, full, tile.m);
      for (size_t j = 0; j < s.columns->plain.size(); ++j) take_plain<V.value>(s, tile.cuts, j, dZ1, dW1);
    });
  }

private:
  using V = Register<float>;
  static constexpr size_t W = SHOAL_REGISTER / sizeof(float);

  template <int packs> static void start(const float *b1, float *Z1, size_t m) {
    constexpr int N = packs * PARTS;
    for (size_t i = 0; i < m; ++i, Z1 += N * W)
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) store(Z1 + v * W, load(b1 + v * W));
  }

  template <int packs>
  static void add_cut(const Shape &s, const Cuts &cuts, size_t j, const float *W1, const float *full, float *Z1, size_t m) {
    constexpr int N = packs * PARTS;
    const float *number = cuts.number + j * ROW, *part = cuts.part + j * ROW;
    const uint32_t *fulls = cuts.full + j * ROW, *nexts = cuts.next + j * ROW;
    V w[N];
    for (int v = 0; v < N; ++v) w[v] = load(W1 + s.columns->cuts[j].first * N * W + v * W);
    for (size_t i = 0; i < m; ++i, Z1 += N * W) {
      const V x = everywhere<V>(number[i]), r = everywhere<V>(part[i]);
      const float *before = full + fulls[i] * (N * W), *next = W1 + nexts[i] * (N * W);
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) {
        const V z = fused(x, w[v], load(Z1 + v * W)) + load(before + v * W);
        store(Z1 + v * W, fused(r, load(next + v * W), z));
      }
    }
  }

  template <int packs> static void add_plain(const Shape &s, const Cuts &cuts, size_t j, const float *W1, float *Z1) {
    constexpr int N = packs * PARTS;
    const float *value = cuts.value + j * ROW;
    const uint32_t *at = cuts.at + j * ROW;
    V w[N];
    for (int v = 0; v < N; ++v) w[v] = load(W1 + s.columns->plain[j] * N * W + v * W);
    for (size_t k = 0; k < cuts.count[j]; ++k) {
      float *z = Z1 + at[k] * (N * W);
      const V x = everywhere<V>(value[k]);
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) store(z + v * W, fused(x, w[v], load(z + v * W)));
    }
  }

  template <int packs>
  static void take_cut(const Shape &s, const Cuts &cuts, size_t j, const float *dZ1, float *dW1, float *full, size_t m) {
    constexpr int N = packs * PARTS;
    const float *number = cuts.number + j * ROW, *part = cuts.part + j * ROW;
    const uint32_t *fulls = cuts.full + j * ROW, *nexts = cuts.next + j * ROW;
    V sum[N] = {};
    for (size_t i = 0; i < m; ++i, dZ1 += N * W) {
      const V x = everywhere<V>(number[i]), r = everywhere<V>(part[i]);
      float *before = full + fulls[i] * (N * W), *next = dW1 + nexts[i] * (N * W);
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) {
        const V dz1 = load(dZ1 + v * W);
        sum[v] = fused(x, dz1, sum[v]);
        store(before + v * W, load(before + v * W) + dz1);
        store(next + v * W, fused(r, dz1, load(next + v * W)));
      }
    }
    add_to<N>(dW1 + s.columns->cuts[j].first * N * W, sum);
  }

  template <int packs> static void take_plain(const Shape &s, const Cuts &cuts, size_t j, const float *dZ1, float *dW1) {
    constexpr int N = packs * PARTS;
    const float *value = cuts.value + j * ROW;
    const uint32_t *at = cuts.at + j * ROW;
    V sum[N] = {};
    for (size_t k = 0; k < cuts.count[j]; ++k) {
      const V x = everywhere<V>(value[k]);
#pragma GCC unroll 16
      for (int v = 0; v < N; ++v) sum[v] = fused(x, load(dZ1 + at[k] * (N * W) + v * W), sum[v]);
    }
    add_to<N>(dW1 + s.columns->plain[j] * N * W, sum);
  }

  template <int N> static void add_to(float *to, const V (&sum)[N]) {
    for (int v = 0; v < N; ++v) store(to + v * W, load(to + v * W) + sum[v]);
  }
};

// A full piece has in dW1 what all examples have whose last full piece it is, or one beyond it.
inline void collect(const Shape &s, float *sums) {
  units::collect(s, sums);
  each_panel_of_W1(s, [&](size_t at, size_t width) {
    float *dW1 = sums + at, *full = dW1 + layout(s).size;
    for (const Columns::Cut &cut : s.columns->cuts)
      for (size_t k = cut.pieces; k > 0; --k)
        for (size_t i = (cut.first + k) * width; i < (cut.first + k + 1) * width; ++i) {
          if (k < cut.pieces) full[i] += full[i + width];
          dW1[i] += full[i];
        }
  });
}

constexpr Kernels<float> kernels() {
  Kernels<float> k = units::kernels<float>();
  k.in_place = in_place, k.layout = layout, k.rooms = rooms, k.prepare = prepare, k.gather = gather;
  k.forward = units::forward<float, Lines>, k.backward = units::backward<float, Lines>, k.adds_tiles = false;
  k.collect = collect;
  return k;
}

} // namespace shoal::SHOAL_VARIANT::lines
