// Whether the sums of chunks are added in one order, whatever order they come in, and how much room that takes.
#include <set>
#include <vector>

#include "checks.hpp"
#include "sums.hpp"
#include "team.hpp"

namespace test {

namespace {

using Sums = shoal::Sums<float>;
constexpr size_t SIZE = 3;

void add(float *sum, const float *term, size_t n) {
  for (size_t i = 0; i < n; ++i) sum[i] += term[i];
}

// Numbers whose sum depends on the order.
void write(float *sums, size_t chunk) {
  for (size_t i = 0; i < SIZE; ++i) sums[i] = (chunk % 2 ? 1.0f : 1e-8f) / float(1 + chunk * 7 % 5 + i);
}

std::vector<float> expected(size_t chunks) {
  std::vector<float> sum(SIZE), term(SIZE);
  write(sum.data(), 0);
  for (size_t c = 1; c < chunks; ++c) {
    write(term.data(), c);
    add(sum.data(), term.data(), SIZE);
  }
  return sum;
}

bool as_expected(const Sums &sums, size_t chunks) {
  return std::vector<float>(sums.total(), sums.total() + SIZE) == expected(chunks);
}

void sums_that_come_last_first_are_added_first_first() {
  Sums sums(SIZE, add);
  for (const size_t chunks : {1, 2, 32}) {
    sums.begin(chunks);
    for (size_t c = chunks; c-- > 0;) {
      float *room = sums.take();
      write(room, c);
      sums.give(c, room);
    }
    check(as_expected(sums, chunks), "chunks are added in their order");
  }
}

void chunks_that_come_in_order_share_two_rooms() {
  Sums sums(SIZE, add);
  std::set<float *> rooms;
  for (size_t pass = 0; pass < 3; ++pass) {
    sums.begin(32);
    for (size_t c = 0; c < 32; ++c) {
      float *room = sums.take();
      rooms.insert(room);
      write(room, c);
      sums.give(c, room);
    }
  }
  check(rooms.size() == 2, "one for the total and one for the next chunk");
}

void threads_add_in_one_order() {
  const shoal::Poll none;
  shoal::Team team(4, none);
  Sums sums(SIZE, add);
  for (size_t pass = 0; pass < 200; ++pass) {
    sums.begin(32);
    team.each(32, [&](size_t c, size_t) {
      float *room = sums.take();
      write(room, c);
      sums.give(c, room);
    });
    check(as_expected(sums, 32), "chunks of many threads are added in their order");
  }
}

} // namespace

void sums() {
  now = "the sums of chunks";
  sums_that_come_last_first_are_added_first_first();
  chunks_that_come_in_order_share_two_rooms();
  threads_add_in_one_order();
}

} // namespace test
