// What a kernel is given to run on: one member of a team that executes the same instruction together.
// Results must not depend on `count`: cut work into pieces by the problem alone, give whole pieces to members.
#pragma once
#include <cstddef>
#include <cstdint>

namespace octavo {

struct Worker {
  int index;        // 0 … count-1
  int count;        // members in the team
  void* scratch;    // this member's own memory, 64-byte aligned
  size_t scratchBytes;
  void* shared;     // memory of the whole team, the same pointer for all members
  size_t sharedBytes;
  void (*wait)(void* team);  // barrier: returns when all members have called it; null when count == 1
  void* team;
  void barrier() const { if (count > 1) wait(team); }
};

struct Range { int64_t begin, end; };

// Whole pieces [0, pieces) for this member, contiguous.
static inline Range share(const Worker& worker, int64_t pieces) {
  return {pieces * worker.index / worker.count, pieces * (worker.index + 1) / worker.count};
}

}  // namespace octavo
