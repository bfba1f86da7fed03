// A compiled program: instructions with operands in slots (the caller's buffers) and in one arena.
#pragma once
#include <memory>
#include <string>
#include <vector>
#include "kernel.h"
#include "team.h"

namespace octavo {

struct PlacedOperand { int place; int64_t at; int32_t dtype; int64_t count; };  // place: 0 absent, 1 slot, 2 arena

struct Instruction {
  const KernelEntry* kernel;
  std::vector<PlacedOperand> operands;
  std::vector<double> parameters;
};

// Bytes of a slot or of the arena that a run copies out when it has ended.
struct Output { bool inArena; int64_t at, bytes; };

struct ProgramOptions { int64_t arenaBytes; int slots; std::vector<Output> outputs; int threads; std::string isa; Form form; bool immediate; };

// Memory aligned to pages, zeroed; null when there is none.
void* allocatePages(size_t bytes);
void freePages(void* memory, size_t bytes);

class Program {
 public:
  // Returns an error text, or an empty one and the program.
  static std::string build(const double* code, size_t length, const ProgramOptions& options, std::unique_ptr<Program>& program);
  ~Program();
  // Copies results to `outputs`. Adds the nanoseconds of each instruction, barrier included, to `nanoseconds` unless it is null.
  void run(void* const* slots, void* const* outputs, double* nanoseconds);
  // Whether it is short enough to be run by whoever asks for it: by one thread, then, and beside other programs.
  bool immediate() const { return immediate_; }
  size_t instructionCount() const { return instructions_.size(); }
  size_t scratchBytes() const { return scratchPerMember_ * members_ + sharedBytes_; }
  // Bytes that the program reads or writes in a slot.
  const std::vector<int64_t>& slotBytes() const { return slotBytes_; }
  const std::vector<int64_t>& outputBytes() const { return outputBytes_; }

 private:
  Program() = default;
  void walk(int index, Team& team, void* const* slots, double* nanoseconds);
  std::vector<Instruction> instructions_;
  int64_t arenaBytes_ = 0;
  char* arena_ = nullptr;
  size_t scratchPerMember_ = 0, sharedBytes_ = 0;
  char* scratch_ = nullptr;
  int members_ = 1;
  bool immediate_ = false;
  Form form_ = Form::widened;
  std::vector<Output> outputs_;
  std::vector<int64_t> slotBytes_, outputBytes_;
};

// The tables that were built and that this machine can run, worst first.
std::vector<const KernelTable*> usableTables();
std::string cpuName();
bool cpuHasDot();
bool cpuHasHalf();

}  // namespace octavo
