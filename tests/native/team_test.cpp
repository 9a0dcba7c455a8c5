// Where the threads of a team run.
#include <atomic>
#include <thread>

#include "checks.hpp"
#include "team.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

namespace test {

namespace {

int cores() { // that this thread may run on; 0 where that is not known
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return 0;
}

void a_team_s_threads_keep_off_their_caller_s_core() {
  if (cores() < 2) return;
  const shoal::Poll none;
  shoal::Team team(2, none);
  if (team.workers() < 2) return;
  std::atomic<int> begun{0}, of_caller{0}, of_other{0};
  team.each(2, [&](size_t, size_t worker) {
    (worker == 0 ? of_caller : of_other) = cores();
    for (++begun; begun < 2;) std::this_thread::yield(); // so that each takes one
  });
  check(of_caller == cores(), "the caller runs where it may");
  check(of_other == cores() - 1, "the other thread has one core less");
}

} // namespace

void team() {
  now = "a team of two";
  a_team_s_threads_keep_off_their_caller_s_core();
}

} // namespace test
