// Guarantee: the order of the examples in a pass is a formula of their number, the seed and the
// pass, the same as in order.py.
#pragma once

#include "generator.hpp"
#include "kernels.hpp"

namespace shoal::SHOAL_VARIANT {

constexpr int ROUNDS = 6;

// 0 to 2^bits - 1 are mapped one to one onto themselves, and what is not below m is left out.
inline void order(size_t m, uint64_t seed, uint64_t epoch, uint32_t *rows) {
  int bits = 1;
  while (bits < 32 && (uint64_t(1) << bits) < m) ++bits;
  const uint64_t key = number(seed, epoch), size = uint64_t(1) << bits;
  const uint32_t mask = uint32_t(size - 1);
  const int shift = (bits + 1) / 2;
  uint32_t factor[ROUNDS], term[ROUNDS];
  for (int r = 0; r < ROUNDS; ++r) {
    const uint64_t k = number(key, uint64_t(r));
    factor[r] = uint32_t(k) | 1, term[r] = uint32_t(k >> 32);
  }
  constexpr size_t BLOCK = 256;
  uint32_t some[BLOCK];
  size_t kept = 0;
  for (uint64_t start = 0; start < size; start += BLOCK) {
    for (uint32_t i = 0; i < BLOCK; ++i) {
      uint32_t x = uint32_t(start) + i;
      for (int r = 0; r < ROUNDS; ++r) {
        x = (x * factor[r] + term[r]) & mask;
        x ^= x >> shift;
      }
      some[i] = x;
    }
    const size_t count = size - start < BLOCK ? size_t(size - start) : BLOCK;
    for (size_t i = 0; i < count; ++i) { // no branch: it could not be foreseen
      rows[kept] = some[i];
      kept += some[i] < m;
    }
  }
  for (size_t i = m; i < m + AHEAD; ++i) rows[i] = 0;
}

} // namespace shoal::SHOAL_VARIANT
