// The thread pool: a team of members that run one function together and meet at barriers.
#pragma once
#include <atomic>
#include <functional>
#include <thread>
#include <vector>
#include "worker.h"

namespace octavo {

// Returns when `value` is no longer `known`: at once, and true, if that happens within so many spins, else woken from sleep.
bool awaitChange(const std::atomic<uint32_t>& value, uint32_t known, int spins);

// Between runs: some microseconds, for the JavaScript thread may want the core.
constexpr int kIdleSpins = 2000;

// A barrier that spins, then sleeps; the more briefly, the more often that was in vain.
class Barrier {
 public:
  explicit Barrier(int members) : members_(members) {}
  void wait();

 private:
  const int members_;
  std::atomic<int> arrived_{0};
  std::atomic<uint32_t> round_{0};
};

class Team {
 public:
  explicit Team(int members);
  ~Team();
  int members() const { return members_; }
  // Runs job(index) on every member, the caller being member 0. Not to be called by two threads at once.
  void run(const std::function<void(int)>& job);
  Barrier& barrier() { return barrier_; }
  static void waitFor(void* team) { static_cast<Team*>(team)->barrier_.wait(); }

 private:
  void serve(int index);
  const int members_;
  Barrier barrier_;
  std::vector<std::thread> threads_;
  const std::function<void(int)>* job_ = nullptr;
  bool stopping_ = false;
  std::atomic<uint32_t> generation_{0};  // raised when there is a job, or none any more
};

}  // namespace octavo
