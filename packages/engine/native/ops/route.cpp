// The router of a mixture of experts, and its gradient.
// p: tokens, experts, active experts of a token, capacity (0: none), sigmoid, normalise.
// Tokens are scored by all members; one of them counts and sorts, since which token is dropped depends on all before it.
namespace octavo::OCTAVO_ISA {

struct RouteShape {
  int64_t tokens, experts, active, capacity;
  bool sigmoid, normalise;
  explicit RouteShape(const Call& call)
      : tokens(call.p[0]), experts(call.p[1]), active(call.p[2]), capacity(call.p[3]), sigmoid(call.p[4] != 0), normalise(call.p[5] != 0) {}
  int64_t choices() const { return tokens * active; }
};

// scores ← softmax or sigmoid of the logits; returns log Σ exp of them.
static float routeScores(const RouteShape& s, const float* logits, float* scores) {
  const float logSum = logSumOf(logits, s.experts);
  const Vf shift = Vf::set1(logSum);
  for (int64_t e = 0; e < s.experts; e += Vf::lanes) {
    const Vf logit = loadUpTo(logits + e, s.experts - e);
    storeUpTo(s.sigmoid ? sigmoid(logit) : exp(logit - shift), scores + e, s.experts - e);
  }
  return logSum;
}

// The highest logits of a token, of equals the lower expert.
static void routeChoose(const RouteShape& s, const float* logits, int32_t* chosen) {
  for (int64_t c = 0; c < s.active; ++c) {
    int64_t best = -1;
    for (int64_t e = 0; e < s.experts; ++e) {
      bool taken = false;
      for (int64_t k = 0; k < c; ++k) taken = taken || chosen[k] == e;
      if (!taken && (best < 0 || logits[e] > logits[best])) best = e;
    }
    chosen[c] = static_cast<int32_t>(best);
  }
}

// shared: [experts chosen][rows of choices][counts of experts, wanted and kept][first rows]
static void route(const Call& call, const Worker& worker) {
  const RouteShape s(call);
  const float* logits = static_cast<const float*>(call.operands[0].data);
  const auto floats = [&](int i) { return static_cast<float*>(call.operands[i].data); };
  const auto indices = [&](int i) { return static_cast<int32_t*>(call.operands[i].data); };
  float *weights = floats(1), *probabilities = floats(2), *logSums = floats(3), *load = floats(4);
  int32_t *experts = static_cast<int32_t*>(worker.shared), *slots = experts + s.choices(), *wanted = slots + s.choices(), *kept = wanted + s.experts, *first = kept + s.experts;
  float* scores = static_cast<float*>(worker.scratch);
  const Range mine = share(worker, s.tokens);
  for (int64_t n = mine.begin; n < mine.end; ++n) {
    const float* row = logits + n * s.experts;
    int32_t* chosen = experts + n * s.active;
    const float logSum = routeScores(s, row, scores);
    routeChoose(s, row, chosen);
    if (logSums != nullptr) logSums[n] = logSum;
    if (probabilities != nullptr)
      for (int64_t e = 0; e < s.experts; ++e) probabilities[n * s.experts + e] = scores[e];
    float total = s.normalise ? 0.0f : 1.0f;
    for (int64_t c = 0; s.normalise && c < s.active; ++c) total += scores[chosen[c]];
    for (int64_t c = 0; c < s.active; ++c) weights[n * s.active + c] = scores[chosen[c]] / total;
  }
  worker.barrier();
  if (worker.index == 0) {
    for (int64_t e = 0; e < s.experts; ++e) wanted[e] = kept[e] = 0;
    for (int64_t c = 0; c < s.active; ++c)
      for (int64_t n = 0; n < s.tokens; ++n) {
        const int32_t e = experts[n * s.active + c];
        const bool fits = s.capacity == 0 || kept[e] < s.capacity;
        slots[n * s.active + c] = fits ? 0 : -1;
        ++wanted[e];
        kept[e] += fits;
      }
    int32_t total = 0;
    for (int64_t e = 0; e < s.experts; ++e) {
      first[e] = total;
      if (indices(8) != nullptr) indices(8)[e] = total;
      total += kept[e];
      if (load != nullptr) load[e] = s.choices() == 0 ? 0.0f : static_cast<float>(wanted[e]) / static_cast<float>(s.choices());
    }
    if (indices(8) != nullptr) indices(8)[s.experts] = total;
    if (indices(9) != nullptr) indices(9)[0] = static_cast<int32_t>(s.choices() - total);
    int32_t* sources = indices(7);
    for (int64_t i = 0; i < s.choices(); ++i) {
      if (slots[i] < 0) continue;
      slots[i] = first[experts[i]]++;
      if (sources != nullptr) sources[slots[i]] = static_cast<int32_t>(i);
    }
    if (sources != nullptr)
      for (int64_t r = total; r < call.operands[7].count; ++r) sources[r] = -1;
  }
  worker.barrier();
  for (int64_t i = mine.begin * s.active; i < mine.end * s.active; ++i) {
    if (slots[i] < 0) weights[i] = 0;
    if (indices(5) != nullptr) indices(5)[i] = experts[i];
    if (indices(6) != nullptr) indices(6)[i] = slots[i];
  }
}
static GemmMemory routeMemory(const Call& call, int) {
  const RouteShape s(call);
  return {static_cast<size_t>(s.experts) * 4, static_cast<size_t>(2 * s.choices() + 3 * s.experts) * 4};
}

static void routeGradient(const Call& call, const Worker& worker) {
  const RouteShape s(call);
  const auto floats = [&](int i) { return static_cast<const float*>(call.operands[i].data); };
  const int32_t *experts = static_cast<const int32_t*>(call.operands[1].data), *slots = static_cast<const int32_t*>(call.operands[2].data);
  const float *logits = floats(0), *dweights = floats(3), *dprobabilities = floats(4), *dlogSums = floats(5);
  float *dlogits = static_cast<float*>(call.operands[6].data), *scores = static_cast<float*>(worker.scratch), *dscores = scores + s.experts;
  const Range mine = share(worker, s.tokens);
  for (int64_t n = mine.begin; n < mine.end; ++n) {
    const float* row = logits + n * s.experts;
    const Vf logSum = Vf::set1(routeScores(s, row, scores)), dlogSum = Vf::set1(dlogSums == nullptr ? 0.0f : dlogSums[n]);
    for (int64_t e = 0; e < s.experts; ++e) dscores[e] = dprobabilities == nullptr ? 0.0f : dprobabilities[n * s.experts + e];
    const auto chosen = [&](int64_t c) { return smaller(s.experts - 1, larger(0, experts[n * s.active + c])); };
    const auto arriving = [&](int64_t c) { return dweights == nullptr || slots[n * s.active + c] < 0 ? 0.0f : dweights[n * s.active + c]; };
    float total = s.normalise ? 0.0f : 1.0f, along = 0;
    for (int64_t c = 0; c < s.active; ++c) {
      if (s.normalise) total += scores[chosen(c)];
      along += scores[chosen(c)] * arriving(c);
    }
    along /= total;
    for (int64_t c = 0; c < s.active; ++c) dscores[chosen(c)] += s.normalise ? (arriving(c) - along) / total : arriving(c);
    Vf sums = Vf::zero();
    for (int64_t e = 0; e < s.experts; e += Vf::lanes) sums = fma(loadUpTo(scores + e, s.experts - e), loadUpTo(dscores + e, s.experts - e), sums);
    const Vf mean = Vf::set1(sum(sums)), one = Vf::set1(1.0f);
    for (int64_t e = 0; e < s.experts; e += Vf::lanes) {
      const Vf score = loadUpTo(scores + e, s.experts - e), d = loadUpTo(dscores + e, s.experts - e), logit = loadUpTo(row + e, s.experts - e);
      const Vf own = score * (s.sigmoid ? (one - score) * d : d - mean);
      storeUpTo(dlogSums == nullptr ? own : fma(dlogSum, exp(logit - logSum), own), dlogits + n * s.experts + e, s.experts - e);
    }
  }
}
static GemmMemory routeGradientMemory(const Call& call, int) { return {static_cast<size_t>(RouteShape(call).experts) * 8, 0}; }
static constexpr KernelEntry kRoute{"route", route, routeMemory};
static constexpr KernelEntry kRouteGradient{"routeGradient", routeGradient, routeGradientMemory};

}  // namespace octavo::OCTAVO_ISA
