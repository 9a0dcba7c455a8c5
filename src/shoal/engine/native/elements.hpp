// Guarantee: what happens element by element, as activations.py and optimizers.py say it.
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

// Call f with g1 as a function of a register of numbers.
template <class F> void with_activation(Activation g1, F f) {
  switch (g1) {
  case Activation::tanh: f([](auto z) { return tanh(z); }); break;
  case Activation::sigmoid: f([](auto z) { return sigmoid(z); }); break;
  case Activation::relu: f([](auto z) { return at_least(decltype(z){}, z); }); break;
  case Activation::leaky_relu: f([](auto z) { return z < 0 ? LEAK<Element<decltype(z)>> * z : z; }); break;
  case Activation::identity: f([](auto z) { return z; }); break;
  }
}

// A1 = g1(Z1), in place, of whole packs.
template <class T> void activate(Activation g1, T *Z, size_t n) {
  if (g1 == Activation::identity) return;
  with_activation(g1, [=](auto g) {
    for (size_t i = 0; i < n; i += LANES<T> / PARTS) store(Z + i, g(load(Z + i)));
  });
}

// Call f with d * g1' as a function of d and a = g1(z), registers of numbers.
template <class F> void with_slope(Activation g1, F f) {
  switch (g1) {
  case Activation::tanh: f([](auto d, auto a) { return fused(decltype(a)(-(d * a)), a, d); }); break; // d (1 - a^2)
  case Activation::sigmoid: f([](auto d, auto a) { return fused(decltype(a)(-(d * a)), a, d * a); }); break; // d a (1 - a)
  case Activation::relu: f([](auto d, auto a) { return a > 0 ? d : decltype(d){}; }); break;
  case Activation::leaky_relu: f([](auto d, auto a) { return a > 0 ? d : LEAK<Element<decltype(d)>> * d; }); break;
  case Activation::identity: f([](auto d, auto) { return d; }); break;
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
