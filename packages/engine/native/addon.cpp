// The Node-API surface: memory, compile, run off the JavaScript thread, measure. Every argument is checked here; no C++
// exception leaves an entry point.
#include <node_api.h>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#include "measure.h"
#include "program.h"

using namespace octavo;

namespace {

napi_value fail(napi_env env, const std::string& text) {
  napi_throw_error(env, "NATIVE_FAILED", text.c_str());
  return nullptr;
}

// Wraps an entry point, so that an exception becomes a JavaScript error.
template <napi_value (*body)(napi_env, size_t, napi_value*)>
napi_value entry(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok) return fail(env, "arguments cannot be read");
  try {
    return body(env, count, arguments);
  } catch (const std::exception& error) {
    return fail(env, error.what());
  } catch (...) {
    return fail(env, "an unknown failure");
  }
}

bool number(napi_env env, napi_value value, double* out) { return napi_get_value_double(env, value, out) == napi_ok && std::isfinite(*out); }

bool field(napi_env env, napi_value object, const char* name, double* out) {
  napi_value value;
  return napi_get_named_property(env, object, name, &value) == napi_ok && number(env, value, out);
}

bool text(napi_env env, napi_value value, std::string* out) {
  char buffer[256];
  size_t length;
  if (napi_get_value_string_utf8(env, value, buffer, sizeof buffer, &length) != napi_ok) return false;
  out->assign(buffer, length);
  return true;
}

napi_value makeText(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, value.c_str(), value.size(), &result);
  return result;
}

napi_value makeNumber(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

napi_value makeList(napi_env env, const std::vector<std::string>& values) {
  napi_value result = nullptr;
  napi_create_array(env, &result);
  for (size_t i = 0; i < values.size(); ++i) napi_set_element(env, result, static_cast<uint32_t>(i), makeText(env, values[i]));
  return result;
}

const napi_type_tag kProgramTag = {0x6f637461766f5f70ULL, 0x726f6772616d5f31ULL};

struct Pages { void* memory; size_t bytes; };

// allocate(bytes): ArrayBuffer
napi_value allocate(napi_env env, size_t count, napi_value* arguments) {
  double bytes;
  if (count < 1 || !number(env, arguments[0], &bytes) || bytes < 1 || bytes > 1e13) return fail(env, "allocate takes a number of bytes");
  const size_t size = static_cast<size_t>(bytes);
  void* memory = allocatePages(size);
  if (memory == nullptr) return fail(env, "out of memory: " + std::to_string(size) + " bytes were refused");
  auto* pages = new Pages{memory, size};
  napi_value result;
  const napi_status status = napi_create_external_arraybuffer(
      env, memory, size,
      [](napi_env, void*, void* hint) {
        auto* pages = static_cast<Pages*>(hint);
        freePages(pages->memory, pages->bytes);
        delete pages;
      },
      pages, &result);
  if (status != napi_ok) {
    freePages(memory, size);
    delete pages;
    return fail(env, "the buffer cannot be made");
  }
  return result;
}

// compile(code: Float64Array, { arenaBytes, slots, outputs, threads, isa, form, immediate }): { program, scratchBytes }
napi_value compile(napi_env env, size_t count, napi_value* arguments) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (count < 2 || napi_get_typedarray_info(env, arguments[0], &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_float64_array) return fail(env, "compile takes a Float64Array");
  double arenaBytes, slots, threads, form, immediate;
  napi_value isaValue, outputsValue;
  std::string isa;
  napi_typedarray_type outputsType;
  size_t outputsLength;
  void* outputsData;
  if (!field(env, arguments[1], "arenaBytes", &arenaBytes) || !field(env, arguments[1], "slots", &slots) || !field(env, arguments[1], "threads", &threads) || !field(env, arguments[1], "form", &form) || !field(env, arguments[1], "immediate", &immediate) ||
      napi_get_named_property(env, arguments[1], "isa", &isaValue) != napi_ok || !text(env, isaValue, &isa) || form < 0 || form > 2 || napi_get_named_property(env, arguments[1], "outputs", &outputsValue) != napi_ok ||
      napi_get_typedarray_info(env, outputsValue, &outputsType, &outputsLength, &outputsData, nullptr, nullptr) != napi_ok || outputsType != napi_float64_array || outputsLength % 3 != 0)
    return fail(env, "compile takes arenaBytes, slots, outputs, threads, isa, form and immediate");
  std::vector<Output> outputs;
  for (const double* at = static_cast<const double*>(outputsData); outputs.size() < outputsLength / 3; at += 3) {
    if (!(at[1] >= 0 && at[1] <= 0x1p48 && at[2] >= 0 && at[2] <= 0x1p48)) return fail(env, "an output is malformed");
    outputs.push_back({at[0] != 0, static_cast<int64_t>(at[1]), static_cast<int64_t>(at[2])});
  }
  if ((form == 1 && !cpuHasDot()) || (form == 2 && !cpuHasHalf())) return fail(env, "this machine has no such form of mixed precision");
  std::unique_ptr<Program> program;
  const std::string error = Program::build(static_cast<const double*>(data), length, {static_cast<int64_t>(arenaBytes), static_cast<int>(slots), std::move(outputs), static_cast<int>(threads), isa, static_cast<Form>(static_cast<int>(form)), immediate != 0}, program);
  if (!error.empty()) return fail(env, error);
  napi_value result, handle;
  napi_create_object(env, &result);
  napi_create_object(env, &handle);
  napi_set_named_property(env, result, "scratchBytes", makeNumber(env, static_cast<double>(program->scratchBytes())));
  napi_wrap(env, handle, program.release(), [](napi_env, void* pointer, void*) { delete static_cast<Program*>(pointer); }, nullptr, nullptr);
  napi_type_tag_object(env, handle, &kProgramTag);
  napi_set_named_property(env, result, "program", handle);
  return result;
}

Program* programOf(napi_env env, napi_value value) {
  bool ours = false;
  void* pointer = nullptr;
  if (napi_check_object_type_tag(env, value, &kProgramTag, &ours) != napi_ok || !ours || napi_unwrap(env, value, &pointer) != napi_ok) return nullptr;
  return static_cast<Program*>(pointer);
}

struct Job;

// What belongs to one environment of Node: the main thread or a worker.
struct Environment {
  napi_threadsafe_function finished = nullptr;
  int waiting = 0;              // runs that JavaScript waits for: while there are any, the process stays
  int inARow = 0;               // runs done on the JavaScript thread since it last waited
  std::atomic<int> running{0};  // runs whose buffers the runner may still touch
  std::mutex mutex;
  std::vector<Job*> done;  // runs that JavaScript is to be told of
};

struct Job {
  Environment* environment = nullptr;
  Program* program = nullptr;
  std::vector<void*> slots, outputs;
  double* nanoseconds = nullptr;  // where the times of the instructions go, if they are wanted
  napi_ref kept = nullptr;        // program, slots and outputs, until JavaScript is told
  napi_deferred deferred = nullptr;
};

// One thread for the life of the process takes the runs in their order, so that a run can be handed over while another
// goes on. It looks out for the next one for some microseconds before it sleeps: waking costs more than a small graph.
class Runner {
 public:
  static Runner& only() {
    static Runner* runner = new Runner();  // never ended: it may wait for work while the process exits
    return *runner;
  }
  void submit(Job* job) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(job);
    }
    submitted_.fetch_add(1, std::memory_order_release);
    submitted_.notify_one();
  }

 private:
  Runner() {
    std::thread([this] { serve(); }).detach();
  }
  void serve() {
    for (uint32_t taken = 0;; ++taken) {
      awaitChange(submitted_, taken, kIdleSpins);
      Job* job;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        job = queue_.front();
        queue_.pop_front();
      }
      job->program->run(job->slots.data(), job->outputs.data(), job->nanoseconds);
      Environment* environment = job->environment;
      bool first;
      {
        std::lock_guard<std::mutex> lock(environment->mutex);
        first = environment->done.empty();
        environment->done.push_back(job);
      }
      // JavaScript is called once for all that have ended until it comes: a call costs more than a small graph.
      if (first) napi_call_threadsafe_function(environment->finished, nullptr, napi_tsfn_blocking);
      environment->running.fetch_sub(1, std::memory_order_release);
    }
  }
  std::mutex mutex_;
  std::deque<Job*> queue_;
  std::atomic<uint32_t> submitted_{0};
};

void finish(napi_env env, napi_value, void* context, void*) {
  auto* environment = static_cast<Environment*>(context);
  std::vector<Job*> done;
  {
    std::lock_guard<std::mutex> lock(environment->mutex);
    done.swap(environment->done);
  }
  napi_value nothing;
  if (env != nullptr) napi_get_undefined(env, &nothing);
  for (Job* job : done) {
    if (env != nullptr) {  // else the environment is going, and its values with it
      napi_handle_scope scope;
      napi_open_handle_scope(env, &scope);
      napi_delete_reference(env, job->kept);
      napi_resolve_deferred(env, job->deferred, nothing);
      napi_close_handle_scope(env, scope);
      if (--environment->waiting == 0) napi_unref_threadsafe_function(env, environment->finished);
    }
    delete job;
  }
}

// The memory of each ArrayBuffer of a list; an error text when one is too small.
std::string memoryOf(napi_env env, napi_value list, const std::vector<int64_t>& least, const char* what, std::vector<void*>& out) {
  uint32_t given = 0;
  if (napi_get_array_length(env, list, &given) != napi_ok || given != least.size()) return "the program has " + std::to_string(least.size()) + " " + what + "s";
  for (uint32_t i = 0; i < given; ++i) {
    napi_value buffer;
    void* data;
    size_t bytes;
    if (napi_get_element(env, list, i, &buffer) != napi_ok || napi_get_arraybuffer_info(env, buffer, &data, &bytes) != napi_ok) return std::string("a ") + what + " is an ArrayBuffer";
    if (static_cast<int64_t>(bytes) < least[i]) return std::string(what) + " " + std::to_string(i) + " is too small";
    out.push_back(data);
  }
  return "";
}

// So many runs in a row are done on the JavaScript thread, then one is waited for: timers and sockets get their turn.
constexpr int kMostInARow = 256;

// run(program, slots: ArrayBuffer[], outputs: ArrayBuffer[], nanoseconds?: Float64Array, one an instruction, added to): Promise<void> | undefined
// The lists must not be changed before the promise is settled. Without a promise the run is done: an immediate program
// runs here, unless others of this environment come before it.
napi_value run(napi_env env, size_t count, napi_value* arguments) {
  Program* program = count >= 3 ? programOf(env, arguments[0]) : nullptr;
  if (program == nullptr) return fail(env, "run takes a program, its slots and its outputs");
  Environment* environment;
  if (napi_get_instance_data(env, reinterpret_cast<void**>(&environment)) != napi_ok || environment == nullptr) return fail(env, "the addon was not initialised here");
  auto job = std::make_unique<Job>();
  job->environment = environment;
  job->program = program;
  std::string error = memoryOf(env, arguments[1], program->slotBytes(), "slot", job->slots);
  if (error.empty()) error = memoryOf(env, arguments[2], program->outputBytes(), "output", job->outputs);
  if (!error.empty()) return fail(env, error);
  if (count >= 4) {
    napi_typedarray_type type;
    size_t length;
    void* data;
    if (napi_get_typedarray_info(env, arguments[3], &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_float64_array || length < program->instructionCount())
      return fail(env, "the times go into a Float64Array of " + std::to_string(program->instructionCount()) + " numbers");
    job->nanoseconds = static_cast<double*>(data);
  }
  if (program->immediate() && environment->inARow < kMostInARow && environment->running.load(std::memory_order_acquire) == 0) {
    ++environment->inARow;
    program->run(job->slots.data(), job->outputs.data(), job->nanoseconds);
    return nullptr;
  }
  environment->inARow = 0;
  napi_value promise, kept;
  if (napi_create_array_with_length(env, count, &kept) != napi_ok) return fail(env, "the run cannot be kept");
  for (uint32_t i = 0; i < count; ++i) napi_set_element(env, kept, i, arguments[i]);
  if (napi_create_reference(env, kept, 1, &job->kept) != napi_ok || napi_create_promise(env, &job->deferred, &promise) != napi_ok) return fail(env, "a promise cannot be made");
  if (environment->waiting++ == 0) napi_ref_threadsafe_function(env, environment->finished);
  environment->running.fetch_add(1, std::memory_order_relaxed);
  Runner::only().submit(job.release());
  return promise;
}

// measure(what, threads, isa): number
napi_value measureRate(napi_env env, size_t count, napi_value* arguments) {
  std::string what, isa;
  double threads;
  if (count < 3 || !text(env, arguments[0], &what) || !number(env, arguments[1], &threads) || threads < 1 || threads > 1024 || !text(env, arguments[2], &isa)) return fail(env, "measure takes what, threads and isa");
  return makeNumber(env, measure(what, static_cast<int>(threads), isa));
}

napi_value initialise(napi_env env, napi_value exports) {
  const auto tables = usableTables();
  std::vector<std::string> isas, kernels, elementwise;
  for (const KernelTable* table : tables) isas.push_back(table->isa);
  for (int i = 0; i < tables[0]->count; ++i) kernels.push_back(tables[0]->entries[i].name);
  for (int i = 0; i < tables[0]->elementwiseCount; ++i) elementwise.push_back(tables[0]->elementwise[i]);
  std::vector<std::string> forms{"widened"};
  if (cpuHasDot()) forms.push_back("dot");
  if (cpuHasHalf()) forms.push_back("half");
  napi_set_named_property(env, exports, "isas", makeList(env, isas));
  napi_set_named_property(env, exports, "kernels", makeList(env, kernels));
  napi_set_named_property(env, exports, "elementwise", makeList(env, elementwise));
  napi_set_named_property(env, exports, "forms", makeList(env, forms));
  napi_set_named_property(env, exports, "cpu", makeText(env, cpuName()));
  const struct { const char* name; napi_callback callback; } functions[] = {
      {"allocate", entry<allocate>}, {"compile", entry<compile>}, {"run", entry<run>}, {"measure", entry<measureRate>}};
  for (const auto& function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, nullptr, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  auto* environment = new Environment();
  if (napi_create_threadsafe_function(env, nullptr, nullptr, makeText(env, "octavo.run"), 0, 1, nullptr, nullptr, environment, finish, &environment->finished) != napi_ok) return fail(env, "the addon cannot be told of finished runs");
  napi_unref_threadsafe_function(env, environment->finished);
  napi_set_instance_data(env, environment, nullptr, nullptr);
  // Buffers of this environment may be freed after this: no run may be left that touches them.
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        const auto& running = static_cast<Environment*>(data)->running;
        while (running.load(std::memory_order_acquire) > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
      environment);
  return exports;
}

}  // namespace

NAPI_MODULE(octavo_engine, initialise)
