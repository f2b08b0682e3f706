#ifndef INDELIBLE_HANDLES_H_
#define INDELIBLE_HANDLES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <variant>

#include "../platform/mutex.h"
#include "../platform/platform.h"
#include "../save/temporary_file.h"

namespace indelible {

// The objects that JavaScript may have open.
struct OpenDirectory {
  platform::Directory directory;
  platform::Identity identity;
};

struct OpenFile {
  // The version at the time of opening. It stays after the descriptor is closed.
  platform::FileVersion version;
  // For the descriptor, whose position each read moves.
  Mutex mutex;
  platform::Descriptor descriptor GUARDED_BY(mutex);
};

// The directories and files that one JavaScript environment has open, each under a number. The numbers are
// unique in the process: two copies of the JavaScript never get the same one. Used only by JavaScript's
// thread. A call on another thread has its own reference to the objects that it works on, which stay open
// until the call ends.
class Handles {
 public:
  using Opened =
      std::variant<std::shared_ptr<OpenDirectory>, std::shared_ptr<OpenFile>, std::shared_ptr<TemporaryFile>>;

  uint64_t Add(Opened opened);
  // Null if nothing open has this number.
  const Opened* Find(uint64_t number) const;
  // The object is closed with its last reference.
  Opened Remove(uint64_t number);

 private:
  std::map<uint64_t, Opened> opened_;
};

}  // namespace indelible

#endif  // INDELIBLE_HANDLES_H_
