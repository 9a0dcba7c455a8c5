// What holds and what does not, and of what it is said.
#pragma once

#include <cstdio>
#include <string>

namespace test {

inline std::string now; // what is tested
inline int failures = 0;

inline void check(bool holds, const char *what) {
  if (!holds && ++failures <= 20) std::printf("FAILED: %s: %s\n", what, now.c_str());
}

void functions(); // functions_test.cpp
void pieces();    // pieces_test.cpp
void sums();      // sums_test.cpp
void team();      // team_test.cpp

} // namespace test
