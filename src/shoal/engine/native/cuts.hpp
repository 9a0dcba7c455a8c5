// Guarantee: where a tile's numbers lie among their pieces is found with the bits of `Pieces::write`, of one
// number after the other and all examples at once, so that they fill the vector lanes. Each edge is compared
// with: of the few dozen that a table's numbers have, a search would be slower, as it goes example by example.
#pragma once

#include "pieces.hpp"
#include "units.hpp"

namespace shoal::SHOAL_VARIANT::lines {

// Of a tile: the room for a number of its examples, and from one number to the next in `Cuts`.
constexpr size_t ROW = units::TILE<float>;

// x (m) of a number, without edges: those of its examples where it is not 0. Returns how many.
template <class T> uint32_t cut_plain(const T *x, size_t m, float *value, uint32_t *at) {
  uint32_t count = 0;
  for (size_t i = 0; i < m; ++i) value[count] = float(x[i]), at[count] = uint32_t(i), count += value[count] != 0;
  return count;
}

// How many of some ascending edges, the first one left out, are no greater than each x.
inline void count_passed(const double *x, size_t m, const double *edges, size_t pieces, uint32_t *full) {
  for (size_t i = 0; i < m; ++i) full[i] = 0;
  for (size_t k = 1; k <= pieces; ++k)
    for (size_t i = 0; i < m; ++i) full[i] += edges[k] <= x[i];
}

// x (m) of a number, with two edges or more, of which the features begin at `feature`.
inline void cut_number(const double *x, size_t m, const double *edges, size_t pieces, uint32_t feature, float *part,
                       uint32_t *full, uint32_t *next) {
  count_passed(x, m, edges, pieces, full);
  const uint32_t last = uint32_t(pieces);
  for (size_t i = 0; i < m; ++i) {
    next[i] = full[i] < last ? full[i] + 1 : last;
    const float r = part_of(x[i], edges[full[i]], edges[next[i]]); // a quotient by 0 beyond the last
    part[i] = full[i] == last || x[i] < edges[0] ? 0.0f : r;
  }
  for (size_t i = 0; i < m; ++i) full[i] += feature, next[i] += feature;
}

template <class T> void cut_all(const T *X, const Pieces &pieces, const Tile<float> &tile) {
  const shoal::Lines &lines = pieces.lines();
  const Cuts &to = tile.cuts;
  T x[ROW];
  double wide[ROW];
  size_t cuts = 0, plain = 0;
  for (size_t j = 0; j < pieces.rows().n; ++j, X += pieces.rows().feature) {
    for (size_t i = 0; i < tile.m; ++i) x[i] = X[ptrdiff_t(tile.number(i)) * pieces.rows().example];
    const double *edges = lines.edges + lines.first[j], centre = lines.centre[j], spread = lines.spread[j];
    const size_t count = lines.first[j + 1] - lines.first[j];
    if (count)
      for (size_t i = 0; i < tile.m; ++i) wide[i] = double(x[i]), x[i] = clipped_smoothly(x[i], centre, spread);
    if (count < 2) {
      to.count[plain] = cut_plain(x, tile.m, to.value + plain * ROW, to.at + plain * ROW);
      ++plain;
      continue;
    }
    const size_t at = cuts * ROW;
    for (size_t i = 0; i < tile.m; ++i) to.number[at + i] = float(x[i]);
    const auto feature = uint32_t(pieces.columns().cuts[cuts].first);
    cut_number(wide, tile.m, edges, count - 1, feature, to.part + at, to.full + at, to.next + at);
    ++cuts;
  }
}

inline void cut(const Pieces &pieces, const Tile<float> &tile) {
  if (pieces.rows().floats) cut_all(pieces.rows().floats, pieces, tile);
  else cut_all(pieces.rows().doubles, pieces, tile);
}

} // namespace shoal::SHOAL_VARIANT::lines
