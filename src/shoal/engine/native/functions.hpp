// Guarantee: each function of a number, or of a register of numbers, is written once, in plain
// arithmetic, and is the same to the last bit on every instruction set (but for the fused
// multiply-add, see `fused`).
//
// A NaN comes out as NaN: every comparison is written so that it fails towards the input.
#pragma once

#include "registers.hpp"

namespace shoal::SHOAL_VARIANT {

// c0 + c1 x + c2 x^2 + ..., by Horner's rule.
template <class V, class... Coefficients> inline V polynomial(V x, Coefficients... c) {
  const Element<V> coefficients[] = {Element<V>(c)...};
  constexpr int degree = int(sizeof...(c)) - 1;
  V sum = everywhere<V>(coefficients[degree]);
#pragma GCC unroll 20
  for (int i = degree - 1; i >= 0; --i) sum = fused(sum, x, everywhere<V>(coefficients[i]));
  return sum;
}

// The same of x and its square, by pairs (c0 + c1 x) + (c2 + c3 x) x^2 + ... that need not wait for each other.
template <class V, class... Coefficients> inline V polynomial_by_pairs(V x, V square, Coefficients... c) {
  const Element<V> coefficients[] = {Element<V>(c)...};
  constexpr int n = int(sizeof...(c)), pairs = (n + 1) / 2;
  V sum[pairs];
#pragma GCC unroll 8
  for (int i = 0; i < n; i += 2) {
    const V first = everywhere<V>(coefficients[i]);
    sum[i / 2] = i + 1 < n ? fused(x, everywhere<V>(coefficients[i + 1]), first) : first;
  }
#pragma GCC unroll 8
  for (int i = pairs - 1; i > 0; --i) sum[i - 1] = fused(sum[i], square, sum[i - 1]);
  return sum[0];
}

// 2^n, where t holds n in its low bits: n is added to the exponent of 1.
template <class V> inline V power_of_2(V t) {
  using Bits = typename Format<V>::Bits;
  return bits<V>(Bits(bits<Bits>(everywhere<V>(1)) + (bits<Bits>(t) << Format<V>::mantissa)));
}

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2; minimax polynomials of degree 4 and 9.
template <class V> inline V exp_tail(V r, V square) {
  if constexpr (sizeof(Element<V>) == 4)
    return polynomial_by_pairs(r, square, 0.499999934544, 0.166665206518, 0.0416683854911, 0.00836871464283,
                               0.00138147688267);
  else
    return polynomial_by_pairs(r, square, 0.50000000000000106964, 0.16666666666666416357, 0.04166666666652968376,
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

// e^z for z <= 0, though not below e^log_least.
template <class V> inline V exp_or_least(V z) {
  V r;
  const V t = reduced(at_least(everywhere<V>(Format<V>::log_least), z), r); // r keeps a NaN
  const V square = r * r;
  return (fused(square, exp_tail(r, square), r) + 1) * power_of_2(t); // the sum first: no part of it is too small
}

// e^z for z <= 0.
template <class V> inline V exp(V z) { return z < Format<V>::log_least ? V{} : exp_or_least(z); }

// 1 / (1 + e^-z), near in both tails, where e = e^-|z|.
template <class V> inline V sigmoid_of(V z, V e) { return (z < 0 ? e : everywhere<V>(1)) / (1 + e); }
template <class V> inline V sigmoid(V z) { return sigmoid_of(z, exp_or_least(minus_magnitude(z))); }

// In single precision a rational function of degree 11 over 6, at most 5.2 units in the last place off, 6.9
// where nothing is fused; its leading 1 saves a multiplication. It ends at the first number where it is 1, so that
// it is never beyond, and where it saturates the slope is 0. In double precision E / (E + 2), where E = e^2|z| - 1 is
// computed without cancellation.
template <class V> inline V tanh(V z) {
  if constexpr (sizeof(Element<V>) == 4) {
    const V most = everywhere<V>(SHOAL_FUSED ? 8.15350246F : 7.96418285F);
    const V x = at_most(most, at_least(V(-most), z));
    const V u = x * x;
    const V P = polynomial(u, 4264.05957, 552.69873, 12.6507215, 0.0413445719, -6.01574684e-05, 9.29538899e-08);
    const V Q = fused(fused(V(u + Element<V>(102.127953)), u, everywhere<V>(1974.05115)), u, everywhere<V>(4264.05957));
    return x * P / Q;
  } else {
    const V most = everywhere<V>(20);
    const V x = at_most(most, V(-minus_magnitude(z)));
    V r;
    const V t = reduced(V(2 * x), r), power = power_of_2(t), square = r * r;
    const V E = fused(power, fused(square, exp_tail(r, square), r), V(power - 1));
    const V y = E / (E + 2);
    return z < 0 ? -y : y;
  }
}

// ln(1 + x) / x for 0 <= x <= 1; minimax polynomials of degree 8 and 19.
template <class V> inline V log1p_over(V x) {
  if constexpr (sizeof(Element<V>) == 4)
    return polynomial(x, 0.9999999698797, -0.4999949314142, 0.3331909681806, -0.2484298227407, 0.1910600696031,
                      -0.1366324617984, 0.07822595614466, -0.02950524128927, 0.005232694872328);
  else
    return polynomial(x, 0.999999999999999944558, -0.499999999999954819011, 0.333333333327195907303,
                      -0.249999999667981462673, 0.199999990463544346953, -0.166666498516375526354,
                      0.142855157545886221185, -0.124983380802858076334, 0.111008453230084584808,
                      -0.0995182415684040450995, 0.0891531881102892041414, -0.0782751435643689837649,
                      0.0652338352956962242756, -0.0494441325689473468181, 0.0324632643647977658927,
                      -0.0175276197531218381332, 0.00734153588673215703117, -0.00221074994348270725714,
                      0.000422466571901823692398, -0.0000382778506881034082319);
}

// Beyond 1, 1 + x = 2^k (1 + f) is reduced to it.
template <class T> inline T log1p(T x) {
  using F = Format<T>;
  using Integer = std::make_signed_t<typename F::Bits>;
  const Integer pattern = bits<Integer>(T(1) + x), exponent_of_1 = Integer(F::bias) << F::mantissa;
  const Integer k = (pattern >> F::mantissa) - F::bias;
  const T rest = bits<T>(Integer((pattern & ((Integer(1) << F::mantissa) - 1)) | exponent_of_1)) - T(1);
  const T f = x < 1 ? x : rest;
  const T y = fused(x < 1 ? T(0) : T(k), T(0.69314718055994530942), f * log1p_over(f));
  return x <= std::numeric_limits<T>::max() ? y : x; // infinity and NaN stay what they are
}

} // namespace shoal::SHOAL_VARIANT
