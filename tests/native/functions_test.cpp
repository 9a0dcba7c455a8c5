// The functions of single numbers, beside those of the C++ library in double precision; and g1 in the kernels of
// every instruction set.
#define SHOAL_VARIANT tested // in plain arithmetic, as where nothing is fused
#define SHOAL_REGISTER 16
#define SHOAL_FUSED 0
#include "functions.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "checks.hpp"
#include "descent.hpp"
#include "variants.hpp"

namespace test {

namespace {

namespace native = shoal::tested;

float of_bits(uint32_t pattern) {
  float x;
  std::memcpy(&x, &pattern, sizeof x);
  return x;
}

// Call f with single numbers from 2^-15 to 32, some 30,000 in each power of 2.
template <class F> void with_numbers(F f) {
  for (uint32_t pattern = 0x38000000; pattern < 0x42000000; pattern += 0xff) f(of_bits(pattern));
}

// A NaN says in its low bits where it comes from: those of R's missing numbers are 1954.
const uint32_t NANS[] = {0x7fc00000, 0x7fc00001, 0xffc00000, 0x7fc007a2, 0xffffffff};

// The distance of y from x in units of x's last place.
double units(float y, double x) {
  const float nearest = float(std::fabs(x));
  return std::fabs(y - x) / double(std::nextafter(nearest, INFINITY) - nearest);
}

void tanh_is_near_and_never_beyond_1() {
  with_numbers([](float z) {
    check(units(native::tanh(z), std::tanh(double(z))) < 7, "tanh is within 7 units of the last place");
    check(native::tanh(z) <= 1, "tanh is at most 1, so that its slope is never negative");
    check(native::tanh(-z) == -native::tanh(z), "tanh is odd");
    check(std::fabs(native::tanh(double(z)) - std::tanh(double(z))) < 4e-16, "tanh is near in double precision");
  });
  for (const float z : {8.5F, 32.0F, 3e38F, INFINITY})
    check(native::tanh(z) == 1 && native::tanh(-z) == -1, "tanh is 1 where it saturates, so that its slope is 0");
}

void exp_and_sigmoid_are_near() {
  with_numbers([](float z) {
    check(units(native::exp(-z), std::exp(-double(z))) < 2, "exp is within 2 units of the last place");
    check(units(native::sigmoid(z), 1 / (1 + std::exp(-double(z)))) < 3, "sigmoid is within 3 units of the last place");
    check(std::fabs(native::exp(-double(z)) / std::exp(-double(z)) - 1) < 4e-16, "exp is near in double precision");
  });
  check(native::exp(-INFINITY) == 0 && native::exp(-800.0) == 0, "exp is 0 where no normal number is left");
  const shoal::Denormals flush(shoal::Denormals::flushed); // as in the engine
  for (float z = 70; z < 87.2F; z += 0.37F) {
    check(std::fabs(double(native::exp(-z)) / std::exp(-double(z)) - 1) < 2e-7, "exp is near where numbers end");
    const double y = 8.1 * double(z); // to 706
    check(std::fabs(native::exp(-y) / std::exp(-y) - 1) < 4e-16, "so it is in double precision");
  }
}

// a1 of a network that gives it out.
template <class T>
std::vector<T> activations(const shoal::Variant &variant, shoal::Activation g1, bool in_units, const std::vector<T> &x) {
  shoal::Shape shape = {1, 1, 1, g1, shoal::Output::identity};
  shape.in_units = in_units;
  const T theta[] = {1, 0, 1, 0};
  std::vector<T> a(x.size());
  const shoal::Source<T> source = {x.data(), 1, 1, nullptr, 1, 1, x.size()};
  shoal::evaluate<T>(variant, shape, theta, source, nullptr, 0, double(x.size()), nullptr, a.data(), {1}, {});
  return a;
}

template <class T> void a_nan_stays_one(const shoal::Variant &variant, bool in_units) {
  std::vector<T> x;
  for (const uint32_t pattern : NANS) x.push_back(of_bits(pattern));
  for (int g1 = 0; g1 < 5; ++g1)
    for (const T a : activations(variant, shoal::Activation(g1), in_units, x)) check(std::isnan(a), "a NaN stays one");
}

void every_instruction_set_keeps_tanh_within_1_and_nan() {
  std::vector<float> x;
  for (uint32_t pattern = 0x40800000; pattern < 0x41100000; pattern += 3) x.push_back(of_bits(pattern)); // 4 to 9
  for (const shoal::Variant *variant : shoal::variants())
    for (const bool in_units : {false, true}) {
      now = variant->name;
      float most = 0;
      for (const float a : activations(*variant, shoal::Activation::tanh, in_units, x)) most = a > most ? a : most;
      check(most == 1, "tanh is at most 1");
      for (const float a : activations<float>(*variant, shoal::Activation::tanh, in_units, {8.5F, 1e10F, 3e38F}))
        check(a == 1, "tanh is 1 where it saturates");
      a_nan_stays_one<float>(*variant, in_units);
      a_nan_stays_one<double>(*variant, in_units);
    }
}

// J of n_y outputs z each, for y = 0, of m examples with weights w.
double cost(const shoal::Variant &variant, size_t n_y, float z, std::vector<float> w) {
  const shoal::Shape shape = {1, 1, n_y, shoal::Activation::identity, shoal::Output::sigmoid};
  std::vector<float> theta(2 + 2 * n_y), x(w.size(), z), y(n_y * w.size());
  theta[0] = 1, std::fill_n(theta.begin() + 2, n_y, 1.0F);
  double m = 0;
  for (const float weight : w) m += double(weight);
  const shoal::Source<float> source = {x.data(), 1, 1, y.data(), 1, ptrdiff_t(w.size()), w.size()};
  return shoal::evaluate<float>(variant, shape, theta.data(), source, w.data(), 1, m, nullptr, nullptr, {1}, {});
}

void losses_at_the_ends_of_the_numbers_are_near() {
  for (const shoal::Variant *variant : shoal::variants()) {
    now = variant->name;
    for (const float weight : {1e-20F, 1.0F, 1e20F})
      for (const size_t m : {2, 600, 100'000}) {
        const std::vector<float> w(m, weight);
        check(std::fabs(cost(*variant, 3, 3e38F, w) / 9e38 - 1) < 1e-6, "large losses do not overflow on their way into J");
        const double small = cost(*variant, 3, -80, w) / 3;
        check(std::fabs(small * std::exp(80.0) - 1) < 1e-5, "small losses do not vanish on their way into J");
      }
  }
}

// b1 alone overflows in z2, and the only example takes it back: what fills up its pack must not come without it.
void padding_is_never_larger_than_the_examples() {
  const shoal::Shape shape = {1, 1, 1, shoal::Activation::relu, shoal::Output::sigmoid};
  const float theta[] = {-2e19F, 2e19F, 2e19F, 0}, x = 1, y = 0;
  const shoal::Source<float> source = {&x, 1, 1, &y, 1, 1, 1};
  for (const shoal::Variant *variant : shoal::variants()) {
    now = variant->name;
    const double J = shoal::evaluate<float>(*variant, shape, theta, source, nullptr, 0, 1, nullptr, nullptr, {1}, {});
    check(std::fabs(J - std::log(2.0)) < 1e-6, "padding does not overflow");
  }
}

} // namespace

void functions() {
  now = "functions";
  tanh_is_near_and_never_beyond_1();
  exp_and_sigmoid_are_near();
  every_instruction_set_keeps_tanh_within_1_and_nan();
  losses_at_the_ends_of_the_numbers_are_near();
  padding_is_never_larger_than_the_examples();
}

} // namespace test
