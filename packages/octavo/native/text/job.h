// A piece of work off the JavaScript thread whose end settles a promise.
#pragma once
#include <memory>
#include <string>

#include "napi.h"

namespace octavo::text {

struct Job {
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  std::string failure;

  virtual ~Job() = default;
  virtual void run() = 0;                       // on another thread
  virtual napi_value result(napi_env env) = 0;  // on the JavaScript thread, unless it failed
  virtual void release(napi_env) {}             // on the JavaScript thread, at the end in any case
};

inline void executeJob(napi_env, void* data) {
  Job& job = *static_cast<Job*>(data);
  try {
    job.run();
  } catch (const std::exception& error) {
    job.failure = error.what();
    if (job.failure.empty()) job.failure = "failed";
  }
}

inline void completeJob(napi_env env, napi_status, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  napi_delete_async_work(env, job->work);
  napi_value value = nullptr;
  bool failed = !job->failure.empty();
  if (!failed) {
    try {
      value = job->result(env);
    } catch (const Pending&) {
      failed = true;
      napi_get_and_clear_last_exception(env, &value);
    } catch (const std::exception& error) {
      failed = true;
      job->failure = error.what();
    }
  }
  job->release(env);
  if (failed && !value) {
    napi_value message;
    napi_create_string_utf8(env, job->failure.c_str(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &value);
  }
  if (failed) napi_reject_deferred(env, job->deferred, value);
  else napi_resolve_deferred(env, job->deferred, value);
}

// Gives the promise.
inline napi_value startJob(napi_env env, std::unique_ptr<Job> job) {
  napi_value name, promise;
  check(env, napi_create_string_utf8(env, "octavo.text", NAPI_AUTO_LENGTH, &name));
  check(env, napi_create_promise(env, &job->deferred, &promise));
  check(env, napi_create_async_work(env, nullptr, name, executeJob, completeJob, job.get(), &job->work));
  check(env, napi_queue_async_work(env, job->work));
  job.release();
  return promise;
}

}  // namespace octavo::text
