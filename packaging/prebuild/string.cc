// The part of libc++'s string.cpp that the addon needs. The rest of that file converts floating-point numbers and wide
// characters, and for it the linker for Windows keeps half a C library, although nothing calls it.
#include <charconv>
#include <string>

namespace {

template <typename Number>
std::string Digits(Number number) {
  char digits[24];  // The longest has a sign and 19 digits.
  return std::string(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

}  // namespace

namespace std {
inline namespace __1 {

template class basic_string<char>;
template class basic_string<wchar_t>;
template string operator+<char, char_traits<char>, allocator<char>>(char const*, string const&);

string to_string(int number) { return Digits(number); }
string to_string(long number) { return Digits(number); }
string to_string(long long number) { return Digits(number); }
string to_string(unsigned number) { return Digits(number); }
string to_string(unsigned long number) { return Digits(number); }
string to_string(unsigned long long number) { return Digits(number); }

}  // namespace __1
}  // namespace std
