// The functions of libc++ and libc++abi that end a process after a violated precondition. The original versions format
// a message, which on Windows links a printf as large as half the addon. These print the format without the values.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <system_error>

namespace {

[[noreturn]] void SayAndAbort(const char* format) {
  std::fputs(format, stderr);
  std::abort();
}

}  // namespace

namespace std {
inline namespace __1 {
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) { SayAndAbort(format); }

// The system refuses a mutex, condition variable or thread.
[[noreturn]] void __throw_system_error(int, const char* what) { SayAndAbort(what); }

// Called at the end of a thread for waiting futures. The addon has none.
void __assoc_sub_state::__make_ready() { SayAndAbort("a future in an addon without futures"); }
}  // namespace __1
}  // namespace std

extern "C" [[noreturn]] void abort_message(const char* format, ...) { SayAndAbort(format); }
