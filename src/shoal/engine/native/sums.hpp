// Guarantee: the sums of chunks are added in the order of the chunks, whoever made them and whenever, each as
// soon as all before it are there: what was just summed is still in the caches, and few chunks need room at once.
#pragma once

#include <mutex>
#include <vector>

#include "net.hpp"

namespace shoal {

template <class T> class Sums {
public:
  // Of so many elements; the first sum += the second, of so many.
  using Add = void (*)(T *sum, const T *term, size_t n);
  Sums(size_t size, Add add) : size_(size), add_(add) {}

  size_t size() const { return size_; }

  // Chunks 0 to n - 1 are to come; what was summed before is given up.
  void begin(size_t n) {
    done_.assign(n, nullptr);
    next_ = 0;
    free_.clear();
    for (const Room<T> &room : rooms_) free_.push_back(room.get());
  }

  // Room for a chunk's sums, not cleared; any thread may ask.
  T *take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) {
      rooms_.emplace_back(size_);
      return rooms_.back().get();
    }
    T *room = free_.back();
    free_.pop_back();
    return room;
  }

  // The chunk is summed. The thread that closes a gap adds what waited for it.
  void give(size_t chunk, T *sums) {
    std::unique_lock lock(mutex_);
    done_[chunk] = sums;
    while (!adding_ && next_ < done_.size() && done_[next_]) {
      T *term = done_[next_++];
      if (next_ == 1) {
        total_ = term;
        continue;
      }
      adding_ = true;
      lock.unlock();
      add_(total_, term, size_);
      lock.lock();
      adding_ = false;
      free_.push_back(term);
    }
  }

  // Of all chunks, when all were given.
  T *total() const { return total_; }

private:
  const size_t size_;
  const Add add_;
  std::vector<Room<T>> rooms_;
  std::mutex mutex_;
  std::vector<T *> free_, done_; // done_ of each chunk, none: not yet
  size_t next_ = 0;              // the first that is not added
  bool adding_ = false;
  T *total_ = nullptr;
};

} // namespace shoal
