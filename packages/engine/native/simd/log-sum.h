#pragma once
// log Σ exp over a row.
namespace octavo::OCTAVO_ISA {

static inline float logOf(float x) {
  float lane[Vf::lanes];
  log(Vf::set1(x)).store(lane);
  return lane[0];
}

// Of a row of any type: NaN where one value is NaN or ∞, and of a row of −∞ alone.
template <class T>
static float logSumOf(const T* x, int64_t n) {
  Vf most = Vf::set1(-__builtin_inff());
  int64_t i = 0;
  for (; i + Vf::lanes <= n; i += Vf::lanes) most = max(most, Vf::load(x + i));
  float highest = maximum(most);
  for (; i < n; ++i) highest = toFloat(x[i]) > highest ? toFloat(x[i]) : highest;
  const Vf shift = Vf::set1(highest);
  Vf sums = Vf::zero();
  for (i = 0; i + Vf::lanes <= n; i += Vf::lanes) sums = sums + exp(Vf::load(x + i) - shift);
  if (i < n) sums = sums + keepLanes(exp(Vf::loadTail(x + i, static_cast<int>(n - i)) - shift), static_cast<int>(n - i));
  return highest + logOf(sum(sums));
}

}  // namespace octavo::OCTAVO_ISA
