#include "descent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "dropout.hpp"
#include "generator.hpp"
#include "pace.hpp"
#include "pieces.hpp"

namespace shoal {

namespace {

// Below so much work, of about an operation each, threads cost more than they gain: a handshake with them, for
// each update of all networks, and to wake them at all, for a whole call. In between it is tried.
constexpr double WORK_TO_TRY = 5e5, WORK_FOR_A_HANDSHAKE = 3e6, SURELY_WORTH_IT = 2e7, WORK_FOR_A_TEAM = 1e8;
constexpr double WORK_BETWEEN_BREATHS = 4e6; // a millisecond, or a few
constexpr size_t ELEMENTS_FOR_A_HANDSHAKE = 16384; // of the vectors that a step changes
constexpr size_t MOST_BYTES = size_t(512) << 20; // of the chunks' sums, if all wait for the first

template <class T> const Columns *columns_of(const Source<T> &source) {
  return source.pieces ? &source.pieces->columns() : nullptr;
}

// Of an update with m examples. A number in pieces has two products and a sum, but not of registers: by the clock
// (benchmarks/over_dask.py) it takes as long as ten features.
double work_of(const Shape &s, size_t m) {
  const size_t features = s.columns ? 10 * s.columns->cuts.size() + s.columns->plain.size() : s.n_x;
  return 4.0 * double(m) * double(s.n_h) * double(features + s.n_y + 8);
}

// Some members that go through the examples side by side.
template <class T> class Group {
public:
  Group(const Variant &variant, Member<T> *const *members, size_t n, const Source<T> &source, const Passes &passes,
        Team &team, bool tried = false)
      : variant_(variant), members_(members, members + n), source_(source), passes_(passes), team_(team) {
    if (tried) pace_.emplace(team);
    std::vector<Net<T> *> nets;
    for (Member<T> *member : members_) {
      nets_.push_back(std::make_unique<Net<T>>(member->shape, variant));
      Net<T> &net = *nets_.back();
      net.pack(member->theta, net.parameters.get(), team);
      net.w = member->w, net.w_step = member->w_step;
      nets.push_back(&net);
      for (const auto &[from, to] : {std::pair{member->mean, &mean_}, {member->square, &square_}, {member->scaling.V, &V_}}) {
        to->emplace_back(from ? net.layout.size : 0);
        if (from) net.pack(from, to->back().get(), team);
      }
    }
    one_over_m_.resize(n), totals_.resize(n), costs_.resize(n);
    pass_ = std::make_unique<Pass<T>>(nets, source, team, passes.batch, passes.count);
  }

  void run() {
    if (team_.stopped()) return; // perhaps before all was packed
    if (pass_->one_tile()) each_alone();
    else
      for (size_t p = 0; p < passes_.count && go_on(); ++p) epoch(p);
    for (size_t n = 0; n < members_.size(); ++n) {
      Member<T> &member = *members_[n];
      const Net<T> &net = *nets_[n];
      net.unpack(net.parameters.get(), member.theta, team_);
      if (member.mean) net.unpack(mean_[n].get(), member.mean, team_);
      if (member.square) net.unpack(square_[n].get(), member.square, team_);
      if (member.scaling.V) net.unpack(V_[n].get(), member.scaling.V, team_);
    }
  }

private:
  bool go_on() const {
    return !team_.stopped() && std::any_of(nets_.begin(), nets_.end(), [](const auto &net) { return net->active; });
  }

  // Where all examples are one tile, networks need nothing from each other: some passes of one, then of the next.
  // A pack costs as much where it is not full.
  void each_alone() {
    double work = 0;
    for (const Member<T> *member : members_) work = std::max(work, work_of(member->shape, (source_.m + 15) / 16 * 16));
    const size_t some = std::max<size_t>(size_t(WORK_BETWEEN_BREATHS / work), 1);
    for (size_t p = 0; p < passes_.count && go_on(); p += some)
      for (size_t n = 0; n < members_.size(); ++n) {
        if (!nets_[n]->active) continue;
        team_.breathe(0);
        if (team_.stopped()) return;
        Member<T> &member = *members_[n];
        one_over_m_[n] = one_over(source_.m, n);
        const size_t count = std::min(some, passes_.count - p);
        ++member.t;
        Course<T> course = {change(n, nullptr), member.decay, one_over_m_[n], count, member.costs + p};
        const size_t made = pass_->descend(n, course);
        member.t += long(made) - 1, member.passes += made;
        nets_[n]->active = std::isfinite(member.costs[member.passes - 1]);
      }
  }

  void epoch(size_t p) {
    const size_t m = source_.m, batch = passes_.batch;
    const bool shuffle = passes_.shuffle && batch < m;
    if (shuffle) {
      rows_.resize(m + AHEAD);
      variant_.order(m, passes_.seed, passes_.first + p, rows_.data());
    }
    std::fill(totals_.begin(), totals_.end(), 0);
    double seen = 0;
    for (size_t start = 0; start < m && go_on(); start += batch) {
      const size_t size = std::min(batch, m - start);
      for (size_t n = 0; n < members_.size(); ++n) {
        one_over_m_[n] = one_over(size, n);
        Dropping &dropping = nets_[n]->shape.dropping;
        if (dropping.below) dropping.key = number(members_[n]->drop_seed, uint64_t(members_[n]->t));
      }
      const uint32_t *rows = shuffle ? rows_.data() + start : nullptr;
      if (!pass_->run(size, shuffle ? 0 : start, rows, Wanted::gradients, one_over_m_.data())) return;
      const double share = double(size) / double(m);
      seen += share;
      step();
      if (pace_) pace_->updated();
      for (size_t n = 0; n < members_.size(); ++n)
        if (nets_[n]->active) {
          totals_[n] += costs_[n] * share;
          members_[n]->costs[p] = totals_[n] / seen;
          members_[n]->passes = p + 1;
          nets_[n]->active = std::isfinite(totals_[n]); // diverged: it goes no further
        }
    }
  }

  // Make a step of each network; large ones are shared out in blocks.
  void step() {
    size_t elements = 0;
    for (size_t n = 0; n < members_.size(); ++n)
      if (nets_[n]->active) {
        ++members_[n]->t;
        elements += nets_[n]->layout.size;
      }
    const bool shared = elements >= ELEMENTS_FOR_A_HANDSHAKE;
    const size_t each_has = elements / members_.size(); // about
    const size_t blocks = std::clamp<size_t>(each_has / ELEMENTS_FOR_A_HANDSHAKE, 1, team_.workers());
    const auto each = [&](size_t tasks, const auto &task) {
      if (shared) return team_.each(tasks, task);
      for (size_t i = 0; i < tasks; ++i) task(i, 0);
    };
    each(members_.size(), [&](size_t n, size_t) { costs_[n] = nets_[n]->active ? cost(n) : 0; });
    each(members_.size() * blocks, [&](size_t i, size_t) {
      if (nets_[i / blocks]->active) update(i / blocks, i % blocks, blocks);
    });
  }

  // The cost before a step.
  double cost(size_t n) const {
    const Net<T> &net = *nets_[n];
    const double decay = members_[n]->decay;
    const double J = pass_->cost(n);
    return decay == 0 ? J : J + decay * net.kernels->squares(net.shape, net.parameters.get()) / 2;
  }

  double one_over(size_t m, size_t n) const { return 1 / (double(m) * members_[n]->mean_weight); }

  Change<T> change(size_t n, T *gradient) {
    const Member<T> &member = *members_[n];
    const Net<T> &net = *nets_[n];
    // what a hidden unit gave was multiplied where Z1 was, so that the slopes before it lack the factor
    const T scale = T(one_over_m_[n]), hidden_scale = T(one_over_m_[n] * kept_factor(net.shape.dropping));
    return {member.step, member.t, scale, hidden_scale, T(member.decay), net.parameters.get(), gradient,
            mean_[n].get(), square_[n].get()};
  }

  // A block of a network's step.
  void update(size_t n, size_t block, size_t blocks) {
    const Member<T> &member = *members_[n];
    const Net<T> &net = *nets_[n];
    Change<T> c = change(n, pass_->gradient(n));
    if (member.scaling.V) {
      Scaling<T> packed = member.scaling;
      packed.V = V_[n].get(), packed.mean = c.mean, packed.square = c.square;
      const size_t n_x = net.shape.n_x;
      net.kernels->scaled(net.shape, c, packed, n_x * block / blocks, n_x * (block + 1) / blocks);
      c.without_W1 = true;
    }
    net.kernels->update(net.layout, c, block, blocks);
  }

  const Variant &variant_;
  std::vector<Member<T> *> members_;
  std::vector<std::unique_ptr<Net<T>>> nets_;
  std::vector<Room<T>> mean_, square_, V_;
  const Source<T> &source_;
  const Passes &passes_;
  Team &team_;
  std::optional<Pace> pace_; // where it is not known whether the team gains
  std::unique_ptr<Pass<T>> pass_;
  std::vector<uint32_t> rows_;
  std::vector<double> one_over_m_, totals_, costs_; // costs_ of the last batch
};

// Run members of one kind: where an update is much work all workers share each, and else each worker
// has members of its own.
template <class T>
void descend_group(const Variant &variant, std::vector<Member<T> *> members, const Source<T> &source,
                   const Passes &passes, Threads threads, const Poll &poll) {
  const size_t batch = std::min(passes.batch, source.m);
  double work = 0;
  for (const Member<T> *member : members) work += work_of(member->shape, batch);
  const double all = work * double(passes.count) * double(source.m) / double(batch);
  const size_t workers = all < WORK_FOR_A_TEAM && !threads.share_all ? 1 : threads.most;
  const bool much = work / double(members.size()) >= WORK_FOR_A_HANDSHAKE;
  if (much || members.size() == 1) {
    Team team(work >= WORK_TO_TRY || threads.share_all ? workers : 1, poll);
    const bool tried = team.workers() > 1 && work < SURELY_WORTH_IT && !threads.share_all;
    Group<T>(variant, members.data(), members.size(), source, passes, team, tried).run();
    return;
  }
  const size_t groups = std::min(workers, members.size());
  Team team(groups, poll);
  team.each(groups, [&](size_t g, size_t worker) {
    const Poll share = [&] {
      team.breathe(worker);
      return team.stopped();
    };
    Team alone(1, share);
    const size_t from = members.size() * g / groups, end = members.size() * (g + 1) / groups;
    Group<T>(variant, members.data() + from, end - from, source, passes, alone).run();
  });
}

} // namespace

template <class T>
void descend(const Variant &variant, const std::vector<Member<T> *> &members, const Source<T> &source, const Passes &passes,
             Threads threads, const Poll &poll) {
  const Denormals flush(Denormals::flushed);
  bool ended = false; // one group after another is trained, and what ends one ends all
  const Poll poll_of_all = [&] { return ended = ended || (poll && poll()); };
  for (Member<T> *member : members) member->shape.columns = columns_of(source);
  for (const Kind kind : {Kind{Lanes::examples, false}, {Lanes::features, false}, {Lanes::units, false}, {Lanes::units, true},
                          {Lanes::lines, false}, {Lanes::lines, true}}) {
    std::vector<Member<T> *> some;
    size_t bytes = 0;
    for (size_t n = 0; n <= members.size(); ++n) {
      const bool end = n == members.size();
      if (!end && !(kind_of<T>(members[n]->shape) == kind)) continue;
      const size_t sums = end ? 0 : kernels_of<T>(variant, kind).layout(members[n]->shape).sums;
      const size_t more = sizeof(T) * sums * (kind.wide ? 1 : CHUNKS);
      if (!ended && !some.empty() && (end || bytes + more > MOST_BYTES)) {
        descend_group(variant, std::move(some), source, passes, threads, poll_of_all);
        some = {}, bytes = 0;
      }
      if (!end) some.push_back(members[n]), bytes += more;
    }
  }
  for (Member<T> *member : members) member->shape.columns = nullptr; // they live no longer than the source
}

template <class T>
double evaluate(const Variant &variant, Shape shape, const T *theta, const Source<T> &source, const T *w,
                ptrdiff_t w_step, double m, T *gradient, T *A2, Threads threads, const Poll &poll) {
  const Denormals flush(Denormals::flushed);
  shape.columns = columns_of(source);
  const bool much = work_of(shape, source.m) >= WORK_FOR_A_TEAM || threads.share_all;
  Team team(much ? threads.most : 1, poll);
  Net<T> net(shape, variant);
  net.pack(theta, net.parameters.get(), team);
  net.w = w, net.w_step = w_step, net.A2 = A2;
  Pass<T> pass({&net}, source, team, source.m, 1);
  const double one_over_m = 1 / m;
  if (!pass.run(source.m, 0, nullptr, gradient ? Wanted::gradients : Wanted::costs, &one_over_m))
    return std::numeric_limits<double>::quiet_NaN(); // whoever stopped it says why
  if (gradient) {
    T *sums = pass.gradient(0);
    for (size_t i = 0; i < net.layout.size; ++i) sums[i] *= T(one_over_m);
    net.unpack(sums, gradient, team);
  }
  return pass.cost(0);
}

#define SHOAL_FOR(T)                                                                                                     \
  template void descend<T>(const Variant &, const std::vector<Member<T> *> &, const Source<T> &, const Passes &, Threads,        \
                           const Poll &);                                                                                \
  template double evaluate<T>(const Variant &, Shape, const T *, const Source<T> &, const T *, ptrdiff_t, double, \
                              T *, T *, Threads, const Poll &);
SHOAL_FOR(float)
SHOAL_FOR(double)

} // namespace shoal
