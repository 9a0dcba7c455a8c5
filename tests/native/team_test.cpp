// Where the threads of a team run, and whether they are kept at work that they are no help with.
#include <atomic>
#include <chrono>
#include <thread>

#include "checks.hpp"
#include "pace.hpp"

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

// Of the last 150 updates of two tasks: the share of tasks that another than the caller took.
double share_of_others(std::chrono::microseconds of_caller, std::chrono::microseconds of_other) {
  const shoal::Poll none;
  shoal::Team team(2, none);
  shoal::Pace pace(team);
  std::atomic<int> taken{0};
  for (int update = -150; update < 150; ++update) {
    team.each(2, [&](size_t, size_t worker) {
      std::this_thread::sleep_for(worker == 0 ? of_caller : of_other);
      taken += update >= 0 && worker != 0;
    });
    pace.updated();
  }
  return taken / 300.0;
}

void threads_rest_where_they_are_no_help() {
  using us = std::chrono::microseconds;
  check(share_of_others(us(50), us(4000)) < 0.1, "a thread that holds the others up rests");
  check(share_of_others(us(2000), us(2000)) > 0.25, "a thread that takes its half is kept at it");
}

} // namespace

void team() {
  now = "a team of two";
  a_team_s_threads_keep_off_their_caller_s_core();
  threads_rest_where_they_are_no_help();
}

} // namespace test
