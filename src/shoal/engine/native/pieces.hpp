// Guarantee: numbers become pieces of lines, with the bits of the definition in `shoal.engine.lines`.
//
// The quotients of pieces are of doubles, clipping is in the precision of the numbers, and nothing
// is fused: the result depends on no instruction set.
#pragma once

#include <cstddef>

namespace shoal {

// Features in rows.
template <class T> struct Rows {
  const T *X;
  ptrdiff_t example, feature; // strides
  size_t m, n;
};

// Of each feature; without edges it is used as it is.
struct Lines {
  const double *centre, *spread;
  const double *edges; // of all features, one after the other
  const size_t *first; // n + 1 of them: where in the edges those of a feature are
};

// Write (m, width) features, row by row: as many of each as it has edges, or itself.
template <class T> void write_pieces(const Lines &lines, const Rows<T> &rows, float *to);

extern template void write_pieces(const Lines &, const Rows<float> &, float *);
extern template void write_pieces(const Lines &, const Rows<double> &, float *);

} // namespace shoal
