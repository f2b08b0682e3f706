#ifndef INDELIBLE_UNIQUE_FUNCTION_H_
#define INDELIBLE_UNIQUE_FUNCTION_H_

#include <memory>
#include <type_traits>
#include <utility>

namespace indelible {

template <typename Signature>
class UniqueFunction;

// A function with its captures and one owner: std::move_only_function of C++23. std::function must be
// copyable: it would copy requests with all their strings, and each lambda would add four functions (7 KB of
// the addon).
template <typename Result, typename... Args>
class UniqueFunction<Result(Args...)> {
 public:
  UniqueFunction() = default;

  template <typename Callable,
            typename = std::enable_if_t<!std::is_same_v<std::decay_t<Callable>, UniqueFunction>>>
  UniqueFunction(Callable&& callable)
      : body_(std::make_unique<Bound<std::decay_t<Callable>>>(std::forward<Callable>(callable))) {}

  explicit operator bool() const { return body_ != nullptr; }
  Result operator()(Args... args) const { return body_->Call(std::forward<Args>(args)...); }

 private:
  struct Body {
    virtual ~Body() = default;
    virtual Result Call(Args... args) = 0;
  };

  template <typename Callable>
  struct Bound final : Body {
    explicit Bound(Callable bound) : callable(std::move(bound)) {}
    Result Call(Args... args) override { return callable(std::forward<Args>(args)...); }
    Callable callable;
  };

  std::unique_ptr<Body> body_;
};

using Task = UniqueFunction<void()>;

}  // namespace indelible

#endif  // INDELIBLE_UNIQUE_FUNCTION_H_
