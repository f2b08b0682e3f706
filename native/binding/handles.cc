#include "handles.h"

#include <utility>

#include "process.h"

namespace indelible {

uint64_t Handles::Add(Opened opened) {
  const uint64_t number = Process::Get().NextNumber();
  opened_.emplace(number, std::move(opened));
  return number;
}

const Handles::Opened* Handles::Find(uint64_t number) const {
  const auto found = opened_.find(number);
  return found == opened_.end() ? nullptr : &found->second;
}

Handles::Opened Handles::Remove(uint64_t number) {
  const auto found = opened_.find(number);
  if (found == opened_.end()) return Opened();
  Opened opened = std::move(found->second);
  opened_.erase(found);
  return opened;
}

}  // namespace indelible
