// dtable[v] = Σ dy[i] over ids[i] = v, added to what dtable holds where `sum`, the same memory, is present.  p: rows, width, count of ids.
// Each member owns a range of table rows and walks all ids, so every sum has one order.
namespace octavo::OCTAVO_ISA {

static void embeddingGradient(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], width = call.p[1], count = call.p[2];
  const Operand& dy = call.operands[0];
  const int32_t* ids = static_cast<const int32_t*>(call.operands[1].data);
  float* table = static_cast<float*>(call.operands[3].data);
  const Range mine = share(worker, rows);
  if (call.operands[2].data == nullptr)
    for (int64_t i = mine.begin * width; i < mine.end * width; ++i) table[i] = 0;
  byType(dy.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t i = 0; i < count; ++i) {
      if (ids[i] < mine.begin || ids[i] >= mine.end) continue;
      const T* in = static_cast<const T*>(dy.data) + i * width;
      float* out = table + ids[i] * width;
      for (int64_t c = 0; c < width; c += Vf::lanes) storeUpTo(loadUpTo(out + c, width - c) + loadUpTo(in + c, width - c), out + c, width - c);
    }
  });
}
static constexpr KernelEntry kEmbeddingGradient{"embeddingGradient", embeddingGradient, nullptr};

}  // namespace octavo::OCTAVO_ISA
