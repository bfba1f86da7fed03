// y[i] = i.  p: length.
namespace octavo::OCTAVO_ISA {

static void iota(const Call& call, const Worker& worker) {
  const Range mine = share(worker, static_cast<int64_t>(call.p[0]));
  int32_t* y = static_cast<int32_t*>(call.operands[0].data);
  for (int64_t i = mine.begin; i < mine.end; ++i) y[i] = static_cast<int32_t>(i);
}
static constexpr KernelEntry kIota{"iota", iota, nullptr};

}  // namespace octavo::OCTAVO_ISA
