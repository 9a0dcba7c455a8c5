// What the kernels' test is made of: networks and tables of all kinds, in arrays of their exact size,
// and the equations by plain loops in double precision.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "descent.hpp"
#include "generator.hpp"
#include "pieces.hpp"

namespace test {

using namespace shoal;
using std::vector;

struct Case {
  Shape shape;
  size_t m;
  size_t way; // in which X lies in memory; Y lies in the next
  bool weighted;
  Rule rule;
  size_t batch;
  bool shuffle;
};

inline double uniform(uint64_t key, uint64_t k) { return double(number(key, k) >> 11) * 0x1p-52 - 1; } // -1 to 1

// (rows, m); between its elements there is NaN.
template <class T> struct Table {
  Table(size_t rows, size_t m, size_t way) {
    const ptrdiff_t n = ptrdiff_t(rows), page = 8192 / sizeof(T), pages = (n + page - 1) / page * page;
    const ptrdiff_t ways[][2] = {{n, 1}, {1, ptrdiff_t(m)}, {2 * n + 1, 1}, {pages, 1}, {-n, -1}, {2 * n, 2}};
    example = ways[way % 6][0], row = ways[way % 6][1];
    memory.assign(1 + std::abs(example) * (m - 1) + std::abs(row) * (rows - 1), std::numeric_limits<T>::quiet_NaN());
    first = example < 0 ? memory.data() + memory.size() - 1 : memory.data();
  }
  T &at(size_t k, size_t i) { return first[ptrdiff_t(k) * row + ptrdiff_t(i) * example]; }

  vector<T> memory;
  T *first;
  ptrdiff_t example, row;
};

template <class T> struct Problem {
  explicit Problem(const Case &c)
      : c(c), X(c.shape.n_x, c.m, c.way), Y(c.shape.n_y, c.m, c.way + 1), w(1, c.m, c.way), weight(double(c.m)) {
    const Shape &s = c.shape;
    const double scale[] = {1 / std::sqrt(double(s.n_x)), 1, 1 / std::sqrt(double(s.n_h)), 1};
    const size_t sizes[] = {s.n_h * s.n_x, s.n_h, s.n_y * s.n_h, s.n_y};
    theta.resize(sizes[0] + sizes[1] + sizes[2] + sizes[3]);
    for (size_t part = 0, i = 0; part < 4; ++part)
      for (const size_t end = i + sizes[part]; i < end; ++i) theta[i] = T(scale[part] * uniform(1, i));
    for (size_t i = 0; i < c.m; ++i) {
      for (size_t j = 0; j < s.n_x; ++j) X.at(j, i) = T(uniform(2, i * s.n_x + j));
      const size_t label = number(3, i) % s.n_y;
      for (size_t k = 0; k < s.n_y; ++k)
        Y.at(k, i) = s.g2 == Output::softmax   ? T(k == label)
                     : s.g2 == Output::sigmoid ? T(uniform(4, i * s.n_y + k) > 0)
                                               : T(uniform(4, i * s.n_y + k));
      w.at(0, i) = c.weighted ? T(1 + uniform(5, i) / 2) : T(1);
    }
    if (c.weighted) weight = 0;
    for (size_t i = 0; c.weighted && i < c.m; ++i) weight += double(w.at(0, i));
  }
  Source<T> source() const {
    if (pieces) return {nullptr, 0, 0, Y.first, Y.example, Y.row, c.m, pieces};
    return {X.first, X.example, X.row, Y.first, Y.example, Y.row, c.m};
  }
  const T *weights() const { return c.weighted ? w.first : nullptr; }

  Case c;
  Table<T> X, Y, w;
  vector<T> theta;
  double weight; // the sum of w
  const Pieces *pieces = nullptr; // to make X of, instead
};

template <class T> bool same_bits(const vector<T> &a, const vector<T> &b) {
  return a.size() == b.size() && (a.empty() || !std::memcmp(a.data(), b.data(), a.size() * sizeof(T)));
}

template <class T> struct Evaluation {
  vector<double> J;
  vector<T> gradient, A2;
  bool operator==(const Evaluation &b) const {
    return same_bits(J, b.J) && same_bits(gradient, b.gradient) && same_bits(A2, b.A2);
  }
};

inline double activated(Activation g1, double z) {
  switch (g1) {
  case Activation::tanh: return std::tanh(z);
  case Activation::sigmoid: return 1 / (1 + std::exp(-z));
  case Activation::relu: return z > 0 ? z : 0;
  case Activation::leaky_relu: return z > 0 ? z : 0.01 * z;
  default: return z;
  }
}

inline double slope(Activation g1, double z) {
  const double a = activated(g1, z);
  switch (g1) {
  case Activation::tanh: return 1 - a * a;
  case Activation::sigmoid: return a * (1 - a);
  case Activation::relu: return z > 0;
  case Activation::leaky_relu: return z > 0 ? 1 : 0.01;
  default: return 1;
  }
}

// The outputs and the loss of an example, by the definitions.
inline double output(Output g2, const vector<double> &Z2, const vector<double> &Y, vector<double> &A2) {
  double L = 0, sum = 0;
  for (double z : Z2) sum += std::exp(z);
  for (size_t k = 0; k < Z2.size(); ++k) {
    A2[k] = g2 == Output::softmax ? std::exp(Z2[k]) / sum : g2 == Output::sigmoid ? 1 / (1 + std::exp(-Z2[k])) : Z2[k];
    L += g2 == Output::softmax   ? -Y[k] * std::log(A2[k])
         : g2 == Output::sigmoid ? -Y[k] * std::log(A2[k]) - (1 - Y[k]) * std::log(1 - A2[k])
                                 : (Z2[k] - Y[k]) * (Z2[k] - Y[k]) / 2;
  }
  return L;
}

// The equations, example by example.
template <class T> Evaluation<double> by_loops(Problem<T> &p) {
  [[maybe_unused]] const auto &[n_x, n_h, n_y, g1, g2, dropping, in_units, columns] = p.c.shape;
  const vector<double> theta(p.theta.begin(), p.theta.end());
  Evaluation<double> e{{0}, vector<double>(theta.size()), vector<double>(n_y * p.c.m)};
  const double *W1 = theta.data(), *b1 = W1 + n_h * n_x, *W2 = b1 + n_h, *b2 = W2 + n_y * n_h;
  double *dW1 = e.gradient.data(), *db1 = dW1 + n_h * n_x, *dW2 = db1 + n_h, *db2 = dW2 + n_y * n_h;
  vector<double> x(n_x), y(n_y), Z1(n_h), A1(n_h), Z2(n_y), A2(n_y);
  for (size_t i = 0; i < p.c.m; ++i) {
    for (size_t j = 0; j < n_x; ++j) x[j] = double(p.X.at(j, i));
    for (size_t k = 0; k < n_y; ++k) y[k] = double(p.Y.at(k, i));
    for (size_t h = 0; h < n_h; ++h) {
      Z1[h] = std::inner_product(x.begin(), x.end(), W1 + h * n_x, b1[h]);
      A1[h] = activated(g1, Z1[h]);
    }
    for (size_t k = 0; k < n_y; ++k) Z2[k] = std::inner_product(A1.begin(), A1.end(), W2 + k * n_h, b2[k]);
    const double share = double(p.w.at(0, i)) / p.weight;
    e.J[0] += output(g2, Z2, y, A2) * share;
    for (size_t k = 0; k < n_y; ++k) {
      const double dz = (A2[k] - y[k]) * share;
      e.A2[k * p.c.m + i] = A2[k], db2[k] += dz;
      for (size_t h = 0; h < n_h; ++h) dW2[k * n_h + h] += dz * A1[h];
    }
    for (size_t h = 0; h < n_h; ++h) {
      double dz = 0;
      for (size_t k = 0; k < n_y; ++k) dz += W2[k * n_h + h] * (A2[k] - y[k]) * share;
      dz *= slope(g1, Z1[h]), db1[h] += dz;
      for (size_t j = 0; j < n_x; ++j) dW1[h * n_x + j] += dz * x[j];
    }
  }
  return e;
}

} // namespace test
