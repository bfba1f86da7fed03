// Linear-chain CRF: loss, gradient and Viterbi decoding.  p: batch, time, tags.
// Operands: x, transitions, start, end, lengths, then tags and dlosses where they are wanted.
// One piece of work is a sequence (of the gradient: a block of sequences, fixed by the batch, that sums into one set of
// partial gradients). Scores of a time step are brought to a maximum of 0, so that long sequences keep their digits.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kCrfBlocks = 16;

struct CrfShape {
  int64_t batch, time, tags;
  const float *transitions, *start, *end;
  const int32_t* lengths;
  explicit CrfShape(const Call& call)
      : batch(call.p[0]), time(call.p[1]), tags(call.p[2]), transitions(static_cast<const float*>(call.operands[1].data)), start(static_cast<const float*>(call.operands[2].data)), end(static_cast<const float*>(call.operands[3].data)), lengths(static_cast<const int32_t*>(call.operands[4].data)) {}
  int64_t stride() const { return (tags + Vf::lanes) / Vf::lanes * Vf::lanes; }
  int64_t sequencesEach() const { return larger(1, (batch + kCrfBlocks - 1) / kCrfBlocks); }
  int64_t blocks() const { return (batch + sequencesEach() - 1) / sequencesEach(); }
  int64_t sums() const { return tags * tags + 2 * tags; }  // dtransitions, dstart, dend
  bool fits(int64_t b) const { return lengths[b] >= 0 && lengths[b] <= time; }
  bool fits(int64_t b, const int32_t* own) const {
    if (!fits(b)) return false;
    for (int64_t t = 0; t < lengths[b]; ++t)
      if (own[t] < 0 || own[t] >= tags) return false;
    return true;
  }
};

static float crfHighest(const float* x, int64_t n) {
  float highest = -__builtin_inff();
  for (int64_t i = 0; i < n; ++i) highest = x[i] > highest ? x[i] : highest;
  return highest;
}

// The transposed step: to[j] = log Σᵢ exp(from[i] + columns[i, j]), all tags j at once; −∞ where nothing leads to j.
static void crfJoin(const float* from, const float* columns, float* to, int64_t n) {
  for (int64_t j = 0; j < n; j += Vf::lanes) {
    const int64_t left = n - j;
    Vf most = Vf::set1(-3e38f);
    for (int64_t i = 0; i < n; ++i) most = max(most, Vf::set1(from[i]) + loadUpTo(columns + i * n + j, left));
    Vf sums = Vf::zero();
    for (int64_t i = 0; i < n; ++i) sums = sums + exp(Vf::set1(from[i]) + loadUpTo(columns + i * n + j, left) - most);
    storeUpTo(most + log(sums), to + j, left);
  }
}

// Forward over a sequence: row t of `rows` (all kept, or two in turn) holds the scores of time t less what was taken off.
// Returns log Σ over all sequences of tags; `taken`, where not null, gets what was taken off at each time.
template <class T>
static double crfForward(const CrfShape& s, const T* x, int64_t length, float* rows, bool keep, float* taken) {
  const int64_t n = s.tags, stride = s.stride();
  double offset = 0;
  float* row = rows;
  for (int64_t t = 0; t < length; ++t) {
    float* before = row;
    row = rows + (keep ? t : t % 2) * stride;
    if (t == 0)
      for (int64_t j = 0; j < n; ++j) row[j] = s.start[j];
    else crfJoin(before, s.transitions, row, n);
    for (int64_t j = 0; j < n; j += Vf::lanes) storeUpTo(loadUpTo(row + j, n - j) + loadUpTo(x + t * n + j, n - j), row + j, n - j);
    const float highest = crfHighest(row, n), off = highest > -__builtin_inff() ? highest : 0.0f;
    for (int64_t j = 0; j < n; ++j) row[j] -= off;
    offset += off;
    if (taken != nullptr) taken[t] = off;
  }
  float* last = rows + 2 * stride * (keep ? 0 : 1);  // two rows in turn leave a third for this
  if (keep) last = rows + length * stride;
  for (int64_t j = 0; j < n; ++j) last[j] = row[j] + s.end[j];
  return offset + logSumOf(last, n);
}

template <class T>
static double crfScore(const CrfShape& s, const T* x, const int32_t* own, int64_t length) {
  double score = static_cast<double>(s.start[own[0]]) + s.end[own[length - 1]];
  for (int64_t t = 0; t < length; ++t) score += static_cast<double>(toFloat(x[t * s.tags + own[t]])) + (t == 0 ? 0.0f : s.transitions[own[t - 1] * s.tags + own[t]]);
  return score;
}

static void crf(const Call& call, const Worker& worker) {
  const CrfShape s(call);
  const int32_t* tags = static_cast<const int32_t*>(call.operands[5].data);
  float* losses = static_cast<float*>(call.operands[6].data);
  const Range mine = share(worker, s.batch);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t b = mine.begin; b < mine.end; ++b) {
      const T* x = static_cast<const T*>(call.operands[0].data) + b * s.time * s.tags;
      const int32_t* own = tags + b * s.time;
      if (!s.fits(b, own)) losses[b] = __builtin_nanf("");
      else if (s.lengths[b] == 0) losses[b] = 0;
      else losses[b] = static_cast<float>(crfForward(s, x, s.lengths[b], static_cast<float*>(worker.scratch), false, nullptr) - crfScore(s, x, own, s.lengths[b]));
    }
  });
}
static GemmMemory crfMemory(const Call& call, int) { return {static_cast<size_t>(CrfShape(call).stride()) * 3 * 4, 0}; }

// One sequence of the gradient. sums: [K · K] of transitions, [K] of start, [K] of end.
// scratch: [time + 1 forward rows][two backward rows][a row][transposed transitions][taken]
template <class T>
static void crfSequenceGradient(const CrfShape& s, const T* x, const int32_t* own, int64_t length, float dloss, T* dx, float* sums, float* scratch) {
  const int64_t n = s.tags, stride = s.stride();
  float *rows = scratch, *to = rows + (s.time + 1) * stride, *next = to + stride, *share = next + stride, *turned = share + stride, *taken = turned + n * n;
  crfForward(s, x, length, rows, true, taken);
  for (int64_t j = 0; j < n; ++j) to[j] = s.end[j];
  for (int64_t t = length - 1; t >= 0; --t) {
    const float* from = rows + t * stride;
    for (int64_t j = 0; j < n; ++j) share[j] = from[j] + to[j];
    const float all = logSumOf(share, n);
    const Vf shift = Vf::set1(all), d = Vf::set1(dloss);
    for (int64_t j = 0; j < n; j += Vf::lanes) storeUpTo(exp(loadUpTo(share + j, n - j) - shift) * d, share + j, n - j);
    share[own[t]] -= dloss;
    for (int64_t j = 0; j < n; j += Vf::lanes) storeUpTo(loadUpTo(share + j, n - j), dx + t * n + j, n - j);
    float* edge = sums + n * n;
    if (t == 0) for (int64_t j = 0; j < n; ++j) edge[j] += share[j];
    if (t == length - 1) for (int64_t j = 0; j < n; ++j) edge[n + j] += share[j];
    if (t == 0) break;
    // What follows tag j, with its own x: pairs, and then the step back.
    for (int64_t j = 0; j < n; j += Vf::lanes) storeUpTo(loadUpTo(to + j, n - j) + loadUpTo(x + t * n + j, n - j), share + j, n - j);
    const float* before = rows + (t - 1) * stride;
    for (int64_t i = 0; i < n; ++i) {
      const Vf here = Vf::set1(before[i] - taken[t] - all);
      float* out = sums + i * n;
      for (int64_t j = 0; j < n; j += Vf::lanes) storeUpTo(loadUpTo(out + j, n - j) + exp(here + loadUpTo(s.transitions + i * n + j, n - j) + loadUpTo(share + j, n - j)) * d, out + j, n - j);
    }
    sums[own[t - 1] * n + own[t]] -= dloss;
    crfJoin(share, turned, next, n);
    const float highest = crfHighest(next, n), off = highest > -__builtin_inff() ? highest : 0.0f;
    for (int64_t j = 0; j < n; ++j) to[j] = next[j] - off;
  }
}

static void crfGradient(const Call& call, const Worker& worker) {
  const CrfShape s(call);
  const int64_t n = s.tags, sums = s.sums(), turnedAt = (s.time + 4) * s.stride();
  const int32_t* tags = static_cast<const int32_t*>(call.operands[5].data);
  const float* dlosses = static_cast<const float*>(call.operands[6].data);
  float *scratch = static_cast<float*>(worker.scratch), *partial = static_cast<float*>(worker.shared);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) scratch[turnedAt + j * n + i] = s.transitions[i * n + j];
  const Range mine = share(worker, s.blocks());
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t block = mine.begin; block < mine.end; ++block) {
      float* own = partial + block * sums;
      for (int64_t i = 0; i < sums; ++i) own[i] = 0;
      for (int64_t b = block * s.sequencesEach(); b < smaller(s.batch, (block + 1) * s.sequencesEach()); ++b) {
        const int64_t at = b * s.time * n;
        T* dx = static_cast<T*>(call.operands[7].data) + at;
        const int64_t length = s.fits(b, tags + b * s.time) ? s.lengths[b] : 0;
        for (int64_t i = length * n; i < s.time * n; i += Vf::lanes) storeUpTo(Vf::zero(), dx + i, s.time * n - i);
        if (length > 0) crfSequenceGradient(s, static_cast<const T*>(call.operands[0].data) + at, tags + b * s.time, length, dlosses[b], dx, own, scratch);
      }
    }
  });
  worker.barrier();
  float* outs[] = {static_cast<float*>(call.operands[8].data), static_cast<float*>(call.operands[9].data), static_cast<float*>(call.operands[10].data)};
  const Range part = share(worker, sums);
  for (int64_t i = part.begin; i < part.end; ++i) {
    float* out = i < n * n ? outs[0] : i < n * n + n ? outs[1] : outs[2];
    if (out == nullptr) continue;
    float total = 0;
    for (int64_t block = 0; block < s.blocks(); ++block) total += partial[block * sums + i];
    out[i < n * n ? i : i < n * n + n ? i - n * n : i - n * n - n] = total;
  }
}
static GemmMemory crfGradientMemory(const Call& call, int) {
  const CrfShape s(call);
  return {static_cast<size_t>((s.time + 4) * s.stride() + s.tags * s.tags + s.time) * 4, static_cast<size_t>(larger(1, s.blocks()) * s.sums()) * 4};
}

// scratch: [two rows of scores][time rows of where each tag came from]
static void crfDecode(const Call& call, const Worker& worker) {
  const CrfShape s(call);
  const int64_t n = s.tags, stride = s.stride();
  int32_t* tags = static_cast<int32_t*>(call.operands[5].data);
  float *scores = static_cast<float*>(call.operands[6].data), *rows = static_cast<float*>(worker.scratch);
  int32_t* cameFrom = reinterpret_cast<int32_t*>(rows + 2 * stride);
  const Range mine = share(worker, s.batch);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t b = mine.begin; b < mine.end; ++b) {
      const T* x = static_cast<const T*>(call.operands[0].data) + b * s.time * n;
      int32_t* out = tags + b * s.time;
      const int64_t length = s.fits(b) && n > 0 ? s.lengths[b] : 0;
      for (int64_t t = length; t < s.time; ++t) out[t] = -1;
      if (length == 0) {
        if (scores != nullptr) scores[b] = s.fits(b) && s.lengths[b] == 0 ? 0.0f : __builtin_nanf("");
        continue;
      }
      float* row = rows;
      for (int64_t t = 0; t < length; ++t) {
        const float* before = row;
        row = rows + t % 2 * stride;
        for (int64_t j = 0; j < n; j += Vf::lanes) {
          const int64_t left = n - j;
          Vf best = loadUpTo(s.start + j, left), index = Vf::zero();
          if (t > 0) {
            best = Vf::set1(before[0]) + loadUpTo(s.transitions + j, left);
            for (int64_t i = 1; i < n; ++i) {
              const Vf score = Vf::set1(before[i]) + loadUpTo(s.transitions + i * n + j, left);
              const Vm better = score > best;
              best = select(better, score, best);
              index = select(better, Vf::set1(static_cast<float>(i)), index);
            }
          }
          storeUpTo(best + loadUpTo(x + t * n + j, left), row + j, left);
          float lane[Vf::lanes];
          index.store(lane);
          for (int64_t k = 0; k < smaller(left, Vf::lanes); ++k) cameFrom[t * n + j + k] = static_cast<int32_t>(lane[k]);
        }
      }
      int64_t at = 0;
      for (int64_t j = 1; j < n; ++j)
        if (row[j] + s.end[j] > row[at] + s.end[at]) at = j;
      if (scores != nullptr) scores[b] = row[at] + s.end[at];
      for (int64_t t = length - 1; t >= 0; --t) {
        out[t] = static_cast<int32_t>(at);
        at = cameFrom[t * n + at];
      }
    }
  });
}
static GemmMemory crfDecodeMemory(const Call& call, int) {
  const CrfShape s(call);
  return {static_cast<size_t>(2 * s.stride() + s.time * s.tags) * 4, 0};
}
static constexpr KernelEntry kCrf{"crf", crf, crfMemory};
static constexpr KernelEntry kCrfGradient{"crfGradient", crfGradient, crfGradientMemory};
static constexpr KernelEntry kCrfDecode{"crfDecode", crfDecode, crfDecodeMemory};

}  // namespace octavo::OCTAVO_ISA
