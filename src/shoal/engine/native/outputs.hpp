// Guarantee: what follows Z2, as losses.py says: A2, the cost and dZ2, made together for each register of
// outputs. A softmax first goes over Z2 for its sums.
#pragma once

#include "functions.hpp"
#include "kernels.hpp"

namespace shoal::SHOAL_VARIANT {

// The sum of L * w / m in double precision, for each lane of a pack by itself until the end.
template <class T> class Cost {
public:
  explicit Cost(double one_over_m) : one_over_m_(one_over_m) {}

  // The losses of a register, that of `part` of a pack.
  void add(Register<T> L, Register<T> w, int part) {
    if constexpr (sizeof(T) == sizeof(double)) {
      sum_[part] += L * (w * one_over_m_); // divided first, so that it cannot overflow
    } else { // these products are exact
      sum_[2 * part] = fused(widened<0>(L), widened<0>(w), sum_[2 * part]);
      sum_[2 * part + 1] = fused(widened<1>(L), widened<1>(w), sum_[2 * part + 1]);
    }
  }

  double total() const {
    double sums[LANES<T>];
    __builtin_memcpy(sums, sum_, sizeof sums);
    for (size_t half = LANES<T> / 2; half; half /= 2)
      for (size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
    return sizeof(T) == sizeof(double) ? sums[0] : sums[0] * one_over_m_;
  }

private:
  double one_over_m_;
  DoubleRegister sum_[PARTS * sizeof(double) / sizeof(T)] = {};
};

// Of a tile: Z2, Y and w lie in rows of whole packs, and w of the padding is 0.
template <class T> class Outputs {
public:
  Outputs(size_t n_y, const Tile<T> &tile, const Work<T> &work, size_t row, double one_over_m, bool slope)
      : n_y_(n_y), row_(row), m_(up<T>(tile.m)), slope_(slope), limit_(std::numeric_limits<T>::max() / 2 / T(n_y)),
        Z2_(work.Z2), aux_(work.aux), Y_(tile.Y), w_(work.w), J_(one_over_m) {}

  double make(Output g2) {
    switch (g2) {
    case Output::sigmoid: sigmoid(); break;
    case Output::softmax: softmax(); break;
    case Output::identity: identity(); break;
    }
    return Y_ ? J_.total() : 0;
  }

private:
  using V = Register<T>;

  // Call f with where an output's row begins, where in it a register lies, and which part of a pack that is.
  template <class F> void each(F f) {
    for (size_t k = 0; k < n_y_; ++k)
      for (size_t pack = 0; pack < m_; pack += LANES<T>)
#pragma GCC unroll 4
        for (int part = 0; part < PARTS; ++part) f(k * row_, pack + size_t(part) * (LANES<T> / PARTS), part);
  }

  // A loss that is finite where z and y are, as a sum of n_y of them is.
  V bounded(V L, V z, V y) const {
    const V limit = everywhere<V>(limit_);
    return L > limit ? ((z - z) + (y - y) == 0 ? limit : L) : L;
  }

  // A2 or, with a slope, dZ2 in the place of Z2.
  void put(size_t at, size_t i, int part, V a, V y, V L) {
    const V w = load(w_ + i);
    J_.add(L, w, part);
    store(Z2_ + at + i, slope_ ? (a - y) * w : a);
  }

  // One division serves 1 / (1 + e) of A2 and e / (2 + e) of L.
  void sigmoid() {
    each([this](size_t at, size_t i, int part) {
      const V z = load(Z2_ + at + i), e = exp(minus_magnitude(z)), both = 1 / ((1 + e) * (2 + e));
      const V a = (z < 0 ? e : everywhere<V>(1)) * (2 + e) * both;
      if (!Y_) return store(Z2_ + at + i, a);
      const V y = load(Y_ + at + i);
      const V L = fused(V(-z), y, at_least(V{}, z)) + log1p_of(V(e * (1 + e) * both));
      // a loss for y from 0 to 1 does not overflow, and a sum only in its own precision
      put(at, i, part, a, y, sizeof(T) == sizeof(double) ? bounded(L, z, y) : L);
    });
  }

  void identity() {
    if (!Y_) return;
    each([this](size_t at, size_t i, int part) {
      const V z = load(Z2_ + at + i), y = load(Y_ + at + i), d = z - y;
      put(at, i, part, z, y, bounded(d * d / 2, z, y));
    });
  }

  // The greatest z of an example counts 1, not through e^0, so that a small loss stays exact.
  void softmax() {
    T *greatest = aux_, *which = aux_ + row_, *others = aux_ + 2 * row_;
    for (size_t i = 0; i < m_; ++i) greatest[i] = Z2_[i], which[i] = 0, others[i] = 0;
    for (size_t k = 1; k < n_y_; ++k)
      for (size_t i = 0; i < m_; ++i) {
        const T z = Z2_[k * row_ + i];
        which[i] = z > greatest[i] ? T(k) : which[i];
        greatest[i] = z > greatest[i] ? z : greatest[i];
      }
    for (size_t k = 0; k < n_y_; ++k)
      for (size_t i = 0; i < m_; ++i) {
        const T e = exp(Z2_[k * row_ + i] - greatest[i]);
        others[i] += which[i] == T(k) ? e - T(1) : e; // e - 1 is 0, or NaN if z was not finite
      }
    T *logarithm = which; // is no longer needed
    for (size_t i = 0; Y_ && i < m_; ++i) logarithm[i] = log1p(others[i]);
    each([=](size_t at, size_t i, int part) {
      const V z = load(Z2_ + at + i), most = load(greatest + i), a = exp(V(z - most)) / (1 + load(others + i));
      if (!Y_) return store(Z2_ + at + i, a);
      const V y = load(Y_ + at + i);
      put(at, i, part, a, y, y == 0 ? 0 * z : bounded(y * ((most - z) + load(logarithm + i)), z, y));
    });
  }

  size_t n_y_, row_, m_;
  bool slope_;
  T limit_;
  T *Z2_, *aux_;
  const T *Y_, *w_;
  Cost<T> J_;
};

} // namespace shoal::SHOAL_VARIANT
