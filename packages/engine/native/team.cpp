#include "team.h"
#include <algorithm>

namespace octavo {

namespace {
constexpr int kMostSpins = 20000;  // under a millisecond: a sleeper comes back only when the scheduler finds it a core
constexpr int kFewestSpins = 1000;  // some 15 microseconds, as long as members wait for each other on a quiet machine

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}
}  // namespace

bool awaitChange(const std::atomic<uint32_t>& value, uint32_t known, int spins) {
  for (int spin = 0; spin < spins; ++spin) {
    if (value.load(std::memory_order_acquire) != known) return true;
    relax();
  }
  while (value.load(std::memory_order_acquire) == known) value.wait(known, std::memory_order_acquire);
  return false;
}

void Barrier::wait() {
  if (members_ == 1) return;
  const uint32_t round = round_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) == members_ - 1) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    round_.notify_all();
    return;
  }
  // Spinning in vain means that another program has the core of somebody we wait for, and may need ours as well.
  thread_local int spins = kMostSpins;
  spins = awaitChange(round_, round, spins) ? std::min(kMostSpins, spins + spins / 8) : std::max(kFewestSpins, spins / 2);
}

Team::Team(int members) : members_(members), barrier_(members) {
  for (int index = 1; index < members; ++index) threads_.emplace_back([this, index] { serve(index); });
}

Team::~Team() {
  stopping_ = true;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Team::run(const std::function<void(int)>& job) {
  job_ = &job;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  job(0);
  barrier_.wait();  // nobody leaves before all have finished, so `job` may end with the caller
}

void Team::serve(int index) {
  for (uint32_t seen = 0;; ++seen) {
    awaitChange(generation_, seen, kIdleSpins);
    if (stopping_) return;
    (*job_)(index);
    barrier_.wait();
  }
}

}  // namespace octavo
