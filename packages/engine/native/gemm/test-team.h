// Teams of std::thread with a barrier, memory of exactly the size gemmMemory() asks for with a guard behind it, and the
// levels and forms this machine runs.
#pragma once
#include <sys/mman.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>
#include "test-level.h"

namespace octavo {

struct Barrier {
  const int count;
  std::atomic<int> waiting{0}, generation{0};
  static void wait(void* team) {
    Barrier& b = *static_cast<Barrier*>(team);
    const int generation = b.generation.load();
    if (b.waiting.fetch_add(1) + 1 == b.count) {
      b.waiting.store(0);
      b.generation.fetch_add(1);
      return;
    }
    for (int spins = 0; b.generation.load() == generation; spins++)
      if (spins > 2000) std::this_thread::yield();
  }
};

// Aligned memory that starts as NaN and ends in a guard; in huge pages where it is large, as the engine's own.
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes), data_(static_cast<unsigned char*>(aligned_alloc(alignment(bytes), (bytes + 64 + alignment(bytes) - 1) / alignment(bytes) * alignment(bytes)))) {
#ifdef MADV_HUGEPAGE
    if (alignment(bytes) > 64) madvise(data_, bytes, MADV_HUGEPAGE);
#endif
    memset(data_, 0xff, bytes);
    memset(data_ + bytes, 0x5a, 64);
  }
  Memory(const Memory&) = delete;
  ~Memory() { free(data_); }
  void* data() const { return data_; }
  bool intact() const {
    for (size_t i = 0; i < 64; i++)
      if (data_[bytes_ + i] != 0x5a) return false;
    return true;
  }

 private:
  static size_t alignment(size_t bytes) { return bytes >= 1 << 21 ? 1 << 21 : 64; }
  size_t bytes_;
  unsigned char* data_;
};

// Runs work on each member of a new team.
inline void onTeam(int count, GemmMemory memory, bool* intact, const std::function<void(const Worker&)>& work) {
  Barrier barrier{count};
  Memory shared(memory.sharedBytes);
  std::vector<Memory*> scratch;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++) scratch.push_back(new Memory(memory.scratchBytes));
  const auto member = [&](int i) {
    work({i, count, scratch[i]->data(), memory.scratchBytes, shared.data(), memory.sharedBytes, count > 1 ? Barrier::wait : nullptr, &barrier});
  };
  for (int i = 1; i < count; i++) threads.emplace_back(member, i);
  member(0);
  for (std::thread& thread : threads) thread.join();
  *intact = shared.intact();
  for (Memory* m : scratch) {
    *intact = *intact && m->intact();
    delete m;
  }
}

inline std::vector<const Level*> levels() {
  std::vector<const Level*> all{&kBaselineLevel};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back(&kAvx2Level);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    all.push_back(&kAvx512Level);
#endif
  return all;
}
inline bool runs(const Level& level, Form form) {
  if (form == Form::widened) return true;
#if defined(__x86_64__)
  if (&level != &kAvx512Level) return false;
#ifdef OCTAVO_EMULATE_HALF
  if (form == Form::half) return true;
#endif
  return form == Form::dot ? __builtin_cpu_supports("avx512bf16") : __builtin_cpu_supports("avx512fp16");
#else
  return false;
#endif
}
inline const char* nameOf(Form form) { return form == Form::dot ? "dot" : form == Form::half ? "half" : "widened"; }
inline const char* nameOf(Type type) { return type == Type::f32 ? "f32" : type == Type::bf16 ? "bf16" : "f16"; }
inline size_t bytesOf(Type type) { return type == Type::f32 ? 4 : 2; }

}  // namespace octavo
