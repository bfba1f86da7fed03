// The bucket of each distance between a query and a key.  p: distances, index of distance 0, causal, thresholds: the least
// distance of bucket 1, 2 … of one direction.
namespace octavo::OCTAVO_ISA {

static void relativeBuckets(const Call& call, const Worker& worker) {
  const int64_t zero = call.p[1], directed = call.parameterCount - 3;
  const bool causal = call.p[2] != 0;
  const double* thresholds = call.p + 3;
  int32_t* y = static_cast<int32_t*>(call.operands[0].data);
  const Range units = share(worker, static_cast<int64_t>(call.p[0]));
  for (int64_t i = units.begin; i < units.end; ++i) {
    const int64_t ahead = i - zero, distance = causal ? larger(0, -ahead) : ahead < 0 ? -ahead : ahead;
    int64_t bucket = 0;
    while (bucket < directed && thresholds[bucket] <= static_cast<double>(distance)) ++bucket;
    y[i] = static_cast<int32_t>(bucket + (causal || ahead <= 0 ? 0 : directed + 1));
  }
}
static constexpr KernelEntry kRelativeBuckets{"relativeBuckets", relativeBuckets, nullptr};

}  // namespace octavo::OCTAVO_ISA
