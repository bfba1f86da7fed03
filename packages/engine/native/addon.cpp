// The Node-API surface: memory, compile, run off the JavaScript thread, measure. Every argument is checked here; no C++
// exception leaves an entry point.
#include <node_api.h>
#include <cmath>
#include <cstring>
#include <exception>
#include <string>
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

// compile(code: Float64Array, { arenaBytes, slots, threads, isa, form }): { program, scratchBytes }
napi_value compile(napi_env env, size_t count, napi_value* arguments) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (count < 2 || napi_get_typedarray_info(env, arguments[0], &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_float64_array) return fail(env, "compile takes a Float64Array");
  double arenaBytes, slots, threads, form;
  napi_value isaValue;
  std::string isa;
  if (!field(env, arguments[1], "arenaBytes", &arenaBytes) || !field(env, arguments[1], "slots", &slots) || !field(env, arguments[1], "threads", &threads) || !field(env, arguments[1], "form", &form) ||
      napi_get_named_property(env, arguments[1], "isa", &isaValue) != napi_ok || !text(env, isaValue, &isa) || form < 0 || form > 2)
    return fail(env, "compile takes arenaBytes, slots, threads, isa and form");
  if ((form == 1 && !cpuHasDot()) || (form == 2 && !cpuHasHalf())) return fail(env, "this machine has no such form of mixed precision");
  std::unique_ptr<Program> program;
  const std::string error = Program::build(static_cast<const double*>(data), length, {static_cast<int64_t>(arenaBytes), static_cast<int>(slots), static_cast<int>(threads), isa, static_cast<Form>(static_cast<int>(form))}, program);
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

struct Running {
  Program* program;
  std::vector<void*> slots;
  std::vector<napi_ref> kept;  // the program and the buffers, until the run has ended
  double* nanoseconds = nullptr;  // where the times of the instructions go, if they are wanted
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

// run(program, slots: ArrayBuffer[], nanoseconds?: Float64Array, one an instruction, added to): Promise<void>
napi_value run(napi_env env, size_t count, napi_value* arguments) {
  Program* program = count >= 2 ? programOf(env, arguments[0]) : nullptr;
  uint32_t given = 0;
  if (program == nullptr || napi_get_array_length(env, arguments[1], &given) != napi_ok) return fail(env, "run takes a program and its slots");
  if (static_cast<int>(given) != program->slotCount()) return fail(env, "the program has " + std::to_string(program->slotCount()) + " slots");
  std::unique_ptr<Running> job(new Running{program, {}, {}});
  std::vector<napi_value> held{arguments[0]};
  for (uint32_t i = 0; i < given; ++i) {
    napi_value buffer;
    void* data;
    size_t bytes;
    if (napi_get_element(env, arguments[1], i, &buffer) != napi_ok || napi_get_arraybuffer_info(env, buffer, &data, &bytes) != napi_ok) return fail(env, "a slot is an ArrayBuffer");
    if (static_cast<int64_t>(bytes) < program->slotBytes()[i]) return fail(env, "slot " + std::to_string(i) + " is too small");
    job->slots.push_back(data);
    held.push_back(buffer);
  }
  if (count >= 3) {
    napi_typedarray_type type;
    size_t length;
    void* data;
    if (napi_get_typedarray_info(env, arguments[2], &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_float64_array || length < program->instructionCount())
      return fail(env, "the times go into a Float64Array of " + std::to_string(program->instructionCount()) + " numbers");
    job->nanoseconds = static_cast<double*>(data);
    held.push_back(arguments[2]);
  }
  napi_value promise, name = makeText(env, "octavo.run");
  if (napi_create_promise(env, &job->deferred, &promise) != napi_ok) return fail(env, "a promise cannot be made");
  for (napi_value value : held) {
    napi_ref reference;
    napi_create_reference(env, value, 1, &reference);
    job->kept.push_back(reference);
  }
  Running* raw = job.release();
  napi_create_async_work(
      env, nullptr, name,
      [](napi_env, void* pointer) {
        auto* job = static_cast<Running*>(pointer);
        job->program->run(job->slots.data(), job->nanoseconds);
      },
      [](napi_env env, napi_status, void* pointer) {
        std::unique_ptr<Running> job(static_cast<Running*>(pointer));
        for (napi_ref reference : job->kept) napi_delete_reference(env, reference);
        napi_value nothing;
        napi_get_undefined(env, &nothing);
        napi_resolve_deferred(env, job->deferred, nothing);
        napi_delete_async_work(env, job->work);
      },
      raw, &raw->work);
  napi_queue_async_work(env, raw->work);
  return promise;
}

// readArena(program, offset, bytes): ArrayBuffer
napi_value readArena(napi_env env, size_t count, napi_value* arguments) {
  Program* program = count >= 3 ? programOf(env, arguments[0]) : nullptr;
  double offset, bytes;
  if (program == nullptr || !number(env, arguments[1], &offset) || !number(env, arguments[2], &bytes) || offset < 0 || bytes < 0 || offset + bytes > static_cast<double>(program->arenaBytes()))
    return fail(env, "readArena takes a program and a range inside its arena");
  void* data;
  napi_value result;
  if (napi_create_arraybuffer(env, static_cast<size_t>(bytes), &data, &result) != napi_ok) return fail(env, "the buffer cannot be made");
  if (bytes > 0) std::memcpy(data, program->arena() + static_cast<int64_t>(offset), static_cast<size_t>(bytes));
  return result;
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
      {"allocate", entry<allocate>}, {"compile", entry<compile>}, {"run", entry<run>}, {"readArena", entry<readArena>}, {"measure", entry<measureRate>}};
  for (const auto& function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, nullptr, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(octavo_engine, initialise)
