// Guarantee: n passes of gradient descent for any number of networks, without leaving native code;
// in one call or in several, with one thread or many, the parameters come out the same to the bit.
#pragma once

#include "pass.hpp"

namespace shoal {

// A network in training; vectors are laid out as theta in Python, and are changed in place.
template <class T> struct Member {
  Shape shape;
  T *theta;
  const T *w; // none: 1 each
  ptrdiff_t w_step;
  double mean_weight;
  double decay; // of the weights: l2 / m
  Step step;
  long t;       // steps made
  T *mean, *square;
  double *costs;     // of each pass, before its updates
  Scaling<T> scaling = {};  // V none: W1 is learned as it is
  uint64_t drop_seed = 0;
  size_t passes = 0; // begun
};

// How many at most; small work is shared among them only if all is to be, for a test.
struct Threads {
  size_t most;
  bool share_all = false;
};

struct Passes {
  size_t first, count, batch;
  bool shuffle;
  uint64_t seed;
};

template <class T>
void descend(const Variant &variant, const std::vector<Member<T> *> &members, const Source<T> &source, const Passes &passes,
             Threads threads, const Poll &poll);

// J of one network; its gradient and its outputs, (n_y, m), where they are wanted. m is the sum of
// the weights, or that of a whole of which these examples are a part.
template <class T>
double evaluate(const Variant &variant, Shape shape, const T *theta, const Source<T> &source, const T *w,
                ptrdiff_t w_step, double m, T *gradient, T *A2, Threads threads, const Poll &poll);

} // namespace shoal
