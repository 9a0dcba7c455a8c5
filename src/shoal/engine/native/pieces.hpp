// Guarantee: numbers become pieces of lines, with the bits of the definition in `shoal.engine.lines`.
//
// The quotients of pieces are of doubles, clipping is in the precision of the numbers, and nothing
// is fused: the result depends on no instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels.hpp"

namespace shoal {

// The formula itself. Each file that includes it has its own, as a linker might take another instruction set's.
namespace {

constexpr double SOFT_LIMIT = 3, NEAR = 1e100; // as in shoal.engine.lines

// The length of (1, z); of one far away, whose square would overflow, its own.
inline double length(double z) {
  const double far = z < 0 ? -z : z, near = far > NEAR ? NEAR : far, root = __builtin_sqrt(1 + near * near);
  return root > far ? root : far;
}

template <class T> inline T clipped_smoothly(T x, double centre, double spread) {
  const T z = (x - T(centre)) / T(spread);
  return z / T(length(double(z / T(SOFT_LIMIT))));
}

inline float part_of(double x, double from, double to) {
  const float r = float((x - from) / (to - from));
  return r > 1 ? 1.0f : r;
}

} // namespace

// Numbers in rows, of floats or of doubles.
struct Rows {
  const float *floats;
  const double *doubles;     // where there are no floats
  ptrdiff_t example, feature; // strides
  size_t m, n;
};

// Of each number; without edges it is used as it is.
struct Lines {
  const double *centre, *spread;
  const double *edges; // of all numbers, one after the other
  const size_t *first; // n + 1 of them: where in the edges those of a number are
};

// The features of numbers: as many of each as it has edges, or itself.
class Pieces {
public:
  Pieces(const Lines &lines, const Rows &rows);

  size_t m() const { return rows_.m; }
  const Lines &lines() const { return lines_; }
  const Rows &rows() const { return rows_; }
  size_t width() const { return width_; } // features of an example
  const Columns &columns() const { return columns_; }

  // Those of examples first, first + 1, ..., or rows[0], rows[1], ...; `step` is from one to the next.
  void write(size_t m, size_t first, const uint32_t *rows, float *to, size_t step) const;

private:
  template <class T> void write_row(const T *row, float *to) const;

  Lines lines_;
  Rows rows_;
  size_t width_ = 0;
  Columns columns_;
  std::vector<float> steps_; // 1, ..., 1, 0, ..., 0
};

} // namespace shoal
