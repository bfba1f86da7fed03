// Holds gemm() to a double-precision reference on every level and form this machine runs: random sizes (0, 1, odd, large),
// orientations, types, strides and epilogues; memory written beyond C, beyond scratch; the same bits from teams of 1, 2, 3
// and 7. Usage: gemm-test [cases] [seed] [form]: all forms, or one of 'widened', 'dot', 'half'.
#include <algorithm>
#include <cmath>
#include "../types.h"
#include "test-team.h"

using namespace octavo;

static uint64_t state;
static uint32_t random32() { state = state * 6364136223846793005u + 1442695040888963407u; return state >> 32; }
static int64_t below(int64_t n) { return static_cast<int64_t>(random32() % static_cast<uint64_t>(n)); }
static bool chance(int percent) { return below(100) < percent; }

static double read(const void* p, Type type, int64_t i) {
  if (type == Type::f32) return static_cast<const float*>(p)[i];
  return type == Type::bf16 ? toFloat(static_cast<const bf16*>(p)[i]) : toFloat(static_cast<const f16*>(p)[i]);
}
static void write(void* p, Type type, int64_t i, float value) {
  if (type == Type::f32) static_cast<float*>(p)[i] = value;
  else if (type == Type::bf16) fromFloat(value, static_cast<bf16*>(p) + i);
  else fromFloat(value, static_cast<f16*>(p) + i);
}

// rows × columns of random values with a row stride of ld; exact size, so that a sanitizer sees any step beyond.
struct Matrix {
  Type type;
  int64_t rows, columns, ld;
  std::vector<unsigned char> bytes;
  Matrix(Type t, int64_t r, int64_t c, int64_t stride) : type(t), rows(r), columns(c), ld(stride), bytes(size()) {
    for (int64_t i = 0; i < static_cast<int64_t>(bytes.size() / bytesOf(t)); i++) write(bytes.data(), t, i, static_cast<float>(random32() * 0x1p-31 - 1));
  }
  size_t size() const { return rows == 0 ? 0 : static_cast<size_t>((rows - 1) * ld + columns) * bytesOf(type); }
  double at(int64_t r, int64_t c) const { return read(bytes.data(), type, r * ld + c); }
};

struct Case {
  int64_t m, n, k;
  Type a, b, c;
  bool ta, tb, accumulate, bias, pre, residual, inPlaceResidual;
  Activation activation;
  float alpha;
  int64_t padA, padB, padC;
};

static double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::relu: return x > 0 ? x : 0;
    case Activation::reluSquared: return x > 0 ? x * x : 0;
    case Activation::gelu: return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    case Activation::geluTanh: return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::silu: return x / (1 + std::exp(-x));
  }
  return NAN;
}

static const char* onlyForm = nullptr;
static bool checks(const Level& level, Form form) { return runs(level, form) && (!onlyForm || !strcmp(onlyForm, nameOf(form))); }

static int failures = 0;
static void fail(const Level& level, Form form, const Case& c, const char* what, int64_t i, int64_t j, double got, double expected) {
  if (++failures > 20) return;
  printf("FAILED %s %s: %s at [%ld, %ld]: %.9g, expected %.9g; m %ld n %ld k %ld A %s%s B %s%s C %s act %d alpha %g %s%s%s%s\n", level.name, nameOf(form), what,
         (long)i, (long)j, got, expected, (long)c.m, (long)c.n, (long)c.k, nameOf(c.a), c.ta ? "ᵀ" : "", nameOf(c.b), c.tb ? "ᵀ" : "", nameOf(c.c),
         static_cast<int>(c.activation), c.alpha, c.accumulate ? "accumulate " : "", c.bias ? "bias " : "", c.pre ? "pre " : "", c.residual ? "residual" : "");
}

static double half(Type type) { return type == Type::f32 ? 0x1p-24 : type == Type::bf16 ? 0x1p-8 : 0x1p-11; }

static void check(const Case& c, const std::vector<int>& teams) {
  const Matrix a(c.a, c.ta ? c.k : c.m, c.ta ? c.m : c.k, (c.ta ? c.m : c.k) + c.padA), b(c.b, c.tb ? c.n : c.k, c.tb ? c.k : c.n, (c.tb ? c.k : c.n) + c.padB);
  const Matrix c0(c.c, c.m, c.n, c.n + c.padC), residual(c.c, c.m, c.n, c.n + c.padC), preBefore(c.c, c.m, c.n, c.n + c.padC);
  std::vector<float> bias(static_cast<size_t>(c.n));
  for (float& value : bias) value = static_cast<float>(random32() * 0x1p-31 - 1);

  for (int rounding = 0; rounding < 3; rounding++) {  // the reference for operands as they are, rounded to bf16, to f16
    std::vector<double> exact, magnitude;
    for (const Level* level : levels())
      for (const Form form : {Form::widened, Form::dot, Form::half}) {
        if (!checks(*level, form)) continue;
        const Type special = form == Form::dot ? Type::bf16 : Type::f16;
        const bool rounds = form != Form::widened && (c.a == special || c.b == special) && (c.a == special || c.a == Type::f32) && (c.b == special || c.b == Type::f32);
        if (rounding != (rounds ? (special == Type::bf16 ? 1 : 2) : 0)) continue;
        if (form != Form::widened && !rounds && below(8) != 0) continue;  // falls back to widened: seen often enough
        if (exact.empty()) {
          const auto rounded = [&](double x) {
            return rounding == 1 ? toFloat(toBf16(static_cast<float>(x))) : rounding == 2 ? toFloat(toF16(static_cast<float>(x))) : x;
          };
          exact.assign(static_cast<size_t>(c.m * c.n), 0);
          magnitude.assign(static_cast<size_t>(c.m * c.n), 0);
          std::vector<double> row(static_cast<size_t>(c.k * c.n));
          for (int64_t k = 0; k < c.k; k++)
            for (int64_t j = 0; j < c.n; j++) row[k * c.n + j] = rounded(c.tb ? b.at(j, k) : b.at(k, j));
          for (int64_t i = 0; i < c.m; i++)
            for (int64_t k = 0; k < c.k; k++) {
              const double value = rounded(c.ta ? a.at(k, i) : a.at(i, k));
              double *to = exact.data() + i * c.n, *size = magnitude.data() + i * c.n;
              const double* from = row.data() + k * c.n;
              for (int64_t j = 0; j < c.n; j++) to[j] += value * from[j], size[j] += std::fabs(value * from[j]);
            }
        }
        std::vector<unsigned char> firstBits;
        for (const int count : teams) {
          Matrix out = c0, pre = preBefore;
          if (c.residual && c.inPlaceResidual) out.bytes = residual.bytes;
          const std::vector<unsigned char> before = out.bytes;
          Gemm g{};
          g.m = c.m, g.n = c.n, g.k = c.k;
          g.a = a.bytes.data(), g.aType = c.a, g.lda = a.ld, g.aTransposed = c.ta;
          g.b = b.bytes.data(), g.bType = c.b, g.ldb = b.ld, g.bTransposed = c.tb;
          g.c = out.bytes.data(), g.cType = c.c, g.ldc = out.ld;
          g.alpha = c.alpha, g.accumulate = c.accumulate, g.activation = c.activation;
          g.bias = c.bias ? bias.data() : nullptr;
          g.preActivation = c.pre ? pre.bytes.data() : nullptr;
          g.residual = c.residual ? (c.inPlaceResidual ? out.bytes.data() : residual.bytes.data()) : nullptr;
          bool intact = true;
          onTeam(count, level->memory(g, count, form), &intact, [&](const Worker& worker) { level->gemm(worker, g, form); });
          if (!intact) fail(*level, form, c, "writes beyond its memory", 0, 0, count, 0);
          std::vector<unsigned char> bits = out.bytes;
          bits.insert(bits.end(), pre.bytes.begin(), pre.bytes.end());
          if (count == teams[0]) firstBits = bits;
          else if (bits != firstBits) fail(*level, form, c, "bits depend on the team", count, 0, 0, 0);
          if (count != teams[0]) continue;
          for (int64_t i = 0; i < c.m; i++) {
            for (int64_t j = 0; j < c.n; j++) {
              double expected = exact[i * c.n + j] * c.alpha;
              double tolerance = (4 * std::sqrt(static_cast<double>(c.k)) + 16) * 0x1p-24 * magnitude[i * c.n + j] * std::fabs(c.alpha) + 1e-7;
              if (form == Form::half && rounds) tolerance = 3e-3 * magnitude[i * c.n + j] * std::fabs(c.alpha) + 1e-4;
              if (c.accumulate) expected += c0.at(i, j);
              if (c.bias) expected += bias[j];
              if (c.pre && !(std::fabs(pre.at(i, j) - expected) <= tolerance + half(c.c) * std::fabs(expected) * 1.01 + 1e-7)) fail(*level, form, c, "preActivation", i, j, pre.at(i, j), expected);
              tolerance *= c.activation == Activation::reluSquared ? 2 * std::fabs(expected) + 1 : 1.2;
              expected = activated(c.activation, expected);
              tolerance += 1e-6 * (std::fabs(expected) + 1);
              if (c.residual) expected += residual.at(i, j);
              tolerance += half(c.c) * (std::fabs(expected) + tolerance) * 1.01 + 1e-7;
              if (!(std::fabs(out.at(i, j) - expected) <= tolerance)) fail(*level, form, c, "C", i, j, out.at(i, j), expected);
            }
            if (i + 1 < c.m && c.padC > 0) {
              const size_t from = static_cast<size_t>(i * out.ld + c.n) * bytesOf(c.c), length = static_cast<size_t>(c.padC) * bytesOf(c.c);
              if (memcmp(out.bytes.data() + from, before.data() + from, length) || memcmp(pre.bytes.data() + from, preBefore.bytes.data() + from, length)) fail(*level, form, c, "writes between rows", i, 0, 0, 0);
            }
          }
        }
      }
  }
}

static int64_t someSize(int64_t largest) {
  const int kind = static_cast<int>(below(12));
  if (kind == 0) return chance(30) ? 0 : 1;
  if (kind < 5) return 1 + below(20);
  if (kind < 8) return 1 + below(70);
  static const int64_t round[] = {8, 16, 32, 48, 64, 96, 128, 256, 6, 24, 192};
  if (kind == 8) return round[below(11)];
  return 1 + below(largest);
}

static Type someType() { const int64_t t = below(10); return t < 4 ? Type::f32 : t < 8 ? Type::bf16 : Type::f16; }

static Case some() {
  Case c{};
  c.m = someSize(200), c.n = someSize(260), c.k = someSize(300);
  c.a = someType(), c.b = chance(60) ? c.a : someType(), c.c = chance(50) ? c.a : someType();
  c.ta = chance(40), c.tb = chance(50);
  c.alpha = chance(60) ? 1.0f : 0.37f;
  c.padA = chance(30) ? below(40) : 0, c.padB = chance(30) ? below(40) : 0, c.padC = chance(40) ? below(40) : 0;
  c.accumulate = chance(20);
  if (!c.accumulate) {
    c.bias = chance(40);
    c.activation = chance(50) ? static_cast<Activation>(below(6)) : Activation::none;
    c.pre = c.activation != Activation::none && chance(60);
    c.residual = chance(30);
    c.inPlaceResidual = c.residual && chance(30);
  }
  return c;
}

// NaN and ∞ in A reach their row of C and no other, whatever is padded.
static void nonFinite() {
  for (const Level* level : levels())
    for (const Form form : {Form::widened, Form::dot}) {
      if (!checks(*level, form)) continue;
      for (const int64_t k : {1, 7, 33, 64}) {
        const int64_t m = 21, n = 53;
        const Type type = form == Form::dot ? Type::bf16 : Type::f32;
        Matrix a(type, m, k, k), b(type, n, k, k), out(Type::f32, m, n, n);
        write(a.bytes.data(), type, 5 * k, NAN);
        write(a.bytes.data(), type, 20 * k + k - 1, INFINITY);
        Gemm g{};
        g.m = m, g.n = n, g.k = k, g.a = a.bytes.data(), g.aType = type, g.lda = k, g.b = b.bytes.data(), g.bType = type, g.ldb = k, g.bTransposed = true;
        g.c = out.bytes.data(), g.cType = Type::f32, g.ldc = n, g.alpha = 1;
        bool intact;
        onTeam(2, level->memory(g, 2, form), &intact, [&](const Worker& worker) { level->gemm(worker, g, form); });
        for (int64_t i = 0; i < m; i++)
          for (int64_t j = 0; j < n; j++) {
            const double got = out.at(i, j);
            if (i == 5 ? !std::isnan(got) : i == 20 ? std::isfinite(got) : !std::isfinite(got)) fail(*level, form, {m, n, k, type, type, Type::f32, false, true, false, false, false, false, false, Activation::none, 1, 0, 0, 0}, "non-finite", i, j, got, 0);
          }
      }
    }
}

// What gemmMemory() asks for a product is enough for every smaller one.
static void memoryGrows() {
  for (int round = 0; round < 3000; round++) {
    Case c = some();
    c.m *= 1 + below(40), c.n *= 1 + below(20), c.k *= 1 + below(20);
    Gemm g{};
    g.m = c.m, g.n = c.n, g.k = c.k, g.aType = c.a, g.bType = c.b, g.cType = c.c, g.aTransposed = c.ta, g.bTransposed = c.tb;
    Gemm smaller = g;
    smaller.m = below(c.m + 1), smaller.n = below(c.n + 1), smaller.k = below(c.k + 1);
    for (const Level* level : levels())
      for (const int count : {1, 2, 7}) {
        const Form form = static_cast<Form>(below(3));
        const GemmMemory whole = level->memory(g, count, form), part = level->memory(smaller, count, form);
        if (part.scratchBytes > whole.scratchBytes || part.sharedBytes > whole.sharedBytes) fail(*level, form, c, "needs more memory for less", smaller.m, smaller.n, smaller.k, count);
      }
  }
}

int main(int argc, char** argv) {
  const int cases = argc > 1 ? atoi(argv[1]) : 600;
  state = argc > 2 ? strtoull(argv[2], nullptr, 10) : 1;
  if (argc > 3) onlyForm = argv[3];
  const std::vector<int> all{1, 2, 3, 7}, alone{1};
  for (int i = 0; i < cases; i++) check(some(), i % 3 == 0 ? all : alone);
  // Several parts of k, blocks of columns, rounds of partial sums.
  for (const bool t : {false, true})
    for (const Type type : {Type::f32, Type::bf16}) {
      check({37, 45, 4501, type, type, type, t, !t, false, true, true, true, true, Activation::silu, 1, 0, 3, 1}, all);
      check({50, 1203, 1100, type, type, Type::bf16, t, t, false, true, false, false, false, Activation::none, 0.5f, 1, 0, 0}, all);
      check({33, 70, 2500, type, Type::bf16, Type::f32, t, t, true, false, false, false, false, Activation::none, 1, 0, 0, 5}, all);
    }
  check({700, 470, 2300, Type::bf16, Type::bf16, Type::bf16, true, false, false, false, false, true, false, Activation::none, 1, 0, 0, 0}, all);
  check({16, 900, 768, Type::f32, Type::bf16, Type::f32, false, true, false, true, false, false, false, Activation::none, 1, 0, 0, 0}, all);
  check({1, 2000, 769, Type::bf16, Type::bf16, Type::f32, false, true, false, true, false, false, false, Activation::none, 1, 0, 1, 0}, all);
  check({70, 210, 333, Type::f16, Type::f16, Type::f16, true, false, false, true, false, true, false, Activation::none, 1, 0, 0, 0}, all);
  check({19, 150, 2100, Type::f16, Type::f32, Type::f32, false, true, false, false, false, false, false, Activation::none, 1, 1, 2, 0}, all);
  nonFinite();
  memoryGrows();
  printf("gemm, %d cases on", cases);
  for (const Level* level : levels())
    for (const Form form : {Form::widened, Form::dot, Form::half})
      if (checks(*level, form)) printf(" %s/%s", level->name, nameOf(form));
  printf(": %s\n", failures ? "FAILED" : "ok");
  return failures != 0;
}
