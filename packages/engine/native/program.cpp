#include "program.h"
#include <sys/mman.h>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>

namespace octavo {

namespace {
using Clock = std::chrono::steady_clock;
constexpr int64_t kBytesOf[] = {4, 2, 2, 4, 4, 1};
constexpr size_t kPage = 4096;
constexpr int kMostOperands = 64;
constexpr size_t kMostParameters = 16;  // that a kernel without a program reads
[[maybe_unused]] size_t paged(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }
size_t line(size_t bytes) { return (bytes + 63) / 64 * 64; }

// More elements, or bytes, than any machine has; four times the product of two such blocks still fits 64 bits.
constexpr double kMost = 0x1p48, kMostTogether = 0x1p60;
int64_t whole(double value, double most) { return value >= 0 && value <= most ? static_cast<int64_t>(value) : -1; }

// Whether sizes may be multiplied without overflow.
bool sizesFit(const std::vector<double>& sizes) {
  double together = 1;
  for (double size : sizes) {
    if (!(size >= 0 && size <= kMost)) return false;
    together *= std::max(1.0, size);
  }
  return together <= kMostTogether;
}

// One team a size, for the life of the process. Runs come one at a time, from one thread.
Team& teamOf(int members) {
  static std::map<int, Team*> teams;
  Team*& team = teams[members];
  if (team == nullptr) team = new Team(members);
  return *team;
}
}  // namespace

#ifdef __SANITIZE_ADDRESS__
// From the heap and to the byte, so that the sanitizer sees a kernel that reads or writes past the end.
void* allocatePages(size_t bytes) {
  void* memory = nullptr;
  if (bytes > (size_t{1} << 30) || posix_memalign(&memory, kPage, bytes) != 0) return nullptr;
  return std::memset(memory, 0, bytes);
}

void freePages(void* memory, size_t) { std::free(memory); }
#else
void* allocatePages(size_t bytes) {
  void* memory = mmap(nullptr, paged(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
  if (bytes >= (2u << 20)) madvise(memory, paged(bytes), MADV_HUGEPAGE);
#endif
  return memory;
}

void freePages(void* memory, size_t bytes) {
  if (memory != nullptr) munmap(memory, paged(bytes));
}
#endif

std::string Program::build(const double* code, size_t length, const ProgramOptions& options, std::unique_ptr<Program>& out) {
  const KernelTable* table = nullptr;
  for (const KernelTable* usable : usableTables())
    if (options.isa == usable->isa) table = usable;
  if (table == nullptr) return "the instruction set " + options.isa + " is not available on this machine";
  if (options.threads < 1 || options.threads > 1024 || options.slots < 0 || options.arenaBytes < 0) return "threads, slots or arena out of range";
  std::unique_ptr<Program> program(new Program());
  program->arenaBytes_ = options.arenaBytes;
  program->members_ = options.threads;
  program->immediate_ = options.immediate;
  if (options.immediate && options.threads != 1) return "an immediate program has one thread";
  program->form_ = options.form;
  program->slotBytes_.assign(options.slots, 0);
  for (const Output& output : options.outputs) {
    const bool fits = output.at >= 0 && output.bytes >= 0 && (output.inArena ? output.at + output.bytes <= options.arenaBytes : output.at < options.slots);
    if (!fits) return "an output lies outside the slots and the arena";
    if (!output.inArena) program->slotBytes_[output.at] = std::max(program->slotBytes_[output.at], output.bytes);
    program->outputBytes_.push_back(output.bytes);
  }
  program->outputs_ = options.outputs;
  size_t at = 0;
  auto next = [&]() -> double { return at < length ? code[at++] : -1e18; };
  const double count = next();
  if (!(count >= 0 && count < 1e7)) return "a program has a count of instructions";
  for (int64_t i = 0; i < static_cast<int64_t>(count); ++i) {
    Instruction instruction;
    const double kernel = next();
    const double operands = next();
    if (!(kernel >= 0 && kernel < table->count && operands >= 0 && operands < kMostOperands)) return "an instruction names no kernel";
    instruction.kernel = &table->entries[static_cast<int>(kernel)];
    for (int k = 0; k < static_cast<int>(operands); ++k) {
      const int64_t place = whole(next(), 2), offset = whole(next(), kMost), dtype = whole(next(), 5), elements = whole(next(), kMost);
      if (place < 0 || dtype < 0 || elements < 0) return "an operand is malformed";
      const PlacedOperand operand{static_cast<int>(place), offset, static_cast<int32_t>(dtype), elements};
      const int64_t bytes = operand.count * kBytesOf[operand.dtype];
      if (operand.place == 1) {
        if (operand.at < 0 || operand.at >= options.slots) return "an operand names no slot";
        if (bytes > program->slotBytes_[operand.at]) program->slotBytes_[operand.at] = bytes;
      }
      if (operand.place == 2 && (operand.at < 0 || operand.at + bytes > options.arenaBytes)) return "an operand lies outside the arena";
      instruction.operands.push_back(operand);
    }
    const double parameters = next();
    if (!(parameters >= 0 && parameters <= static_cast<double>(length - at))) return "parameters are cut off";
    instruction.parameters.assign(code + at, code + at + static_cast<size_t>(parameters));
    at += static_cast<size_t>(parameters);
    if (instruction.kernel->memory != nullptr) {
      // Fused programs need the same memory whatever they say; the others compute it from their sizes.
      const bool fused = std::strcmp(instruction.kernel->name, "fused") == 0;
      if (!fused && !sizesFit(instruction.parameters)) return "sizes are out of range";
      std::vector<double> sizes(instruction.parameters);
      sizes.resize(std::max<size_t>(sizes.size(), kMostParameters));
      std::vector<Operand> bare(kMostOperands, Operand{nullptr, 0, 0});
      for (size_t k = 0; k < instruction.operands.size(); ++k) bare[k] = {instruction.operands[k].place == 0 ? nullptr : reinterpret_cast<void*>(64), instruction.operands[k].dtype, instruction.operands[k].count};
      const Call call{bare.data(), static_cast<int>(instruction.operands.size()), sizes.data(), static_cast<int>(instruction.parameters.size()), options.form};
      const GemmMemory needs = instruction.kernel->memory(call, options.threads);
      program->scratchPerMember_ = std::max(program->scratchPerMember_, line(needs.scratchBytes));
      program->sharedBytes_ = std::max(program->sharedBytes_, line(needs.sharedBytes));
    }
    program->instructions_.push_back(std::move(instruction));
  }
  if (program->arenaBytes_ > 0) program->arena_ = static_cast<char*>(allocatePages(program->arenaBytes_));
  if (program->scratchBytes() > 0) program->scratch_ = static_cast<char*>(allocatePages(program->scratchBytes()));
  if ((program->arenaBytes_ > 0 && program->arena_ == nullptr) || (program->scratchBytes() > 0 && program->scratch_ == nullptr)) return "out of memory";
  out = std::move(program);
  return "";
}

Program::~Program() {
  freePages(arena_, arenaBytes_);
  freePages(scratch_, scratchBytes());
}

void Program::walk(int index, Team& team, void* const* slots, double* nanoseconds) {
  Operand operands[kMostOperands];
  const Worker worker{index, members_, scratch_ == nullptr ? nullptr : scratch_ + index * scratchPerMember_, scratchPerMember_,
                      scratch_ == nullptr ? nullptr : scratch_ + members_ * scratchPerMember_, sharedBytes_, &Team::waitFor, &team};
  const bool timed = nanoseconds != nullptr && index == 0;
  auto before = timed ? Clock::now() : Clock::time_point();
  size_t number = 0;
  for (const Instruction& instruction : instructions_) {
    int count = 0;
    for (const PlacedOperand& placed : instruction.operands) {
      void* data = placed.place == 0 ? nullptr : placed.place == 1 ? slots[placed.at] : arena_ + placed.at;
      operands[count++] = {data, placed.dtype, placed.count};
    }
    const Call call{operands, count, instruction.parameters.data(), static_cast<int>(instruction.parameters.size()), form_};
    instruction.kernel->run(call, worker);
    team.barrier().wait();
    if (timed) {
      const auto after = Clock::now();
      nanoseconds[number++] += std::chrono::duration<double, std::nano>(after - before).count();
      before = after;
    }
  }
}

void Program::run(void* const* slots, void* const* outputs, double* nanoseconds) {
  if (members_ == 1) {
    static Team alone(1);  // has no state: any thread may run by it
    walk(0, alone, slots, nanoseconds);
  } else {
    Team& team = teamOf(members_);
    team.run([&](int index) { walk(index, team, slots, nanoseconds); });
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const Output& output = outputs_[i];
    if (output.bytes > 0) std::memcpy(outputs[i], output.inArena ? arena_ + output.at : static_cast<char*>(slots[output.at]), static_cast<size_t>(output.bytes));
  }
}

}  // namespace octavo
