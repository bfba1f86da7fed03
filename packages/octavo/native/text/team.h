// Runs the same work on several threads and waits for all. If the system gives fewer threads, fewer do it: the work must
// share itself out, for example by an atomic counter. The first exception comes out here.
#pragma once
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace octavo::text {

// work(thread) with thread from 0 to threads - 1; 0 is the caller.
template <typename Work>
void runTeam(size_t threads, const Work& work) {
  std::vector<std::exception_ptr> failures(threads);
  const auto member = [&](size_t thread) {
    try {
      work(thread);
    } catch (...) {
      failures[thread] = std::current_exception();
    }
  };
  std::vector<std::thread> team;
  team.reserve(threads);
  try {
    for (size_t thread = 1; thread < threads; ++thread) team.emplace_back(member, thread);
  } catch (const std::system_error&) {
    // A limit on threads: those that have started, and this one, do the rest.
  }
  member(0);
  for (auto& one : team) one.join();
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace octavo::text
