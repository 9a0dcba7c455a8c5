// Guarantee: workers help with short updates only while they gain by it, which never shows in a result.
//
// What a handshake costs depends on the machine and on what else runs on it. So some updates are
// made with all workers and some without, and the faster way is kept for a while.
#pragma once

#include <algorithm>
#include <chrono>

#include "team.hpp"

namespace shoal {

class Pace {
public:
  explicit Pace(Team &team) : team_(team) {}

  // To be called after each update.
  void updated() {
    if (++updates_ == FIRST) begin_ = Clock::now(); // those before it wake the workers
    if (updates_ < FIRST + TRIAL * (trial_ < 2 ? 1 : kept_)) return;
    if (trial_ < 2) seconds_[trial_] = std::chrono::duration<double>(Clock::now() - begin_).count();
    else kept_ = std::min(4 * kept_, MOST_KEPT);
    trial_ = (trial_ + 1) % 3, updates_ = 0;
    team_.rest(trial_ == 2 ? seconds_[1] < seconds_[0] : trial_ == 1);
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr long FIRST = 2, TRIAL = 6, MOST_KEPT = 64;

  Team &team_;
  long updates_ = 0;
  int trial_ = 0; // with all, without, and then as was faster
  long kept_ = 4; // trials: few at first, as a core that slept is slow to come
  Clock::time_point begin_;
  double seconds_[2] = {};
};

} // namespace shoal
