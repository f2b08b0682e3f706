// How libc++ and libc++abi end a process that has broken a rule of theirs. Their own versions format a message, which
// on Windows brings in a printf that is as large as half the addon. These say what the rule is, without the values.
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

// A mutex, condition or thread that the system refuses.
[[noreturn]] void __throw_system_error(int, const char* what) { SayAndAbort(what); }

// The end of a thread would tell futures that wait for it. There are none.
void __assoc_sub_state::__make_ready() { SayAndAbort("a future in an addon without futures"); }
}  // namespace __1
}  // namespace std

extern "C" [[noreturn]] void abort_message(const char* format, ...) { SayAndAbort(format); }
