// Guarantee: what follows Z2, as losses.py says: A2, the cost and dZ2, made together for each register of
// outputs. A softmax first goes over Z2 for its sums.
#pragma once

#include "functions.hpp"
#include "kernels.hpp"

namespace shoal::SHOAL_VARIANT {

// The sum of L * w / m, for each lane of a pack by itself until the end: of a few packs in their own precision, which
// is that of L, and of all in double precision.
template <class T> class Cost {
public:
  // In the few packs a weight counts for what it is of the mean, divided by more than there are packs, so that neither
  // large losses nor small ones leave the range of the numbers.
  Cost(double one_over_m, double mean_weight)
      : scale_(T(1 / (2 * FEW * mean_weight))), back_(2 * FEW * mean_weight * one_over_m) {}

  // The losses of a register, that of `part` of a pack.
  void add(Register<T> L, Register<T> w, int part) { few_[part] = fused(L, Register<T>(w * scale_), few_[part]); }

  // To be called after each pack.
  void next() {
    if (++packs_ % FEW == 0) add_few();
  }

  double total() {
    add_few();
    double sums[LANES<T>];
    __builtin_memcpy(sums, sum_, sizeof sums);
    for (size_t half = LANES<T> / 2; half; half /= 2)
      for (size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
    return sums[0] * back_;
  }

private:
  static constexpr size_t FEW = 8;

  void add_few() {
    for (int part = 0; part < PARTS; ++part) {
      if constexpr (sizeof(T) == sizeof(double)) sum_[part] += few_[part];
      else sum_[2 * part] += widened<0>(few_[part]), sum_[2 * part + 1] += widened<1>(few_[part]);
      few_[part] = Register<T>{};
    }
  }

  T scale_;
  double back_;
  size_t packs_ = 0;
  Register<T> few_[PARTS] = {};
  DoubleRegister sum_[PARTS * sizeof(double) / sizeof(T)] = {};
};

// Of a tile: Z2, Y and w lie in rows of whole packs, and w of the padding is 0.
template <class T> class Outputs {
  using V = Register<T>;

public:
  Outputs(size_t n_y, const Tile<T> &tile, const Work<T> &work, size_t row, double one_over_m, bool slope)
      : n_y_(n_y), row_(row), m_(up<T>(tile.m)), slope_(slope), limit_(std::numeric_limits<T>::max() / 2 / T(n_y)),
        Z2_(work.Z2), aux_(work.aux), Y_(tile.Y), w_(work.w), J_(one_over_m, work.mean_weight) {}

  // All outputs, where Z2 is. Returns the cost.
  double make(Output g2) {
    switch (g2) {
    case Output::sigmoid: each([this](V z, size_t at, size_t i, int part) { return sigmoid(z, at, i, part); }); break;
    case Output::softmax: softmax(); break;
    case Output::identity: each([this](V z, size_t at, size_t i, int part) { return identity(z, at, i, part); }); break;
    }
    return Y_ ? J_.total() : 0;
  }

private:
  // Z2 := f(Z2, where an output's row begins, where in it a register lies, which part of a pack that is).
  template <class F> void each(F f) {
    for (size_t at = 0; at < n_y_ * row_; at += row_)
      for (size_t pack = 0; pack < m_; pack += LANES<T>, J_.next())
#pragma GCC unroll 4
        for (int part = 0; part < PARTS; ++part) {
          const size_t i = pack + size_t(part) * WIDTH<T>;
          store(Z2_ + at + i, f(load(Z2_ + at + i), at, i, part));
        }
  }

  // A loss that is finite where z and y are, as a sum of n_y of them is.
  V bounded(V L, V z, V y) const {
    const V limit = everywhere<V>(limit_);
    return L > limit ? ((z - z) + (y - y) == 0 ? limit : L) : L;
  }

  // A2 or, with a slope, dZ2, when the loss is counted.
  V counted(size_t i, int part, V a, V y, V L) {
    const V w = load(w_ + i);
    J_.add(L, w, part);
    return slope_ ? (a - y) * w : a;
  }

  // A2 or, with a slope, dZ2, of a register of Z2: that of example i on, of a row that begins at `at`.
  V sigmoid(V z, size_t at, size_t i, int part) {
    const V e = exp_or_least(minus_magnitude(z)), a = sigmoid_of(z, e);
    if (!Y_) return a;
    const V y = load(Y_ + at + i), L = fused(e, log1p_over(e), fused(V(-z), y, at_least(V{}, z)));
    // a loss for y from 0 to 1 does not overflow, and a sum only in its own precision
    return counted(i, part, a, y, sizeof(T) == sizeof(double) ? bounded(L, z, y) : L);
  }

  V identity(V z, size_t at, size_t i, int part) {
    if (!Y_) return z;
    const V y = load(Y_ + at + i), d = z - y;
    return counted(i, part, z, y, bounded(d * d / 2, z, y));
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
    each([=](V z, size_t at, size_t i, int part) {
      const V most = load(greatest + i), a = exp(V(z - most)) / (1 + load(others + i));
      if (!Y_) return a;
      const V y = load(Y_ + at + i);
      return counted(i, part, a, y, y == 0 ? 0 * z : bounded(y * ((most - z) + load(logarithm + i)), z, y));
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
