#ifndef INDELIBLE_SAVE_ENTRIES_H_
#define INDELIBLE_SAVE_ENTRIES_H_

#include <napi.h>

namespace indelible {

// Saves, streamed ones too, their plans, and the order of updates. wire.h describes what they take and give.
// Each function checks its arguments and throws; none trusts a number that it has not given.
void ExportSaves(Napi::Env env, Napi::Object exports);

}  // namespace indelible

#endif  // INDELIBLE_SAVE_ENTRIES_H_
