// The functions of single numbers, beside those of the C++ library in double precision.
#define SHOAL_VARIANT tested // in plain arithmetic, as on a machine without fused multiply-adds
#define SHOAL_REGISTER 16
#define SHOAL_FUSED 0
#include "functions.hpp"

#include <cmath>
#include <cstring>

#include "checks.hpp"

namespace test {

namespace {

using namespace shoal::tested;

float of_bits(uint32_t pattern) {
  float x;
  std::memcpy(&x, &pattern, sizeof x);
  return x;
}

// Call f with single numbers from 2^-15 to 32, some 30,000 in each power of 2.
template <class F> void with_numbers(F f) {
  for (uint32_t pattern = 0x38000000; pattern < 0x42000000; pattern += 0xff) f(of_bits(pattern));
}

// The distance of y from x in units of x's last place.
double units(float y, double x) {
  const float nearest = float(std::fabs(x));
  return std::fabs(y - x) / double(std::nextafter(nearest, INFINITY) - nearest);
}

void tanh_is_near_and_never_beyond_1() {
  with_numbers([](float z) {
    check(units(tanh(z), std::tanh(double(z))) < 7, "tanh is within 7 units of the last place");
    check(tanh(z) <= 1, "tanh is at most 1, so that its slope is never negative");
    check(tanh(-z) == -tanh(z), "tanh is odd");
    check(std::fabs(tanh(double(z)) - std::tanh(double(z))) < 4e-16, "tanh is near in double precision");
  });
  check(tanh(-INFINITY) == -tanh(32.0F) && tanh(INFINITY) > 0.999999F, "tanh ends where it saturates");
}

void exp_and_sigmoid_are_near() {
  with_numbers([](float z) {
    check(units(exp(-z), std::exp(-double(z))) < 2, "exp is within 2 units of the last place");
    check(units(sigmoid(z), 1 / (1 + std::exp(-double(z)))) < 3, "sigmoid is within 3 units of the last place");
    check(std::fabs(exp(-double(z)) / std::exp(-double(z)) - 1) < 4e-16, "exp is near in double precision");
  });
  check(exp(-INFINITY) == 0 && exp(-800.0) == 0, "exp is 0 where no normal number is left");
}

// A NaN says in its low bits where it comes from: those of R's missing numbers are 1954.
void every_nan_stays_one() {
  for (const uint32_t pattern : {0x7fc00000u, 0x7fc00001u, 0xffc00000u, 0x7fc007a2u, 0xffffffffu}) {
    const float z = of_bits(pattern);
    check(std::isnan(tanh(z)) && std::isnan(exp(z)) && std::isnan(sigmoid(z)), "a NaN stays one");
    const double d = z;
    check(std::isnan(tanh(d)) && std::isnan(exp(d)) && std::isnan(sigmoid(d)), "a NaN stays one in double precision");
  }
}

} // namespace

void functions() {
  now = "functions";
  tanh_is_near_and_never_beyond_1();
  exp_and_sigmoid_are_near();
  every_nan_stays_one();
}

} // namespace test
