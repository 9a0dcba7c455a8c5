// Guarantee: each function of a number, or of a register of numbers, is written once, in plain
// arithmetic, and is the same to the last bit on every instruction set (but for the fused
// multiply-add, see `fused`).
//
// Loops over numbers are turned into vector instructions by the compiler. A NaN comes out as NaN:
// every comparison is written so that it fails towards the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#ifndef SHOAL_VARIANT // the build gives each variant of the kernels a name of its own
#define SHOAL_VARIANT baseline
#define SHOAL_REGISTER 16
#define SHOAL_FUSED 0
#endif

#if SHOAL_FUSED && defined(__x86_64__)
#include <immintrin.h>
#elif SHOAL_FUSED && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace shoal::SHOAL_VARIANT {

typedef float FloatRegister __attribute__((vector_size(SHOAL_REGISTER)));
typedef double DoubleRegister __attribute__((vector_size(SHOAL_REGISTER)));
typedef uint32_t Bits32Register __attribute__((vector_size(SHOAL_REGISTER)));
typedef uint64_t Bits64Register __attribute__((vector_size(SHOAL_REGISTER)));

template <class T> constexpr size_t LANES = 64 / sizeof(T); // a pack: 64 bytes on every instruction set
// n, up to whole packs.
template <class T> constexpr size_t up(size_t n) { return (n + LANES<T> - 1) / LANES<T> * LANES<T>; }

// How the bits of a floating-point number are laid out, or those of each number of a register.
struct Single {
  using Element = float;
  static constexpr int mantissa = 23, bias = 127;
  static constexpr float to_integer = 0x1.8p23F; // added, it leaves the rounded number in the low bits
  static constexpr float log_least = -87.3F;     // e^z is no normal number below
  static constexpr float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;
};
struct Double {
  using Element = double;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double to_integer = 0x1.8p52;
  static constexpr double log_least = -708.3;
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
};
template <class V> struct Format;
template <> struct Format<float> : Single { using Bits = uint32_t; };
template <> struct Format<double> : Double { using Bits = uint64_t; };
template <> struct Format<FloatRegister> : Single { using Bits = Bits32Register; };
template <> struct Format<DoubleRegister> : Double { using Bits = Bits64Register; };
template <class V> using Element = typename Format<V>::Element;

template <class V> inline V everywhere(Element<V> x) {
  if constexpr (sizeof(V) == sizeof x) return x;
  else return x - V{};
}

template <class To, class From> inline To bits(From x) { return __builtin_bit_cast(To, x); }

// a * b + c, rounded once where the variant is fused, and twice where it is reproducible.
#if !SHOAL_FUSED
template <class V> inline V fused(V a, V b, V c) { return a * b + c; }
#else
inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }
#if SHOAL_REGISTER == 64
inline FloatRegister fused(FloatRegister a, FloatRegister b, FloatRegister c) { return _mm512_fmadd_ps(a, b, c); }
inline DoubleRegister fused(DoubleRegister a, DoubleRegister b, DoubleRegister c) { return _mm512_fmadd_pd(a, b, c); }
#elif SHOAL_REGISTER == 32
inline FloatRegister fused(FloatRegister a, FloatRegister b, FloatRegister c) { return _mm256_fmadd_ps(a, b, c); }
inline DoubleRegister fused(DoubleRegister a, DoubleRegister b, DoubleRegister c) { return _mm256_fmadd_pd(a, b, c); }
#else
inline FloatRegister fused(FloatRegister a, FloatRegister b, FloatRegister c) { return vfmaq_f32(c, a, b); }
inline DoubleRegister fused(DoubleRegister a, DoubleRegister b, DoubleRegister c) { return vfmaq_f64(c, a, b); }
#endif
#endif

// c0 + c1 x + c2 x^2 + ..., by Horner's rule.
template <class V, class... Coefficients> inline V polynomial(V x, Coefficients... c) {
  const Element<V> coefficients[] = {Element<V>(c)...};
  constexpr int degree = int(sizeof...(c)) - 1;
  V sum = everywhere<V>(coefficients[degree]);
#pragma GCC unroll 16
  for (int i = degree - 1; i >= 0; --i) sum = fused(sum, x, everywhere<V>(coefficients[i]));
  return sum;
}

// 2^n, where t holds n in its low bits: n is added to the exponent of 1.
template <class V> inline V power_of_2(V t) {
  using Bits = typename Format<V>::Bits;
  return bits<V>(Bits(bits<Bits>(everywhere<V>(1)) + (bits<Bits>(t) << Format<V>::mantissa)));
}

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2; minimax polynomials of degree 4 and 9.
template <class V> inline V exp_tail(V r) {
  if constexpr (sizeof(Element<V>) == 4)
    return polynomial(r, 0.499999934544, 0.166665206518, 0.0416683854911, 0.00836871464283, 0.00138147688267);
  else
    return polynomial(r, 0.50000000000000106964, 0.16666666666666416357, 0.04166666666652968376,
                      0.0083333333334923212997, 0.0013888888943728911889, 0.00019841269510690708236,
                      0.000024801493018288489171, 2.755758312976460126e-6, 2.763027093175303553e-7,
                      2.5000962008313997104e-8);
}

// z = n ln 2 + r; returns t, which holds n, and r.
template <class V> inline V reduced(V z, V &r) {
  using F = Format<V>;
  const V shift = everywhere<V>(F::to_integer), t = fused(z, everywhere<V>(Element<V>(1.4426950408889634074)), shift);
  const V n = t - shift;
  r = fused(n, everywhere<V>(-F::ln2_low), fused(n, everywhere<V>(-F::ln2_high), z));
  return t;
}

// e^z for z <= 0.
template <class V> inline V exp(V z) {
  const V least = everywhere<V>(Format<V>::log_least), clamped = z < least ? least : z;
  V r;
  const V t = reduced(clamped, r);
  const V y = (fused(V(r * r), exp_tail(r), r) + 1) * power_of_2(t); // r keeps a NaN
  return z < least ? V{} : y;
}

// 1 / (1 + e^-z), exact in both tails.
template <class V> inline V sigmoid(V z) {
  const V e = exp(V(z < 0 ? z : -z));
  return (z < 0 ? e : everywhere<V>(1)) / (1 + e);
}

// In single precision a rational function of degree 11 over 6, at most 5.2 units in the last place
// off. In double precision E / (E + 2), where E = e^2|z| - 1 is computed without cancellation.
template <class V> inline V tanh(V z) {
  if constexpr (sizeof(Element<V>) == 4) {
    const V most = everywhere<V>(8.3F);
    V x = z < -most ? -most : z;
    x = x > most ? most : x;
    const V u = x * x;
    return x * polynomial(u, 0.9999999728, 0.1296179751, 0.002966824502, 9.69606792e-06, -1.410786211e-08, 2.179886242e-11) /
           polynomial(u, 1, 0.4629510663, 0.0239508743, 0.0002345182827);
  } else {
    const V most = everywhere<V>(20);
    V x = z < 0 ? -z : z;
    x = x > most ? most : x;
    V r;
    const V t = reduced(V(2 * x), r), power = power_of_2(t);
    const V E = fused(power, fused(V(r * r), exp_tail(r), r), V(power - 1));
    const V y = E / (E + 2);
    return z < 0 ? -y : y;
  }
}

// ln(1 + x) = 2 atanh(s) for 0 <= x <= 1, where s = x / (2 + x).
template <class V> inline V log1p_of(V s) {
  const V u = s * s;
  if constexpr (sizeof(Element<V>) == 4)
    return 2 * s * polynomial(u, 1.0000000039600431338, 0.33333157354767963338, 0.20012454521546266508,
                              0.13980310291023382881, 0.14089127359032633916);
  else
    return 2 * s * polynomial(u, 1.0, 0.33333333333333066264, 0.20000000000095387887, 0.14285714272442140277,
                              0.11111112056744352839, 0.090908698754642352869, 0.076933179151236614894,
                              0.066500509596042058361, 0.06056112813937662244, 0.041579434273742219935,
                              0.085297666700632502712);
}

// Beyond 1, 1 + x = 2^k (1 + f) is reduced to it.
template <class T> inline T log1p(T x) {
  using F = Format<T>;
  using Integer = std::make_signed_t<typename F::Bits>;
  const Integer pattern = bits<Integer>(T(1) + x), exponent_of_1 = Integer(F::bias) << F::mantissa;
  const Integer k = (pattern >> F::mantissa) - F::bias;
  const T rest = bits<T>(Integer((pattern & ((Integer(1) << F::mantissa) - 1)) | exponent_of_1)) - T(1);
  const T f = x < 1 ? x : rest;
  const T y = fused(x < 1 ? T(0) : T(k), T(0.69314718055994530942), log1p_of(T(f / (2 + f))));
  return x <= std::numeric_limits<T>::max() ? y : x; // infinity and NaN stay what they are
}

} // namespace shoal::SHOAL_VARIANT
