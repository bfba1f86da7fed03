// permute, slice, pad and concatenate: boxes of elements copied between two layouts. No numbers change, but where operands
// of concatenate have another dtype than the result. Cut into runs of the innermost axes.
namespace octavo::OCTAVO_ISA {

static constexpr int kMostAxes = 8;
static constexpr int64_t kRun = 8192;  // elements that one piece of a long run has

static inline int64_t elementBytes(const Operand& o) { return o.dtype == 5 ? 1 : o.dtype == 1 || o.dtype == 2 ? 2 : 4; }

// Rows [rows] of `width` elements, `fromStride` and `toStride` apart; bytes move as they are.
static void copyRows(const Worker& worker, int64_t rows, int64_t width, const char* from, int64_t fromStride, char* to, int64_t toStride, int64_t size) {
  const int64_t runs = larger(1, (width + kRun - 1) / kRun);
  const Range units = share(worker, rows * runs);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / runs, at = unit % runs * kRun, count = smaller(kRun, width - at);
    __builtin_memcpy(to + (row * toStride + at) * size, from + (row * fromStride + at) * size, static_cast<size_t>(count * size));
  }
}

// A tile of up to lanes × lanes: to[i · toStride + j] = from[i + j · fromStride].
template <class T> static void turnTile(const T* from, int64_t fromStride, T* to, int64_t toStride, int64_t rows, int64_t columns) {
  if constexpr (sizeof(T) == 4) {
    if (rows == Vf::lanes && columns == Vf::lanes) {
      Vf square[Vf::lanes];
      for (int j = 0; j < Vf::lanes; ++j) square[j] = Vf::load(from + j * fromStride);
      transpose(square);
      for (int i = 0; i < Vf::lanes; ++i) square[i].store(to + i * toStride);
      return;
    }
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) to[i * toStride + j] = from[i + j * fromStride];
}

// Merged axes of the result: sizes, strides in x and in y.
struct Axes {
  int rank = 0;
  int64_t sizes[kMostAxes], from[kMostAxes], to[kMostAxes];
  int64_t offset(int64_t flat, const int64_t* strides, int skipA, int skipB) const {
    int64_t at = 0;
    for (int l = rank - 1; l >= 0; --l) {
      if (l == skipA || l == skipB) continue;
      at += flat % sizes[l] * strides[l];
      flat /= sizes[l];
    }
    return at;
  }
};

static Axes mergedAxes(const double* p) {
  const int rank = static_cast<int>(p[0]);
  int64_t size[kMostAxes], to[kMostAxes];
  int64_t step = 1;
  for (int l = rank - 1; l >= 0; --l) {
    size[l] = static_cast<int64_t>(p[1 + l]);
    to[l] = step;
    step *= size[l];
  }
  Axes axes;
  for (int l = 0; l < rank; ++l) {
    const int64_t from = static_cast<int64_t>(p[1 + rank + l]);
    if (size[l] == 1) continue;
    if (axes.rank > 0 && axes.from[axes.rank - 1] == from * size[l]) {
      axes.sizes[axes.rank - 1] *= size[l];
      axes.from[axes.rank - 1] = from;
      axes.to[axes.rank - 1] = to[l];
      continue;
    }
    axes.sizes[axes.rank] = size[l];
    axes.from[axes.rank] = from;
    axes.to[axes.rank++] = to[l];
  }
  if (axes.rank == 0) axes.sizes[0] = axes.from[0] = axes.to[0] = 1, axes.rank = 1;
  return axes;
}

template <class T> static void permuteAxes(const Axes& axes, const T* x, T* y, const Worker& worker) {
  const int last = axes.rank - 1;
  int64_t total = 1;
  for (int l = 0; l <= last; ++l) total *= axes.sizes[l];
  if (total == 0) return;
  if (axes.from[last] == 1) {
    const int64_t run = axes.sizes[last], runs = (run + kRun - 1) / kRun;
    const Range units = share(worker, total / run * runs);
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const int64_t row = unit / runs, at = unit % runs * kRun, count = smaller(kRun, run - at);
      __builtin_memcpy(y + row * run + at, x + axes.offset(row, axes.from, last, last) + at, static_cast<size_t>(count) * sizeof(T));
    }
    return;
  }
  // The axis whose neighbours lie closest in x is turned against the last one, tile by tile.
  int near = 0;
  for (int l = 1; l < last; ++l)
    if (axes.from[l] < axes.from[near]) near = l;
  if (last == 0 || axes.from[near] != 1) near = last;  // nothing is contiguous in x: element by element
  const int64_t columns = axes.sizes[last], rows = near == last ? 1 : axes.sizes[near], tile = near == last ? kRun : Vf::lanes;
  const int64_t across = near == last ? 1 : (rows + Vf::lanes - 1) / Vf::lanes, down = (columns + tile - 1) / tile;
  const int64_t toStride = near == last ? 0 : axes.to[near];
  const Range units = share(worker, total / (rows * columns) * across);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t box = unit / across, i = unit % across * Vf::lanes;
    const T* from = x + axes.offset(box, axes.from, last, near) + i;
    T* to = y + axes.offset(box, axes.to, last, near) + i * toStride;
    for (int64_t piece = 0; piece < down; ++piece) {
      const int64_t j = piece * tile;
      turnTile(from + j * axes.from[last], axes.from[last], to + j, toStride, smaller(Vf::lanes, rows - i), smaller(tile, columns - j));
    }
  }
}

// p: axes, sizes of y, strides in x.
static void permute(const Call& call, const Worker& worker) {
  const Axes axes = mergedAxes(call.p);
  const Operand &x = call.operands[0], &y = call.operands[1];
  if (elementBytes(x) == 4) permuteAxes(axes, static_cast<const float*>(x.data), static_cast<float*>(y.data), worker);
  else if (elementBytes(x) == 1) permuteAxes(axes, static_cast<const uint8_t*>(x.data), static_cast<uint8_t*>(y.data), worker);
  else permuteAxes(axes, static_cast<const uint16_t*>(x.data), static_cast<uint16_t*>(y.data), worker);
}
static constexpr KernelEntry kPermute{"permute", permute, nullptr};

// p: rows, width of y, stride of x, offset in a row of x.
static void slice(const Call& call, const Worker& worker) {
  const Operand &x = call.operands[0], &y = call.operands[1];
  const int64_t size = elementBytes(x), width = call.p[1], offset = call.p[3];
  if (y.count == 0) return;
  copyRows(worker, call.p[0], width, static_cast<const char*>(x.data) + offset * size, call.p[2], static_cast<char*>(y.data), width, size);
}
static constexpr KernelEntry kSlice{"slice", slice, nullptr};

// p: rows, width of x, stride of y, offset in a row of y.
static void pad(const Call& call, const Worker& worker) {
  const Operand &x = call.operands[0], &y = call.operands[1];
  const int64_t size = elementBytes(x), rows = call.p[0], width = call.p[1], stride = call.p[2], offset = call.p[3];
  char* const to = static_cast<char*>(y.data);
  if (rows > 0 && width > 0) copyRows(worker, rows, width, static_cast<const char*>(x.data), width, to + offset * size, stride, size);
  const Range mine = share(worker, rows);
  for (int64_t row = mine.begin; row < mine.end; ++row) {
    char* const begin = to + row * stride * size;
    __builtin_memset(begin, 0, static_cast<size_t>(offset * size));
    __builtin_memset(begin + (offset + width) * size, 0, static_cast<size_t>((stride - offset - width) * size));
  }
}
static constexpr KernelEntry kPad{"pad", pad, nullptr};

// p: rows, then the width of each operand.
static void concatenate(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0];
  const int operands = call.parameterCount - 1;
  const Operand& y = call.operands[call.operandCount - 1];
  int64_t stride = 0, offset = 0;
  for (int k = 0; k < operands; ++k) stride += static_cast<int64_t>(call.p[1 + k]);
  for (int k = 0; k < operands; ++k) {
    const Operand& x = call.operands[k];
    const int64_t width = call.p[1 + k];
    if (rows > 0 && width > 0 && x.dtype == y.dtype)
      copyRows(worker, rows, width, static_cast<const char*>(x.data), width, static_cast<char*>(y.data) + offset * elementBytes(y), stride, elementBytes(y));
    else if (rows > 0 && width > 0)
      byType(x.dtype, [&](auto* source) {
        byType(y.dtype, [&](auto* target) {
          const Range mine = share(worker, rows);
          for (int64_t row = mine.begin; row < mine.end; ++row) {
            const auto* in = static_cast<const Bare<decltype(source)>*>(x.data) + row * width;
            auto* out = static_cast<Bare<decltype(target)>*>(y.data) + row * stride + offset;
            for (int64_t c = 0; c < width; c += Vf::lanes) storeUpTo(loadUpTo(in + c, width - c), out + c, width - c);
          }
        });
      });
    offset += width;
  }
}
static constexpr KernelEntry kConcatenate{"concatenate", concatenate, nullptr};

}  // namespace octavo::OCTAVO_ISA
