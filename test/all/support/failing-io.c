/* Preloaded into a process: the k-th call of one kind on a file whose path holds a text fails with a chosen error, or
   writes half of its bytes. OCTAVO_FAULT="text call k errno", where errno 0 means a short write. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int matches(const char* call, const char* path) {
  static __thread int inside = 0;
  static int count = 0;
  const char* fault = getenv("OCTAVO_FAULT");
  char text[256], kind[32];
  int k, error;
  if (inside || fault == NULL || sscanf(fault, "%255s %31s %d %d", text, kind, &k, &error) != 4) return -1;
  if (strcmp(kind, call) != 0 || strstr(path, text) == NULL) return -1;
  return __sync_add_and_fetch(&count, 1) == k ? error : -1;
}

static int fails(const char* call, int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return -1;
  path[length] = 0;
  return matches(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void* data, size_t bytes) {
  int error = fails("write", file);
  if (error > 0) { errno = error; return -1; }
  return REAL(write)(file, data, error == 0 && bytes > 1 ? bytes / 2 : bytes);
}
ssize_t pwrite64(int file, const void* data, size_t bytes, off64_t at) {
  int error = fails("write", file);
  if (error > 0) { errno = error; return -1; }
  return REAL(pwrite64)(file, data, error == 0 && bytes > 1 ? bytes / 2 : bytes, at);
}
ssize_t pwrite(int file, const void* data, size_t bytes, off_t at) { return pwrite64(file, data, bytes, at); }
int fsync(int file) {
  int error = fails("fsync", file);
  if (error > 0) { errno = error; return -1; }
  return REAL(fsync)(file);
}
int fdatasync(int file) {
  int error = fails("fsync", file);
  if (error > 0) { errno = error; return -1; }
  return REAL(fdatasync)(file);
}
int rename(const char* from, const char* to) {
  int error = matches("rename", from);
  if (error > 0) { errno = error; return -1; }
  return REAL(rename)(from, to);
}
