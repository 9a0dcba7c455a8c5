// Guarantee: what happens element by element, as activations.py, losses.py and optimizers.py say it.
#pragma once

#include "functions.hpp"
#include "kernels.hpp"

namespace shoal::SHOAL_VARIANT {

template <class T> constexpr T LEAK = T(0.01); // the slope of leaky ReLU below zero

// The outputs of a tile, (n_y, row), filled up to whole packs with zeros.
template <class T> void gather_Y(const Source<T> &from, size_t n_y, const Tile<T> &tile, size_t row) {
  for (size_t k = 0; k < n_y; ++k) {
    const T *y = from.Y + ptrdiff_t(k) * from.Y_output;
    T *to = tile.Y + k * row;
    if (tile.rows)
      for (size_t i = 0; i < tile.m; ++i) to[i] = y[ptrdiff_t(tile.rows[i]) * from.Y_example];
    else
      for (size_t i = 0; i < tile.m; ++i) to[i] = y[ptrdiff_t(tile.first + i) * from.Y_example];
    for (size_t i = tile.m; i < up<T>(tile.m); ++i) to[i] = 0;
  }
}

// Call f with g1 as a function of a number or a register of them.
template <class F> void with_activation(Activation g1, F f) {
  switch (g1) {
  case Activation::tanh: f([](auto z) { return tanh(z); }); break;
  case Activation::sigmoid: f([](auto z) { return sigmoid(z); }); break;
  case Activation::relu: f([](auto z) { return z < 0 ? decltype(z){} : z; }); break;
  case Activation::leaky_relu: f([](auto z) { return z < 0 ? LEAK<Element<decltype(z)>> * z : z; }); break;
  case Activation::identity: f([](auto z) { return z; }); break;
  }
}

// A1 = g1(Z1), in place.
template <class T> void activate(Activation g1, T *Z, size_t n) {
  if (g1 == Activation::identity) return;
  with_activation(g1, [=](auto g) {
    for (size_t i = 0; i < n; ++i) Z[i] = g(Z[i]);
  });
}

// Call f with g1' as a function of a = g1(z), a number or a register of them.
template <class F> void with_slope(Activation g1, F f) {
  switch (g1) {
  case Activation::tanh: f([](auto a) { return 1 - a * a; }); break;
  case Activation::sigmoid: f([](auto a) { return a * (1 - a); }); break;
  case Activation::relu: f([](auto a) { return a > 0 ? everywhere<decltype(a)>(1) : decltype(a){}; }); break;
  case Activation::leaky_relu:
    f([](auto a) {
      using V = decltype(a);
      return a > 0 ? everywhere<V>(1) : everywhere<V>(LEAK<Element<V>>);
    });
    break;
  case Activation::identity: f([](auto a) { return everywhere<decltype(a)>(1); }); break;
  }
}

// A loss at z is finite where z is, and so is a sum of n_y of them.
template <class T> inline T bounded(T L, T z, T limit) { return L > limit ? (z - z == 0 ? limit : L) : L; }

// Of n_y rows of `tile` elements: A2 in the place of Z2, and L, (tile), if there is a Y. One division
// serves 1 / (1 + e) of A2 and e / (2 + e) of L.
template <class T> void sigmoid_output(T *Z2, const T *Y, T *L, size_t n_y, size_t tile, size_t m, T limit) {
  const auto e_of = [](T z) { return exp(z < 0 ? z : -z); };
  const auto both_of = [](T e) { return 1 / ((1 + e) * (2 + e)); };
  const auto a_of = [](T z, T e, T both) { return (z < 0 ? e : T(1)) * (2 + e) * both; };
  for (size_t k = 0; k < n_y; ++k, Z2 += tile) {
    if (!Y) {
      for (size_t i = 0; i < m; ++i) {
        const T e = e_of(Z2[i]);
        Z2[i] = a_of(Z2[i], e, both_of(e));
      }
      continue;
    }
    const T *y = Y + k * tile;
    for (size_t i = 0; i < m; ++i) {
      const T z = Z2[i], e = e_of(z), both = both_of(e);
      L[i] += bounded(((z > 0 ? z : T(0)) - z * y[i]) + log1p_of(e * (1 + e) * both), z, limit);
      Z2[i] = a_of(z, e, both);
    }
  }
}

template <class T>
void identity_output(const T *Z2, const T *Y, T *L, size_t n_y, size_t tile, size_t m, T limit) {
  for (size_t k = 0; Y && k < n_y; ++k)
    for (size_t i = 0; i < m; ++i) {
      const T d = Z2[k * tile + i] - Y[k * tile + i];
      L[i] += bounded(d * d / 2, d, limit);
    }
}

// The greatest z of an example counts 1, not through e^0, so that a small loss stays exact.
template <class T>
void softmax_output(T *Z2, const T *Y, T *L, T *aux, size_t n_y, size_t tile, size_t m, T limit) {
  T *greatest = aux, *which = aux + tile, *others = L; // L is needed last
  for (size_t i = 0; i < m; ++i) greatest[i] = Z2[i], which[i] = 0, others[i] = 0;
  for (size_t k = 1; k < n_y; ++k)
    for (size_t i = 0; i < m; ++i) {
      const T z = Z2[k * tile + i];
      which[i] = z > greatest[i] ? T(k) : which[i];
      greatest[i] = z > greatest[i] ? z : greatest[i];
    }
  for (size_t k = 0; k < n_y; ++k)
    for (size_t i = 0; i < m; ++i) {
      const T e = exp(Z2[k * tile + i] - greatest[i]);
      others[i] += which[i] == T(k) ? e - T(1) : e; // e - 1 is 0, or NaN if z was not finite
    }
  for (size_t i = 0; i < m; ++i) which[i] = others[i];
  if (Y)
    for (size_t i = 0; i < m; ++i) L[i] = 0;
  for (size_t k = 0; k < n_y; ++k)
    for (size_t i = 0; i < m; ++i) {
      const T z = Z2[k * tile + i];
      if (Y) {
        const T y = Y[k * tile + i];
        L[i] += y == 0 ? 0 * z : bounded(y * ((greatest[i] - z) + log1p(which[i])), z, limit);
      }
      Z2[k * tile + i] = exp(z - greatest[i]) / (T(1) + which[i]);
    }
}

// Sums of doubles, eight at a time and then halves first, in one order on every instruction set.
inline double total_of_eight(const double (&sum)[8]) {
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

// sum += the squares of n numbers, a number to each of the eight in turn.
template <class T> inline void add_squares(const T *x, size_t n, double (&sum)[8]) {
  for (size_t i = 0; i < n / 8 * 8; i += 8)
    for (size_t j = 0; j < 8; ++j) sum[j] += double(x[i + j]) * double(x[i + j]);
  for (size_t i = n / 8 * 8; i < n; ++i) sum[i % 8] += double(x[i]) * double(x[i]);
}

// The sum of L * (w / m), divided first so that it cannot overflow; n is a multiple of 8.
template <class T> double weighted(const T *L, const T *w, double one_over_m, size_t n) {
  double sum[8] = {};
  for (size_t i = 0; i < n; i += 8)
    for (size_t j = 0; j < 8; ++j) sum[j] += double(L[i + j]) * (double(w[i + j]) * one_over_m);
  return total_of_eight(sum);
}

template <class T>
double outputs(const Shape &s, const Tile<T> &tile, Work<T> &work, double one_over_m, bool slope, size_t width, size_t padded) {
  const size_t m = padded;
  const T *Y = tile.Y, limit = std::numeric_limits<T>::max() / 2 / T(s.n_y);
  for (size_t i = 0; i < m; ++i) work.L[i] = 0;
  switch (s.g2) {
  case Output::sigmoid: sigmoid_output(work.Z2, Y, work.L, s.n_y, width, m, limit); break;
  case Output::softmax: softmax_output(work.Z2, Y, work.L, work.aux, s.n_y, width, m, limit); break;
  case Output::identity: identity_output(work.Z2, Y, work.L, s.n_y, width, m, limit); break;
  }
  if (!Y) return 0;
  const double J = weighted(work.L, work.w, one_over_m, m);
  if (slope)
    for (size_t k = 0; k < s.n_y; ++k) {
      T *dZ2 = work.Z2 + k * width;
      for (size_t i = 0; i < m; ++i) dZ2[i] = (dZ2[i] - Y[k * width + i]) * work.w[i]; // w of the padding is 0
    }
  return J;
}

template <class T> void add(T *sum, const T *term, size_t n) {
  for (size_t i = 0; i < n; ++i) sum[i] += term[i];
}

inline float square_root(float x) { return __builtin_sqrtf(x); }
inline double square_root(double x) { return __builtin_sqrt(x); }

// One element's step of Adam, for a slope d.
template <class T> class AdamStep {
public:
  explicit AdamStep(const Step &step)
      : rate_(T(step.alpha / step.c1)), rest1_(T(1 - step.beta1)), rest2_(T(1 - step.beta2)), one_over_c2_(T(1 / step.c2)),
        epsilon_(T(step.epsilon)) {}
  void operator()(T d, T &theta, T &mean, T &square) const {
    mean += rest1_ * (d - mean);
    square += rest2_ * (d * d - square);
    theta -= rate_ * mean / (square_root(square * one_over_c2_) + epsilon_); // a division takes as long as all else
  }

private:
  T rate_, rest1_, rest2_, one_over_c2_, epsilon_;
};

// theta := theta - alpha dtheta and its variants, where dtheta = scale * gradient + decay * theta.
template <class T>
void update(const Step &step, T scale, T decay, T *theta, const T *gradient, T *mean, T *square, size_t n) {
  const T alpha = T(step.alpha), beta1 = T(step.beta1);
  const AdamStep<T> adam(step);
  const auto slope = [=](size_t i) { return scale * gradient[i] + decay * theta[i]; };
  switch (step.rule) {
  case Rule::descent:
    for (size_t i = 0; i < n; ++i) theta[i] -= alpha * slope(i);
    break;
  case Rule::momentum:
    for (size_t i = 0; i < n; ++i) mean[i] = beta1 * mean[i] + slope(i), theta[i] -= alpha * mean[i];
    break;
  case Rule::adam:
    for (size_t i = 0; i < n; ++i) adam(slope(i), theta[i], mean[i], square[i]);
  }
}

} // namespace shoal::SHOAL_VARIANT
