#include "pieces.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace shoal {

namespace {

constexpr double SOFT_LIMIT = 3; // as in shoal.engine.lines

inline float length(float z) { return float(std::sqrt(1 + double(z) * double(z))); }
inline double length(double z) { return std::hypot(1.0, z); }

template <class T> float clipped_smoothly(T x, double centre, double spread) {
  const T z = (x - T(centre)) / T(spread);
  return float(z / length(z / T(SOFT_LIMIT)));
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

inline float part_of(double x, double from, double to) { return std::min(float((x - from) / (to - from)), 1.0f); }

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
    *to++ = clipped_smoothly(x, lines_.centre[j], lines_.spread[j]);
    if (width > 1) rise(double(x), lines_.edges + first, width - 1, zeros, to);
    to += width - 1;
  }
}

template <class T> void Pieces::cut_row(const T *row, const Cuts &to, size_t i, size_t step) const {
  size_t cut = i, plain = 0; // where in the arrays
  auto columns = columns_.cuts.begin();
  for (size_t j = 0; j < rows_.n; ++j) {
    const T x = row[ptrdiff_t(j) * rows_.feature];
    const size_t first = lines_.first[j], width = lines_.first[j + 1] - first;
    const float number = width ? clipped_smoothly(x, lines_.centre[j], lines_.spread[j]) : float(x);
    if (width < 2) {
      uint32_t &count = to.count[plain];
      to.value[plain * step + count] = number, to.at[plain * step + count] = uint32_t(i);
      count += number != 0, ++plain;
      continue;
    }
    const double *edges = lines_.edges + first;
    const size_t pieces = width - 1, full = passed(double(x), edges + 1, pieces), next = std::min(full + 1, pieces);
    const size_t feature = columns++->first;
    to.number[cut] = number, to.full[cut] = uint32_t(feature + full), to.next[cut] = uint32_t(feature + next);
    to.part[cut] = full == pieces || double(x) < edges[0] ? 0.0f : part_of(double(x), edges[full], edges[full + 1]);
    cut += step;
  }
}

// Call f with where a row begins.
template <class F> void Pieces::each_row(size_t m, size_t first, const uint32_t *rows, F f) const {
  for (size_t i = 0; i < m; ++i) {
    const ptrdiff_t at = ptrdiff_t(rows ? rows[i] : first + i) * rows_.example;
    if (rows_.floats) f(i, rows_.floats + at);
    else f(i, rows_.doubles + at);
  }
}

void Pieces::write(size_t m, size_t first, const uint32_t *rows, float *to, size_t step) const {
  each_row(m, first, rows, [&](size_t i, const auto *row) { write_row(row, to + i * step); });
}

void Pieces::cut(size_t m, size_t first, const uint32_t *rows, const Cuts &to, size_t step) const {
  std::fill_n(to.count, columns_.plain.size(), 0);
  each_row(m, first, rows, [&](size_t i, const auto *row) { cut_row(row, to, i, step); });
}

} // namespace shoal
