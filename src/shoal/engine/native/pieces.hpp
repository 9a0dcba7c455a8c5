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
  size_t width() const { return width_; } // features of an example
  const Columns &columns() const { return columns_; }

  // Those of examples first, first + 1, ..., or rows[0], rows[1], ...; `step` is from one to the next.
  void write(size_t m, size_t first, const uint32_t *rows, float *to, size_t step) const;

  // Those of the same examples by what is not 0 of them; `step` is from one feature to the next.
  void cut(size_t m, size_t first, const uint32_t *rows, const Cuts &to, size_t step) const;

private:
  template <class T> void write_row(const T *row, float *to) const;
  template <class T> void cut_row(const T *row, const Cuts &to, size_t i, size_t step) const;
  template <class F> void each_row(size_t m, size_t first, const uint32_t *rows, F f) const;

  Lines lines_;
  Rows rows_;
  size_t width_ = 0;
  Columns columns_;
  std::vector<float> steps_; // 1, ..., 1, 0, ..., 0
};

} // namespace shoal
