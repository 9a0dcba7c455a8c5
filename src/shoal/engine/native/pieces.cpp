#include "pieces.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace shoal {

namespace {

constexpr double SOFT_LIMIT = 3; // as in shoal.engine.lines

template <class T> float clipped_smoothly(T x, double centre, double spread) {
  const T z = (x - T(centre)) / T(spread);
  return float(z / std::hypot(T(1), z / T(SOFT_LIMIT)));
}

// How many of some ascending numbers, one or more, are no greater than x; without a branch to guess.
inline size_t passed(double x, const double *numbers, size_t count) {
  const double *from = numbers;
  for (size_t half; count > 1; count -= half) {
    half = count / 2;
    from += from[half - 1] <= x ? half : 0;
  }
  return size_t(from - numbers) + (*from <= x);
}

// 1 up to the piece that x lies in, a quotient there, and 0 beyond it. That is (x - edge) / length of
// each piece, clipped, to the bit: rounding keeps the order of differences. As many 1 stand before
// the zeros.
inline void rise(double x, const double *edges, size_t pieces, const float *zeros, float *to) {
  const size_t full = passed(x, edges + 1, pieces);
  std::memcpy(to, zeros - full, pieces * sizeof(float));
  if (x >= edges[0] && full < pieces)
    to[full] = std::min(float((x - edges[full]) / (edges[full + 1] - edges[full])), 1.0f);
  else if (x != x)
    std::fill(to, to + pieces, float(x));
}

} // namespace

template <class T> void write_pieces(const Lines &lines, const Rows<T> &rows, float *to) {
  size_t widest = 0;
  for (size_t j = 0; j < rows.n; ++j) widest = std::max(widest, lines.first[j + 1] - lines.first[j]);
  std::vector<float> steps(2 * widest); // 1, ..., 1, 0, ..., 0
  std::fill_n(steps.begin(), widest, 1.0f);
  const float *zeros = steps.data() + widest;
  for (size_t i = 0; i < rows.m; ++i) {
    const T *row = rows.X + ptrdiff_t(i) * rows.example;
    for (size_t j = 0; j < rows.n; ++j) {
      const T x = row[ptrdiff_t(j) * rows.feature];
      const size_t first = lines.first[j], width = lines.first[j + 1] - first;
      if (!width) {
        *to++ = float(x);
        continue;
      }
      *to++ = clipped_smoothly(x, lines.centre[j], lines.spread[j]);
      if (width > 1) rise(double(x), lines.edges + first, width - 1, zeros, to);
      to += width - 1;
    }
  }
}

template void write_pieces(const Lines &, const Rows<float> &, float *);
template void write_pieces(const Lines &, const Rows<double> &, float *);

} // namespace shoal
