// Guarantee: a team shares out numbered tasks; which worker takes which never shows in a result.
//
// The threads of a team live as long as the call that made it: nothing is left behind for a fork to
// tear or for another fit to share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace shoal {

// Asked from time to time by the thread that called; true ends the work early.
using Poll = std::function<bool()>;

class Team {
public:
  using Task = std::function<void(size_t task, size_t worker)>;

  Team(size_t workers, const Poll &poll);
  ~Team();
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;

  size_t workers() const { return threads_.size() + 1; }
  bool alone() const { return threads_.empty() || resting_; } // whether the thread that called does all tasks
  bool stopped() const { return stop_.load(std::memory_order_relaxed); }

  // Do tasks 0 to n - 1, and return when all are done; what one of them throws comes out here.
  template <class F> void each(size_t n, const F &task) {
    if (alone() || n == 1)
      for (size_t i = 0; i < n; ++i) task(i, 0);
    else share(n, task);
  }

  // Whether the thread that called is to do all tasks by itself, until it is told otherwise.
  void rest(bool resting) { resting_ = resting; }

  // To be called often; worker 0 is the thread that called, and asks.
  void breathe(size_t worker);

private:
  void share(size_t n, const Task &task);
  void work(size_t worker);
  void take(size_t worker);
  bool claim(size_t &left);
  bool called() const { return left_.load(std::memory_order_acquire) > 0 || leave_; }

  const Poll &poll_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false}, leave_{false};
  // Nobody waits for a worker that comes late: what counts is the tasks that are left to be claimed and
  // those that are done. Who has claimed one may read the two below; they change when all are done.
  std::atomic<size_t> left_{0}, done_{0};
  size_t n_ = 0;
  const Task *task_ = nullptr;
  std::mutex mutex_;
  std::condition_variable begin_, end_;
  long long asked_ = 0;
  bool resting_ = false;
  std::exception_ptr error_;
};

// While it lives, numbers below the smallest normal one count as zero (they would be slow), or, in a
// callback, count again; afterwards all is as before.
class Denormals {
public:
  enum Mode { flushed, counted };
  explicit Denormals(Mode mode);
  ~Denormals();
  Denormals(const Denormals &) = delete;
  Denormals &operator=(const Denormals &) = delete;

private:
  unsigned long long before_;
};

} // namespace shoal
