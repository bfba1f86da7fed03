// CTC loss and its gradient, in logarithms.  p: batch, time, classes, labels at most, blank, zeroInfinity.
// One piece of work is a sequence. Each time step is brought to a maximum of 0, so that a long sequence keeps its digits;
// "impossible" is −1e30, which stays finite under every sum here.
namespace octavo::OCTAVO_ISA {

static constexpr float kImpossible = -1e30f, kHardly = -1e29f;

struct CtcShape {
  int64_t batch, time, classes, labels;
  int32_t blank;
  bool zeroInfinity;
  explicit CtcShape(const Call& call)
      : batch(call.p[0]), time(call.p[1]), classes(call.p[2]), labels(call.p[3]), blank(static_cast<int32_t>(call.p[4])), zeroInfinity(call.p[5] != 0) {}
  // Places of a path, two impossible ones before them, and a vector to read past the end.
  int64_t stride() const { return (2 * labels + 3 + 2 * Vf::lanes) / Vf::lanes * Vf::lanes; }
};

// A member's scratch: [forward: time rows][backward: two rows][emissions][may skip][sums of a row of classes][log-sums of time]
struct CtcScratch {
  float *forward, *backward, *emissions, *skips, *row, *logSums;
  CtcScratch(const CtcShape& s, void* memory) {
    forward = static_cast<float*>(memory);
    backward = forward + (s.time + 1) * s.stride();
    emissions = backward + 2 * s.stride();
    skips = emissions + s.stride();
    row = skips + s.stride();
    logSums = row + s.classes;
  }
  static size_t bytes(const CtcShape& s) { return static_cast<size_t>((s.time + 5) * s.stride() + s.classes + s.time) * 4; }
};

struct CtcSequence { const int32_t* labels; int64_t length, count; bool valid; int64_t places() const { return 2 * count + 1; } };

static CtcSequence ctcSequence(const Call& call, const CtcShape& s, int64_t b) {
  const int32_t* labels = static_cast<const int32_t*>(call.operands[1].data) + b * s.labels;
  const int64_t length = static_cast<const int32_t*>(call.operands[2].data)[b], count = static_cast<const int32_t*>(call.operands[3].data)[b];
  bool valid = length >= 0 && length <= s.time && count >= 0 && count <= s.labels && s.blank >= 0 && s.blank < s.classes;
  for (int64_t i = 0; valid && i < count; ++i) valid = labels[i] >= 0 && labels[i] < s.classes && labels[i] != s.blank;
  return {labels, length, count, valid};
}

// log(eᵃ + eᵇ + eᶜ) of values that are finite.
static inline Vf logAdd(Vf a, Vf b, Vf c) {
  const Vf most = max(max(a, b), c);
  return most + log(exp(a - most) + exp(b - most) + exp(c - most));
}

// One step along the path: to[s] = log(from[s] + from[s − 1] + from[s − 2] where it may be skipped to) + emissions[s], less
// its maximum, which is returned.
static float ctcStep(const float* from, float* to, const float* emissions, const float* skips, int64_t places) {
  Vf most = Vf::set1(kImpossible);
  for (int64_t s = 0; s < places; s += Vf::lanes) {
    const Vf reached = logAdd(Vf::load(from + s), Vf::load(from + s - 1), Vf::load(from + s - 2) + Vf::load(skips + s)) + Vf::load(emissions + s);
    const Vf value = max(Vf::set1(kImpossible), reached);  // in this order a NaN stays
    value.store(to + s);
    most = max(most, value);
  }
  const float highest = maximum(most);
  const Vf shift = Vf::set1(highest > kHardly ? highest : 0.0f);
  for (int64_t s = 0; s < places; s += Vf::lanes) max(Vf::set1(kImpossible), Vf::load(to + s) - shift).store(to + s);
  return highest > kHardly ? highest : 0.0f;
}

// Emission logarithms of the path at a time, impossible beyond its end. Backwards, the path is read from its end.
template <class T>
static void ctcEmissions(const CtcShape& s, const CtcSequence& q, const T* x, float logSum, bool backwards, float* emissions) {
  const auto of = [&](int32_t label) {
    const float value = toFloat(x[label]) - logSum;
    return value < kImpossible ? kImpossible : value;
  };
  const float blank = of(s.blank);
  const int64_t places = q.places();
  for (int64_t i = 0; i < places; ++i) {
    const int64_t label = backwards ? q.count - 1 - i / 2 : i / 2;
    emissions[i] = i % 2 == 0 ? blank : of(q.labels[label]);
  }
  for (int64_t i = places; i < s.stride() - 2; ++i) emissions[i] = kImpossible;
}
static void ctcSkips(const CtcShape& s, const CtcSequence& q, bool backwards, float* skips) {
  for (int64_t i = 0; i < s.stride() - 2; ++i) {
    const int64_t label = backwards ? q.count - 1 - i / 2 : i / 2, before = backwards ? label + 1 : label - 1;
    const bool may = i % 2 == 1 && i >= 3 && i < q.places() && q.labels[label] != q.labels[before];
    skips[i] = may ? 0.0f : kImpossible;
  }
}

// Forward over the sequence; every row is kept where `keep`, else two take turns. Returns −log p, or ∞.
template <class T>
static float ctcForward(const CtcShape& s, const CtcSequence& q, const T* x, const CtcScratch& scratch, bool keep) {
  const int64_t stride = s.stride(), places = q.places();
  const auto rowOf = [&](int64_t t) { return scratch.forward + (keep ? t : t % 2) * stride + 2; };
  float* first = rowOf(0);
  const int64_t rows = keep ? q.length + 1 : smaller(2, s.time + 1);
  for (int64_t i = 0; i < rows * stride; ++i) scratch.forward[i] = kImpossible;
  if (q.length == 0) return q.count == 0 ? 0.0f : __builtin_inff();
  // One step before the first stands before the path: place −1 leads to 0 and 1.
  first[-1] = 0.0f;
  ctcSkips(s, q, false, scratch.skips);
  double offset = 0;
  scratch.skips[1] = 0.0f;
  for (int64_t t = 0; t < q.length; ++t) {
    scratch.logSums[t] = logSumOf(x + t * s.classes, s.classes);
    ctcEmissions(s, q, x + t * s.classes, scratch.logSums[t], false, scratch.emissions);
    offset += ctcStep(rowOf(t), rowOf(t + 1), scratch.emissions, scratch.skips, places);
    rowOf(t)[-1] = kImpossible;
    scratch.skips[1] = kImpossible;
  }
  const float* last = rowOf(q.length);
  const float a = last[places - 1], b = places > 1 ? last[places - 2] : kImpossible, most = a > b ? a : b;
  if (most != most) return most;
  if (most < kHardly) return __builtin_inff();
  float lanes[Vf::lanes];
  logAdd(Vf::set1(a), Vf::set1(b), Vf::set1(kImpossible)).store(lanes);
  return static_cast<float>(-(offset + lanes[0]));
}

static void ctc(const Call& call, const Worker& worker) {
  const CtcShape s(call);
  const CtcScratch scratch(s, worker.scratch);
  const Range mine = share(worker, s.batch);
  float* losses = static_cast<float*>(call.operands[4].data);
  byType(call.operands[0].dtype, [&](auto* tag) {
    const auto* x = static_cast<const Bare<decltype(tag)>*>(call.operands[0].data);
    for (int64_t b = mine.begin; b < mine.end; ++b) {
      const CtcSequence q = ctcSequence(call, s, b);
      const float loss = q.valid ? ctcForward(s, q, x + b * s.time * s.classes, scratch, false) : __builtin_nanf("");
      losses[b] = s.zeroInfinity && loss == __builtin_inff() ? 0.0f : loss;
    }
  });
}

// The gradient of one sequence: forward rows kept, then backward step by step; within each time step the probabilities of
// the places are brought to sum 1.
template <class T>
static void ctcSequenceGradient(const CtcShape& s, const CtcSequence& q, const T* x, T* dx, const CtcScratch& scratch, float dloss) {
  const int64_t stride = s.stride(), places = q.places();
  const float loss = q.valid ? ctcForward(s, q, x, scratch, true) : __builtin_inff();
  const bool has = loss != __builtin_inff();
  const int64_t until = has ? q.length : 0;
  for (int64_t i = until * s.classes; i < s.time * s.classes; i += Vf::lanes) storeUpTo(Vf::zero(), dx + i, s.time * s.classes - i);
  if (!has) return;
  for (int64_t i = 0; i < 2 * stride; ++i) scratch.backward[i] = kImpossible;
  float *to = scratch.backward + 2, *from = scratch.backward + stride + 2;
  from[-1] = 0.0f;
  ctcSkips(s, q, true, scratch.skips);
  scratch.skips[1] = 0.0f;
  for (int64_t t = until - 1; t >= 0; --t) {
    const T* in = x + t * s.classes;
    ctcEmissions(s, q, in, scratch.logSums[t], true, scratch.emissions);
    ctcStep(from, to, scratch.emissions, scratch.skips, places);
    from[-1] = kImpossible;
    scratch.skips[1] = kImpossible;
    // Both hold the emission of this time: taken once. `to` is read from its end.
    const float* forward = scratch.forward + (t + 1) * stride + 2;
    float* share = from;  // its values were used up by the step
    Vf most = Vf::set1(kImpossible);
    for (int64_t i = 0; i < places; ++i) share[i] = forward[i] + to[places - 1 - i] - scratch.emissions[places - 1 - i];
    for (int64_t i = places; i < stride - 2; ++i) share[i] = kImpossible;
    for (int64_t i = 0; i < places; i += Vf::lanes) most = max(most, Vf::load(share + i));
    const Vf shift = Vf::set1(maximum(most));
    Vf sums = Vf::zero();
    for (int64_t i = 0; i < places; i += Vf::lanes) {
      const Vf e = exp(Vf::load(share + i) - shift);
      e.store(share + i);
      sums = sums + e;
    }
    const float scale = dloss / sum(sums);
    const Vf logSum = Vf::set1(scratch.logSums[t]), d = Vf::set1(dloss);
    for (int64_t v = 0; v < s.classes; v += Vf::lanes) storeUpTo(exp(loadUpTo(in + v, s.classes - v) - logSum) * d, scratch.row + v, s.classes - v);
    for (int64_t i = 0; i < places; ++i) scratch.row[i % 2 == 0 ? s.blank : q.labels[i / 2]] -= share[i] * scale;
    for (int64_t v = 0; v < s.classes; v += Vf::lanes) storeUpTo(loadUpTo(scratch.row + v, s.classes - v), dx + t * s.classes + v, s.classes - v);
    for (int64_t i = 0; i < stride - 2; ++i) from[i] = kImpossible;
    float* next = from;
    from = to;
    to = next;
  }
}

static void ctcGradient(const Call& call, const Worker& worker) {
  const CtcShape s(call);
  const CtcScratch scratch(s, worker.scratch);
  const Range mine = share(worker, s.batch);
  const float* dlosses = static_cast<const float*>(call.operands[4].data);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t b = mine.begin; b < mine.end; ++b) {
      const int64_t at = b * s.time * s.classes;
      ctcSequenceGradient(s, ctcSequence(call, s, b), static_cast<const T*>(call.operands[0].data) + at, static_cast<T*>(call.operands[5].data) + at, scratch, dlosses[b]);
    }
  });
}
static GemmMemory ctcMemory(const Call& call, int) { return {CtcScratch::bytes(CtcShape(call)), 0}; }
static constexpr KernelEntry kCtc{"ctc", ctc, ctcMemory};
static constexpr KernelEntry kCtcGradient{"ctcGradient", ctcGradient, ctcMemory};

}  // namespace octavo::OCTAVO_ISA
