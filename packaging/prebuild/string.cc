// What the addon needs of libc++'s string.cpp. The rest of that file converts numbers with floating points and wide
// characters, for which Windows' linker keeps half a C library although nobody calls it.
#include <charconv>
#include <string>

namespace {

template <typename Number>
std::string Digits(Number number) {
  char digits[24];  // The longest has a sign and nineteen.
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
