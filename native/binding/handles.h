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

// What JavaScript may hold open.
struct OpenDirectory {
  platform::Directory directory;
  platform::Identity identity;
};

struct OpenFile {
  // What it was when it was opened. Kept after the descriptor is closed.
  platform::FileVersion version;
  // Of the descriptor, whose position each read moves.
  Mutex mutex;
  platform::Descriptor descriptor GUARDED_BY(mutex);
};

// The directories and files that one JavaScript environment holds, each under a number. The numbers are the
// process's: two copies of the JavaScript never get the same one. For JavaScript's thread alone; a call on
// another thread has its own share of what it works on, which stays open until the call is over.
class Handles {
 public:
  using Opened =
      std::variant<std::shared_ptr<OpenDirectory>, std::shared_ptr<OpenFile>, std::shared_ptr<TemporaryFile>>;

  uint64_t Add(Opened opened);
  // Null where the number is not that of anything open.
  const Opened* Find(uint64_t number) const;
  // What was found is closed with the last share of it.
  Opened Remove(uint64_t number);
  void CloseAll() { opened_.clear(); }

 private:
  std::map<uint64_t, Opened> opened_;
};

}  // namespace indelible

#endif  // INDELIBLE_HANDLES_H_
