// Sum, mean or maximum of the table rows of each ragged bag, and the gradient by the table; and masks from lengths.
// p: rows of the table, width, ids, bags, mode (0 sum, 1 mean, 2 maximum).
namespace octavo::OCTAVO_ISA {

static inline Range bagRange(const int32_t* offsets, int64_t bag, int64_t ids) {
  const int64_t from = larger(0, smaller(ids, offsets[bag]));
  return {from, larger(from, smaller(ids, offsets[bag + 1]))};
}

// Cut into bags.
static void embeddingBag(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], width = call.p[1], count = call.p[2];
  const int mode = static_cast<int>(call.p[4]);
  const int32_t *ids = static_cast<const int32_t*>(call.operands[1].data), *offsets = static_cast<const int32_t*>(call.operands[2].data);
  const Operand &table = call.operands[0], &y = call.operands[3];
  int32_t* indices = static_cast<int32_t*>(call.operands[4].data);
  const Range units = share(worker, static_cast<int64_t>(call.p[3]));
  byType(table.dtype, [&](auto* source) {
    byType(y.dtype, [&](auto* target) {
      const auto* in = static_cast<const Bare<decltype(source)>*>(table.data);
      auto* out = static_cast<Bare<decltype(target)>*>(y.data);
      for (int64_t bag = units.begin; bag < units.end; ++bag) {
        const Range range = bagRange(offsets, bag, count);
        const Vf factor = Vf::set1(mode == 1 && range.end > range.begin ? 1.0f / static_cast<float>(range.end - range.begin) : 1.0f);
        for (int64_t c = 0; c < width; c += Vf::lanes) {
          Vf value = Vf::zero(), index = floatOf(Vi{} - 1);
          for (int64_t i = range.begin; i < range.end; ++i) {
            const bool known = ids[i] >= 0 && ids[i] < rows;
            const Vf row = known ? loadUpTo(in + ids[i] * width + c, width - c) : Vf::set1(__builtin_nanf(""));
            if (mode != 2) {
              value = value + row;
              continue;
            }
            const Vm taken = i == range.begin ? row == row | row != row : (row > value) | ((row != row) & (value == value));
            value = select(taken, row, value);
            index = select(taken, floatOf(Vi{} + static_cast<int32_t>(i)), index);
          }
          storeUpTo(value * factor, out + bag * width + c, width - c);
          if (indices != nullptr) storeUpTo(index, reinterpret_cast<float*>(indices) + bag * width + c, width - c);
        }
      }
    });
  });
}
static constexpr KernelEntry kEmbeddingBag{"embeddingBag", embeddingBag, nullptr};

// Each member owns a range of table rows and walks all bags, so every sum has one order.
static void embeddingBagGradient(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], width = call.p[1], count = call.p[2], bags = call.p[3];
  const bool mean = call.p[4] == 1;
  const int32_t *ids = static_cast<const int32_t*>(call.operands[1].data), *offsets = static_cast<const int32_t*>(call.operands[2].data);
  const int32_t* indices = static_cast<const int32_t*>(call.operands[3].data);
  float* table = static_cast<float*>(call.operands[4].data);
  const Range mine = share(worker, rows);
  for (int64_t i = mine.begin * width; i < mine.end * width; ++i) table[i] = 0;
  byType(call.operands[0].dtype, [&](auto* tag) {
    const auto* dy = static_cast<const Bare<decltype(tag)>*>(call.operands[0].data);
    for (int64_t bag = 0; bag < bags; ++bag) {
      const Range range = bagRange(offsets, bag, count);
      const Vf factor = Vf::set1(mean ? 1.0f / static_cast<float>(larger(1, range.end - range.begin)) : 1.0f);
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (ids[i] < mine.begin || ids[i] >= mine.end) continue;
        float* out = table + ids[i] * width;
        if (indices != nullptr) {
          for (int64_t c = 0; c < width; ++c)
            if (indices[bag * width + c] == i) out[c] += toFloat(dy[bag * width + c]);
          continue;
        }
        for (int64_t c = 0; c < width; c += Vf::lanes) storeUpTo(fma(loadUpTo(dy + bag * width + c, width - c), factor, loadUpTo(out + c, width - c)), out + c, width - c);
      }
    }
  });
}
static constexpr KernelEntry kEmbeddingBagGradient{"embeddingBagGradient", embeddingBagGradient, nullptr};

// y[b, t] = t < lengths[b].  p: time.
static void lengthMask(const Call& call, const Worker& worker) {
  const int64_t time = call.p[0];
  const int32_t* lengths = static_cast<const int32_t*>(call.operands[0].data);
  float* y = static_cast<float*>(call.operands[1].data);
  const Range mine = share(worker, call.operands[0].count);
  for (int64_t b = mine.begin; b < mine.end; ++b)
    for (int64_t t = 0; t < time; ++t) y[b * time + t] = t < lengths[b] ? 1.0f : 0.0f;
}
static constexpr KernelEntry kLengthMask{"lengthMask", lengthMask, nullptr};

}  // namespace octavo::OCTAVO_ISA
