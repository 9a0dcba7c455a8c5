// Guarantee: which hidden units are dropped is a formula of the example, the unit, the seed and the
// step, the same as in dropout.py; neither threads nor tiles matter.
#pragma once

#include "kernels.hpp"

namespace shoal {

constexpr uint32_t GOLDEN = 0x9e3779b9;

inline uint32_t mixed(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

// What the outputs of those that are kept are multiplied by.
inline double kept_factor(const Dropping &d) { return 4294967296.0 / (4294967296.0 - double(d.below)); }

} // namespace shoal
