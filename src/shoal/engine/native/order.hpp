// Guarantee: the order of the examples in a pass is a formula of their number, the seed and the
// pass, the same as in order.py; no generator's state has to be kept.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

constexpr int ROUNDS = 6;
constexpr size_t SPARE = 256; // numbers, for which there must be room behind an order

// Each file that includes it has its own, as a linker might take another instruction set's.
namespace {

// splitmix64: the k-th number of the stream of a key.
inline uint64_t number(uint64_t key, uint64_t k) {
  uint64_t z = key + (k + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

// 0 to 2^bits - 1 are mapped one to one onto themselves, and what is not below m is left out.
// Behind them there are zeros, `SPARE` of them.
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
  uint32_t some[SPARE];
  size_t kept = 0;
  for (uint64_t start = 0; start < size; start += SPARE) {
    for (uint32_t i = 0; i < SPARE; ++i) {
      uint32_t x = uint32_t(start) + i;
      for (int r = 0; r < ROUNDS; ++r) {
        x = (x * factor[r] + term[r]) & mask;
        x ^= x >> shift;
      }
      some[i] = x;
    }
    const size_t count = size - start < SPARE ? size_t(size - start) : SPARE;
    for (size_t i = 0; i < count; ++i) { // no branch: it could not be foreseen
      rows[kept] = some[i];
      kept += some[i] < m;
    }
  }
  for (size_t i = m; i < m + SPARE; ++i) rows[i] = 0;
}

} // namespace
} // namespace shoal
