#ifndef INDELIBLE_TURN_BUDGET_H_
#define INDELIBLE_TURN_BUDGET_H_

#include <chrono>

#include "../base/function_ref.h"

namespace indelible {

// How much time JavaScript's thread spends on saves itself, instead of leaving them to the pool: little in
// each turn of the event loop, so that timers, sockets and other programs' callbacks never wait for long. A
// chain of awaited saves is one turn. The loop is seen to turn when answers are delivered, so a used-up
// budget lasts until a save of the pool is answered.
class TurnBudget {
 public:
  // Runs `save` if there is time left. False also where it says so itself.
  bool Spend(FunctionRef<bool()> save) {
    if (spent_ >= kTurn) return false;
    const Clock::time_point begin = Clock::now();
    if (begin < paused_until_) return false;
    const bool done = save();
    const Clock::time_point end = Clock::now();
    spent_ += end - begin;
    if (end - begin > kLong) paused_until_ = end + kPause;
    return done;
  }
  void BeginTurn() { spent_ = Clock::duration(0); }

 private:
  using Clock = std::chrono::steady_clock;

  // About 30 saves of a few KiB.
  static constexpr std::chrono::microseconds kTurn{1000};
  // A save that takes this long waits for something: memory, a lock, or the processor. More of them may
  // follow.
  static constexpr std::chrono::microseconds kLong{2000};
  static constexpr std::chrono::milliseconds kPause{100};

  Clock::duration spent_{0};
  Clock::time_point paused_until_;
};

}  // namespace indelible

#endif  // INDELIBLE_TURN_BUDGET_H_
