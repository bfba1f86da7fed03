// Convolution and its gradients as packed products over windows that are gathered while they are packed; a group is a
// product. Channels that are groups of one go by themselves (depthwise.cpp).
namespace octavo::OCTAVO_ISA {

struct ConvolutionShape : WindowShape {
  int64_t filters, groups, each, taken;  // filters and channels of a group
  Activation activation;
  explicit ConvolutionShape(const Call& call)
      : WindowShape(call.p), filters(call.p[14]), groups(larger(1, static_cast<int64_t>(call.p[15]))), each(filters / groups), taken(channels / groups),
        activation(static_cast<Activation>(static_cast<int>(call.p[16]))) {}
  bool isDepthwise() const { return each == 1 && taken == 1; }
};

template <class T> static T* shifted(T* data, const Operand& o, int64_t elements) {
  using Byte = typename std::conditional<std::is_const<T>::value, const char, char>::type;
  return data == nullptr ? nullptr : static_cast<T*>(static_cast<Byte*>(data) + elements * (o.dtype == 0 ? 4 : 2));
}

// [positions, k] windows × [n, k] weights of group g.
static Gemm windowProduct(const Windows& w, int64_t batch, int64_t n, const Operand& image, const Operand& weight, const Operand& c, int64_t ldc, int64_t g) {
  Gemm p{};
  const int64_t k = w.tapsHigh * w.tapsWide * w.taken;
  p.m = batch * w.outHeight * w.outWidth, p.n = n, p.k = k;
  p.a = shifted<const void>(image.data, image, g * w.taken), p.aType = typeOf(image), p.aWindows = &w;
  p.b = shifted<const void>(weight.data, weight, g * n * k), p.bType = typeOf(weight), p.ldb = k, p.bTransposed = true;
  p.c = shifted(c.data, c, g * n), p.cType = typeOf(c), p.ldc = ldc, p.alpha = 1.0f;
  return p;
}

static Gemm forwardProduct(const Call& call, const ConvolutionShape& s, const Windows& w, int64_t g) {
  const Operand &bias = call.operands[2], &residual = call.operands[3], &y = call.operands[4], &pre = call.operands[5];
  Gemm p = windowProduct(w, s.batch, s.each, call.operands[0], call.operands[1], y, s.filters, g);
  p.bias = static_cast<const float*>(shifted<const void>(bias.data, bias, g * s.each));
  p.activation = s.activation;
  p.preActivation = shifted(pre.data, y, g * s.each);
  p.residual = shifted<const void>(residual.data, y, g * s.each);
  return p;
}

static void convolution(const Call& call, const Worker& worker) {
  const ConvolutionShape s(call);
  const Windows w = s.forward(s.taken);
  if (!s.isDepthwise()) {
    for (int64_t g = 0; g < s.groups; ++g) gemm(worker, forwardProduct(call, s, w, g), call.form);
    return;
  }
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    float* turned = static_cast<float*>(worker.shared);
    byType(call.operands[1].dtype, [&](auto* of) { turnTaps(worker, static_cast<const Bare<decltype(of)>*>(call.operands[1].data), s.channels, s.taps(), turned); });
    const Epilogue end{static_cast<const float*>(call.operands[2].data), s.activation, call.operands[3].data, call.operands[5].data};
    depthwise(worker, w, s.batch, static_cast<const T*>(call.operands[0].data), turned, end, static_cast<T*>(call.operands[4].data));
  });
}
static GemmMemory convolutionMemory(const Call& call, int members) {
  const ConvolutionShape s(call);
  if (s.isDepthwise()) return {0, static_cast<size_t>(s.channels * s.taps()) * sizeof(float)};
  const Windows w = s.forward(s.taken);
  return gemmMemory(forwardProduct(call, s, w, 0), members, call.form);
}
static constexpr KernelEntry kConvolution{"convolution", convolution, convolutionMemory};

static void convolutionInputGradient(const Call& call, const Worker& worker) {
  const ConvolutionShape s(call);
  const Windows w = s.backward(s.filters, s.each);
  const Operand &dy = call.operands[0], &weight = call.operands[1], &dx = call.operands[2];
  if (!s.isDepthwise()) {
    for (int64_t g = 0; g < s.groups; ++g) gemm(worker, windowProduct(w, s.batch, s.taken, dy, weight, dx, s.channels, g), call.form);
    return;
  }
  byType(dy.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    float* turned = static_cast<float*>(worker.shared);
    byType(weight.dtype, [&](auto* of) { turnTaps(worker, static_cast<const Bare<decltype(of)>*>(weight.data), s.channels, s.taps(), turned); });
    depthwise(worker, w, s.batch, static_cast<const T*>(dy.data), turned, {nullptr, Activation::none, nullptr, nullptr}, static_cast<T*>(dx.data));
  });
}
static GemmMemory convolutionInputGradientMemory(const Call& call, int members) {
  const ConvolutionShape s(call);
  if (s.isDepthwise()) return {0, static_cast<size_t>(s.channels * s.taps()) * sizeof(float)};
  const Windows w = s.backward(s.filters, s.each);
  return gemmMemory(windowProduct(w, s.batch, s.taken, call.operands[0], call.operands[1], call.operands[2], s.channels, 0), members, call.form);
}
static constexpr KernelEntry kConvolutionInputGradient{"convolutionInputGradient", convolutionInputGradient, convolutionInputGradientMemory};

// [filters, positions] dyᵀ × [positions, k] windows of group g.
static Gemm weightProduct(const Call& call, const ConvolutionShape& s, const Windows& w, int64_t g) {
  const Operand &x = call.operands[0], &dy = call.operands[1], &dweight = call.operands[2];
  Gemm p{};
  const int64_t n = s.taps() * s.taken;
  p.m = s.each, p.n = n, p.k = s.positions();
  p.a = shifted<const void>(dy.data, dy, g * s.each), p.aType = typeOf(dy), p.lda = s.filters, p.aTransposed = true;
  p.b = shifted<const void>(x.data, x, g * s.taken), p.bType = typeOf(x), p.bWindows = &w;
  p.c = shifted(dweight.data, dweight, g * s.each * n), p.cType = typeOf(dweight), p.ldc = n, p.alpha = 1.0f;
  return p;
}

static void convolutionWeightGradient(const Call& call, const Worker& worker) {
  const ConvolutionShape s(call);
  const Windows w = s.forward(s.taken);
  if (!s.isDepthwise()) {
    for (int64_t g = 0; g < s.groups; ++g) gemm(worker, weightProduct(call, s, w, g), call.form);
    return;
  }
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    depthwiseWeightGradient(worker, s, static_cast<const T*>(call.operands[0].data), static_cast<const T*>(call.operands[1].data), static_cast<float*>(call.operands[2].data));
  });
}
static GemmMemory convolutionWeightGradientMemory(const Call& call, int members) {
  const ConvolutionShape s(call);
  if (s.isDepthwise()) return {0, static_cast<size_t>(depthBlocks(s) * s.taps() * s.channels) * sizeof(float)};
  const Windows w = s.forward(s.taken);
  return gemmMemory(weightProduct(call, s, w, 0), members, call.form);
}
static constexpr KernelEntry kConvolutionWeightGradient{"convolutionWeightGradient", convolutionWeightGradient, convolutionWeightGradientMemory};

}  // namespace octavo::OCTAVO_ISA
