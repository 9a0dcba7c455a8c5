// Guarantee: what happens element by element: numbers are copied; g1 and its slope, and steps, whole or a block of
// them, are as activations.py and optimizers.py say it.
#pragma once

#include <cmath>

#include "functions.hpp"
#include "kernels.hpp"

namespace shoal::SHOAL_VARIANT {

template <class T> constexpr T LEAK = T(0.01); // the slope of leaky ReLU below zero

// n numbers, `step` apart from each other. Where they are next to each other they go by registers: the last one that
// is not whole overlaps the one before it.
template <class T> void copy_numbers(const T *from, ptrdiff_t step, size_t n, T *to) {
  if (step != 1 || n < WIDTH<T>) {
    for (size_t i = 0; i < n; ++i) to[i] = from[ptrdiff_t(i) * step];
    return;
  }
  const size_t last = n - WIDTH<T>;
  for (size_t i = 0; i < last; i += WIDTH<T>) store(to + i, load(from + i));
  store(to + last, load(from + last));
}

// The outputs of a tile, (n_y, row), filled up to whole packs with zeros.
template <class T> void gather_Y(const Source<T> &from, size_t n_y, const Tile<T> &tile, size_t row) {
  for (size_t k = 0; k < n_y; ++k) {
    const T *y = from.Y + ptrdiff_t(k) * from.Y_output;
    T *to = tile.Y + k * row;
    if (tile.rows)
      for (size_t i = 0; i < tile.m; ++i) to[i] = y[ptrdiff_t(tile.rows[i]) * from.Y_example];
    else copy_numbers(y + ptrdiff_t(tile.first) * from.Y_example, from.Y_example, tile.m, to);
    for (size_t i = tile.m; i < up<T>(tile.m); ++i) to[i] = 0;
  }
}

// g1 of a register of numbers, and d * g1' by way of a = g1(z).
struct Tanh {
  template <class V> static V of(V z) { return tanh(z); }
  template <class V> static V slope(V d, V a) { return fused(V(-(d * a)), a, d); } // d (1 - a^2)
};
struct Sigmoid {
  template <class V> static V of(V z) { return sigmoid(z); }
  template <class V> static V slope(V d, V a) { return fused(V(-(d * a)), a, d * a); } // d a (1 - a)
};
struct Relu {
  template <class V> static V of(V z) { return at_least(V{}, z); }
  template <class V> static V slope(V d, V a) { return a > 0 ? d : V{}; }
};
struct LeakyRelu {
  template <class V> static V of(V z) { return z < 0 ? LEAK<Element<V>> * z : z; }
  template <class V> static V slope(V d, V a) { return a > 0 ? d : LEAK<Element<V>> * d; }
};
struct Identity {
  template <class V> static V of(V z) { return z; }
  template <class V> static V slope(V d, V) { return d; }
};

// Call f with g1 and its slope.
template <class F> void with_activation(Activation g1, F f) {
  switch (g1) {
  case Activation::tanh: f(Tanh()); break;
  case Activation::sigmoid: f(Sigmoid()); break;
  case Activation::relu: f(Relu()); break;
  case Activation::leaky_relu: f(LeakyRelu()); break;
  case Activation::identity: f(Identity()); break;
  }
}

// A1 = g1(Z1), in place, of whole packs.
template <class T> void activate(Activation g1, T *Z, size_t n) {
  if (g1 == Activation::identity) return;
  with_activation(g1, [=](auto g) {
    for (size_t i = 0; i < n; i += WIDTH<T>) store(Z + i, g.of(load(Z + i)));
  });
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
  AdamStep(const Step &step, long t) // the t-th: the means are still too small, by 1 - beta^t
      : rate_(T(step.alpha / (1 - std::pow(step.beta1, double(t))))), rest1_(T(1 - step.beta1)), rest2_(T(1 - step.beta2)),
        one_over_c2_(T(1 / (1 - std::pow(step.beta2, double(t))))), epsilon_(T(step.epsilon)) {}
  void operator()(T d, T &theta, T &mean, T &square) const {
    mean += rest1_ * (d - mean);
    square += rest2_ * (d * d - square);
    theta -= rate_ * mean / (square_root(square * one_over_c2_) + epsilon_); // a division takes as long as all else
  }

private:
  T rate_, rest1_, rest2_, one_over_c2_, epsilon_;
};

// Call f with each parameter of a block of a step, by its number, and its slope. Where all parameters are treated
// alike, they are one part, and else four.
template <class T, class F> void with_slopes(const Layout &l, const Change<T> &c, size_t block, size_t blocks, F f) {
  const bool alike = c.decay == 0 && c.hidden_scale == c.scale && !c.without_W1;
  const size_t ends[] = {l.W1, l.b1, l.W2, l.b2, l.size};
  for (size_t part = c.without_W1; part < (alike ? 1 : 4); ++part) {
    const size_t size = (alike ? l.size : ends[part + 1]) - ends[part];
    const auto border = [&](size_t b) { // between cache lines
      return ends[part] + (b == blocks ? size : size * b / blocks / 16 * 16);
    };
    const T scale = part < 2 ? c.hidden_scale : c.scale, decay = part % 2 ? 0 : c.decay; // biases are not penalised
    const size_t end = border(block + 1);
    for (size_t i = border(block); i < end; ++i) f(i, scale * c.gradient[i] + decay * c.parameters[i]);
  }
}

// theta := theta - alpha dtheta and its variants, of a block of a step.
template <class T> void update(const Layout &l, const Change<T> &c, size_t block, size_t blocks) {
  const T alpha = T(c.step.alpha), beta1 = T(c.step.beta1);
  T *theta = c.parameters, *mean = c.mean, *square = c.square;
  switch (c.step.rule) {
  case Rule::descent:
    with_slopes(l, c, block, blocks, [=](size_t i, T slope) { theta[i] -= alpha * slope; });
    break;
  case Rule::momentum:
    with_slopes(l, c, block, blocks, [=](size_t i, T slope) {
      mean[i] = beta1 * mean[i] + slope, theta[i] -= alpha * mean[i];
    });
    break;
  case Rule::adam:
    with_slopes(l, c, block, blocks, [=, adam = AdamStep<T>(c.step, c.t)](size_t i, T slope) {
      adam(slope, theta[i], mean[i], square[i]);
    });
  }
}

} // namespace shoal::SHOAL_VARIANT
