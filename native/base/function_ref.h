#ifndef INDELIBLE_FUNCTION_REF_H_
#define INDELIBLE_FUNCTION_REF_H_

#include <type_traits>
#include <utility>

namespace indelible {

template <typename Signature>
class FunctionRef;

// A function as a parameter, called before the callee returns: std::function_ref of C++26. It refers to the
// caller's function, so that nothing is allocated or copied.
template <typename Result, typename... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <typename Callable,
            typename = std::enable_if_t<!std::is_same_v<std::decay_t<Callable>, FunctionRef>>>
  FunctionRef(const Callable& callable)
      : callable_(&callable), call_([](const void* callable, Args... args) -> Result {
          return (*static_cast<const Callable*>(callable))(std::forward<Args>(args)...);
        }) {}

  Result operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

 private:
  const void* callable_;
  Result (*call_)(const void* callable, Args... args);
};

}  // namespace indelible

#endif  // INDELIBLE_FUNCTION_REF_H_
