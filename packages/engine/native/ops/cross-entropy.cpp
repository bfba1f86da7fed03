// Cross-entropy of a linear output layer, forward, backward or both, in blocks of tokens.
// p: tokens, width, vocabulary, smoothing.
// The blocks are fixed by the shapes; the products inside are cut over their results only.
namespace octavo::OCTAVO_ISA {

// Logits of a row, in floats, up to whole lines. Their gradient takes the first half of the same bytes.
static int64_t logitsStride(const Call& call) { return roundUp(larger(1, static_cast<int64_t>(call.p[2])), 16); }

// Tokens of a block. Every block reads the whole weight three times and its gradient twice, so a large vocabulary wants
// many tokens to share that, within 128 MB; a small one wants logits that stay in the cache, 16 MB.
static int64_t crossEntropyRows(const Call& call) {
  const int64_t tokens = call.p[0], rowBytes = 4 * logitsStride(call);
  const int64_t cached = (int64_t{16} << 20) / rowBytes, shared = smaller(512, (int64_t{128} << 20) / rowBytes);
  return larger(1, smaller(tokens, larger(64, larger(cached, shared))));
}

struct CrossEntropy {
  const Operand *x, *weight, *bias, *sum, *dloss, *loss, *losses, *dx, *dweight, *dbias;
  const int32_t* targets;
  const float* weights;
};

static Gemm logitsGemm(const Call& call, const CrossEntropy& the, float* logits, int64_t from, int64_t rows) {
  const int64_t width = call.p[1], vocabulary = call.p[2];
  Gemm g{};
  g.m = rows, g.n = vocabulary, g.k = width;
  g.a = static_cast<const char*>(the.x->data) + from * width * bytesOf(*the.x), g.aType = typeOf(*the.x), g.lda = width;
  g.b = the.weight->data, g.bType = typeOf(*the.weight), g.ldb = width, g.bTransposed = true;
  g.c = logits, g.cType = Type::f32, g.ldc = logitsStride(call), g.alpha = 1.0f;
  g.bias = static_cast<const float*>(the.bias->data);
  return g;
}
// In values of the gradient's type.
static int64_t gradientStride(const Call& call, const CrossEntropy& the) { return logitsStride(call) * 4 / bytesOf(*the.x); }

static Gemm inputGradientGemm(const Call& call, const CrossEntropy& the, const void* dlogits, int64_t from, int64_t rows) {
  const int64_t width = call.p[1], vocabulary = call.p[2];
  Gemm g{};
  g.m = rows, g.n = width, g.k = vocabulary;
  g.a = dlogits, g.aType = typeOf(*the.x), g.lda = gradientStride(call, the);
  g.b = the.weight->data, g.bType = typeOf(*the.weight), g.ldb = width;
  g.c = static_cast<char*>(the.dx->data) + from * width * bytesOf(*the.dx), g.cType = typeOf(*the.dx), g.ldc = width, g.alpha = 1.0f;
  return g;
}
// Of the rows [first, first + rows) of the block that begins at token `from`; `fresh` where nothing was added before.
static Gemm weightGradientGemm(const Call& call, const CrossEntropy& the, const void* dlogits, int64_t from, int64_t first, int64_t rows, bool fresh) {
  const int64_t width = call.p[1], vocabulary = call.p[2];
  Gemm g{};
  g.m = vocabulary, g.n = width, g.k = rows;
  g.a = static_cast<const char*>(dlogits) + first * 4 * logitsStride(call), g.aType = typeOf(*the.x), g.lda = gradientStride(call, the), g.aTransposed = true;
  g.b = static_cast<const char*>(the.x->data) + (from + first) * width * bytesOf(*the.x), g.bType = typeOf(*the.x), g.ldb = width;
  g.c = the.dweight->data, g.cType = Type::f32, g.ldc = width, g.alpha = 1.0f, g.accumulate = !fresh;
  return g;
}

struct TokenLoss { float loss, logSum; };

static float meanOf(const float* x, int64_t n) {
  Vf sums = Vf::zero();
  for (int64_t i = 0; i < n; i += Vf::lanes) sums = sums + loadUpTo(x + i, n - i);
  return sum(sums) / static_cast<float>(n);
}

// Turns a row of logits into (softmax − smoothed one-hot) · scale at dlogits, which may be the same memory, or only reads it.
template <class T>
static TokenLoss crossEntropyRow(float* logits, T* dlogits, int64_t n, int32_t target, float scale, float smoothing) {
  Vf most = Vf::set1(-__builtin_inff());
  int64_t i = 0;
  float highest = -__builtin_inff(), total = 0;
  for (; i + Vf::lanes <= n; i += Vf::lanes) most = max(most, Vf::load(logits + i));
  if (i > 0) highest = maximum(most);
  for (int64_t k = i; k < n; ++k) highest = logits[k] > highest ? logits[k] : highest;
  const bool known = target >= 0 && target < n;
  float chosen = known ? logits[target] : __builtin_nanf("");
  if (smoothing != 0) chosen = (1.0f - smoothing) * chosen + smoothing * meanOf(logits, n);
  Vf sums = Vf::zero();
  const Vf shift = Vf::set1(highest);
  for (i = 0; i + Vf::lanes <= n; i += Vf::lanes) {
    const Vf e = exp(Vf::load(logits + i) - shift);
    e.store(logits + i);
    sums = sums + e;
  }
  total = sum(sums);
  if (i < n) {
    float lane[Vf::lanes];
    exp(Vf::loadTail(logits + i, static_cast<int>(n - i)) - shift).store(lane);
    for (int64_t k = 0; k < n - i; ++k) total += logits[i + k] = lane[k];
  }
  if (dlogits != nullptr) {
    const Vf factor = Vf::set1(scale / total), even = Vf::set1(scale * smoothing / static_cast<float>(n));
    if (known) logits[target] -= (1.0f - smoothing) * total;
    for (i = 0; i < n; i += Vf::lanes) storeUpTo(scale == 0 ? Vf::zero() : loadUpTo(logits + i, n - i) * factor - even, dlogits + i, n - i);
  }
  float logTotal[Vf::lanes];
  log(Vf::set1(total)).store(logTotal);
  return {highest + logTotal[0] - chosen, highest + logTotal[0]};
}

// dweight += dlogitsᵀ x, without the rows of weight 0 whose x is not finite: 0 · NaN would be NaN. Such a row is known by
// its log-sum, so that rows of weight 0 with a target outside the vocabulary cost nothing.
static void addWeightGradient(const Call& call, const Worker& inner, const CrossEntropy& the, const void* dlogits, const float* logSums, int64_t from, int64_t rows, float dloss, bool* fresh) {
  const auto leftOut = [&](int64_t r) { return the.weights[from + r] * dloss == 0 && logSums[r] != logSums[r]; };
  for (int64_t first = 0; first < rows;) {
    int64_t end = first;
    while (end < rows && !leftOut(end)) ++end;
    if (end > first) {
      gemm(inner, weightGradientGemm(call, the, dlogits, from, first, end - first, *fresh), call.form);
      *fresh = false;
    }
    first = end + 1;
  }
}

static void crossEntropyBlocks(const Call& call, const Worker& worker, const CrossEntropy& the) {
  const int64_t tokens = call.p[0], width = call.p[1], vocabulary = call.p[2], most = crossEntropyRows(call);
  const bool backward = the.dx != nullptr;
  char* shared = static_cast<char*>(worker.shared);
  float* losses = reinterpret_cast<float*>(shared);
  float* logSums = reinterpret_cast<float*>(shared + line(tokens * sizeof(float)));
  float* logits = reinterpret_cast<float*>(shared + line(tokens * sizeof(float)) + line(most * sizeof(float)));
  const int64_t stride = logitsStride(call);
  Worker inner = worker;
  const size_t used = static_cast<size_t>(reinterpret_cast<char*>(logits) - shared) + line(most * stride * sizeof(float));
  inner.shared = shared + used;
  inner.sharedBytes = worker.sharedBytes - used;
  const float dloss = backward ? *static_cast<const float*>(the.dloss->data) : 0.0f, smoothing = static_cast<float>(call.p[3]);
  bool fresh = the.sum == nullptr || the.sum->data == nullptr;  // else dweight is added to what the same memory holds
  for (int64_t from = 0; from < tokens; from += most) {
    const int64_t rows = smaller(most, tokens - from);
    gemm(inner, logitsGemm(call, the, logits, from, rows), call.form);
    const Range mine = share(worker, rows);
    byType(the.x->dtype, [&](auto* tag) {
      using T = Bare<decltype(tag)>;
      for (int64_t r = mine.begin; r < mine.end; ++r) {
        float* row = logits + r * stride;
        const TokenLoss found = crossEntropyRow<T>(row, backward ? reinterpret_cast<T*>(row) : nullptr, vocabulary, the.targets[from + r], the.weights[from + r] * dloss, smoothing);
        losses[from + r] = found.loss, logSums[r] = found.logSum;
      }
    });
    worker.barrier();
    if (!backward) continue;
    if (the.dx->data != nullptr) gemm(inner, inputGradientGemm(call, the, logits, from, rows), call.form);
    if (the.dweight->data != nullptr) addWeightGradient(call, inner, the, logits, logSums, from, rows, dloss, &fresh);
    if (the.dbias->data != nullptr) {
      constexpr int64_t kColumns = 64;
      const Range blocks = share(worker, (vocabulary + kColumns - 1) / kColumns);
      float* dbias = static_cast<float*>(the.dbias->data);
      byType(the.x->dtype, [&](auto* tag) {
        using T = Bare<decltype(tag)>;
        for (int64_t c = blocks.begin * kColumns; c < smaller(vocabulary, blocks.end * kColumns); c += Vf::lanes) {
          Vf total = Vf::zero();
          for (int64_t r = 0; r < rows; ++r) total = total + loadUpTo(reinterpret_cast<const T*>(logits + r * stride) + c, vocabulary - c);
          if (from > 0) total = total + loadUpTo(dbias + c, vocabulary - c);
          storeUpTo(total, dbias + c, vocabulary - c);
        }
      });
    }
    worker.barrier();
  }
  if (backward && fresh && the.dweight->data != nullptr) {
    const Range mine = share(worker, vocabulary * width);
    for (int64_t i = mine.begin; i < mine.end; ++i) static_cast<float*>(the.dweight->data)[i] = 0;
  }
  if (backward && tokens == 0) {
    const Range columns = share(worker, vocabulary);
    if (the.dbias->data != nullptr)
      for (int64_t i = columns.begin; i < columns.end; ++i) static_cast<float*>(the.dbias->data)[i] = 0;
  }
  if (worker.index != 0 || the.loss == nullptr) return;
  double total = 0;
  for (int64_t i = 0; i < tokens; ++i)
    if (the.weights[i] != 0) total += static_cast<double>(the.weights[i]) * losses[i];
  if (the.loss->data != nullptr) *static_cast<float*>(the.loss->data) = static_cast<float>(total);
  if (the.losses->data != nullptr)
    for (int64_t i = 0; i < tokens; ++i) static_cast<float*>(the.losses->data)[i] = losses[i];
}

static CrossEntropy crossEntropyOperands(const Call& call, bool forward, bool backward) {
  const Operand* o = call.operands;
  const int bias = backward ? 5 : 4;
  const Operand* out = o + bias + (backward ? 2 : 1);
  CrossEntropy the{&o[0], &o[1], &o[bias], backward ? &o[bias + 1] : nullptr, backward ? &o[4] : nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, static_cast<const int32_t*>(o[2].data), static_cast<const float*>(o[3].data)};
  if (forward) the.loss = out++, the.losses = out++;
  if (backward) the.dx = out++, the.dweight = out++, the.dbias = out++;
  return the;
}
static GemmMemory crossEntropyMemoryFor(const Call& call, int members, bool forward, bool backward) {
  const CrossEntropy the = crossEntropyOperands(call, forward, backward);
  const int64_t rows = crossEntropyRows(call);
  GemmMemory needs = gemmMemory(logitsGemm(call, the, nullptr, 0, rows), members, call.form);
  if (backward)
    for (const Gemm& g : {inputGradientGemm(call, the, nullptr, 0, rows), weightGradientGemm(call, the, nullptr, 0, 0, rows, true)}) {
      const GemmMemory other = gemmMemory(g, members, call.form);
      needs.scratchBytes = other.scratchBytes > needs.scratchBytes ? other.scratchBytes : needs.scratchBytes;
      needs.sharedBytes = other.sharedBytes > needs.sharedBytes ? other.sharedBytes : needs.sharedBytes;
    }
  needs.sharedBytes += line(static_cast<size_t>(call.p[0]) * 4) + line(static_cast<size_t>(rows) * 4) + line(static_cast<size_t>(rows * logitsStride(call)) * 4);
  return needs;
}

static void crossEntropy(const Call& call, const Worker& worker) { crossEntropyBlocks(call, worker, crossEntropyOperands(call, true, false)); }
static void crossEntropyGradient(const Call& call, const Worker& worker) { crossEntropyBlocks(call, worker, crossEntropyOperands(call, false, true)); }
static void crossEntropyTraining(const Call& call, const Worker& worker) { crossEntropyBlocks(call, worker, crossEntropyOperands(call, true, true)); }
static GemmMemory crossEntropyMemory(const Call& call, int members) { return crossEntropyMemoryFor(call, members, true, false); }
static GemmMemory crossEntropyGradientMemory(const Call& call, int members) { return crossEntropyMemoryFor(call, members, false, true); }
static GemmMemory crossEntropyTrainingMemory(const Call& call, int members) { return crossEntropyMemoryFor(call, members, true, true); }
static constexpr KernelEntry kCrossEntropy{"crossEntropy", crossEntropy, crossEntropyMemory};
static constexpr KernelEntry kCrossEntropyGradient{"crossEntropyGradient", crossEntropyGradient, crossEntropyGradientMemory};
static constexpr KernelEntry kCrossEntropyTraining{"crossEntropyTraining", crossEntropyTraining, crossEntropyTrainingMemory};

}  // namespace octavo::OCTAVO_ISA
