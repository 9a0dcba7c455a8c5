// Guarantee: registers of numbers, whatever their width, and packs of 64 bytes that are the same on every
// instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#ifndef SHOAL_VARIANT // the build gives each variant of the kernels a name of its own
#define SHOAL_VARIANT baseline
#define SHOAL_REGISTER 16
#define SHOAL_FUSED 0
#endif

#if defined(__x86_64__)
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
constexpr int PARTS = 64 / SHOAL_REGISTER;                  // registers in a pack
template <class T> constexpr size_t WIDTH = LANES<T> / PARTS; // numbers in a register
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

template <class T> struct RegisterOf;
template <> struct RegisterOf<float> { using Type = FloatRegister; };
template <> struct RegisterOf<double> { using Type = DoubleRegister; };
template <class T> using Register = typename RegisterOf<T>::Type;

template <class T> inline Register<T> load(const T *p) {
  Register<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <class T> inline void store(T *p, Register<T> v) { __builtin_memcpy(p, &v, sizeof v); }

// z, but not below or above a limit; NaN stays NaN. With masks the compiler takes two instructions where one will do.
template <class V> inline V at_least(V limit, V z) { return z < limit ? limit : z; }
template <class V> inline V at_most(V limit, V z) { return z > limit ? limit : z; }
#if defined(__x86_64__) && SHOAL_REGISTER == 64 // of a NaN and a number these give the second
inline FloatRegister at_least(FloatRegister limit, FloatRegister z) { return _mm512_max_ps(limit, z); }
inline FloatRegister at_most(FloatRegister limit, FloatRegister z) { return _mm512_min_ps(limit, z); }
inline DoubleRegister at_least(DoubleRegister limit, DoubleRegister z) { return _mm512_max_pd(limit, z); }
inline DoubleRegister at_most(DoubleRegister limit, DoubleRegister z) { return _mm512_min_pd(limit, z); }
#endif

// -|z|, by way of its sign alone.
template <class V> inline V minus_magnitude(V z) {
  using Bits = typename Format<V>::Bits;
  return bits<V>(Bits(bits<Bits>(z) | bits<Bits>(everywhere<V>(Element<V>(-0.0)))));
}

// Of the numbers of a, and those of b behind them, those at some places.
template <class T, size_t... place> inline Register<T> shuffled(Register<T> a, Register<T> b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, place...);
#else
  return __builtin_shuffle(a, b, typename Format<Register<T>>::Bits{place...});
#endif
}

// Every other group of `step` numbers of a changes places with the one before it in b.
template <class T, size_t step, size_t... lane>
inline void exchange(Register<T> &a, Register<T> &b, std::index_sequence<lane...>) {
  const Register<T> before = a;
  a = shuffled<T, (lane & step ? WIDTH<T> + lane - step : lane)...>(before, b);
  b = shuffled<T, (lane & step ? WIDTH<T> + lane : lane + step)...>(before, b);
}
// A square of registers, turned about its diagonal: single numbers first, then pairs, and so on.
template <class T, size_t step = 1> inline void transpose(Register<T> *rows) {
#pragma GCC unroll 16
  for (size_t i = 0; i < WIDTH<T>; ++i)
    if (!(i & step)) exchange<T, step>(rows[i], rows[i + step], std::make_index_sequence<WIDTH<T>>());
  if constexpr (2 * step < WIDTH<T>) transpose<T, 2 * step>(rows);
}

// The first or second half of a register in double precision. (GCC makes six instructions of its own way to say so.)
template <int half> inline DoubleRegister widened(FloatRegister x) {
#if defined(__x86_64__) && SHOAL_REGISTER == 64
  return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, half));
#elif defined(__x86_64__) && SHOAL_REGISTER == 32
  return _mm256_cvtps_pd(_mm256_extractf128_ps(x, half));
#else
  typedef float Half __attribute__((vector_size(SHOAL_REGISTER / 2)));
  Half halves[2];
  __builtin_memcpy(halves, &x, sizeof x);
  return __builtin_convertvector(halves[half], DoubleRegister);
#endif
}

} // namespace shoal::SHOAL_VARIANT
