#ifndef INDELIBLE_PLATFORM_MUTEX_H_
#define INDELIBLE_PLATFORM_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

// The annotations of Clang's thread-safety analysis (`npm run check:threads`). Other compilers ignore them.
#if defined(__clang__)
#define INDELIBLE_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define INDELIBLE_THREAD_ATTRIBUTE(attribute)
#endif

#define CAPABILITY(name) INDELIBLE_THREAD_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY INDELIBLE_THREAD_ATTRIBUTE(scoped_lockable)
// A variable that is used only while the mutex is held.
#define GUARDED_BY(mutex) INDELIBLE_THREAD_ATTRIBUTE(guarded_by(mutex))
// A function that is called only while the mutex is held, and one that is called only while it is not.
#define REQUIRES(...) INDELIBLE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) INDELIBLE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) INDELIBLE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) INDELIBLE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace indelible {

// std::mutex with annotations.
class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

// Holds a mutex until the end of the scope.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// std::condition_variable with annotations. A wait may end without a notification, so each wait is in a loop
// that checks the condition. The loop is in the caller, because the analysis does not check the body of a
// predicate.
class ConditionVariable {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False after `time`.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point time) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const std::cv_status status = condition_.wait_until(lock, time);
    lock.release();
    return status == std::cv_status::no_timeout;
  }
  bool WaitFor(Mutex& mutex, std::chrono::steady_clock::duration time) REQUIRES(mutex) {
    return WaitUntil(mutex, std::chrono::steady_clock::now() + time);
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace indelible

#endif  // INDELIBLE_PLATFORM_MUTEX_H_
