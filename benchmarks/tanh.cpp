// What a tanh takes by itself: numbers in the first cache, and nothing else to do. Prints the seconds of one.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>

#include "functions.hpp"

int main() {
  using namespace shoal::SHOAL_VARIANT;
  using Clock = std::chrono::steady_clock;
  constexpr size_t n = 2048, times = 200;
  alignas(64) static float z[n], a[n];
  for (size_t i = 0; i < n; ++i) z[i] = float(i % 100) / 25 - 2;
  double seconds[101];
  for (double &trial : seconds) { // some 100 us each
    const auto begin = Clock::now();
    for (size_t time = 0; time < times; ++time) {
      for (size_t i = 0; i < n; i += WIDTH<float>) store(a + i, tanh(load(z + i)));
      asm volatile("" ::: "memory"); // as if the numbers were used
    }
    trial = std::chrono::duration<double>(Clock::now() - begin).count();
  }
  std::sort(std::begin(seconds), std::end(seconds));
  std::printf("%g\n", seconds[50] / double(n * times));
}
