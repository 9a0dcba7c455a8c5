// Guarantee: where hidden units are in the vector lanes, W1 lies transposed, in panels of units:
// (panels, n_x, PANEL). Panels belong to shares, which are the same on each instruction set.
#pragma once

#include <algorithm>

#include "kernels.hpp"
#include "product.hpp"

namespace shoal::SHOAL_VARIANT::units {

static_assert(4 % PANEL_PACKS == 0); // a share is one or more panels

template <class T> constexpr size_t TILE = 576 / sizeof(T); // 144 or 72 examples, a multiple of 6 and of LANES

template <class T> Layout layout(const Shape &s) {
  const size_t H = up<T>(s.n_h), W1 = 0, b1 = W1 + s.n_x * H, W2 = b1 + H, b2 = W2 + s.n_y * H, size = b2 + up<T>(s.n_y);
  return {W1, b1, W2, b2, size, H, size, (H + SHARE<T> - 1) / SHARE<T>};
}

// Some hidden units that lie next to each other.
struct Panel {
  size_t first, width;
};

// Call f with each panel of shares `from` to `end`, of H hidden units.
template <class T, class F> void each_panel(size_t H, size_t from, size_t end, F f) {
  const size_t last = end * SHARE<T> < H ? end * SHARE<T> : H;
  for (size_t first = from * SHARE<T>; first < last; first += PANEL<T>)
    f(Panel{first, last - first < PANEL<T> ? last - first : PANEL<T>});
}

// Call `block` with the places, in theta and in the kernels' vector, of each block of W1 that has as many units
// and features as a register has lanes, and `one` with those of every other parameter of some shares; W2 goes row by
// row, some with each share, and b2 with the first.
template <class T, class Block, class One>
void each_parameter(const Shape &s, size_t from, size_t end, Block block, One one) {
  const Layout l = layout<T>(s);
  const size_t b1 = s.n_h * s.n_x, W2 = b1 + s.n_h, b2 = W2 + s.n_y * s.n_h; // in theta
  each_panel<T>(l.width, from, end, [&](Panel panel) {
    const size_t last = panel.first + panel.width < s.n_h ? panel.first + panel.width : s.n_h;
    for (size_t h = panel.first; h < last; h += WIDTH<T>)
      for (size_t j = 0; j < s.n_x; j += WIDTH<T>) {
        const size_t in_theta = h * s.n_x + j, here = l.W1 + panel.first * s.n_x + (h - panel.first) + j * panel.width;
        if (h + WIDTH<T> <= last && j + WIDTH<T> <= s.n_x) block(in_theta, here, panel.width);
        else
          for (size_t u = 0; u < WIDTH<T> && h + u < last; ++u)
            for (size_t v = 0; v < WIDTH<T> && j + v < s.n_x; ++v) one(in_theta + u * s.n_x + v, here + u + v * panel.width);
      }
    for (size_t h = panel.first; h < last; ++h) one(b1 + h, l.b1 + h);
  });
  for (size_t k = s.n_y * from / l.shares; k < s.n_y * end / l.shares; ++k)
    for (size_t h = 0; h < s.n_h; ++h) one(W2 + k * s.n_h + h, l.W2 + k * l.width + h);
  for (size_t k = 0; from == 0 && k < s.n_y; ++k) one(b2 + k, l.b2 + k);
}

// A square block goes from one place to another, transposed, with rows so far apart.
template <class T> void move_block(const T *from, size_t from_row, T *to, size_t to_row) {
  Register<T> rows[WIDTH<T>];
#pragma GCC unroll 16
  for (size_t i = 0; i < WIDTH<T>; ++i) rows[i] = load(from + i * from_row);
  transpose<T>(rows);
#pragma GCC unroll 16
  for (size_t i = 0; i < WIDTH<T>; ++i) store(to + i * to_row, rows[i]);
}

template <class T> void pack(const Shape &s, const T *theta, T *parameters, size_t from, size_t end) {
  const Layout l = layout<T>(s);
  const auto clear = [=](size_t first, size_t last) { std::fill(parameters + first, parameters + last, T(0)); };
  each_panel<T>(l.width, from, end, [&](Panel panel) {
    if (panel.first + panel.width <= s.n_h) return;
    const size_t W1 = l.W1 + panel.first * s.n_x;
    clear(W1, W1 + s.n_x * panel.width); // padding, as all that follows
    clear(l.b1 + s.n_h, l.b1 + l.width);
    for (size_t k = 0; k < s.n_y; ++k) clear(l.W2 + k * l.width + s.n_h, l.W2 + (k + 1) * l.width);
  });
  if (from == 0) clear(l.b2, l.size);
  each_parameter<T>(
      s, from, end, [&](size_t from, size_t to, size_t width) { move_block(theta + from, s.n_x, parameters + to, width); },
      [=](size_t from, size_t to) { parameters[to] = theta[from]; });
}

template <class T> void unpack(const Shape &s, const T *parameters, T *theta, size_t from, size_t end) {
  each_parameter<T>(
      s, from, end, [&](size_t to, size_t from, size_t width) { move_block(parameters + from, width, theta + to, s.n_x); },
      [=](size_t to, size_t from) { theta[to] = parameters[from]; });
}

} // namespace shoal::SHOAL_VARIANT::units
