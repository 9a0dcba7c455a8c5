#include "pieces.hpp"

#include <algorithm>
#include <cstring>

namespace shoal {

namespace {

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
    to[full] = part_of(x, edges[full], edges[full + 1]);
  else if (x != x)
    std::fill(to, to + pieces, float(x));
}

} // namespace

Pieces::Pieces(const Lines &lines, const Rows &rows) : lines_(lines), rows_(rows) {
  size_t widest = 0;
  for (size_t j = 0; j < rows.n; ++j) {
    const size_t own = lines.first[j + 1] - lines.first[j];
    if (own > 1) columns_.cuts.push_back({width_, own - 1});
    else columns_.plain.push_back(width_);
    widest = std::max(widest, own), width_ += std::max<size_t>(own, 1);
  }
  steps_.resize(2 * widest);
  std::fill_n(steps_.begin(), widest, 1.0f);
}

template <class T> void Pieces::write_row(const T *row, float *to) const {
  const float *zeros = steps_.data() + steps_.size() / 2;
  for (size_t j = 0; j < rows_.n; ++j) {
    const T x = row[ptrdiff_t(j) * rows_.feature];
    const size_t first = lines_.first[j], width = lines_.first[j + 1] - first;
    if (!width) {
      *to++ = float(x);
      continue;
    }
    *to++ = float(clipped_smoothly(x, lines_.centre[j], lines_.spread[j]));
    if (width > 1) rise(double(x), lines_.edges + first, width - 1, zeros, to);
    to += width - 1;
  }
}

void Pieces::write(size_t m, size_t first, const uint32_t *rows, float *to, size_t step) const {
  for (size_t i = 0; i < m; ++i, to += step) {
    const ptrdiff_t at = ptrdiff_t(rows ? rows[i] : first + i) * rows_.example;
    if (rows_.floats) write_row(rows_.floats + at, to);
    else write_row(rows_.doubles + at, to);
  }
}

} // namespace shoal
