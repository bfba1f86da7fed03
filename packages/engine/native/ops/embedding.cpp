// y[i] = table[ids[i]]; NaN for an id outside the table.  p: rows of the table, width, count of ids.
namespace octavo::OCTAVO_ISA {

static void embedding(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], width = call.p[1], count = call.p[2];
  const Operand &table = call.operands[0], &y = call.operands[2];
  const int32_t* ids = static_cast<const int32_t*>(call.operands[1].data);
  const Range units = share(worker, count);
  byType(table.dtype, [&](auto* source) {
    byType(y.dtype, [&](auto* target) {
      using S = Bare<decltype(source)>;
      using T = Bare<decltype(target)>;
      const Vf missing = Vf::set1(__builtin_nanf(""));
      for (int64_t i = units.begin; i < units.end; ++i) {
        T* out = static_cast<T*>(y.data) + i * width;
        const bool known = ids[i] >= 0 && ids[i] < rows;
        const S* in = static_cast<const S*>(table.data) + (known ? ids[i] : 0) * width;
        for (int64_t c = 0; c < width; c += Vf::lanes) storeUpTo(known ? loadUpTo(in + c, width - c) : missing, out + c, width - c);
      }
    });
  });
}
static constexpr KernelEntry kEmbedding{"embedding", embedding, nullptr};

}  // namespace octavo::OCTAVO_ISA
