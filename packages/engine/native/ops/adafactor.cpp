// One Adafactor update of a matrix in place.  p: rows, columns, ε₁, ε₂, largest RMS of an update, weight decay.
// Operands: parameter, gradient [rows, columns], rowState [rows], columnState [columns], factor, applied, rates (rate, 1 − β₂ₜ).
// Rows come in at most 64 bands that depend on the shape alone; sums over bands are in their order.
// shared: Σ over a band's rows of g², by column [bands, columns]; then Σ parameter² and Σ update² of each band in float64.
namespace octavo::OCTAVO_ISA {

static inline float largerOf(float a, float b) { return a > b ? a : b; }
static inline int64_t adafactorBand(int64_t rows) { return larger(1, (rows + 63) / 64); }
static inline int64_t adafactorBands(int64_t rows) { return (rows + adafactorBand(rows) - 1) / adafactorBand(rows); }

static void adafactor(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], columns = call.p[1];
  float* parameter = static_cast<float*>(call.operands[0].data);
  const float* gradient = static_cast<const float*>(call.operands[1].data);
  float* rowState = static_cast<float*>(call.operands[2].data);
  float* columnState = static_cast<float*>(call.operands[3].data);
  const float* rates = static_cast<const float*>(call.operands[6].data);
  if (!(*static_cast<const float*>(call.operands[5].data) > 0) || rows == 0 || columns == 0) return;
  const float scale = *static_cast<const float*>(call.operands[4].data), rest = rates[1];
  const Vf factor = Vf::set1(scale);
  const int64_t band = adafactorBand(rows), bands = adafactorBands(rows);
  float* byColumn = static_cast<float*>(worker.shared);
  double* squares = reinterpret_cast<double*>(static_cast<char*>(worker.shared) + line(bands * columns * sizeof(float)));
  double* updates = squares + bands;
  const Range mine = share(worker, bands);

  for (int64_t b = mine.begin; b < mine.end; ++b) {
    float* sums = byColumn + b * columns;
    for (int64_t j = 0; j < columns; ++j) sums[j] = 0;
    double parameters = 0;
    for (int64_t i = b * band; i < smaller(rows, (b + 1) * band); ++i) {
      Vf total = Vf::zero(), weights = Vf::zero();
      for (int64_t j = 0; j < columns; j += Vf::lanes) {
        const int64_t left = columns - j;
        const Vf g = loadUpTo(gradient + i * columns + j, left) * factor, p = loadUpTo(parameter + i * columns + j, left), square = g * g;
        storeUpTo(loadUpTo(sums + j, left) + square, sums + j, left);
        total = total + square;
        weights = fma(p, p, weights);
      }
      rowState[i] += rest * (sum(total) / static_cast<float>(columns) - rowState[i]);
      parameters += sum(weights);
    }
    squares[b] = parameters;
  }
  worker.barrier();
  const Range strip = share(worker, (columns + 63) / 64);
  for (int64_t j = strip.begin * 64; j < smaller(columns, strip.end * 64); ++j) {
    float total = 0;
    for (int64_t b = 0; b < bands; ++b) total += byColumn[b * columns + j];
    columnState[j] += rest * (total / static_cast<float>(rows) - columnState[j]);
  }
  double rowMean = 0, parameters = 0;
  for (int64_t i = 0; i < rows; ++i) rowMean += rowState[i];
  for (int64_t b = 0; b < bands; ++b) parameters += squares[b];
  worker.barrier();

  // update = g / √(row · column / mean of rows), no estimate below ε₁²
  const float e1 = static_cast<float>(call.p[2]);
  const float overMean = 1.0f / largerOf(static_cast<float>(rowMean / static_cast<double>(rows)), e1);
  const Vf least = Vf::set1(e1 * e1);
  const auto updateAt = [&](int64_t i, int64_t j, int64_t left) {
    const Vf estimate = max(Vf::set1(rowState[i] * overMean) * loadUpTo(columnState + j, left), least);
    return loadUpTo(gradient + i * columns + j, left) * factor / sqrt(estimate);
  };
  for (int64_t b = mine.begin; b < mine.end; ++b) {
    double total = 0;
    for (int64_t i = b * band; i < smaller(rows, (b + 1) * band); ++i) {
      Vf row = Vf::zero();
      for (int64_t j = 0; j < columns; j += Vf::lanes) {
        const int64_t left = columns - j;
        const Vf u = updateAt(i, j, left);
        row = row + u * u;
      }
      total += sum(row);
    }
    updates[b] = total;
  }
  worker.barrier();
  double total = 0;
  for (int64_t b = 0; b < bands; ++b) total += updates[b];
  const double size = static_cast<double>(rows) * static_cast<double>(columns);
  const float clip = largerOf(1.0f, static_cast<float>(__builtin_sqrt(total / size) / call.p[4]));
  const float step = rates[0] * largerOf(static_cast<float>(call.p[3]), static_cast<float>(__builtin_sqrt(parameters / size))) / clip;
  const Vf move = Vf::set1(step), decay = Vf::set1(1.0f - rates[0] * static_cast<float>(call.p[5]));
  for (int64_t b = mine.begin; b < mine.end; ++b)
    for (int64_t i = b * band; i < smaller(rows, (b + 1) * band); ++i)
      for (int64_t j = 0; j < columns; j += Vf::lanes) {
        const int64_t left = columns - j;
        float* p = parameter + i * columns + j;
        storeUpTo(loadUpTo(p, left) * decay - move * updateAt(i, j, left), p, left);
      }
}

static GemmMemory adafactorMemory(const Call& call, int) {
  const int64_t bands = adafactorBands(static_cast<int64_t>(call.p[0]));
  return {0, line(bands * static_cast<int64_t>(call.p[1]) * sizeof(float)) + 2 * bands * sizeof(double)};
}
static constexpr KernelEntry kAdafactor{"adafactor", adafactor, adafactorMemory};

}  // namespace octavo::OCTAVO_ISA
