// Guarantee: the machine decides at run time which of the variants that were compiled may run.
#pragma once

#include <vector>

#include "kernels.hpp"

namespace shoal {

// Those that run on this machine, the fastest first.
std::vector<const Variant *> variants();

} // namespace shoal
