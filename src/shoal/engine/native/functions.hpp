// Guarantee: each function of one number is written once, in plain arithmetic, and is the same to
// the last bit on every instruction set (but for the fused multiply-add, see `fused`).
//
// Loops over these functions are turned into vector instructions by the compiler. A NaN comes out
// as NaN: every comparison is written so that it fails towards the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#ifndef SHOAL_VARIANT // the build gives each variant of the kernels a name of its own
#define SHOAL_VARIANT baseline
#define SHOAL_REGISTER 16
#define SHOAL_FUSED 0
#endif

namespace shoal::SHOAL_VARIANT {

// a * b + c, rounded once where the variant is fused, and twice where it is reproducible.
inline float fused(float a, float b, float c) {
  if constexpr (SHOAL_FUSED) return __builtin_fmaf(a, b, c);
  return a * b + c;
}
inline double fused(double a, double b, double c) {
  if constexpr (SHOAL_FUSED) return __builtin_fma(a, b, c);
  return a * b + c;
}

// c0 + c1 x + c2 x^2 + ..., by Horner's rule.
template <class T, class... Coefficients> inline T polynomial(T x, Coefficients... c) {
  const T coefficients[] = {T(c)...};
  constexpr int degree = int(sizeof...(c)) - 1;
  T sum = coefficients[degree];
#pragma GCC unroll 16
  for (int i = degree - 1; i >= 0; --i) sum = fused(sum, x, coefficients[i]);
  return sum;
}

// How the bits of a floating-point number are laid out.
template <class T> struct Format;
template <> struct Format<float> {
  using Integer = int32_t;
  using Unsigned = uint32_t;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float to_integer = 0x1.8p23F;            // added, it leaves the rounded number in the low bits
  static constexpr float log_least = -87.3F;                // e^z is no normal number below
  static constexpr float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;
};
template <> struct Format<double> {
  using Integer = int64_t;
  using Unsigned = uint64_t;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double to_integer = 0x1.8p52;
  static constexpr double log_least = -708.3;
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
};

template <class To, class From> inline To bits(From x) { return __builtin_bit_cast(To, x); }

// x * 2^n, where t holds n in its low bits: n is added to the exponent.
template <class T> inline T scaled(T x, T t) {
  using Unsigned = typename Format<T>::Unsigned;
  return bits<T>(Unsigned(bits<Unsigned>(x) + (bits<Unsigned>(t) << Format<T>::mantissa)));
}

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2; minimax polynomials of degree 4 and 9.
inline float exp_tail(float r) {
  return polynomial(r, 0.499999934544, 0.166665206518, 0.0416683854911, 0.00836871464283, 0.00138147688267);
}
inline double exp_tail(double r) {
  return polynomial(r, 0.50000000000000106964, 0.16666666666666416357, 0.04166666666652968376,
                    0.0083333333334923212997, 0.0013888888943728911889, 0.00019841269510690708236,
                    0.000024801493018288489171, 2.755758312976460126e-6, 2.763027093175303553e-7,
                    2.5000962008313997104e-8);
}

// z = n ln 2 + r; returns t, which holds n, and r.
template <class T> inline T reduced(T z, T &r) {
  using F = Format<T>;
  const T t = fused(z, T(1.4426950408889634074), F::to_integer);
  const T n = t - F::to_integer;
  r = fused(n, -F::ln2_low, fused(n, -F::ln2_high, z));
  return t;
}

// e^z for z <= 0.
template <class T> inline T exp(T z) {
  const T least = Format<T>::log_least, clamped = z < least ? least : z;
  T r;
  const T t = reduced(clamped, r);
  const T y = scaled(fused(r * r, exp_tail(r), r) + T(1), t);
  return z < least ? T(0) : y;
}

// 1 / (1 + e^-z), exact in both tails.
template <class T> inline T sigmoid(T z) {
  const T e = exp(z < 0 ? z : -z);
  return (z < 0 ? e : T(1)) / (T(1) + e);
}

// tanh by a rational function of degree 11 over 6; at most 5.2 units in the last place off.
inline float tanh(float z) {
  float x = z < -8.3F ? -8.3F : z;
  x = x > 8.3F ? 8.3F : x;
  const float u = x * x;
  return x * polynomial(u, 0.9999999728, 0.1296179751, 0.002966824502, 9.69606792e-06, -1.410786211e-08, 2.179886242e-11) /
         polynomial(u, 1, 0.4629510663, 0.0239508743, 0.0002345182827);
}

// tanh by E / (E + 2), where E = e^2|z| - 1 is computed without cancellation.
inline double tanh(double z) {
  double x = z < 0 ? -z : z;
  x = x > 20 ? 20 : x;
  double r;
  const double t = reduced(2 * x, r);
  const double power = scaled(1.0, t);
  const double E = fused(power, fused(r * r, exp_tail(r), r), power - 1);
  const double y = E / (E + 2);
  return z < 0 ? -y : y;
}

// ln(1 + x) = 2 atanh(x / (2 + x)) for 0 <= x <= 1; beyond, 1 + x = 2^k (1 + f) is reduced to it.
inline float atanh_series(float u) {
  return polynomial(u, 1.0000000039600431338, 0.33333157354767963338, 0.20012454521654266508,
                    0.13980310291023382881, 0.14089127359032633916);
}
inline double atanh_series(double u) {
  return polynomial(u, 1.0, 0.33333333333333066264, 0.20000000000095387887, 0.14285714272442140277,
                    0.11111112056744352839, 0.090908698754642352869, 0.076933179151236614894,
                    0.066500509596042058361, 0.06056112813937662244, 0.041579434273742219935,
                    0.085297666700632502712);
}
template <class T> inline T log1p_below_1(T x) {
  const T s = x / (T(2) + x);
  return 2 * s * atanh_series(s * s);
}
template <class T> inline T log1p(T x) {
  using F = Format<T>;
  using Integer = typename F::Integer;
  const Integer pattern = bits<Integer>(T(1) + x), exponent_of_1 = Integer(F::bias) << F::mantissa;
  const Integer k = (pattern >> F::mantissa) - F::bias;
  const T rest = bits<T>(Integer((pattern & ((Integer(1) << F::mantissa) - 1)) | exponent_of_1)) - T(1);
  const T y = fused(x < 1 ? T(0) : T(k), T(0.69314718055994530942), log1p_below_1(x < 1 ? x : rest));
  return x <= std::numeric_limits<T>::max() ? y : x; // infinity and NaN stay what they are
}

} // namespace shoal::SHOAL_VARIANT
