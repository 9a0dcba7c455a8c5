#include "team.hpp"

#include <chrono>
#include <ctime>
#include <system_error>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace shoal {

namespace {

constexpr long long POLL_EVERY = 30'000'000; // ns
constexpr int SPINS = 4000;                  // some 20 to 100 us: waking a sleeping thread takes as long

long long now() { // to some milliseconds: it is asked far more often than it matters
#if defined(CLOCK_MONOTONIC_COARSE)
  timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
#else
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
#endif
}

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spin for a moment; tell whether it was long enough. Longer spinning would collapse where another
// program takes a core away.
template <class Done> bool spun(Done done) {
  for (int i = 0; i < SPINS; ++i) {
    if (done()) return true;
    pause();
  }
  return false;
}

// Keep threads off the core that this one runs on: a system may start them there, or wake them there, where they
// would wait for some milliseconds, and hold back what they have claimed. This one itself may go anywhere: a core
// that is left idle is its to take.
void apart([[maybe_unused]] std::vector<std::thread> &threads) {
#if defined(__linux__)
  if (threads.empty()) return;
  cpu_set_t cores;
  const int own = sched_getcpu();
  if (own < 0 || own >= CPU_SETSIZE || sched_getaffinity(0, sizeof cores, &cores) != 0 || CPU_COUNT(&cores) < 2) return;
  CPU_CLR(size_t(own), &cores);
  for (std::thread &thread : threads) pthread_setaffinity_np(thread.native_handle(), sizeof cores, &cores);
#endif
}

} // namespace

Team::Team(size_t workers, const Poll &poll) : poll_(poll), asked_(now()) {
  try {
    threads_.reserve(workers);
    for (size_t worker = 1; worker < workers; ++worker) threads_.emplace_back([this, worker] { work(worker); });
  } catch (const std::system_error &) { // no more threads are to be had: fewer give the same result
  }
  apart(threads_);
}

Team::~Team() {
  {
    std::lock_guard lock(mutex_);
    leave_ = true;
  }
  begin_.notify_all();
  for (std::thread &thread : threads_) thread.join();
}

bool Team::claim(size_t &left) {
  left = left_.load(std::memory_order_relaxed);
  while (left > 0)
    if (left_.compare_exchange_weak(left, left - 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
  return false;
}

void Team::take(size_t worker) {
  for (size_t left; claim(left);) {
    try {
      (*task_)(n_ - left, worker);
    } catch (...) {
      std::lock_guard lock(mutex_);
      error_ = std::current_exception();
      stop_ = true;
    }
    const size_t n = n_; // is the next round's as soon as the last task is done
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == n && worker != 0) {
      std::lock_guard lock(mutex_);
      end_.notify_one();
    }
  }
}

void Team::work(size_t worker) {
  const Denormals flush(Denormals::flushed);
  while (!leave_) {
    if (!spun([&] { return called(); })) {
      std::unique_lock lock(mutex_);
      begin_.wait(lock, [&] { return called(); });
    }
    take(worker);
  }
}

void Team::share(size_t n, const Task &task) {
  {
    std::lock_guard lock(mutex_);
    task_ = &task, n_ = n;
    done_.store(0, std::memory_order_relaxed);
    left_.store(n, std::memory_order_release);
  }
  begin_.notify_all();
  take(0);
  const auto done = [this, n] { return done_.load(std::memory_order_acquire) == n; };
  while (!spun(done)) {
    std::unique_lock lock(mutex_);
    if (end_.wait_for(lock, std::chrono::milliseconds(20), done)) break;
    lock.unlock();
    breathe(0);
  }
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Team::breathe(size_t worker) {
  if (worker != 0 || !poll_ || stopped() || now() - asked_ < POLL_EVERY) return;
  if (poll_()) stop_ = true;
  asked_ = now();
}

namespace {

#if defined(__x86_64__)
constexpr unsigned long long FLUSH = 0x8040; // flush to zero, denormals are zero
unsigned long long mode() { return _mm_getcsr(); }
void set_mode(unsigned long long mode) { _mm_setcsr(unsigned(mode)); }
#elif defined(__aarch64__)
constexpr unsigned long long FLUSH = 1ULL << 24;
unsigned long long mode() {
  unsigned long long mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
void set_mode(unsigned long long mode) { asm volatile("msr fpcr, %0" ::"r"(mode)); }
#else
constexpr unsigned long long FLUSH = 0;
unsigned long long mode() { return 0; }
void set_mode(unsigned long long) {}
#endif

} // namespace

Denormals::Denormals(Mode wanted) : before_(mode()) { set_mode(wanted == flushed ? before_ | FLUSH : before_ & ~FLUSH); }
Denormals::~Denormals() { set_mode(before_); }

} // namespace shoal
